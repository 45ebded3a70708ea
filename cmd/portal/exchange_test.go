package main

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"

	"zharia/portal/portaltest"
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
