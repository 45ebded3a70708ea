package portal

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/report"
	"zharia/portal/web"
)

// reportQuestionPage is one question of a report.
type reportQuestionPage struct {
	Form     *web.Form
	Report   report.Report
	Question report.Question
	Number   int // of Of
	Of       int
	Officer  bool   // it is about an officer: his own unit is not offered
	Watch    string // the prosecutor's office that supervises his unit, or ""
	Options  map[string][]web.Option
	Near     bool     // a body of the region is among those offered, or there is no region to be near to
	Key      string   // of this showing of the page
	Seen     []string // keys of the showings whose answers came
	Check    bool     // the answer is changed: back to the check afterwards
	Max      int
	Side     int
	Shielded bool
	Exit     string
	Back     report.Question // the one before; "" before the first
}

// questionOf is the question of the address; one that there is not is not found.
func questionOf(c echo.Context) (report.Question, error) {
	q := report.Question(c.Param("question"))
	if !slices.Contains(report.Questions, q) {
		return "", fault.New(fault.NotFound, "fault.not-found")
	}
	return q, nil
}

func (p *Portal) reportQuestion(c echo.Context, ask policy.Ask) error {
	q, err := questionOf(c)
	if err != nil {
		return err
	}
	r, a, err := report.Open(c.Request().Context(), p.DB, ask, id(c, "report"))
	if err != nil {
		return err
	}
	if r.Status != report.Draft {
		return p.redirect(c, policy.ReportRead, r.ID)
	}
	form := web.NewForm("report_question", answersOf(a, q)...)
	if c.QueryParam("check") != "" {
		form.Set("check", "1")
	}
	return p.showReportQuestion(c, r, a, q, form)
}

// answersOf is what was answered to a question, as its form has it.
func answersOf(a report.Answers, q report.Question) []string {
	switch q {
	case report.AskWhat:
		return []string{"what", a.What}
	case report.AskWhen:
		known := ""
		switch {
		case a.Unknown:
			known = "unknown"
		case !a.From.IsZero():
			known = "known"
		}
		return []string{"known", known, "from", dayField(a.From), "to", dayField(a.To), "hour", a.Hour}
	case report.AskWhere:
		return []string{"region", string(a.Region), "place", a.Place}
	case report.AskBody:
		if a.Body == uuid.Nil {
			return nil
		}
		return []string{"body", a.Body.String()}
	case report.AskCategory:
		return []string{"category", string(a.Category)}
	case report.AskWho:
		return []string{"who", a.Who}
	case report.AskDamage:
		return []string{"damage", a.Damage}
	case report.AskWitnesses:
		return []string{"witnesses", a.Witnesses}
	case report.AskEarlier:
		return []string{"earlier", a.Earlier}
	case report.AskWhom:
		return []string{"behalf", string(a.Behalf), "whom", a.Whom, "position", a.Position}
	case report.AskApplicant:
		return []string{"address", a.Address, "card", a.Card}
	case report.AskContact:
		return []string{"reach", string(a.Reach), "phone", a.Phone, "email", a.Email, "safely", a.Safely, "language", a.Language}
	}
	return nil
}

// dayField is a day as a field of a form has it; "" for none.
func dayField(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}

func (p *Portal) showReportQuestion(c echo.Context, r report.Report, a report.Answers, q report.Question, form *web.Form) error {
	w := p.Words.In(web.Lang(c))
	page := reportQuestionPage{
		Form: form, Report: r, Question: q, Number: slices.Index(report.Questions, q) + 1, Of: len(report.Questions), Officer: a.Path == report.Officer,
		Key: form.Value("key"), Seen: a.Keys(), Check: form.Value("check") != "", Max: report.MaxText, Side: report.MaxSide,
		Shielded: a.Shielded(), Exit: weather, Back: q.Before(), Options: map[string][]web.Option{},
	}
	if page.Key == "" {
		page.Key = uuid.NewString()
	}
	switch q {
	case report.AskWhen:
		page.Options["known"] = options(w, "report_question.known.", []string{"known", "unknown"})
	case report.AskWhere:
		page.Options["region"] = options(w, "region.", report.Regions)
	case report.AskBody:
		bodies, err := report.Bodies(c.Request().Context(), p.DB)
		if err != nil {
			return err
		}
		for _, b := range bodies {
			if b.ID == a.Unit {
				page.Watch = b.Prosecution.In(w.Code)
			}
		}
		for _, b := range a.Offered(bodies) {
			page.Options["body"] = append(page.Options["body"], web.Option{Value: b.ID.String(), Label: b.In(w.Code), Hint: w.T("region." + string(b.KATO))})
			page.Near = page.Near || b.KATO == a.Region || a.Region == "" || a.Region == report.Beyond
		}
	case report.AskCategory:
		page.Options["category"] = options(w, "report.category.", report.Categories)
	case report.AskWhom:
		page.Options["behalf"] = options(w, "report.behalf.", report.Behalves)
	case report.AskContact:
		page.Options["reach"] = options(w, "report.reach.", report.Reaches)
		page.Options["language"] = options(w, "report.language.", []string{"kk", "ru"})
	}
	return p.form(c, form, "report_question", page, policy.ReportAnswer, r.ID, q)
}

func (p *Portal) reportAnswer(c echo.Context, ask policy.Ask) error {
	q, err := questionOf(c)
	if err != nil {
		return err
	}
	ctx, number := c.Request().Context(), id(c, "report")
	r, a, err := report.Open(ctx, p.DB, ask, number)
	if err != nil {
		return err
	}
	form := web.ReadForm(c, "report_question")
	set := readAnswer(form, q, ask.At)
	p.hereIs(c, policy.ReportQuestion, number, q)
	if !form.Bad() {
		if err = report.Answer(ctx, p.DB, ask, number, q, answerMark(form), set); err == nil {
			return p.afterAnswer(c, number, q, form)
		}
		if conflict(err) { // signed meanwhile, on another page
			return p.redirect(c, policy.ReportRead, number)
		}
	}
	if form.Refused(err) || form.Bad() {
		return p.showReportQuestion(c, r, a, q, form)
	}
	return err
}

// afterAnswer leads to the next question, or to the check where that is where he came
// from, or there is none left.
func (p *Portal) afterAnswer(c echo.Context, number uuid.UUID, q report.Question, form *web.Form) error {
	if form.Value("check") != "" || q.Next() == "" {
		return p.redirect(c, policy.ReportCheck, number)
	}
	return p.redirect(c, policy.ReportQuestion, number, q.Next())
}

// readAnswer reads the fields of one question.
func readAnswer(form *web.Form, q report.Question, at time.Time) func(*report.Answers) {
	switch q {
	case report.AskWhat:
		what := form.Text("what", report.MinText, report.MaxText)
		return func(a *report.Answers) { a.What = what }
	case report.AskWhen:
		unknown := web.OneOf(form, "known", "known", "unknown") == "unknown"
		var from, to time.Time
		if !unknown && !form.Bad() {
			from = form.Date("from", at.In(deadline.Zone))
			to = form.OptionalDate("to", at.In(deadline.Zone))
		}
		hour := form.Line("hour", 0, report.MaxLine)
		return func(a *report.Answers) { a.Unknown, a.From, a.To, a.Hour = unknown, from, to, hour }
	case report.AskWhere:
		region, place := web.OneOf(form, "region", report.Regions...), form.Text("place", 0, report.MaxSide)
		return func(a *report.Answers) { a.Region, a.Place = region, place }
	case report.AskBody:
		body := form.ID("body")
		return func(a *report.Answers) { a.Body = body }
	case report.AskCategory:
		category := web.OneOf(form, "category", report.Categories...)
		return func(a *report.Answers) { a.Category = category }
	case report.AskWho:
		who := form.Text("who", 0, report.MaxSide)
		return func(a *report.Answers) { a.Who = who }
	case report.AskDamage:
		damage := form.Text("damage", 0, report.MaxSide)
		return func(a *report.Answers) { a.Damage = damage }
	case report.AskWitnesses:
		witnesses := form.Text("witnesses", 0, report.MaxSide)
		return func(a *report.Answers) { a.Witnesses = witnesses }
	case report.AskEarlier:
		earlier := form.Text("earlier", 0, report.MaxSide)
		return func(a *report.Answers) { a.Earlier = earlier }
	case report.AskWhom:
		behalf := web.OneOf(form, "behalf", report.Behalves...)
		whom, position := form.Line("whom", 0, report.MaxLine), form.Line("position", 0, report.MaxLine)
		return func(a *report.Answers) { a.Behalf, a.Whom, a.Position = behalf, whom, position }
	case report.AskApplicant:
		address, card := form.Line("address", 5, report.MaxLine), form.Line("card", 3, 60)
		return func(a *report.Answers) { a.Address, a.Card = address, card }
	}
	reach := web.OneOf(form, "reach", report.Reaches...)
	phone, email := form.Line("phone", 0, 40), form.Line("email", 0, 100)
	safely, language := form.Line("safely", 0, report.MaxLine), web.OneOf(form, "language", "kk", "ru")
	return func(a *report.Answers) {
		a.Reach, a.Phone, a.Email, a.Safely, a.Language = reach, phone, email, safely, language
	}
}

// answerMark names an answer as it was sent from one showing of its page: the same sent twice
// is one, another text from the same page is another.
func answerMark(form *web.Form) string {
	key, err := uuid.Parse(form.Value("key"))
	if err != nil {
		key = uuid.New()
	}
	fields := form.Fields()
	fields.Del("key")
	sum := sha256.Sum256([]byte(fields.Encode()))
	return strings.Join([]string{key.String(), hex.EncodeToString(sum[:8])}, ":")
}
