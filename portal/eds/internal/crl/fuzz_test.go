package crl_test

import (
	"bytes"
	"crypto/x509"
	"testing"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/der"
)

// believingProfile takes every signature, so that what lies behind it is read.
var believingProfile = chain.Profile{
	Foreign: func([]byte, chain.AlgorithmID, []byte, []byte) error { return nil },
}

// believing is an issuer with the name that the list bears, whatever it is,
// and a key that everything verifies with.
func believing(t testing.TB, list []byte) *chain.Certificate {
	t.Helper()
	spki := der.EncodeSequence(der.EncodeSequence(der.EncodeOID("1.2.3")), der.EncodeBits(nil))
	key, err := believingProfile.ParseKey(spki)
	if err != nil {
		t.Fatal(err)
	}
	tbs := der.Read(list).Into(der.Sequence).Into(der.Sequence)
	if tbs.Next(der.Integer) {
		tbs.Any()
	}
	tbs.Any()
	return &chain.Certificate{Subject: tbs.Any().Full, SPKI: spki, Key: key}
}

// Whatever bytes come, the answer is a list or a refusal; a list says the same
// however its bytes arrive, and what another reader says that takes it.
func FuzzList(f *testing.F) {
	for _, raw := range beside.Corpus(f, malformed) {
		f.Add(raw)
	}
	for _, c := range genuine {
		if raw, _, ok := genuineList(f, c.list, c.issuer); ok {
			f.Add(raw)
		}
	}
	s := ours(f)
	f.Add(deltaTo(s, 14, now, entry(7, now, crl.Remove), entry(8, now, -1)).signed(f, s))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if l, err := read(raw, s); reason(err) == "" && !bytes.Contains(raw, l.Issuer) {
			t.Fatalf("a list of nobody's: %v", err)
		}
		issuer := believing(t, raw)
		l, err := crl.Read(bytes.NewReader(raw), issuer, believingProfile)
		again, err2 := crl.Read(oneByOne{bytes.NewReader(raw)}, issuer, believingProfile)
		if reason(err) != reason(err2) {
			t.Fatalf("%v and byte by byte %v", err, err2)
		}
		if err != nil {
			if reason(err)[:3] == "not" {
				t.Fatal(err)
			}
			return
		}
		if l.Len() != again.Len() || l.Digest != again.Digest || !bytes.Equal(l.Raw, raw) {
			t.Fatal("byte by byte it is another list")
		}
		compare(t, l, raw)
	})
}

// compare holds a list against what crypto/x509 reads in it, where that takes
// it. The other has no opinion about lists of 2026.
func compare(t *testing.T, l *crl.List, raw []byte) {
	other, err := x509.ParseRevocationList(raw)
	if err != nil {
		return
	}
	if len(other.RevokedCertificateEntries) != l.Len() || !other.ThisUpdate.Equal(l.ThisUpdate) || !other.NextUpdate.Equal(l.NextUpdate) {
		t.Fatalf("crypto/x509 reads %d entries of %v until %v", len(other.RevokedCertificateEntries), other.ThisUpdate, other.NextUpdate)
	}
	for _, e := range other.RevokedCertificateEntries {
		got, ok := l.Find(e.SerialNumber)
		if !ok || !got.At.Equal(e.RevocationTime) || got.Reason != e.ReasonCode {
			t.Fatalf("crypto/x509 reads %v of %v for %d, we %v", e.ReasonCode, e.RevocationTime, e.SerialNumber, got)
		}
	}
}
