package portal

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// answerNewPage is where the official decides a filing.
type answerNewPage struct {
	Form     *web.Form
	Filing   filing.Filing
	Outcomes []web.Option
	Points   []answerPoint
	Remedies []web.Option // of a complaint, where it is granted
	Phrases  []web.Option // ready words that he may take
	Disputed bool         // the decision it is about opens to him
}

// phrases are the ready words for what was established: their texts are phrase.NAME.
var phrases = []string{"checked", "called", "explained", "confirmed", "unfounded", "restored"}

// answerPoint is a point and the names of the fields that decide it.
type answerPoint struct {
	filing.Point
	Outcome, Why, Article string
}

func (p *Portal) showAnswerForm(c echo.Context, form *web.Form, f filing.Filing) error {
	w := p.Words.In(web.Lang(c))
	page := answerNewPage{Form: form, Filing: f}
	for _, o := range filing.Outcomes {
		page.Outcomes = append(page.Outcomes, web.Option{Value: string(o), Label: w.T("act." + string(o.Act()))})
	}
	for i, point := range f.Points {
		n := digits(i + 1)
		page.Points = append(page.Points, answerPoint{point, "outcome-" + n, "why-" + n, "article-" + n})
	}
	for _, r := range f.Remedies() {
		page.Remedies = append(page.Remedies, web.Option{Value: string(r), Label: w.T("remedy." + string(r))})
	}
	for _, word := range phrases {
		page.Phrases = append(page.Phrases, web.Option{Value: "phrase-" + word, Label: w.T("phrase." + word)})
	}
	page.Disputed = f.About != uuid.Nil
	p.hereIs(c, policy.AnswerNew, f.ID)
	return p.form(c, form, "answer_new", page, policy.AnswerDraft, f.ID)
}

func (p *Portal) answerNew(c echo.Context, ask policy.Ask) error {
	f, a, _, err := p.draftAnswer(c, ask)
	if conflict(err) {
		return p.redirect(c, policy.FilingRead, c.Param("filing"))
	}
	if err != nil && !errors.Is(err, fault.NotFound) || f.ID == uuid.Nil {
		return err
	}
	if _, err := filing.Open(c.Request().Context(), p.DB, ask.To(policy.FilingRead), f.ID); err != nil {
		return err
	}
	form := web.NewForm("answer_new", "reasons", a.Reasons, "remedy", string(a.Remedy))
	for i, point := range f.Points {
		if said := point.Resolution; said != nil {
			n := digits(i + 1)
			form.Set("outcome-"+n, string(said.Outcome))
			form.Set("why-"+n, said.Reasons)
			form.Set("article-"+n, said.Article)
		}
	}
	return p.showAnswerForm(c, form, f)
}

func (p *Portal) draftAnswer(c echo.Context, ask policy.Ask) (filing.Filing, filing.Answer, document.Document, error) {
	number := id(c, "filing")
	return filing.AnswerDraft(c.Request().Context(), p.DB, ask, number)
}

func (p *Portal) answerDraft(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	ctx := c.Request().Context()
	f, err := filing.Read(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if !f.Status.Open() {
		return fault.New(fault.Conflict, "fault.not-now")
	}
	form := web.ReadForm(c, "answer_new")
	n := filing.NewAnswer{
		Points:   resolutions(form, len(f.Points)),
		Reasons:  form.Text("reasons", filing.MinText, filing.MaxText),
		Language: web.Lang(c),
	}
	if len(f.Remedies()) > 0 && form.Value("remedy") != "" {
		n.Remedy = web.OneOf(form, "remedy", f.Remedies()...)
	}
	if word, ok := strings.CutPrefix(form.Wants(), "phrase-"); ok && slices.Contains(phrases, word) {
		said := strings.TrimRight(form.Value("reasons"), "\n ")
		if said != "" {
			said += "\n"
		}
		form.Set("reasons", said+p.Words.In(web.Lang(c)).T("phrase."+word))
	}
	if form.Bad() {
		return p.showAnswerForm(c, form, f)
	}
	err = p.sent(c, form, func(tx *vault.DB) error {
		return filing.DraftAnswer(ctx, tx, p.press(), ask, number, n)
	})
	if form.Refused(err) {
		return p.showAnswerForm(c, form, f)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.AnswerCheck, number)
}

// resolutions are what the official says of each point: what is refused, if only in
// part, has a reason and an article.
func resolutions(form *web.Form, n int) []filing.Resolution {
	out := make([]filing.Resolution, n)
	for i := range out {
		of := digits(i + 1)
		r := filing.Resolution{Outcome: web.OneOf(form, "outcome-"+of, filing.Outcomes...)}
		least := 0
		if r.Outcome != filing.Granted {
			least = filing.MinPoint
		}
		r.Reasons = form.Text("why-"+of, least, filing.MaxText)
		r.Article = form.Line("article-"+of, min(least, 2), 120)
		out[i] = r
	}
	return out
}

// answerCheckPage shows the exact answer before it is signed.
type answerCheckPage struct {
	Filing  filing.Filing
	Answer  filing.Answer
	Size    int
	Signing signing
	Changed time.Time // when the draft was changed and not saved; zero: never
}

func (p *Portal) answerCheck(c echo.Context, ask policy.Ask) error {
	return p.showAnswerCheck(c, ask, "")
}

func (p *Portal) showAnswerCheck(c echo.Context, ask policy.Ask, refusal string) error {
	f, a, doc, err := p.draftAnswer(c, ask)
	if conflict(err) {
		return p.redirect(c, policy.FilingRead, c.Param("filing"))
	}
	if err != nil {
		return err
	}
	page := answerCheckPage{Filing: f, Answer: a, Size: len(doc.Content)}
	if page.Changed, err = p.unsaved(c, policy.AnswerNew, f.ID); err != nil {
		return err
	}
	if page.Signing, err = p.signDocument(c, doc, policy.AnswerPaper, a.Outcome.Act(), refusal, f.ID); err != nil {
		return err
	}
	page.Signing.Button = "answer_check.sign"
	return p.showSigning(c, refusal, "answer_check", page, policy.AnswerCheck, f.ID)
}

func (p *Portal) answerPaper(c echo.Context, ask policy.Ask) error {
	_, _, doc, err := p.draftAnswer(c, ask)
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, "draft", false)
}

func (p *Portal) filingDecide(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	if err := filing.Decide(c.Request().Context(), p.DB, p.Verifier, ask, number, cms, digest); err != nil {
		refusal, err := refused(err)
		if err != nil {
			return err
		}
		return p.showAnswerCheck(c, ask.To(policy.AnswerCheck), refusal)
	}
	return p.redirect(c, policy.FilingRead, number)
}

func (p *Portal) answerDocument(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	f, doc, err := filing.AnswerDocument(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, name(f, "answer"), c.QueryParam("keep") != "")
}

func (p *Portal) answerSignature(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	f, doc, err := filing.AnswerDocument(c.Request().Context(), p.DB, ask, number)
	if err != nil {
		return err
	}
	return p.signatureFile(c, doc, name(f, "answer"))
}
