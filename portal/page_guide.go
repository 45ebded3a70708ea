package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/web"
	"zharia/portal/words"
)

// guideEvents are what may have happened to somebody, in the order of the question,
// and what that makes of his filing: what is contested, or what is asked for.
var guideEvents = []struct {
	key  string
	kind policy.FilingKind
	what guide.What
}{
	{"decision", policy.FilingComplaintHead, guide.Decision},
	{"act", policy.FilingComplaintHead, guide.Deed},
	{"silence", policy.FilingComplaintHead, guide.Silence},
	{"need", policy.FilingPetition, guide.Nothing},
	{"registration", policy.FilingRegistration, guide.NoRegistration},
	{"danger", policy.FilingSecurity, guide.Nothing},
	{"recognise", policy.FilingRecognise, guide.Nothing},
	{"missed", policy.FilingRestore, guide.Nothing},
	{"distrust", policy.FilingChallenge, guide.Nothing},
	{"else", "", ""},
}

// guideNeeds are what may be asked for.
var guideNeeds = []policy.FilingKind{policy.FilingPetition, policy.FilingFamiliarise, policy.FilingAfterReading, policy.FilingFormat}

// guidePage is one question, or the way it led to. The answers so far stand in the
// address: nothing is kept, so nothing is lost.
type guidePage struct {
	Form    *web.Form
	Case    *casefile.Case // nil: the guide for everybody
	Act     policy.Act
	Asked   string       // the question; "" when there is none left
	Options []web.Option // its answers
	Given   []given      // the answers before it
	Back    string       // where the question before stands

	Event   string
	InCourt bool       // the case was sent to court: what is new is filed there (CPC 305(3))
	Ways    []guideWay // open, the most proper first
	Closed  []guideWay
}

type given struct{ Name, Value string }

// guideWay is a way as the page tells it.
type guideWay struct {
	filing.Way
	Address string        // of the form with all of it filled in; "" where there is none
	Answers deadline.Term // by when it is decided
	Files   deadline.Term // by when it must be filed; zero for any time
}

// guideWalk is somebody on his way through the questions.
type guideWalk struct {
	p         *Portal
	c         echo.Context
	ask       policy.Ask
	w         *words.Language
	page      guidePage
	officials []filing.Seated
}

// guideAll is the guide for everybody: by posts, without a case.
func (p *Portal) guideAll(c echo.Context, ask policy.Ask) error {
	return p.walk(c, ask, nil)
}

func (p *Portal) guideCase(c echo.Context, ask policy.Ask) error {
	caseID := id(c, "case")
	if again, err := p.forSide(c, ask, caseID); again || err != nil {
		return err
	}
	of, err := casefile.Read(c.Request().Context(), p.DB, ask, caseID)
	if err != nil {
		return err
	}
	return p.walk(c, ask, &of)
}

func (p *Portal) walk(c echo.Context, ask policy.Ask, of *casefile.Case) error {
	g := guideWalk{p: p, c: c, ask: ask, w: p.Words.In(web.Lang(c)), page: guidePage{Form: web.NewForm("guide"), Case: of, Act: ask.Act}}
	if of != nil {
		var err error
		if g.page.InCourt, err = inCourt(c, p, ask, *of); err != nil {
			return err
		}
		if g.officials, err = filing.Officials(c.Request().Context(), p.DB, ask, *of); err != nil {
			return err
		}
	}
	n, asks, err := g.questions()
	if err != nil {
		return err
	}
	if asks {
		return g.show("guide")
	}
	g.page.Event = g.answer("event")
	if n.Kind != "" {
		if err := g.result(n); err != nil {
			return err
		}
	}
	return g.show("guide_ways")
}

// inCourt tells that the case went to court: the reader was shown the decision, or the
// register says so (CPC 305(3)).
func inCourt(c echo.Context, p *Portal, ask policy.Ask, of casefile.Case) (bool, error) {
	moved, err := casefile.Moved(c.Request().Context(), p.DB, of)
	if err != nil || moved.State == casefile.InCourt {
		return err == nil, err
	}
	all, err := casefile.Decisions(c.Request().Context(), p.DB, ask.To(policy.DecisionRead), of)
	return slices.ContainsFunc(all, func(d casefile.Decision) bool { return d.Kind == "sent-court" }), err
}

func (g *guideWalk) answer(name string) string {
	for _, a := range g.page.Given {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// asks puts a question, unless the address answers it. An answer that is none of the
// offered puts it again.
func (g *guideWalk) asks(name string, options []web.Option) (string, bool) {
	value := g.c.QueryParam(name)
	if value != "" && slices.ContainsFunc(options, func(o web.Option) bool { return o.Value == value }) {
		g.page.Given = append(g.page.Given, given{name, value})
		return value, false
	}
	g.page.Asked, g.page.Options = name, options
	if g.c.QueryParam("asked") == name {
		g.page.Form.Refused(fault.New(fault.Invalid, "form.choose").At(name))
	}
	return "", true
}

// questions walks through what is asked until an answer is missing; else it returns
// what was said.
func (g *guideWalk) questions() (n filing.NewFiling, asks bool, err error) {
	var events []web.Option
	for _, e := range guideEvents {
		events = append(events, web.Option{Value: e.key, Label: g.w.T("guide.event." + e.key), Hint: g.w.T("guide.event." + e.key + ".hint")})
	}
	event, asks := g.asks("event", events)
	if asks {
		return n, true, nil
	}
	for _, e := range guideEvents {
		if e.key == event {
			n.Kind, n.What = e.kind, e.what
		}
	}
	who := event == "act" || event == "distrust"
	switch event {
	case "need":
		var needs []web.Option
		for _, kind := range guideNeeds {
			needs = append(needs, web.Option{Value: string(kind), Label: g.w.T("guide.need." + string(kind)), Hint: g.w.T("filing." + string(kind) + ".what")})
		}
		need, asks := g.asks("need", needs)
		if asks {
			return n, true, nil
		}
		n.Kind = policy.FilingKind(need)
	case "decision", "silence":
		things, err := g.things(event)
		if err != nil {
			return n, false, err
		}
		thing, asks := g.asks("thing", things)
		if asks {
			return n, true, nil
		}
		if who = g.takes(&n, thing); g.page.Asked != "" {
			return n, true, nil
		}
	}
	who = who && g.who(&n, event)
	return n, who, nil
}

// things are what a decision or silence may be of: of a case what its reader has in
// it, of none the sorts.
func (g *guideWalk) things(event string) ([]web.Option, error) {
	var out []web.Option
	sort := func(keys ...string) {
		for _, key := range keys {
			out = append(out, web.Option{Value: key, Label: g.w.T("guide.thing." + key)})
		}
	}
	last := []string{"ruling", "unknown"}
	if event == "silence" {
		last = []string{"delay", "unknown"}
	}
	if g.page.Case == nil { // no list to be missing from
		sort(last[0])
		return append(out, web.Option{Value: last[1], Label: g.w.T("guide.thing.unknown." + event)}), nil
	}
	ctx := g.c.Request().Context()
	if event == "decision" {
		all, err := casefile.Decisions(ctx, g.p.DB, g.ask.To(policy.DecisionRead), *g.page.Case)
		if err != nil {
			return nil, err
		}
		for _, d := range all {
			label := g.w.T("paper.about-value", "kind", g.w.T("kind."+string(d.Kind)), "day", g.w.Day(d.DecidedOn))
			out = append(out, web.Option{Value: "d-" + d.ID.String(), Label: label})
		}
	}
	own, err := filing.AllOfCase(ctx, g.p.DB, g.ask.To(policy.FilingList), g.page.Case.ID)
	if err != nil {
		return nil, err
	}
	for _, f := range own {
		if f.Author != g.ask.Person || event == "decision" && !f.Status.Answered() || event == "silence" && !f.Status.Open() {
			continue
		}
		label := g.w.T("guide.thing."+event, "kind", g.w.T("filing."+string(f.Kind)), "number", f.Number, "day", g.w.Day(f.FiledAt))
		out = append(out, web.Option{Value: "f-" + f.ID.String(), Label: label})
	}
	sort(last...)
	return out, nil
}

// takes writes down what was chosen, and tells whether it is still open who did it.
// What an investigating judge allowed is complained of as his.
func (g *guideWalk) takes(n *filing.NewFiling, thing string) (who bool) {
	sort, number, _ := strings.Cut(thing, "-")
	of, err := uuid.Parse(number)
	switch {
	case thing == "delay":
		n.Kind, n.What = policy.FilingDelay, guide.Delay
	case thing == "ruling":
		n.What = guide.Ruling
	case err != nil:
		return true
	case sort == "f":
		n.Against = of
	default:
		n.About = of
		d, _, err := casefile.ReadDecision(g.c.Request().Context(), g.p.DB, g.ask.To(policy.DecisionRead), of)
		rule, known := policy.KindOf(d.Kind)
		if err != nil || !known || rule.Needs != policy.Sanction {
			return false
		}
		if !rule.Sometimes {
			n.What = guide.Ruling
			return false
		}
		g.allowed(n)
	}
	return false
}

// allowed asks whether an investigating judge allowed it.
func (g *guideWalk) allowed(n *filing.NewFiling) {
	var options []web.Option
	for _, key := range []string{"yes", "no"} {
		options = append(options, web.Option{Value: key, Label: g.w.T("guide.sanction." + key)})
	}
	if said, _ := g.asks("sanction", options); said == "yes" {
		n.What = guide.Ruling
	}
}

// who asks who did it: one of those who sit in this case by name, or a post.
func (g *guideWalk) who(n *filing.NewFiling, event string) (asks bool) {
	var options []web.Option
	for _, o := range g.officials {
		options = append(options, web.Option{Value: o.Official.ID.String(), Label: g.w.T("guide.who.official", "seat", g.w.T("guide.seat."+string(o.Seat)), "name", o.Official.Name), Hint: o.Official.Body.In(g.w.Code)})
	}
	if g.page.Case == nil {
		for _, seat := range guide.AllSeats {
			options = append(options, web.Option{Value: string(seat), Label: g.w.T("guide.seat." + string(seat))})
		}
	}
	last := "unknown"
	if event == "distrust" {
		last = "helper" // an expert, an interpreter
	}
	options = append(options, web.Option{Value: last, Label: g.w.T("guide.who." + last)})
	value, asks := g.asks("who", options)
	n.Complained, _ = uuid.Parse(value)
	return asks
}

// result finds the ways: of a case with the people in it, of none by the Code alone.
func (g *guideWalk) result(n filing.NewFiling) error {
	all, err := g.ways(n)
	if err != nil {
		return err
	}
	for _, way := range all {
		w := guideWay{Way: way}
		w.Answers, _ = way.Answer.Term(g.ask.At)
		w.Files, _ = way.File.Term(g.ask.At)
		if way.Closed {
			g.page.Closed = append(g.page.Closed, w)
			continue
		}
		if g.page.Case != nil {
			if w.Address, err = g.form(way, n); err != nil {
				return err
			}
		}
		g.page.Ways = append(g.page.Ways, w)
	}
	return nil
}

func (g *guideWalk) ways(n filing.NewFiling) ([]filing.Way, error) {
	if g.page.Case != nil {
		return filing.Ways(g.c.Request().Context(), g.p.DB, g.ask, *g.page.Case, n)
	}
	c := guide.Contest{What: n.What, ByPost: guide.Seat(g.answer("who"))}
	if !slices.Contains(guide.AllSeats, c.ByPost) {
		c.ByPost = ""
	}
	switch {
	case n.What == guide.Nothing:
		c.Ground = string(n.Kind)
	case n.What == guide.Ruling:
		c.ByPost = guide.Judge
	case c.ByPost == "":
		c.ByPost = guide.Investigator // what is done in a case is done by who conducts it
	}
	var out []filing.Way
	for _, w := range guide.Ways(c) {
		out = append(out, filing.Way{Way: w})
	}
	return out, nil
}

// form is the address of the form, with all that was said filled in.
func (g *guideWalk) form(way filing.Way, n filing.NewFiling) (string, error) {
	to, err := g.p.link(g.w.Code, string(policy.FilingNew), g.page.Case.ID)
	if err != nil {
		return "", err
	}
	q := url.Values{"kind": {string(way.Kind)}, "to": {string(way.Seat)}}
	if n.What != guide.Nothing {
		q.Set("what", string(n.What))
	}
	for name, of := range map[string]uuid.UUID{"about": n.About, "against": n.Against, "complained": n.Complained} {
		if of != uuid.Nil {
			q.Set(name, of.String())
		}
	}
	return to + "?" + q.Encode(), nil
}

// show shows the page, with the address of the question before.
func (g *guideWalk) show(name string) error {
	var ids []any
	before := policy.Home
	if g.page.Case != nil {
		ids, before = []any{g.page.Case.ID}, policy.CaseRead
	}
	path, err := g.p.link(g.w.Code, string(before), ids...)
	if err != nil {
		return err
	}
	if last := len(g.page.Given) - 1; last >= 0 {
		if path, err = g.p.link(g.w.Code, string(g.ask.Act), ids...); err != nil {
			return err
		}
		q := url.Values{"was": {g.page.Given[last].Value}}
		for _, a := range g.page.Given[:last] {
			q.Set(a.Name, a.Value)
		}
		path += "?" + q.Encode()
	}
	g.page.Back = path
	if was := g.c.QueryParam("was"); was != "" { // he came back to it
		g.page.Form.Set(g.page.Asked, was)
	}
	frame, status := g.p.frame(g.c), http.StatusOK
	if frame.Problem = g.page.Form.Problem(); frame.Problem {
		status = http.StatusUnprocessableEntity
	}
	return g.p.pages.Show(g.c, status, name, frame, g.page)
}

// kindGroup are the filings of one family that somebody may bring.
type kindGroup struct {
	Family policy.Family
	Kinds  []policy.FilingKind
}

// grouped adds a kind to the group of its family.
func grouped(all []kindGroup, kind policy.FilingKind) []kindGroup {
	rule, _ := policy.FilingOf(kind)
	i := slices.IndexFunc(all, func(g kindGroup) bool { return g.Family == rule.Family })
	if i < 0 {
		i = len(all)
		all = append(all, kindGroup{Family: rule.Family})
	}
	all[i].Kinds = append(all[i].Kinds, kind)
	return all
}
