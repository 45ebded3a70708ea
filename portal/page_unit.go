package portal

import (
	"maps"
	"slices"

	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/directory"
	"zharia/portal/filing"
	"zharia/portal/opening"
	"zharia/portal/policy"
)

// unitPage is the desk of a head, and of a chief: the cases that are nobody's first,
// then what is late, who waits, and who is away.
type unitPage struct {
	Orphans       []casefile.Case
	Cases         []casefile.Case
	Submitted     []submissionLine    // a chief's: decisions that wait for his office's word
	Mine          filingPart          // to answer himself
	Settled       []filingLine        // a chief's: complaints about reports of offences that he decided
	ToCancel      []filingLine        // a chief's: a head asks that a ruling be cancelled
	Doubted       int                 // a chief's: questions about views of a prosecutor
	Unanswered    []filing.Unanswered // points that were left without an answer
	Promised      []filing.Owed       // replies to those who wrote to him
	Late          []filingLine        // answers that are overdue
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
	mine, done, err := p.inbox(c, ask)
	if done || err != nil {
		return err
	}
	page := unitPage{Mine: mine}
	cases, err := casefile.Newest(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	orphan, err := directory.Orphans(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	if page.Orphans, err = casefile.These(ctx, p.DB, ask, slices.Collect(maps.Keys(orphan))); err != nil {
		return err
	}
	page.Cases = slices.DeleteFunc(cases, func(of casefile.Case) bool { return orphan[of.ID] })
	if page.Submitted, err = p.submissions(c, ask); err != nil {
		return err
	}
	if ask.Is&policy.Chief != 0 {
		cancel, err := filing.ToCancel(ctx, p.DB, ask)
		if err != nil {
			return err
		}
		page.ToCancel = filingLines(cancel, ask)
		settled, err := filing.SettledReports(ctx, p.DB, ask)
		if err != nil {
			return err
		}
		page.Settled = filingLines(settled, ask)
		doubted, err := opening.Questions(ctx, p.DB, ask.To(policy.ObjectionList))
		if err != nil {
			return err
		}
		page.Doubted = len(doubted)
	}
	if page.Unanswered, err = filing.UnansweredOf(ctx, p.DB, ask); err != nil {
		return err
	}
	if page.Promised, err = filing.Promised(ctx, p.DB, ask); err != nil {
		return err
	}
	late, err := filing.Late(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	page.Late = filingLines(late, ask)
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
