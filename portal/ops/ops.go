// Package ops is what those who look after the machine see of the portal: whether it
// lives, whether it can serve, how much it does, and its log. It tells of nobody: no id,
// no name and no address stands in a figure, and what is logged passes through one sieve.
package ops

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"slices"
	"strings"
	"sync"
	"time"
)

// Check is one thing without which the portal cannot serve. Do answers nil when it is as
// it must be; it is cut off after checkTime. Its error goes to the log and to nobody else.
type Check struct {
	Name string // one or two words: they are shown
	Do   func(ctx context.Context) error
}

const (
	checkTime = 3 * time.Second // of one check
	checkRest = time.Second     // an answer is good for so long: who asks in a loop does no harm
)

// Ready is the list of checks and what came of them last.
type Ready struct {
	checks []Check

	mu      sync.Mutex
	at      time.Time
	results []result
	waits   string // for what a process waits that does not serve yet; "": it serves
	leaving bool
}

type result struct {
	name string
	err  error
}

// NewReady is a list of checks; all are asked at once.
func NewReady(checks ...Check) *Ready { return &Ready{checks: checks} }

// Starting says that this process does not serve yet, and what it waits for.
func (r *Ready) Starting(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits = what
}

// Serve says that it serves from now on, as long as the checks pass.
func (r *Ready) Serve(checks ...Check) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits, r.checks, r.results = "", checks, nil
}

// Leave says that this process is about to end: from now on it is not ready, so that
// whoever stands in front sends people elsewhere.
func (r *Ready) Leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaving = true
}

// names are what is checked.
func (r *Ready) names() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, check := range r.checks {
		all = append(all, check.Name)
	}
	return all
}

// Ask makes the checks, or tells what they said a moment ago. failed are the names of
// those that did not pass.
func (r *Ready) Ask(ctx context.Context) (failed []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waits != "" {
		return []string{"starting: waits for " + r.waits}
	}
	if r.results == nil || time.Since(r.at) >= checkRest {
		r.ask(ctx)
	}
	for _, one := range r.results {
		if one.err != nil {
			failed = append(failed, one.name)
		}
	}
	if r.leaving {
		failed = append(failed, "leaving")
	}
	return failed
}

// figure makes the checks for whoever reads figures alone: where nobody stands in front,
// nobody else asks.
func (r *Ready) figure(ctx context.Context) ([]Figure, error) {
	f := Figure{Name: "portal_ready", Help: "1: it can serve; 0: the log says what fails.", Value: 1}
	if len(r.Ask(ctx)) > 0 {
		f.Value = 0
	}
	return []Figure{f}, nil
}

// ask makes the checks, and tells the log of what is otherwise than it was.
func (r *Ready) ask(ctx context.Context) {
	results := make([]result, len(r.checks))
	// Who asked may go away; that must not look like a failure to the next.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
	defer cancel()
	var all sync.WaitGroup
	for i, check := range r.checks {
		all.Go(func() {
			done := make(chan error, 1)
			go func() { done <- check.Do(ctx) }()
			results[i] = result{name: check.Name}
			select {
			case results[i].err = <-done:
			case <-ctx.Done(): // one that does not hear its context holds nobody up
				results[i].err = fmt.Errorf("no answer within %s", checkTime)
			}
		})
	}
	all.Wait()
	for i, one := range results {
		was := error(nil)
		if r.results != nil {
			was = r.results[i].err
		}
		switch {
		case one.err != nil && was == nil:
			slog.ErrorContext(ctx, "not ready", "check", one.name, "error", one.err)
		case one.err == nil && was != nil:
			slog.InfoContext(ctx, "ready again", "check", one.name)
		}
	}
	r.results, r.at = results, time.Now()
}

// Handler answers those who look after the machine: /healthz (the process lives), /readyz
// (it can serve; 503 and the names of what fails where it cannot), /metrics for Prometheus
// and, with profiles, /debug/pprof/. It asks nobody who he is. Profiles show what stands in
// memory, so they are for an address of this machine alone.
func Handler(ready *Ready, meter *Meter, profiles bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		failed := ready.Ask(r.Context())
		var lines strings.Builder
		names := ready.names()
		for _, name := range names {
			word := "ok"
			if slices.Contains(failed, name) {
				word = "FAILED"
			}
			fmt.Fprintf(&lines, "%s: %s\n", name, word)
		}
		for _, name := range failed {
			if !slices.Contains(names, name) { // it starts, or leaves
				fmt.Fprintln(&lines, name)
			}
		}
		status := http.StatusOK
		if len(failed) > 0 {
			status = http.StatusServiceUnavailable
		}
		plain(w, status, strings.TrimSuffix(lines.String(), "\n"))
	})
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		meter.Write(r.Context(), w, ready.figure)
	})
	if !profiles {
		return mux
	}
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}
