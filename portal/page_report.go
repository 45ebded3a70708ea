package portal

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/web"
)

// reportLine is a report in its author's list.
type reportLine struct {
	report.Report
	Overdue bool
}

// reportsPage are the reports of a person. It says nothing of what they are about.
type reportsPage struct {
	Reports []reportLine
	Last    uuid.UUID // the one after which the list goes on
	More    bool      // it goes on
	Further bool      // this is not its first part
	Exit    string
}

func (p *Portal) reports(c echo.Context, ask policy.Ask) error {
	than, err := rowAfter(c, "before")
	if err != nil {
		return err
	}
	all, more, err := report.Own(c.Request().Context(), p.DB, ask, than)
	if err != nil {
		return err
	}
	page := reportsPage{More: more, Further: than != uuid.Nil, Exit: weather}
	for _, r := range all {
		page.Reports, page.Last = append(page.Reports, reportLine{r, r.Overdue(ask.At)}), r.ID
	}
	return p.show(c, "reports", page)
}

// event is a line of what happened with a report.
type event struct {
	Key string // words under report.event.
	At  time.Time
	By  law.Ref
}

// reportPage is a report and what became of it, for its author.
type reportPage struct {
	Report   report.Report
	Lines    []answerLine
	Files    []attachmentLine
	Overdue  bool
	Count    deadline.Counting
	Events   []event
	Complain bool // there is something to complain of
	Ready    bool // and the complaint is prepared here
	Paper    bool // it has one: what a registrar entered, or another body handed on, has none of its own
	Moved    bool // it is registered anew elsewhere
	Slip     string
	Decision *report.Decision // signed; nil while there is none
	Became   *report.Became   // what it goes on in; nil for none
	Upheld   *report.Upheld   // a complaint about it that was granted; nil for none
	Looks    []report.Look    // who opened it
	Shielded bool
	Exit     string
}

func (p *Portal) reportRead(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	r, a, all, err := report.Files(ctx, p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	if r.Status == report.Draft {
		return p.toDraft(c, r, a)
	}
	bodies, err := report.Bodies(ctx, p.DB)
	if err != nil {
		return err
	}
	slip, err := p.link(web.Lang(c), string(policy.SlipRead), report.Token(p.DB, r.ID))
	if err != nil {
		return err
	}
	page := reportPage{
		Report: r, Lines: answerLines(p.Words.In(web.Lang(c)), a, bodies), Overdue: r.Overdue(ask.At), Count: r.Counting(), Complain: r.Contestable(ask.At),
		Paper: r.Document != uuid.Nil, Moved: r.Next != uuid.Nil, Slip: slip, Shielded: a.Shielded(), Exit: weather,
	}
	page.Files, _ = attachmentLines(p.Words.In(web.Lang(c)), all)
	if r.Status.Decided() {
		d, err := report.DecisionFor(ctx, p.DB, ask, r.ID)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			page.Decision = &d
		}
	}
	if page.Became, err = report.BecameOf(ctx, p.DB, ask, r.ID); err != nil {
		return err
	}
	if page.Complain {
		if page.Upheld, err = report.UpheldOf(ctx, p.DB, ask, r.ID); err != nil {
			return err
		}
	}
	if page.Looks, err = report.Looks(ctx, p.DB, ask, r.ID); err != nil {
		return err
	}
	page.Ready = page.Complain && p.links[policy.ReportComplain] != ""
	page.Events = append(page.Events, event{"registered", r.RegisteredAt, law.CPC(185, 1)})
	if !r.OverdueAt.IsZero() {
		page.Events = append(page.Events, event{"overdue", r.OverdueAt, page.Count.Term.By})
	}
	if r.Status.Decided() {
		page.Events = append(page.Events, event{string(r.Status), r.DecidedAt, law.CPC(179)})
	}
	return p.show(c, "report", page)
}

// toDraft leads to where the author of a draft stopped.
func (p *Portal) toDraft(c echo.Context, r report.Report, a report.Answers) error {
	if q := a.Open(); q != "" {
		return p.redirect(c, policy.ReportQuestion, r.ID, q)
	}
	return p.redirect(c, policy.ReportCheck, r.ID)
}

// reportSlip is the slip to keep (талон): number, time, officer, clock, and a code that
// opens the status.
func (p *Portal) reportSlip(c echo.Context, ask policy.Ask) error {
	r, err := report.Read(c.Request().Context(), p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	if r.Status == report.Draft {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	content, err := report.PrintSlip(p.press(), r, report.Token(p.DB, r.ID), web.Lang(c))
	if err != nil {
		return err
	}
	return pdf(c, content, "slip-"+r.Number, true)
}

// reportProof gives the author the receipt of his report, which proves it without us.
func (p *Portal) reportProof(c echo.Context, ask policy.Ask) error {
	r, err := report.Read(c.Request().Context(), p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	if r.Status == report.Draft || r.Document == uuid.Nil {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return p.receipt(c, ask, r.Document, r.Number)
}

// slipPage is all that whoever holds a slip is told.
type slipPage struct{ Slip report.Slip }

func (p *Portal) slip(c echo.Context, ask policy.Ask) error {
	s, err := report.ReadSlip(c.Request().Context(), p.DB, ask, c.Param("token"))
	if err != nil {
		return err
	}
	return p.show(c, "slip", slipPage{s})
}
