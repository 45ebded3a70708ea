package nca_test

import (
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/key"
	"zharia/portal/eds/nca"
)

var founded = time.Date(2026, 7, 20, 9, 30, 0, 0, time.UTC)

// world is an authority on a loopback address, a clock, and a person's key.
type world struct {
	t         testing.TB
	authority *authority.Authority
	services  *authority.Services
	leaf      *key.Key
	url       string
	asked     atomic.Int64 // requests that arrived

	mu      sync.Mutex
	at      time.Time
	handler http.Handler
}

func build(t testing.TB) *world {
	t.Helper()
	a, err := authority.New("DEMO", founded)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, authority: a, at: founded.AddDate(0, 1, 0)}
	if w.services, err = a.Services(w.now); err != nil {
		t.Fatal(err)
	}
	w.services.Delay = time.Minute
	if w.leaf, err = a.Issue(authority.Person{IIN: "870412400123", CommonName: "АЙГҮЛ"}); err != nil {
		t.Fatal(err)
	}
	w.handler = w.services
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.asked.Add(1)
	w.mu.Lock()
	h := w.handler
	w.mu.Unlock()
	h.ServeHTTP(rw, r)
}

// answer puts another answerer in the place of the services, nil puts them
// back.
func (w *world) answer(h http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.handler = w.services
	if h != nil {
		w.handler = h
	}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// config reaches the world's services.
func (w *world) config(dir string) nca.Config {
	return nca.Config{
		Issuers: []nca.Issuer{
			{Certificate: w.authority.Issuer(), OCSP: w.url + "/ocsp/", List: w.url + "/crl/full.crl", Delta: w.url + "/crl/delta.crl"},
			{Certificate: w.authority.Root(), List: w.url + "/crl/root.crl"},
		},
		TSP: w.url + "/tsp/", Dir: dir, Now: w.now,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

func (w *world) client(dir string) *nca.Client {
	w.t.Helper()
	c, err := nca.New(w.config(dir))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) issuer() [32]byte { return sha256.Sum256(w.authority.Issuer()) }
func (w *world) root() [32]byte   { return sha256.Sum256(w.authority.Root()) }

func (w *world) parse(raw []byte) *chain.Certificate {
	w.t.Helper()
	c, err := chain.Parse(raw)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) revoke(reason int) {
	w.t.Helper()
	if err := w.authority.Revoke(w.leaf.Serial(), reason, w.now()); err != nil {
		w.t.Fatal(err)
	}
}

func kind(err error) nca.Kind {
	var f *nca.Failure
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}
