package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// settingsFile is one that PORTAL_SETTINGS names.
func settingsFile(t *testing.T, mode os.FileMode, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "zharia.conf")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PORTAL_SETTINGS", file)
	return file
}

// unset takes a setting out of the environment until the test ends.
func unset(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
}

func TestSettingsComeFromAFileAndTheEnvironmentCountsMore(t *testing.T) {
	complete(t)
	unset(t, "PORTAL_ORIGIN", "DATABASE_URL", "PORTAL_EGOV_BIN", "DATABASE_URL_FILE")
	t.Setenv("PORTAL_AGENT", "wss://127.0.0.1:1")
	settingsFile(t, 0o644, "# the site", "", "PORTAL_ORIGIN = https://from.example", "PORTAL_AGENT=wss://127.0.0.1:2", "  PORTAL_EGOV_BIN=123456789021",
		"DATABASE_URL_FILE="+secret(t, "host=/run/pg user=zharia password='a=b #c'", 0o600))
	if err := settle(); err != nil {
		t.Fatal(err)
	}
	c, err := readConfig()
	if err != nil {
		t.Fatal(err)
	}
	if c.Origin != "https://from.example" || c.Agent != "wss://127.0.0.1:1" || c.Database != "host=/run/pg user=zharia password='a=b #c'" {
		t.Errorf("%q %q %q", c.Origin, c.Agent, c.Database)
	}
}

func TestASlipInTheFileOfSettingsStopsTheStart(t *testing.T) {
	for what, c := range map[string]struct {
		mode  os.FileMode
		lines []string
		says  []string
	}{
		"all that is wrong, at once": {0o600, []string{"PORTAL_ORIGN=https://x", "PORTAL_ADDR", "PORTAL_ADDR=a", "PORTAL_ADDR=b", `PORTAL_AGENT="wss://x"`},
			[]string{`no setting is called "PORTAL_ORIGN"`, "line 2: NAME=value", "line 4: PORTAL_ADDR is set twice", "line 5: PORTAL_AGENT: quotation marks"}},
		"another file in the file":      {0o600, []string{"PORTAL_SETTINGS=/etc/x"}, []string{"PORTAL_SETTINGS"}},
		"a password anybody can read":   {0o644, []string{"DATABASE_URL=postgres://u:hunter2@h/d"}, []string{"DATABASE_URL is a secret"}},
		"a file that others can change": {0o666, []string{"PORTAL_ADDR=:1"}, []string{"others can write it"}},
		"a line that could be one":      {0o600, []string{"hunter2"}, []string{"line 1"}},
	} {
		t.Run(what, func(t *testing.T) {
			unset(t, "DATABASE_URL", "PORTAL_ADDR", "PORTAL_AGENT")
			settingsFile(t, c.mode, c.lines...)
			err := settle()
			if err == nil {
				t.Fatal("it is taken")
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("it does not say %q: %v", says, err)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("it tells the password: %v", err)
			}
		})
	}
	t.Setenv("PORTAL_SETTINGS", filepath.Join(t.TempDir(), "none"))
	if settle() == nil {
		t.Error("a file that is not there is taken")
	}
}

func TestASecretStandsInOnePlaceWhereNobodyElseReadsIt(t *testing.T) {
	unset(t, "PORTAL_SETTINGS", "DATABASE_URL")
	t.Setenv("DATABASE_URL_FILE", secret(t, "x", 0o644))
	if err := settle(); err == nil || !strings.Contains(err.Error(), "DATABASE_URL_FILE") {
		t.Errorf("a file that others read: %v", err)
	}
	t.Setenv("DATABASE_URL_FILE", secret(t, "x", 0o400))
	t.Setenv("DATABASE_URL", "y")
	if err := settle(); err == nil || !strings.Contains(err.Error(), "both set") {
		t.Errorf("in both places: %v", err)
	}
}

// Since version 254 systemd lets a user at his credential by an ACL, whose mask stands where
// the rights of the group do.
func TestACredentialIsTakenAsSystemdGivesIt(t *testing.T) {
	unset(t, "PORTAL_SETTINGS")
	for _, c := range []struct {
		mode  os.FileMode
		given bool // by systemd
		taken bool
	}{{0o440, true, true}, {0o400, true, true}, {0o440, false, false}, {0o444, true, false}, {0o460, true, false}} {
		unset(t, "DATABASE_URL", "CREDENTIALS_DIRECTORY")
		file := secret(t, "x", 0o600)
		if err := os.Chmod(file, c.mode); err != nil {
			t.Fatal(err)
		}
		t.Setenv("DATABASE_URL_FILE", file)
		if c.given {
			t.Setenv("CREDENTIALS_DIRECTORY", filepath.Dir(file)+"/")
		}
		if err := settle(); (err == nil) != c.taken {
			t.Errorf("%o, of systemd %t: %v", c.mode, c.given, err)
		}
	}
}

// Whoever installs the portal is told everything at once.
func TestEverythingThatIsWrongWithTheSettingsIsSaidAtOnce(t *testing.T) {
	complete(t)
	for name, value := range map[string]string{
		"DATABASE_URL": "", "PORTAL_ORIGIN": "http://zharia.example", "PORTAL_PINS": "zz", "PORTAL_LOG_KEY": "none", "PORTAL_WITNESSES": "here", "PORTAL_KEEPER": "",
		"PORTAL_EGOV_BIN": "1", "PORTAL_TLS_CERT": "/nowhere", "PORTAL_PLAIN_ADDR": "", "PORTAL_PROXIES": "0.0.0.0/0", "PORTAL_LOG": "xml", "PORTAL_CLAMD": "tcp",
	} {
		t.Setenv(name, value)
	}
	_, err := readConfig()
	if err == nil {
		t.Fatal("it serves")
	}
	for _, name := range []string{"DATABASE_URL", "PORTAL_ORIGIN", "PORTAL_PINS", "PORTAL_LOG_KEY", "PORTAL_WITNESSES", "PORTAL_KEEPER", "PORTAL_EGOV_", "PORTAL_TLS_KEY", "PORTAL_PROXIES", "PORTAL_LOG ", "PORTAL_CLAMD"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

func TestTheFrontsThatAreBelievedAreNamedOrOnThisMachine(t *testing.T) {
	for _, c := range []struct {
		front Front
		want  string
	}{
		{Front{}, "[127.0.0.0/8 ::1/128]"},
		{Front{TLSCert: "x"}, "[]"},
		{Front{Proxies: []string{"none"}}, "[]"},
		{Front{TLSCert: "x", Proxies: []string{"10.1.0.0/24", "192.0.2.7", "2001:db8::/48"}}, "[10.1.0.0/24 192.0.2.7/32 2001:db8::/48]"},
	} {
		got, err := c.front.proxies()
		var said []string
		for _, p := range got {
			said = append(said, p.String())
		}
		if err != nil || "["+strings.Join(said, " ")+"]" != c.want || got == nil {
			t.Errorf("%+v: %v %v", c.front, got, err)
		}
	}
	for _, bad := range []string{"::/0", "10.1.0.0/33", "front.example", ""} {
		if _, err := (Front{Proxies: []string{bad}}).proxies(); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
