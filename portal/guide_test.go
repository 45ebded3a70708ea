package portal_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

var (
	choice  = regexp.MustCompile(`<input type="radio" name="(\w+)" value="([^"]+)"`)
	answers = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)
	toForm  = regexp.MustCompile(`href="(/\w\w/cases/[^"]+/filings/new\?[^"]+)"`)
)

// ask reads a question of the guide: its name, its answers, and what was answered
// before it; "" where there is no question.
func (a answer) question() (name string, options []string, given url.Values) {
	given = url.Values{}
	for _, m := range choice.FindAllStringSubmatch(a.body, -1) {
		name, options = m[1], append(options, m[2])
	}
	_, form, _ := strings.Cut(a.body, `<form method="get"`)
	for _, m := range answers.FindAllStringSubmatch(form, -1) {
		given.Set(m[1], html.UnescapeString(m[2]))
	}
	return name, options, given
}

// walk answers every question of a guide in every way, and calls end with each page
// that it leads to.
func (g *guest) walk(t *testing.T, path, lang string, end func(page answer, said url.Values)) (pages int) {
	t.Helper()
	var step func(said url.Values)
	step = func(said url.Values) {
		address := path
		if len(said) > 0 {
			address += "?" + said.Encode()
		}
		page := g.get(address).want(t, address, http.StatusOK)
		whole(t, address, page.body, lang)
		pages++
		name, options, given := page.question()
		if name == "" {
			end(page, said)
			return
		}
		for asked := range said {
			if asked != "asked" && given.Get(asked) != said.Get(asked) {
				t.Fatalf("%s: the page forgot %s", address, asked)
			}
		}
		for _, option := range options {
			next := url.Values{}
			for k := range given {
				next.Set(k, given.Get(k))
			}
			next.Set(name, option)
			step(next)
		}
	}
	step(url.Values{})
	return pages
}

// Whom nothing is listed for is not told that his thing is missing from the list.
func TestThePublicGuideNamesTheDecisionsOfInvestigators(t *testing.T) {
	t.Parallel()
	f := open(t)
	for _, lang := range []string{"kk", "ru"} {
		w := f.Words.In(lang)
		for _, event := range []string{"decision", "silence"} {
			for path, public := range map[string]bool{"/guide": true, "/cases/" + f.Theft.String() + "/guide": false} {
				page := f.as(f.Aigul).get("/"+lang+path+"?event="+event).want(t, path, http.StatusOK)
				if strings.Contains(page.body, w.T("guide.thing.unknown."+event)) != public || strings.Contains(page.body, w.T("guide.thing.unknown")) == public {
					t.Errorf("%s%s, %s: %s", lang, path, event, between(page.body, `id="thing"`, `</fieldset>`))
				}
			}
		}
	}
}

// Whatever somebody answers, the guide ends with a way, and each of its ways leads to
// the form with the official it named.
func TestEveryAnswerOfTheGuideLeadsToAFormWithTheSameOfficial(t *testing.T) {
	t.Parallel()
	f := open(t)
	refused := f.Petition(f.Aigul, f.Theft)
	f.Answer(f.Daniyar, refused, filing.Refused)
	f.Petition(f.Aigul, f.Theft)
	ends, forms := 0, map[string]bool{}
	pages := f.as(f.Aigul).walk(t, "/ru/cases/"+f.Theft.String()+"/guide", "ru", func(page answer, said url.Values) {
		ends++
		links := toForm.FindAllStringSubmatch(page.body, -1)
		if len(links) == 0 && said.Get("event") != "else" && !strings.Contains(page.body, "<details") {
			t.Errorf("%v leads nowhere", said)
		}
		for i, link := range links {
			address := html.UnescapeString(link[1])
			if forms[address] {
				continue
			}
			forms[address] = true
			form := f.as(f.Aigul).get(address).want(t, address, http.StatusOK)
			_, shown, _ := strings.Cut(page.body, "<dl class=\"facts\">")
			for range i {
				_, shown, _ = strings.Cut(shown, "<dl class=\"facts\">")
			}
			_, shown, _ = strings.Cut(shown, "<dd>")
			name, _, _ := strings.Cut(shown, ",")
			if name == "" || !strings.Contains(form.body, name) {
				t.Errorf("%v: the guide says %s, the form does not", said, name)
			}
		}
	})
	t.Logf("%d pages, %d ends, %d forms", pages, ends, len(forms))
	if ends < 30 || len(forms) < 20 {
		t.Errorf("only %d ends and %d forms", ends, len(forms))
	}
}

func TestTheGuideForEverybodyEndsWithAnExplanation(t *testing.T) {
	t.Parallel()
	f := open(t)
	for _, lang := range []string{"kk", "ru"} {
		w := f.Words.In(lang)
		ends := 0
		f.visitor().walk(t, "/"+lang+"/guide", lang, func(page answer, said url.Values) {
			ends++
			if said.Get("event") == "else" {
				if !strings.Contains(page.body, "e-Otinish") {
					t.Error("what is not about a case is not sent to e-Otinish")
				}
				if !strings.Contains(page.body, `<li>`+w.T("guide_ways.other.danger")+` <a href="/`+lang+`/report">`) {
					t.Error("a report of an offence is not taken here")
				}
				return
			}
			if !strings.Contains(page.body, w.T("guide_ways.party")) || !strings.Contains(page.body, "/"+lang+"/complain") {
				t.Errorf("%v does not say how to go on", said)
			}
		})
		t.Logf("%s: %d ends", lang, ends)
	}
}

func TestAQuestionWithoutAnAnswerIsAskedAgain(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.visitor()
	for _, c := range []struct {
		address string
		status  int
		asked   string
	}{
		{"/ru/guide?asked=event", http.StatusUnprocessableEntity, "event"},
		{"/ru/guide?event=nothing-known", http.StatusOK, "event"},
		{"/ru/guide?event=" + strings.Repeat("x", 3000), http.StatusOK, "event"},
		{"/ru/guide?event=%3Cscript%3E", http.StatusOK, "event"},
		{"/ru/guide?event=act&who=", http.StatusOK, "who"},
		{"/ru/guide?event=act&asked=who", http.StatusUnprocessableEntity, "who"},
		{"/ru/guide?event=act&who=" + f.Daniyar.Person.String(), http.StatusOK, "who"}, // no names without a case
	} {
		page := g.get(c.address).want(t, c.address, c.status)
		if name, _, _ := page.question(); name != c.asked {
			t.Errorf("%s asks %q", c.address, name)
		}
		if strings.Contains(page.body, "<script>") || strings.Contains(page.body, f.Daniyar.FullName()) {
			t.Errorf("%s says what it should not", c.address)
		}
	}
	back := g.get("/ru/guide?event=act&who=head")
	if !strings.Contains(html.UnescapeString(back.body), `href="/ru/guide?event=act&was=head"`) {
		t.Error("the way back forgets the answers")
	}
	if page := g.get("/ru/guide?event=act&was=head"); !strings.Contains(page.body, `value="head" checked`) {
		t.Error("the answer given before is not marked")
	}
}

func TestTheGuideOfACaseIsThatOfItsParties(t *testing.T) {
	t.Parallel()
	f := open(t)
	for _, c := range []struct {
		who    *portaltest.Actor
		status int
	}{{f.Aigul, http.StatusOK}, {f.Serik, http.StatusOK}, {f.Stranger, http.StatusNotFound}, {f.Daniyar, http.StatusForbidden}} {
		f.as(c.who).get("/kk/cases/"+f.Theft.String()+"/guide").want(t, c.who.Word, c.status)
	}
	f.visitor().get("/kk/cases/"+f.Theft.String()+"/guide").want(t, "nobody", http.StatusSeeOther)
}

// Somebody who is nothing in the case writes, reads, changes and signs a complaint; a
// wrong number tells him nothing but that it is wrong.
func TestWhoIsAffectedComplainsFromThePage(t *testing.T) {
	t.Parallel()
	f := open(t)
	asel := f.as(f.Stranger)
	fields := url.Values{
		"id": {uuid.Must(uuid.NewV7()).String()}, "number": {f.numberOf(f.Theft)}, "kind": {string(policy.FilingComplaintProsecutor)},
		"circumstances": {portaltest.Circumstances}, "point-1": {portaltest.Request},
	}
	for _, lang := range []string{"kk", "ru"} {
		whole(t, "complain_new", asel.get("/"+lang+"/complain").want(t, "the form", http.StatusOK).body, lang)
	}
	for field, wrong := range map[string]string{
		"number": "12", "kind": "petition", "circumstances": "қысқа", "point-1": "",
	} {
		bad := url.Values{}
		for k, v := range fields {
			bad[k] = v
		}
		bad.Set(field, wrong)
		page := asel.post("/ru/complain", bad).want(t, field, http.StatusUnprocessableEntity)
		if !strings.Contains(page.body, `href="#`+field+`"`) {
			t.Errorf("a wrong %s is not told at its field", field)
		}
	}
	other := url.Values{}
	for k, v := range fields {
		other[k] = v
	}
	other.Set("number", "269999999999999")
	asel.post("/ru/complain", other).want(t, "a number of no case", http.StatusUnprocessableEntity)

	to := asel.post("/kk/complain", fields).want(t, "the draft", http.StatusSeeOther).to()
	page := asel.get(to).want(t, "the page to sign on", http.StatusOK)
	if !strings.Contains(page.body, f.Gulnar.FullName()) {
		t.Error("the page does not say to whom it goes")
	}
	edit := asel.get("/kk/filings/"+fields.Get("id")+"/complaint").want(t, "the form again", http.StatusOK)
	if !strings.Contains(edit.body, portaltest.Request) {
		t.Error("the form lost what was asked")
	}
	f.as(f.Aigul).get("/kk/filings/"+fields.Get("id")+"/complaint").want(t, "another's", http.StatusNotFound)
	asel.sign(page, f.Stranger.Key).want(t, "the signature", http.StatusSeeOther)
	asel.get(to).want(t, "the complaint", http.StatusOK)
	asel.get("/kk/cases/"+f.Theft.String()).want(t, "the case", http.StatusNotFound)
	f.Want(t, `SELECT kind, affected, participant, decider, status FROM filing WHERE author = '`+f.Stranger.Person.String()+`'`, `
		kind                 | affected | participant | decider | status
		complaint-prosecutor | true     |             | gulnar  | filed`)
}
