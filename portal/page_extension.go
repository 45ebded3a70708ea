package portal

import (
	"errors"
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// extensionPage is where an official says why a complaint takes him longer.
type extensionPage struct {
	Form   *web.Form
	Filing filing.Filing
	Due    time.Time // the end it would get
}

func (p *Portal) showExtensionForm(c echo.Context, ask policy.Ask, form *web.Form, f filing.Filing) error {
	due, err := f.Longer(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	p.hereIs(c, policy.ExtensionNew, f.ID)
	return p.form(c, form, "extension_new", extensionPage{form, f, due}, policy.ExtensionDraft, f.ID)
}

func (p *Portal) extensionNew(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "filing"), c.Request().Context()
	f, err := filing.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.NewForm("extension_new")
	switch _, old, _, err := filing.ExtensionDraft(ctx, p.DB, ask, number); {
	case err == nil:
		form.Set("reason", old.Reason)
	case !errors.Is(err, fault.NotFound):
		return err
	}
	return p.showExtensionForm(c, ask, form, f)
}

func (p *Portal) extensionDraft(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "filing"), c.Request().Context()
	f, err := filing.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "extension_new")
	n := filing.NewExtension{Reason: form.Text("reason", filing.MinText, filing.MaxText), Language: web.Lang(c)}
	if form.Bad() {
		return p.showExtensionForm(c, ask, form, f)
	}
	err = p.sent(c, form, func(tx *vault.DB) error { return filing.DraftExtension(ctx, tx, p.press(), ask, number, n) })
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ExtensionCheck, number)
}

func (p *Portal) extensionCheck(c echo.Context, ask policy.Ask) error {
	return p.showExtensionCheck(c, ask, "")
}

func (p *Portal) showExtensionCheck(c echo.Context, ask policy.Ask, refusal string) error {
	f, e, doc, err := filing.ExtensionDraft(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if conflict(err) {
		return p.redirect(c, policy.FilingRead, c.Param("filing"))
	}
	if err != nil {
		return err
	}
	page := besidePage{Filing: f, Extension: e, Size: len(doc.Content)}
	if page.Signing, err = p.signDocument(c, doc, policy.ExtensionPaper, policy.FilingExtend, refusal, f.ID); err != nil {
		return err
	}
	page.Signing.Button = "extension_check.sign"
	return p.showSigning(c, refusal, "extension_check", page, policy.ExtensionCheck, f.ID)
}

func (p *Portal) extensionPaper(c echo.Context, ask policy.Ask) error {
	f, doc, err := filing.ExtensionPaper(c.Request().Context(), p.DB, ask, id(c, "filing"))
	return besidePDF(c, f, doc, err)
}

func (p *Portal) filingExtend(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := filing.Extend(c.Request().Context(), p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showExtensionCheck(c, ask.To(policy.ExtensionCheck), refusal)
	}
	return p.redirect(c, policy.FilingRead, number)
}
