package nca_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/ocsp"
	"zharia/portal/eds/internal/tsp"
	"zharia/portal/eds/nca"
)

// status asks the responder about the leaf and judges the answer.
func (w *world) status(c *nca.Client) (ocsp.Status, error) {
	leaf, issuer, nonce := w.parse(w.leaf.Certificate()), w.parse(w.authority.Issuer()), []byte("0123456789abcdef")
	b, err := c.OCSP(w.t.Context(), w.issuer(), ocsp.Request(leaf, issuer, nonce))
	if err != nil {
		return "", err
	}
	q := ocsp.Question{Certificate: leaf, Issuer: issuer, Nonce: nonce, At: w.now(), MaxAge: time.Hour}
	a, err := q.Check(b)
	return a.Status, err
}

func (w *world) stamp(c *nca.Client) (tsp.Stamp, error) {
	signature, nonce := []byte("a signature"), big.NewInt(77)
	request, err := tsp.Request(signature, chain.GostDigest, tsp.PolicyGost, nonce)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := c.Stamp(w.t.Context(), request)
	if err != nil {
		return tsp.Stamp{}, err
	}
	token, err := tsp.Token(b)
	if err != nil {
		return tsp.Stamp{}, err
	}
	return tsp.Check(token, signature, nonce, chain.Profile{})
}

func TestTheAuthorityAnswers(t *testing.T) {
	w := build(t)
	c := w.client("")
	for _, step := range []struct {
		name string
		do   func() error
		want ocsp.Status
	}{
		{"good", func() error { return nil }, ocsp.Good},
		{"held", func() error { return w.authority.Revoke(w.leaf.Serial(), authority.Hold, w.now()) }, ocsp.Revoked},
		{"lifted", func() error { return w.authority.Unrevoke(w.leaf.Serial()) }, ocsp.Good},
		{"revoked", func() error { return w.authority.Revoke(w.leaf.Serial(), authority.KeyCompromise, w.now()) }, ocsp.Revoked},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got, err := w.status(c); got != step.want {
			t.Errorf("%s: %s, %v", step.name, got, err)
		}
	}
	if s, err := w.stamp(c); err != nil || !s.At.Equal(w.now()) {
		t.Errorf("stamp of %v, %v", s.At, err)
	}
}

// Silence is one thing and a wrong answer another: the first is a failure of
// its kind, the second arrives and is refused by whoever judges it.
func TestEveryFaultShowsAsItsKind(t *testing.T) {
	t.Parallel()
	silent := map[authority.Fault]nca.Kind{
		authority.Slow: nca.Timeout, authority.Unavailable: nca.BadStatus, authority.Redirected: nca.Redirected,
		authority.CutOff: nca.CutOff, authority.Oversize: nca.TooLarge,
	}
	var all sync.WaitGroup
	for _, f := range authority.Faults() {
		w := build(t)
		all.Go(func() {
			c := w.client("")
			w.services.Break(authority.OCSP, f)
			w.services.Break(authority.Stamps, f)
			got, err := w.status(c)
			if want, ok := silent[f]; ok {
				if kind(err) != want || !errors.Is(err, eds.ErrUnreachable) {
					t.Errorf("ocsp %s: %v, want %s", f, err, want)
				}
			} else if errors.Is(err, eds.ErrUnreachable) || err == nil && got == ocsp.Good {
				t.Errorf("ocsp %s: %s, %v", f, got, err)
			}
			if f == authority.Slow {
				return // the same code, and 5 s more
			}
			s, err := w.stamp(c)
			if want, ok := silent[f]; ok {
				if kind(err) != want {
					t.Errorf("stamp %s: %v, want %s", f, err, want)
				}
			} else if err == nil && s.At.Equal(w.now()) {
				t.Errorf("stamp %s is taken", f)
			}
		})
	}
	all.Wait()
}

func TestWhatIsNotConfiguredIsNotAsked(t *testing.T) {
	w := build(t)
	config := w.config("")
	config.TSP = ""
	c, err := nca.New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, stranger := c.OCSP(ctx, sha256.Sum256([]byte("x")), nil)
	_, root := c.OCSP(ctx, w.root(), nil)
	_, stamp := c.Stamp(ctx, nil)
	_, _, lists := c.Lists(ctx, w.issuer())
	for _, err := range []error{stranger, root, stamp, lists} {
		if kind(err) != nca.Absent || !errors.Is(err, eds.ErrUnreachable) {
			t.Error(err)
		}
	}
	if n := w.asked.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestAddressesAreOfTheWeb(t *testing.T) {
	w := build(t)
	for _, bad := range []string{"ocsp.pki.gov.kz", "file:///etc/passwd", "ldap://x/", "http:///x", "http://a:b@x/", "http://x/#y", "http://[", " "} {
		for _, put := range []func(*nca.Config){
			func(c *nca.Config) { c.TSP = bad },
			func(c *nca.Config) { c.Issuers[0].OCSP = bad },
			func(c *nca.Config) { c.Issuers[0].List = bad },
			func(c *nca.Config) { c.Issuers[0].Delta = bad },
		} {
			config := w.config("")
			put(&config)
			if _, err := nca.New(config); err == nil {
				t.Errorf("%q is an address", bad)
			}
		}
	}
	config := w.config("")
	config.Issuers[0].Certificate = []byte("x")
	if _, err := nca.New(config); err == nil {
		t.Error("a certificate of nothing")
	}
}

func TestABrokenEndpointIsLeftAlone(t *testing.T) {
	w := build(t)
	c := w.client("")
	open := func() bool {
		for _, e := range c.Health() {
			if e.Service == "ocsp" {
				return e.Open
			}
		}
		t.Fatal("no such endpoint")
		return false
	}
	ask := func(want nca.Kind, arrives bool) {
		t.Helper()
		before := w.asked.Load()
		if _, err := w.status(c); kind(err) != want {
			t.Errorf("%v, want %q", err, want)
		}
		if (w.asked.Load() > before) != arrives {
			t.Errorf("asked %d times", w.asked.Load()-before)
		}
	}
	w.services.Break(authority.OCSP, authority.Unavailable)
	for range 4 {
		ask(nca.BadStatus, true)
	}
	w.services.Break(authority.OCSP, authority.NoFault)
	ask("", true) // a success in between: the count begins anew
	w.services.Break(authority.OCSP, authority.Unavailable)
	for range 5 {
		if open() {
			t.Error("open too early")
		}
		ask(nca.BadStatus, true)
	}
	if !open() {
		t.Error("five failures and not open")
	}
	ask(nca.Open, false)
	if _, err := w.stamp(c); err != nil {
		t.Errorf("another endpoint suffers: %v", err)
	}

	w.pass(31 * time.Second)
	ask(nca.BadStatus, true) // the one probe fails, and the pause begins anew
	ask(nca.Open, false)

	w.pass(31 * time.Second)
	w.services.Break(authority.OCSP, authority.NoFault)
	ask("", true)
	ask("", true)
	if open() {
		t.Error("still open")
	}
}

func TestOnlyOneProbesABrokenEndpoint(t *testing.T) {
	w := build(t)
	c := w.client("")
	w.services.Break(authority.OCSP, authority.Unavailable)
	for range 5 {
		w.status(c)
	}
	w.pass(31 * time.Second)
	arrived, release := make(chan bool), make(chan bool)
	w.answer(func(rw http.ResponseWriter, _ *http.Request) {
		arrived <- true
		<-release
		rw.WriteHeader(http.StatusServiceUnavailable)
	})
	first := make(chan error)
	go func() {
		_, err := w.status(c)
		first <- err
	}()
	<-arrived
	for range 3 {
		if _, err := w.status(c); kind(err) != nca.Open {
			t.Errorf("beside the probe: %v", err)
		}
	}
	release <- true
	if err := <-first; kind(err) != nca.BadStatus {
		t.Errorf("the probe: %v", err)
	}
}

// A person who closes the browser says nothing about the authority.
func TestWhoDoesNotWaitBreaksNothing(t *testing.T) {
	w := build(t)
	c := w.client("")
	w.services.Break(authority.OCSP, authority.Slow)
	for range 6 {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		_, err := c.OCSP(ctx, w.issuer(), []byte("x"))
		cancel()
		if kind(err) != nca.Aborted || !errors.Is(err, eds.ErrUnreachable) {
			t.Fatal(err)
		}
	}
	w.services.Break(authority.OCSP, authority.NoFault)
	if got, err := w.status(c); got != ocsp.Good {
		t.Error(got, err)
	}
}

func TestARedirectLeadsNowhere(t *testing.T) {
	w := build(t)
	captive := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the captive portal was asked")
	}))
	defer captive.Close()
	c := w.client("")
	for _, code := range []int{301, 302, 303, 307, 308} {
		w.answer(func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, captive.URL, code) })
		if _, err := w.status(c); kind(err) != nca.Redirected && kind(err) != nca.Open {
			t.Errorf("%d: %v", code, err)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	w := build(t)
	for _, n := range []int{64 << 10, 64<<10 + 1, 1 << 20} {
		for _, announced := range []bool{true, false} {
			c := w.client("")
			w.answer(func(rw http.ResponseWriter, _ *http.Request) {
				if !announced {
					rw.(http.Flusher).Flush()
				}
				rw.Write(make([]byte, n))
			})
			b, err := c.OCSP(t.Context(), w.issuer(), []byte("x"))
			if fits := n <= 64<<10; fits != (err == nil) || fits && len(b) != n || !fits && kind(err) != nca.TooLarge {
				t.Errorf("%d bytes: %d, %v", n, len(b), err)
			}
		}
	}
	c := w.client("")
	w.answer(func(http.ResponseWriter, *http.Request) {})
	if _, err := c.OCSP(t.Context(), w.issuer(), []byte("x")); kind(err) != nca.CutOff {
		t.Errorf("nothing at all: %v", err)
	}
}

// The portal names itself, sends what the protocol wants, and asks for no
// compression under which a small answer could be a large one.
func TestTheRequestIsAsTheAuthorityWantsIt(t *testing.T) {
	w := build(t)
	c := w.client("")
	w.answer(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.UserAgent() != "zharia" || r.Header.Get("Content-Type") != "application/ocsp-request" || r.Header.Get("Accept-Encoding") != "" {
			t.Errorf("%s %v", r.Method, r.Header)
		}
		w.services.ServeHTTP(rw, r)
	})
	if got, err := w.status(c); got != ocsp.Good {
		t.Error(got, err)
	}
}

func TestNobodyListening(t *testing.T) {
	w := build(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	config := w.config("")
	config.Issuers[0].OCSP, config.Issuers[0].List = gone.URL+"/ocsp/", gone.URL+"/full.crl"
	c, err := nca.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.status(c); kind(err) != nca.NoConnection {
		t.Error(err)
	}
	if err := c.Refresh(t.Context()); kind(err) != nca.NoConnection {
		t.Error(err)
	}
}

func TestTheLogSaysTheKindAndNothingOfTheQuestion(t *testing.T) {
	w := build(t)
	var out bytes.Buffer
	config := w.config("")
	config.Log = slog.New(slog.NewTextHandler(&out, nil))
	c, err := nca.New(config)
	if err != nil {
		t.Fatal(err)
	}
	w.services.Break(authority.OCSP, authority.Unavailable)
	for range 5 {
		w.status(c)
	}
	if n := strings.Count(out.String(), "failure=status"); n != 5 || strings.Count(out.String(), "opened=true") != 1 {
		t.Errorf("log %s", out.String())
	}
	if strings.Contains(out.String(), w.leaf.Serial()) {
		t.Error("the certificate asked about is in the log")
	}
}

func TestTheNetworksKnowTheNationalCertificates(t *testing.T) {
	dir, ok := beside.Path(t, "pki", "data", "ca")
	if !ok {
		return
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if block, _ := pem.Decode(b); block != nil {
			return block.Bytes
		}
		return b
	}
	production := [][]byte{
		read("prod/root_gost_2022.pem"), read("prod/nca_gost_2022.pem"),
		read("prod/root_rsa_2020.cer"), read("prod/nca_rsa_2022.cer"),
	}
	test := [][]byte{read("root_test_gost_2022.cer"), read("nca_gost2022_test.cer")}
	for _, c := range []struct {
		name    string
		network nca.Network
		own     [][]byte
		others  [][]byte
	}{
		{"production", nca.Production(), production, test},
		{"test", nca.Test(), test, production},
	} {
		if got := c.network.Issuers(c.own...); len(got) != len(c.own) {
			t.Errorf("%s: %d of its own", c.name, len(got))
		}
		if got := c.network.Issuers(c.others...); len(got) != 0 {
			t.Errorf("%s: %d of the others", c.name, len(got))
		}
		at := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
		if got := c.network.Unknown(at, slices.Concat(c.own, c.others)...); len(got) != len(c.others) {
			t.Errorf("%s: does not know %q", c.name, got)
		}
		if got := c.network.Unknown(at.AddDate(30, 0, 0), slices.Concat(c.own, c.others)...); len(got) != 0 {
			t.Errorf("%s: does not know what has ended: %q", c.name, got)
		}
		client, err := nca.New(nca.Config{Issuers: c.network.Issuers(c.own...), TSP: c.network.TSP})
		if err != nil {
			t.Fatal(err)
		}
		if h := client.Health(); len(h) != map[string]int{"production": 8, "test": 5}[c.name] {
			t.Errorf("%s: %d endpoints", c.name, len(h))
		}
	}
}
