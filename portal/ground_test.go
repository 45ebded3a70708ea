package portal_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zharia/portal/deadline"
	"zharia/portal/filing"
	"zharia/portal/policy"
)

// What a complaint is about sets its term (CPC 105(2)): nobody chooses it in his place,
// and he sees what came of his choice before he signs.
func TestWhatAComplaintIsAboutIsChosenByItsAuthorAndItsTermIsShownBeforeItIsSigned(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	chosen := func(page answer) string {
		list := between(page.body, `<select id="ground"`, `</select>`)
		before, _, _ := strings.Cut(list, `" selected`)
		if before == list {
			return ""
		}
		return before[strings.LastIndex(before, `"`)+1:]
	}
	for _, kind := range filing.Kinds {
		if !filing.Sorted(kind) {
			continue
		}
		page := g.get("/kk/cases/"+f.Theft.String()+"/filings/new?kind="+string(kind)).want(t, string(kind), http.StatusOK)
		if got := chosen(page); got != "" || !strings.Contains(page.body, `<select id="ground"`) {
			t.Errorf("%s: %q is chosen for her", kind, got)
		}
	}
	fields := f.petition(fresh())
	fields.Set("kind", string(policy.FilingComplaintProsecutor))
	page := g.post(f.filingsOf(), fields).want(t, "nothing chosen", http.StatusUnprocessableEntity)
	if !strings.Contains(page.body, `href="#ground"`) {
		t.Error("she is not told what she left out")
	}
	for ground, name := range map[filing.Ground]deadline.Name{"search": deadline.ComplaintUrgent, "other": deadline.ComplaintAnswer} {
		fields.Set("ground", string(ground))
		to := g.post(f.filingsOf(), fields).want(t, string(ground), http.StatusSeeOther).to()
		term, _ := name.Term(f.At)
		for _, lang := range []string{"kk", "ru"} {
			w := f.Words.In(lang)
			facts := between(g.get("/"+lang+strings.TrimPrefix(to, "/kk")).want(t, "the check", http.StatusOK).body, `<dl class="facts">`, `</dl>`)
			for _, said := range []string{w.T("ground." + string(ground)), w.T("guide.unit."+string(term.Unit), "n", term.Amount), w.Law(term.By)} {
				if !strings.Contains(facts, html.EscapeString(said)) {
					t.Errorf("%s: %s: %q is not among what she checks: %s", lang, ground, said, facts)
				}
			}
		}
	}

	// What is decided in one term whatever it is about is not asked.
	page = g.get("/kk/cases/"+f.Theft.String()+"/filings/new?kind=complaint-court").want(t, "to the court", http.StatusOK)
	if strings.Contains(page.body, `id="ground"`) {
		t.Error("to the court it is asked as well")
	}
	petition := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition})
	if page = g.get("/kk/filings/"+petition.String()).want(t, "a petition", http.StatusOK); strings.Contains(page.body, f.Words.In("kk").T("filing_new.ground")) {
		t.Error("a petition says what a complaint is about")
	}

	// Nobody sorts a petition: what a complaint about its refusal is about, its author says.
	refused := f.Petition(f.Aigul, f.Theft)
	f.Answer(f.Daniyar, refused, filing.Refused)
	about := "/kk/cases/" + f.Theft.String() + "/filings/new?" + url.Values{"kind": {"complaint-prosecutor"}, "against": {refused.String()}, "ready": {"1"}}.Encode()
	g.get("/kk/filings/"+refused.String()+"/answer/document").want(t, "the refusal", http.StatusOK)
	if got := chosen(g.get(about).want(t, "a complaint about a refused petition", http.StatusOK)); got != "" {
		t.Errorf("it is about %q", got)
	}

	// A complaint about what was said to a complaint is about what that one was about.
	search := f.Complaint(f.Dana, f.Theft, "search", "search-done")
	f.Answer(f.Gulnar, search, filing.Refused)
	of := "/kk/cases/" + f.Theft.String() + "/filings/new?" + url.Values{"kind": {"complaint-higher"}, "against": {search.String()}}.Encode()
	his := f.as(f.Dana)
	his.get("/kk/filings/"+search.String()+"/answer/document").want(t, "the answer", http.StatusOK)
	for query, want := range map[string]string{"": "", "&ready=1": "search"} {
		if got := chosen(his.get(of+query).want(t, "a complaint about the answer", http.StatusOK)); got != want {
			t.Errorf("%q: it is about %q, want %q", query, got, want)
		}
	}
}
