package portal

import (
	"slices"

	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/filing"
	"zharia/portal/policy"
)

// unitPage is the desk of a head, and of a chief: the cases that are nobody's first,
// then what is late, who waits, and who is away.
type unitPage struct {
	Orphans       []casefile.Case
	Cases         []casefile.Case
	Submitted     []submissionLine // a chief's: decisions that wait for his office's word
	Late          []filingLine     // answers that are overdue
	Waiting       []awaitingLine
	LateWaiting   int
	Substitutions []directory.Substitution
	Entries       []directory.Appointment // into his body, waiting for a second person
}

// awaitingLine is somebody who waits for a status.
type awaitingLine struct {
	directory.Awaiting
	Late bool
}

func (p *Portal) unit(c echo.Context, ask policy.Ask) error { return p.showUnit(c, ask, "unit") }

func (p *Portal) office(c echo.Context, ask policy.Ask) error { return p.showUnit(c, ask, "office") }

func (p *Portal) showUnit(c echo.Context, ask policy.Ask, name string) error {
	ctx := c.Request().Context()
	var page unitPage
	cases, err := casefile.Charge(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	orphan, err := directory.Orphans(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	for _, of := range cases {
		if orphan[of.ID] {
			page.Orphans = append(page.Orphans, of)
		} else {
			page.Cases = append(page.Cases, of)
		}
	}
	if page.Submitted, err = p.submissions(c, ask); err != nil {
		return err
	}
	filings, err := filing.Supervised(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	page.Late = slices.DeleteFunc(filingLines(filings, ask), func(f filingLine) bool { return !f.Overdue })
	waiting, err := directory.Unconfirmed(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	for _, a := range waiting {
		line := awaitingLine{a, a.Overdue(ask.At)}
		if line.Late {
			page.LateWaiting++
		}
		page.Waiting = append(page.Waiting, line)
	}
	if page.Substitutions, err = directory.Running(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Entries, err = directory.Waiting(ctx, p.DB, ask); err != nil {
		return err
	}
	return p.show(c, name, page)
}
