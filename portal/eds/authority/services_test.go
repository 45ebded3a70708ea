package authority_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/ocsp"
	"zharia/portal/eds/internal/tsp"
)

func TestTheResponderSaysHowACertificateStands(t *testing.T) {
	families(t, func(t *testing.T, w *world) {
		want := func(step string, certificate []byte, status ocsp.Status, reason int, at time.Time) {
			t.Helper()
			a, err := w.ask(certificate)
			if err != nil {
				t.Fatalf("%s: %v", step, err)
			}
			if a.Status != status || a.Reason != reason || !a.RevokedAt.Equal(at) {
				t.Errorf("%s: %s, reason %d, %v", step, a.Status, a.Reason, a.RevokedAt)
			}
			if !a.ThisUpdate.Equal(w.now()) || !a.ProducedAt.Equal(w.now()) || !a.NextUpdate.IsZero() {
				t.Errorf("%s: told %v, %v, %v", step, a.ThisUpdate, a.ProducedAt, a.NextUpdate)
			}
		}
		serial, certificate := w.leaf.Serial(), w.leaf.Certificate()
		want("issued", certificate, ocsp.Good, 0, time.Time{})

		w.revoke(authority.Hold)
		want("on hold", certificate, ocsp.Revoked, authority.Hold, w.now().Add(-time.Minute))
		if err := w.authority.Unrevoke(serial); err != nil {
			t.Fatal(err)
		}
		want("lifted", certificate, ocsp.Good, 0, time.Time{})

		w.revoke(authority.Unspecified)
		want("revoked without a reason", certificate, ocsp.Revoked, 0, w.now().Add(-time.Minute))
		w.revoke(authority.KeyCompromise)
		want("compromised", certificate, ocsp.Revoked, authority.KeyCompromise, w.now().Add(-time.Minute))
		if err := w.authority.Unrevoke(serial); !errors.Is(err, authority.ErrNotHeld) {
			t.Errorf("a compromised key was let off: %v", err)
		}
		if !w.authority.Revoked(serial) {
			t.Error("and is no longer revoked")
		}
		want("never issued", stranger(t, certificate), ocsp.Revoked, authority.Hold, time.Unix(0, 0))
	})
}

func TestOnlyWhatWasIssuedIsRevoked(t *testing.T) {
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	if err := a.Revoke("4711", authority.Hold, now); !errors.Is(err, authority.ErrSerial) {
		t.Errorf("a serial number of nobody: %v", err)
	}
	for _, reason := range []int{-1, 7, 8, 11} {
		if a.Revoke(w.leaf.Serial(), reason, now) == nil {
			t.Errorf("reason %d", reason)
		}
	}
	if a.Revoked(w.leaf.Serial()) {
		t.Error("a refused revocation holds")
	}
}

func TestTheResponderRefusesWhatItCannotAnswer(t *testing.T) {
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	leaf, issuer, root := parse(t, w.leaf.Certificate()), parse(t, a.Issuer()), parse(t, a.Root())
	good := ocsp.Request(leaf, issuer, []byte("12345678"))
	const malformed, unauthorized = "30030a0101", "30030a0106"
	for _, c := range []struct {
		name    string
		request []byte
		want    string
	}{
		{"nothing", nil, malformed},
		{"half", good[:len(good)/2], malformed},
		{"a byte more", append(bytes.Clone(good), 0), malformed},
		{"no certificate", der.EncodeSequence(der.EncodeSequence(der.EncodeSequence())), malformed},
		{"a long nonce", ocsp.Request(leaf, issuer, make([]byte, 100)), malformed},
		{"another digest", bytes.Replace(good, der.EncodeOID(chain.SHA256), der.EncodeOID("2.16.840.1.101.3.4.2.3"), 1), malformed},
		{"the root's certificate", ocsp.Request(issuer, root, nil), unauthorized},
	} {
		if got := fmt.Sprintf("%x", w.post("/ocsp/", c.request)); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	r, err := http.Post(w.url+"/ocsp/", "", bytes.NewReader(make([]byte, 17<<10)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a long request: %s", r.Status)
	}
}

func TestTheListsFollowTheRevocations(t *testing.T) {
	families(t, func(t *testing.T, w *world) {
		leaf, issuer := parse(t, w.leaf.Certificate()), parse(t, w.authority.Issuer())
		want := func(step string, full, delta *crl.List, status crl.Status) {
			t.Helper()
			got, _, err := full.Status(leaf, issuer, delta, w.now())
			if got != status {
				t.Errorf("%s: %s, %v", step, got, err)
			}
		}
		lists := func() (full, delta *crl.List) {
			return w.list("/crl/full.crl", w.authority.Issuer()), w.list("/crl/delta.crl", w.authority.Issuer())
		}
		full, delta := lists()
		want("nobody", full, nil, crl.Good)
		want("nobody, with the delta", full, delta, crl.Good)
		if full.Base != nil || delta.Base.Cmp(full.Number) != 0 || delta.Number.Cmp(full.Number) <= 0 {
			t.Errorf("numbers %v, %v to %v", full.Number, delta.Number, delta.Base)
		}
		if h := full.NextUpdate.Sub(full.ThisUpdate); h != 27*time.Hour {
			t.Errorf("the full list holds for %v", h)
		}

		w.revoke(authority.Hold)
		before := full
		full, delta = lists()
		if full.Digest != before.Digest {
			t.Error("the full list is made more than once a day")
		}
		want("on hold, by the full list", full, nil, crl.Good)
		want("on hold, by both", full, delta, crl.Revoked)

		w.pass(25 * time.Hour)
		full, delta = lists()
		want("the next day", full, nil, crl.Revoked)
		if e, ok := full.Find(leaf.Serial); !ok || e.Reason != authority.Hold || delta.Len() != 0 {
			t.Errorf("entry %v, %v; %d in the delta", e, ok, delta.Len())
		}
		if err := w.authority.Unrevoke(w.leaf.Serial()); err != nil {
			t.Fatal(err)
		}
		full, delta = lists()
		want("lifted, by the full list", full, nil, crl.Revoked)
		want("lifted, by both", full, delta, crl.Good)
		if err := w.services.Publish(); err != nil {
			t.Fatal(err)
		}
		full, delta = lists()
		want("published", full, nil, crl.Good)
		want("published, with the delta", full, delta, crl.Good)
	})
}

func TestTheRootsListNamesTheIssuer(t *testing.T) {
	families(t, func(t *testing.T, w *world) {
		issuer, root := parse(t, w.authority.Issuer()), parse(t, w.authority.Root())
		for _, want := range []crl.Status{crl.Good, crl.Revoked} {
			got, _, err := w.list("/crl/root.crl", w.authority.Root()).Status(issuer, root, nil, w.now())
			if got != want {
				t.Errorf("%s, want %s: %v", got, want, err)
			}
			if err := w.authority.Revoke(fmt.Sprintf("%x", issuer.Serial.Bytes()), authority.KeyCompromise, w.now()); err != nil {
				t.Fatal(err)
			}
		}
		if n := w.list("/crl/full.crl", w.authority.Issuer()).Len(); n != 0 {
			t.Errorf("%d entries in the issuer's own list", n)
		}
	})
}

// The national lists of 2026 leave NULL out inside and write it outside.
func TestTheListsHaveTheNationalForm(t *testing.T) {
	families(t, func(t *testing.T, w *world) {
		outer := der.Read(w.get("/crl/full.crl")).Into(der.Sequence)
		tbs := outer.Into(der.Sequence)
		tbs.Small()
		in, out := chain.ReadAlgorithm(tbs), chain.ReadAlgorithm(outer)
		national := in.OID == chain.GostSignature
		if in.OID != out.OID || (in.Params == nil) != national || out.Params == nil {
			t.Errorf("inside %x, outside %x", in.Raw, out.Raw)
		}
	})
}

func TestAListIsSentOnce(t *testing.T) {
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	first, err := http.Get(w.url + "/crl/full.crl")
	if err != nil {
		t.Fatal(err)
	}
	first.Body.Close()
	for _, header := range [][2]string{
		{"If-None-Match", first.Header.Get("ETag")}, {"If-Modified-Since", first.Header.Get("Last-Modified")},
	} {
		r, err := http.NewRequest("GET", w.url+"/crl/full.crl", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(header[0], header[1])
		again, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		again.Body.Close()
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%v: %s", header, again.Status)
		}
	}
}

// rules are the digest and the policy of an authority's stamps.
func rules(w *world) (digest, policy string) {
	if parse(w.t, w.authority.Issuer()).Key.OID == chain.RSAKey {
		return chain.SHA256, tsp.PolicyRSA
	}
	return chain.GostDigest, tsp.PolicyGost
}

func TestAStampProvesTheTime(t *testing.T) {
	families(t, func(t *testing.T, w *world) {
		signature := []byte("a signature")
		digest, policy := rules(w)
		nonce := new(big.Int).Lsh(big.NewInt(0xc0ffee), 60)
		request, err := tsp.Request(signature, digest, policy, nonce)
		if err != nil {
			t.Fatal(err)
		}
		token, err := tsp.Token(w.post("/tsp/", request))
		if err != nil {
			t.Fatal(err)
		}
		s, err := tsp.Check(token, signature, nonce, chain.Profile{})
		if err != nil {
			t.Fatal(err)
		}
		if !s.At.Equal(w.now()) || s.Policy != policy || s.Serial.Sign() >= 0 {
			t.Errorf("stamp of %v by %s, number %v", s.At, s.Policy, s.Serial)
		}
		if err := s.Authority.SignedBy(parse(t, w.authority.Issuer())); err != nil {
			t.Error(err)
		}
		if _, err := tsp.Check(token, []byte("another"), nonce, chain.Profile{}); err == nil {
			t.Error("the stamp is for any signature")
		}
	})
}

func TestTheStamperRefusesWhatItCannotStamp(t *testing.T) {
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	good, err := tsp.Request([]byte("x"), chain.GostDigest, tsp.PolicyGost, big.NewInt(1))
	if err != nil {
		t.Fatal(err)
	}
	policy, err := tsp.Request([]byte("x"), chain.GostDigest, tsp.PolicyRSA, big.NewInt(1))
	if err != nil {
		t.Fatal(err)
	}
	sha1 := der.EncodeSequence(der.EncodeSmall(1), der.EncodeSequence(
		chain.EncodeAlgorithm("1.3.14.3.2.26"), der.EncodeOctets(make([]byte, 20))))
	short := der.EncodeSequence(der.EncodeSmall(1), der.EncodeSequence(
		chain.EncodeAlgorithm(chain.SHA256), der.EncodeOctets(make([]byte, 20))))
	for _, c := range []struct {
		name    string
		request []byte
		want    string // rejection, with the bit of PKIFailureInfo
	}{
		{"nothing", nil, "3009300702010203020204"},
		{"a byte more", append(bytes.Clone(good), 0), "3009300702010203020204"},
		{"SHA-1", sha1, "3009300702010203020780"},
		{"a short imprint", short, "3009300702010203020780"},
		{"the policy of others", policy, "300a30080201020303000001"},
	} {
		if got := fmt.Sprintf("%x", w.post("/tsp/", c.request)); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	// Java's nonces may be negative, and a token need not carry its certificate.
	bare := der.EncodeSequence(der.EncodeSmall(1), der.EncodeSequence(
		chain.EncodeAlgorithm(chain.SHA256), der.EncodeOctets(make([]byte, 32))),
		der.Encode(der.Integer, []byte{0x90, 1, 2, 3}))
	answer := w.post("/tsp/", bare)
	if !bytes.Contains(answer, []byte{0x02, 0x04, 0x90, 1, 2, 3}) || bytes.Contains(answer, []byte("TIME-STAMPING AUTHORITY")) {
		t.Errorf("answer %x", answer)
	}
}

// Each fault shows, and none is taken for a good answer.
func TestAFaultIsNeverGood(t *testing.T) {
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	w.services.Delay = 50 * time.Millisecond
	leaf, issuer := parse(t, w.leaf.Certificate()), parse(t, a.Issuer())
	nonce := []byte("12345678")
	q := ocsp.Question{Certificate: leaf, Issuer: issuer, Nonce: nonce, At: w.now(), MaxAge: time.Hour}
	stamp, err := tsp.Request([]byte("x"), chain.GostDigest, tsp.PolicyGost, big.NewInt(77))
	if err != nil {
		t.Fatal(err)
	}
	answers := map[authority.Service]func() error{
		authority.OCSP: func() error {
			b, err := fetch(w.url+"/ocsp/", ocsp.Request(leaf, issuer, nonce))
			if err != nil {
				return err
			}
			a, err := q.Check(b)
			if err == nil && a.Status != ocsp.Good {
				err = errors.New(string(a.Status))
			}
			return err
		},
		authority.Lists: func() error {
			b, err := fetch(w.url+"/crl/full.crl", nil)
			if err != nil {
				return err
			}
			l, err := crl.Read(bytes.NewReader(b), issuer, chain.Profile{})
			if err != nil {
				return err
			}
			_, _, err = l.Status(leaf, issuer, nil, w.now())
			return err
		},
		authority.Stamps: func() error {
			b, err := fetch(w.url+"/tsp/", stamp)
			if err != nil {
				return err
			}
			token, err := tsp.Token(b)
			if err != nil {
				return err
			}
			s, err := tsp.Check(token, []byte("x"), big.NewInt(77), chain.Profile{})
			if err == nil && !s.At.Equal(w.now()) {
				err = errors.New("stale")
			}
			return err
		},
	}
	for service, ask := range answers {
		if err := ask(); err != nil {
			t.Errorf("%s in order: %v", service, err)
		}
		for _, f := range authority.Faults() {
			w.services.Break(service, f)
			started := time.Now()
			err := ask()
			w.services.Break(service, authority.NoFault)
			none := f == authority.Slow || service == authority.Lists && (f == authority.WrongNonce || f == authority.UnknownStatus)
			if (err == nil) != none {
				t.Errorf("%s %s: %v", service, f, err)
			}
			if f == authority.Slow && time.Since(started) < w.services.Delay {
				t.Errorf("%s: not slow", service)
			}
		}
		if err := ask(); err != nil {
			t.Errorf("%s in order again: %v", service, err)
		}
	}
}

// fetch asks and takes nothing but 200 and a whole body for an answer.
func fetch(url string, body []byte) ([]byte, error) {
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	method := "GET"
	if body != nil {
		method = "POST"
	}
	r, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	return io.ReadAll(response.Body)
}

func TestWhoHasNoNameIsSentElsewhere(t *testing.T) {
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	r, err := http.NewRequest("GET", w.url+"/crl/full.crl", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["User-Agent"] = []string{""}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusSeeOther {
		t.Error(response.Status)
	}
}

func TestABlockedKeyStaysBlockedOverARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "authority")
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Save(dir); err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	w.revoke(authority.Hold)
	before := w.list("/crl/full.crl", a.Issuer())
	answer, err := w.ask(w.leaf.Certificate())
	if err != nil {
		t.Fatal(err)
	}

	loaded, err := authority.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	again := serve(t, loaded)
	got, err := again.ask(w.leaf.Certificate())
	if err != nil || got.Status != ocsp.Revoked || got.Reason != authority.Hold || !got.RevokedAt.Equal(answer.RevokedAt) {
		t.Errorf("%v, %v", got, err)
	}
	if !bytes.Equal(got.Responder.Raw, answer.Responder.Raw) {
		t.Error("the responder has another key")
	}
	if l := again.list("/crl/full.crl", a.Issuer()); l.Number.Cmp(before.Number) <= 0 || l.Len() != 1 {
		t.Errorf("list %v after %v, %d entries", l.Number, before.Number, l.Len())
	}
	if err := loaded.Unrevoke(w.leaf.Serial()); err != nil {
		t.Fatal(err)
	}
	third, err := authority.Load(dir)
	if err != nil || third.Revoked(w.leaf.Serial()) {
		t.Errorf("still blocked, %v", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 5 {
		t.Errorf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

// A folder from before authorities had a state holds keys that were issued
// all the same.
func TestAnOlderFolderIsTakenUp(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "authority")
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	k, err := a.Issue(authority.Person{IIN: "870412400123", CommonName: "X"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Save(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "state.json")); err != nil {
		t.Fatal(err)
	}
	loaded, err := authority.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, loaded)
	if got, err := w.ask(k.Certificate()); err != nil || got.Status != ocsp.Revoked {
		t.Errorf("forgotten: %v, %v", got.Status, err)
	}
	if err := loaded.Recognise(k.Certificate()); err != nil {
		t.Fatal(err)
	}
	if got, err := w.ask(k.Certificate()); err != nil || got.Status != ocsp.Good {
		t.Errorf("recognised: %v, %v", got.Status, err)
	}
	if loaded.Recognise(stranger(t, k.Certificate())) == nil || loaded.Recognise([]byte("x")) == nil {
		t.Error("a certificate that the issuer did not sign is recognised")
	}
	for _, broken := range []string{"{", `{"issued":null}`} {
		if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := authority.Load(dir); err == nil {
			t.Errorf("the state %s is one", broken)
		}
	}
}

func TestServicesAreAskedByManyAtOnce(t *testing.T) {
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Save(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			switch i % 4 {
			case 0:
				if _, err := a.Issue(authority.Person{IIN: "870412400123", CommonName: "X"}); err != nil {
					t.Error(err)
				}
			case 1:
				w.revoke(authority.Hold)
			case 2:
				if _, err := w.ask(w.leaf.Certificate()); err != nil {
					t.Error(err)
				}
			case 3:
				w.list("/crl/delta.crl", a.Issuer())
			}
		})
	}
	all.Wait()
}

// Whatever is sent, the services answer or refuse; they are not brought down.
func TestAChangedQuestionIsAnsweredOrRefused(t *testing.T) {
	a, err := authority.New("DEMO", now)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, a)
	stamp, err := tsp.Request([]byte("x"), chain.GostDigest, tsp.PolicyGost, big.NewInt(1))
	if err != nil {
		t.Fatal(err)
	}
	for path, question := range map[string][]byte{
		"/ocsp/": ocsp.Request(parse(t, w.leaf.Certificate()), parse(t, a.Issuer()), []byte("12345678")), "/tsp/": stamp,
	} {
		for i := range question {
			for _, change := range []byte{0x01, 0x80, 0xff} {
				changed := bytes.Clone(question)
				changed[i] ^= change
				r := httptest.NewRequest("POST", path, bytes.NewReader(changed))
				r.Header.Set("User-Agent", "test")
				answer := httptest.NewRecorder()
				w.services.ServeHTTP(answer, r)
				if answer.Code != http.StatusOK || der.Check(answer.Body.Bytes()) != nil {
					t.Fatalf("%s, byte %d: %d", path, i, answer.Code)
				}
			}
		}
	}
}
