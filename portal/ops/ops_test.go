package ops_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/identity"
	"zharia/portal/notice"
	"zharia/portal/ops"
)

// seen is what somebody gets at an address of the operators.
func seen(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestAPortalIsReadyOnlyWhileEveryCheckPasses(t *testing.T) {
	var down atomic.Bool
	asked := atomic.Int32{}
	ready := ops.NewReady(
		ops.Check{Name: "database", Do: func(context.Context) error { asked.Add(1); return nil }},
		ops.Check{Name: "keeper", Do: func(context.Context) error {
			if down.Load() {
				return errors.New("secret words of the keeper")
			}
			return nil
		}},
	)
	h := ops.Handler(ready, ops.NewMeter(), false)
	for range 100 {
		if code, body := seen(t, h, "/readyz"); code != http.StatusOK || body != "database: ok\nkeeper: ok\n" {
			t.Fatalf("%d %q", code, body)
		}
	}
	if n := asked.Load(); n > 3 {
		t.Errorf("a hundred questions asked the database %d times", n)
	}
	down.Store(true)
	time.Sleep(1100 * time.Millisecond)
	if code, body := seen(t, h, "/readyz"); code != http.StatusServiceUnavailable || body != "database: ok\nkeeper: FAILED\n" {
		t.Errorf("a keeper that is down: %d %q", code, body)
	}
	if code, body := seen(t, h, "/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("the process lives all the same: %d %q", code, body)
	}
	down.Store(false)
	time.Sleep(1100 * time.Millisecond)
	if code, _ := seen(t, h, "/readyz"); code != http.StatusOK {
		t.Errorf("the keeper is back: %d", code)
	}
	ready.Leave()
	if code, body := seen(t, h, "/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "leaving") {
		t.Errorf("a process that leaves: %d %q", code, body)
	}
}

// By the book nobody stands in front and asks for /readyz.
func TestWhoReadsTheFiguresIsToldWhetherItIsReady(t *testing.T) {
	var full atomic.Bool
	ready := ops.NewReady()
	ready.Starting("keeper")
	h := ops.Handler(ready, ops.NewMeter(), false)
	is := func(what, want string) {
		t.Helper()
		if _, body := seen(t, h, "/metrics"); !strings.Contains(body, "\nportal_ready "+want+"\n") {
			t.Errorf("%s: %s", what, body)
		}
	}
	is("it starts", "0")
	ready.Serve(ops.Check{Name: "disk", Do: func(context.Context) error {
		if full.Load() {
			return errors.New("full")
		}
		return nil
	}})
	is("it serves", "1")
	full.Store(true)
	time.Sleep(1100 * time.Millisecond)
	is("the disk is full", "0")
}

func TestACheckThatHangsHoldsNobodyUp(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	h := ops.Handler(ops.NewReady(ops.Check{Name: "disk", Do: func(context.Context) error { <-release; return nil }}), ops.NewMeter(), false)
	begun := time.Now()
	if code, _ := seen(t, h, "/readyz"); code != http.StatusServiceUnavailable || time.Since(begun) > 10*time.Second {
		t.Errorf("%d after %s", code, time.Since(begun))
	}
}

func TestTheMeterWritesWhatPrometheusReads(t *testing.T) {
	m := ops.NewMeter()
	for range 3 {
		m.Count("acts_total", "acts", "act", `filing "submit"`, "code", "303")
	}
	m.Time("seconds", "times", 20*time.Millisecond, "route", "/cases/:case")
	m.Time("seconds", "times", time.Minute, "route", "/cases/:case")
	m.Read(func(context.Context) ([]ops.Figure, error) {
		return []ops.Figure{{Name: "jobs_waiting", Help: "jobs", Labels: []string{"name", "scan"}, Value: 7}}, nil
	})
	m.Read(func(context.Context) ([]ops.Figure, error) { return nil, errors.New("no database") })
	_, got := seen(t, ops.Handler(ops.NewReady(), m, false), "/metrics")
	const want = `# HELP acts_total acts
# TYPE acts_total counter
acts_total{act="filing \"submit\"",code="303"} 3
# HELP seconds times
# TYPE seconds histogram
seconds_bucket{route="/cases/:case",le="0.005"} 0
seconds_bucket{route="/cases/:case",le="0.01"} 0
seconds_bucket{route="/cases/:case",le="0.025"} 1
seconds_bucket{route="/cases/:case",le="0.05"} 1
seconds_bucket{route="/cases/:case",le="0.15"} 1
seconds_bucket{route="/cases/:case",le="0.5"} 1
seconds_bucket{route="/cases/:case",le="1"} 1
seconds_bucket{route="/cases/:case",le="2.5"} 1
seconds_bucket{route="/cases/:case",le="10"} 1
seconds_bucket{route="/cases/:case",le="+Inf"} 2
seconds_sum{route="/cases/:case"} 60.02
seconds_count{route="/cases/:case"} 2
# HELP jobs_waiting jobs
# TYPE jobs_waiting gauge
jobs_waiting{name="scan"} 7
# HELP portal_ready 1: it can serve; 0: the log says what fails.
# TYPE portal_ready gauge
portal_ready 1
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	(*ops.Meter)(nil).Count("x", "y") // nobody measures: nothing breaks
}

// A database that is frozen must not hide whether the keeper answers.
func TestAFigureThatIsWaitedForHidesNoOther(t *testing.T) {
	said := new(bytes.Buffer)
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(said, nil)))
	defer slog.SetDefault(before)
	release := make(chan struct{})
	defer close(release)
	m := ops.NewMeter()
	m.Read(func(ctx context.Context) ([]ops.Figure, error) {
		<-ctx.Done()
		return nil, errors.New("the database is frozen")
	})
	m.Read(func(context.Context) ([]ops.Figure, error) { <-release; return nil, nil }) // a folder that hears of no end
	m.Read(func(context.Context) ([]ops.Figure, error) { panic("no such row") })
	m.Read(func(ctx context.Context) ([]ops.Figure, error) {
		return []ops.Figure{{Name: "keeper_up", Help: "keeper", Value: 1}}, ctx.Err()
	})
	begun := time.Now()
	_, got := seen(t, ops.Handler(ops.NewReady(), m, false), "/metrics")
	if took := time.Since(begun); !strings.Contains(got, "keeper_up 1") || took > 9*time.Second {
		t.Errorf("after %s:\n%s", took, got)
	}
	if n := strings.Count(said.String(), "figures are not to be had"); n != 3 {
		t.Errorf("the log tells of %d: %s", n, said)
	}
}

// Whoever asks for a hundred thousand things must not fill our memory.
func TestTheMeterGrowsNoFurtherThanItsBound(t *testing.T) {
	m := ops.NewMeter()
	for i := range 10_000 {
		m.Count("x_total", "x", "what", fmt.Sprint(i))
	}
	_, got := seen(t, ops.Handler(ops.NewReady(), m, false), "/metrics")
	if lines := strings.Count(got, "\n"); lines > 2010 {
		t.Errorf("%d lines", lines)
	}
	if !strings.Contains(got, `x_total{what="other"} 8000`) {
		t.Error("what is over the bound is not counted")
	}
}

func TestEveryLineOfARequestCarriesItsNumber(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(ops.NewSieve(slog.NewJSONHandler(&out, nil)))
	ctx := ops.WithRequest(t.Context(), "r-1")
	log.InfoContext(ctx, "deep inside")
	log.InfoContext(ctx, "at the door", "request", "r-2")
	log.Info("nobody asked")
	var got []any
	for line := range strings.Lines(out.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		got = append(got, fields["request"])
	}
	if want := []any{"r-1", "r-2", nil}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// fill puts a word that can be told again into every text of a value, however deep.
func fill(v reflect.Value, word string, depth int) {
	if depth == 0 || !v.CanSet() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(word)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), word, depth-1)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), word, depth-1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(word))
			return
		}
		fill(v.Index(0), word, depth-1)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	}
}

// Whatever of a person is handed to the log by mistake, as a value, in a list, in an error
// or in a group, his words do not come out of it.
func TestNothingOfAPersonComesThroughTheSieve(t *testing.T) {
	const name, iin, phone, mail = "ОСПАНОВА-АЙГҮЛ", "870412499015", "+77011234567", "aigul@mail.example"
	person := identity.Person{ID: uuid.New(), Name: name, IIN: iin, Post: "", Body: identity.Body{NameKK: name, NameRU: name}}
	var out bytes.Buffer
	log := slog.New(ops.NewSieve(slog.NewJSONHandler(&out, nil)))
	for _, typed := range []any{new(identity.Person), new(identity.Body), new(identity.Login), new(eds.Signer), new(notice.Receipt), new(notice.Worker)} {
		v := reflect.ValueOf(typed).Elem()
		fill(v, name, 5)
		log.Info("one", "value", v.Interface(), "pointer", typed)
		log.With("value", typed).WithGroup("g").Info("two", slog.Group("in", "value", typed))
	}
	log.Info("person", "person", person, "people", []identity.Person{person}, "by", map[string]identity.Person{"one": person})
	log.Info("iin", "iin", eds.IIN(iin), "text", iin, "number", 870412499015, "unsigned", uint64(870412499015), "list", []string{iin, phone, mail})
	log.Info("he is "+iin+" at "+phone, "error", fmt.Errorf("write to %s or 8 701 123-45-67: %w", mail, errors.New("postgres://zharia:s3cret@db/x said "+iin)))
	for _, secret := range []string{name, iin, phone, mail, "123-45-67", "s3cret"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in the log:\n%s", secret, out.String())
		}
	}
	if strings.Contains(out.String(), `"level":"INFO","msg":"one"`) == false {
		t.Errorf("nothing was logged: %s", out.String())
	}
}

// SECURITY.md: no address of the network stands in the log. The words of net and net/http have
// them, when a browser speaks no TLS or goes away in the middle of what it sends.
func TestTheAddressOfWhoAsksComesNotIntoTheLog(t *testing.T) {
	for said, want := range map[string]string{
		"http: TLS handshake error from 192.0.2.7:52011: EOF":                                               "http: TLS handshake error from ***: EOF",
		"http: TLS handshake error from [2001:db8::7]:1033: tls: unknown version":                           "http: TLS handshake error from ***: tls: unknown version",
		"http: panic serving 192.0.2.7:433: boom":                                                           "http: panic serving ***: boom",
		"read tcp 10.0.0.1:443->192.0.2.7:52011: i/o timeout":                                               "read tcp 10.0.0.1:443->***: i/o timeout",
		"read tcp [::1]:443->[fe80::1%eth0]:2011: i/o timeout":                                              "read tcp [::1]:443->***: i/o timeout",
		"read tcp 10.0.0.1:41234->10.1.0.11:5432: connection reset by peer":                                 "read tcp 10.0.0.1:41234->10.1.0.11:5432: connection reset by peer",
		"dial tcp 10.1.0.11:5432: connect: connection refused":                                              "dial tcp 10.1.0.11:5432: connect: connection refused",
		`parse "postgres://zharia:s3/cr@et@db/zharia": invalid port ":s3" after host`:                       `parse "postgres://zharia:***@db/zharia": invalid port ":s3" after host`,
		"host=db password='s3 cret' user=zharia":                                                            "host=db password=*** user=zharia",
		"cannot parse: Password=s3cret sslmode=verify-full, it took 3s from 2026-11-22 10:00:00 to the end": "cannot parse: Password=*** sslmode=verify-full, it took 3s from 2026-11-22 10:00:00 to the end",
	} {
		if got := ops.Masked(said); got != want {
			t.Errorf("%q\nnot\n%q", got, want)
		}
	}
}

// What helps to find a fault stays: ids, digests, figures, kinds of errors.
func TestWhatTellsOfNobodyStaysInTheLog(t *testing.T) {
	id := uuid.MustParse("019a9c3e-8704-7000-8000-124990150001")
	digest := "870412499015870412499015870412499015ab"
	var out bytes.Buffer
	log := slog.New(ops.NewSieve(slog.NewJSONHandler(&out, nil)))
	at := time.Date(2026, 11, 22, 14, 0, 0, 0, time.FixedZone("", 5*3600))
	log.Info("kept", "id", id, "digest", digest, "ms", 12, "took", 3*time.Second, "error", io.ErrUnexpectedEOF, "at", at, "none", nil, "yes", true)
	for _, want := range []string{id.String(), digest, `"ms":12`, "unexpected EOF", "2026-11-22T09:00:00Z", `"yes":true`, `"time":"`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in %s", want, out.String())
		}
	}
	if time := out.String(); !strings.Contains(time, `Z","level"`) {
		t.Errorf("the moment is not in UTC: %s", time)
	}
}

// Profiles show what stands in memory.
func TestProfilesAreOnlyWhereTheyWereAskedFor(t *testing.T) {
	for profiles, want := range map[bool]int{true: http.StatusOK, false: http.StatusNotFound} {
		h := ops.Handler(ops.NewReady(), ops.NewMeter(), profiles)
		if code, _ := seen(t, h, "/debug/pprof/"); code != want {
			t.Errorf("profiles %v: %d", profiles, code)
		}
		for _, path := range []string{"/", "/metrics/x", "/debug/pprof/cmdline"} {
			if code, body := seen(t, h, path); !profiles && code != http.StatusNotFound {
				t.Errorf("%s: %d %s", path, code, body)
			}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/metrics", nil))
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST: %d", w.Code)
		}
	}
}

func TestAProcessThatStartsSaysWhatItWaitsFor(t *testing.T) {
	ready := ops.NewReady()
	h := ops.Handler(ready, ops.NewMeter(), false)
	ready.Starting("database")
	if code, body := seen(t, h, "/readyz"); code != http.StatusServiceUnavailable || body != "starting: waits for database\n" {
		t.Errorf("the database is not there: %d %q", code, body)
	}
	if code, body := seen(t, h, "/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("the process lives all the same: %d %q", code, body)
	}
	ready.Starting("keeper")
	if code, body := seen(t, h, "/readyz"); code != http.StatusServiceUnavailable || body != "starting: waits for keeper\n" {
		t.Errorf("the keeper is sealed: %d %q", code, body)
	}
	ready.Serve(ops.Check{Name: "database", Do: func(context.Context) error { return nil }})
	if code, body := seen(t, h, "/readyz"); code != http.StatusOK || body != "database: ok\n" {
		t.Errorf("it serves: %d %q", code, body)
	}
}
