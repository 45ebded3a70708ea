package proving

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const heardLog = `17|LOG:  statement: BEGIN
9|LOG:  execute 1: 
	SELECT name FROM timetable
	 WHERE due_at < $1
9|DETAIL:  parameters: $1 = '2026-11-22'
17|LOG:  statement: SET LOCAL portal.person = 'a';SET LOCAL portal.at = '2026-11-22 16:00:00+00'
17|LOG:  execute 4: 
	SELECT id, kind
	  FROM decision WHERE casefile = $1 AND kind = $2 AND author = $3
17|DETAIL:  parameters: $1 = '019b', $2 = 'it''s', $3 = NULL
17|LOG:  could not receive data from client
17|LOG:  statement: COMMIT
`

func TestOfTheLogOnlyWhatServesPeopleIsHeard(t *testing.T) {
	all := parseLog(heardLog)
	if len(all) != 4 || all[0].SQL != "BEGIN" || all[3].SQL != "COMMIT" {
		t.Fatalf("heard %q", all)
	}
	if want := []string{"'019b'", "'it''s'", "NULL"}; !slices.Equal(all[2].Args, want) || !strings.HasPrefix(all[2].SQL, "SELECT id, kind\n") {
		t.Errorf("heard %q", all[2])
	}
	later := parseLog(strings.ReplaceAll(heardLog, "16:00", "17:00"))
	if !same(all, later) || same(all, later[1:]) || same(nil, nil) {
		t.Error("two times of one page are the same, and nothing else is")
	}
}

func TestWhatWasHeardIsWrittenForPgbench(t *testing.T) {
	text, variables := script(parseLog(heardLog))
	for _, want := range []string{"BEGIN;", "SELECT set_config('portal.person', 'a', true), set_config('portal.at', '2026-11-22 16:00:00+00', true);", "casefile = :v2_1 AND kind = :v2_2 AND author = NULL;"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	if want := []string{"v2_1=019b", "v2_2=it's"}; !slices.Equal(variables, want) {
		t.Errorf("variables %q", variables)
	}
}

// A page that is shown again tells nobody who asks; one that is made tells it with its BEGIN.
func TestALookThatTellsNothingIsHeardAndOneThatTellsAtOnceIsWrittenInItsTransaction(t *testing.T) {
	again := parseLog("7|LOG:  execute 1: SELECT token_hash FROM session\n7|LOG:  execute 2: SELECT things FROM fence.made_of_case($1, $2, $3)\n8|LOG:  execute 1: SELECT name FROM timetable\n")
	if len(again) != 2 || !same(again, again) {
		t.Errorf("heard %q", again)
	}
	text, _ := script(parseLog("7|LOG:  statement: BEGIN READ ONLY;SET LOCAL portal.person = 'a';SET LOCAL portal.at = 'b'\n7|LOG:  execute 2: SELECT 1\n7|LOG:  statement: COMMIT\n"))
	if want := "BEGIN READ ONLY;\nSELECT set_config('portal.person', 'a', true), set_config('portal.at', 'b', true);\nSELECT 1;\nCOMMIT;\n"; text != want {
		t.Errorf("written %q, want %q", text, want)
	}
}

func TestTheFirstSecondsOfPgbenchAreNotCounted(t *testing.T) {
	w := window{skip: 2}
	for i, line := range []string{"pgbench (15.18)", "progress: 1.0 s, 5.0 tps, lat 3 ms", "progress: 2.0 s, 50.0 tps", "progress: 3.0 s, 100.0 tps", "progress: 5.0 s, 200.0 tps"} {
		w.line(line, time.Duration(i)*time.Second)
	}
	if w.n != 500 || w.seconds != 3 || w.last-w.first != 2*time.Second {
		t.Errorf("%+v", w)
	}
}

func TestWhoComesDoesNotWaitForWhoCameBefore(t *testing.T) {
	s := &Site{Plan: Plan{Out: io.Discard}}
	var now, most atomic.Int64
	r := s.Rate(t.Context(), "visit", 100, 500*time.Millisecond, func(_ context.Context, i int) error {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(200 * time.Millisecond)
		if i == 7 {
			return errors.New("the seventh")
		}
		return nil
	})
	if len(r.Took) != 49 || r.Failed != 1 || most.Load() < 5 {
		t.Errorf("%d went well and %d did not, %d at once", len(r.Took), r.Failed, most.Load())
	}
	if r.Quantile(0.01) < 200*time.Millisecond || r.Quantile(0.5) > r.Quantile(0.99) || r.Length < 690*time.Millisecond {
		t.Errorf("p1 %s, p50 %s, p99 %s in %s", r.Quantile(0.01), r.Quantile(0.5), r.Quantile(0.99), r.Length)
	}
	if err := r.Wrong(); !errors.Is(err, ErrWrong) || !strings.Contains(err.Error(), "the seventh") {
		t.Errorf("one that failed: %v", err)
	}
	if err := (Result{What: "nothing"}).Wrong(); !errors.Is(err, ErrWrong) {
		t.Error("nothing at all is right")
	}
}

func TestWhoGivesUpIsLateAndNothingWasWrong(t *testing.T) {
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer slow.Close()
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer busy.Close()
	b := Elsewhere(slow.URL)
	b.client.Timeout = 50 * time.Millisecond
	s := &Site{Plan: Plan{Out: io.Discard}}
	r := s.Times(t.Context(), "filing", 4, 2, func(ctx context.Context, i int) error {
		by := b
		if i%2 == 1 {
			by = Elsewhere(busy.URL)
		}
		return Signed{By: by, Action: "/", To: "/x"}.Send(ctx)
	})
	if r.Late != 4 || r.Failed != 0 || r.Wrong() != nil {
		t.Errorf("%d late, %d failed: %v", r.Late, r.Failed, r.First)
	}
	if err := r.Whole(); err == nil || errors.Is(err, ErrWrong) {
		t.Errorf("what the rest is built upon: %v", err)
	}
}

func TestAPaperThatIsNotTheOneOnThePageIsNotSigned(t *testing.T) {
	page := `<form id="sign" method="post" action="/kk/x/submission" data-content-url="/paper"><input type="hidden" name="digest" value="00"><input type="hidden" name="key" value="k"></form>`
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "%PDF") }))
	defer site.Close()
	for name, page := range map[string]string{"another paper": page, "no form": "<h1>nothing</h1>"} {
		if _, err := Elsewhere(site.URL).sign(t.Context(), "a petition", page, "/kk/x"); !errors.Is(err, ErrWrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnAnswerThatLeadsElsewhereIsWrong(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("Location", "/kk/signin")
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		fmt.Fprint(w, "<h1>Not filed</h1>")
	}))
	defer site.Close()
	b := Elsewhere(site.URL)
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s := Signed{By: b, Action: "/kk/filings/1/submission", To: "/kk/filings/1"}
	if err := s.Send(t.Context()); !errors.Is(err, ErrWrong) {
		t.Errorf("an end of the session counts as filed: %v", err)
	}
	if _, err := s.Number(t.Context()); !errors.Is(err, ErrWrong) || !strings.Contains(err.Error(), "Not filed") {
		t.Errorf("a page without a number: %v", err)
	}
}

func TestATableThatWasReadFromEndToEndIsNamed(t *testing.T) {
	got := Walked(map[string]int64{"document": 3, "filing": 7, "point": 1}, map[string]int64{"document": 27, "filing": 7, "point": 2, "trace": 9})
	if want := []string{"document 24 times", "point 1 times"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
