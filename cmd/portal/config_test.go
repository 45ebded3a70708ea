package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"zharia/portal/egov"
	"zharia/portal/portaltest"
)

// The README shows the settings as the program knows them.
func TestTheReadmeHasTheTableOfSettings(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)<!-- settings -->\n(.*?)\n?<!-- /settings -->`).FindSubmatch(readme)
	if block == nil {
		t.Fatal("README.md has no <!-- settings --> … <!-- /settings -->")
	}
	if got, want := strings.TrimSpace(string(block[1])), strings.TrimSpace(settings()); got != want {
		t.Errorf("README.md has\n%s\nthe program has\n%s", got, want)
	}
}

// complete is an environment that serves.
func complete(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://localhost/portal")
	t.Setenv("PORTAL_ORIGIN", "https://zharia.example")
	t.Setenv("PORTAL_KEEPER", "unix:/run/zharia/keeper.sock")
	for _, name := range []string{"PORTAL_KEYS", "PORTAL_DIRECT_KEYS", "PORTAL_KEEPER_CERT", "PORTAL_KEEPER_KEY", "PORTAL_KEEPER_CA"} {
		t.Setenv(name, "")
	}
	t.Setenv("PORTAL_ANCHORS", "/etc/portal/anchors")
	t.Setenv("PORTAL_PINS", strings.Repeat("0f", 32))
	t.Setenv("PORTAL_LISTS", "/var/lib/portal/lists")
	t.Setenv("PORTAL_LOG_KEY", portaltest.LogKey)
	t.Setenv("PORTAL_ADDR", "")
	t.Setenv("PORTAL_AGENT", "")
	t.Setenv("PORTAL_EGOV_BIN", "123456789021")
	t.Setenv("PORTAL_EGOV_AUTH", "")
	t.Setenv("PORTAL_EGOV_REPLY", "")
}

func TestAMissingOrEmptySettingStopsTheStart(t *testing.T) {
	complete(t)
	c, err := readConfig()
	if err != nil {
		t.Fatal(err)
	}
	if c.Origin != "https://zharia.example" {
		t.Errorf("the origin is %q", c.Origin)
	}
	for _, name := range []string{"DATABASE_URL", "PORTAL_ORIGIN", "PORTAL_KEEPER", "PORTAL_ANCHORS", "PORTAL_PINS", "PORTAL_LISTS", "PORTAL_LOG_KEY", "PORTAL_EGOV_BIN"} {
		complete(t)
		t.Setenv(name, "")
		if _, err := readConfig(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("an empty %s: %v", name, err)
		}
		os.Unsetenv(name)
		if _, err := readConfig(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("no %s: %v", name, err)
		}
	}
}

// The origin is what people sign when they sign in: nothing but an https address
// of a site will do.
func TestAnOriginIsAnHTTPSAddressWithoutASlash(t *testing.T) {
	complete(t)
	for _, bad := range []string{"http://zharia.example", "zharia.example", "https://zharia.example/", "HTTPS://zharia.example", " https://zharia.example"} {
		t.Setenv("PORTAL_ORIGIN", bad)
		if c, err := readConfig(); err == nil {
			t.Errorf("%q is taken as %q", bad, c.Origin)
		}
	}
}

// A slip in what phones are told would be seen by people only.
func TestASettingOfPhonesThatNoApplicationKnowsStopsTheStart(t *testing.T) {
	for name, bad := range map[string]string{"PORTAL_EGOV_BIN": "12345", "PORTAL_EGOV_AUTH": "token", "PORTAL_EGOV_REPLY": "xml"} {
		complete(t)
		t.Setenv(name, bad)
		if _, err := readConfig(); err == nil || !strings.Contains(err.Error(), "PORTAL_EGOV_") {
			t.Errorf("%s=%s: %v", name, bad, err)
		}
	}
	complete(t)
	c, err := readConfig()
	if err != nil || c.egov() != (egov.Settings{BIN: "123456789021", Auth: egov.TokenAuth, Reply: egov.ReplyJSON}) {
		t.Errorf("%v %+v", err, c.egov())
	}
}

// A portal that opens everything by itself is for development, and says so.
func TestAPortalWithoutAKeeperIsToldToBeForDevelopment(t *testing.T) {
	for what, c := range map[string]struct {
		set map[string]string
		ok  bool
	}{
		"a keeper":                  {nil, true},
		"keys, said":                {map[string]string{"PORTAL_KEEPER": "", "PORTAL_KEYS": "vault.json", "PORTAL_DIRECT_KEYS": "development"}, true},
		"keys, not said":            {map[string]string{"PORTAL_KEEPER": "", "PORTAL_KEYS": "vault.json"}, false},
		"keys, said in other words": {map[string]string{"PORTAL_KEEPER": "", "PORTAL_KEYS": "vault.json", "PORTAL_DIRECT_KEYS": "yes"}, false},
		"both":                      {map[string]string{"PORTAL_KEYS": "vault.json"}, false},
		"both, said":                {map[string]string{"PORTAL_KEYS": "vault.json", "PORTAL_DIRECT_KEYS": "development"}, false},
		"a keeper, and the word":    {map[string]string{"PORTAL_DIRECT_KEYS": "development"}, false},
		"neither":                   {map[string]string{"PORTAL_KEEPER": ""}, false},
	} {
		complete(t)
		for name, value := range c.set {
			t.Setenv(name, value)
		}
		if _, err := readConfig(); (err == nil) != c.ok {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Over TCP both sides show certificates: one that cannot be read stops the start, and the
// setting is named.
func TestCertificatesForTheKeeperThatCannotBeReadStopTheStart(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.pem")
	for _, c := range []struct {
		ring Keyring
		says string
	}{
		{Keyring{Keeper: "tcp:127.0.0.1:1", Certificate: none, Key: none, Authority: none}, "PORTAL_KEEPER_CERT"},
		{Keyring{Keeper: "tcp:127.0.0.1:1"}, "certificates"},
		{Keyring{Keeper: "keeper.example:1"}, "not an address"},
	} {
		if _, _, err := c.ring.open(t.Context(), nil, io.Discard); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.ring, err)
		}
	}
}
