package portal_test

import (
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Each answer that has a body says what it is, and in which letters (ASVS 4.1.1).
func TestEveryAnswerHasItsContentTypeWithItsLetters(t *testing.T) {
	t.Parallel()
	f := open(t)
	petition := f.Petition(f.Aigul, f.Theft)
	for path, g := range map[string]*guest{
		"/kk/": f.visitor(), "/ru/signin": f.visitor(), "/kk/nowhere": f.visitor(), "/kk/cases": f.as(f.Aigul), "/healthz": f.visitor(), "/api/v1/openapi.json": f.visitor(),
		"/calendar/x.ics": f.visitor(), "/kk/verify": f.visitor(), "/kk/session/stay": f.as(f.Aigul), "/kk/filings/" + petition.String() + "/document": f.as(f.Aigul),
		"/kk/decisions/" + f.Decision("victim-recognised").String() + "/copy": f.as(f.Aigul), f.visitor().get("/kk/").attribute(t, `link rel="stylesheet" href`): f.visitor(),
	} {
		got := g.get(path)
		said := got.Header.Get("Content-Type")
		if got.body == "" {
			continue
		}
		kind, params, err := mime.ParseMediaType(said)
		if err != nil {
			t.Errorf("%s: %d says that it is %q", path, got.StatusCode, said)
			continue
		}
		texts := strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+xml")
		if texts && !strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("%s: %s without its letters", path, said)
		}
		switch is := strings.TrimSpace(got.body); {
		case strings.HasPrefix(is, "<!doctype html>"), strings.HasPrefix(is, "<!DOCTYPE html>"):
			if kind != "text/html" {
				t.Errorf("%s: a page says that it is %s", path, kind)
			}
		case strings.HasPrefix(is, "%PDF-"):
			if kind != "application/pdf" {
				t.Errorf("%s: a PDF says that it is %s", path, kind)
			}
		case strings.HasPrefix(is, "{"):
			if !strings.HasSuffix(kind, "json") {
				t.Errorf("%s: JSON says that it is %s", path, kind)
			}
		}
	}
}

// Whoever leaves takes along what the browser could still show of him (ASVS 14.3.1).
func TestLeavingClearsTheBrowser(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	if got := g.get("/kk/cases"); got.Header.Get("Clear-Site-Data") != "" {
		t.Error("reading clears it")
	}
	for _, way := range []struct{ path, body string }{{"/kk/session/end", ""}, {"/kk/sessions/end", "this=yes"}} {
		g := f.as(f.Aigul)
		r := httptest.NewRequest(http.MethodPost, way.path, strings.NewReader(way.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		got := g.do(r).want(t, way.path, http.StatusSeeOther)
		if got.Header.Get("Clear-Site-Data") != `"cache"` || !strings.Contains(got.Header.Get("Set-Cookie"), "Max-Age=0") {
			t.Errorf("%s: %s, %s", way.path, got.Header.Get("Clear-Site-Data"), got.Header.Get("Set-Cookie"))
		}
	}
}
