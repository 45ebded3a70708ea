package portal

import (
	"context"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// inboxPage is a part of what waits for an official's answer that is not the most urgent:
// that stands on his desk.
type inboxPage struct {
	Inbox filingPart
	Desk  string // its address
}

// inbox is the most urgent of what waits for the asker's answer. Where the address asks for
// what follows a filing, that is shown, on a page of its own, and done.
func (p *Portal) inbox(c echo.Context, ask policy.Ask) (part filingPart, done bool, err error) {
	than, err := rowAfter(c, "after")
	if err != nil {
		return part, false, err
	}
	all, err := filing.Inbox(c.Request().Context(), p.DB, ask, than)
	if err != nil {
		return part, false, err
	}
	part = partOf(all, ask, than)
	if than == uuid.Nil {
		return part, false, nil
	}
	desk, err := p.link(web.Lang(c), string(ask.Act))
	if err != nil {
		return part, false, err
	}
	return part, true, p.show(c, "inbox", inboxPage{part, desk})
}

// overdue is how many of the asker's filings are overdue, of which these are the most urgent.
func (p *Portal) overdue(ctx context.Context, ask policy.Ask, part filingPart) (n int, err error) {
	for _, f := range part.Lines {
		if f.Overdue {
			n++
		}
	}
	if part.More && n == len(part.Lines) {
		return filing.CountOverdue(ctx, p.DB, ask)
	}
	return n, nil
}
