package main

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
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
