package portal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

func TestTheCookieIsBoundToThisHostAndUnreadableToScripts(t *testing.T) {
	t.Parallel()
	f := open(t)
	res := f.visitor().get("/kk/signin")
	cookies := res.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies: %v", cookies)
	}
	c := cookies[0]
	if c.Name != cookieName || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 86 {
		t.Errorf("the cookie is %s", c.Raw)
	}
	for _, path := range []string{"/kk/", "/kk/about/access", "/kk/cases"} {
		if got := f.visitor().get(path); len(got.Cookies()) != 0 {
			t.Errorf("%s sets a cookie for somebody who only reads", path)
		}
	}
}

// Who signs in gets a new session, and the one from before is dead: a session
// that somebody planted is worth nothing (T02).
func TestTheSessionChangesAtSignInAndEndsAtSignOut(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.visitor()
	g.get("/kk/signin")
	planted := g.cookie
	if planted == "" {
		t.Fatal("no session to plant")
	}
	g.signIn(f.Aigul.Key).want(t, "sign-in", http.StatusSeeOther)
	if g.cookie == planted {
		t.Error("the session is the same after signing in")
	}
	if got := (&guest{front: f, cookie: planted}).get("/kk/cases"); cell(got) != "in" {
		t.Errorf("the planted session answers %d", got.StatusCode)
	}
	g.get("/kk/cases").want(t, "her cases", http.StatusOK)
	own := g.cookie
	g.post("/kk/session/end", nil).want(t, "sign-out", http.StatusSeeOther)
	if g.cookie != "" {
		t.Error("the browser keeps the cookie")
	}
	if got := (&guest{front: f, cookie: own}).get("/kk/cases"); cell(got) != "in" {
		t.Errorf("the session lives on after signing out: %d", got.StatusCode)
	}
	for _, made := range []string{"x", strings.Repeat("A", 86), own[:43], own + "A", strings.ToLower(own), "' OR 1=1 --"} {
		if got := (&guest{front: f, cookie: made}).get("/kk/cases"); cell(got) != "in" {
			t.Errorf("the cookie %q answers %d", made, got.StatusCode)
		}
	}
}

// The challenge serves once, in the browser it was made for, for this site only,
// and its signature for nothing else.
func TestASignInServesOnceAndOnlyWhereItWasMade(t *testing.T) {
	t.Parallel()
	f := open(t)
	draft := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	g := f.visitor()
	page := g.get("/kk/signin")
	content := string(must(decode(page.attribute(t, "data-content"))))
	for _, line := range []string{"zharia/sign-in/1\n", "origin=" + portaltest.Origin + "\n", "session=", "nonce=", "until="} {
		if !strings.Contains(content, line) {
			t.Errorf("what is signed lacks %q:\n%s", line, content)
		}
	}
	fields := url.Values{"challenge": {page.hidden(t, "challenge")}, "signature": {g.signature(f.Aigul.Key, []byte(content), true)}}
	f.visitor().post("/kk/session", fields).want(t, "in no session", http.StatusUnprocessableEntity)
	other := f.visitor()
	other.get("/kk/signin")
	other.post("/kk/session", fields).want(t, "in another browser", http.StatusUnprocessableEntity)

	twisted := strings.Replace(content, portaltest.Origin, "https://evil.example", 1)
	g.post("/kk/session", url.Values{"challenge": fields["challenge"], "signature": {g.signature(f.Aigul.Key, []byte(twisted), true)}}).
		want(t, "a text for another site", http.StatusUnprocessableEntity)
	before := g.cookie
	g.post("/kk/session", fields).want(t, "the right one", http.StatusSeeOther)
	(&guest{front: f, cookie: before}).post("/kk/session", fields).want(t, "the same once more, in the old session", http.StatusUnprocessableEntity)

	paper, digest := f.Paper(f.Aigul, draft)
	got := g.post("/kk/filings/"+draft.String()+"/submission", url.Values{"digest": {fmt.Sprintf("%x", digest)}, "signature": fields["signature"]})
	got.want(t, "the signature of the sign-in under a petition", http.StatusUnprocessableEntity)
	next := f.visitor()
	page = next.get("/kk/signin")
	next.post("/kk/session", url.Values{"challenge": {page.hidden(t, "challenge")}, "signature": {next.signature(f.Aigul.Key, paper, true)}}).
		want(t, "the signature of a petition as a sign-in", http.StatusUnprocessableEntity)

	late := f.visitor()
	page = late.get("/kk/signin")
	f.At = f.At.Add(5*time.Minute + time.Second)
	late.signChallenge(page, f.Aigul.Key).want(t, "after five minutes", http.StatusUnprocessableEntity)
}

// A stolen cookie reads, but it files nothing, answers nothing, publishes
// nothing: every such act asks for the key.
func TestACookieWithoutTheKeyFilesNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	o := f.play()
	f.answerDraft(o["filed"])
	before := f.Rows(t, `SELECT count(*) FROM document WHERE signed_at IS NOT NULL`)
	for _, act := range []struct {
		who        *portaltest.Actor
		page, post string
	}{
		{f.Aigul, "/kk/filings/" + o["draft"].String(), "submission"},
		{f.Daniyar, "/kk/filings/" + o["filed"].String() + "/answer/check", "refusal"},
		{f.Daniyar, "/kk/decisions/" + o["unsigned"].String() + "/check", "publication"},
	} {
		g := f.as(act.who)
		page := g.get(act.page).want(t, act.page, http.StatusOK)
		doc := g.get(page.attribute(t, "data-content-url")).want(t, "the document", http.StatusOK)
		post := func(signature string) answer {
			return g.post(page.action(t), url.Values{"digest": {page.hidden(t, "digest")}, "signature": {signature}})
		}
		for what, signature := range map[string]string{
			"nothing": "", "not base64": "%%%", "zeros": "AAAA", "a text": "MIIB", "much": strings.Repeat("MIIB", 50_000),
			"the thief's own key": g.signature(f.Stranger.Key, []byte(doc.body), false),
			"of another document": g.signature(act.who.Key, []byte(doc.body+"\n"), false),
			"a key that ran out":  g.signature(f.Actor("aigul-expired").Key, []byte(doc.body), false),
			"a foreign key":       g.signature(f.Actor("foreign").Key, []byte(doc.body), false),
			"an employer's key":   g.signature(f.Actor("employee").Key, []byte(doc.body), false),
			"a machine's key":     g.signature(f.Actor("system").Key, []byte(doc.body), false),
		} {
			if got := post(signature); got.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s, %s: %d %s", act.post, what, got.StatusCode, got.to())
			}
		}
		good := url.Values{"digest": {strings.Repeat("0", 64)}, "signature": {g.signature(act.who.Key, []byte(doc.body), false)}}
		if got := g.post(page.action(t), good); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s, another document than was shown: %d", act.post, got.StatusCode)
		}
	}
	if after := f.Rows(t, `SELECT count(*) FROM document WHERE signed_at IS NOT NULL`); after != before {
		t.Errorf("signed before and after: %s %s", before, after)
	}
	f.Sound()
}

// A session ends by itself: after a quarter of an hour of silence, and after
// eight hours whatever is done.
func TestASessionEndsByItself(t *testing.T) {
	t.Parallel()
	f := open(t)
	g, began := f.as(f.Aigul), f.At
	g.get("/kk/cases").want(t, "at first", http.StatusOK)
	f.At = began.Add(15*time.Minute - time.Second)
	g.get("/kk/cases").want(t, "before the quarter of an hour is over", http.StatusOK)
	f.At = f.At.Add(15 * time.Minute)
	if got := g.get("/kk/cases"); cell(got) != "in" {
		t.Errorf("after a quarter of an hour of silence: %d", got.StatusCode)
	}
	g, began = f.as(f.Aigul), f.At
	for f.At.Sub(began) < 8*time.Hour {
		g.get("/kk/cases").want(t, f.At.Sub(began).String(), http.StatusOK)
		f.At = f.At.Add(14 * time.Minute)
	}
	if got := g.get("/kk/cases"); cell(got) != "in" {
		t.Errorf("after eight hours of use: %d", got.StatusCode)
	}
	g = f.visitor()
	g.signIn(f.Aigul.Key)
	f.Want(t, `SELECT count(*) FROM session WHERE length(token_hash) <> 32 OR encode(token_hash, 'escape') LIKE '%`+g.cookie+`%'`, "count\n0")
}

// Access ends in the moment the status ends: in pages that are open, in drafts
// that are not signed yet, and for those who act for the person too.
func TestWhenAStatusEndsEverythingClosesAtOnce(t *testing.T) {
	t.Parallel()
	f := open(t)
	aigul, dana, daniyar := f.as(f.Aigul), f.as(f.Dana), f.as(f.Daniyar)
	draft := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"})
	page := aigul.get("/kk/filings/"+draft.String()).want(t, "a draft to sign", http.StatusOK)
	dana.get("/kk/cases/"+f.Theft.String()).want(t, "the defender", http.StatusOK)
	for _, who := range []string{"aigul@theft", "serik@theft"} {
		path := "/kk/participants/" + f.Participant(who).String()
		daniyar.post(path+"/ending", nil).want(t, who+" is to end", http.StatusSeeOther)
		daniyar.sign(daniyar.get(path+"/check"), f.Daniyar.Key).want(t, who+" ends", http.StatusSeeOther)
	}
	for _, gone := range []struct {
		who  *guest
		path string
	}{
		{aigul, "/cases/" + f.Theft.String()}, {aigul, "/decisions/" + f.Decision("victim-recognised").String()},
		{aigul, "/decisions/" + f.Decision("victim-recognised").String() + "/copy"}, {aigul, "/cases/" + f.Theft.String() + "/filings/new"},
		{dana, "/cases/" + f.Theft.String()}, {dana, "/decisions/" + f.Decision("search-done").String() + "/copy"},
	} {
		gone.who.get("/kk"+gone.path).want(t, gone.path, http.StatusNotFound)
	}
	aigul.sign(page, f.Aigul.Key).want(t, "the draft is signed all the same", http.StatusConflict)
	f.Want(t, `SELECT status FROM filing`, "status\ndraft")
	dana.get("/kk/cases/"+f.Fraud.String()).want(t, "the defender's other client", http.StatusOK)
	f.Sound()
}

// Who has left his post is a citizen from the next day on.
func TestWhoHasLeftHisPostHasNoDesk(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Petition(f.Aigul, f.Theft)
	daniyar := f.as(f.Daniyar)
	daniyar.get("/kk/desk").want(t, "in post", http.StatusOK)
	if _, err := f.SQL.ExecContext(t.Context(), `UPDATE officer SET until = '2026-10-21'`); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/desk", "/cases/" + f.Theft.String(), "/filings/" + id.String(), "/filings/" + id.String() + "/document", "/decisions/" + f.Decision("bank-secret").String(), "/cases/" + f.Theft.String() + "/decisions/new"} {
		daniyar.get("/kk"+path).want(t, path, http.StatusNotFound)
	}
	daniyar.post("/kk/filings/"+id.String()+"/consideration", nil).want(t, "he acts", http.StatusNotFound)
	f.as(f.Zhanar).get("/kk/oversight").want(t, "the prosecutor, too", http.StatusNotFound)
}

// Two texts of the greatest length are typed, the session is over, and every
// character comes back.
func TestTheLongestTextSurvivesTheEndOfASession(t *testing.T) {
	t.Parallel()
	f := open(t)
	g, id := f.visitor(), fresh()
	fields := f.petition(id)
	fields.Set("circumstances", strings.Repeat("ә\r\nғ", filing.MaxText/3)+"юя")
	for i := range filing.MaxPoints {
		fields.Set(fmt.Sprint("point-", i+1), strings.Repeat("қ", filing.MaxPointText))
	}
	page := g.post(f.filingsOf(), fields).want(t, "without a session", http.StatusUnauthorized)
	resume := g.signChallenge(page, f.Aigul.Key).want(t, "signed in", http.StatusOK)
	back := url.Values{}
	for name := range fields {
		back.Set(name, resume.hidden(t, name))
		if back.Get(name) != fields.Get(name) {
			t.Errorf("%s came back in %d bytes of %d", name, len(back.Get(name)), len(fields.Get(name)))
		}
	}
	g.post(f.filingsOf(), back).want(t, "the form once more", http.StatusSeeOther)
}

// Anybody may hold a number of a document; the page that checks it says what it
// is and whether it is whole, and nothing of whom it is about.
func TestThePageOfVerificationNamesNobodyAndQuotesNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	o := f.play()
	for _, doc := range []string{f.paperOf("filing", o["filed"]).String(), f.paperOf("decision", o["flagged"]).String()} {
		page := f.visitor().get("/kk/verify/"+doc).want(t, "verification", http.StatusOK)
		secrets := []string{portaltest.Circumstances, portaltest.Request, "267511031000456", "2026-00000", f.Theft.String(), o["filed"].String(), o["flagged"].String()}
		for _, word := range f.Troupe.Order {
			m := f.Troupe.Members[word]
			secrets = append(secrets, m.IIN.Reveal(), m.Surname, m.Patronymic)
		}
		for _, secret := range secrets {
			if secret != "" && strings.Contains(page.body, secret) {
				t.Errorf("/verify says %q", secret)
			}
		}
	}
	before := f.Rows(t, `SELECT count(*) FROM document`)
	doc := f.paperOf("decision", f.Decision("accepted")).String()
	content := f.as(f.Daniyar).get("/kk/decisions/"+f.Decision("accepted").String()+"/copy").want(t, "the document", http.StatusOK).body
	same := f.visitor().upload("/kk/verify/"+doc, "file", []byte(content), nil).want(t, "the same file", http.StatusOK)
	other := f.visitor().upload("/kk/verify/"+doc, "file", []byte(content+"\n"), nil).want(t, "another file", http.StatusOK)
	if same.body == other.body {
		t.Error("a changed file looks like the document")
	}
	if after := f.Rows(t, `SELECT count(*) FROM document`); after != before {
		t.Errorf("documents before and after: %s %s", before, after)
	}
}

// Somebody who posts without end is stopped; he cannot pass for many by a header
// of his own, and behind the front he stops nobody else (T30).
func TestWhoAsksTooOftenIsStoppedAndNobodyElse(t *testing.T) {
	f := open(t)
	flood := func(remote string, forwarded func(i int) string) (stopped int) {
		for i := range 600 {
			r := httptest.NewRequest(http.MethodPost, "/kk/session/end", nil)
			r.RemoteAddr = remote
			if to := forwarded(i); to != "" {
				r.Header.Set("X-Forwarded-For", to)
				r.Header.Set("X-Real-IP", to)
			}
			if f.visitor().do(r).StatusCode == http.StatusTooManyRequests {
				stopped++
			}
		}
		return stopped
	}
	if n := flood("203.0.113.7:1", func(int) string { return "" }); n == 0 {
		t.Error("600 at once are taken")
	}
	if n := flood("203.0.113.8:1", func(i int) string { return fmt.Sprintf("198.51.100.%d", i%250) }); n == 0 {
		t.Error("who writes another address into a header each time is not stopped")
	}
	if n := flood("127.0.0.1:1", func(i int) string { return fmt.Sprintf("10.0.0.1, 198.51.%d.%d", 100+i/250, i%250) }); n != 0 {
		t.Errorf("behind the front %d of 600 people were stopped", n)
	}
	if n := flood("127.0.0.1:1", func(i int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.9", i%250) }); n == 0 {
		t.Error("behind the front one who writes a header of his own is not stopped")
	}
	page := httptest.NewRequest(http.MethodGet, "/kk/cases", nil)
	page.RemoteAddr = "203.0.113.7:1"
	f.as(f.Aigul).do(page).want(t, "he who was stopped reads on", http.StatusOK)
}
