package portal

import (
	"errors"
	"strconv"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// supplementPage is where the author adds to what he filed, or writes it anew.
type supplementPage struct {
	Form    *web.Form
	Filing  filing.Filing
	Kind    filing.SupplementKind
	Points  []string // names of the fields for what is asked besides; none where that is over
	Max     int
	Addable bool
}

// ownKinds are the kinds that an author begins himself.
var ownKinds = []filing.SupplementKind{filing.Added, filing.Corrected}

func (p *Portal) supplementNew(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "filing")
	f, err := filing.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if len(f.Acts(ask, policy.SupplementSign)) == 0 {
		return p.redirect(c, policy.FilingRead, number)
	}
	kind := filing.Added
	if c.QueryParam("kind") == string(filing.Corrected) {
		kind = filing.Corrected
	}
	form := web.NewForm("supplement_new", "kind", string(kind))
	_, draft, _, err := filing.SupplementDraft(ctx, p.DB, ask, number)
	switch {
	case err == nil && draft.Kind == kind:
		form.Set("text", draft.Text)
		pointFields.fill(form, draft.Points)
	case err != nil && !errors.Is(err, fault.NotFound):
		return err
	case kind == filing.Corrected:
		all, err := filing.Supplements(ctx, p.DB, f)
		if err != nil {
			return err
		}
		form.Set("text", f.Text(all))
	}
	return p.showSupplement(c, form, f, kind)
}

func (p *Portal) showSupplement(c echo.Context, form *web.Form, f filing.Filing, kind filing.SupplementKind) error {
	page := supplementPage{Form: form, Filing: f, Kind: kind, Max: filing.MaxText}
	var err error
	if page.Addable, err = filing.Addable(c.Request().Context(), p.DB, f); err != nil {
		return err
	}
	if err := p.keep(c, form); err != nil {
		return err
	}
	if page.Addable && kind == filing.Added {
		page.Points = pointFields.shown(form)
	}
	p.hereIs(c, policy.SupplementNew, f.ID)
	return p.form(c, form, "supplement_new", page, policy.SupplementDraft, f.ID)
}

func (p *Portal) supplementDraft(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "filing")
	f, err := filing.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "supplement_new")
	n := filing.NewSupplement{Kind: web.OneOf(form, "kind", ownKinds...), Text: form.Text("text", filing.MinText, filing.MaxText), Language: web.Lang(c)}
	if n.Kind == filing.Added {
		n.Points = pointFields.filled(form, filing.MinPoint, filing.MaxPointText)
	}
	again := func() error {
		kind := n.Kind
		if kind == "" {
			kind = filing.Added
		}
		return p.showSupplement(c, form, f, kind)
	}
	if form.Bad() {
		return again()
	}
	err = p.sent(c, form, func(tx *vault.DB) error {
		return filing.DraftSupplement(ctx, tx, p.press(), ask, number, n)
	})
	if form.Refused(err) {
		return again()
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.SupplementCheck, number)
}

// supplementCheckPage shows the exact paper before it is signed.
type supplementCheckPage struct {
	Filing     filing.Filing
	Supplement filing.Supplement
	Changes    []filing.Run // against what stands now, where it is written anew
	Size       int          // bytes
	Signing    signing
}

func (p *Portal) supplementCheck(c echo.Context, ask policy.Ask) error {
	return p.showSupplementCheck(c, ask, id(c, "filing"), "")
}

func (p *Portal) showSupplementCheck(c echo.Context, ask policy.Ask, number uuid.UUID, refusal string) error {
	ctx := c.Request().Context()
	f, s, doc, err := filing.SupplementDraft(ctx, p.DB, ask, number)
	if errors.Is(err, fault.NotFound) && f.ID != uuid.Nil { // signed already, or never written
		return p.redirect(c, policy.FilingRead, number)
	}
	if err != nil {
		return err
	}
	page := supplementCheckPage{Filing: f, Supplement: s, Size: len(doc.Content)}
	if s.Kind == filing.Corrected {
		all, err := filing.Supplements(ctx, p.DB, f)
		if err != nil {
			return err
		}
		page.Changes = filing.Difference(f.Text(all), s.Text)
	}
	if page.Signing, err = p.signDocument(c, doc, policy.SupplementPaper, policy.SupplementSign, refusal, f.ID); err != nil {
		return err
	}
	if page.Signing.URL, err = p.link(web.Lang(c), string(policy.SupplementPaper), s.ID); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "supplement_check", page, policy.SupplementCheck, f.ID)
}

func (p *Portal) supplementPaper(c echo.Context, ask policy.Ask) error {
	f, doc, err := filing.SupplementPaper(c.Request().Context(), p.DB, ask, id(c, "supplement"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, name(f, "supplement"), c.QueryParam("keep") != "")
}

func (p *Portal) supplementSign(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := filing.SignSupplement(c.Request().Context(), p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showSupplementCheck(c, ask.To(policy.SupplementCheck), number, refusal)
	}
	return p.redirect(c, policy.FilingRead, number)
}

func (p *Portal) supplementDiscard(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	if err := filing.DiscardSupplement(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	if err := p.forget(c, policy.SupplementNew, number); err != nil {
		return err
	}
	return p.redirect(c, policy.FilingRead, number)
}

// versionsPage compares two texts of a filing word by word; without two it shows the
// last against the one before.
type versionsPage struct {
	Filing   filing.Filing
	Versions []filing.Version
	Older    filing.Version
	Newer    filing.Version
	Changes  []filing.Run
}

func (p *Portal) versions(c echo.Context, ask policy.Ask) error {
	f, all, err := filing.Versions(c.Request().Context(), p.DB, ask, id(c, "filing"))
	if err != nil {
		return err
	}
	page := versionsPage{Filing: f, Versions: all, Newer: all[len(all)-1], Older: all[max(len(all)-2, 0)]}
	if n, err := strconv.Atoi(c.QueryParam("newer")); err == nil && n >= 0 && n < len(all) {
		page.Newer, page.Older = all[n], all[max(n-1, 0)]
	}
	if n, err := strconv.Atoi(c.QueryParam("older")); err == nil && n >= 0 && n < len(all) {
		page.Older = all[n]
	}
	page.Changes = filing.Difference(page.Older.Text, page.Newer.Text)
	return p.show(c, "versions", page)
}
