package casefile_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// receive has an actor be handed a decision by opening it.
func receive(t *testing.T, w *portaltest.W, a *portaltest.Actor, decision string) error {
	t.Helper()
	return casefile.Receive(t.Context(), w.DB, a.Asks(policy.DecisionOpen), w.Decision(decision))
}

func opensCopy(t *testing.T, w *portaltest.W, a *portaltest.Actor, decision string) error {
	t.Helper()
	_, _, err := casefile.CopyOf(t.Context(), w.DB, a.Asks(policy.DecisionCopy), w.Decision(decision))
	return err
}

const services = `
	SELECT decision, person, way, at, term, due_at FROM service ORDER BY at, person`

func TestADecisionThatMustBeHandedOverOpensOnlyAfterItWas(t *testing.T) {
	w := portaltest.World(t)
	if err := opensCopy(t, w, w.Dana, "suspect-recognised"); !errors.Is(err, fault.Conflict) {
		t.Errorf("it opens unasked: %v", err)
	}
	h, err := casefile.ReadHandover(t.Context(), w.DB, w.Dana.Asks(policy.DecisionRead), w.Decision("suspect-recognised"))
	if err != nil || len(h.Waits) != 1 || h.Receipt() != policy.ByOpening || h.Waits[0].Term != deadline.CourtComplaint {
		t.Fatalf("%+v, %v", h, err)
	}
	if _, _, err := casefile.Look(t.Context(), w.DB, w.Dana.Asks(policy.DecisionRead), w.Decision("suspect-recognised")); err != nil {
		t.Fatal(err)
	}
	w.Want(t, services, `decision | person | way | at | term | due_at`)
	w.Want(t, `SELECT count(*) FROM opening`, "count\n0")

	if err := receive(t, w, w.Dana, "suspect-recognised"); err != nil {
		t.Fatal(err)
	}
	w.At = w.At.Add(48 * time.Hour)
	if err := receive(t, w, w.Dana, "suspect-recognised"); err != nil { // a second opening changes nothing
		t.Fatal(err)
	}
	if err := opensCopy(t, w, w.Dana, "suspect-recognised"); err != nil {
		t.Fatal(err)
	}
	// Fifteen сутки from 22 October: 6 November 2026 is a working Friday.
	w.Want(t, services, `
		decision           | person | way    | at                  | term            | due_at
		suspect-recognised | dana   | opened | 2026-10-22 14:30:00 | court-complaint | 2026-11-07 00:00:00`)
	w.Want(t, `SELECT who, act FROM record WHERE object = 'service'`, "who | act\ndana | decision-open")
	w.Sound()
}

func TestWhatTheDefenderOpensIsNotHandedToTheOneHeDefends(t *testing.T) {
	w := portaltest.World(t)
	if err := receive(t, w, w.Dana, "term-extended"); err != nil { // of him alone: nothing is handed to her
		t.Fatal(err)
	}
	if err := receive(t, w, w.Dana, "search-done"); err != nil {
		t.Fatal(err)
	}
	if err := opensCopy(t, w, w.Serik, "search-done"); !errors.Is(err, fault.Conflict) {
		t.Errorf("to him it is handed over too: %v", err)
	}
	w.At = w.At.Add(time.Hour)
	if err := receive(t, w, w.Serik, "search-done"); err != nil {
		t.Fatal(err)
	}
	w.Want(t, services, `
		decision    | person | way    | at                  | term            | due_at
		search-done | dana   | opened | 2026-10-22 14:30:00 | court-complaint | 2026-11-07 00:00:00
		search-done | serik  | opened | 2026-10-22 15:30:00 | court-complaint | 2026-11-07 00:00:00`)
}

func TestWhatAJudgeAllowedIsComplainedOfInThreeDays(t *testing.T) {
	w := portaltest.World(t)
	if err := receive(t, w, w.Serik, "property-arrest"); err != nil {
		t.Fatal(err)
	}
	// Sunday 25 October is Republic Day, its day off is Monday 26.
	w.Want(t, services, `
		decision        | person | way    | at                  | term            | due_at
		property-arrest | serik  | opened | 2026-10-22 14:30:00 | judge-complaint | 2026-10-28 00:00:00`)
}

// receipt drafts the receipt of a decision for an actor and signs it with the key of
// another.
func receipt(t *testing.T, w *portaltest.W, a, key *portaltest.Actor, decision string) error {
	t.Helper()
	id := w.Decision(decision)
	if err := casefile.DraftReceipt(t.Context(), w.DB, w.Press, a.Asks(policy.ServiceDraft), id, "kk"); err != nil {
		return err
	}
	_, doc, err := casefile.ReceiptOf(t.Context(), w.DB, a.Asks(policy.ServiceCheck), id)
	if err != nil {
		return err
	}
	return casefile.SignReceipt(t.Context(), w.DB, w.Verifier, a.Asks(policy.ServiceSign), id, w.SignedBy(key, doc.Content), doc.Digest)
}

func TestWhereTheCodeWantsAReceiptThePersonSignsIt(t *testing.T) {
	w := portaltest.World(t)
	if err := receive(t, w, w.Serik, "suspect-recognised"); !errors.Is(err, fault.Conflict) {
		t.Errorf("opening is enough: %v", err)
	}
	if err := receipt(t, w, w.Serik, w.Timur, "suspect-recognised"); !errors.Is(err, fault.Invalid) {
		t.Errorf("another's key signs: %v", err)
	}
	if err := opensCopy(t, w, w.Serik, "suspect-recognised"); !errors.Is(err, fault.Conflict) {
		t.Errorf("it opens on another's signature: %v", err)
	}
	w.At = w.At.Add(time.Hour)
	if err := receipt(t, w, w.Serik, w.Serik, "suspect-recognised"); err != nil {
		t.Fatal(err)
	}
	if err := receipt(t, w, w.Serik, w.Serik, "suspect-recognised"); !errors.Is(err, fault.Conflict) {
		t.Errorf("it is handed over twice: %v", err)
	}
	if err := opensCopy(t, w, w.Serik, "suspect-recognised"); err != nil {
		t.Error(err)
	}
	w.Want(t, `
		SELECT s.decision, s.person, s.way, s.at, s.due_at, d.kind, d.signer, d.signed_at
		  FROM service s JOIN document d ON d.id = s.document`, `
		decision           | person | way    | at                  | due_at              | kind    | signer | signed_at
		suspect-recognised | serik  | signed | 2026-10-22 15:30:00 | 2026-11-07 00:00:00 | service | serik  | 2026-10-22 15:30:00`)
	w.Sound()
}

func TestTheReceiptSaysWhichDecisionItIsOf(t *testing.T) {
	w := portaltest.World(t)
	id := w.Decision("suspect-recognised")
	for range 2 { // drafted again it is one draft
		if err := casefile.DraftReceipt(t.Context(), w.DB, w.Press, w.Serik.Asks(policy.ServiceDraft), id, "kk"); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT count(*) FROM document WHERE kind = 'service'`, "count\n1")
	_, doc, err := casefile.ReceiptOf(t.Context(), w.DB, w.Serik.Asks(policy.ServiceCheck), id)
	if err != nil {
		t.Fatal(err)
	}
	var digest []byte
	if err := w.SQL.Get(&digest, `SELECT digest FROM document d JOIN decision x ON x.document = d.id WHERE x.id = $1`, id); err != nil {
		t.Fatal(err)
	}
	said := strings.ReplaceAll(portaltest.PDFText(t, doc.Content), " ", "")
	for _, want := range []string{fmt.Sprintf("%x", digest), w.Serik.FullName(), w.Words.In("kk").T("kind.suspect-recognised"), w.Words.In("kk").T("paper.service.title")} {
		if !strings.Contains(said, strings.ReplaceAll(want, " ", "")) {
			t.Errorf("the receipt does not say %s", want)
		}
	}
	for _, a := range []*portaltest.Actor{w.Dana, w.Aigul, w.Daniyar, w.Stranger} {
		if _, _, err := casefile.ReceiptOf(t.Context(), w.DB, a.Asks(policy.ServiceCheck), id); err == nil {
			t.Errorf("%s reads his receipt", a.Word)
		}
	}
}

func TestTheInvestigatorSeesToWhomADecisionWasHanded(t *testing.T) {
	w := portaltest.World(t)
	if err := receive(t, w, w.Dana, "suspect-recognised"); err != nil {
		t.Fatal(err)
	}
	all, err := casefile.Services(t.Context(), w.DB, w.Daniyar.Asks(policy.DecisionRead), w.Decision("suspect-recognised"))
	if err != nil {
		t.Fatal(err)
	}
	portaltest.WantText(t, "the list", portaltest.Lines(all, func(s casefile.Service) string {
		return fmt.Sprintf("%s | %s | %s | %v", s.Name, s.Role, s.Receipt, s.Served())
	}), w.Serik.FullName()+` | suspect | signed | false
		`+w.Dana.FullName()+` | defender | opened | true`)
	if _, err := casefile.Services(t.Context(), w.DB, w.Dana.Asks(policy.DecisionRead), w.Decision("suspect-recognised")); !errors.Is(err, fault.NotFound) {
		t.Errorf("a participant sees who received it: %v", err)
	}
}

func TestTheLastDayToComplainStandsInTheListOfCasesUntilItIsOver(t *testing.T) {
	w := portaltest.World(t)
	if err := receive(t, w, w.Serik, "search-done"); err != nil {
		t.Fatal(err)
	}
	terms := func() int {
		all, err := casefile.Terms(t.Context(), w.DB, w.Serik.Asks(policy.CaseList))
		if err != nil {
			t.Fatal(err)
		}
		return len(all[w.Theft])
	}
	for _, c := range []struct {
		at   time.Time
		want int
	}{{w.At, 1}, {time.Date(2026, 11, 6, 18, 59, 59, 0, time.UTC), 1}, {time.Date(2026, 11, 6, 19, 0, 0, 0, time.UTC), 0}} {
		w.At = c.at
		if got := terms(); got != c.want {
			t.Errorf("at %v there are %d terms", c.at, got)
		}
	}
}

func TestAStatusThatEndsFirstIsHandedNothing(t *testing.T) {
	w := portaltest.World(t)
	if err := w.End(w.Daniyar, w.Participant("serik@theft")); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*portaltest.Actor{w.Serik, w.Dana} {
		if err := receive(t, w, a, "search-done"); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", a.Word, err)
		}
	}
	w.Want(t, services, `decision | person | way | at | term | due_at`)
}

func TestOfManyOpeningsAtOnceOneCounts(t *testing.T) {
	w := portaltest.World(t)
	ask := w.Serik.Asks(policy.DecisionOpen)
	var all sync.WaitGroup
	for i := range 12 {
		all.Add(1)
		go func() {
			defer all.Done()
			ask := ask
			ask.At = ask.At.Add(time.Duration(i) * time.Second)
			if err := casefile.Receive(t.Context(), w.DB, ask, w.Decision("search-done")); err != nil {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	w.Want(t, `SELECT count(*), count(DISTINCT due_at) FROM service`, "count | count\n1 | 1")
}
