package eds_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/key"
)

// now is the moment of every test: it lies inside the validity of the
// authority's public test keys of 2026.
var now = time.Date(2026, 7, 20, 9, 30, 0, 0, time.UTC)

func read(t testing.TB, elements ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elements...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// national trusts the authority's public test hierarchy.
func national(t testing.TB, data string) *eds.Verifier {
	t.Helper()
	v, err := eds.NewVerifier(
		read(t, data, "ca", "nca_gost2022_test.cer"),
		read(t, data, "ca", "root_test_gost_2022.cer"),
	)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// world is an authority of our own, made once: keys cost time.
type world struct {
	authority *authority.Authority
	verifier  *eds.Verifier
	aigul     *key.Key
}

var ourWorld = sync.OnceValues(func() (*world, error) {
	a, err := authority.New("TEST", now.AddDate(-1, 0, 0))
	if err != nil {
		return nil, err
	}
	v, err := eds.NewVerifier(a.Root(), a.Issuer())
	if err != nil {
		return nil, err
	}
	k, err := a.Issue(aigul)
	return &world{a, v, k}, err
})

var aigul = authority.Person{
	IIN: "870412400123", CommonName: "СЕРІКОВА АЙГҮЛ", Surname: "СЕРІКОВА", Patronymic: "БОЛАТҚЫЗЫ",
	From: now.AddDate(0, -6, 0),
}

func ours(t testing.TB) *world {
	t.Helper()
	w, err := ourWorld()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) issue(t testing.TB, p authority.Person) *key.Key {
	t.Helper()
	k, err := w.authority.Issue(p)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t testing.TB, k *key.Key, content []byte, attached bool) []byte {
	t.Helper()
	sig, err := k.SignCMS(content, attached, now)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func reason(err error) eds.Reason {
	var r *eds.Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	return ""
}

// parts is a signed message cut into pieces that a test puts together anew.
type parts struct {
	encapsulated           []byte
	digests, certificates  [][]byte
	signers                [][]byte
	sid, digest, algorithm []byte
	attributes             [][]byte // of the first signer
	signature              []byte
}

func cut(t testing.TB, sig []byte) parts {
	t.Helper()
	r := der.Read(sig).Into(der.Sequence)
	r.OID()
	r = r.Into(der.Context(0, true)).Into(der.Sequence)
	r.Small()
	all := func(r *der.Reader) (out [][]byte) {
		for r.More() {
			out = append(out, r.Any().Full)
		}
		return out
	}
	var p parts
	p.digests = all(r.Into(der.Set))
	p.encapsulated = r.Any().Full
	p.certificates = all(r.Into(der.Context(0, true)))
	p.signers = all(r.Into(der.Set))
	s := der.Read(p.signers[0]).Into(der.Sequence)
	s.Small()
	p.sid, p.digest = s.Any().Full, s.Any().Full
	p.attributes = all(s.Into(der.Context(0, true)))
	p.algorithm, p.signature = s.Any().Full, s.Any().Body
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

// resign signs the attributes as they stand now, in their order, and makes
// the first signer anew.
func (p parts) resign(t testing.TB, k *key.Key) parts {
	t.Helper()
	signature, err := k.Sign(der.Encode(der.Set, p.attributes...))
	if err != nil {
		t.Fatal(err)
	}
	p.signature = signature
	return p.remake(der.Encode(der.Context(0, true), p.attributes...))
}

func (p parts) remake(attributes []byte, unsigned ...[]byte) parts {
	fields := [][]byte{der.EncodeSmall(1), p.sid, p.digest, attributes, p.algorithm, der.EncodeOctets(p.signature)}
	p.signers = [][]byte{der.EncodeSequence(append(fields, unsigned...)...)}
	return p
}

func (p parts) join() []byte {
	return cms.Assemble(p.encapsulated, p.digests, p.certificates, p.signers)
}

// suite is a file of published or derived cases with the blobs they name.
type suite[C any] struct {
	Cases []C               `json:"cases"`
	Blobs map[string][]byte `json:"blobs"`
}

func load[C any](t testing.TB, path string) suite[C] {
	t.Helper()
	var s suite[C]
	if err := json.Unmarshal(read(t, path), &s); err != nil {
		t.Fatal(err)
	}
	if len(s.Cases) == 0 {
		t.Fatal("the suite is empty")
	}
	return s
}
