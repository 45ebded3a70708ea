package portal_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/attachment"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/tip"
)

// tipster is somebody in the anonymous lane: a browser that brings everything it has.
type tipster struct {
	*guest
	lang string
}

func (f *front) tipster(lang string) *tipster { return &tipster{f.visitor(), lang} }

func (s *tipster) at(path string) string { return "/" + s.lang + path }

// solved is a ticket of a page with its puzzle done, as the script does it.
func solved(t testing.TB, page answer) url.Values {
	t.Helper()
	ticket := tip.Ticket(page.hidden(t, "ticket"))
	for n := range 1 << 24 {
		if work := strconv.Itoa(n); ticket.Solved(work) {
			return url.Values{"ticket": {string(ticket)}, "work": {work}}
		}
	}
	t.Fatal("no solution")
	return nil
}

const tipText = "Базарда күн сайын бір адам сатушылардан ақша жинайды."

// police is the body that a form offers under a name.
func (f *front) police() string {
	var id uuid.UUID
	if err := f.SQL.Get(&id, `SELECT body FROM officer WHERE person = $1`, f.Actor("zhandos").Person); err != nil {
		f.t.Fatal(err)
	}
	return id.String()
}

func (s *tipster) form() url.Values {
	fields := solved(s.t, s.get(s.at("/tip/new")).want(s.t, "the form", http.StatusOK))
	for name, value := range map[string]string{"body": s.police(), "text": tipText, "when": "Таңертең", "where": "Көк базар"} {
		fields.Set(name, value)
	}
	return fields
}

var codeOnPage = regexp.MustCompile(`<input type="hidden" name="code" value="(\d{20})">`)

// tipCode is the receipt code of a page.
func (a answer) tipCode(t testing.TB) string {
	t.Helper()
	found := codeOnPage.FindStringSubmatch(a.body)
	if found == nil {
		t.Fatalf("no code on\n%s", short(a.body))
	}
	return found[1]
}

func (s *tipster) enter(code string) answer {
	fields := solved(s.t, s.get(s.at("/tip/read")).want(s.t, "the form of the code", http.StatusOK))
	fields.Set("code", code)
	return s.post(s.at("/tip/read"), fields)
}

func TestAnAnonymousTipIsSentReadAnsweredAndWrittenAgain(t *testing.T) {
	for _, lang := range []string{"kk", "ru"} {
		f := open(t)
		s := f.tipster(lang)
		s.get(s.at("/tip")).want(t, "what it is", http.StatusOK)
		fields := s.form()
		sent := s.post(s.at("/tip"), fields).want(t, "the tip", http.StatusOK)
		code := sent.tipCode(t)
		if again := s.post(s.at("/tip"), fields).tipCode(t); again != code {
			t.Error("a second click gives another code")
		}
		if !strings.Contains(sent.body, code[16:]+"</span>") {
			t.Error("the code is not shown in groups")
		}

		// It is typed back, first wrongly; the file has a name that says nothing.
		wrong := s.post(s.at("/tip/kept"), url.Values{"code": {code}, "last": {"0000x"}}).want(t, "another group", http.StatusUnprocessableEntity)
		if wrong.tipCode(t) != code {
			t.Error("after a slip the code is gone")
		}
		s.post(s.at("/tip/kept"), url.Values{"code": {code}, "last": {code[16:]}}).want(t, "the last group", http.StatusOK)
		file := s.post(s.at("/tip/receipt"), url.Values{"code": {code}}).want(t, "the file", http.StatusOK)
		if got := file.Header.Get("Content-Disposition"); got != `attachment; filename="code.txt"` || !strings.HasPrefix(file.body, code[:4]+" "+code[4:8]+" ") {
			t.Errorf("the file %s: %q", got, file.body)
		}

		// The duty officer reads and answers.
		z := f.as(f.Actor("zhandos"))
		list := z.get("/kk/tips").want(t, "the list", http.StatusOK)
		path := regexp.MustCompile(`/kk/tips/[0-9a-f-]{36}`).FindString(list.body)
		page := z.get(path).want(t, "a tip", http.StatusOK)
		if !strings.Contains(page.body, tipText) {
			t.Error("the officer does not see the text")
		}
		z.post(path, url.Values{"id": {page.hidden(t, "id")}, "text": {"Қай қатарда?"}}).want(t, "the answer", http.StatusSeeOther)

		// The code is typed wrongly, then rightly.
		typo := string(rune(code[0]^1)) + code[1:]
		if got := s.enter(typo).want(t, "a typo", http.StatusUnprocessableEntity); !strings.Contains(got.body, html.EscapeString(f.Words.In(lang).T("fault.tip-typo"))) || !strings.Contains(got.body, typo) {
			t.Error("a typo is not explained, or what was typed is gone")
		}
		if got := s.enter(string(tip.NewTicket(f.App.Keys, f.At).Code(f.App.Keys))).want(t, "a code of nobody", http.StatusUnprocessableEntity); !strings.Contains(got.body, html.EscapeString(f.Words.In(lang).T("fault.tip-unknown"))) {
			t.Error("an unknown code is not told from a typo")
		}
		talk := s.enter(code).want(t, "the conversation", http.StatusOK)
		if !strings.Contains(talk.body, "Қай қатарда?") || !strings.Contains(talk.body, tipText) {
			t.Error("he does not read both")
		}
		more := solved(t, talk)
		more.Set("code", code)
		more.Set("id", talk.hidden(t, "id"))
		more.Set("text", "Көкөніс қатарында.")
		for range 2 {
			talk = s.post(s.at("/tip/message"), more).want(t, "a second message", http.StatusOK)
			if strings.Count(talk.body, "Көкөніс қатарында.") != 1 {
				t.Error("a double click makes two messages")
			}
		}
		page = z.get(path)
		if !strings.Contains(page.body, "Көкөніс қатарында.") {
			t.Error("the officer does not see the second message")
		}
		z.post(path+"/close", url.Values{"id": {page.hidden(t, "id")}, "text": {"Тексерілді."}}).want(t, "the end", http.StatusSeeOther)
		if got := s.enter(code).want(t, "after the end", http.StatusOK); !strings.Contains(got.body, "Тексерілді.") || strings.Contains(got.body, "<textarea") {
			t.Error("after the end he can write, or does not read why")
		}
	}
}

// unread is somebody who takes nothing of a page before it is let go.
type unread struct {
	*httptest.ResponseRecorder
	began sync.Once
	begun chan struct{} // the page is being written
	read  chan struct{}
}

func (u *unread) Write(b []byte) (int, error) {
	u.began.Do(func() { close(u.begun) })
	<-u.read
	return u.ResponseRecorder.Write(b)
}

func TestWhoReadsAPageOfTheLaneSlowlyHoldsNobody(t *testing.T) {
	t.Parallel()
	f := open(t)
	s := f.tipster("kk")
	code := s.post(s.at("/tip"), s.form()).want(t, "the tip", http.StatusOK).tipCode(t)
	page := s.enter(code).want(t, "the conversation", http.StatusOK)
	fields := solved(t, page)
	for name, value := range map[string]string{"code": code, "id": page.hidden(t, "id"), "text": "Тағы бір нәрсе."} {
		fields.Set(name, value)
	}
	r := httptest.NewRequest(http.MethodPost, "/kk/tip/message", strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	slow := &unread{ResponseRecorder: httptest.NewRecorder(), begun: make(chan struct{}), read: make(chan struct{})}
	var all sync.WaitGroup
	all.Go(func() { f.ServeHTTP(slow, r) })
	<-slow.begun
	s.enter(code).want(t, "another reads meanwhile", http.StatusOK)
	close(slow.read)
	all.Wait()
	if slow.Code != http.StatusOK {
		t.Errorf("he is shown %d", slow.Code)
	}
}

func TestNoPageOfTheLaneSetsACookieRunsAForeignScriptOrTellsWhereOneCameFrom(t *testing.T) {
	f := open(t)
	aigul := f.as(f.Aigul) // signed in, and her browser brings the cookie
	check := func(what string, a answer) {
		t.Helper()
		if got := a.Header.Values("Set-Cookie"); len(got) > 0 {
			t.Errorf("%s sets %q", what, got)
		}
		for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s has %s: %q", what, name, got)
			}
		}
		policy := a.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "connect-src") || strings.Contains(policy, "127.0.0.1") ||
			strings.Contains(policy, "script-src") != strings.Contains(a.body, "<script") {
			t.Errorf("%s has the policy %q", what, policy)
		}
		if a.Header.Get("X-Request-Id") != "" {
			t.Errorf("%s has a number", what)
		}
		if strings.Contains(a.body, f.Aigul.Surname) || strings.Contains(strings.ToLower(a.body), strings.ToLower(f.Aigul.Name)) {
			t.Errorf("%s calls her by name", what)
		}
		if strings.Contains(a.body, "portal.js") {
			t.Errorf("%s runs the script of the portal", what)
		}
	}
	for _, path := range []string{"/tip", "/tip/new", "/tip/read", "/tip/nothing"} {
		check(path, aigul.get("/kk"+path))
	}
	s := &tipster{aigul, "kk"}
	sent := s.post("/kk/tip", s.form())
	check("the code", sent)
	check("a wrong code", s.enter("12345678901234567890"))
	check("the conversation", s.enter(sent.tipCode(t)))
	check("an empty form", s.post("/kk/tip", nil))
	check("too much", s.post("/kk/tip", url.Values{"text": {strings.Repeat("а", 200_000)}}))
	if to := f.visitor().get("/tip").to(); to != "/kk/tip" {
		t.Errorf("without a language one comes to %q", to)
	}
}

func TestNothingTypedIsLostWhereTheLaneIsFullOrTheFormIsEarlyOrOld(t *testing.T) {
	f := open(t)
	s := f.tipster("kk")
	kept := func(what string, a answer) {
		t.Helper()
		if !strings.Contains(a.body, tipText) || !strings.Contains(a.body, `value="`+s.police()+`" selected`) || !strings.Contains(a.body, "Көк базар") {
			t.Errorf("%s: what was typed is gone\n%s", what, short(a.body))
		}
	}
	fields := s.form()
	fields.Del("work")
	early := s.post("/kk/tip", fields).want(t, "at once and unsolved", http.StatusTooManyRequests)
	kept("early", early)
	if early.hidden(t, "ticket") != fields.Get("ticket") {
		t.Error("he begins to wait anew")
	}
	f.At = f.At.Add(tip.Wait)
	s.post("/kk/tip", fields).want(t, "after the wait, without a script", http.StatusOK).tipCode(t)

	fields = s.form()
	f.At = f.At.Add(tip.Life)
	kept("old", s.post("/kk/tip", fields).want(t, "a form of yesterday", http.StatusUnprocessableEntity))
	fields = s.form()
	fields.Set("ticket", "x")
	kept("forged", s.post("/kk/tip", fields).want(t, "a ticket of his own", http.StatusUnprocessableEntity))
	fields = s.form()
	fields.Set("text", "қысқа")
	if got := s.post("/kk/tip", fields).want(t, "a short text", http.StatusUnprocessableEntity); !strings.Contains(got.body, "Көк базар") || got.hidden(t, "ticket") != fields.Get("ticket") {
		t.Error("after a mistake the rest is gone")
	}
	fields = s.form()
	fields.Set("language-switch", "ru")
	kept("the other language", s.post("/ru/tip", fields).want(t, "the other language", http.StatusOK))
}

func TestAFloodOfTheLaneGetsARetryPageAndHoldsNobodyElse(t *testing.T) {
	f := open(t)
	s := f.tipster("kk")
	f.as(f.Aigul).get("/kk/cases").want(t, "before", http.StatusOK)
	fields := s.form()
	fields.Del("work")
	f.At = f.At.Add(tip.Wait) // each has waited, as a patient flood would
	tickets := make([]string, 300)
	for i := range tickets {
		tickets[i] = string(tip.NewTicket(f.App.Keys, f.At.Add(-tip.Wait)))
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	statuses, slowest := map[int]int{}, time.Duration(0)
	turns := make(chan struct{}, 16)
	for _, ticket := range tickets {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			form := url.Values{}
			for name, values := range fields {
				form[name] = values
			}
			form.Set("ticket", ticket)
			r := httptest.NewRequest(http.MethodPost, "/kk/tip", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			began := time.Now()
			f.ServeHTTP(w, r)
			took := time.Since(began)
			mu.Lock()
			defer mu.Unlock()
			statuses[w.Code]++
			if w.Code == http.StatusTooManyRequests {
				slowest = max(slowest, took)
				if w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), tipText) {
					t.Error("the retry page has lost what was typed, or does not say when")
				}
			}
		})
	}
	began := time.Now()
	f.as(f.Aigul).get("/kk/cases").want(t, "in the flood", http.StatusOK)
	aside := time.Since(began)
	all.Wait()
	var kept int
	if err := f.SQL.Get(&kept, `SELECT count(*) FROM tip`); err != nil || kept != statuses[http.StatusOK] {
		t.Errorf("%d kept of %v, %v", kept, statuses, err)
	}
	if statuses[http.StatusOK]+statuses[http.StatusTooManyRequests] != len(tickets) || statuses[http.StatusTooManyRequests] < 200 {
		t.Errorf("answered %v", statuses)
	}
	t.Logf("of %d: %v; the slowest retry page %v; another's page meanwhile %v", len(tickets), statuses, slowest, aside)
}

func TestTheLaneOnAHostOfItsOwnIsAloneThere(t *testing.T) {
	f := open(t)
	p := &portal.Portal{DB: f.App, Words: f.Words, Verifier: f.Verifier, Origin: portaltest.Origin, TipOrigin: "https://tip.zharia.test", Agent: "wss://127.0.0.1:13579", Clock: func() time.Time { return f.At }}
	if err := portal.Share(p); err != nil {
		t.Fatal(err)
	}
	handler := must(p.Handler())
	ask := func(method, host, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	for _, c := range []struct {
		host, path string
		status     int
		to         string
	}{
		{"tip.zharia.test", "/kk/tip", http.StatusOK, ""},
		{"tip.zharia.test", "/ru/tip/new", http.StatusOK, ""},
		{"tip.zharia.test", "/kk/signin", http.StatusSeeOther, "/kk/tip"},
		{"tip.zharia.test", "/kk/cases", http.StatusSeeOther, "/kk/tip"},
		{"tip.zharia.test", "/", http.StatusSeeOther, "/kk/tip"},
		{"zharia.test", "/ru/tip/new", http.StatusSeeOther, "https://tip.zharia.test/ru/tip/new"},
		{"zharia.test", "/kk/", http.StatusOK, ""},
	} {
		w := ask(http.MethodGet, c.host, c.path)
		if w.Code != c.status || w.Header().Get("Location") != c.to {
			t.Errorf("%s%s: %d %q", c.host, c.path, w.Code, w.Header().Get("Location"))
		}
		if c.host == "tip.zharia.test" && len(w.Header().Values("Set-Cookie")) > 0 {
			t.Errorf("%s%s sets a cookie", c.host, c.path)
		}
	}
	css := regexp.MustCompile(`/static/[0-9a-f]+/portal\.css`).FindString(ask(http.MethodGet, "tip.zharia.test", "/kk/tip").Body.String())
	if w := ask(http.MethodGet, "tip.zharia.test", css); w.Code != http.StatusOK {
		t.Errorf("%q: %d", css, w.Code)
	}
	for _, bad := range []string{"tip.zharia.test", "https://tip.zharia.test/kk"} {
		if _, err := (&portal.Portal{DB: f.App, Words: f.Words, Origin: portaltest.Origin, TipOrigin: bad}).Handler(); err == nil {
			t.Errorf("%q passes for an origin", bad)
		}
	}
}

// tipCode is a code that nobody was given.
const tipCode = "12345678901234567888"

// tipped is a tip to the police.
func (f *front) tipped() uuid.UUID {
	f.t.Helper()
	body := uuid.MustParse(f.police())
	code, err := tip.ParseCode(tipCode)
	if err != nil {
		f.t.Fatal(err)
	}
	ask := policy.Ask{Is: policy.Visitor, Act: policy.TipSend, At: f.At}
	if err := tip.Send(f.t.Context(), f.App, ask, body, code, tip.Words{Text: tipText}, attachment.Stripped{Kind: attachment.JPEG, Content: photo(7)}); err != nil {
		f.t.Fatal(err)
	}
	var id uuid.UUID
	if err := f.SQL.Get(&id, `SELECT id FROM tip WHERE body = $1`, body); err != nil {
		f.t.Fatal(err)
	}
	return id
}

// Whoever sends an empty form is shown the conversation again: he has looked at it.
func TestAnEmptyAnswerShowsNoTipWithoutALook(t *testing.T) {
	f := open(t)
	s := f.tipster("kk")
	s.post(s.at("/tip"), s.form()).want(t, "the tip", http.StatusOK)
	z := f.as(f.Actor("zhandos"))
	path := regexp.MustCompile(`/kk/tips/[0-9a-f-]{36}`).FindString(z.get("/kk/tips").body)
	page := z.post(path, url.Values{"id": {uuid.NewString()}, "text": {""}}).want(t, "an empty answer", http.StatusUnprocessableEntity)
	if !strings.Contains(page.body, tipText) {
		t.Fatal("the form is shown without the conversation")
	}
	f.Want(t, `SELECT act, (SELECT status FROM tip) AS status FROM record WHERE object = 'tip' AND act = 'tip-open'`, `
		act      | status
		tip-open | opened`)
}
