package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zharia/portal"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
)

func TestWhatTheRegisterIsToldNeedsAnAddressAKeyAndNobodyOnTheWay(t *testing.T) {
	seal := base64.StdEncoding.EncodeToString(append(make([]byte, 31), 9))
	for name, test := range map[string]struct {
		e   Exchange
		why string
	}{
		"nothing":           {Exchange{}, ""},
		"only a key":        {Exchange{EventsKey: "k"}, ""},
		"all":               {Exchange{"https://register.gov.kz/zharia", seal, "k"}, ""},
		"no papers":         {Exchange{"https://register.gov.kz/zharia", "", "k"}, ""},
		"no address":        {Exchange{"", seal, "k"}, "PORTAL_REGISTER_URL is not"},
		"no key":            {Exchange{"https://register.gov.kz/zharia", seal, ""}, "PORTAL_EXCHANGE_KEY is not"},
		"in the open":       {Exchange{"http://register.gov.kz/zharia", seal, "k"}, "https:// is expected"},
		"a seal of rubbish": {Exchange{"https://register.gov.kz/zharia", "?", "k"}, "base64 is expected"},
		"a short seal":      {Exchange{"https://register.gov.kz/zharia", "AAAA", "k"}, "no public key of X25519"},
	} {
		if err := test.e.check(); (err == nil) != (test.why == "") || err != nil && !strings.Contains(err.Error(), test.why) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADemonstrationHasARegisterThatRemembersItsKeys(t *testing.T) {
	w, dir := portaltest.World(t), filepath.Join(t.TempDir(), "register")
	var before string
	for range 2 {
		teller, public, end, err := openStandin(t.Context(), dir, portaltest.Origin, w.DB.DB)
		if err != nil {
			t.Fatal(err)
		}
		end()
		if teller == nil || before != "" && public.String() != before {
			t.Errorf("at the next start it is another: %v", public)
		}
		before = public.String()
	}
	w.Want(t, `SELECT name, seal IS NOT NULL AS sealed, url LIKE 'http://127.0.0.1:%' AS here FROM subscriber`, "name|sealed|here\nregister|true|true")
}

// What goes to whom follows the settings of this start, whatever those of the one before were.
func TestEventsLieToBeFetchedAndAnAddressTakenOutOfTheSettingsGetsNone(t *testing.T) {
	w, key := portaltest.World(t), filepath.Join(t.TempDir(), "exchange.key")
	var posted int
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { posted++ }))
	defer server.Close()
	begin := func(e Exchange, fetched bool) *feed.Worker {
		t.Helper()
		teller, public, err := e.open(t.Context(), w.DB.DB, portaltest.Origin, fetched)
		if err != nil || public.IsZero() != (e.EventsKey == "") || teller == nil {
			t.Fatalf("%v %v, %v", teller, public, err)
		}
		if _, err := feed.Tell(t.Context(), w.DB.DB, w.At); err != nil {
			t.Fatal(err)
		}
		return teller
	}
	seal := base64.StdEncoding.EncodeToString(append(make([]byte, 31), 9))
	if _, err := begin(Exchange{server.URL, seal, key}, true).Send(t.Context()); err != nil || posted == 0 {
		t.Fatalf("nothing went to the address, %v", err)
	}
	for name, e := range map[string]Exchange{"only a key": {EventsKey: key}, "nothing": {}} {
		posted = 0
		w.Petition(w.Aigul, w.Theft)
		w.At = w.At.AddDate(0, 0, 1)
		teller := begin(e, true)
		teller.Clock = func() time.Time { return w.At }
		if n, err := teller.Send(t.Context()); n != 0 || err != nil || posted != 0 {
			t.Errorf("%s: %d were posted, %v", name, posted, err)
		}
	}
	w.Want(t, `SELECT name, url, seal IS NULL AS unsealed FROM subscriber`, "name|url|unsealed\n"+portal.RegisterName+"||true")
	w.Want(t, `SELECT count(*) AS events FROM event e JOIN record r USING (seq) WHERE r.act = 'filing-submit' AND r.at >= '2026-10-22T09:30:00Z'`, "events\n2")
	if teller, _, err := (Exchange{}).open(t.Context(), w.DB.DB, portaltest.Origin, false); err != nil || teller != nil {
		t.Errorf("nobody is told and nobody fetches, and the work is done by %v, %v", teller, err)
	}
}

// The register knows one key. Where it is lost, a new one made in silence would have each
// event refused: nobody is served until somebody has decided.
func TestALostKeyOfTheExchangeIsNotMadeAnewInSilence(t *testing.T) {
	w, key := portaltest.World(t), filepath.Join(t.TempDir(), "exchange.key")
	server := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(to, `{"taken": %q}`, r.Header.Get(feed.HeaderID))
	}))
	defer server.Close()
	e := Exchange{EventsURL: server.URL, EventsKey: key}
	begin := func() (*feed.Worker, feed.Public, error) {
		return e.open(t.Context(), w.DB.DB, portaltest.Origin, true)
	}
	lose := func() []byte {
		t.Helper()
		kept, err := os.ReadFile(key)
		if err := errors.Join(err, os.Remove(key)); err != nil {
			t.Fatal(err)
		}
		return kept
	}

	if _, _, err := begin(); err != nil {
		t.Fatal(err)
	}
	lose() // nobody was told anything yet
	teller, first, err := begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := feed.Tell(t.Context(), w.DB.DB, w.At); err != nil {
		t.Fatal(err)
	}
	if n, err := teller.Send(t.Context()); err != nil || n == 0 {
		t.Fatalf("%d were taken, %v", n, err)
	}
	kept := lose()
	for _, address := range []string{server.URL, ""} { // the next start may have it again
		e.EventsURL = address
		if _, _, err := begin(); !errors.Is(err, errKeyLost) || !strings.Contains(err.Error(), key) {
			t.Errorf("told at %q: %v", address, err)
		}
	}
	e.EventsURL = server.URL
	if _, err := os.Stat(key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a key is there: %v", err)
	}
	if err := os.WriteFile(key, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, again, err := begin(); err != nil || again.String() != first.String() {
		t.Errorf("with its copy: %v", err)
	}
	// What the refusal says to run, where no copy is left, writes this: 32 bytes and a new line.
	made := make([]byte, 32)
	rand.Read(made)
	if err := os.WriteFile(key, []byte(base64.StdEncoding.EncodeToString(made)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, other, err := begin(); err != nil || other.String() == first.String() || other.IsZero() {
		t.Errorf("with a new one: %v", err)
	}
}
