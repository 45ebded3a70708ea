package portal

import (
	"errors"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/law"
	"zharia/portal/policy"
)

// casesPage is a person's own cases, and the statuses that await confirmation.
type casesPage struct {
	Cases    []casefile.Case
	Awaiting []casefile.Awaiting
	Begun    []typedLine
}

func (p *Portal) cases(c echo.Context, ask policy.Ask) error {
	cases, awaiting, err := casefile.List(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	begun, err := p.begun(c)
	if err != nil {
		return err
	}
	return p.show(c, "cases", casesPage{cases, awaiting, begun})
}

// casePage is one case: for a participant the decisions he may see and his own
// filings, for an official what he works with.
type casePage struct {
	Case         casefile.Case
	Back         policy.Act          // where the reader comes from
	Acting       []casefile.Capacity // whom the reader acts for
	Decisions    []decisionLine
	Filings      []filingLine
	Participants []casefile.Participant // for the one who conducts the investigation
	May          map[string]bool        // by the name of the act: a template has only names
}

// decisionLine is a decision in the timeline.
type decisionLine struct {
	casefile.Decision
	By law.Ref
}

func lineOf(d casefile.Decision) decisionLine {
	kind, _ := policy.KindOf(d.Kind)
	return decisionLine{d, kind.By}
}

func (p *Portal) casePage(c echo.Context, ask policy.Ask) error {
	number := id(c, "case")
	ctx := c.Request().Context()
	of, err := casefile.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	page := casePage{Case: of, Back: start(me(c)), Acting: acting(of), May: map[string]bool{}}
	for _, act := range of.Acts(ask, policy.FilingNew, policy.DecisionNew, policy.ParticipantNew) {
		page.May[string(act)] = true
	}
	decisions, err := casefile.Decisions(ctx, p.DB, ask, of)
	if err != nil {
		return err
	}
	for _, d := range decisions {
		page.Decisions = append(page.Decisions, lineOf(d))
	}
	filings, err := filing.OfCase(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	page.Filings = filingLines(filings, ask)
	if len(of.Capacities) > 0 {
		page.Back = policy.CaseList
	}
	if page.May[string(policy.ParticipantNew)] {
		if page.Participants, err = casefile.Participants(ctx, p.DB, ask, number); err != nil {
			return err
		}
	}
	return p.show(c, "case", page)
}

// acting are the capacities in which somebody acts for another.
func acting(c casefile.Case) []casefile.Capacity {
	var out []casefile.Capacity
	for _, capacity := range c.Capacities {
		if capacity.Represents != uuid.Nil {
			out = append(out, capacity)
		}
	}
	return out
}

// decisionPage is one decision: the fact and the article, the document where it
// opens, and what can be done about it.
type decisionPage struct {
	Case      casefile.Case
	Acting    []casefile.Capacity
	Decision  decisionLine
	Document  document.Document
	Signature document.Proof
	May       map[string]bool
}

func (p *Portal) decision(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	ctx := c.Request().Context()
	d, of, err := casefile.ReadDecision(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if d.Status == casefile.Draft {
		return p.redirect(c, policy.DecisionCheck, d.ID)
	}
	page := decisionPage{Case: of, Acting: acting(of), Decision: lineOf(d), May: map[string]bool{}}
	for _, act := range of.Acts(ask, policy.FilingNew) {
		page.May[string(act)] = true
	}
	if d.Text() {
		if page.Document, err = document.Fetch(ctx, p.DB, d.Document); err != nil {
			return err
		}
		if page.Signature, err = page.Document.Proof(ctx, p.DB, p.Verifier); err != nil {
			return err
		}
	}
	return p.show(c, "decision", page)
}

func (p *Portal) decisionCopy(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	d, doc, err := casefile.CopyOf(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(d.Kind)+"-"+d.DecidedOn.Format("2006-01-02"), d.Copy() && c.QueryParam("keep") != "")
}

// conflict tells that a thing has moved on, so a page leads to where it is now.
func conflict(err error) bool { return errors.Is(err, fault.Conflict) }
