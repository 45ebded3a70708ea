// Package chain reads certificates (RFC 5280 with the national profile) and
// builds the path from a person's certificate to a root that was pinned.
//
// It parses and verifies by itself: crypto/x509 reads the national
// certificates but cannot verify ST RK GOST R 34.10-2015, and forgives more
// than a court file should. Everything critical that is not understood here
// is refused (RFC 5280 4.2).
package chain

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"zharia/portal/eds/internal/der"
)

// Reasons for which this package refuses; package eds gives them on as they
// are, and adds its own.
const (
	Malformed        = "malformed"
	Algorithm        = "algorithm"
	SignatureWrong   = "signature-wrong"
	UnknownAuthority = "unknown-authority"
	Expired          = "certificate-expired"
	NotYet           = "certificate-not-yet"
	KeyUsage         = "key-usage"
)

// Refused is a refusal with its reason and what exactly was wrong.
type Refused struct{ Reason, Detail string }

func (r *Refused) Error() string { return r.Reason + ": " + r.Detail }

func refuse(reason, format string, args ...any) error {
	return &Refused{reason, fmt.Sprintf(format, args...)}
}

// Bits of the key usage extension (RFC 5280 4.2.1.3), as their numbers there.
const (
	DigitalSignature = 1 << 0
	NonRepudiation   = 1 << 1
	KeyCertSign      = 1 << 5
)

// Purposes in the extended key usage extension.
const (
	ServerAuth      = "1.3.6.1.5.5.7.3.1"
	ClientAuth      = "1.3.6.1.5.5.7.3.2"
	EmailProtection = "1.3.6.1.5.5.7.3.4"
	TimeStamping    = "1.3.6.1.5.5.7.3.8"
)

// Certificate is a certificate taken apart. Byte slices point into Raw.
type Certificate struct {
	Raw     []byte
	TBS     []byte
	Serial  *big.Int
	Issuer  []byte // the whole Name as it stands
	Subject []byte
	Names   []Attribute // the subject's attributes in their order

	NotBefore, NotAfter time.Time

	SPKI          []byte
	Key           Key
	Signature     []byte
	SignatureAlgo AlgorithmID

	SubjectKeyID   []byte
	AuthorityKeyID []byte

	HasBasic  bool
	CA        bool
	MaxPath   int // -1 where there is no limit
	HasUsage  bool
	Usage     int
	Extended  []string
	Policies  []string
	LastTrust bool // a pinned root: the path ends here

	signers []*Certificate // authorities of the pool whose signature was verified
}

// Attribute is one attribute of a subject's name.
type Attribute struct {
	Type  string
	Value string
}

// Extension identifiers (RFC 5280 4.2.1).
const (
	extSubjectKeyID   = "2.5.29.14"
	extKeyUsage       = "2.5.29.15"
	extAlternative    = "2.5.29.17"
	extBasic          = "2.5.29.19"
	extPolicies       = "2.5.29.32"
	extAuthorityKeyID = "2.5.29.35"
	extExtendedUsage  = "2.5.29.37"
)

// maxCertificate bounds one certificate; genuine ones have about 1.2 KB with
// GOST keys and 2 KB with RSA keys.
const maxCertificate = 16 << 10

// Parse reads one certificate in DER. A key of an algorithm outside the table
// does not fail here: its Key says so when it is asked to verify.
func Parse(raw []byte) (*Certificate, error) {
	if len(raw) > maxCertificate {
		return nil, refuse(Malformed, "certificate of %d bytes", len(raw))
	}
	if err := der.Check(raw); err != nil {
		return nil, refuse(Malformed, "certificate: %v", err)
	}
	c := &Certificate{Raw: raw, MaxPath: -1}
	top := der.Read(raw)
	outer := top.Into(der.Sequence)
	tbs := outer.Value(der.Sequence)
	c.TBS = tbs.Full
	c.SignatureAlgo = readAlgorithm(outer)
	c.Signature = outer.Bits()
	if err := outer.End(); err != nil {
		return nil, refuse(Malformed, "certificate: %v", err)
	}
	r := outer.Inside(tbs)
	c.readBody(r)
	if err := r.End(); err != nil {
		return nil, refuse(Malformed, "certificate: %v", err)
	}
	key, err := ParseKey(c.SPKI)
	if err != nil {
		return nil, err
	}
	c.Key = key
	return c, nil
}

// readBody reads TBSCertificate (RFC 5280 4.1.2).
func (c *Certificate) readBody(r *der.Reader) {
	version := r.Into(der.Context(0, true))
	if version.Small() != 2 || version.End() != nil {
		r.Fail("version is not 3")
	}
	c.Serial = r.Big()
	if c.Serial.Sign() <= 0 || c.Serial.BitLen() > 160 {
		r.Fail("serial number out of range")
	}
	// The two algorithm fields must be the same to the byte, or a certificate
	// could claim one algorithm inside and be checked with another.
	if inner := readAlgorithm(r); !bytes.Equal(inner.Raw, c.SignatureAlgo.Raw) {
		r.Fail("inner and outer signature algorithms differ")
	}
	c.Issuer = r.Value(der.Sequence).Full
	validity := r.Into(der.Sequence)
	c.NotBefore, c.NotAfter = validity.Time(), validity.Time()
	if validity.End() == nil && c.NotAfter.Before(c.NotBefore) {
		r.Fail("validity ends before it begins")
	}
	subject := r.Value(der.Sequence)
	c.Subject = subject.Full
	c.Names = readNames(r.Inside(subject))
	c.SPKI = r.Value(der.Sequence).Full
	if !r.Next(der.Context(3, true)) {
		return
	}
	list := r.Into(der.Context(3, true))
	c.readExtensions(list.Into(der.Sequence))
	list.End()
}

// readNames reads a distinguished name, one attribute to a set: a set of two
// would give a name two readings, and no authority issues such.
func readNames(r *der.Reader) []Attribute {
	var names []Attribute
	for r.More() {
		set := r.Into(der.Set)
		pair := set.Into(der.Sequence)
		a := Attribute{Type: pair.OID()}
		v := pair.Any()
		if pair.End() != nil || set.End() != nil {
			return names
		}
		text, ok := text(v)
		if !ok {
			r.Fail("name attribute of type %02x", v.Tag)
		}
		a.Value = text
		names = append(names, a)
	}
	if len(names) > 32 {
		r.Fail("name of %d attributes", len(names))
	}
	return names
}

// text reads the string types whose bytes are their characters. The others
// are kept out: nothing in the national profile uses them.
func text(v der.Value) (string, bool) {
	switch v.Tag {
	case der.UTF8String:
		return string(v.Body), true
	case der.PrintableString, der.IA5String:
		for _, b := range v.Body {
			if b < 0x20 || b > 0x7e {
				return "", false
			}
		}
		return string(v.Body), true
	}
	return "", false
}

func (c *Certificate) readExtensions(list *der.Reader) {
	seen := map[string]bool{}
	for list.More() {
		e := list.Into(der.Sequence)
		id, critical, value := e.OID(), e.Flag(), e.Value(der.OctetString)
		if e.End() != nil {
			return
		}
		if seen[id] {
			list.Fail("extension %s twice", id)
			return
		}
		seen[id] = true
		if err := c.extension(id, value.Body); err != nil {
			list.Fail("extension %s: %v", id, err)
		} else if critical && !slices.Contains(understood, id) {
			list.Fail("critical extension %s is not understood", id)
		}
	}
	list.End()
}

// understood are the extensions that may be critical. The alternative name
// is let through because it only adds an address; identity is never taken
// from it.
var understood = []string{extKeyUsage, extBasic, extPolicies, extExtendedUsage, extAlternative}

func (c *Certificate) extension(id string, value []byte) error {
	switch id {
	case extSubjectKeyID, extKeyUsage, extBasic, extPolicies, extAuthorityKeyID, extExtendedUsage:
	default:
		return nil
	}
	if err := der.Check(value); err != nil {
		return err
	}
	r := der.Read(value)
	switch id {
	case extSubjectKeyID:
		c.SubjectKeyID = r.Value(der.OctetString).Body
	case extAuthorityKeyID:
		c.readAuthorityKeyID(r.Into(der.Sequence))
	case extKeyUsage:
		c.HasUsage, c.Usage = true, readUsage(r)
	case extBasic:
		c.HasBasic = true
		c.readBasic(r.Into(der.Sequence))
	case extPolicies:
		c.Policies = readPolicies(r.Into(der.Sequence))
	case extExtendedUsage:
		for list := r.Into(der.Sequence); list.More(); {
			c.Extended = append(c.Extended, list.OID())
		}
		if repeated(c.Extended) {
			r.Fail("a purpose stands twice")
		}
	}
	return r.End()
}

func (c *Certificate) readAuthorityKeyID(r *der.Reader) {
	if r.Next(der.Context(0, false)) {
		c.AuthorityKeyID = r.Any().Body
	}
	// Issuer and serial number, which some roots add, say nothing the issuer's
	// name does not say.
	if r.Next(der.Context(1, true)) {
		r.Any()
	}
	if r.Next(der.Context(2, false)) {
		r.Any()
	}
	r.End()
}

func readUsage(r *der.Reader) int {
	v := r.Value(der.BitString)
	usage := 0
	for i, b := range v.Body[min(1, len(v.Body)):] {
		for bit := range 8 {
			if i < 2 && b&(0x80>>bit) != 0 {
				usage |= 1 << (8*i + bit)
			}
		}
	}
	if usage == 0 {
		r.Fail("no usage")
	}
	return usage
}

func (c *Certificate) readBasic(r *der.Reader) {
	c.CA = r.Flag()
	if r.Next(der.Integer) {
		c.MaxPath = r.Small()
		if !c.CA {
			r.Fail("path length of a certificate that is no authority's")
		}
	}
	r.End()
}

func readPolicies(r *der.Reader) []string {
	var policies []string
	for r.More() {
		p := r.Into(der.Sequence)
		policies = append(policies, p.OID())
		if p.Next(der.Sequence) {
			p.Any() // qualifiers: an address of the practice statement
		}
		p.End()
	}
	if repeated(policies) {
		r.Fail("a policy stands twice")
	}
	return policies
}

func repeated(list []string) bool {
	sorted := slices.Sorted(slices.Values(list))
	return len(slices.Compact(sorted)) != len(list)
}

// Has says whether all these bits of key usage are set.
func (c *Certificate) Has(usage int) bool { return c.HasUsage && c.Usage&usage == usage }

// Meant says whether the certificate is for this purpose.
func (c *Certificate) Meant(purpose string) bool { return slices.Contains(c.Extended, purpose) }

// Under says whether a policy of the certificate is this one or below it.
func (c *Certificate) Under(policy string) bool {
	return slices.ContainsFunc(c.Policies, func(p string) bool {
		return p == policy || strings.HasPrefix(p, policy+".")
	})
}

// Name gives the values of an attribute of the subject, in their order.
func (c *Certificate) Name(attribute string) []string {
	var values []string
	for _, a := range c.Names {
		if a.Type == attribute {
			values = append(values, a.Value)
		}
	}
	return values
}

// IssuerName gives the common name of the issuer, for display.
func (c *Certificate) IssuerName() string {
	for _, a := range readNames(der.Read(c.Issuer).Into(der.Sequence)) {
		if a.Type == "2.5.4.3" {
			return a.Value
		}
	}
	return ""
}

// SelfIssued says whether subject and issuer are the same to the byte.
func (c *Certificate) SelfIssued() bool { return bytes.Equal(c.Subject, c.Issuer) }

// SignedBy verifies this certificate's signature with the issuer's key.
func (c *Certificate) SignedBy(issuer *Certificate) error {
	return issuer.Key.Verify(c.SignatureAlgo, c.TBS, c.Signature)
}
