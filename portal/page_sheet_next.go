package portal

import (
	"github.com/labstack/echo/v4"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// filingSheet is the page to print after filing: what was done, what comes and when,
// and what to do if it does not come.
func (p *Portal) filingSheet(c echo.Context, ask policy.Ask) error {
	f, err := filing.Read(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if err != nil {
		return err
	}
	if f.Status == filing.Draft {
		return echo.ErrNotFound
	}
	page, err := p.link(web.Lang(c), string(policy.FilingRead), f.ID)
	if err != nil {
		return err
	}
	content, err := filing.NextSteps(p.press(), f, web.Lang(c), p.Origin+page, ask.At)
	if err != nil {
		return err
	}
	return pdf(c, content, name(f, "next"), c.QueryParam("keep") != "")
}
