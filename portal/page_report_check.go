package portal

import (
	"errors"
	"slices"

	"github.com/labstack/echo/v4"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/web"
	"zharia/portal/words"
)

// answerLine is a question and what was answered.
type answerLine struct {
	Question report.Question
	Text     string // "" for nothing
	Missing  bool   // it must be answered before the report can be signed
}

// answerLines are all questions with their answers, as a page shows them.
func answerLines(w *words.Language, a report.Answers, bodies []report.Body) []answerLine {
	missing := a.Missing(bodies)
	to := ""
	for _, b := range bodies {
		if b.ID == a.Body {
			to = b.In(w.Code)
		}
	}
	category := ""
	if a.Category != "" {
		category = w.T("report.category." + string(a.Category))
	}
	contact := a.Contact(w)
	if contact != "" {
		contact += "\n" + w.T("report.language."+a.Language)
	}
	applicant := ""
	if a.Address != "" {
		applicant = a.Address + "\n" + a.Card
	}
	texts := map[report.Question]string{
		report.AskWhat: a.What, report.AskWhen: a.Moment(w), report.AskWhere: a.Spot(w), report.AskBody: to, report.AskCategory: category, report.AskWho: a.Who,
		report.AskDamage: a.Damage, report.AskWitnesses: a.Witnesses, report.AskEarlier: a.Earlier, report.AskWhom: a.ForWhom(w), report.AskApplicant: applicant, report.AskContact: contact,
	}
	out := make([]answerLine, len(report.Questions))
	for i, q := range report.Questions {
		out[i] = answerLine{q, texts[q], slices.Contains(missing, q)}
	}
	return out
}

// reportCheckPage shows all answers before the paper is made of them, and the warning.
type reportCheckPage struct {
	Form     *web.Form
	Report   report.Report
	Lines    []answerLine
	Files    []attachmentLine
	Ready    bool     // nothing is missing
	Seen     []string // keys of the pages whose answers came
	Warned   []web.Option
	Shielded bool
	Exit     string
}

func (p *Portal) reportCheck(c echo.Context, ask policy.Ask) error {
	return p.showReportCheck(c, ask, web.NewForm("report_check"))
}

func (p *Portal) showReportCheck(c echo.Context, ask policy.Ask, form *web.Form) error {
	ctx := c.Request().Context()
	r, a, all, err := report.Files(ctx, p.DB, ask.To(policy.ReportCheck), id(c, "report"))
	if err != nil {
		return err
	}
	if r.Status != report.Draft {
		return p.redirect(c, policy.ReportRead, r.ID)
	}
	bodies, err := report.Bodies(ctx, p.DB)
	if err != nil {
		return err
	}
	w := p.Words.In(web.Lang(c))
	page := reportCheckPage{
		Form: form, Report: r, Lines: answerLines(w, a, bodies), Ready: len(a.Missing(bodies)) == 0, Seen: a.Keys(),
		Warned: options(w, "report_check.warned.", []string{"yes"}), Shielded: a.Shielded(), Exit: weather,
	}
	page.Files, _ = attachmentLines(w, all)
	return p.form(c, form, "report_check", page, policy.ReportPrint, r.ID)
}

// reportPrint makes the paper, once its author says that he was warned.
func (p *Portal) reportPrint(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "report")
	if _, err := report.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	form := web.ReadForm(c, "report_check")
	p.hereIs(c, policy.ReportCheck, number)
	if form.Bad() {
		return p.showReportCheck(c, ask, form)
	}
	err := report.Print(ctx, p.DB, p.press(), ask, number, web.Lang(c), form.Value("warned") == "yes")
	if form.Refused(err) {
		return p.showReportCheck(c, ask, form)
	}
	if conflict(err) { // something is not answered, or it is signed: its page shows which
		return p.redirect(c, policy.ReportCheck, number)
	}
	if err != nil {
		return err
	}
	return p.redirect(c, policy.ReportSign, number)
}

// reportSignPage shows the exact paper of a report before it is signed.
type reportSignPage struct {
	Report   report.Report
	Size     int // bytes
	Signing  signing
	Shielded bool
	Exit     string
}

func (p *Portal) reportSign(c echo.Context, ask policy.Ask) error {
	return p.showReportSign(c, ask, "")
}

func (p *Portal) showReportSign(c echo.Context, ask policy.Ask, refusal string) error {
	ctx, number := c.Request().Context(), id(c, "report")
	r, a, err := report.Open(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	if r.Status != report.Draft {
		return p.redirect(c, policy.ReportRead, r.ID)
	}
	_, doc, err := report.ReadPaper(ctx, p.DB, ask.To(policy.ReportPaper), number)
	if errors.Is(err, fault.NotFound) { // an answer was changed, or nothing was printed yet
		return p.redirect(c, policy.ReportCheck, r.ID)
	}
	if err != nil {
		return err
	}
	page := reportSignPage{Report: r, Size: len(doc.Content), Shielded: a.Shielded(), Exit: weather}
	if page.Signing, err = p.signDocument(c, doc, policy.ReportPaper, policy.ReportSubmit, refusal, r.ID); err != nil {
		return err
	}
	return p.showSigning(c, refusal, "report_sign", page, policy.ReportSign, r.ID)
}

func (p *Portal) reportPaper(c echo.Context, ask policy.Ask) error {
	_, doc, err := report.ReadPaper(c.Request().Context(), p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	return pdf(c, doc.Content, "report", c.QueryParam("keep") != "")
}

// reportSubmit puts the author's signature on the paper: the report is registered.
func (p *Portal) reportSubmit(c echo.Context, ask policy.Ask) error {
	ctx, number := c.Request().Context(), id(c, "report")
	if _, err := report.Read(ctx, p.DB, ask, number); err != nil {
		return err
	}
	cms, digest, err := p.signed(c)
	if err != nil {
		return err
	}
	err = report.Submit(ctx, p.DB, p.Verifier, ask, number, cms, digest)
	if refusal, _ := refused(err); refusal != "" {
		return p.showReportSign(c, ask.To(policy.ReportSign), refusal)
	}
	if err != nil && !conflict(err) { // a second click finds it registered
		return err
	}
	return p.redirect(c, policy.ReportRead, number)
}

func (p *Portal) reportDiscard(c echo.Context, ask policy.Ask) error {
	if err := report.Discard(c.Request().Context(), p.DB, ask, id(c, "report")); err != nil {
		return err
	}
	return p.redirect(c, policy.ReportList)
}
