package portal

import (
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/sample"
	"zharia/portal/web"
	"zharia/portal/words"
)

// sampleGroup is a group of samples in the list of all.
type sampleGroup struct {
	Group   sample.Group
	Samples []sampleView
}

// sampleView is a sample in the language of the page.
type sampleView struct {
	Key     string
	Kinds   []policy.FilingKind
	Law     []law.Ref
	Choices []string
	sample.Text
}

// samplesPage is every ready text there is, by what it is for.
type samplesPage struct {
	Groups []sampleGroup
	Count  int
}

func (p *Portal) samples(c echo.Context, _ policy.Ask) error {
	all := sample.All()
	page := samplesPage{Count: len(all)}
	for _, group := range sample.Groups {
		of := sampleGroup{Group: group}
		for _, s := range all {
			if s.Group == group {
				of.Samples = append(of.Samples, viewOf(s, web.Lang(c)))
			}
		}
		page.Groups = append(page.Groups, of)
	}
	return p.show(c, "samples", page)
}

func viewOf(s sample.Sample, lang string) sampleView {
	v := sampleView{Key: s.Key, Kinds: s.Kinds, Law: s.Law, Text: s.In(lang)}
	for _, choice := range s.Choices {
		v.Choices = append(v.Choices, choice.Label(lang))
	}
	return v
}

// samplePage is one ready text, to read and to print: nothing of any case is in it.
type samplePage struct {
	Sample sampleView
	Draft  sample.Draft
}

func (p *Portal) sample(c echo.Context, _ policy.Ask) error {
	s, ok := sample.Of(c.Param("sample"))
	if !ok {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	draft, err := s.Fill(sample.Fields{}, web.Lang(c), "")
	if err != nil {
		return err
	}
	return p.show(c, "sample", samplePage{viewOf(s, web.Lang(c)), draft})
}

// offer are the samples on the form where a filing is written.
type offer struct {
	Options []sampleOption
	Put     string // title of the one that was just put into the form
	Hint    string // what a good ground for it is
	Waits   string // title of the one that was not put in, because something was typed
	Blanks  int    // in the form as it is shown
}

// sampleOption is a sample in the list of the form: one line, or one for each of
// its kinds.
type sampleOption struct {
	Group string // title of a sample that has kinds; "" for one that has none
	Lines []web.Option
}

// The buttons of the form that ask for a sample: into an empty form, and in place of
// what is typed there.
const (
	wantSample  = "sample"
	wantInstead = "sample-instead"
)

// offer lists the samples that suit a form, and puts in the one that is asked for.
// What a person typed stays until he says that the sample shall stand in its place.
func (p *Portal) offer(c echo.Context, ask policy.Ask, page *filingNewPage, kind policy.Kind) (offer, error) {
	form, lang := page.Form, web.Lang(c)
	asked, instead := wanted(c, form)
	out := offer{Options: offered(page, aboutOf(page.Against, kind), lang, asked)}
	if key, choice, _ := strings.Cut(asked, "/"); key != "" {
		s, ok := sample.Of(key)
		if !ok {
			return offer{}, fault.New(fault.NotFound, "fault.not-found")
		}
		draft, err := s.Fill(p.facts(c, ask, page, kind), lang, choice)
		if err != nil {
			return offer{}, err
		}
		if written(form) && !instead {
			out.Waits = s.In(lang).Title
		} else {
			putIn(form, draft)
			out.Put, out.Hint = s.In(lang).Title, s.In(lang).Hint
		}
	}
	out.Blanks = sample.Blanks(form.Value("circumstances"), pointFields.typed(form)...)
	return out, nil
}

// wanted is the sample that is asked for, "KEY" or "KEY/CHOICE", by a button of the
// form or by the address of the page.
func wanted(c echo.Context, form *web.Form) (asked string, instead bool) {
	if c.Request().Method == http.MethodPost {
		if want := form.Wants(); want == wantSample || want == wantInstead {
			return form.Value("sample"), want == wantInstead
		}
		return "", false
	}
	asked = c.QueryParam("sample")
	if choice := c.QueryParam("choice"); asked != "" && choice != "" {
		asked += "/" + choice
	}
	return asked, false
}

// offered are the samples for one of the statuses in which the person may file.
func offered(page *filingNewPage, about sample.About, lang, chosen string) []sampleOption {
	var out []sampleOption
	for _, s := range sample.For(page.Kind, "", about) {
		suits := false
		for _, as := range page.Case.Capacities {
			suits = suits || as.May(casefile.ScopeFile) && s.Suits(page.Kind, as.Role, about)
		}
		if !suits {
			continue
		}
		title := s.In(lang).Title
		line := func(value, label string) web.Option {
			return web.Option{Value: value, Label: label, Chosen: value == chosen}
		}
		if len(s.Choices) == 0 {
			out = append(out, sampleOption{Lines: []web.Option{line(s.Key, title)}})
			continue
		}
		of := sampleOption{Group: title}
		for _, choice := range s.Choices {
			of.Lines = append(of.Lines, line(s.Key+"/"+choice.Key, choice.Label(lang)))
		}
		out = append(out, of)
	}
	return out
}

// aboutOf is what a filing contests: an answer, a silence, a decision of a kind.
func aboutOf(against filing.Filing, kind policy.Kind) sample.About {
	switch {
	case against.ID == uuid.Nil:
		return sample.About(kind)
	case against.Status.Answered():
		return sample.Answer
	}
	return sample.Silence
}

// facts are what the portal knows of the case, for the places of a sample.
func (p *Portal) facts(c echo.Context, ask policy.Ask, page *filingNewPage, kind policy.Kind) sample.Fields {
	w, of := p.Words.In(web.Lang(c)), page.Case
	official := of.Investigator
	if page.Against.ID != uuid.Nil {
		official = page.Against.Decider
	}
	f := sample.Fields{Case: of.Number, Official: official.Name, Body: official.Body.In(web.Lang(c)), Today: w.Day(ask.At)}
	if kind != "" {
		f.Decision, f.DecisionOn = words.Low(w.T("kind."+string(kind))), w.Day(page.aboutOn)
	}
	if page.Against.Number != "" {
		f.Filing, f.FiledOn = page.Against.Number, w.Day(page.Against.FiledAt)
		f.Due = w.Until(page.Against.DueAt)
	}
	for _, as := range of.Capacities {
		if len(of.Capacities) == 1 || as.Participant.String() == page.Form.Value("participant") {
			f.Role = words.Low(w.T("role." + string(as.Role)))
		}
	}
	return f
}

// written tells that somebody has written something into the form.
func written(form *web.Form) bool {
	return strings.TrimSpace(form.Value("circumstances")+strings.Join(pointFields.typed(form), "")) != ""
}

func putIn(form *web.Form, d sample.Draft) {
	form.Set("circumstances", d.Circumstances)
	pointFields.fill(form, d.Points)
}
