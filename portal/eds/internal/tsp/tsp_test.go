package tsp

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/der"
)

// Signed attributes that name the signer's certificate (RFC 2634 5.4, RFC 5035 3).
const (
	attrSigningCert   = "1.2.840.113549.1.9.16.2.12"
	attrSigningCertV2 = "1.2.840.113549.1.9.16.2.47"
)

var (
	now       = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	signature = []byte("the octets of a signature")
	nonce     = big.NewInt(0x7fffffffffffffff)
)

var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, _ := rsa.GenerateKey(rand.Reader, 2048)
	return k
})

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

// purposes writes the extended key usage, critical or not.
func purposes(critical bool, ids ...string) pkix.Extension {
	var list [][]byte
	for _, id := range ids {
		list = append(list, der.EncodeOID(id))
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: der.EncodeSequence(list...)}
}

// certify makes the authority's certificate. It signs itself: whose it is, is
// the path's question and not asked here.
func certify(t testing.TB, usage x509.KeyUsage, extensions ...pkix.Extension) *chain.Certificate {
	t.Helper()
	x := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Time-stamping"}, KeyUsage: usage,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), ExtraExtensions: extensions,
	}
	raw, err := x509.CreateCertificate(rand.Reader, x, x, &key().PublicKey, key())
	if err != nil {
		t.Fatal(err)
	}
	c, err := chain.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// stamp is a token about to be written; tests change a part of it.
type stamp struct {
	authority *chain.Certificate
	version   int
	digest    []byte
	imprint   []byte
	serial    []byte
	at        []byte
	after     [][]byte // what follows the time
	ess       []byte   // the attribute naming the certificate
	kind      string
	signers   int
	detached  bool
	spoilt    bool
}

func general(t time.Time) []byte {
	return der.Encode(der.GeneralizedTime, []byte(t.Format("20060102150405Z")))
}

func attribute(kind string, value []byte) []byte {
	return der.EncodeSequence(der.EncodeOID(kind), der.EncodeSet(value))
}

func named(kind string, sum []byte) []byte {
	return attribute(kind, der.EncodeSequence(der.EncodeSequence(der.EncodeSequence(der.EncodeOctets(sum)))))
}

func usual(t testing.TB) stamp {
	authority := certify(t, x509.KeyUsageDigitalSignature, purposes(true, chain.TimeStamping))
	imprint, ess := sha256.Sum256(signature), sha1.Sum(authority.Raw)
	return stamp{
		authority: authority, version: 1,
		digest: chain.EncodeAlgorithm(chain.SHA256), imprint: imprint[:],
		serial: []byte{der.Integer, 2, 0xff, 0x01}, at: general(now),
		after: [][]byte{der.EncodeInt(nonce)},
		ess:   named(attrSigningCert, ess[:]),
		kind:  "1.2.840.113549.1.9.16.1.4", signers: 1,
	}
}

func (s stamp) encode(t testing.TB) []byte {
	t.Helper()
	parts := [][]byte{
		der.EncodeSmall(s.version), der.EncodeOID(PolicyRSA),
		der.EncodeSequence(s.digest, der.EncodeOctets(s.imprint)), s.serial, s.at,
	}
	content := der.EncodeSequence(append(parts, s.after...)...)
	sum := sha256.Sum256(content)
	list := [][]byte{
		attribute("1.2.840.113549.1.9.3", der.EncodeOID(s.kind)),
		attribute("1.2.840.113549.1.9.4", der.EncodeOctets(sum[:])),
	}
	if s.ess != nil {
		list = append(list, s.ess)
	}
	attributes := der.EncodeSet(list...)
	digest := sha256.Sum256(attributes)
	signed, err := rsa.SignPKCS1v15(nil, key(), crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	if s.spoilt {
		signed[9] ^= 1
	}
	signer := der.EncodeSequence(
		der.EncodeSmall(1),
		der.EncodeSequence(s.authority.Issuer, der.EncodeInt(s.authority.Serial)),
		chain.EncodeAlgorithm(chain.SHA256),
		append([]byte{der.Context(0, true)}, attributes[1:]...),
		chain.EncodeAlgorithm(chain.RSASignature),
		der.EncodeOctets(signed),
	)
	var signers [][]byte
	for range s.signers {
		signers = append(signers, signer)
	}
	encapsulated := der.EncodeSequence(der.EncodeOID(s.kind), der.Encode(der.Context(0, true), der.EncodeOctets(content)))
	if s.detached {
		encapsulated = der.EncodeSequence(der.EncodeOID(s.kind))
	}
	return der.EncodeSequence(der.EncodeOID("1.2.840.113549.1.7.2"), der.Encode(der.Context(0, true), der.EncodeSequence(
		der.EncodeSmall(3),
		der.EncodeSet(chain.EncodeAlgorithm(chain.SHA256)),
		encapsulated,
		der.Encode(der.Context(0, true), s.authority.Raw),
		der.Encode(der.Set, signers...),
	)))
}

func TestAStampSaysWhenASignatureWas(t *testing.T) {
	s := usual(t)
	v2 := sha256.Sum256(s.authority.Raw)
	for name, change := range map[string]func(*stamp){
		"as the national authority writes it": func(*stamp) {},
		"naming its certificate by SHA-256":   func(s *stamp) { s.ess = named(attrSigningCertV2, v2[:]) },
		"in order":                            func(s *stamp) { s.after = [][]byte{der.EncodeTrue(), der.EncodeInt(nonce)} },
		"sure of its second": func(s *stamp) {
			s.after = [][]byte{der.EncodeSequence(der.EncodeSmall(1), []byte{0x80, 1, 5}), der.EncodeInt(nonce)}
		},
		"naming its authority": func(s *stamp) {
			s.after = [][]byte{der.EncodeInt(nonce), der.Encode(0xa0, der.Encode(0xa4, s.authority.Subject))}
		},
	} {
		one := s
		change(&one)
		got, err := Check(one.encode(t), signature, nonce, chain.Profile{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !got.At.Equal(now) || got.Serial.Int64() != -255 || got.Policy != PolicyRSA || !bytes.Equal(got.Authority.Raw, s.authority.Raw) || len(got.Certificates) != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestANegativeNonceIsANonce(t *testing.T) {
	s := usual(t)
	s.after = [][]byte{{der.Integer, 1, 0x80}}
	raw := s.encode(t)
	if _, err := Check(raw, signature, big.NewInt(-128), chain.Profile{}); err != nil {
		t.Error(err)
	}
	for _, other := range []int64{128, -127, 0} {
		if _, err := Check(raw, signature, big.NewInt(other), chain.Profile{}); reason(err) != Nonce {
			t.Errorf("%d: %v", other, err)
		}
	}
	if _, err := Check(raw, signature, nil, chain.Profile{}); err != nil {
		t.Errorf("nobody asked: %v", err)
	}
}

func TestAnyOtherStampIsRefused(t *testing.T) {
	s := usual(t)
	without := certify(t, x509.KeyUsageDigitalSignature)
	for _, c := range []struct {
		name, reason string
		change       func(*stamp)
	}{
		{"a certificate for no purpose", Wrong, func(s *stamp) { s.authority = without }},
		{"a purpose not critical", Wrong, func(s *stamp) {
			s.authority = certify(t, x509.KeyUsageDigitalSignature, purposes(false, chain.TimeStamping))
		}},
		{"two purposes", Wrong, func(s *stamp) {
			s.authority = certify(t, x509.KeyUsageDigitalSignature, purposes(true, chain.TimeStamping, chain.ClientAuth))
		}},
		{"another purpose", Wrong, func(s *stamp) {
			s.authority = certify(t, x509.KeyUsageDigitalSignature, purposes(true, chain.EmailProtection))
		}},
		{"a key that may not sign", Wrong, func(s *stamp) {
			s.authority = certify(t, x509.KeyUsageKeyEncipherment, purposes(true, chain.TimeStamping))
		}},
		{"no certificate is named", cms.Attribute, func(s *stamp) { s.ess = nil }},
		{"another certificate is named", cms.Attribute, func(s *stamp) { s.ess = named(attrSigningCert, make([]byte, 20)) }},
		{"another signature", Wrong, func(s *stamp) { s.imprint = make([]byte, 32) }},
		{"half an imprint", Wrong, func(s *stamp) { s.imprint = s.imprint[:16] }},
		{"an imprint by SHA-1", chain.Algorithm, func(s *stamp) {
			sum := sha1.Sum(signature)
			s.digest, s.imprint = chain.EncodeAlgorithm("1.3.14.3.2.26"), sum[:]
		}},
		{"a digest with parameters", chain.Algorithm, func(s *stamp) {
			s.digest = der.EncodeSequence(der.EncodeOID(chain.SHA256), der.EncodeSmall(1))
		}},
		{"another nonce", Nonce, func(s *stamp) { s.after = [][]byte{der.EncodeSmall(7)} }},
		{"no nonce", Nonce, func(s *stamp) { s.after = nil }},
		{"a nonce without end", chain.Malformed, func(s *stamp) {
			s.after = [][]byte{der.Encode(der.Integer, bytes.Repeat([]byte{1}, maxNumber+1))}
		}},
		{"version 2", chain.Malformed, func(s *stamp) { s.version = 2 }},
		{"universal time", chain.Malformed, func(s *stamp) { s.at = der.EncodeTime(now) }},
		{"a part of a second", chain.Malformed, func(s *stamp) { s.at = der.Encode(der.GeneralizedTime, []byte("20261121090000.5Z")) }},
		{"a time of its own", chain.Malformed, func(s *stamp) { s.at = der.Encode(der.GeneralizedTime, []byte("20261121090000+05")) }},
		{"unsure of its hour", chain.Malformed, func(s *stamp) {
			s.after = [][]byte{der.EncodeSequence(der.EncodeSmall(3600)), der.EncodeInt(nonce)}
		}},
		{"another authority", Wrong, func(s *stamp) {
			s.after = [][]byte{der.EncodeInt(nonce), der.Encode(0xa0, der.Encode(0xa4, der.EncodeSequence()))}
		}},
		{"an authority by its address", chain.Malformed, func(s *stamp) {
			s.after = [][]byte{der.EncodeInt(nonce), der.Encode(0xa0, der.Encode(0x86, []byte("http://tsa")))}
		}},
		{"extensions", chain.Malformed, func(s *stamp) {
			s.after = [][]byte{der.EncodeInt(nonce), der.Encode(0xa1, der.EncodeSequence(der.EncodeOID("1.2.3.4"), der.EncodeOctets(nil)))}
		}},
		{"something after all", chain.Malformed, func(s *stamp) { s.after = append(s.after, der.EncodeNull()) }},
		{"the content is elsewhere", Wrong, func(s *stamp) { s.detached = true }},
		{"a document in its place", cms.Attribute, func(s *stamp) { s.kind = "1.2.840.113549.1.7.1" }},
		{"a spoilt signature", chain.SignatureWrong, func(s *stamp) { s.spoilt = true }},
	} {
		one := s
		c.change(&one)
		if one.ess != nil && !bytes.Equal(one.authority.Raw, s.authority.Raw) {
			sum := sha1.Sum(one.authority.Raw)
			one.ess = named(attrSigningCert, sum[:])
		}
		if _, err := Check(one.encode(t), signature, nonce, chain.Profile{}); reason(err) != c.reason {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, signers := range []int{0, 2} {
		one := s
		one.signers = signers
		if _, err := Check(one.encode(t), signature, nonce, chain.Profile{}); reason(err) == "" {
			t.Errorf("stamped by %d", signers)
		}
	}
	if _, err := Check(make([]byte, MaxToken+1), signature, nonce, chain.Profile{}); reason(err) != chain.Malformed {
		t.Errorf("a token without end: %v", err)
	}
	whole := s.encode(t)
	for n := range whole {
		if _, err := Check(whole[:n], signature, nonce, chain.Profile{}); reason(err) != chain.Malformed {
			t.Fatalf("a token of %d bytes: %v", n, err)
		}
	}
}

func TestTheAnswerGivesItsTokenOrNothing(t *testing.T) {
	token := usual(t).encode(t)
	words := der.EncodeSequence(der.Encode(der.UTF8String, []byte("granted")))
	for name, c := range map[string]struct {
		response []byte
		reason   string
	}{
		"granted":                 {der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(0)), token), ""},
		"granted with words":      {der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(0), words), token), ""},
		"granted with changes":    {der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(1)), token), ""},
		"granted without a token": {der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(0))), chain.Malformed},
		"refused":                 {der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(2), words, []byte{der.BitString, 2, 5, 0x20})), Wrong},
		"refused with a token":    {der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(2)), token), Wrong},
		"waiting":                 {der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(3))), Wrong},
		"a negative status":       {der.EncodeSequence(der.EncodeSequence([]byte{der.Integer, 1, 0xff}), token), chain.Malformed},
		"two tokens":              {der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(0)), token, token), chain.Malformed},
		"no status":               {der.EncodeSequence(token), chain.Malformed},
		"nothing":                 {nil, chain.Malformed},
		"something without end":   {make([]byte, MaxToken+1), chain.Malformed},
	} {
		got, err := Token(c.response)
		if reason(err) != c.reason || err == nil && !bytes.Equal(got, token) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestARequestNamesTheSignatureThePolicyAndANonce(t *testing.T) {
	for _, c := range []struct {
		digest, policy string
		nonce          *big.Int
		ok             bool
	}{
		{chain.GostDigest, PolicyGost, nonce, true},
		{chain.SHA256, PolicyRSA, nonce, true},
		{"1.3.14.3.2.26", PolicyRSA, nonce, false},
		{chain.SHA256, PolicyRSA, nil, false},
		{chain.SHA256, PolicyRSA, big.NewInt(-1), false},
	} {
		raw, err := Request(signature, c.digest, c.policy, c.nonce)
		if (err == nil) != c.ok || err != nil && reason(err) == "" {
			t.Errorf("%s: %v", c.digest, err)
		}
		if err == nil && (der.Check(raw) != nil || !bytes.Contains(raw, der.EncodeOID(c.policy)) || !bytes.Contains(raw, der.EncodeInt(nonce))) {
			t.Errorf("%s: %x", c.digest, raw)
		}
	}
}

// Whatever comes, there is a stamp over this signature by a certificate made
// for it, or a refusal with a reason.
func FuzzToken(f *testing.F) {
	f.Add(usual(f).encode(f))
	f.Add(der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(0)), usual(f).encode(f)))
	over := [][]byte{signature}
	for _, name := range genuine {
		if signature, token := stamped(f, name); token != nil {
			f.Add(token)
			over = append(over, signature)
		}
	}
	if raw := beside.File(f, "pki", "data", "tsp", "tsp_response.bin"); raw != nil {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if token, err := Token(in); err == nil {
			in = token
		} else if reason(err) == "" {
			t.Fatal("no token and no reason")
		}
		for _, signature := range over {
			s, err := Check(in, signature, nil, chain.Profile{})
			if err != nil && (s.Authority != nil || !s.At.IsZero() || reason(err) == "") {
				t.Fatalf("%+v with %v", s, err)
			}
			if err == nil && (s.At.IsZero() || !s.Authority.Meant(chain.TimeStamping)) {
				t.Fatalf("stamped by nobody: %+v", s)
			}
		}
	})
}
