package portal

import (
	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/job"
	"zharia/portal/policy"
)

// jobAgain has what was given up tried anew.
func (p *Portal) jobAgain(c echo.Context, ask policy.Ask) error {
	name, kind := c.FormValue("name"), c.FormValue("failure")
	if name == "" || len(name) > 100 || len(kind) > 100 { // as long as schema.sql takes them
		return fault.New(fault.NotFound, "fault.not-found")
	}
	if _, err := job.Again(c.Request().Context(), p.DB.DB, ask, name, kind); err != nil {
		return err
	}
	return p.redirect(c, policy.DutyRead)
}
