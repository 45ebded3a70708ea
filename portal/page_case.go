package portal

import (
	"errors"
	"time"

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
	Requests []requestLine
	Awaiting []casefile.Awaiting
	Begun    []typedLine
	Terms    map[uuid.UUID][]casefile.Service // of the reader, to complain of what was handed to him: by case
}

func (p *Portal) cases(c echo.Context, ask policy.Ask) error {
	cases, awaiting, err := casefile.List(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	asked, err := casefile.Requests(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	begun, err := p.begun(c)
	if err != nil {
		return err
	}
	terms, err := casefile.Terms(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	return p.show(c, "cases", casesPage{cases, requestLines(current(asked), ask), awaiting, begun, terms})
}

// casePage is one case: for a participant the decisions he may see and his own
// filings, for an official what he works with.
type casePage struct {
	Moved        casefile.Movement // where the register says the case is
	Case         casefile.Case
	Back         policy.Act             // where the reader comes from
	Powers       []casefile.Participant // who acts for the reader
	Decisions    []decisionLine
	Filings      filingPart
	Participants []casefile.Participant // for the one who conducts the investigation
	Files        []openFile             // the file of the case, where it is opened to the reader
	Past         pastPart
	May          map[string]bool // by the name of the act: a template has only names
}

// decisionLine is a decision in the timeline.
type decisionLine struct {
	casefile.Decision
	By      law.Ref
	Waits   bool             // it is handed over when the reader opens it, and he has not
	Service casefile.Service // how it was handed to him; zero: it was not
}

func lineOf(d casefile.Decision) decisionLine {
	kind, _ := policy.KindOf(d.Kind)
	return decisionLine{Decision: d, By: kind.By}
}

func (p *Portal) casePage(c echo.Context, ask policy.Ask) error {
	number := id(c, "case")
	ctx := c.Request().Context()
	of, err := casefile.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	c.Set(caseKey, of)
	page := casePage{Case: of, Back: start(me(c)), May: map[string]bool{}}
	for _, act := range of.Acts(ask, policy.CaseClosed, policy.FilingNew, policy.DecisionNew, policy.AssignmentNew, policy.ParticipantNew, policy.FileRead) {
		page.May[string(act)] = true
	}
	decisions, err := casefile.Decisions(ctx, p.DB, ask, of)
	if err != nil {
		return err
	}
	received, err := casefile.Received(ctx, p.DB, ask, of)
	if err != nil {
		return err
	}
	for _, d := range decisions {
		line := lineOf(d)
		line.Service = received[d.ID]
		line.Waits = of.Hands(d) && !line.Service.Served()
		page.Decisions = append(page.Decisions, line)
	}
	than, err := rowAfter(c, "before")
	if err != nil {
		return err
	}
	filings, err := filing.OfCase(ctx, p.DB, ask, number, than)
	if err != nil {
		return err
	}
	page.Filings = partOf(filings, ask, than)
	if page.Files, err = p.openFiles(c, ask, number); err != nil {
		return err
	}
	if page.Powers, err = casefile.Powers(ctx, p.DB, ask, of); err != nil {
		return err
	}
	if page.Past, err = p.past(c, ask, of); err != nil {
		return err
	}
	if page.Moved, err = casefile.Moved(ctx, p.DB, of); err != nil {
		return err
	}
	if len(of.Capacities) > 0 {
		page.Back = policy.CaseList
	}
	if page.May[string(policy.ParticipantNew)] {
		if page.Participants, err = casefile.Participants(ctx, p.DB, ask, number); err != nil {
			return err
		}
	}
	if of.JoinedInto != uuid.Nil { // what is new belongs into the joint case; what is here stays to be read, and to be given
		for _, act := range []policy.Act{policy.FilingNew, policy.DecisionNew, policy.ParticipantNew} {
			delete(page.May, string(act))
		}
	}
	return p.show(c, "case", page)
}

// decisionPage is one decision: the fact and the article, the document where it
// opens, and what can be done about it.
type decisionPage struct {
	Case      casefile.Case
	Decision  decisionLine
	Document  document.Document
	Signature document.Proof
	Agreement *casefile.Agreement // what the prosecutor said of it; nil: nothing, or not for this reader
	May       map[string]bool
	Shown     shown
	Handed    []handed           // to the reader, with the terms that began
	Services  []casefile.Service // to whom it must be handed over, for the officials of the case
	Complain  time.Time          // the last day to complain of a termination
}

func (p *Portal) decision(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	ctx := c.Request().Context()
	h, doc, err := casefile.Look(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	d, of := h.Decision, h.Case
	if d.Status == casefile.Draft {
		return p.redirect(c, policy.DecisionCheck, d.ID)
	}
	if len(h.Waits) > 0 {
		return p.showService(c, ask, h)
	}
	page := decisionPage{Case: of, Decision: lineOf(d), May: map[string]bool{}, Document: doc, Handed: handedOf(h.Done, ask.At, h.Days), Complain: h.Complain()}
	for _, act := range of.Acts(ask, policy.FilingNew, policy.AgreementRead) {
		page.May[string(act)] = of.JoinedInto == uuid.Nil || act != policy.FilingNew
	}
	if d.Text() && !d.SubmittedAt.IsZero() {
		switch said, err := casefile.AgreementTo(ctx, p.DB, of, d); {
		case err == nil:
			page.Agreement = &said
		case !errors.Is(err, fault.NotFound):
			return err
		}
	}
	if of.Standing&policy.OnDuty != 0 {
		if page.Services, err = casefile.Services(ctx, p.DB, ask, number); err != nil {
			return err
		}
	}
	if d.Text() {
		if page.Signature, err = page.Document.Proof(ctx, p.DB, p.Verifier); err != nil {
			return err
		}
	}
	if page.Shown, err = p.shownOf(c, ask, of, d); err != nil {
		return err
	}
	return p.show(c, "decision", page)
}

func (p *Portal) decisionCopy(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	d, doc, err := casefile.CopyOf(c.Request().Context(), p.DB, ask, number)
	if conflict(err) { // it waits to be handed over: the page says what begins with that
		return p.redirect(c, policy.DecisionRead, number)
	}
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(d.Kind)+"-"+d.DecidedOn.Format("2006-01-02"), d.Copy() && c.QueryParam("keep") != "")
}

// conflict tells that a thing has moved on, so a page leads to where it is now.
func conflict(err error) bool { return errors.Is(err, fault.Conflict) }
