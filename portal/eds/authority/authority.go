// Package authority is a certificate authority of our own with the profile of
// the National Certification Authority: a root, an issuer below it, and
// certificates for people. The demonstration and the tests sign with its keys.
// A portal that serves real people must not trust it.
//
// It also answers for what it issued, as the national one does: Services is
// its OCSP responder, its revocation lists and its time-stamps, with faults
// that can be switched on.
package authority

import (
	"crypto/rand"
	"crypto/sha1"
	"fmt"
	"math/big"
	"sync"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/key"
)

// Authority issues certificates, and remembers which it issued and revoked.
// It may be used from many goroutines.
type Authority struct {
	root   *key.Key
	issuer *key.Key
	now    time.Time

	mu        sync.Mutex // guards everything below
	dir       string     // where the state is kept, empty: only in memory
	state     state
	responder *key.Key // signs OCSP answers
	stamper   *key.Key // signs time-stamps
}

// Person is who a certificate is for. Empty fields are left out of it.
type Person struct {
	IIN          string // 12 digits
	BIN          string // 12 digits
	CommonName   string
	Surname      string
	Patronymic   string
	Organisation string
	Role         eds.Role // empty: individual, or a member of the organisation if there is a BIN

	From, To time.Time // zero: from the authority's making, for a year
	AuthOnly bool      // for signing in only, as the RSA keys of old
	RSA      bool      // an RSA key of 2048 bits instead of the national one
}

// Validity of the authority's own certificates and of people's.
const (
	rootYears   = 20
	issuerYears = 15
	personYears = 1
)

// New makes an authority with national keys (GOST R 34.10-2015, 512 bits),
// valid from the moment given.
func New(name string, now time.Time) (*Authority, error) { return found(name, now, false) }

// NewRSA makes an authority with RSA keys, like the older branch of the
// national hierarchy.
func NewRSA(name string, now time.Time) (*Authority, error) { return found(name, now, true) }

func found(name string, now time.Time, rsaKeys bool) (*Authority, error) {
	// Certificates know whole seconds.
	now = now.UTC().Truncate(time.Second)
	a := &Authority{now: now, state: newState()}
	root, err := a.certify(draft{
		subject: authorityName(name + " ROOT"), from: now, to: now.AddDate(rootYears, 0, 0), rsa: rsaKeys, authority: true,
	})
	if err != nil {
		return nil, fmt.Errorf("make root: %w", err)
	}
	a.issuer = root
	issuer, err := a.certify(draft{
		subject: authorityName(name), from: now, to: now.AddDate(issuerYears, 0, 0), rsa: rsaKeys, authority: true,
	})
	if err != nil {
		return nil, fmt.Errorf("make issuer: %w", err)
	}
	a.root, a.issuer = root, issuer
	return a, nil
}

// Root gives the root certificate in DER.
func (a *Authority) Root() []byte { return a.root.Certificate() }

// Issuer gives the certificate of the issuer in DER.
func (a *Authority) Issuer() []byte { return a.issuer.Certificate() }

// Issue makes a key for a person and its certificate.
func (a *Authority) Issue(p Person) (*key.Key, error) {
	if p.Role == "" {
		p.Role = eds.Individual
		if p.BIN != "" {
			p.Role = eds.Member
		}
	}
	if p.From.IsZero() {
		p.From = a.now
	}
	if p.To.IsZero() {
		p.To = p.From.AddDate(personYears, 0, 0)
	}
	k, err := a.issue(draft{
		subject: personName(p), from: p.From, to: p.To, rsa: p.RSA,
		usage: usage(p), purposes: purposes(p),
	})
	if err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	return k, nil
}

// usage is what the national authority puts for people (since 2024: digital
// signature, non-repudiation, key agreement) or put for authentication.
func usage(p Person) byte {
	if p.AuthOnly {
		return 0xa0
	}
	return 0xc8
}

func purposes(p Person) []string {
	switch {
	case p.AuthOnly:
		return append([]string{chain.ClientAuth}, p.Role.OIDs()...)
	case p.Role == eds.System:
		return p.Role.OIDs()
	}
	return append([]string{chain.EmailProtection}, p.Role.OIDs()...)
}

// draft is a certificate about to be made.
type draft struct {
	subject   []byte
	from, to  time.Time
	rsa       bool
	authority bool
	usage     byte
	purposes  []string
	strict    bool     // the purposes are critical, as RFC 3161 2.3 asks
	more      [][]byte // extensions beyond the usual
}

// issue certifies and remembers the serial number.
func (a *Authority) issue(d draft) (*key.Key, error) {
	k, err := a.certify(d)
	if err != nil {
		return nil, err
	}
	return k, a.remember(k.Serial())
}

// certify makes a key and has its certificate signed by the issuer, or by
// itself where there is none yet.
func (a *Authority) certify(d draft) (*key.Key, error) {
	fresh, err := key.Generate(d.rsa)
	if err != nil {
		return nil, err
	}
	by := signer{d.subject, keyID(fresh.Public()), fresh.SignatureOID(), fresh.Sign}
	if a.issuer != nil {
		if by, err = signerOf(a.issuer); err != nil {
			return nil, err
		}
	}
	tbs, err := d.encode(by, fresh.Public())
	if err != nil {
		return nil, err
	}
	signature, err := by.sign(tbs)
	if err != nil {
		return nil, err
	}
	return fresh.Certified(der.EncodeSequence(tbs, chain.EncodeAlgorithm(by.algorithm), der.EncodeBits(signature)))
}

// signer is who signs a certificate or a list.
type signer struct {
	name      []byte
	keyID     []byte
	algorithm string
	sign      func([]byte) ([]byte, error)
}

// signerOf is an authority's key as a signer.
func signerOf(k *key.Key) (signer, error) {
	c, err := chain.Parse(k.Certificate())
	if err != nil {
		return signer{}, err
	}
	return signer{c.Subject, c.SubjectKeyID, c.Key.SignatureOID(), k.Sign}, nil
}

// keyID is the usual hash of the public key (RFC 5280 4.2.1.2, method 1).
func keyID(spki []byte) []byte {
	r := der.Read(spki).Into(der.Sequence)
	r.Any()
	sum := sha1.Sum(r.Bits())
	return sum[:]
}

// encode writes TBSCertificate (RFC 5280 4.1.2).
func (d draft) encode(by signer, spki []byte) ([]byte, error) {
	serial := make([]byte, 20)
	if _, err := rand.Read(serial); err != nil {
		return nil, err
	}
	serial[0] = serial[0]&0x3f | 0x40
	return der.EncodeSequence(
		der.Encode(der.Context(0, true), der.EncodeSmall(2)),
		der.EncodeInt(new(big.Int).SetBytes(serial)),
		chain.EncodeAlgorithm(by.algorithm),
		by.name,
		der.EncodeSequence(der.EncodeTime(d.from), der.EncodeTime(d.to)),
		d.subject,
		spki,
		der.Encode(der.Context(3, true), der.EncodeSequence(d.extensions(by, spki)...)),
	), nil
}

func (d draft) extensions(by signer, spki []byte) [][]byte {
	list := [][]byte{
		extension("2.5.29.14", false, der.EncodeOctets(keyID(spki))),
		extension("2.5.29.35", false, der.EncodeSequence(der.Encode(der.Context(0, false), by.keyID))),
		extension("2.5.29.32", false, der.EncodeSequence(der.EncodeSequence(der.EncodeOID("1.2.398.3.3.2")))),
	}
	if d.authority {
		return append(list,
			extension("2.5.29.19", true, der.EncodeSequence(der.EncodeTrue())),
			extension("2.5.29.15", true, usageBits(0x06)))
	}
	var meant [][]byte
	for _, p := range d.purposes {
		meant = append(meant, der.EncodeOID(p))
	}
	list = append(list,
		extension("2.5.29.37", d.strict, der.EncodeSequence(meant...)),
		extension("2.5.29.15", true, usageBits(d.usage)))
	return append(list, d.more...)
}

// usageBits writes a named bit list, which ends with its last set bit (X.690
// 11.2.2).
func usageBits(usage byte) []byte {
	unused := byte(0)
	for usage>>unused&1 == 0 && unused < 7 {
		unused++
	}
	return der.Encode(der.BitString, []byte{unused, usage})
}

func extension(id string, critical bool, value []byte) []byte {
	if critical {
		return der.EncodeSequence(der.EncodeOID(id), der.EncodeTrue(), der.EncodeOctets(value))
	}
	return der.EncodeSequence(der.EncodeOID(id), der.EncodeOctets(value))
}

// authorityName says that it is a demonstration: a portal that serves people
// refuses to trust such a name (eds.Verifier.AddPinned).
func authorityName(cn string) []byte {
	return der.EncodeSequence(named("2.5.4.3", der.UTF8String, cn), named("2.5.4.6", der.PrintableString, "KZ"),
		named("2.5.4.10", der.UTF8String, "DEMONSTRATION"))
}

// personName writes the subject in the order of the national authority.
func personName(p Person) []byte {
	var parts [][]byte
	add := func(attribute string, tag byte, prefix, value string) {
		if value != "" {
			parts = append(parts, named(attribute, tag, prefix+value))
		}
	}
	add("2.5.4.3", der.UTF8String, "", p.CommonName)
	add("2.5.4.4", der.UTF8String, "", p.Surname)
	add("2.5.4.5", der.PrintableString, "IIN", p.IIN)
	add("2.5.4.6", der.PrintableString, "", "KZ")
	add("2.5.4.10", der.UTF8String, "", p.Organisation)
	add("2.5.4.11", der.UTF8String, "BIN", p.BIN)
	add("2.5.4.42", der.UTF8String, "", p.Patronymic)
	return der.EncodeSequence(parts...)
}

func named(attribute string, tag byte, value string) []byte {
	return der.EncodeSet(der.EncodeSequence(der.EncodeOID(attribute), der.Encode(tag, []byte(value))))
}
