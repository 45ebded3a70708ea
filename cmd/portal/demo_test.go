package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
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
	if err := os.Remove(filepath.Join(state, "keys", "vault.json")); err != nil {
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
