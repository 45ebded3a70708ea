package portal

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/materials"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// filePage is the file of a case for those who work in it: its contents, what can
// still be put into it, and to whom it is opened.
type filePage struct {
	Case      casefile.Case
	Contents  []materials.Material
	Sheets    int
	Drawing   bool           // pages are still being drawn
	Decisions []decisionLine // published, and not in the file
	Opened    []materials.Familiarisation
	Hindrance string // key of why it cannot be opened to anybody, or ""
	May       map[string]bool
}

func (p *Portal) file(c echo.Context, ask policy.Ask) error {
	number := id(c, "case")
	ctx := c.Request().Context()
	of, all, err := materials.Contents(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	page := filePage{Case: of, Contents: all, May: map[string]bool{}}
	for _, act := range of.Acts(ask, policy.MaterialNew, policy.FamiliarisationNew) {
		page.May[string(act)] = true
	}
	for _, m := range all {
		page.Sheets += m.Sheets
		page.Drawing = page.Drawing || m.State == materials.Rendering
	}
	if page.Opened, err = materials.OfCase(ctx, p.DB, ask, number); err != nil {
		return err
	}
	if page.May[string(policy.MaterialNew)] {
		if page.Hindrance, err = hindrance(materials.Hindrance(ctx, p.DB, number)); err != nil {
			return err
		}
		decisions, err := casefile.Decisions(ctx, p.DB, ask.To(policy.CaseRead), of)
		if err != nil {
			return err
		}
		for _, d := range decisions {
			there := slices.ContainsFunc(all, func(m materials.Material) bool { return m.Document == d.Document })
			if d.Status == casefile.Published && d.Text() && !there {
				page.Decisions = append(page.Decisions, lineOf(d))
			}
		}
	}
	return p.show(c, "file", page)
}

// hindrance is the key of a fault that a page tells of; any other error stays one.
func hindrance(err error) (string, error) {
	var fa *fault.Fault
	if errors.As(err, &fa) && fa.Kind == fault.Conflict {
		return fa.Message, nil
	}
	return "", err
}

// materialNewPage is where a PDF is put into the file.
type materialNewPage struct {
	Form  *web.Form
	Case  casefile.Case
	Parts []web.Option
	Flags []web.Option
}

func (p *Portal) showMaterialForm(c echo.Context, ask policy.Ask, form *web.Form, of casefile.Case) error {
	w := p.Words.In(web.Lang(c))
	page := materialNewPage{Form: form, Case: of}
	for _, part := range materials.Parts {
		page.Parts = append(page.Parts, web.Option{Value: string(part), Label: w.T("file.part." + string(part)), Hint: w.T("file.part." + string(part) + ".hint")})
	}
	for _, f := range policy.Flags {
		page.Flags = append(page.Flags, web.Option{Value: string(f), Label: w.T("flag." + string(f))})
	}
	return p.form(c, form, "material_new", page, policy.MaterialAdd, of.ID)
}

func (p *Portal) materialNew(c echo.Context, ask policy.Ask) error {
	of, all, err := materials.Contents(c.Request().Context(), p.DB, ask, id(c, "case"))
	if err != nil {
		return err
	}
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	volume, sheet := materials.Next(all)
	form := web.NewForm("material_new", "id", fresh.String(), "volume", digits(volume), "sheet", digits(sheet), "part", string(materials.InCase))
	return p.showMaterialForm(c, ask, form, of)
}

func (p *Portal) materialAdd(c echo.Context, ask policy.Ask) error {
	caseID := id(c, "case")
	ctx := c.Request().Context()
	of, _, err := materials.Contents(ctx, p.DB, ask, caseID)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "material_new")
	n := materials.New{
		ID:       form.ID("id"),
		Title:    form.Line("name", 3, 200),
		Volume:   form.Number("volume", 1, materials.MaxVolume),
		Sheet:    form.Number("sheet", 1, materials.MaxSheet),
		Part:     web.OneOf(form, "part", materials.Parts...),
		Flags:    web.AnyOf(form, "flags", policy.Flags...),
		Language: web.Lang(c),
		PDF:      form.File("file", document.MaxUpload),
	}
	p.hereIs(c, policy.MaterialNew, caseID)
	switch {
	case n.PDF != nil:
		badPDF(form, "file", n.PDF)
	case !form.Bad():
		form.Wrong("file", "form.required")
	}
	if form.Bad() {
		return p.showMaterialForm(c, ask, form, of)
	}
	err = p.sent(c, form, func(tx *vault.DB) error { return materials.Add(ctx, tx, ask, caseID, n) })
	if form.Refused(err) {
		return p.showMaterialForm(c, ask, form, of)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FileRead, caseID)
}

func (p *Portal) materialPut(c echo.Context, ask policy.Ask) error {
	number := id(c, "decision")
	ctx := c.Request().Context()
	d, _, err := casefile.ReadDecision(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	title := p.Words.In(d.Language).T("kind." + string(d.Kind))
	in, err := materials.Put(ctx, p.DB, ask, number, title)
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FileRead, in)
}

func (p *Portal) materialOpen(c echo.Context, ask policy.Ask) error {
	m, doc, err := materials.Open(c.Request().Context(), p.DB, ask, id(c, "material"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, "volume-"+digits(m.Volume)+"-sheet-"+digits(m.Sheet), c.QueryParam("keep") != "")
}

func (p *Portal) materialRemove(c echo.Context, ask policy.Ask) error {
	in, err := materials.Remove(c.Request().Context(), p.DB, ask, id(c, "material"))
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FileRead, in)
}

// familiarisationNewPage is where the file is opened to several for one term.
type familiarisationNewPage struct {
	Form      *web.Form
	Case      casefile.Case
	Hindrance string
	Invitees  []web.Option
}

func (p *Portal) showFamiliarisationForm(c echo.Context, ask policy.Ask, form *web.Form, caseID uuid.UUID) error {
	ctx := c.Request().Context()
	of, _, err := materials.Contents(ctx, p.DB, ask, caseID)
	if err != nil {
		return err
	}
	page := familiarisationNewPage{Form: form, Case: of}
	if page.Hindrance, err = hindrance(materials.Hindrance(ctx, p.DB, caseID)); err != nil {
		return err
	}
	invitees, err := materials.Invitees(ctx, p.DB, ask, caseID)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	for _, v := range invitees {
		hint := w.T("role." + string(v.Role))
		if v.Represented != "" {
			hint += " (" + w.T("filings.for", "name", v.Represented) + ")"
		}
		page.Invitees = append(page.Invitees, web.Option{Value: v.ID.String(), Label: v.Name, Hint: hint + ". " + w.T("file.opens."+string(v.Part))})
	}
	return p.form(c, form, "familiarisation_new", page, policy.FamiliarisationDraft, caseID)
}

func (p *Portal) familiarisationNew(c echo.Context, ask policy.Ask) error {
	today := ask.At.In(deadline.Zone)
	form := web.NewForm("familiarisation_new", "opens_on", today.Format(time.DateOnly), "until", today.AddDate(0, 0, 10).Format(time.DateOnly))
	return p.showFamiliarisationForm(c, ask, form, id(c, "case"))
}

func (p *Portal) familiarisationDraft(c echo.Context, ask policy.Ask) error {
	caseID := id(c, "case")
	form := web.ReadForm(c, "familiarisation_new")
	latest := ask.At.AddDate(2, 0, 0) // the domain has the true bound; this one only keeps a slip of the year out
	to := form.IDs("participants")
	term := materials.Term{OpensOn: form.Date("opens_on", latest), Until: form.Date("until", latest), Language: web.Lang(c)}
	p.hereIs(c, policy.FamiliarisationNew, caseID)
	if form.Bad() {
		return p.showFamiliarisationForm(c, ask, form, caseID)
	}
	err := p.sent(c, form, func(tx *vault.DB) error {
		return materials.DraftFor(c.Request().Context(), tx, p.press(), ask, caseID, to, term)
	})
	if form.Refused(err) {
		return p.showFamiliarisationForm(c, ask, form, caseID)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FileRead, caseID)
}

// familiarisationCheckPage shows the notice before it is signed.
type familiarisationCheckPage struct {
	Familiarisation materials.Familiarisation
	Size            int // bytes
	Signing         signing
	Another         bool // who prepared it; nobody else signs it
}

func (p *Portal) familiarisationCheck(c echo.Context, ask policy.Ask) error {
	return p.showFamiliarisationCheck(c, ask, "")
}

func (p *Portal) showFamiliarisationCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "familiarisation")
	f, doc, err := materials.ReadNotice(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	if f.Status != materials.Draft {
		return p.redirect(c, policy.FamiliarisationRead, number)
	}
	page := familiarisationCheckPage{Familiarisation: f, Size: len(doc.Content), Another: doc.Author != ask.Person}
	if page.Signing, err = p.signDocument(c, doc, policy.FamiliarisationPaper, policy.FamiliarisationOpen, refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "familiarisation_check", page, policy.FamiliarisationCheck, number)
}

func (p *Portal) familiarisationPaper(c echo.Context, ask policy.Ask) error {
	_, doc, err := materials.ReadNotice(c.Request().Context(), p.DB, ask, id(c, "familiarisation"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

func (p *Portal) familiarisationOpen(c echo.Context, ask policy.Ask) error {
	number := id(c, "familiarisation")
	ctx := c.Request().Context()
	f, err := materials.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := materials.Begin(ctx, p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showFamiliarisationCheck(c, ask.To(policy.FamiliarisationCheck), refusal)
	}
	return p.redirect(c, policy.FileRead, f.Case)
}

func (p *Portal) familiarisationDiscard(c echo.Context, ask policy.Ask) error {
	in, err := materials.Discard(c.Request().Context(), p.DB, ask, id(c, "familiarisation"))
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FileRead, in)
}
