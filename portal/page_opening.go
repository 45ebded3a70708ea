package portal

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// openingsPage is who opened a case: what was opened is named as far as the reader
// may know that it is there.
type openingsPage struct {
	Case     casefile.Case
	Lines    []openingLine
	Unsealed []opening.Unsealing // by the custodians of the keys
	Sealed   []time.Time         // the days on which views show that are kept from the reader until then
	More     string              // the last line of this page, where there are more
	Further  bool                // this is not the first page
	MayAsk   bool
}

// openingLine is one view, with the decision it was of where its reader sees that.
type openingLine struct {
	opening.Line
	Decision casefile.Decision
}

func (p *Portal) openings(c echo.Context, ask policy.Ask) error {
	number := id(c, "case")
	ctx := c.Request().Context()
	of, err := casefile.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	before, _ := uuid.Parse(c.QueryParam("before"))
	page := openingsPage{Case: of, Further: before != uuid.Nil}
	page.MayAsk = len(of.Acts(ask, policy.ObjectionNew)) > 0
	lines, more, err := opening.Of(ctx, p.DB, ask, number, before)
	if err != nil {
		return err
	}
	if page.Sealed, err = opening.Sealed(ctx, p.DB, ask, number); err != nil {
		return err
	}
	if page.Unsealed, err = opening.Unsealings(ctx, p.DB, ask, number); err != nil {
		return err
	}
	known, err := p.known(c, ask, of)
	if err != nil {
		return err
	}
	for _, line := range lines {
		page.Lines = append(page.Lines, openingLine{line, known[line.ObjectID]})
	}
	if more {
		page.More = lines[len(lines)-1].ID.String()
	}
	return p.show(c, "openings", page)
}

// known are the decisions that the reader may know of, by id.
func (p *Portal) known(c echo.Context, ask policy.Ask, of casefile.Case) (map[uuid.UUID]casefile.Decision, error) {
	decisions, err := casefile.Decisions(c.Request().Context(), p.DB, ask.To(policy.CaseRead), of)
	out := map[uuid.UUID]casefile.Decision{}
	for _, d := range decisions {
		out[d.ID] = d
	}
	return out, err
}

// reasonPage asks an official why he opens a case that is not before him.
type reasonPage struct {
	Form    *web.Form
	Case    casefile.Case
	Reasons []web.Option
}

func (p *Portal) showReason(c echo.Context, ask policy.Ask, form *web.Form) error {
	number := id(c, "case")
	of, err := casefile.Read(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	page := reasonPage{Form: form, Case: of}
	for _, r := range opening.Asked {
		if r == opening.Covert && of.Standing&(policy.Supervisor|policy.Office) == 0 {
			continue
		}
		page.Reasons = append(page.Reasons, web.Option{Value: string(r), Label: w.T("reason.why." + string(r))})
	}
	return p.form(c, form, "reason", page, policy.ReasonGive, number)
}

func (p *Portal) reasonNew(c echo.Context, ask policy.Ask) error {
	return p.showReason(c, ask, web.NewForm("reason", "next", local(c.QueryParam("next"))))
}

func (p *Portal) reasonGive(c echo.Context, ask policy.Ask) error {
	number := id(c, "case")
	form := web.ReadForm(c, "reason")
	said := opening.Pretext{Reason: web.OneOf(form, "reason", opening.Asked...)}
	if form.Value("words") != "" {
		said.Words = form.Text("words", opening.MinWords, opening.MaxWords)
	}
	said.OpensOn = form.OptionalDate("opens_on", opening.LatestSeal(ask.At))
	p.hereIs(c, policy.ReasonNew, number)
	if form.Bad() {
		return p.showReason(c, ask, form)
	}
	err := p.sent(c, form, func(tx *vault.DB) error { return opening.Give(c.Request().Context(), tx, ask, number, said) })
	if form.Refused(err) {
		return p.showReason(c, ask, form)
	}
	if err != nil {
		return err
	}
	if next := local(form.Value("next")); next != "" {
		return c.Redirect(http.StatusSeeOther, "/"+web.Lang(c)+next)
	}
	return p.redirect(c, policy.CaseRead, number)
}

// toReason leads an official who has not said why he opens a case to the page that
// asks him, and remembers what he was about to open; false for any other error.
func (p *Portal) toReason(c echo.Context, err error) bool {
	var needed *opening.Needed
	if !errors.As(err, &needed) {
		return false
	}
	to, err := p.link(web.Lang(c), string(policy.ReasonNew), needed.Case)
	if err != nil {
		return false
	}
	if c.Request().Method == http.MethodGet {
		to += "?" + url.Values{"next": {c.Request().URL.RequestURI()}}.Encode()
	}
	return c.Redirect(http.StatusSeeOther, to) == nil
}

// objectionNewPage is "this looks wrong" about one view.
type objectionNewPage struct {
	Form *web.Form
	Case casefile.Case
	Line openingLine
}

func (p *Portal) showObjection(c echo.Context, ask policy.Ask, form *web.Form) error {
	ctx := c.Request().Context()
	line, err := opening.One(ctx, p.DB, ask, id(c, "opening"))
	if err != nil {
		return err
	}
	of, err := casefile.Read(ctx, p.DB, ask.To(policy.CaseRead), line.Case)
	if err != nil {
		return err
	}
	if line.Mine || line.Question.ID != uuid.Nil { // nothing to ask, or asked already: there it is
		return p.redirect(c, policy.OpeningList, line.Case)
	}
	known, err := p.known(c, ask, of)
	if err != nil {
		return err
	}
	return p.form(c, form, "objection_new", objectionNewPage{form, of, openingLine{line, known[line.ObjectID]}}, policy.ObjectionFile, line.ID)
}

func (p *Portal) objectionNew(c echo.Context, ask policy.Ask) error {
	return p.showObjection(c, ask, web.NewForm("objection_new"))
}

func (p *Portal) objectionFile(c echo.Context, ask policy.Ask) error {
	number := id(c, "opening")
	form := web.ReadForm(c, "objection_new")
	words := form.Text("words", opening.MinWords, opening.MaxWords)
	p.hereIs(c, policy.ObjectionNew, number)
	if form.Bad() {
		return p.showObjection(c, ask, form)
	}
	var line opening.Line
	err := p.sent(c, form, func(tx *vault.DB) (err error) {
		line, err = opening.Raise(c.Request().Context(), tx, ask, number, words)
		return err
	})
	if conflict(err) && line.ID != uuid.Nil { // clicked twice: it is asked
		return p.redirect(c, policy.OpeningList, line.Case)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.OpeningList, line.Case)
}

// objectionsPage is what participants ask about views in the cases that the reader
// answers for.
type objectionsPage struct {
	Questions []opening.Question
}

func (p *Portal) objections(c echo.Context, ask policy.Ask) error {
	all, err := opening.Questions(c.Request().Context(), p.DB, ask)
	if err != nil {
		return err
	}
	return p.show(c, "objections", objectionsPage{all})
}

// objectionPage is where the prosecutor answers one.
type objectionPage struct {
	Form     *web.Form
	Question opening.Question
	Line     openingLine
}

func (p *Portal) showQuestion(c echo.Context, ask policy.Ask, form *web.Form) error {
	ctx := c.Request().Context()
	q, err := opening.ReadQuestion(ctx, p.DB, ask, id(c, "objection"))
	if err != nil {
		return err
	}
	of, err := casefile.Read(ctx, p.DB, ask.To(policy.CaseRead), q.Case)
	if err != nil {
		return err
	}
	known, err := p.known(c, ask, of)
	if err != nil {
		return err
	}
	return p.form(c, form, "objection", objectionPage{form, q, openingLine{*q.Line, known[q.Line.ObjectID]}}, policy.ObjectionAnswer, q.ID)
}

func (p *Portal) objection(c echo.Context, ask policy.Ask) error {
	return p.showQuestion(c, ask, web.NewForm("objection"))
}

func (p *Portal) objectionAnswer(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "objection")
	if _, err := opening.ReadQuestion(ctx, p.DB, ask, number); err != nil {
		return err
	}
	form := web.ReadForm(c, "objection")
	words := form.Text("words", opening.MinWords, opening.MaxWords)
	p.hereIs(c, policy.ObjectionRead, number)
	if form.Bad() {
		return p.showQuestion(c, ask, form)
	}
	err := p.sent(c, form, func(tx *vault.DB) error { return opening.Reply(ctx, tx, ask, number, words) })
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ObjectionList)
}
