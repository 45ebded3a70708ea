package authority_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/ocsp"
	"zharia/portal/eds/key"
)

// world is an authority with its services on a loopback address, and a clock.
type world struct {
	t         testing.TB
	authority *authority.Authority
	services  *authority.Services
	url       string
	leaf      *key.Key

	mu sync.Mutex
	at time.Time
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

func serve(t testing.TB, a *authority.Authority) *world {
	t.Helper()
	w := &world{t: t, authority: a, at: now.AddDate(0, 1, 0).Truncate(time.Second)}
	var err error
	if w.services, err = a.Services(w.now); err != nil {
		t.Fatal(err)
	}
	w.services.Delay = time.Minute
	server := httptest.NewServer(w.services)
	t.Cleanup(server.Close)
	w.url = server.URL
	if w.leaf, err = a.Issue(authority.Person{IIN: "870412400123", CommonName: "АЙГҮЛ"}); err != nil {
		t.Fatal(err)
	}
	return w
}

// families runs a test with the national authority and with the RSA one.
func families(t *testing.T, test func(t *testing.T, w *world)) {
	for name, found := range map[string]func(string, time.Time) (*authority.Authority, error){
		"GOST": authority.New, "RSA": authority.NewRSA,
	} {
		t.Run(name, func(t *testing.T) {
			a, err := found("DEMO", now)
			if err != nil {
				t.Fatal(err)
			}
			test(t, serve(t, a))
		})
	}
}

func (w *world) post(path string, body []byte) []byte {
	w.t.Helper()
	r, err := http.Post(w.url+path, "application/octet-stream", bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.read(r)
}

func (w *world) get(path string) []byte {
	w.t.Helper()
	r, err := http.Get(w.url + path)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.read(r)
}

func (w *world) read(r *http.Response) []byte {
	w.t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		w.t.Fatalf("%s, %v", r.Status, err)
	}
	return b
}

func parse(t testing.TB, raw []byte) *chain.Certificate {
	t.Helper()
	c, err := chain.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ask asks the responder about a certificate and judges the answer as the
// portal does.
func (w *world) ask(certificate []byte) (ocsp.Answer, error) {
	w.t.Helper()
	nonce := make([]byte, 16)
	rand.Read(nonce)
	c, issuer := parse(w.t, certificate), parse(w.t, w.authority.Issuer())
	q := ocsp.Question{Certificate: c, Issuer: issuer, Nonce: nonce, At: w.now(), MaxAge: time.Hour}
	return q.Check(w.post("/ocsp/", ocsp.Request(c, issuer, nonce)))
}

func (w *world) list(path string, issuer []byte) *crl.List {
	w.t.Helper()
	l, err := crl.Read(bytes.NewReader(w.get(path)), parse(w.t, issuer), chain.Profile{})
	if err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
	return l
}

// stranger gives a certificate of the issuer's with a serial number it never
// gave out. Its signature is of no interest to a responder.
func stranger(t testing.TB, certificate []byte) []byte {
	t.Helper()
	outer := der.Read(certificate).Into(der.Sequence)
	body := outer.Into(der.Sequence)
	fields := [][]byte{body.Any().Full}
	body.Any()
	fields = append(fields, der.EncodeInt(big.NewInt(4711)))
	for body.More() {
		fields = append(fields, body.Any().Full)
	}
	return der.EncodeSequence(der.EncodeSequence(fields...), outer.Any().Full, outer.Any().Full)
}

func (w *world) revoke(reason int) {
	w.t.Helper()
	if err := w.authority.Revoke(w.leaf.Serial(), reason, w.now().Add(-time.Minute)); err != nil {
		w.t.Fatal(err)
	}
}
