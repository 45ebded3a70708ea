package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"zharia/portal/calendar"
	"zharia/portal/filing"
	"zharia/portal/portaltest"
)

func TestAnybodyCountsATermWithoutSigningIn(t *testing.T) {
	f := open(t)
	g := f.visitor()
	for _, lang := range []string{"kk", "ru"} {
		w := f.Words.In(lang)
		page := g.get("/"+lang+"/term").want(t, "the calculator", http.StatusOK)
		if !strings.Contains(page.body, `value="2026-10-22"`) || strings.Contains(page.body, `class="month"`) {
			t.Errorf("%s: the empty form is not for today", lang)
		}
		page = g.get("/"+lang+"/term?what=petition-answer&on=2026-10-22&clock=14:30").want(t, "a petition", http.StatusOK)
		for _, said := range []string{
			w.Until(time.Date(2026, 10, 27, 19, 0, 0, 0, time.UTC)), w.T("law.cpc.article-part", "article", "99", "part", "4"),
			w.T("count.rule.moved", "day", w.Until(time.Date(2026, 10, 25, 19, 0, 0, 0, time.UTC))),
			`<td class="start">22<small`, `<td class="counted off">24<small`, `<td class="moved off">25<small`, `<td class="moved off">26<small`, `<td class="end">27<small`,
			w.T("count.caption", "month", w.T("count.month.october"), "year", 2026),
		} {
			if !strings.Contains(page.body, said) {
				t.Errorf("%s: the count does not say %q", lang, said)
			}
		}
		page = g.get("/"+lang+"/term?what=security-answer&on=2026-12-24&clock=10:20").want(t, "hours", http.StatusOK)
		if !strings.Contains(page.body, w.Moment(time.Date(2026, 12, 25, 6, 0, 0, 0, time.UTC))) {
			t.Errorf("%s: 24 hours do not end at eleven", lang)
		}
		page = g.get("/"+lang+"/term?what=termination&on=2026-11-21").want(t, "a year", http.StatusOK)
		if n := strings.Count(page.body, `class="month"`); n != 3 || !strings.Contains(page.body, w.T("count.skipped")) {
			t.Errorf("%s: a year is shown on %d pages", lang, n)
		}
	}
	if !strings.Contains(g.get("/kk/").body, `href="/kk/term"`) {
		t.Error("the first page does not lead to the calculator")
	}
}

func TestWhatTheCalculatorCannotCountItSaysPlainly(t *testing.T) {
	f := open(t)
	g := f.visitor()
	for query, key := range map[string]string{
		"what=&on=2026-10-22":                                   "form.choose",
		"what=murder&on=2026-10-22":                             "form.choose",
		"what=petition-answer&on=":                              "form.required",
		"what=petition-answer&on=2026-02-31":                    "form.date",
		"what=petition-answer&on=2014-12-31":                    "term.too-early",
		"what=petition-answer&on=2026-10-22&clock=25:00":        "term.clock-wrong",
		"what=security-answer&on=2026-10-22":                    "term.clock-needed",
		"what=petition-answer&what=termination&on=2026-10-22":   "form.unreadable",
		"what=petition-answer&on=2026-10-22&clock=%3Cscript%3E": "",
		"what=petition-answer&on=" + strings.Repeat("2", 5000):  "form.date",
	} {
		for _, lang := range []string{"kk", "ru"} {
			page := g.get("/"+lang+"/term?"+query).want(t, query, http.StatusUnprocessableEntity)
			if key != "" && !strings.Contains(page.body, f.Words.In(lang).T(key)) || strings.Contains(page.body, "<script>") || strings.Contains(page.body, `class="month"`) {
				t.Errorf("%s in %s: the page does not say %s", query, lang, key)
			}
		}
	}
	g.get("/kk/term?what=petition-answer&on=9999-12-31").want(t, "the year 9999", http.StatusUnprocessableEntity)
}

// moves has the Government make a day one of rest.
func (f *front) moves(date string) {
	f.t.Helper()
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := filing.MoveDay(f.t.Context(), f.DB.DB, calendar.Change{Date: day, Off: true, Key: calendar.Decree, Source: "Қаулы № 100", MadeAt: f.At}); err != nil {
		f.t.Fatal(err)
	}
	all, err := calendar.Read(f.t.Context(), f.DB.DB)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := filing.Recount(f.t.Context(), f.DB.DB, all[len(all)-1].ID, f.At); err != nil {
		f.t.Fatal(err)
	}
}

func TestAMovedDayIsToldOnTheFilingAndInTheCalculator(t *testing.T) {
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	f.Explain(f.Zhanar, f.Theft)
	f.moves("2026-10-27")
	w := f.Words.In("kk")
	was, now := w.Until(time.Date(2026, 10, 27, 19, 0, 0, 0, time.UTC)), w.Until(time.Date(2026, 10, 28, 19, 0, 0, 0, time.UTC))
	told := w.T("count.recounted.text", "was", was, "now", now, "day", w.Day(time.Date(2026, 10, 27, 0, 0, 0, 0, time.UTC)))
	for _, a := range []*portaltest.Actor{f.Aigul, f.Daniyar, f.Zhanar} {
		for _, address := range []string{"", "/count"} {
			page := f.as(a).get("/kk/filings/"+id.String()+address).want(t, a.Word, http.StatusOK)
			for _, said := range []string{told, now, "Қаулы № 100", `<td class="end">28<small`, `<td class="moved off">27<small`} {
				if !strings.Contains(page.body, said) {
					t.Errorf("%s at %q is not told %q", a.Word, address, said)
				}
			}
		}
	}
	page := f.visitor().get("/kk/term?what=petition-answer&on=2026-10-22").want(t, "the calculator", http.StatusOK)
	if !strings.Contains(page.body, now) || !strings.Contains(page.body, "Қаулы № 100") {
		t.Error("the calculator does not know of the day that was moved")
	}
}

func TestWhoCountsOtherwiseWritesItOnThePageOfTheCount(t *testing.T) {
	const words = "Мерзім жұма күні аяқталуы тиіс деп есептеймін."
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	f.Explain(f.Zhanar, f.Theft)
	path := "/kk/filings/" + id.String() + "/count"
	g := f.as(f.Aigul)
	for wrong, key := range map[string]string{"": "form.required", "аз сөз": "form.too-short", strings.Repeat("ұ", 2001): "form.too-long"} {
		page := g.post(path, url.Values{"words": {wrong}}).want(t, "words of the wrong length", http.StatusUnprocessableEntity)
		if said := f.Words.In("kk").T(key, "n", 20, "typed", 2001); key == "form.required" && !strings.Contains(page.body, said) {
			t.Errorf("it does not say %q", said)
		}
	}
	f.Want(t, `SELECT count(*) FROM count_objection`, "count\n0")
	if to := g.post(path, url.Values{"words": {words}}).want(t, "her words", http.StatusSeeOther).to(); to != path {
		t.Errorf("it leads to %s", to)
	}
	g.post(path, url.Values{"words": {words}}).want(t, "once more", http.StatusConflict)
	for _, a := range []*portaltest.Actor{f.Aigul, f.Daniyar, f.Zhanar} {
		for _, address := range []string{path, strings.TrimSuffix(path, "/count")} {
			page := f.as(a).get(address).want(t, a.Word, http.StatusOK)
			if !strings.Contains(page.body, words) || !strings.Contains(page.body, f.Aigul.FullName()) {
				t.Errorf("%s does not read it at %s", a.Word, address)
			}
		}
	}
	f.as(f.Stranger).get(path).want(t, "a stranger", http.StatusNotFound)
	f.as(f.Stranger).post(path, url.Values{"words": {words}}).want(t, "a stranger writes", http.StatusNotFound)
	f.as(f.Zhanar).post(path, url.Values{"words": {words}}).want(t, "the prosecutor writes", http.StatusForbidden)
	f.Want(t, `SELECT due_at, status FROM filing`, "due_at | status\n2026-10-28 00:00:00 | filed")
}
