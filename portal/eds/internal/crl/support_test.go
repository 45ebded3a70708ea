package crl_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/gost3410"
	"zharia/portal/eds/internal/gost3411"
)

var (
	made = time.Date(2026, 8, 11, 3, 0, 0, 0, time.UTC)
	ends = made.Add(27 * time.Hour)
	now  = made.Add(2 * time.Hour)
)

// signer is an authority of the tests: a key, and what of its certificate the
// reader of lists asks.
type signer struct {
	*chain.Certificate
	private *gost3410.PrivateKey
}

func newSigner(t testing.TB, name string) signer {
	t.Helper()
	private, err := gost3410.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := chain.NewGostKey(private.Public())
	spki, err := key.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return signer{&chain.Certificate{
		Subject: named(name), SPKI: spki, Key: key, SubjectKeyID: spki[len(spki)-20:],
		HasBasic: true, CA: true, HasUsage: true, Usage: 1<<6 | chain.KeyCertSign,
	}, private}
}

func named(name string) []byte {
	return der.EncodeSequence(der.EncodeSet(der.EncodeSequence(der.EncodeOID("2.5.4.3"), der.Encode(der.UTF8String, []byte(name)))))
}

// ours is the authority of most tests, made once.
var authority struct {
	sync.Once
	signer
}

func ours(t testing.TB) signer {
	authority.Do(func() { authority.signer = newSigner(t, "TEST") })
	return authority.signer
}

// issued is a certificate of an authority's, as far as a list is concerned.
func (s signer) issued(serial int64) *chain.Certificate {
	return &chain.Certificate{Serial: big.NewInt(serial), Issuer: s.Subject, NotAfter: ends.AddDate(1, 0, 0)}
}

func (s signer) sign(t testing.TB, message []byte) []byte {
	t.Helper()
	digest := gost3411.Sum512(message)
	signature, err := s.private.Sign(rand.Reader, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// draft is a list before it is signed, each field in DER; nil leaves it out.
type draft struct {
	version, inner, outer, issuer, made, ends []byte
	entries                                   [][]byte
	extensions                                [][]byte
	after                                     []byte // of the signed part
}

func newDraft(s signer) draft {
	return draft{
		version: der.EncodeSmall(1),
		inner:   der.EncodeSequence(der.EncodeOID(chain.GostSignature)),
		outer:   chain.EncodeAlgorithm(chain.GostSignature),
		issuer:  s.Subject, made: der.EncodeTime(made), ends: der.EncodeTime(ends),
		extensions: [][]byte{
			extension("2.5.29.35", false, der.EncodeSequence(der.Encode(der.Context(0, false), s.SubjectKeyID))),
			extension("2.5.29.20", false, der.EncodeSmall(14)),
		},
	}
}

// with gives the draft with something changed.
func (d draft) with(change func(d *draft)) draft {
	d.entries, d.extensions = slices.Clone(d.entries), slices.Clone(d.extensions)
	change(&d)
	return d
}

func (d draft) signed(t testing.TB, s signer) []byte {
	parts := [][]byte{d.version, d.inner, d.issuer, d.made, d.ends}
	if d.entries != nil {
		parts = append(parts, der.EncodeSequence(d.entries...))
	}
	if d.extensions != nil {
		parts = append(parts, der.Encode(der.Context(0, true), der.EncodeSequence(d.extensions...)))
	}
	tbs := der.EncodeSequence(append(parts, d.after)...)
	return der.EncodeSequence(tbs, d.outer, der.EncodeBits(s.sign(t, tbs)))
}

func extension(id string, critical bool, value []byte) []byte {
	flag := []byte(nil)
	if critical {
		flag = der.EncodeTrue()
	}
	return der.EncodeSequence(der.EncodeOID(id), flag, der.EncodeOctets(value))
}

// entry writes a line of a list; a reason of -1 leaves the code out.
func entry(serial int64, at time.Time, reason int) []byte {
	if reason < 0 {
		return der.EncodeSequence(der.EncodeSmall(int(serial)), der.EncodeTime(at))
	}
	return entryWith(serial, at, extension("2.5.29.21", false, der.Encode(der.Enumerated, []byte{byte(reason)})))
}

func entryWith(serial int64, at time.Time, extensions ...[]byte) []byte {
	return der.EncodeSequence(der.EncodeSmall(int(serial)), der.EncodeTime(at), der.EncodeSequence(extensions...))
}

func read(raw []byte, s signer) (*crl.List, error) {
	return crl.Read(bytes.NewReader(raw), s.Certificate, chain.Profile{})
}

func mustRead(t testing.TB, d draft, s signer) *crl.List {
	t.Helper()
	l, err := read(d.signed(t, s), s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func reason(err error) string {
	var refused *chain.Refused
	if errors.As(err, &refused) {
		return refused.Reason
	}
	if err != nil {
		return "not a refusal: " + err.Error()
	}
	return ""
}

// oneByOne gives a byte at a time.
type oneByOne struct{ io.Reader }

func (r oneByOne) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(1, len(b))]) }
