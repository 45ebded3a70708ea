package portal

import (
	"github.com/labstack/echo/v4"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// cancellationPage is where the prosecutor answers a head who asks him to cancel a
// ruling.
type cancellationPage struct {
	Form     *web.Form
	Filing   filing.Filing
	Outcomes []web.Option
}

func (p *Portal) showCancellation(c echo.Context, form *web.Form, f filing.Filing) error {
	w := p.Words.In(web.Lang(c))
	page := cancellationPage{Form: form, Filing: f, Outcomes: []web.Option{
		{Value: "cancelled", Label: w.T("cancellation_new.cancelled")}, {Value: "left", Label: w.T("cancellation_new.left")},
	}}
	p.hereIs(c, policy.CancellationNew, f.ID)
	return p.form(c, form, "cancellation_new", page, policy.CancellationSettle, f.ID)
}

func (p *Portal) cancellationNew(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	f, err := filing.Read(ctx, p.DB, ask, id(c, "filing"))
	if err != nil {
		return err
	}
	if err := f.MaySettle(ask); err != nil {
		return err
	}
	k, err := filing.CancellingOf(ctx, p.DB, f)
	if err != nil {
		return err
	}
	if k.Settled {
		return p.redirect(c, policy.FilingRead, f.ID)
	}
	return p.showCancellation(c, web.NewForm("cancellation_new"), f)
}

func (p *Portal) cancellationSettle(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "filing"), c.Request().Context()
	f, err := filing.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "cancellation_new")
	did := web.OneOf(form, "did", "cancelled", "left")
	text := form.Text("words", filing.MinText, filing.MaxText)
	if form.Bad() {
		return p.showCancellation(c, form, f)
	}
	err = p.sent(c, form, func(tx *vault.DB) error {
		return filing.SettleCancelling(ctx, tx, ask, number, did == "cancelled", text)
	})
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, number)
}
