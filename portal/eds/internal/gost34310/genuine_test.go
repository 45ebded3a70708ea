package gost34310_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/ocsp"
	"zharia/portal/eds/internal/tsp"
)

// before is the profile that reads what was signed before 2022; today is the one
// that judges what is signed now.
var before, today = chain.Profile{Old: true}, chain.Profile{}

// read gives a file's octets, without the letters of PEM around them.
func read(t *testing.T, path ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(raw); block != nil {
		return block.Bytes
	}
	return raw
}

func certificate(t *testing.T, p chain.Profile, path ...string) *chain.Certificate {
	t.Helper()
	c, err := p.Parse(read(t, path...))
	if err != nil {
		t.Fatalf("%v: %v", path, err)
	}
	return c
}

func reason(err error) string {
	var r *chain.Refused
	if errors.As(err, &r) {
		return r.Reason
	}
	return fmt.Sprint(err)
}

// The production authorities of the time, each under its issuer.
var authorities = []struct{ file, issuer string }{
	{"root_gost.pem", "root_gost.pem"},
	{"nca_gost.pem", "root_gost.pem"},
	{"root_gost_2020.cer", "root_gost_2020.cer"},
	{"ucgo_gost.cer", "root_gost_2020.cer"},
	{"btsd_gost.cer", "root_gost_2020.cer"},
}

func TestTheOldAuthoritiesVerifyOnlyForOldDocuments(t *testing.T) {
	folder, ok := beside.Path(t, "pki", "data")
	if !ok {
		return
	}
	for _, a := range authorities {
		child := certificate(t, before, folder, "ca", "prod", a.file)
		parent := certificate(t, before, folder, "ca", "prod", a.issuer)
		if err := child.SignedBy(parent); err != nil {
			t.Errorf("%s: %v", a.file, err)
		}
		for i := range child.Signature {
			spoiled := *child
			spoiled.Signature = bytes.Clone(child.Signature)
			spoiled.Signature[i] ^= 1 << (i % 8)
			if err := spoiled.SignedBy(parent); reason(err) != chain.SignatureWrong {
				t.Errorf("%s: octet %d of the signature may be changed: %v", a.file, i, err)
			}
		}
		now := certificate(t, today, folder, "ca", "prod", a.issuer)
		if err := child.SignedBy(now); reason(err) != chain.Algorithm || now.Key.Usable() {
			t.Errorf("%s is accepted today: %v", a.file, err)
		}
		var pool chain.Pool
		if err := pool.Add(read(t, folder, "ca", "prod", a.file)); reason(err) != chain.Algorithm {
			t.Errorf("%s is taken into today's pool: %v", a.file, err)
		}
	}
}

func TestAnOldPersonIsOnAPathOfTheTime(t *testing.T) {
	folder, ok := beside.Path(t, "pki", "data")
	if !ok {
		return
	}
	pool := chain.Pool{Profile: before}
	for _, file := range []string{"root_gost.pem", "nca_gost.pem"} {
		if err := pool.Add(read(t, folder, "ca", "prod", file)); err != nil {
			t.Fatal(err)
		}
	}
	person := certificate(t, before, folder, "certs", "test_CERT_GOST.txt")
	path, err := pool.Path(person, time.Date(2018, 12, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || len(path) != 3 {
		t.Errorf("in 2018: %d, %v", len(path), err)
	}
	if _, err := pool.Path(person, time.Date(2026, 7, 20, 0, 0, 0, 0, time.UTC)); reason(err) != chain.Expired {
		t.Errorf("in 2026: %v", err)
	}
	head := certificate(t, before, folder, "certs", "ceo_valid_sign_2004_gost.cer")
	if err := head.SignedBy(certificate(t, before, folder, "ca", "nca_gost_test.crt")); err != nil {
		t.Errorf("of the test hierarchy: %v", err)
	}
}

// What was signed is not known of the one genuine message of the time, so the
// digest of its content is taken from its attributes, which were signed.
func TestTheOldMessageVerifiesUpToItsContent(t *testing.T) {
	folder, ok := beside.Path(t, "pki", "data")
	if !ok {
		return
	}
	raw := read(t, folder, "cms", "CMS_for_double_sign.der")
	m, err := cms.Parse(raw, before)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range m.Signers {
		if s.Certificate.Key.OID != chain.OldGostKey || len(s.MessageDigest) != 32 {
			t.Errorf("the signer has a key of %s", s.Certificate.Key.Name())
		}
		if err := s.Verify([]byte("another content")); reason(err) != cms.ContentDiffers {
			t.Errorf("over another content: %v", err)
		}
		signed := attributes(t, raw)
		if err := s.Certificate.Key.VerifySigner(chain.OldGostDigest, s.Algorithm, signed, s.Signature); err != nil {
			t.Errorf("the attributes: %v", err)
		}
		signed[len(signed)-1] ^= 1
		if err := s.Certificate.Key.VerifySigner(chain.OldGostDigest, s.Algorithm, signed, s.Signature); reason(err) != chain.SignatureWrong {
			t.Errorf("other attributes: %v", err)
		}
	}
	m, err = cms.Parse(raw, today)
	if err == nil {
		err = m.Signers[0].Verify(nil)
	}
	if reason(err) != chain.Algorithm {
		t.Errorf("today: %v", err)
	}
}

// attributes gives the signed attributes of the first signer as they were signed
// (RFC 5652 5.4).
func attributes(t *testing.T, message []byte) []byte {
	t.Helper()
	r := der.Read(message).Into(der.Sequence)
	r.OID()
	r = r.Into(der.Context(0, true)).Into(der.Sequence)
	for !r.Next(der.Set) || r.Err() != nil {
		r.Any()
	}
	r.Any() // digests
	for r.More() && !r.Next(der.Set) {
		r.Any()
	}
	s := r.Into(der.Set).Into(der.Sequence)
	for range 3 {
		s.Any()
	}
	v := s.Value(der.Context(0, true))
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return append([]byte{der.Set}, v.Full[1:]...)
}

func TestTheOldListVerifiesOnlyForOldDocuments(t *testing.T) {
	folder, ok := beside.Path(t, "pki", "data")
	if !ok {
		return
	}
	raw := read(t, folder, "crl", "nca_gost_test.ncanode.crl")
	issuer := certificate(t, before, folder, "ca", "nca_gost_test.crt")
	list, err := crl.Read(bytes.NewReader(raw), issuer, before)
	if err != nil {
		t.Fatal(err)
	}
	serial, _ := new(big.Int).SetString(revokedSerial(t, folder), 16)
	if entry, found := list.Find(serial); !found || entry.Reason != 4 {
		t.Errorf("the revoked certificate: %v, %+v", found, entry)
	}
	spoiled := bytes.Clone(raw)
	spoiled[len(spoiled)-1] ^= 1
	if _, err := crl.Read(bytes.NewReader(spoiled), issuer, before); reason(err) != chain.SignatureWrong {
		t.Errorf("spoiled: %v", err)
	}
	now := certificate(t, today, folder, "ca", "nca_gost_test.crt")
	if _, err := crl.Read(bytes.NewReader(raw), now, today); reason(err) != chain.Algorithm {
		t.Errorf("today: %v", err)
	}
}

// revokedSerial is the number of the certificate that list and answer are about.
func revokedSerial(t *testing.T, folder string) string {
	t.Helper()
	response := read(t, folder, "ocsp", "ocsp_response_ceo_sign_2004_revoked.bin")
	at := bytes.Index(response, []byte{0x12, 0xe3, 0xe7, 0xb9})
	if at < 2 {
		t.Fatal("the answer is about another certificate")
	}
	return fmt.Sprintf("%x", response[at:at+int(response[at-1])])
}

func TestTheOldAnswerVerifiesOnlyForOldDocuments(t *testing.T) {
	folder, ok := beside.Path(t, "pki", "data")
	if !ok {
		return
	}
	raw := read(t, folder, "ocsp", "ocsp_response_ceo_sign_2004_revoked.bin")
	ask := func(p chain.Profile) (ocsp.Answer, error) {
		issuer := certificate(t, p, folder, "ca", "nca_gost_test.crt")
		// The certificate itself is not at hand; its number is all that is asked.
		person := *certificate(t, p, folder, "certs", "ceo_valid_sign_2004_gost.cer")
		person.Serial, _ = new(big.Int).SetString(revokedSerial(t, folder), 16)
		return ocsp.Question{
			Certificate: &person, Issuer: issuer, At: time.Date(2022, 9, 2, 17, 0, 0, 0, time.UTC),
			MaxAge: 24 * time.Hour, Profile: p,
		}.Check(raw)
	}
	if answer, err := ask(before); err != nil || answer.Status != ocsp.Revoked || answer.Reason != 4 {
		t.Errorf("then: %+v, %v", answer, err)
	}
	if _, err := ask(today); reason(err) != chain.Algorithm {
		t.Errorf("today: %v", err)
	}
}

// The one token of the time has an imprint by SHA-1, which is believed from
// nobody; its own signature verifies.
func TestTheOldTokenVerifiesButForItsImprint(t *testing.T) {
	folder, ok := beside.Path(t, "pki", "data")
	if !ok {
		return
	}
	raw := read(t, folder, "tsp", "tsp_token.bin")
	m, err := cms.ParseToken(raw, before)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Signers[0].Verify(m.Content); err != nil {
		t.Errorf("the signature: %v", err)
	}
	if _, err := tsp.Check(raw, []byte("signature"), nil, before); err == nil {
		t.Error("an imprint by SHA-1 is believed")
	}
	m, err = cms.ParseToken(raw, today)
	if err == nil {
		err = m.Signers[0].Verify(m.Content)
	}
	if reason(err) != chain.Algorithm {
		t.Errorf("today: %v", err)
	}
}

// The digest comes with the key alone: neither today's keys nor the table have it.
func TestTheOldDigestIsReachedThroughOldKeysAlone(t *testing.T) {
	folder, ok := beside.Path(t, "pki", "data")
	if !ok {
		return
	}
	if _, err := chain.Digest(chain.OldGostDigest); reason(err) != chain.Algorithm {
		t.Errorf("the table: %v", err)
	}
	old := certificate(t, before, folder, "ca", "prod", "root_gost.pem").Key
	if h, err := old.Digest(chain.OldGostDigest); err != nil || h.Size() != 32 {
		t.Errorf("an old key: %v", err)
	}
	if old.Name() != "GOST 34.310-2004" || old.DigestOID() != chain.OldGostDigest || old.SignatureOID() != chain.OldGostSignature || !old.Equal(old) {
		t.Error("an old key does not say what it is")
	}
	for _, file := range []string{"root_gost_2022.pem", "root_rsa_2020.cer"} {
		if _, err := certificate(t, before, folder, "ca", "prod", file).Key.Digest(chain.OldGostDigest); reason(err) != chain.Algorithm {
			t.Errorf("%s: %v", file, err)
		}
	}
}
