package portal

import (
	"github.com/labstack/echo/v4"

	"zharia/portal/filing"
	"zharia/portal/policy"
)

// chamberPage is a judge's desk: what falls due first on top.
type chamberPage struct {
	Inbox   filingPart
	Overdue int
	Begun   []typedLine
}

func (p *Portal) chamber(c echo.Context, ask policy.Ask) error {
	inbox, done, err := p.inbox(c, ask)
	if done || err != nil {
		return err
	}
	page := chamberPage{Inbox: inbox}
	if page.Overdue, err = p.overdue(c.Request().Context(), ask, inbox); err != nil {
		return err
	}
	if page.Begun, err = p.begun(c); err != nil {
		return err
	}
	return p.show(c, "chamber", page)
}

// filingDisputed gives the decision that a complaint is about to the one who must
// decide the complaint.
func (p *Portal) filingDisputed(c echo.Context, ask policy.Ask) error {
	f, doc, err := filing.DisputedDecision(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(f.AboutKind)+"-"+f.AboutOn.Format("2006-01-02"), false)
}
