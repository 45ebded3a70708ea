package main_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"zharia/portal/cast"
	"zharia/portal/eds/key"
)

// binary builds the program once for a test.
func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "portal")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// free is an address nobody has.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// demoRun is a running demonstration.
type demoRun struct {
	cmd  *exec.Cmd
	errs *strings.Builder
}

// startDemo starts the demonstration and waits for its ready line.
func startDemo(t *testing.T, path, state, addr, agent string) demoRun {
	t.Helper()
	run := demoRun{exec.Command(path, "demo", "-state", state, "-addr", addr, "-agent-addr", agent), new(strings.Builder)}
	run.cmd.Stderr = run.errs
	out, err := run.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.cmd.Process.Kill() })
	ready := make(chan string, 1)
	go func() { line, _ := bufio.NewReader(out).ReadString('\n'); ready <- line }()
	select {
	case line := <-ready:
		if want := "ready http://" + addr + "/kk/\n"; line != want {
			t.Fatalf("said %q, not %q\n%s", line, want, run.errs)
		}
	case <-time.After(60 * time.Second):
		t.Fatalf("not ready in a minute\n%s", run.errs)
	}
	return run
}

// end presses Ctrl-C and waits for a clean end.
func (run demoRun) end(t *testing.T) {
	t.Helper()
	run.cmd.Process.Signal(os.Interrupt)
	done := make(chan error, 1)
	go func() { done <- run.cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("did not end cleanly: %v\n%s", err, run.errs)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("did not end")
	}
}

func TestTheDemonstrationStartsEndsAndStartsAgainWithWhatItHeld(t *testing.T) {
	path, state := binary(t), t.TempDir()
	addr, agent := free(t), free(t)
	run := startDemo(t, path, state, addr, agent)

	for _, lang := range []string{"kk", "ru"} {
		answer, err := http.Get("http://" + addr + "/" + lang + "/")
		if err != nil {
			t.Fatal(err)
		}
		page, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != 200 || !strings.Contains(string(page), fmt.Sprintf(`<html lang="%s">`, lang)) {
			t.Errorf("/%s/: %d", lang, answer.StatusCode)
		}
	}

	// Another one on the same ports says so plainly and touches nothing.
	second := exec.Command(path, "demo", "-state", t.TempDir(), "-addr", addr, "-agent-addr", free(t))
	out, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "cannot listen on "+addr) {
		t.Errorf("a taken port: %v\n%s", err, out)
	}

	acts := head(t, path, state)
	run.end(t)
	again := startDemo(t, path, state, addr, agent)
	if now := head(t, path, state); now != acts {
		t.Errorf("the record of acts was %q and is %q", acts, now)
	}
	again.end(t)

	// The keys without which nothing opens again are not made anew beside a
	// database that has texts.
	if err := os.RemoveAll(filepath.Join(state, "keeper")); err != nil {
		t.Fatal(err)
	}
	lost := exec.Command(path, "demo", "-state", state, "-addr", addr, "-agent-addr", agent)
	if out, err := lost.CombinedOutput(); err == nil || !strings.Contains(string(out), "bring the file back") {
		t.Errorf("lost keys: %v\n%s", err, out)
	}
}

// head is what the program says of the record of acts in the database that runs.
func head(t *testing.T, path, state string) string {
	t.Helper()
	// PostgreSQL writes the folder of its socket into the fifth line.
	pid, err := os.ReadFile(filepath.Join(state, "pg", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	socket := strings.Split(string(pid), "\n")[4]
	cmd := exec.Command(path, "ledger")
	cmd.Env = append(os.Environ(), "DATABASE_URL=host='"+socket+"' user=portal dbname=portal sslmode=disable")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("ledger: %v\n%s", err, out)
	}
	whole := regexp.MustCompile(`\d+ acts, whole; root [^;]+`).Find(out) // how long it took differs
	if whole == nil {
		t.Fatalf("ledger: %s", out)
	}
	return string(whole)
}

// visitor is somebody of the cast with a browser, at a demonstration that runs.
type visitor struct {
	*http.Client
	t    *testing.T
	base string
}

func (v *visitor) page(path string) (int, string) {
	v.t.Helper()
	answer, err := v.Get(v.base + path)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// enter signs in with a key of the cast, as NCALayer would have him do.
func enter(t *testing.T, base string, k *key.Key) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{&http.Client{Jar: jar, Timeout: 30 * time.Second}, t, base}
	_, page := v.page("/kk/signin")
	found := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("no %s on the page where one signs in: %s", pattern, page)
		}
		return html.UnescapeString(m[1])
	}
	challenge, err := base64.StdEncoding.DecodeString(found(`data-content="([^"]+)"`))
	if err != nil {
		t.Fatal(err)
	}
	cms, err := k.SignCMS(challenge, true, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"signature": {base64.StdEncoding.EncodeToString(cms)}, "challenge": {found(`name="challenge" value="([^"]*)"`)}}
	send, err := http.NewRequest(http.MethodPost, base+found(`<form id="sign" method="post" action="([^"]+)"`), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	send.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	send.Header.Set("Origin", base)
	answer, err := v.Do(send)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK || strings.Contains(string(text), `action="/kk/signin"`) {
		t.Fatalf("signing in: %d\n%s", answer.StatusCode, text)
	}
	return v
}

// In the demonstration texts open through a real keeper: people find their cases, others
// do not, and so it is when it is started again, with papers the keeper must be shown anew.
func TestThePeopleOfTheDemonstrationReadTheirCasesThroughTheKeeper(t *testing.T) {
	path, state := binary(t), t.TempDir()
	addr, agent := free(t), free(t)
	base := "http://" + addr
	read := func() {
		t.Helper()
		troupe, err := cast.Keys(filepath.Join(state, "cast"), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		_, list := enter(t, base, troupe.Members["serik"].Key).page("/kk/cases")
		theft := regexp.MustCompile(`/kk/cases/[0-9a-f-]{36}`).FindString(list)
		if theft == "" {
			t.Fatalf("Serik has no case: %s", list)
		}
		for word, want := range map[string]int{"aigul": 200, "serik": 200, "dana": 200, "daniyar": 200, "zhanar": 200, "marat": 200, "gulnar": 200, "timur": 404, "nurlan": 404} {
			v := enter(t, base, troupe.Members[word].Key)
			for _, page := range []string{theft, theft + "/openings"} {
				if status, text := v.page(page); status != want {
					t.Errorf("%s at %s: %d, want %d\n%.2000s", word, page, status, want, text)
				}
			}
		}
		for word, page := range map[string]string{"aigul": "/kk/cases", "daniyar": "/kk/desk", "zhanar": "/kk/oversight", "marat": "/kk/unit", "bolat": "/kk/directory"} {
			if status, text := enter(t, base, troupe.Members[word].Key).page(page); status != 200 {
				t.Errorf("%s at %s: %d\n%.2000s", word, page, status, text)
			}
		}
	}
	run := startDemo(t, path, state, addr, agent)
	read()
	run.end(t)
	if said := run.errs.String(); !strings.Contains(said, "\x1b[1;31mThe keeper of the demonstration") {
		t.Errorf("it does not say in red what its keeper is: %s", said)
	}
	if info, err := os.Stat(filepath.Join(state, "keys", "passphrase")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the passphrase: %v, %v", info, err)
	}
	again := startDemo(t, path, state, addr, agent)
	read()
	again.end(t)
}
