package portal

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// bookDecisionPage is where the registrar chooses what is decided, then says the rest.
type bookDecisionPage struct {
	Form    *web.Form
	Report  report.Report
	Kind    report.Status // "" while it is chosen
	Choices []bookChoice
	Grounds []web.Option // where there are several
	Bodies  []web.Option
	Least   int
	Max     int
	Today   time.Time
}

type bookChoice struct {
	Kind report.Status
	URL  string
}

func (p *Portal) bookChoose(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "report")
	r, err := report.InBook(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if !r.Status.Open() {
		return p.redirect(c, policy.BookOpen, number)
	}
	form := web.NewForm("book_decision")
	kind := report.Status(choice(c.QueryParam("kind"), texts(report.Decisions)...))
	if kind != "" {
		form.Set("kind", string(kind))
		form.Set("day", ask.At.In(deadline.Zone).Format(time.DateOnly))
		form.Set("next", p.Words.In(web.Lang(c)).T("book_decision.ready."+string(kind)))
		_, d, _, err := report.DraftOfDecision(ctx, p.DB, ask.To(policy.BookCheck), number)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if err == nil && d.Kind == kind { // what he was about to sign
			fillDecision(form, d)
		}
		if earlier := c.QueryParam("earlier"); earlier != "" && len(earlier) <= 20 { // what he has just chosen goes before what he drafted
			form.Set("earlier", earlier)
		}
	}
	return p.showBookDecision(c, ask, form, r)
}

func fillDecision(form *web.Form, d report.Decision) {
	form.Set("ground", string(d.Ground))
	form.Set("erdr", d.ERDR)
	if !d.Day.IsZero() {
		form.Set("day", d.Day.Format(time.DateOnly))
	}
	form.Set("earlier", d.Earlier)
	if d.To.ID != uuid.Nil {
		form.Set("to", d.To.ID.String())
	}
	form.Set("place", d.Place)
	form.Set("reasons", d.Reasons)
	form.Set("next", d.Next)
}

// texts are the words of a closed list.
func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func (p *Portal) showBookDecision(c echo.Context, ask policy.Ask, form *web.Form, r report.Report) error {
	w := p.Words.In(web.Lang(c))
	page := bookDecisionPage{
		Form: form, Report: r, Kind: report.Status(choice(form.Value("kind"), texts(report.Decisions)...)),
		Least: report.MinReasons, Max: report.MaxReasons, Today: ask.At,
	}
	if page.Kind == "" {
		here, err := p.link(web.Lang(c), string(policy.BookChoose), r.ID)
		if err != nil {
			return err
		}
		for _, kind := range report.Decisions {
			page.Choices = append(page.Choices, bookChoice{kind, here + "?kind=" + string(kind)})
		}
		return p.show(c, "book_decision", page)
	}
	if page.Kind == report.Refused || page.Kind == report.Shelved {
		page.Least = report.MinWhyRefused
	}
	if of := page.Kind.Grounds(); len(of) > 1 {
		for _, g := range of {
			page.Grounds = append(page.Grounds, web.Option{Value: string(g), Label: w.T("book.ground." + string(g)), Hint: w.Law(g.By())})
		}
	}
	bodies, err := report.Bodies(c.Request().Context(), p.DB)
	if err != nil {
		return err
	}
	for _, b := range bodies {
		if b.ID != r.Body.ID {
			page.Bodies = append(page.Bodies, web.Option{Value: b.ID.String(), Label: b.In(w.Code)})
		}
	}
	return p.form(c, form, "book_decision", page, policy.BookDraft, r.ID)
}

func (p *Portal) bookDraft(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "report")
	r, err := report.InBook(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "book_decision")
	n := report.NewDecision{Kind: web.OneOf(form, "kind", report.Decisions...), Language: web.Lang(c)}
	if grounds := n.Kind.Grounds(); len(grounds) > 1 {
		n.Ground = web.OneOf(form, "ground", grounds...)
	}
	switch n.Kind {
	case report.Erdr:
		n.ERDR, n.Day = caseNumber(form, "erdr", "fault.book-erdr"), form.Date("day", ask.At.In(deadline.Zone))
	case report.Joined:
		n.Earlier = form.Line("earlier", 1, 30)
	case report.Transferred:
		n.To = form.ID("to")
	case report.Elsewhere, report.Court:
		n.Place = form.Line("place", 3, report.MaxLine)
	}
	least := report.MinReasons
	if n.Kind == report.Refused || n.Kind == report.Shelved {
		least = report.MinWhyRefused
	}
	n.Reasons, n.Next = form.Text("reasons", least, report.MaxReasons), form.Text("next", report.MinNext, report.MaxNext)
	p.hereIs(c, policy.BookChoose, number)
	if form.Bad() {
		return p.showBookDecision(c, ask, form, r)
	}
	err = p.sent(c, form, func(tx *vault.DB) error { return report.DraftDecision(ctx, tx, p.press(), ask, number, n) })
	if form.Refused(err) {
		return p.showBookDecision(c, ask, form, r)
	}
	if conflict(err) { // decided meanwhile: its page shows what
		return p.redirect(c, policy.BookOpen, number)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.BookCheck, number)
}

// bookCheckPage shows the exact paper of a decision before it is signed.
type bookCheckPage struct {
	Report   report.Report
	Decision report.Decision
	Size     int // bytes
	Signing  signing
	Change   string // the form again
}

func (p *Portal) bookCheck(c echo.Context, ask policy.Ask) error { return p.showBookCheck(c, ask, "") }

func (p *Portal) showBookCheck(c echo.Context, ask policy.Ask, refusal string) error {
	number := id(c, "report")
	if _, err := report.InBook(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	r, d, doc, err := report.DraftOfDecision(c.Request().Context(), p.DB, ask, number)
	if errors.Is(err, fault.NotFound) { // nothing waits to be signed
		return p.redirect(c, policy.BookOpen, number)
	}
	if err != nil {
		return err
	}
	page := bookCheckPage{Report: r, Decision: d, Size: len(doc.Content)}
	if page.Change, err = p.link(web.Lang(c), string(policy.BookChoose), number); err != nil {
		return err
	}
	page.Change += "?kind=" + string(d.Kind)
	if page.Signing, err = p.signDocument(c, doc, policy.BookDecisionPaper, policy.BookDecide, refusal, number); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "book_check", page, policy.BookCheck, number)
}

func (p *Portal) bookDecisionPaper(c echo.Context, ask policy.Ask) error {
	_, _, doc, err := report.DraftOfDecision(c.Request().Context(), p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}

// bookDecide puts the registrar's signature on the decision.
func (p *Portal) bookDecide(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "report")
	if _, err := report.InBook(ctx, p.DB, ask, number); err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	err = report.Decide(ctx, p.DB, p.Verifier, ask, number, cms, digest)
	if refusal, _ := refused(err); refusal != "" {
		return p.showBookCheck(c, ask.To(policy.BookCheck), refusal)
	}
	if err != nil && !conflict(err) { // a second click, or another registrar: its page shows the decision
		return err
	}
	return p.redirect(c, policy.BookOpen, number)
}

func (p *Portal) bookDiscard(c echo.Context, ask policy.Ask) error {
	number := id(c, "report")
	if err := report.DiscardDecision(c.Request().Context(), p.DB, ask, number); err != nil {
		return err
	}
	if err := p.forget(c, policy.BookChoose, number); err != nil {
		return err
	}
	return p.redirect(c, policy.BookOpen, number)
}

// bookDecided is the paper of the signed decision, for those who keep the book.
func (p *Portal) bookDecided(c echo.Context, ask policy.Ask) error {
	return p.decided(c, ask, report.DecisionInBook)
}

// reportDecided is the same for the author of the report.
func (p *Portal) reportDecided(c echo.Context, ask policy.Ask) error {
	return p.decided(c, ask, report.DecisionFor)
}

// decisionOf finds the signed decision about a report for one of its readers.
type decisionOf func(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (report.Decision, error)

func (p *Portal) decided(c echo.Context, ask policy.Ask, find decisionOf) error {
	ctx := c.Request().Context()
	d, err := find(ctx, p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	doc, err := report.PaperOfDecision(ctx, p.DB, d)
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, string(doc.Kind), c.QueryParam("keep") != "")
}
