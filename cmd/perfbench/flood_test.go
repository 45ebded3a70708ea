package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
)

func TestAShortFloodOfARealPortalIsRefusedForItsSignatures(t *testing.T) {
	var out bytes.Buffer
	if err := flood(t.Context(), &out, 40, 2*time.Second); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, said := range []string{"  " + answerRefused, "health during: 100 answers", "MiB at the end"} {
		if !strings.Contains(out.String(), said) {
			t.Errorf("nothing about %q", said)
		}
	}
	t.Log("\n" + out.String())
}

func TestAFloodThatIsInterruptedEndsThePortalAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	start := time.Now()
	if err := flood(ctx, io.Discard, 20, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("interrupted: %v", err)
	}
	if took := time.Since(start); took > 40*time.Second {
		t.Errorf("it ended after %s", took)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s is left", entry.Name())
	}
}

// The forgery must be one that nothing but the arithmetic finds out.
func TestAForgedSignatureIsRightButForOneBitOfItsValue(t *testing.T) {
	now := time.Now()
	a, err := authority.New("PERFBENCH", now.Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	k, err := a.Issue(authority.Person{IIN: iin(0), CommonName: "PERFBENCH", Surname: "PERFBENCH"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := eds.NewVerifier(a.Root(), a.Issuer())
	if err != nil {
		t.Fatal(err)
	}
	signed := []byte("zharia/sign-in/1\n")
	for range 20 {
		cms, err := k.SignCMS(signed, true, now)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.SignIn(t.Context(), cms, signed, now); err != nil {
			t.Fatalf("before it is forged: %v", err)
		}
		var refusal *eds.Refusal
		if _, err := v.SignIn(t.Context(), forged(cms), signed, now); !errors.As(err, &refusal) || refusal.Reason != eds.SignatureWrong {
			t.Fatalf("forged: %v", err)
		}
	}
}

// fake is a portal that answers sign-ins in one way.
func fake(t *testing.T, status int, body string) string {
	var challenges atomic.Int64
	page := func() string {
		n := challenges.Add(1)
		return fmt.Sprintf(`<form data-content="%s"><input type="hidden" name="challenge" value="%d">`,
			base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "challenge %d", n)), n)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /kk/signin", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, page()) })
	mux.HandleFunc("POST /kk/session", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("signature") == "" || r.FormValue("challenge") == "" {
			t.Error("nothing is posted")
		}
		w.WriteHeader(status)
		io.WriteString(w, body+page())
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestEveryAnswerToAForgedSignatureButItsRefusalIsAFailure(t *testing.T) {
	refusal, err := sentence("fault.eds.signature-wrong")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status       int
		body, answer string
		right        bool
	}{
		{http.StatusUnprocessableEntity, refusal, answerRefused, true},
		{http.StatusSeeOther, "", answerLetIn, false},
		{http.StatusOK, refusal, answerLetIn, false},
		{http.StatusUnprocessableEntity, "something else", "status 422 for another reason", false},
		{http.StatusTooManyRequests, refusal, "status 429", false},
		{http.StatusInternalServerError, "", "status 500", false},
		{http.StatusServiceUnavailable, "", answerBusy, false}, // for nothing was refused as wrong
	} {
		fs, err := newForgers(t.Context(), fake(t, c.status, c.body), 4)
		if err != nil {
			t.Fatal(err)
		}
		got := fs.flood(t.Context(), 50, 200*time.Millisecond)
		if got.answers[c.answer] == 0 || got.answers[c.answer] != got.sent() || got.sent()+got.held != 10 {
			t.Errorf("%d %.20q: %v", c.status, c.body, got)
		}
		if err := got.wrong(); (err == nil) != c.right || err != nil && !errors.Is(err, errWrong) {
			t.Errorf("%d %.20q: %v", c.status, c.body, err)
		}
	}
}

func TestForgersComeFromAddressesOfTheirOwn(t *testing.T) {
	seen := make(chan string, 3)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		address, _, _ := strings.Cut(r.RemoteAddr, ":")
		seen <- address
	}))
	defer server.Close()
	for i, want := range map[int]string{0: "127.1.0.1", 249: "127.1.0.250", 999: "127.1.3.250"} {
		answer, err := browser(i).Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if got := <-seen; got != want {
			t.Errorf("forger %d comes from %s, not %s", i, got, want)
		}
	}
}

func TestAPortalThatDoesNotSayHowItIsIsAFailure(t *testing.T) {
	for status, right := range map[int]bool{http.StatusOK: true, http.StatusServiceUnavailable: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		h := newWatchman(server.URL).watch(t.Context(), 100*time.Millisecond)
		server.Close()
		if err := h.wrong(); (err == nil) != right {
			t.Errorf("%d: %v", status, err)
		}
		if right && len(h.took) != 5 {
			t.Errorf("asked %d times in 100 ms", len(h.took))
		}
	}
	if (health{}).wrong() == nil {
		t.Error("nobody asked, and that is good")
	}
}

func TestAnAnswerCountsFromWhenTheQuestionWasDue(t *testing.T) {
	var h health
	for i := range 100 {
		h.took = append(h.took, time.Duration(i+1)*time.Millisecond)
	}
	if h.quantile(0.5) != 50*time.Millisecond || h.quantile(0.99) != 99*time.Millisecond || h.quantile(1) != 100*time.Millisecond || (health{}).quantile(0.5) != 0 {
		t.Errorf("%s", h)
	}
	var late []time.Duration
	for due := range beats(t.Context(), 10*time.Millisecond, 50*time.Millisecond) {
		late = append(late, time.Since(due))
		if len(late) == 1 {
			time.Sleep(30 * time.Millisecond) // the others do not wait for it
		}
	}
	if len(late) != 5 || late[1] < 15*time.Millisecond {
		t.Errorf("late by %v", late)
	}
}

func TestWhatLinuxTellsOfAProcessIsRead(t *testing.T) {
	status := "Name:\tportal\nVmHWM:\t  999 kB\nVmRSS:\t    2048 kB\nThreads:\t9\n"
	stat := "7 (a (strange) name) S 1 2 3 4 5 6 7 8 9 10 150 50 13 14 15"
	g := parseGauge(status, stat)
	if g.memory() != "2.0 MiB" || g.spent != 2*time.Second {
		t.Errorf("%+v", g)
	}
	if got := (gauge{known: true}).until(g, 4*time.Second); got != "2.0 s (50 % of one)" {
		t.Errorf("processor %s", got)
	}
	for _, bad := range [][2]string{{"", stat}, {status, ""}, {status, "7 (x) S 1"}, {"\nVmRSS:\t x kB\n", stat}, {status, strings.ReplaceAll(stat, "150", "x")}} {
		if g := parseGauge(bad[0], bad[1]); g.known || g.memory() != absent || g.until(g, time.Second) != absent {
			t.Errorf("%q: %+v", bad, g)
		}
	}
}
