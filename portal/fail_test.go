package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/vault"
)

// A database that is away is no mistake of anybody's: who looks is led to the same page
// again, who wrote something finds it on the page and sends it again, in his language, and
// nobody's name is asked for.
func TestWhoMeetsADatabaseThatIsAwayLosesNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	away, r, end := f.mortal(t, 1, false)
	defer end()
	there := &guest{front: away, cookie: g.cookie, home: g.home}
	typed := url.Values{"text": {`"><script>alert(1)</script>`}, "several": {"a", "b"}}
	for _, lang := range []string{"kk", "ru"} {
		words := f.Words.In(lang)
		a := there.get("/"+lang+"/cases?after=%22x").want(t, "a page", http.StatusServiceUnavailable)
		if !strings.Contains(a.body, words.T("fault.away")) || !strings.Contains(a.body, `href="/`+lang+`/cases?after=%22x"`) || strings.Contains(a.body, words.T("fail.again")) {
			t.Errorf("a page, %s:\n%s", lang, short(a.body))
		}
		if a.Header.Get("Retry-After") == "" {
			t.Error("a program is not told to come again")
		}
		here := "/" + lang + "/cases/" + f.Theft.String() + "/filings"
		a = there.post(here, typed).want(t, "something written", http.StatusServiceUnavailable)
		for _, part := range []string{`<form method="post" action="` + here + `">`, `name="several" value="a"`, `name="several" value="b"`, words.T("fail.again"), words.T("fail.again.text")} {
			if !strings.Contains(a.body, part) {
				t.Errorf("something written, %s: no %s\n%s", lang, part, short(a.body))
			}
		}
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, words.T("fail.again.signed")) {
			t.Errorf("something written, %s:\n%s", lang, short(a.body))
		}
		if strings.Contains(a.body, `class="lang"`) || strings.Contains(a.body, `rel="alternate"`) {
			t.Errorf("something written, %s: the page leads to another language, where nothing of it is", lang)
		}
		a = there.upload(here, "pdf", []byte("%PDF-1.7"), typed).want(t, "a file", http.StatusServiceUnavailable)
		if !strings.Contains(a.body, words.T("fail.back")) || strings.Contains(a.body, words.T("fail.again")) || strings.Contains(a.body, `class="lang"`) {
			t.Errorf("a file, %s:\n%s", lang, short(a.body))
		}
		if strings.Contains(a.body, `class="name"`) {
			t.Error("the page names who was signed in")
		}
	}
	r.revive()
	there.get("/kk/cases").want(t, "it is back", http.StatusOK)
}

// Who shares an address with many is told to wait before anything of his is read, and keeps
// all the same what he typed and what he signed: he sends it again.
func TestWhoIsToldToWaitLosesNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	beside := &guest{front: f, home: g.home}
	waits := func(send func() answer) answer {
		for range 1000 {
			for range 40 {
				beside.post("/kk/session/end", nil)
			}
			if a := send(); a.StatusCode == http.StatusTooManyRequests {
				return a
			}
		}
		t.Fatal("nobody is told to wait")
		return answer{}
	}
	typed := url.Values{"text": {`"><script>alert(1)</script>`}, "several": {"a", "b"}}
	for _, lang := range []string{"kk", "ru"} {
		words := f.Words.In(lang)
		here := "/" + lang + "/cases/" + f.Theft.String() + "/filings"
		a := waits(func() answer { return g.post(here, typed) })
		for _, part := range []string{words.T("fault.too-many"), `<form method="post" action="` + here + `">`, `name="several" value="a"`, `name="several" value="b"`, words.T("fail.again"), words.T("fail.again.text")} {
			if !strings.Contains(a.body, part) {
				t.Errorf("something written, %s: no %s\n%s", lang, part, short(a.body))
			}
		}
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, `class="lang"`) || a.Header.Get("Retry-After") == "" {
			t.Errorf("something written, %s:\n%s", lang, short(a.body))
		}
		a = waits(func() answer {
			return g.post("/"+lang+"/filings/"+fresh().String()+"/submission", url.Values{"signature": {"MII="}, "key": {"1"}})
		})
		if !strings.Contains(a.body, words.T("fail.again.signed")) || !strings.Contains(a.body, `name="signature" value="MII="`) {
			t.Errorf("a signature, %s:\n%s", lang, short(a.body))
		}
		a = waits(func() answer { return g.upload(here, "pdf", []byte("%PDF-1.7"), typed) })
		if !strings.Contains(a.body, words.T("fail.back")) || strings.Contains(a.body, words.T("fail.again")) {
			t.Errorf("a file, %s:\n%s", lang, short(a.body))
		}
		a = waits(func() answer { return g.post(here, url.Values{"text": {strings.Repeat("a", 2<<20)}}) })
		if strings.Contains(a.body, words.T("fail.again")) || len(a.body) > 1<<20 {
			t.Errorf("more than any form is, %s: %d bytes come back", lang, len(a.body))
		}
	}
}

// A standby that is away, or lost the one it follows, keeps no prosecutor from his books.
func TestBooksAreReadFromThePrimaryWhereNoStandbyKeepsUp(t *testing.T) {
	t.Parallel()
	f := open(t)
	gone, err := database.OpenAs(t.Context(), f.App.DSN(), database.App)
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	there := behind(t, f.W, f.App, func(p *portal.Portal) { p.Counts = vault.New(gone, f.App.Keys) })
	g := f.as(f.Gulnar)
	(&guest{front: there, cookie: g.cookie, home: g.home}).get("/kk/books").want(t, "her books", http.StatusOK)
}
