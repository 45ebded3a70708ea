package portal_test

import (
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"zharia/portal"
	"zharia/portal/backup"
	"zharia/portal/database"
	"zharia/portal/ledger"
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
		got := f.asked(path)
		var p inbound.Problem
		if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || got.Code != http.StatusServiceUnavailable || p.Code != "fault.closed-for-now" {
			t.Fatalf("%s: %d %s", path, got.Code, got.Body)
		}
		if codes := at(t, doc, "paths", listed, "get", "responses", "503", "x-codes").([]any); !slices.Contains(codes, any(p.Code)) {
			t.Errorf("%s: the contract lists %v", path, codes)
		}
	}
}

// asked is what the register is answered to a request that it signs.
func (f *front) asked(path string) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequestWithContext(f.t.Context(), http.MethodGet, "/api/v1"+path, nil)
	err := feed.ShowWho(r, portaltest.Origin, f.At, func(content []byte) ([]byte, error) { return f.Troupe.Register.SignCMS(content, false, f.At) })
	if err != nil {
		f.t.Fatal(err)
	}
	out := httptest.NewRecorder()
	f.ServeHTTP(out, r)
	return out
}

// Whoever writes the other half reads in the contract what a page has, and what to do where
// the positions that he knows are given again.
func TestAPageOfEventsIsAsTheContractSaysAndNamesTheLifeOfTheRecord(t *testing.T) {
	f := registered(t)
	doc := f.contract()
	get := at(t, doc, "paths", "/events", "get")
	schema := at(t, get, "responses", "200", "content", inbound.MediaMessage, "schema")
	hand, err := database.OpenAs(t.Context(), f.DB.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer hand.Close()
	read := func() (life, kept float64) {
		t.Helper()
		for n := 1; n > 0; {
			if n, err = feed.Tell(t.Context(), hand, f.At); err != nil {
				t.Fatal(err)
			}
		}
		got := f.asked("/events?limit=3")
		var page map[string]any
		if err := json.Unmarshal(got.Body.Bytes(), &page); err != nil || got.Code != http.StatusOK || len(page["events"].([]any)) != 3 {
			t.Fatalf("%d %s", got.Code, got.Body)
		}
		fits := func(what string, has map[string]any, schema any) {
			t.Helper()
			is := at(t, schema, "properties").(map[string]any)
			for name := range has {
				if is[name] == nil {
					t.Errorf("%s has %s, and the contract has not", what, name)
				}
			}
			for _, name := range at(t, schema, "required").([]any) {
				if _, there := has[name.(string)]; !there {
					t.Errorf("%s has no %s, which the contract has", what, name)
				}
			}
			if has["life"] != page["life"] || has["kept"] != page["kept"] {
				t.Errorf("%s is of another life than the page: %v %v", what, has["life"], has["kept"])
			}
		}
		fits("the page", page, schema)
		for _, e := range page["events"].([]any) {
			fits("an event", e.(map[string]any), at(t, schema, "properties", "events", "items"))
		}
		return page["life"].(float64), page["kept"].(float64)
	}
	if life, kept := read(); life != 0 || kept != 0 {
		t.Errorf("life %v and kept %v of a record that was never put back", life, kept)
	}
	acts, err := ledger.Size(t.Context(), f.DB.DB)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ledger.OpenKey(filepath.Join(t.TempDir(), "auditor.key"), portaltest.Origin)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", key.Verifier.Name(), acts+9, base64.StdEncoding.EncodeToString(make([]byte, 32)))}, key.Signer)
	if err != nil {
		t.Fatal(err)
	}
	if err := backup.GiveUp(t.Context(), f.DB.DB, key.Verifier, [][]byte{signed}, acts+9, f.At); err != nil {
		t.Fatal(err)
	}
	if life, kept := read(); life != float64(f.At.UnixMilli()) || kept != float64(acts) {
		t.Errorf("life %v and kept %v after %d acts", life, kept, acts)
	}
	// The act itself is the last that was read for the register: nothing is beyond.
	if got := f.asked(fmt.Sprintf("/events?after=%d", acts+1)); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), fmt.Sprintf(`"events":[],"next":%d`, acts+1)) {
		t.Errorf("at the end: %d %s", got.Code, got.Body)
	}
	got := f.asked(fmt.Sprintf("/events?after=%d", acts+2))
	var p inbound.Problem
	if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || got.Code != http.StatusConflict || p.Code != "fault.register-position" || p.Field != "after" ||
		p.Texts["kk"] == "" || p.Texts["kk"] == p.Texts["ru"] || p.Texts["kk"] == p.Code {
		t.Errorf("beyond the end: %d %s", got.Code, got.Body)
	}
	if codes := at(t, get, "responses", "409", "x-codes").([]any); !slices.Contains(codes, any(p.Code)) {
		t.Errorf("the contract lists %v", codes)
	}
	for _, word := range []string{"life", "kept", "forget events beyond position kept, and go on from there", p.Code} {
		if !strings.Contains(at(t, get, "description").(string), word) {
			t.Errorf("the contract does not say what to do: no %q", word)
		}
	}
}
