package portal

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
	"zharia/portal/words"
)

// exposurePage is where the investigator opens a decision to one person further
// than his status does, or less far.
type exposurePage struct {
	Form     *web.Form
	Case     casefile.Case
	Decision decisionLine
	People   []web.Option
	Views    []web.Option
	Grounds  []web.Option
}

// exposable are the views that can be signed: the fact is never taken from anybody.
var exposable = []string{policy.Fact.String(), policy.Read.String(), policy.Copy.String()}

func (p *Portal) showExposureForm(c echo.Context, ask policy.Ask, form *web.Form, decision uuid.UUID) error {
	seen, d, of, err := casefile.Exposable(c.Request().Context(), p.DB, ask, decision)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	page := exposurePage{Form: form, Case: of, Decision: lineOf(d)}
	for _, s := range seen {
		page.People = append(page.People, web.Option{
			Value: s.ID.String(), Label: s.Name + ", " + words.Low(w.T("role."+string(s.Role))), Hint: w.T("exposure.now." + s.View.String()),
		})
	}
	for _, v := range exposable {
		page.Views = append(page.Views, web.Option{Value: v, Label: w.T("exposure.view." + v)})
	}
	for _, g := range policy.Grounds {
		page.Grounds = append(page.Grounds, web.Option{Value: string(g), Label: w.T("exposure.ground." + string(g)), Hint: w.Law(g.By())})
	}
	return p.form(c, form, "exposure", page, policy.ExposureDraft, decision)
}

func (p *Portal) exposureNew(c echo.Context, ask policy.Ask) error {
	return p.showExposureForm(c, ask, web.NewForm("exposure"), id(c, "decision"))
}

func (p *Portal) exposureDraft(c echo.Context, ask policy.Ask) error {
	decision := id(c, "decision")
	form := web.ReadForm(c, "exposure")
	draft := casefile.ExposureDraft{
		Participant: form.ID("participant"),
		View:        policy.ViewOf(web.OneOf(form, "view", exposable...)),
		Ground:      web.OneOf(form, "ground", policy.Grounds...),
		Reasons:     form.Text("reasons", 20, 5_000),
		Language:    web.Lang(c),
	}
	p.hereIs(c, policy.ExposureNew, decision)
	if form.Bad() {
		return p.showExposureForm(c, ask.To(policy.ExposureNew), form, decision)
	}
	var number uuid.UUID
	err := p.sent(c, form, func(tx *vault.DB) (err error) {
		number, err = casefile.DraftExposure(c.Request().Context(), tx, p.press(), ask, decision, draft)
		return err
	})
	if form.Refused(err) {
		return p.showExposureForm(c, ask.To(policy.ExposureNew), form, decision)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ExposureCheck, number)
}

// exposureCheckPage shows the exact paper before it is signed.
type exposureCheckPage struct {
	Case     casefile.Case
	Exposure casefile.Exposure
	Size     int // bytes
	Signing  signing
}

func (p *Portal) exposureCheck(c echo.Context, ask policy.Ask) error {
	return p.showExposureCheck(c, ask, "")
}

func (p *Portal) showExposureCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "exposure")
	x, doc, of, err := casefile.ReadExposure(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	if !x.SignedAt.IsZero() {
		return p.redirect(c, policy.DecisionRead, x.Decision)
	}
	page := exposureCheckPage{Case: of, Exposure: x, Size: len(doc.Content)}
	if page.Signing, err = p.signDocument(c, doc, policy.ExposurePaper, policy.ExposureSign, refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "exposure_check", page, policy.ExposureCheck, number)
}

func (p *Portal) exposurePaper(c echo.Context, ask policy.Ask) error {
	_, doc, _, err := casefile.ReadExposure(c.Request().Context(), p.DB, ask, id(c, "exposure"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

func (p *Portal) exposureSign(c echo.Context, ask policy.Ask) error {
	number := id(c, "exposure")
	ctx := c.Request().Context()
	x, _, _, err := casefile.ReadExposure(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := casefile.SignExposure(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showExposureCheck(c, ask.To(policy.ExposureCheck), refusal)
	}
	return p.redirect(c, policy.DecisionRead, x.Decision)
}

func (p *Portal) exposureDiscard(c echo.Context, ask policy.Ask) error {
	return p.exposureLeave(c, ask, casefile.DiscardExposure)
}

func (p *Portal) exposureEnd(c echo.Context, ask policy.Ask) error {
	return p.exposureLeave(c, ask, casefile.EndExposure)
}

// exposureLeave gives a draft up, or ends what is in force, and leads back to the
// decision.
func (p *Portal) exposureLeave(c echo.Context, ask policy.Ask, do casefile.Leave) error {
	number := id(c, "exposure")
	ctx := c.Request().Context()
	x, _, _, err := casefile.ReadExposure(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if err := do(ctx, p.DB, ask, number); err != nil {
		return err
	}
	return p.redirect(c, policy.DecisionRead, x.Decision)
}
