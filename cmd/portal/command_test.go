package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zharia/portal"
	"zharia/portal/eds/authority"
	"zharia/portal/policy"
)

// call runs the program with an environment of its own and answers what it said
// and its exit code.
func call(t *testing.T, path string, args ...string) (out, errs string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), code
}

// signed are the files of a signature made now by a key of an authority of the
// test's own.
func signed(t *testing.T) (trust, sig, content string) {
	t.Helper()
	now, dir := time.Now().UTC().Truncate(time.Second), t.TempDir()
	a, err := authority.New("TEST", now.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	k, err := a.Issue(authority.Person{IIN: "870412499015", CommonName: "ОСПАНОВА АЙГҮЛ", Surname: "ОСПАНОВА", From: now.AddDate(0, -1, 0), To: now.AddDate(0, 1, 0)})
	if err != nil {
		t.Fatal(err)
	}
	cms, err := k.SignCMS([]byte("a text"), false, now)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b, 0o644)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	trust = filepath.Dir(write("trust/root.cer", a.Root()))
	write("trust/issuer.cer", a.Issuer())
	return trust, write("text.cms", cms), write("text", []byte("a text"))
}

// The exit code is for scripts: 0 a valid signature, 1 one that is not, 2 a call
// that cannot be understood.
func TestTheProgramAnswersWithItsExitCode(t *testing.T) {
	path := binary(t)
	trust, sig, content := signed(t)
	for _, c := range []struct {
		want int
		args []string
	}{
		{0, []string{"eds", "verify", "-trust", trust, "-content", content, sig}},
		{1, []string{"eds", "verify", "-content", content, sig}}, // nobody is trusted
		{1, []string{"eds", "verify", "-trust", trust, "-content", sig, sig}},
		{1, []string{"eds", "verify", "-trust", trust, "-content", content, "-at", "2001-01-01T00:00:00Z", sig}},
		{1, []string{"eds", "verify", "-trust", trust, sig}}, // detached, and nothing beside it
		{1, []string{"eds", "verify", "-trust", trust, content}},
		{2, []string{"eds"}},
		{2, []string{"eds", "sign", sig}},
		{2, []string{"eds", "verify"}},
		{2, []string{"eds", "verify", sig, sig}},
		{2, []string{"eds", "verify", "-trusted", trust, sig}},
		{2, []string{"eds", "verify", "-at", "yesterday", sig}},
		{2, []string{"eds", "verify", "-trust", filepath.Join(trust, "nowhere"), sig}},
		{2, []string{"eds", "verify", "-trust", trust, filepath.Join(trust, "nowhere")}},
		{2, nil},
		{2, []string{"help-me"}},
		{2, []string{"demo", "-nothing"}},
		{2, []string{"demo", "more"}},
		{2, []string{"agent", "-nothing"}},
		{2, []string{"migrate"}}, // no DATABASE_URL
		{2, []string{"ledger"}},
		{2, []string{"backup"}},
		{2, []string{"backup", "copy"}}, // no DATABASE_URL
		{2, []string{"backup", "copy", "more"}},
		{2, []string{"restore"}},
		{2, []string{"restore", "copy", "-no-witness"}}, // no database
		{2, []string{"restore", "copy", "-database", "x"}},
		{2, []string{"restore", "copy", "more", "-no-witness", "-database", "x"}},
		{2, []string{"restore", "copy", "-database", "x", "-witness", filepath.Join(trust, "nowhere")}},
		{1, []string{"restore", filepath.Join(trust, "nowhere"), "-no-witness", "-database", "x"}},
		{2, []string{"serve", "-addr", "x"}},
		{2, []string{"officer"}},
		{2, []string{"officer", "-iin", "12", "-name", "A B", "-body", "C D", "-body-ru", "E F"}},
		{2, []string{"officer", "-iin", "811111399014", "-name", "A B", "-body", "C D", "-body-ru", "E F"}}, // no DATABASE_URL
		{2, []string{"officer", "-iin", "811111399014", "more"}},
		{1, []string{"serve"}}, // no settings
		{0, []string{"routes"}},
		{0, []string{"policy"}},
		{0, []string{"policy", "-lang", "ru"}},
		{2, []string{"policy", "-lang", "fr"}},
		{2, []string{"policy", "kk"}},
		{0, []string{"filing", "routes"}},
		{0, []string{"filing", "routes", "-lang", "ru"}},
		{0, []string{"filing", "moves"}},
		{2, []string{"filing"}},
		{2, []string{"filing", "ways"}},
		{2, []string{"filing", "routes", "-lang", "en"}},
		{2, []string{"filing", "routes", "more"}},
		{0, []string{"term", "-list"}},
		{0, []string{"term", "petition", "2026-10-22T14:30:00+05:00"}},
		{0, []string{"term", "complaint_court/hearing", "2026-10-22T14:30:00Z"}},
		{2, []string{"term"}},
		{2, []string{"term", "-all"}},
		{2, []string{"term", "-list", "petition"}},
		{2, []string{"term", "petition"}},
		{2, []string{"term", "petition", "2026-10-22"}},
		{2, []string{"term", "petition", "2026-02-30T10:00:00+05:00"}},
		{2, []string{"term", "petition", "2014-12-31T10:00:00+05:00"}},
		{2, []string{"term", "petition", "2100-01-01T10:00:00+05:00"}},
		{2, []string{"term", "withdrawal", "2026-10-22T14:30:00+05:00"}},
		{2, []string{"term", "petition", "2026-10-22T14:30:00+05:00", "more"}},
		{2, []string{"calendar"}},
		{2, []string{"calendar", "list"}}, // no DATABASE_URL
		{2, []string{"calendar", "set", "2026-11-12", "off", "-source", "Decree 100"}},
		{2, []string{"calendar", "set", "2026-11-31", "off", "-source", "Decree 100"}},
		{2, []string{"calendar", "set", "2026-11-12", "maybe", "-source", "Decree 100"}},
		{2, []string{"calendar", "set", "2026-11-12", "off"}},
		{2, []string{"calendar", "set", "2026-11-12", "off", "-source", "Decree 100", "-why", "rain"}},
	} {
		out, errs, got := call(t, path, c.args...)
		if got != c.want {
			t.Errorf("portal %s: %d, want %d\n%s%s", strings.Join(c.args, " "), got, c.want, out, errs)
		}
		if got != 0 && errs == "" && !strings.HasPrefix(out, "{") {
			t.Errorf("portal %s: says nothing of what is wrong", strings.Join(c.args, " "))
		}
	}
	out, _, _ := call(t, path, "eds", "verify", "-trust", trust, "-content", content, sig)
	var verdict struct {
		Valid   bool
		Signers []struct{ IIN, Role string }
	}
	if err := json.Unmarshal([]byte(out), &verdict); err != nil || !verdict.Valid || len(verdict.Signers) != 1 || verdict.Signers[0].IIN != "870412499015" {
		t.Errorf("the verdict: %v\n%s", err, out)
	}

	routes, _, _ := call(t, path, "routes")
	for _, r := range portal.Routes() {
		rule, _ := policy.RuleOf(r.Act)
		found := false
		for line := range strings.Lines(routes) {
			words := strings.Fields(line)
			found = found || len(words) > 3 && words[0] == r.Method && words[1] == r.Path && words[2] == string(r.Act) &&
				strings.HasSuffix(strings.TrimSpace(line), strings.TrimSpace(rule.By.String()))
		}
		if !found {
			t.Errorf("%s %s is not printed with its act and its article", r.Method, r.Path)
		}
	}
	if lines := strings.Count(routes, "\n"); lines != len(portal.Routes())+1 {
		t.Errorf("%d lines are printed for %d addresses", lines, len(portal.Routes()))
	}
	table, _, _ := call(t, path, "policy", "-lang", "en")
	for _, kind := range policy.Kinds {
		if !strings.Contains(table, "– "+strings.ReplaceAll(string(kind), "-", " ")+" (CPC ") {
			t.Errorf("the matrix that is printed lacks %s", kind)
		}
	}
}

// What a command says at its end stands in the journal. A password that does not fit into
// an address makes the address unreadable, and the library says so with the whole of it.
func TestAPasswordStaysOutOfWhatIsSaidOfAnAddress(t *testing.T) {
	path := binary(t)
	for _, dsn := range []string{"postgres://zharia:s3cret/x@127.0.0.1:1/zharia", "host=127.0.0.1 port=1 password=s3cret sslmode=nonsense"} {
		for _, call := range []string{"migrate", "ledger verify"} {
			if said, err := saysOver(t, path, dsn, strings.Fields(call)...); err == nil || said == "" || strings.Contains(said, "s3cret") {
				t.Errorf("%s over %s says %s, %v", call, dsn, said, err)
			}
		}
	}
}

// Who mistypes a flag is shown all of them, each with its default.
func TestAPasswordStaysOutOfWhatIsSaidOfFlags(t *testing.T) {
	path := binary(t)
	for _, call := range []string{
		"demo", "serve", "migrate", "auditor", "backup", "restore", "agent", "import", "register", "officer", "sessions end", "policy", "term", "calendar set",
		"receipt verify", "receipt page", "keeper init", "keeper run", "keeper unseal", "keeper status", "reseal", "ledger verify",
	} {
		said, err := saysOver(t, path, "postgres://zharia:s3cret@127.0.0.1:1/zharia", append(strings.Fields(call), "-nosuch")...)
		if err == nil || said == "" || strings.Contains(said, "s3cret") {
			t.Errorf("%s -nosuch says %s, %v", call, said, err)
		}
	}
}

// saysOver is all that a call says, over that database and no other settings.
func saysOver(t *testing.T, path, dsn string, args ...string) (string, error) {
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	for _, name := range []string{"DATABASE_URL", "PORTAL_MIGRATE_DATABASE", "PORTAL_BACKUP_DATABASE", "PORTAL_ROTATE_DATABASE"} {
		cmd.Env = append(cmd.Env, name+"="+dsn)
	}
	said, err := cmd.CombinedOutput()
	return string(said), err
}
