package portal

import (
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/deadline"
	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// entryPage is where the registrar takes down what somebody says, or brought on paper.
type entryPage struct {
	Form       *web.Form
	Ways       []web.Option
	Known      []web.Option
	Regions    []web.Option
	Categories []web.Option
	Reaches    []web.Option
	Languages  []web.Option
	Warned     []web.Option
	Max        int
}

func (p *Portal) showEntry(c echo.Context, form *web.Form) error {
	w := p.Words.In(web.Lang(c))
	page := entryPage{
		Form: form, Max: report.MaxText, Ways: options(w, "book.way.", report.Taken), Known: options(w, "report_question.known.", []string{"known", "unknown"}),
		Regions: options(w, "region.", report.Regions), Categories: options(w, "report.category.", report.Categories),
		Reaches: options(w, "report.reach.", report.Reaches), Languages: options(w, "report.language.", []string{"kk", "ru"}),
		Warned: options(w, "entry_new.warned.", []string{"yes"}),
	}
	return p.form(c, form, "entry_new", page, policy.EntryDraft)
}

func (p *Portal) entryNew(c echo.Context, ask policy.Ask) error {
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return p.showEntry(c, web.NewForm("entry_new", "id", fresh.String(), "known", "known", "language", web.Lang(c)))
}

// entryChange is the form again, as it was printed last.
func (p *Portal) entryChange(c echo.Context, ask policy.Ask) error {
	number := id(c, "report")
	r, a, _, err := report.ReadTaken(c.Request().Context(), p.DB, ask, number)
	if conflict(err) {
		return p.redirect(c, policy.BookOpen, number)
	}
	if err != nil {
		return err
	}
	known := "known"
	if a.Unknown {
		known = "unknown"
	}
	form := web.NewForm("entry_new", "id", number.String(), "way", string(r.Way), "name", a.Applicant, "iin", a.IIN, "card", a.Card, "address", a.Address,
		"what", a.What, "known", known, "from", isoDay(a.From), "to", isoDay(a.To), "hour", a.Hour, "region", string(a.Region), "place", a.Place, "category", string(a.Category),
		"who", a.Who, "damage", a.Damage, "witnesses", a.Witnesses, "reach", string(a.Reach), "phone", a.Phone, "email", a.Email, "language", a.Language)
	return p.showEntry(c, form)
}

func isoDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func (p *Portal) entryDraft(c echo.Context, ask policy.Ask) error {
	ctx, form := c.Request().Context(), web.ReadForm(c, "entry_new")
	number := form.ID("id")
	way := web.OneOf(form, "way", report.Taken...)
	today := ask.At.In(deadline.Zone)
	a := report.Answers{Applicant: form.Line("name", 2, report.MaxLine)} // in the order of the page: so are its mistakes told
	if form.Value("iin") != "" {
		a.IIN = form.IIN("iin")
	}
	a.Card, a.Address = form.Line("card", 2, report.MaxLine), form.Line("address", 2, report.MaxLine)
	a.What = form.Text("what", report.MinText, report.MaxText)
	if a.Unknown = web.OneOf(form, "known", "known", "unknown") == "unknown"; !a.Unknown {
		a.From, a.To = form.Date("from", today), form.OptionalDate("to", today)
	}
	a.Hour = form.Line("hour", 0, report.MaxLine)
	a.Region, a.Place = web.OneOf(form, "region", report.Regions...), form.Line("place", 0, report.MaxLine)
	a.Category = web.OneOf(form, "category", report.Categories...)
	a.Who, a.Damage, a.Witnesses = form.Text("who", 0, report.MaxSide), form.Text("damage", 0, report.MaxSide), form.Text("witnesses", 0, report.MaxSide)
	a.Reach, a.Phone, a.Email = web.OneOf(form, "reach", report.Reaches...), form.Line("phone", 0, 40), form.Line("email", 0, 100)
	a.Language = web.OneOf(form, "language", "kk", "ru")
	p.hereIs(c, policy.EntryNew)
	if form.Bad() {
		return p.showEntry(c, form)
	}
	err := p.sent(c, form, func(tx *vault.DB) error {
		return report.TakeDown(ctx, tx, p.press(), ask, number, way, a.Language, a, form.Value("warned") == "yes")
	})
	if form.Refused(err) {
		return p.showEntry(c, form)
	}
	if conflict(err) {
		return p.redirect(c, policy.BookRead)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.EntryCheck, number)
}

// entryCheckPage shows the exact paper of what was taken down before it is signed.
type entryCheckPage struct {
	Report  report.Report
	Name    string // of the one who reports
	Size    int    // bytes
	Signing signing
}

func (p *Portal) entryCheck(c echo.Context, ask policy.Ask) error {
	return p.showEntryCheck(c, ask, "")
}

func (p *Portal) showEntryCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "report")
	r, a, doc, err := report.ReadTaken(c.Request().Context(), p.DB, ask, number)
	if conflict(err) {
		return p.redirect(c, policy.BookOpen, number)
	}
	if err != nil {
		return err
	}
	page := entryCheckPage{Report: r, Name: a.Applicant, Size: len(doc.Content)}
	if page.Signing, err = p.signDocument(c, doc, policy.EntryPaper, policy.EntrySubmit, refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "entry_check", page, policy.EntryCheck, number)
}

func (p *Portal) entryPaper(c echo.Context, ask policy.Ask) error {
	_, _, doc, err := report.ReadTaken(c.Request().Context(), p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

// entrySubmit puts the registrar's signature on what he took down: it is registered.
func (p *Portal) entrySubmit(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "report")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	err = report.SubmitTaken(ctx, p.DB, p.Verifier, ask, number, cms, digest)
	if refusal, _ := refused(err); refusal != "" {
		return p.showEntryCheck(c, ask.To(policy.EntryCheck), refusal)
	}
	if err != nil && !conflict(err) { // a second click finds it registered
		return err
	}
	return p.redirect(c, policy.BookOpen, number)
}

func (p *Portal) entryDiscard(c echo.Context, ask policy.Ask) error {
	if err := report.DiscardTaken(c.Request().Context(), p.DB, ask, id(c, "report")); err != nil {
		return err
	}
	return p.redirect(c, policy.BookRead)
}
