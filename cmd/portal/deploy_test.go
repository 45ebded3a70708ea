package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	settingWord = regexp.MustCompile(`\b((?:PORTAL|DATABASE)_[A-Z_]+)\b`)
	called      = regexp.MustCompile(`(?m)(?:^ExecStart=.*?/usr/bin/zharia |command: \[|zharia )([a-z]+)(?:[\s\],]|$)`)
	flagWord    = regexp.MustCompile(`(?m)(?:^ExecStart=/usr/bin/zharia|command: \[)[^\n]*`)
)

// What stands in the files for an installation is known to the program: a setting that is
// called otherwise would be found by whoever installs it, at night.
func TestTheFilesOfAnInstallationNameWhatTheProgramKnows(t *testing.T) {
	known, named := knownSettings(), 0
	var verbs []string
	for _, c := range commands {
		verbs = append(verbs, c.name)
	}
	keeperFlags, err := os.ReadFile("keeper.go")
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("deploy", func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range settingWord.FindAllStringSubmatch(string(text), -1) {
			named++
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s: no setting is called %s", path, m[1])
			}
		}
		if strings.HasSuffix(path, ".sql") {
			return nil
		}
		for _, m := range called.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(m[0], "command") && m[1] == "postgres" {
				continue
			}
			if !slices.Contains(verbs, m[1]) {
				t.Errorf("%s: no command is called %s", path, m[1])
			}
		}
		for _, line := range flagWord.FindAllString(string(text), -1) {
			if !strings.Contains(line, "keeper") {
				continue
			}
			for _, word := range regexp.MustCompile(` -([a-z]+)`).FindAllStringSubmatch(line, -1) {
				if !strings.Contains(string(keeperFlags), `"`+word[1]+`"`) {
					t.Errorf("%s: the keeper knows no -%s", path, word[1])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if named < 30 {
		t.Errorf("only %d settings are named: nothing was read", named)
	}
}

// The settings that are installed are read, and with those of the unit lack nothing that the
// portal cannot do without.
func TestTheSettingsOfAnInstallationLackNothing(t *testing.T) {
	unit, err := os.ReadFile("deploy/systemd/zharia@.service")
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"deploy/systemd/zharia.conf", "deploy/ha/portal.conf"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		read, err := readSettings(settingsFile(t, 0o644, string(text)))
		if err != nil {
			t.Error(err)
		}
		for _, field := range reflect.VisibleFields(reflect.TypeFor[config]()) {
			name, options, _ := strings.Cut(field.Tag.Get("env"), ",")
			_, set := read[name]
			if strings.Contains(options, "required") && !set && !strings.Contains(string(unit), "\nEnvironment="+name) {
				t.Errorf("%s has no %s", from, name)
			}
		}
		if key := (Keyring{Keeper: read["PORTAL_KEEPER"], Keys: read["PORTAL_KEYS"], Direct: read["PORTAL_DIRECT_KEYS"]}); key.check() != nil {
			t.Errorf("%s: %v", from, key.check())
		}
	}
}

// Whoever installs by the guide is told to keep copies of these: a file that no setting names
// is never made.
func TestTheKeysThatTheGuideHasCopiedAreMade(t *testing.T) {
	guide, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`/var/lib/zharia/[a-z]+\.keys?\b`).FindAllString(string(guide), -1)
	if len(named) < 3 {
		t.Errorf("%v: nothing was read", named)
	}
	for _, from := range []string{"deploy/systemd/zharia.conf", "deploy/ha/portal.conf"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range named {
			if !strings.Contains(string(text), "="+file+"\n") {
				t.Errorf("%s: no setting names %s", from, file)
			}
		}
	}
}

// A container sees what is its own: the folder beside compose.yaml has the passwords of all.
func TestAContainerReadsItsOwnSecretsAlone(t *testing.T) {
	compose, err := os.ReadFile("deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile("deploy/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	mounts := regexp.MustCompile(`"(\.[^":]*):`).FindAllStringSubmatch(string(compose), -1)
	for _, m := range mounts {
		if !slices.Contains([]string{"./zharia.conf", "./anchors", "./register.cer", "./tls", "./database.sql"}, m[1]) {
			t.Errorf("%s comes into a container", m[1])
		}
	}
	users := regexp.MustCompile(`\n    user: "(\d+):`).FindAllStringSubmatch(string(compose), -1)
	seen := map[string]bool{}
	for _, m := range users {
		if seen[m[1]] || !strings.Contains(string(image), m[1]+":zharia") {
			t.Errorf("%s is the user of two, or of nobody in the image", m[1])
		}
		seen[m[1]] = true
	}
	if len(mounts) < 8 || len(users) != 5 {
		t.Errorf("%d mounts and %d users: nothing was read", len(mounts), len(users))
	}
}

// Every service is closed alike, and systemd understands all of it.
func TestTheUnitsAreClosedAndSystemdTakesThem(t *testing.T) {
	units, err := filepath.Glob("deploy/systemd/*.service")
	if err != nil || len(units) < 5 {
		t.Fatalf("%v %v", units, err)
	}
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "MemoryDenyWriteExecute=yes", "LimitCORE=0", "SystemCallFilter=@system-service", "PrivateTmp=yes"} {
			if !strings.Contains(string(text), "\n"+line+"\n") {
				t.Errorf("%s lacks %s", unit, line)
			}
		}
		if user := regexp.MustCompile(`(?m)^User=zharia`).Find(text); user == nil {
			t.Errorf("%s runs as root", unit)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Logf("systemd did not read them: %v", err)
		return
	}
	dir := t.TempDir()
	var copied []string
	all, err := filepath.Glob("deploy/systemd/zharia*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, unit := range all {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(unit)
		if !slices.Contains([]string{".service", ".socket", ".timer"}, filepath.Ext(name)) {
			continue
		}
		program, err := exec.LookPath("true") // it asks whether the program is there
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(string(text), "/usr/bin/zharia", program)), 0o644); err != nil {
			t.Fatal(err)
		}
		copied = append(copied, filepath.Join(dir, strings.Replace(name, "@.", "@1.", 1)))
	}
	cmd := exec.CommandContext(t.Context(), analyze, append([]string{"verify", "--man=no"}, copied...)...)
	cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// A unit that starts again for ever is not given up after five quick starts: with it its
// sockets would fail, and nobody come. A child that takes too much memory is killed alone.
func TestNoUnitThatGoesOnForEverIsGivenUp(t *testing.T) {
	units, err := filepath.Glob("deploy/systemd/zharia*")
	if err != nil {
		t.Fatal(err)
	}
	daemons := 0
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, _ := strings.Cut(string(text), "\n\n")
		socket := filepath.Ext(unit) == ".socket"
		daemon := strings.Contains(rest, "\nRestart=always\n")
		if daemon {
			daemons++
		}
		if (socket || daemon) && (!strings.Contains(head, "[Unit]\n") || !strings.Contains(head+"\n", "\nStartLimitIntervalSec=0\n")) {
			t.Errorf("%s is given up after some starts", unit)
		}
		if strings.Contains(rest, "zharia serve\n") && !strings.Contains(rest, "\nOOMPolicy=continue\n") {
			t.Errorf("%s ends with a child that was killed for its memory", unit)
		}
	}
	if daemons != 3 {
		t.Errorf("%d daemons: nothing was read", daemons)
	}
}

// Whoever installs from README enables each timer and gives each unit its secret: one that is
// not named there runs on no machine.
func TestTheInstallationNamesEachTimerAndEachSecretOfTheUnits(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	logins, err := os.ReadFile("deploy/database.sql")
	if err != nil {
		t.Fatal(err)
	}
	units, err := filepath.Glob("deploy/systemd/*")
	if err != nil {
		t.Fatal(err)
	}
	timers := 0
	for _, unit := range units {
		name := filepath.Base(unit)
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(name) == ".timer" {
			timers++
			if !strings.Contains(string(readme), name) {
				t.Errorf("README enables no %s", name)
			}
			if _, err := os.Stat(strings.TrimSuffix(unit, ".timer") + ".service"); err != nil {
				t.Errorf("%s starts nothing: %v", name, err)
			}
		}
		for _, secret := range regexp.MustCompile(`/etc/zharia/secret/([a-z-]+)`).FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(readme), secret[1]) {
				t.Errorf("%s: README makes no %s", name, secret[1])
			}
			if of, kind, _ := strings.Cut(secret[1], "-"); kind == "database" && !strings.Contains(string(logins), "zharia_"+of) {
				t.Errorf("%s: database.sql makes no zharia_%s", name, of)
			}
		}
	}
	if timers < 2 {
		t.Errorf("%d timers", timers)
	}
	// A base is nothing without the log after it, and that has a folder.
	tmpfiles, err := os.ReadFile("deploy/systemd/zharia.tmpfiles")
	if err != nil || !strings.Contains(string(tmpfiles), "/var/lib/zharia-wal ") || !strings.Contains(string(readme), "zharia archive /var/lib/zharia-wal ") {
		t.Errorf("the archive of the log has no folder: %v", err)
	}
}
