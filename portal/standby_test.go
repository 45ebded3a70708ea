package portal_test

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/filing"
	"zharia/portal/portaltest"
	"zharia/portal/register/inbound"
	"zharia/portal/vault"
)

// waited is a portal before a server of its own whose COMMITs wait for a standby that is
// never there.
func waited(t *testing.T) (f *front, standby func(there bool)) {
	w, _ := portaltest.Private(t, "max_wal_senders=4")
	db, err := database.OpenAs(t.Context(), w.App.DSN(), database.App)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.Await(500 * time.Millisecond)
	w.App = vault.New(db, w.App.Keys)
	f = behind(t, w, w.App, func(p *portal.Portal) {
		p.Register = &inbound.Inbox{DB: p.DB, Verifier: w.Verifier, Register: w.Troupe.Register.Certificate(), Origin: portaltest.Origin, Clock: p.Clock}
	})
	return f, func(there bool) {
		t.Helper()
		order := `ALTER SYSTEM SET synchronous_standby_names = 'nobody'`
		if there {
			order = `ALTER SYSTEM RESET synchronous_standby_names`
		}
		f.SQL.MustExec(order)
		f.SQL.MustExec(`SELECT pg_reload_conf()`)
		time.Sleep(time.Second) // every session is told
	}
}

// waiting are the sessions whose COMMIT waits.
func (f *front) waiting(t *testing.T) []int {
	t.Helper()
	var out []int
	if err := f.SQL.Select(&out, `SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND backend_type = 'client backend'`); err != nil {
		t.Fatal(err)
	}
	return out
}

// The server crashes while a COMMIT waits for the standby, and is back without one: it shows
// what was filed, and no page, list or receipt says so to anybody, until a standby has it.
// Whoever only looks waits for no standby.
func TestWhatOneDiskAloneHasIsOnNoPage(t *testing.T) {
	t.Parallel()
	f, standby := waited(t)
	g := f.as(f.Aigul)
	before := f.Petition(f.Aigul, f.Theft)
	draft := f.petitionDraft()
	to, sent := g.ready(f.Aigul, draft)
	its := "/ru/filings/" + draft.String()
	pages := []string{"/ru/filings", "/ru/cases/" + f.Theft.String(), its, its + "/receipt"}
	feed, _ := g.feed(t, "kk", url.Values{}), f.visitor().get("/ru/verify/"+f.paperOf("filing", before).String()).want(t, "a paper", http.StatusOK)
	standby(false)
	if err := f.App.Everywhere(t.Context()); err == nil {
		t.Fatal("there is a standby")
	}

	looks := make(chan answer, 25)
	for i := range cap(looks) {
		go func() { looks <- g.same(3, i).get("/ru/filings/" + before.String()) }()
	}
	for range cap(looks) {
		select {
		case a := <-looks:
			a.want(t, "a look while there is no standby", http.StatusOK)
		case <-time.After(30 * time.Second):
			t.Fatalf("looks wait for the standby: %d sessions do", len(f.waiting(t)))
		}
	}

	first := make(chan answer, 1)
	go func() { first <- g.same(1, 1).post(to, sent) }()
	var held []int
	for end := time.Now().Add(20 * time.Second); len(held) == 0; time.Sleep(20 * time.Millisecond) {
		if held = f.waiting(t); time.Now().After(end) {
			t.Fatal("nothing waits for the standby")
		}
	}
	if err := syscall.Kill(held[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	(<-first).want(t, "its COMMIT was cut off", http.StatusAccepted)
	number := ""
	for end := time.Now().Add(30 * time.Second); number == ""; time.Sleep(100 * time.Millisecond) {
		if err := f.SQL.Get(&number, `SELECT coalesce(number, '') FROM filing WHERE id = $1`, draft); err != nil && time.Now().After(end) {
			t.Fatal(err)
		}
		if time.Now().After(end) {
			t.Fatal("the server did not keep it: this test shows nothing")
		}
	}
	var paper uuid.UUID
	if err := f.SQL.Get(&paper, `SELECT document FROM filing WHERE id = $1`, draft); err != nil {
		t.Fatal(err)
	}
	verify := "/ru/verify/" + paper.String()
	for range 4 { // the first find connections that the crash ended
		f.visitor().get(verify).want(t, "whoever checks the paper", http.StatusServiceUnavailable)
	}
	for range 2 {
		f.visitor().get(feed).want(t, "her calendar", http.StatusServiceUnavailable)
		f.visitor().get("/log/checkpoint").want(t, "a witness", http.StatusServiceUnavailable)
	}
	for _, path := range pages {
		if a := g.get(path).want(t, path, http.StatusServiceUnavailable); strings.Contains(a.body, number) {
			t.Errorf("%s has the number", path)
		}
	}
	if a := f.asked("/events"); a.Code != http.StatusServiceUnavailable {
		t.Errorf("the register is answered %d %s", a.Code, a.Body)
	}
	again := g.post(to, sent).want(t, "sent again", http.StatusAccepted)
	_, asks, _ := strings.Cut(again.Header.Get("Refresh"), "url=")
	g.get(asks).want(t, "asked again", http.StatusAccepted)

	standby(true)
	time.Sleep(time.Second) // the last wait in vain is over
	for _, path := range pages {
		if a := g.get(path).want(t, path+", with nobody to wait for", http.StatusOK); path == pages[0] && !strings.Contains(a.body, number) {
			t.Errorf("%s has no number", path)
		}
	}
	f.visitor().get(verify).want(t, "whoever checks the paper then", http.StatusOK)
	if a := f.asked("/events"); a.Code != http.StatusOK {
		t.Errorf("the register is answered %d %s then", a.Code, a.Body)
	}
	if a := g.get(asks).want(t, "asked at last", http.StatusSeeOther); a.to() != "/kk/filings/"+draft.String() {
		t.Errorf("it leads to %s", a.to())
	}

	// Had another server taken over, his filing would be gone: he is told so.
	f.SQL.MustExec(`BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM submission WHERE key = '` + sent.Get("key") + `'; COMMIT`)
	if a := g.get(asks).want(t, "what was lost", http.StatusOK); !strings.Contains(a.body, f.Words.In("kk").T("submission.lost.lead")) {
		t.Errorf("it says\n%s", a.body)
	}
}

// Somebody ends the wait of one process: no process shows what only this disk has.
func TestWhatOneProcessDoubtsAllDo(t *testing.T) {
	t.Parallel()
	f, standby := waited(t)
	db, err := database.OpenAs(t.Context(), f.App.DSN(), database.App)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	go db.Heed(t.Context())
	other := behind(t, f.W, vault.New(db, f.App.Keys), func(*portal.Portal) {})
	g, there := f.as(f.Aigul), other.as(f.Aigul)
	there.get("/ru/filings").want(t, "before", http.StatusOK)
	draft := f.petitionDraft()
	to, sent := g.ready(f.Aigul, draft)
	standby(false)
	first := make(chan answer, 1)
	go func() { first <- g.same(1, 1).post(to, sent) }()
	var held []int
	for end := time.Now().Add(20 * time.Second); len(held) == 0; time.Sleep(20 * time.Millisecond) {
		if held = f.waiting(t); time.Now().After(end) {
			t.Fatal("nothing waits for the standby")
		}
	}
	f.SQL.MustExec(`SELECT pg_cancel_backend($1)`, held[0])
	(<-first).want(t, "its wait was ended", http.StatusAccepted)
	f.Want(t, `SELECT status FROM filing WHERE number IS NOT NULL`, "status\nfiled")
	g.get("/ru/filings").want(t, "where it was sent", http.StatusServiceUnavailable)
	there.get("/ru/filings").want(t, "elsewhere", http.StatusServiceUnavailable)
	standby(true)
	time.Sleep(time.Second) // the last wait in vain is over
	g.get("/ru/filings").want(t, "where it was sent, then", http.StatusOK)
	there.get("/ru/filings").want(t, "elsewhere, then", http.StatusOK)
}

// What is in progress is never called lost, even if somebody sets PostgreSQL's figures back.
func TestACommitThatWaitsIsNotForgottenWithTheFigures(t *testing.T) {
	t.Parallel()
	f, _ := waited(t)
	end, text := f.running(t)
	defer end()
	mark, ok := database.ParseMark(text)
	if !ok {
		t.Fatal(text)
	}
	for _, when := range []string{"at first", "after the figures were set back"} {
		if was, err := f.App.Outcome(t.Context(), mark); err != nil || was != database.Pending {
			t.Errorf("%s: %q, %v", when, was, err)
		}
		f.SQL.MustExec(`SELECT pg_stat_reset_shared('wal')`)
	}
}

// What was taken before the clock was in doubt is told to whoever sends it again.
func TestADoubtfulClockRefusesNothingThatWasTaken(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	steady := true
	f := behind(t, w, w.App, func(p *portal.Portal) { p.Steady = func() bool { return steady } })
	g := f.as(f.Aigul)
	draft := f.petitionDraft()
	to, sent := g.ready(f.Aigul, draft)
	g.post(to, sent).want(t, "filed", http.StatusSeeOther)
	steady = false
	if a := g.post(to, sent).want(t, "sent again", http.StatusSeeOther); a.to() != "/kk/filings/"+draft.String() {
		t.Errorf("it leads to %s", a.to())
	}
}

// led is the query of the page that says what became of something, as the portal writes it.
func (f *front) led(person uuid.UUID, key, tx, act string, of uuid.UUID) string {
	proof := f.App.Tag("submission.asked", strings.Join([]string{person.String(), key, tx, act, of.String()}, " "))
	return "?" + url.Values{"tx": {tx}, "act": {act}, "of": {of.String()}, "by": {hex.EncodeToString(proof)}}.Encode()
}

// A link of somebody else's says nothing in the portal's name: not that a filing is lost.
func TestALinkCannotSayThatAFilingIsLost(t *testing.T) {
	t.Parallel()
	f := open(t)
	filed := f.Petition(f.Aigul, f.Theft)
	key := uuid.NewString()
	page := "/kk/submissions/" + key
	const tx = "1.00000001-1"
	plain := "?" + url.Values{"tx": {tx}, "act": {"filing-submit"}, "of": {filed.String()}}.Encode()
	hers := f.led(f.Aigul.Person, key, tx, "filing-submit", filed)
	f.as(f.Aigul).get(page+hers).want(t, "led by the portal", http.StatusOK)
	f.as(f.Aigul).get(page+plain).want(t, "without its proof", http.StatusNotFound)
	f.as(f.Aigul).get("/kk/submissions/"+uuid.NewString()+hers).want(t, "of another key", http.StatusNotFound)
	f.as(f.Serik).get(page+hers).want(t, "another's", http.StatusNotFound)
}

// A page by whose opening something begins is not opened by a link of somebody else's, nor
// by a browser that fetches ahead.
func TestNobodyElseOpensAnAnswerForItsReader(t *testing.T) {
	t.Parallel()
	f := open(t)
	answered := f.Petition(f.Aigul, f.Theft)
	f.Answer(f.Daniyar, answered, filing.GrantedPart)
	g := f.as(f.Aigul)
	its := "/kk/filings/" + answered.String()
	read := func() (n int) {
		if err := f.SQL.Get(&n, `SELECT count(*) FROM answer WHERE filing = $1 AND read_at IS NOT NULL`, answered); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, led := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Sec-Purpose", "prefetch;prerender"}} {
		for _, path := range []string{its + "/answer/document", its + "/messages"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set(led[0], led[1])
			if a := g.do(r).want(t, led[1], http.StatusSeeOther); a.to() != its {
				t.Errorf("%s led by %v leads to %s", path, led, a.to())
			}
		}
	}
	for _, path := range []string{its + "/answer/document", its + "/messages?x=1"} {
		v := f.visitor()
		in, err := url.Parse(v.get(path).want(t, "not signed in", http.StatusSeeOther).to())
		if err != nil || in.Path != "/kk/signin" {
			t.Fatalf("%s leads to %s", path, in)
		}
		page := v.get(in.RequestURI()).want(t, "the page of signing in", http.StatusOK)
		if a := v.signChallenge(page, f.Aigul.Key).want(t, "signed in", http.StatusSeeOther); a.to() != its {
			t.Errorf("by way of signing in %s leads to %s", path, a.to())
		}
	}
	if read() != 0 {
		t.Error("the answer counts as read")
	}
	r := httptest.NewRequest(http.MethodGet, its+"/answer/document", nil)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	g.do(r).want(t, "opened by himself", http.StatusOK)
	if read() != 1 {
		t.Error("the answer does not count as read")
	}
}
