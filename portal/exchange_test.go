package portal_test

import (
	"database/sql/driver"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
	"zharia/portal/register/inbound"
	"zharia/portal/register/standin"
	"zharia/portal/vault"
)

func TestWhoeverKeepsWatchSeesWhatTheRegisterRefusedAndHasItSentAgain(t *testing.T) {
	f := open(t)
	hand, err := database.OpenAs(t.Context(), f.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer hand.Close()
	clock := func() time.Time { return f.At }
	key, err := feed.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	register, err := standin.Open(t.TempDir(), portaltest.Origin, key.Public(), clock)
	if err != nil {
		t.Fatal(err)
	}
	defer register.Close()
	server := httptest.NewServer(register)
	defer server.Close()
	say := func(key string, pairs ...any) string { return f.Words.In("kk").T(key, pairs...) }
	page := func() string { return f.as(f.Bolat).get("/kk/duty").want(t, "the duty page", http.StatusOK).body }
	if strings.Contains(page(), say("duty.told")) {
		t.Error("nobody is told, and the page speaks of it")
	}
	if err := feed.Subscribe(t.Context(), hand, feed.Subscriber{Name: portal.RegisterName, URL: server.URL}, f.At); err != nil {
		t.Fatal(err)
	}
	worker := &feed.Worker{DB: hand, Key: key, Origin: portaltest.Origin, Clock: clock}
	pass := func(d time.Duration) {
		for end := f.At.Add(d); f.At.Before(end); f.At = f.At.Add(time.Minute) {
			if _, err := feed.Tell(t.Context(), hand, f.At); err != nil {
				t.Fatal(err)
			}
			for n := 1; n > 0; {
				if n, err = worker.Send(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	pass(10 * time.Minute) // what the cast did while it played
	f.Petition(f.Aigul, f.Theft)
	register.Fail(standin.Faults{Down: true})
	pass(10 * time.Minute)
	if body := page(); !strings.Contains(body, say("duty.told")) || !strings.Contains(body, `class="warn"`) || !strings.Contains(body, say("duty.told.waits")+"</dt><dd>1</dd>") {
		t.Error("the register is silent, and the page does not say so")
	}
	register.Fail(standin.Faults{Wants: func(feed.Event) bool { return false }})
	pass(2 * time.Hour)
	body := page()
	if !strings.Contains(body, "HTTP 422") || !strings.Contains(body, say("duty.told.what")) {
		t.Error("what was refused is not shown")
	}
	var seq string
	if err := f.SQL.Get(&seq, `SELECT seq::text FROM sending WHERE state = 'aside'`); err != nil {
		t.Fatal(err)
	}
	fields := url.Values{"subscriber": {portal.RegisterName}, "event": {seq}}
	f.as(f.Aigul).post("/kk/duty/events", fields).want(t, "a citizen", http.StatusNotFound)
	f.as(f.Bolat).post("/kk/duty/events", url.Values{"subscriber": {"nobody"}, "event": {seq}}).want(t, "nobody's", http.StatusNotFound)
	f.as(f.Bolat).post("/kk/duty/events", url.Values{"subscriber": {portal.RegisterName}, "event": {"x"}}).want(t, "nonsense", http.StatusNotFound)
	f.Want(t, `SELECT state FROM sending WHERE state <> 'taken'`, "state\naside")
	register.Fail(standin.Faults{})
	f.as(f.Bolat).post("/kk/duty/events", fields).want(t, "sent again", http.StatusSeeOther)
	pass(2 * time.Minute)
	f.Want(t, `SELECT DISTINCT state FROM sending`, "state\ntaken")
	if strings.Contains(page(), "HTTP 422") {
		t.Error("it is still shown")
	}
	f.Sound()
}

func TestWhereNoRegisterIsSetNothingOfTheExchangeIsThere(t *testing.T) {
	f := open(t)
	for _, path := range []string{"/api/v1/key", "/api/v1/events", "/api/v1/papers/019a9c3e-0000-7000-8000-000000000001"} {
		if got := f.visitor().get(path).want(t, path, http.StatusNotFound); got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s answers with %s", path, got.Header.Get("Content-Type"))
		}
	}
}

// What the register is answered while the database is away is in the contract: it asks later.
func TestTheContractSaysThatWhatTheRegisterFetchesMayBeAway(t *testing.T) {
	away := &reaper{at: 1}
	f := registered(t, func(p *portal.Portal) {
		db, err := database.OpenThrough(t.Context(), p.DB.DSN(), database.App, func(to driver.Connector) driver.Connector {
			away.Connector = to
			return away
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		db.Await(time.Millisecond)
		p.DB = vault.New(db, p.DB.Keys)
	})
	doc := f.contract()
	away.mu.Lock()
	away.armed = true
	away.mu.Unlock()
	for path, listed := range map[string]string{"/events": "/events", "/papers/019a9c3e-0000-7000-8000-000000000001": "/papers/{document}"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1"+path, nil)
		err := feed.ShowWho(r, portaltest.Origin, f.At, func(content []byte) ([]byte, error) { return f.Troupe.Register.SignCMS(content, false, f.At) })
		if err != nil {
			t.Fatal(err)
		}
		got := httptest.NewRecorder()
		f.ServeHTTP(got, r)
		var p inbound.Problem
		if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || got.Code != http.StatusServiceUnavailable || p.Code != "fault.closed-for-now" {
			t.Fatalf("%s: %d %s", path, got.Code, got.Body)
		}
		if codes := at(t, doc, "paths", listed, "get", "responses", "503", "x-codes").([]any); !slices.Contains(codes, any(p.Code)) {
			t.Errorf("%s: the contract lists %v", path, codes)
		}
	}
}
