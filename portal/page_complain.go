package portal

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// complainNewPage is where somebody who is nothing in a case, and whom it affects all
// the same, writes a complaint (CPC 100(1)).
type complainNewPage struct {
	Form    *web.Form
	Kinds   []web.Option
	Points  []string
	Suspend []web.Option
	Max     int
}

func (p *Portal) showComplainForm(c echo.Context, form *web.Form) error {
	w := p.Words.In(web.Lang(c))
	page := complainNewPage{Form: form, Max: filing.MaxText, Suspend: []web.Option{{Value: "1", Label: w.T("filing_new.suspend.yes")}}}
	for _, kind := range filing.AffectedKinds {
		page.Kinds = append(page.Kinds, web.Option{
			Value: string(kind), Label: w.T("filing." + string(kind)), Hint: w.T("filing." + string(kind) + ".what"),
		})
	}
	if err := p.keep(c, form); err != nil { // what was typed before may have several requests
		return err
	}
	page.Points = pointFields.shown(form)
	return p.form(c, form, "complain_new", page, policy.ComplainDraft)
}

func (p *Portal) complainNew(c echo.Context, _ policy.Ask) error {
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return p.showComplainForm(c, web.NewForm("complain_new", "id", fresh.String(), "kind", c.QueryParam("kind")))
}

// complainEdit shows the form of a draft again.
func (p *Portal) complainEdit(c echo.Context, ask policy.Ask) error {
	f, err := filing.Read(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if err != nil {
		return err
	}
	if !f.Affected {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	if f.Status != filing.Draft {
		return p.redirect(c, policy.FilingRead, f.ID)
	}
	form := web.NewForm("complain_new", "id", f.ID.String(), "number", f.CaseNumber, "kind", string(f.Kind), "circumstances", f.Circumstances)
	pointFields.fill(form, f.Requests())
	if f.Suspend {
		form.Set("suspend", "1")
	}
	return p.showComplainForm(c, form)
}

func (p *Portal) complainDraft(c echo.Context, ask policy.Ask) error {
	ctx, form := c.Request().Context(), web.ReadForm(c, "complain_new")
	number := caseNumber(form, "number", "form.case-number")
	n := filing.NewFiling{
		Kind:          web.OneOf(form, "kind", filing.AffectedKinds...),
		Circumstances: form.Text("circumstances", filing.MinText, filing.MaxText),
		Points:        points(form),
		Language:      web.Lang(c),
		Suspend:       form.Chosen("suspend"),
	}
	draft := form.ID("id")
	again := func() error {
		p.hereIs(c, policy.ComplainNew)
		return p.showComplainForm(c, form)
	}
	if form.Bad() {
		return again()
	}
	of, err := casefile.Numbered(ctx, p.DB, ask, number)
	if err == nil {
		err = p.sent(c, form, func(tx *vault.DB) error {
			return filing.Affect(ctx, tx, p.press(), ask, of, draft, n)
		})
	}
	if form.Refused(err) {
		return again()
	}
	if conflict(err) { // clicked again after it was signed: there it is
		return p.redirect(c, policy.FilingRead, draft)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, draft)
}
