package portal

import (
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/directory"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// substitutionNewPage is where a head says who does the work of whom.
type substitutionNewPage struct {
	Form     *web.Form
	Back     policy.Act
	Officers []web.Option
}

func (p *Portal) substitutionNew(c echo.Context, ask policy.Ask) error {
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return p.showSubstitutionForm(c, ask, web.NewForm("substitution_new", "id", fresh.String()))
}

func (p *Portal) showSubstitutionForm(c echo.Context, ask policy.Ask, form *web.Form) error {
	officers, err := directory.Replaceable(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	page := substitutionNewPage{Form: form, Back: start(me(c))}
	for _, o := range officers {
		page.Officers = append(page.Officers, web.Option{Value: o.ID.String(), Label: o.Name})
	}
	return p.form(c, form, "substitution_new", page, policy.SubstitutionDraft)
}

func (p *Portal) substitutionDraft(c echo.Context, ask policy.Ask) error {
	form := web.ReadForm(c, "substitution_new")
	number := form.ID("id")
	n := directory.NewSubstitution{
		Officer: form.ID("officer"), Deputy: form.ID("deputy"), Until: form.Date("until", ask.At.Add(directory.Longest)), Language: web.Lang(c),
	}
	p.hereIs(c, policy.SubstitutionNew)
	if form.Bad() {
		return p.showSubstitutionForm(c, ask, form)
	}
	err := directory.DraftSubstitution(c.Request().Context(), p.DB, p.press(), ask, number, n)
	if form.Refused(err) {
		return p.showSubstitutionForm(c, ask, form)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.SubstitutionRead, number)
}

// substitutionPage is one substitution: a draft to sign, or what was signed.
type substitutionPage struct {
	Back         policy.Act
	Substitution directory.Substitution
	Size         int
	Signing      signing
}

func (p *Portal) substitution(c echo.Context, ask policy.Ask) error {
	return p.showSubstitution(c, ask, "")
}

func (p *Portal) showSubstitution(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "substitution")
	s, doc, err := directory.ReadSubstitution(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	page := substitutionPage{Back: start(me(c)), Substitution: s, Size: len(doc.Content)}
	if doc.Signed() {
		return p.show(c, "substitution", page)
	}
	if page.Signing, err = p.signDocument(c, doc, policy.SubstitutionPaper, policy.SubstitutionSign, refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "substitution", page, policy.SubstitutionRead, number)
}

func (p *Portal) substitutionPaper(c echo.Context, ask policy.Ask) error {
	_, doc, err := directory.ReadSubstitution(c.Request().Context(), p.DB, ask, id(c, "substitution"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

func (p *Portal) substitutionSign(c echo.Context, ask policy.Ask) error {
	number, ctx := id(c, "substitution"), c.Request().Context()
	if _, _, err := directory.ReadSubstitution(ctx, p.DB, ask, number); err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := directory.Substitute(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showSubstitution(c, ask.To(policy.SubstitutionRead), refusal)
	}
	return p.redirect(c, policy.SubstitutionRead, number)
}

func (p *Portal) substitutionEnd(c echo.Context, ask policy.Ask) error {
	number := id(c, "substitution")
	if err := directory.EndSubstitution(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	return p.redirect(c, policy.SubstitutionRead, number)
}

func (p *Portal) substitutionDiscard(c echo.Context, ask policy.Ask) error {
	if err := directory.DiscardSubstitution(c.Request().Context(), p.DB, ask, id(c, "substitution")); err != nil {
		return err
	}
	return p.redirect(c, start(me(c)))
}
