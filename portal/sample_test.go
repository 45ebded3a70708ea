package portal_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zharia/portal/portaltest"
	"zharia/portal/sample"
)

// writes is the address of the form for a petition in the theft.
func (f *front) writes(query string) string {
	return "/kk/cases/" + f.Theft.String() + "/filings/new?kind=petition" + query
}

// says tells that a page says a text, as a browser reads it.
func (a answer) says(text string) bool { return strings.Contains(html.UnescapeString(a.body), text) }

func TestEverySampleIsReadByAnybodyInBothLanguages(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.visitor()
	for _, lang := range []string{"kk", "ru"} {
		list := g.get("/"+lang+"/samples").want(t, "the list", http.StatusOK)
		for _, s := range sample.All() {
			if !strings.Contains(list.body, `href="/`+lang+`/samples/`+s.Key+`"`) || !list.says(s.In(lang).Title) {
				t.Errorf("%s is not in the list in %s", s.Key, lang)
			}
			page := g.get("/"+lang+"/samples/"+s.Key).want(t, s.Key, http.StatusOK)
			for _, part := range append([]string{s.In(lang).Title, s.In(lang).Hint, f.Words.In(lang).Law(s.Law[0])}, s.In(lang).Points[len(s.In(lang).Points)-1]) {
				if !strings.Contains(part, "{{") && !page.says(part) {
					t.Errorf("%s in %s does not say %q", s.Key, lang, part)
				}
			}
			for _, c := range s.Choices {
				if !page.says(c.Label(lang)) {
					t.Errorf("%s in %s does not name its kind %s", s.Key, lang, c.Key)
				}
			}
			if strings.Contains(page.body, "{{") {
				t.Errorf("%s in %s shows its template", s.Key, lang)
			}
		}
	}
	for _, path := range []string{"/kk/samples/nothing", "/kk/samples/..%2fblank", "/kk/samples/" + strings.Repeat("a", 4000)} {
		g.get(path).want(t, path, http.StatusNotFound)
	}
}

func TestAFormOffersWhatSuitsItAndNothingElse(t *testing.T) {
	t.Parallel()
	f := open(t)
	victim := f.as(f.Aigul).get(f.writes("")).want(t, "her form", http.StatusOK)
	suspect := f.as(f.Serik).get(f.writes("")).want(t, "his form", http.StatusOK)
	for value, who := range map[string][2]bool{
		"witness": {true, true}, "expertise/handwriting": {true, true}, "restraint/bail": {false, true}, "petition-refused": {false, false},
	} {
		option := `<option value="` + value + `"`
		if strings.Contains(victim.body, option) != who[0] || strings.Contains(suspect.body, option) != who[1] {
			t.Errorf("%s: offered to the victim %v, to the suspect %v", value, strings.Contains(victim.body, option), strings.Contains(suspect.body, option))
		}
	}
}

func TestASamplePutsTheFactsOfTheCaseIntoAnEmptyForm(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	page := g.get(f.writes("&about="+f.Decision("expertise-done").String()+"&sample=expertise-again&choice=repeat")).want(t, "the form", http.StatusOK)
	for _, text := range []string{"қайталама сараптама", "сарапшының қорытындысы", sample.Blank} {
		if !page.says(text) {
			t.Errorf("the form does not say %q", text)
		}
	}
	for _, field := range []string{"circumstances", "point-1", "point-2", "point-3"} {
		if !strings.Contains(page.body, `name="`+field+`"`) {
			t.Errorf("there is no field %s", field)
		}
	}
	s, _ := sample.Of("expertise-again")
	if !page.says(f.Words.In("kk").T("filing_new.sample.done", "title", s.In("kk").Title)) || !page.says(s.In("kk").Hint) {
		t.Error("nobody says that it was put in, and what a good ground is")
	}
	f.Want(t, `SELECT count(*) FROM filing`, "count\n0")
	for _, bad := range []string{"&sample=nothing", "&sample=expertise&choice=flogging", "&sample=../blank"} {
		g.get(f.writes(bad)).want(t, bad, http.StatusNotFound)
	}
	g.get("/kk/cases/"+f.Fraud.String()+"/filings/new?kind=petition&sample=witness").want(t, "a case that is not hers", http.StatusNotFound)
}

// Who has written something loses it only when he says so himself.
func TestASampleNeverOverwritesWhatIsTyped(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	const hers = "Мен тергеушіге өз сөзіммен жаздым, осы сөз орнында қалуы керек."
	fields := f.petition(fresh())
	fields.Del("request")
	fields.Set("point-1", portaltest.Request)
	fields.Set("circumstances", hers)
	press := func(button, sample string) answer {
		again := url.Values{}
		for name, v := range fields {
			again[name] = v
		}
		again.Set("more", button)
		again.Set("sample", sample)
		return g.post(f.filingsOf(), again)
	}
	s, _ := sample.Of("witness")
	title, own := s.In("kk").Title, strings.SplitN(s.In("kk").Circumstances, ":", 2)[0]
	waits := press("sample", "witness")
	if !waits.says(hers) || waits.says(own) || !waits.says(f.Words.In("kk").T("filing_new.sample.waits", "title", title)) || !strings.Contains(waits.body, `value="sample-instead"`) {
		t.Errorf("%d: what she wrote is gone, or nobody says why the sample is not there", waits.StatusCode)
	}
	if strings.Contains(waits.body, `class="errors"`) {
		t.Error("choosing a sample is complained of as a mistake")
	}
	if put := press("sample-instead", "witness"); put.says(hers) || !put.says(own) {
		t.Error("the sample does not stand in place of what she gave up")
	}
	if none := press("sample", ""); !none.says(hers) || none.says(f.Words.In("kk").T("filing_new.sample.waits", "title", title)) {
		t.Error("a button without a sample changes the form")
	}
	if got := press("sample", "nothing"); got.StatusCode != http.StatusNotFound {
		t.Errorf("a sample that is none gives %d", got.StatusCode)
	}
	f.Want(t, `SELECT count(*) FROM filing`, "count\n0")
}

func TestABlankIsToldBeforeTheSignature(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	w := f.Words.In("kk")
	id := fresh()
	fields := f.petition(id)
	fields.Set("point-1", portaltest.Request)
	fields.Set("circumstances", "Куә ____ (аты-жөні) мына жерде тұрады: ____ (мекенжайы).")
	g.post(f.filingsOf(), fields).want(t, "the draft", http.StatusSeeOther)
	if page := g.get("/kk/filings/" + id.String()); !page.says(w.T("filing_check.blanks", "n", 2)) {
		t.Error("two blanks are signed unseen")
	}
	fields.Set("circumstances", "Куә Асан Үсенов (аты-жөні) мына жерде тұрады: Алматы.")
	g.post(f.filingsOf(), fields).want(t, "the draft again", http.StatusSeeOther)
	if page := g.get("/kk/filings/" + id.String()); page.says(w.T("filing_check.blanks", "n", 2)) || strings.Contains(page.body, "____") {
		t.Error("a filled blank is complained of")
	}
}
