package ocsp

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// now is when the answers of these tests are made.
var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// party is somebody with a key and a certificate.
type party struct {
	*chain.Certificate
	x509 *x509.Certificate
	key  *rsa.PrivateKey
}

// cast are the parties of these tests: an authority, its responder, and
// others who have no business answering for it.
type cast struct {
	issuer, aigul, responder                  party
	without, plain, unmarked, expired, noSign party // certificates of the issuer that are no responder's
	other, otherResponder                     party // an authority of another name, and its responder
	namesake, namesakeResponder               party // an authority of the same name with another key
}

var keys = sync.OnceValue(func() []*rsa.PrivateKey {
	list := make([]*rsa.PrivateKey, 3)
	for i := range list {
		list[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return list
})

var noCheck = pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: []byte{5, 0}}

func players(t testing.TB) cast {
	t.Helper()
	k := keys()
	c := cast{}
	c.issuer = certify(t, "Issuer", k[0], nil, func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageCertSign })
	c.other = certify(t, "Other", k[2], nil, func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageCertSign })
	c.namesake = certify(t, "Issuer", k[2], nil, func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageCertSign })
	c.aigul = certify(t, "Aigul", k[1], &c.issuer, func(*x509.Certificate) {})
	answers := func(x *x509.Certificate) {
		x.KeyUsage = x509.KeyUsageDigitalSignature
		x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
		x.ExtraExtensions = []pkix.Extension{noCheck}
	}
	but := func(change func(x *x509.Certificate)) func(*x509.Certificate) {
		return func(x *x509.Certificate) { answers(x); change(x) }
	}
	c.responder = certify(t, "Responder", k[1], &c.issuer, answers)
	c.without = certify(t, "Responder", k[1], &c.issuer, but(func(x *x509.Certificate) { x.ExtKeyUsage = nil }))
	c.plain = certify(t, "Responder", k[1], &c.issuer, but(func(x *x509.Certificate) { x.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }))
	c.unmarked = certify(t, "Responder", k[1], &c.issuer, but(func(x *x509.Certificate) { x.ExtraExtensions = nil }))
	c.expired = certify(t, "Responder", k[1], &c.issuer, but(func(x *x509.Certificate) { x.NotAfter = now.Add(-time.Minute) }))
	c.noSign = certify(t, "Responder", k[1], &c.issuer, but(func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageKeyEncipherment }))
	c.otherResponder = certify(t, "Responder", k[1], &c.other, answers)
	c.namesakeResponder = certify(t, "Responder", k[1], &c.namesake, answers)
	return c
}

var serials int64 = 1000

// certify issues a certificate, to itself where there is no issuer.
func certify(t testing.TB, name string, key *rsa.PrivateKey, issuer *party, change func(*x509.Certificate)) party {
	t.Helper()
	serials++
	x := &x509.Certificate{
		SerialNumber: big.NewInt(serials),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
	}
	change(x)
	above, by := x, key
	if issuer != nil {
		above, by = issuer.x509, issuer.key
	} else {
		x.IsCA, x.BasicConstraintsValid = true, true
	}
	raw, err := x509.CreateCertificate(rand.Reader, x, above, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := chain.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return party{parsed, again, key}
}

// said is an answer about to be written; tests change a part of it.
type said struct {
	status       byte
	kind         string
	version      []byte
	responder    []byte // the whole responderID
	produced     []byte
	singles      [][]byte
	extensions   [][]byte
	certificates []party
	by           *rsa.PrivateKey
	algorithm    string
	tail         []byte
}

// one is a SingleResponse about to be written.
type one struct {
	digest, name, key []byte
	serial            *big.Int
	status            []byte
	update            []byte
	next              []byte
	extensions        [][]byte
}

func octets(b []byte) []byte { return der.EncodeOctets(b) }

func at(t time.Time) []byte {
	return der.Encode(der.GeneralizedTime, []byte(t.UTC().Format("20060102150405Z")))
}

var (
	isGood    = []byte{0x80, 0}
	isUnknown = []byte{0x82, 0}
)

func isRevoked(since time.Time, reason int) []byte {
	code := der.Encode(der.Context(0, true), []byte{der.Enumerated, 1, byte(reason)})
	return der.Encode(der.Context(1, true), at(since), code)
}

func extended(id string, critical bool, value []byte) []byte {
	if critical {
		return der.EncodeSequence(der.EncodeOID(id), der.EncodeTrue(), octets(value))
	}
	return der.EncodeSequence(der.EncodeOID(id), octets(value))
}

func about(issuer, c party) one {
	name, key := identify(issuer.Certificate, sum256)
	return one{
		digest: chain.EncodeAlgorithm(chain.SHA256), name: name, key: key, serial: c.Serial,
		status: isGood, update: at(now),
	}
}

func (s one) encode() []byte {
	parts := [][]byte{
		der.EncodeSequence(s.digest, octets(s.name), octets(s.key), der.EncodeInt(s.serial)),
		s.status, s.update,
	}
	if s.next != nil {
		parts = append(parts, der.Encode(der.Context(0, true), s.next))
	}
	if s.extensions != nil {
		parts = append(parts, der.Encode(der.Context(1, true), der.EncodeSequence(s.extensions...)))
	}
	return der.EncodeSequence(parts...)
}

func byName(p party) []byte { return der.Encode(der.Context(1, true), p.Subject) }

func byKey(p party) []byte {
	return der.Encode(der.Context(2, true), octets(sum1(keyBits(p.Certificate))))
}

// answer is what the national responder would say, by this certificate.
func answer(by party, singles ...one) said {
	s := said{
		kind: oidBasic, responder: byName(by), produced: at(now),
		certificates: []party{by}, by: by.key, algorithm: chain.RSASignature,
	}
	for _, o := range singles {
		s.singles = append(s.singles, o.encode())
	}
	return s
}

func (s said) encode(t testing.TB) []byte {
	t.Helper()
	if s.status != 0 {
		return der.EncodeSequence([]byte{der.Enumerated, 1, s.status})
	}
	parts := [][]byte{s.version, s.responder, s.produced, der.EncodeSequence(s.singles...)}
	if s.extensions != nil {
		parts = append(parts, der.Encode(der.Context(1, true), der.EncodeSequence(s.extensions...)))
	}
	data := der.EncodeSequence(parts...)
	sum := sha256.Sum256(data)
	signature, err := rsa.SignPKCS1v15(nil, s.by, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	whole := [][]byte{data, chain.EncodeAlgorithm(s.algorithm), der.EncodeBits(signature)}
	if s.certificates != nil {
		var raws [][]byte
		for _, c := range s.certificates {
			raws = append(raws, c.Raw)
		}
		whole = append(whole, der.Encode(der.Context(0, true), der.EncodeSequence(raws...)))
	}
	whole = append(whole, s.tail)
	basic := der.EncodeSequence(der.EncodeOID(s.kind), octets(der.EncodeSequence(whole...)))
	return der.EncodeSequence([]byte{der.Enumerated, 1, 0}, der.Encode(der.Context(0, true), basic))
}
