package portal_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// petition are the fields of a petition as its page sends them.
func (f *front) petition(id uuid.UUID) url.Values {
	return url.Values{
		"id": {id.String()}, "kind": {"petition"}, "participant": {f.Participant("aigul@theft").String()},
		"circumstances": {portaltest.Circumstances}, "point-1": {portaltest.Request},
	}
}

func (f *front) filingsOf() string { return "/kk/cases/" + f.Theft.String() + "/filings" }

func fresh() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func TestWhatIsNoAddressIsNotFound(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	theft := f.Theft.String()
	for _, path := range []string{
		"/kk/nowhere", "/kk/cases/", "/kk/cases/1", "/kk/cases/" + strings.ToUpper(theft), "/kk/cases/{" + theft + "}",
		"/kk/cases/urn:uuid:" + theft, "/kk/cases/" + strings.ReplaceAll(theft, "-", ""), "/kk/cases/" + theft + "/", "/kk/cases/" + theft + "%00",
		"/kk/cases/../cases", "/kk/cases/%2e%2e/desk", "/kk//cases", "/kk/about/..%2f..%2fetc", "/kk/about/nothing", "/kk/static/portal.css",
		"/static/", "/static/000000000000/portal.css", "/kk/cases/" + theft + "'--", "/kk/decisions/00000000-0000-0000-0000-000000000000",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL, r.RequestURI = must(url.Parse(path)), path
		if got := g.do(r); got.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: %d %s", path, got.StatusCode, got.to())
		}
	}
	if got := g.do(httptest.NewRequest(http.MethodPost, "/cases", nil)); got.StatusCode != http.StatusNotFound {
		t.Errorf("a POST without a language: %d", got.StatusCode)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestAnAddressTakesOnlyItsMethods(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	for _, method := range []string{"PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"} {
		got := g.do(httptest.NewRequest(method, "/kk/cases", nil))
		refused := got.StatusCode == http.StatusMethodNotAllowed || got.StatusCode == http.StatusNotFound
		if !refused && !(method == "OPTIONS" && got.StatusCode == http.StatusNoContent && got.body == "") {
			t.Errorf("%s: %d", method, got.StatusCode)
		}
	}
	for _, r := range portal.Routes() {
		other := map[string]string{"GET": "POST", "POST": "GET"}[r.Method]
		taken := slices.ContainsFunc(portal.Routes(), func(q portal.Route) bool { return q.Method == other && covers(q.Path, r.Path) })
		path := "/kk" + strings.NewReplacer(":topic", "access", ":case", f.Theft.String(), ":decision", fresh().String(), ":filing", fresh().String(),
			":participant", fresh().String(), ":document", fresh().String()).Replace(r.Path)
		if got := g.do(httptest.NewRequest(other, path, nil)); other != "" && !taken && got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %d", other, r.Path, got.StatusCode)
		}
	}
}

// covers says that a path is of an address: /verify/offline is of /verify/:document.
func covers(address, path string) bool {
	return slices.EqualFunc(strings.Split(address, "/"), strings.Split(path, "/"), func(a, b string) bool { return a == b || strings.HasPrefix(a, ":") })
}

// endless is a body that says nothing of its length.
type endless struct{ left int }

func (e *endless) Read(b []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), e.left)
	for i := range b[:n] {
		b[i] = 'a'
	}
	e.left -= n
	return n, nil
}

func TestABodyThatIsTooLargeIsRefusedDeclaredOrNot(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft, filed := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}), fresh()
	large := []struct {
		what, path, kind string
		who              *guest
		size             int
	}{
		{"a form", f.filingsOf(), "application/x-www-form-urlencoded", f.as(f.Aigul), 1100 << 10},
		{"a signature", "/kk/filings/" + draft.String() + "/submission", "application/x-www-form-urlencoded", f.as(f.Aigul), 1100 << 10},
		{"a sign-in", "/kk/session", "application/x-www-form-urlencoded", f.visitor(), 2100 << 10},
		{"a visitor's form", f.filingsOf(), "application/x-www-form-urlencoded", f.visitor(), 1100 << 10},
		{"a file", "/kk/cases/" + f.Theft.String() + "/decisions", "multipart/form-data; boundary=x", f.as(f.Daniyar), 22 << 20},
		{"a file to verify", "/kk/verify/" + f.paperOf("decision", f.Decision("accepted")).String(), "multipart/form-data; boundary=x", f.visitor(), 22 << 20},
	}
	for _, l := range large {
		for _, declared := range []bool{true, false} {
			head := "id=" + filed.String() + "&request="
			if strings.HasPrefix(l.kind, "multipart") {
				head = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n"
			}
			r := httptest.NewRequest(http.MethodPost, l.path, io.MultiReader(strings.NewReader(head), &endless{l.size}))
			r.Header.Set("Content-Type", l.kind)
			r.ContentLength = -1
			if declared {
				r.ContentLength = int64(l.size + len(head))
			}
			if got := l.who.do(r); got.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("%s of %d bytes, declared %v: %d", l.what, l.size, declared, got.StatusCode)
			}
		}
	}
}

func TestAFormThatCannotBeReadChangesNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	boundary := "multipart/form-data; boundary=x"
	field := func(name, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	for what, bad := range map[string][2]string{
		"no boundary":          {"multipart/form-data", field("id", fresh().String()) + "--x--"},
		"an end that is lost":  {boundary, field("id", fresh().String())},
		"no part at all":       {boundary, "nothing"},
		"a header too long":    {boundary, "--x\r\nContent-Disposition: form-data; name=\"" + strings.Repeat("a", 100<<10) + "\"\r\n\r\n1\r\n--x--"},
		"broken escapes":       {"application/x-www-form-urlencoded", "id=%zz&kind=petition"},
		"semicolons":           {"application/x-www-form-urlencoded", "id=1;kind=petition"},
		"JSON":                 {"application/json", `{"kind":"petition","status":"granted"}`},
		"no kind of body":      {"", "kind=petition"},
		"a kind that is wrong": {"text/plain; \x7f", "kind=petition"},
	} {
		r := httptest.NewRequest(http.MethodPost, f.filingsOf(), strings.NewReader(bad[1]))
		r.Header.Set("Content-Type", bad[0])
		if got := g.do(r); got.StatusCode != http.StatusUnprocessableEntity && got.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", what, got.StatusCode)
		}
	}
	f.Want(t, `SELECT count(*) FROM filing`, "count\n0")
}

func TestWhatIsWrongInAFieldIsToldAtTheFieldAndKept(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	for _, bad := range []struct {
		what, field string
		values      []string
	}{
		{"too long by one", "circumstances", []string{strings.Repeat("ә", 20_001)}},
		{"too short", "circumstances", []string{"қысқа"}},
		{"spaces only", "circumstances", []string{strings.Repeat(" \u00a0\u2003", 30)}},
		{"broken UTF-8", "circumstances", []string{strings.Repeat("a", 30) + "\xff\xfe"}},
		{"controls only", "circumstances", []string{strings.Repeat("\x00\x1b\u202e", 30)}},
		{"two values", "point-1", []string{portaltest.Request, portaltest.Request}},
		{"another's capacity", "participant", []string{f.Participant("serik@theft").String()}},
		{"a capacity of another case", "participant", []string{f.Participant("aigul@fraud").String()}},
		{"no capacity", "participant", []string{"1 OR 1=1"}},
		{"a kind there is not", "kind", []string{"verdict"}},
		{"two kinds", "kind", []string{"petition", "complaint-prosecutor"}},
		{"a decision she may not see", "about", []string{f.Decision("bank-secret").String()}},
		{"a decision of another case", "about", []string{f.Decision("fraud-suspect").String()}},
		{"a decision that is not there", "about", []string{fresh().String()}},
		{"an id that is none", "id", []string{"../../etc"}},
	} {
		fields := f.petition(fresh())
		fields[bad.field] = bad.values
		got := g.post(f.filingsOf(), fields)
		if got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", bad.what, got.StatusCode, got.to())
			continue
		}
		if !strings.Contains(got.body, `<a href="#`+bad.field+`">`) {
			t.Errorf("%s: the summary does not lead to the field %s", bad.what, bad.field)
		}
		if bad.field != "point-1" && !strings.Contains(got.body, portaltest.Request) {
			t.Errorf("%s: what else was typed is gone", bad.what)
		}
	}
	f.Want(t, `SELECT count(*) FROM filing`, "count\n0")
}

func TestATextComesThroughAsItWasWrittenAndNeverAsMarkup(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	id := fresh()
	fields := f.petition(id)
	const typed = "<script>alert(1)</script> \"'&` {{.}} {{template}} \x00\u202eкері\u2066 \u0438\u0306 ${x} %s\r\n=cmd|' /C calc'!A0 ]]> --> </textarea><h1>"
	fields.Set("circumstances", typed)
	g.post(f.filingsOf(), fields).want(t, "the draft", http.StatusSeeOther)
	for _, path := range []string{"/kk/filings/" + id.String(), "/ru/filings/" + id.String() + "/draft", "/kk/filings"} {
		page := g.get(path).want(t, path, http.StatusOK)
		for _, bad := range []string{"<script>alert", "</textarea><h1>", "\u202e", "\u2066", "\x00"} {
			if strings.Contains(page.body, bad) {
				t.Errorf("%s holds %q", path, bad)
			}
		}
		whole(t, path, page.body, path[1:3])
	}
	page := g.get("/kk/filings/" + id.String())
	if !strings.Contains(page.body, "&lt;script&gt;alert(1)&lt;/script&gt;") || !strings.Contains(page.body, "\u0439") {
		t.Error("the text did not come through: composed, and shown as it was typed")
	}
}

// Nobody gets a status, a number, an addressee or another's name by naming them.
func TestAFieldThatThePageDoesNotHaveHasNoEffect(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := fresh()
	fields := f.petition(id)
	for name, value := range map[string]string{
		"status": "granted", "number": "2026-999999", "decider": f.Aigul.Person.String(), "author": f.Serik.Person.String(), "casefile": f.Fraud.String(),
		"case": f.Fraud.String(), "language": "ru", "filed_at": "2020-01-01", "due_at": "2020-01-01", "made_at": "2020-01-01", "Status": "granted",
		"is": "1023", "person": f.Daniyar.Person.String(), "role": "prosecutor", "act": "filing-grant", "document": fresh().String(), "_method": "DELETE", "ground": "detention",
	} {
		fields.Set(name, value)
	}
	g := f.as(f.Aigul)
	path := f.filingsOf() + "?status=granted&decider=" + f.Aigul.Person.String() + "&kind=complaint-prosecutor&language=ru"
	g.post(path, fields).want(t, "the draft", http.StatusSeeOther)
	f.Want(t, `SELECT casefile, author, kind, status, language, ground, decider, number, filed_at, due_at, made_at FROM filing`, `
		casefile | author | kind     | status | language | ground | decider | number | filed_at | due_at | made_at
		theft    | aigul  | petition | draft  | kk       | other  | daniyar |        |          |        | 2026-10-22 14:30:00`)

	r := httptest.NewRequest(http.MethodPost, "/kk/cases/"+f.Theft.String()+"/decisions/new", nil)
	r.Header.Set("X-HTTP-Method-Override", "GET")
	r.Header.Set("X-Original-URL", "/kk/desk")
	r.Header.Set("X-Forwarded-User", "daniyar")
	if got := g.do(r); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a header changed what was asked: %d", got.StatusCode)
	}
}

// A draft is its author's: its id in another's form changes nothing (T20).
func TestAnotherPersonsDraftIsNotOverwrittenByItsID(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	fields := f.petition(id)
	fields.Set("participant", f.Participant("saule@theft").String())
	f.as(f.Saule).post(f.filingsOf(), fields).want(t, "the draft of another", http.StatusNotFound)
	f.Want(t, `SELECT author, participant FROM filing`, "author | participant\naigul | aigul@theft")
}

func TestAnotherSiteCannotAskForAChange(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	g := f.as(f.Aigul)
	for _, from := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"},
		{"Origin": "https://zharia.test.evil.example"}, {"Sec-Fetch-Site": "cross-site", "Origin": portaltest.Origin},
	} {
		for _, r := range portal.Routes() {
			if r.Method != http.MethodPost {
				continue
			}
			path := "/kk" + strings.NewReplacer(":case", f.Theft.String(), ":decision", fresh().String(), ":filing", draft.String(),
				":participant", fresh().String(), ":document", fresh().String()).Replace(r.Path)
			req := httptest.NewRequest(http.MethodPost, portaltest.Origin+path, nil)
			for name, value := range from {
				req.Header.Set(name, value)
			}
			if got := g.do(req); got.StatusCode != http.StatusForbidden {
				t.Errorf("%s from %v: %d", r.Path, from, got.StatusCode)
			}
		}
	}
	f.Want(t, `SELECT status FROM filing`, "status\ndraft")
	own := httptest.NewRequest(http.MethodPost, portaltest.Origin+"/kk/filings/"+draft.String()+"/discarding", nil)
	own.Header.Set("Sec-Fetch-Site", "same-origin")
	own.Header.Set("Origin", portaltest.Origin)
	g.do(own).want(t, "the page's own form", http.StatusSeeOther)
}

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	f := open(t)
	for path, g := range map[string]*guest{
		"/kk/": f.visitor(), "/kk/signin": f.visitor(), "/kk/nowhere": f.visitor(), "/kk/cases": f.as(f.Aigul), "/": f.visitor(),
		"/kk/decisions/" + f.Decision("victim-recognised").String() + "/copy": f.as(f.Aigul), "/healthz": f.visitor(),
	} {
		got := g.get(path)
		csp := got.Header.Get("Content-Security-Policy")
		page := strings.HasPrefix(got.Header.Get("Content-Type"), "text/html")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'self'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: the policy lacks %s: %s", path, part, csp)
			}
		}
		if page && (strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || !strings.Contains(csp, "base-uri 'none'") || !strings.Contains(csp, "form-action 'self'")) {
			t.Errorf("%s: the policy is %s", path, csp)
		}
		if strings.Contains(csp, "script") && !strings.Contains(csp, "script-src 'self'") || strings.Contains(csp, "unsafe-eval") {
			t.Errorf("%s: scripts: %s", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
		} {
			if got.Header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, got.Header.Get(name))
			}
		}
		for _, name := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin"} {
			if got.Header.Get(name) != "" {
				t.Errorf("%s: %s is %q", path, name, got.Header.Get(name))
			}
		}
	}
	style := f.visitor().get(f.visitor().get("/kk/").attribute(t, `link rel="stylesheet" href`))
	if !strings.Contains(style.Header.Get("Cache-Control"), "immutable") || style.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a static file: %v", style.Header)
	}
}

// GET shows and HEAD tells the same without a body.
func TestHEADIsAnsweredLikeGETWithoutABody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(open(t))
	defer server.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, status := range map[string]int{"/kk/": 200, "/kk/cases": 303, "/kk/nowhere": 404, "/": 302} {
		res, err := client.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != status || len(body) != 0 || res.Header.Get("Content-Security-Policy") == "" {
			t.Errorf("HEAD %s: %d, %d bytes", path, res.StatusCode, len(body))
		}
	}
}

// To ask whether an answer is there is not to read it: the term for the court
// does not start by it, and nobody is recorded as a reader.
func TestHEADOpensNoDocument(t *testing.T) {
	t.Parallel()
	f := open(t)
	o := f.play()
	acts := f.Rows(t, `SELECT max(seq) FROM record`)
	answered, decision := "/kk/filings/"+o["answered"].String(), "/kk/decisions/"+o["copy"].String()
	for _, path := range []string{answered + "/answer/document", answered + "/answer/signature", answered + "/document", answered + "/signature", decision + "/copy"} {
		if got := f.as(f.Aigul).do(httptest.NewRequest(http.MethodHead, path, nil)); got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("HEAD %s: %d", path, got.StatusCode)
		}
	}
	if after := f.Rows(t, `SELECT max(seq) FROM record`); after != acts {
		t.Errorf("acts before %s, after %s", acts, after)
	}
	for _, path := range []string{answered, answered + "/answer/signature"} {
		f.as(f.Aigul).get(path).want(t, "what is not the answer", http.StatusOK)
		f.Want(t, `SELECT read_at IS NULL AS unread FROM answer`, "unread\ntrue")
	}
	f.as(f.Aigul).get(answered+"/answer/document").want(t, "the answer", http.StatusOK)
	f.Want(t, `SELECT read_at FROM answer`, "read_at\n2026-10-22 14:30:00")
}

// A way back that leads off the portal leads nowhere.
func TestNobodyIsLedAwayFromThePortal(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	now := ""
	p := &portal.Portal{
		DB: w.App, Words: w.Words, Verifier: w.Verifier, Origin: portaltest.Origin, Agent: "wss://127.0.0.1:13579", Clock: func() time.Time { return w.At },
		Demo: &portal.Demo{Keys: []portal.DemoKey{{Word: "aigul", Label: "cast.aigul"}}, Insert: func(word string) { now = word }, Now: func() portal.DemoReader { return portal.DemoReader{Word: now} }},
	}
	f := &front{w, must(p.Handler()), t}
	for _, away := range []string{
		"https://evil.example/", "//evil.example/", `/\evil.example/`, `\\evil.example`, "/\t/evil.example/", "/\n/evil.example", "/\r\nLocation: https://evil.example",
		"javascript:alert(1)", "kk/../../evil", "/" + strings.Repeat("a", 600), "///evil.example", "/\x00/evil.example", "%2f%2fevil.example",
	} {
		g := f.visitor()
		page := g.get("/kk/signin?"+url.Values{"next": {away}}.Encode()).want(t, "the sign-in page", http.StatusOK)
		if next := page.hidden(t, "next"); next != "" {
			t.Errorf("next=%q is kept as %q", away, next)
		}
		page.body = strings.Replace(page.body, `name="next" value=""`, `name="next" value="`+away+`"`, 1) // somebody changes the page
		if to := g.signChallenge(page, f.Aigul.Key).to(); to != "/kk/cases" {
			t.Errorf("next=%q leads to %q", away, to)
		}
		back := f.visitor().post("/demo/key", url.Values{"key": {"aigul"}, "back": {away}})
		if back.to() != "/kk/" {
			t.Errorf("back=%q leads to %q", away, back.to())
		}
	}
	for _, path := range []string{"//evil.example/kk/", "/\\evil.example", "/%5cevil.example/", "/%09/evil.example", "//evil.example/%2f.."} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.RequestURI = must(url.PathUnescape(path)), path
		to := f.visitor().do(r).to()
		if !strings.HasPrefix(to, "/kk/") || strings.ContainsAny(to, "\r\n") {
			t.Errorf("%s leads to %q", path, to)
		}
	}
}

// What the portal writes to its log names nobody and quotes nothing (T-log): a
// whole run, with mistakes, is searched for every name, number and text.
func TestTheLogNamesNobodyAndQuotesNothing(t *testing.T) {
	var log safeBuffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(old)

	f := open(t)
	g := f.visitor()
	g.signIn(f.Aigul.Key).want(t, "sign-in", http.StatusSeeOther)
	id := fresh()
	g.post(f.filingsOf(), f.petition(id)).want(t, "a draft", http.StatusSeeOther)
	wrong := f.petition(fresh())
	wrong.Set("circumstances", "қысқа")
	g.post(f.filingsOf(), wrong).want(t, "a mistake", http.StatusUnprocessableEntity)
	page := g.get("/kk/filings/" + id.String())
	g.sign(page, f.Serik.Key).want(t, "another's key", http.StatusUnprocessableEntity)
	g.sign(page, f.Actor("foreign").Key).want(t, "a foreign key", http.StatusUnprocessableEntity)
	g.sign(page, f.Aigul.Key).want(t, "the petition", http.StatusSeeOther)
	g.get("/kk/cases/" + f.Fraud.String() + "?q=" + url.QueryEscape(portaltest.Request))
	g.get("/kk/cases/" + url.PathEscape(f.Aigul.Surname))
	d := f.as(f.Daniyar)
	d.post("/kk/cases/"+f.Theft.String()+"/participants", url.Values{"id": {fresh().String()}, "iin": {f.Stranger.IIN.Reveal()}, "name": {f.Stranger.FullName()}, "role": {"witness"}})
	d.get("/kk/desk")
	d.post("/kk/filings/"+id.String()+"/answer", url.Values{"outcome-1": {"refused"}, "why-1": {portaltest.PointWhy}, "article-1": {portaltest.PointArticle}, "reasons": {portaltest.Reasons}}).want(t, "an answer", http.StatusSeeOther)
	d.sign(d.get("/kk/filings/"+id.String()+"/answer/check"), f.Daniyar.Key).want(t, "the answer", http.StatusSeeOther)

	written := log.String()
	if n := strings.Count(written, "msg=request"); n < 15 {
		t.Fatalf("only %d requests were logged: nothing was searched", n)
	}
	secrets := []string{portaltest.Circumstances, portaltest.Request, portaltest.Reasons, "ноутбук", "Ноутбук", "267511031000456", g.cookie, d.cookie, f.Theft.String(), id.String()}
	for _, word := range f.Troupe.Order {
		m := f.Troupe.Members[word]
		secrets = append(secrets, m.IIN.Reveal(), m.Surname, strings.ToUpper(m.Surname), m.Patronymic, m.FullName())
	}
	for _, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if secret != "" && strings.Contains(written, form) {
				at := strings.Index(written, form)
				t.Errorf("the log says %q: …%s…", secret, written[max(0, at-150):min(len(written), at+100)])
				break
			}
		}
	}
}

// safeBuffer is written by several goroutines.
type safeBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// What is not his costs the database the same questions as what is not there, so the
// time of an answer does not tell them apart (T12). How near the two are is measured
// by BenchmarkNotHisAndNotThere.
func TestTheCostOfAnAnswerDoesNotTellWhatExists(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	asked := func(path string) []string {
		var queries []string
		g := f.as(f.Stranger)
		g.heard = func(query string) { queries = append(queries, query) }
		g.get(path).want(t, path, http.StatusNotFound)
		if len(queries) < 3 {
			t.Fatalf("%s: only %d queries were heard", path, len(queries))
		}
		return queries
	}
	pairs := hidden(f, id)
	if len(pairs) < 40 {
		t.Fatalf("only %d addresses", len(pairs))
	}
	for _, pair := range pairs {
		there, nowhere := asked(pair[0]), asked(pair[1])
		if !slices.Equal(there, nowhere) {
			t.Errorf("%s asks %d queries, what is not there %d:\n%s\n---\n%s", pair[0], len(there), len(nowhere), strings.Join(there, "\n"), strings.Join(nowhere, "\n"))
		}
	}
}

// hidden are the pages about one filing, case or decision, of others and of nobody.
func hidden(f *front, filing uuid.UUID) [][2]string {
	there := map[string]uuid.UUID{":filing": filing, ":case": f.Theft, ":decision": f.Decision("victim-recognised")}
	var pairs [][2]string
	for _, r := range portal.Routes() {
		for word, id := range there {
			if r.Method == http.MethodGet && strings.Count(r.Path, ":") == 1 && strings.Contains(r.Path+"/", word+"/") {
				pairs = append(pairs, [2]string{"/kk" + strings.Replace(r.Path, word, id.String(), 1), "/kk" + strings.Replace(r.Path, word, fresh().String(), 1)})
			}
		}
	}
	return pairs
}

// Somebody who sends a header a byte at a time loses his place; the others do
// not wait for him (T30).
func TestASlowClientDoesNotKeepOthersWaiting(t *testing.T) {
	server := httptest.NewUnstartedServer(open(t))
	server.Config.ReadHeaderTimeout = 300 * time.Millisecond
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	defer server.Close()
	var slow []net.Conn
	for range 200 {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /kk/ HTTP/1.1\r\nHost: x\r\nX: ")
		slow = append(slow, conn)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	res, err := http.DefaultClient.Do(must(http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/kk/", nil)))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("beside 200 slow clients: %v", err)
	}
	res.Body.Close()
	for _, conn := range slow {
		conn.SetReadDeadline(time.Now().Add(3 * time.Second))
		if _, err := io.ReadAll(conn); err != nil {
			t.Fatalf("a slow client still has his place: %v", err)
		}
	}
}
