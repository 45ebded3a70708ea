package fence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// expected is what a person of the crowd is shown of a decision, by the tables of the
// law and by nothing of the programs that are tested here.
func (c *crowd) expected(s *somebody, d *ruling) policy.Sight {
	switch s.duty {
	case "charge":
		return policy.Sight{View: policy.Copy}
	case "supervisor", "unit", "office":
		if d.status == "draft" {
			return policy.Sight{}
		}
		return policy.Sight{View: policy.Copy}
	case "":
	default:
		return policy.Sight{}
	}
	if d.status != "published" || s.relation != "confirmed" && s.relation != "reading" {
		return policy.Sight{}
	}
	rule, _ := policy.KindOf(d.kind)
	viewer := s.seat
	viewer.Concerned = slices.Contains(d.named, s.subject)
	side := s.seat.Role
	if s.seat.Represented != "" {
		side = s.seat.Represented
	}
	if !viewer.Concerned {
		for _, other := range c.people {
			viewer.OthersOfHisSideOnly = viewer.OthersOfHisSideOnly ||
				slices.Contains(d.named, other.participant) && policy.Side(other.seat.Role) == policy.Side(side)
		}
	}
	viewer.Reached = rule.Needs == policy.Nothing || d.ready
	viewer.Flagged = d.flagged
	viewer.Familiarising = s.reads
	viewer.MaskedCopy, viewer.ClaimCopy = d.masked != uuid.Nil, d.claim != uuid.Nil
	viewer.Exposed, viewer.Ground = d.exposed, d.ground
	return policy.See(d.kind, viewer)
}

// as is the context and the question of a person of the crowd.
func (c *crowd) as(s *somebody, act policy.Act) (context.Context, policy.Ask) {
	c.t.Helper()
	ctx := c.t.Context()
	ask := policy.Ask{Person: s.person, Is: policy.Visitor, Act: act, At: c.At}
	if s.person != uuid.Nil {
		ctx = database.As(ctx, s.person, uuid.Nil, c.At)
		person, err := identity.Read(c.t.Context(), c.DB, s.person, c.At)
		if err != nil {
			c.t.Fatal(err)
		}
		ask.Is = person.Standing()
	}
	return ctx, ask
}

// tally counts cells and what was not as expected in them.
type tally struct {
	t      testing.TB
	what   string
	cells  int
	wrong  int
	beyond int // shown and should not be
}

func (y *tally) cell(s *somebody, d *ruling, action string, want, got any, more bool) {
	y.t.Helper()
	y.cells++
	if want == got {
		return
	}
	y.wrong++
	if more {
		y.beyond++
	}
	if y.wrong <= 10 {
		y.t.Errorf("%s: %s, %s, decision %s %s: want %v, got %v", y.what, s.name(), action, d.kind, d.state, want, got)
	}
}

// kinds are those of decisions that an investigator publishes.
func kinds() []policy.Kind {
	return slices.DeleteFunc(slices.Clone(policy.Kinds), func(kind policy.Kind) bool {
		rule, _ := policy.KindOf(kind)
		return !rule.Publishable()
	})
}

// The law is asked three ways: by the portal as it serves, by the portal over a
// database whose fence is down, and by a bare SELECT that no portal checked. Each
// alone gives what the tables of the law give, and no more.
func TestEachFenceAloneHoldsEveryCellOfTheMatrix(t *testing.T) {
	c := gather(t, kinds())
	both, policyAlone, fenceAlone := &tally{t: t, what: "both fences"}, &tally{t: t, what: "row security off"}, &tally{t: t, what: "policy off"}
	for _, s := range c.people {
		c.listed(s, c.App, both)
		c.listed(s, c.DB, policyAlone)
		c.selected(s, fenceAlone)
	}
	for i, s := range c.people {
		for n := i % 7; n < len(c.decisions); n += 37 {
			c.opened(s, c.decisions[n], c.App, both)
			c.opened(s, c.decisions[n], c.DB, policyAlone)
		}
	}
	for _, y := range []*tally{both, policyAlone, fenceAlone} {
		t.Logf("%s: %d cells, %d unexpected, %d of them leaks", y.what, y.cells, y.wrong, y.beyond)
		if y.cells < 2000 {
			t.Errorf("%s: only %d cells", y.what, y.cells)
		}
	}
}

// listed is the timeline of the case as the portal gives it.
func (c *crowd) listed(s *somebody, db *vault.DB, y *tally) {
	c.t.Helper()
	ctx, ask := c.as(s, policy.CaseRead)
	got := map[uuid.UUID]policy.Sight{}
	of, err := casefile.Read(ctx, db, ask, c.own)
	if err == nil {
		var list []casefile.Decision
		list, err = casefile.Decisions(ctx, db, ask, of)
		for _, d := range list {
			got[d.ID] = policy.Sight{View: d.View, Part: d.Part}
		}
	}
	if err != nil && !errors.Is(err, fault.NotFound) {
		c.t.Fatalf("%s reads the case: %v", s.name(), err)
	}
	for _, d := range c.decisions {
		want := c.expected(s, d)
		y.cell(s, d, "list", fmt.Sprint(want.View, want.Part), fmt.Sprint(got[d.id].View, got[d.id].Part), got[d.id].View > want.View)
	}
}

// opened is one decision as the portal gives it: its page, then its copy.
func (c *crowd) opened(s *somebody, d *ruling, db *vault.DB, y *tally) {
	c.t.Helper()
	want := c.expected(s, d)
	ctx, ask := c.as(s, policy.DecisionRead)
	read, _, err := casefile.ReadDecision(ctx, db, ask, d.id)
	y.cell(s, d, "read", want.View > policy.Hidden, err == nil && read.View > policy.Hidden, err == nil)
	if s.duty != "" && s.duty != "charge" && want.View > policy.Hidden {
		return // he says first why he opens it
	}
	_, doc, err := casefile.CopyOf(ctx, db, ask.To(policy.DecisionCopy), d.id)
	y.cell(s, d, "copy", want.View >= policy.Read, err == nil && len(doc.Content) > 0, err == nil)
}

const (
	selectDecisionIDs = `SELECT id FROM decision`
	selectPaperIDs    = `SELECT id FROM document WHERE kind IN ('decision', 'redaction')`
)

// selected is what a bare SELECT gives: the rows of decisions, and of their papers.
func (c *crowd) selected(s *somebody, y *tally) {
	c.t.Helper()
	ctx, _ := c.as(s, policy.CaseRead)
	var decisions, papers []uuid.UUID
	if err := errors.Join(c.App.Select(ctx, &decisions, selectDecisionIDs), c.App.Select(ctx, &papers, selectPaperIDs)); err != nil {
		c.t.Fatal(err)
	}
	rows, texts := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, id := range decisions {
		rows[id] = true
	}
	for _, id := range papers {
		texts[id] = true
	}
	official := c.expected(s, &ruling{status: "published", kind: "group"}).View == policy.Copy && s.duty != ""
	for _, d := range c.decisions {
		want := c.expected(s, d)
		y.cell(s, d, "select the row", want.View > policy.Hidden, rows[d.id], rows[d.id])
		original := want.View >= policy.Read && !want.Redacted()
		y.cell(s, d, "select the paper", original, texts[d.document], texts[d.document])
		if d.masked != uuid.Nil {
			y.cell(s, d, "select the copy without personal data", official || want.Part == policy.PersonalData, texts[d.masked], texts[d.masked])
			y.cell(s, d, "select the copy of the claim", official || want.Part == policy.CivilClaim, texts[d.claim], texts[d.claim])
		}
	}
}
