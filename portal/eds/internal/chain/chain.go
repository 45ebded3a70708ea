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
	"crypto/sha256"
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
	Extension        = "extension"        // critical and not understood
	NameConstraints  = "name-constraints" // not evaluated, so not accepted
	Policy           = "policy"           // constraints on policies, likewise
)

// Refused is a refusal with its reason and what exactly was wrong.
type Refused struct{ Reason, Detail string }

// Error is for logs: the reason, then what was wrong.
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
	OCSPSigning     = "1.3.6.1.5.5.7.3.9"
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

	HasBasic    bool
	CA          bool
	MaxPath     int // -1 where there is no limit
	HasUsage    bool
	Usage       int
	HasExtended bool
	Extended    []string

	ExtendedCritical bool // the purposes were marked critical (RFC 3161 2.3 asks for it)
	NoCheck          bool // a responder nobody need ask about (RFC 6960 4.2.2.2.1)

	Policies []string
	Anchor   bool // an anchor of the pool: the path ends here

	foreign         bool // of a suite of others, with names we need not read
	weak            bool // of one of those that are not well made either
	basicCritical   bool
	authoritySerial *big.Int       // of the issuer's certificate, where it is named
	outside         error          // why the certificate is outside the profile
	signers         []*Certificate // authorities of the pool whose signature was verified
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
	extConstraints    = "2.5.29.30"
	extPolicies       = "2.5.29.32"
	extMappings       = "2.5.29.33"
	extAuthorityKeyID = "2.5.29.35"
	extPolicyLimits   = "2.5.29.36"
	extExtendedUsage  = "2.5.29.37"
	extInhibitAny     = "2.5.29.54"
	extNoCheck        = "1.3.6.1.5.5.7.48.1.5"
)

// maxCertificate bounds one certificate; genuine ones have about 1.2 KB with
// GOST keys and 2 KB with RSA keys.
const maxCertificate = 16 << 10

// Profile is what a reader of certificates takes beyond the national profile.
// The zero value takes nothing beyond it, and is the only one that judges
// what people sign today.
type Profile struct {
	// Foreign verifies with keys outside the closed table. It is for the test
	// suites of others, whose rules of paths and lists we keep to although
	// their keys are of algorithms we refuse. Nothing but tests sets it.
	Foreign Foreign
	// Weak gives Foreign the RSA keys as well, for suites whose keys are short
	// or sign with SHA-1, and takes an alternative name without a name.
	Weak bool
	// Old takes keys of GOST 34.310-2004 too: only for documents signed before
	// they were withdrawn, never for a sign-in or a new filing.
	Old bool
	// Longest is how many certificates a path may have, both ends included;
	// 0 is the national bound.
	Longest int
}

// Foreign verifies a signature with a key (SubjectPublicKeyInfo) outside the
// table; any error is a refusal.
type Foreign func(spki []byte, claimed AlgorithmID, message, signature []byte) error

// Parse reads one certificate in DER by the national profile. A key of an
// algorithm outside the table does not fail here: its Key says so when it is
// asked to verify. Errors are *Refused.
func Parse(raw []byte) (*Certificate, error) { return Profile{}.Parse(raw) }

// Parse reads one certificate in DER (RFC 5280 4.1), of at most 16 KiB. What is
// given back points into raw. Errors are *Refused.
func (p Profile) Parse(raw []byte) (*Certificate, error) {
	if len(raw) > maxCertificate {
		return nil, refuse(Malformed, "certificate of %d bytes", len(raw))
	}
	if err := der.Check(raw); err != nil {
		return nil, refuse(Malformed, "certificate: %v", err)
	}
	c := &Certificate{Raw: raw, MaxPath: -1, foreign: p.Foreign != nil, weak: p.Weak}
	top := der.Read(raw)
	outer := top.Into(der.Sequence)
	tbs := outer.Value(der.Sequence)
	c.TBS = tbs.Full
	c.SignatureAlgo = ReadAlgorithm(outer)
	c.Signature = outer.Bits()
	if err := outer.End(); err != nil {
		return nil, refuse(Malformed, "certificate: %v", err)
	}
	r := outer.Inside(tbs)
	c.readBody(r)
	if err := r.End(); err != nil {
		return nil, refuse(Malformed, "certificate: %v", err)
	}
	if c.outside != nil {
		return nil, c.outside
	}
	key, err := p.ParseKey(c.SPKI)
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
	if inner := ReadAlgorithm(r); !bytes.Equal(inner.Raw, c.SignatureAlgo.Raw) {
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
	c.Names = readNames(r.Inside(subject), c.foreign)
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
//
// In foreign names a set of several, or text we do not read, is passed over:
// they are compared to the byte, and nobody is called by them.
func readNames(r *der.Reader, foreign bool) []Attribute {
	var names []Attribute
	for r.More() {
		set := r.Into(der.Set)
		pair := set.Into(der.Sequence)
		a := Attribute{Type: pair.OID()}
		v := pair.Any()
		pair.End()
		if foreign && set.More() {
			continue
		}
		if set.End() != nil {
			return names
		}
		text, ok := text(v)
		if !ok && !foreign {
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
		if c.outside == nil {
			c.outside = unfit(id, critical)
		}
		if err := c.extension(id, critical, value.Body); err != nil {
			list.Fail("extension %s: %v", id, err)
		}
	}
	list.End()
}

// understood are the extensions that may be critical. The alternative name
// is let through because it only adds an address; identity is never taken
// from it.
var understood = []string{extKeyUsage, extBasic, extPolicies, extExtendedUsage, extAlternative}

// unfit says whether an extension puts its certificate outside the profile.
// Limits of names and policies do so critical or not: an authority was meant to
// be limited, and we would not hold it to its limits.
func unfit(id string, critical bool) error {
	switch {
	case id == extConstraints:
		return refuse(NameConstraints, "limits of names are not evaluated")
	case id == extMappings, id == extPolicyLimits, id == extInhibitAny:
		return refuse(Policy, "limits of policies are not evaluated")
	case critical && !slices.Contains(understood, id):
		return refuse(Extension, "critical extension %s is not understood", id)
	}
	return nil
}

func (c *Certificate) extension(id string, critical bool, value []byte) error {
	switch id {
	case extNoCheck:
		c.NoCheck = true
		return nil
	case extSubjectKeyID, extKeyUsage, extAlternative, extBasic, extPolicies, extAuthorityKeyID, extExtendedUsage:
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
	case extAlternative:
		if names := r.Into(der.Sequence); names.More() || !c.weak {
			readAlternative(names)
		}
	case extBasic:
		c.HasBasic, c.basicCritical = true, critical
		c.readBasic(r.Into(der.Sequence))
	case extPolicies:
		c.readPolicies(r.Into(der.Sequence), critical)
	case extExtendedUsage:
		c.HasExtended, c.ExtendedCritical = true, critical
		for list := r.Into(der.Sequence); list.More(); {
			c.Extended = append(c.Extended, list.OID())
		}
		if len(c.Extended) == 0 || repeated(c.Extended) {
			r.Fail("no purpose, or one twice")
		}
	}
	return r.End()
}

// readAuthorityKeyID reads the identifier of the issuer's key, which must be
// there (RFC 5280 4.2.1.1), and the issuer's serial number, which some roots
// add to it with the name of their issuer.
func (c *Certificate) readAuthorityKeyID(r *der.Reader) {
	c.AuthorityKeyID = r.Value(der.Context(0, false)).Body
	if !r.More() {
		return
	}
	readAlternative(r.Into(der.Context(1, true)))
	serial := r.Value(der.Context(2, false)).Body
	if len(serial) == 0 || len(serial) > 21 {
		r.Fail("serial number of the issuer")
	}
	c.authoritySerial = new(big.Int).SetBytes(serial)
	r.End()
}

// readAlternative reads GeneralNames (RFC 5280 4.2.1.6) only to see that they
// are some: nothing is taken from them.
func readAlternative(r *der.Reader) {
	if !r.More() {
		r.Fail("no names")
	}
	for r.More() {
		if v := r.Any(); v.Tag&0xc0 != 0x80 || v.Tag&0x1f > 8 || len(v.Body) == 0 {
			r.Fail("name of kind %02x", v.Tag)
		}
	}
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
	if c.foreign && r.Next(der.Boolean) {
		c.CA = bytes.Equal(r.Any().Body, []byte{0xff}) // BSI's suite writes false out
	} else {
		c.CA = r.Flag()
	}
	if r.Next(der.Integer) {
		c.MaxPath = r.Small()
		if !c.CA {
			r.Fail("path length of a certificate that is no authority's")
		}
	}
	r.End()
}

// readPolicies reads the policies. Their qualifiers, an address of the practice
// statement and a notice, are for people; of others a critical extension may
// not have any (RFC 5280 4.2.1.4).
func (c *Certificate) readPolicies(r *der.Reader, critical bool) {
	for r.More() {
		p := r.Into(der.Sequence)
		c.Policies = append(c.Policies, p.OID())
		if p.Next(der.Sequence) {
			for q := p.Into(der.Sequence); q.More(); {
				id := q.Into(der.Sequence).OID()
				if critical && id != qualifierAddress && id != qualifierNotice && c.outside == nil {
					c.outside = refuse(Extension, "qualifier %s of a policy is not understood", id)
				}
			}
		}
		p.End()
	}
	if len(c.Policies) == 0 || repeated(c.Policies) {
		r.Fail("no policy, or one twice")
	}
}

// Qualifiers of policies (RFC 5280 4.2.1.4).
const (
	qualifierAddress = "1.3.6.1.5.5.7.2.1"
	qualifierNotice  = "1.3.6.1.5.5.7.2.2"
)

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
	for _, a := range readNames(der.Read(c.Issuer).Into(der.Sequence), c.foreign) {
		if a.Type == "2.5.4.3" {
			return a.Value
		}
	}
	return ""
}

// SelfIssued says whether subject and issuer are the same to the byte.
func (c *Certificate) SelfIssued() bool { return bytes.Equal(c.Subject, c.Issuer) }

// Digest is the SHA-256 of the whole certificate, by which it is pinned.
func (c *Certificate) Digest() [sha256.Size]byte { return sha256.Sum256(c.Raw) }

// SignedBy verifies this certificate's signature with the issuer's key.
func (c *Certificate) SignedBy(issuer *Certificate) error {
	return issuer.Key.Verify(c.SignatureAlgo, c.TBS, c.Signature)
}
