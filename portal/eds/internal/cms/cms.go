// Package cms reads, checks and writes signed messages: CMS SignedData
// (RFC 5652) with the attributes of CAdES-BES (ETSI EN 319 122-1) as
// NCALayer makes them.
//
// The reader is strict on purpose. Signed attributes are required, because a
// message that may come with them or without has two readings; what is
// unsigned is held to the one form it can have; and nothing that is not
// understood is passed over.
package cms

import (
	"bytes"
	"fmt"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// Identifiers of contents and attributes.
const (
	oidData       = "1.2.840.113549.1.7.1"
	oidSignedData = "1.2.840.113549.1.7.2"
	oidTSTInfo    = "1.2.840.113549.1.9.16.1.4"

	attrContentType     = "1.2.840.113549.1.9.3"
	attrMessageDigest   = "1.2.840.113549.1.9.4"
	attrSigningTime     = "1.2.840.113549.1.9.5"
	attrCapabilities    = "1.2.840.113549.1.9.15"
	attrSigningCert     = "1.2.840.113549.1.9.16.2.12"
	attrSigningCertV2   = "1.2.840.113549.1.9.16.2.47"
	attrTimestamp       = "1.2.840.113549.1.9.16.2.14"
	attrAlgorithmStated = "1.2.840.113549.1.9.52"
)

// Reasons of this package, besides those of package chain.
const (
	Attribute      = "attribute"
	ContentDiffers = "content-differs"
	NoContent      = "content-absent"
	Timestamp      = "timestamp"
)

func refuse(reason, format string, args ...any) error {
	return &chain.Refused{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// maxSigners and maxCertificates bound a message: two people have signed a
// citizen's paper at most, and the sets carry one certificate each.
const (
	maxSigners      = 8
	maxCertificates = 8
)

// SignedData is a message taken apart.
type SignedData struct {
	Attached     bool
	Content      []byte // nil where detached
	Certificates []*chain.Certificate
	Signers      []*Signer
}

// Signer is one SignerInfo with the certificate its identifier names.
type Signer struct {
	Certificate *chain.Certificate
	Digest      chain.AlgorithmID
	Algorithm   chain.AlgorithmID
	Signature   []byte

	// What was signed: the attributes as DER SET OF (RFC 5652 5.4).
	signed []byte
	kind   string // eContentType, which the attribute must repeat

	MessageDigest []byte
	SigningTime   time.Time // zero where absent; the signer's own claim
	Token         []byte    // a time-stamp token beside the signature, or nil
}

// Parse reads a document's signature in DER.
func Parse(raw []byte) (*SignedData, error) { return parse(raw, oidData) }

func parse(raw []byte, kind string) (*SignedData, error) {
	top := der.Read(raw)
	info := top.Into(der.Sequence)
	if info.OID() != oidSignedData {
		info.Fail("not a signed message")
	}
	explicit := info.Into(der.Context(0, true))
	body := explicit.Into(der.Sequence)
	m, err := read(body, kind)
	for _, r := range []*der.Reader{body, explicit, info, top} {
		if err == nil {
			err = r.End()
		}
	}
	return m, named(err)
}

// named turns a refusal of the encoding into one with a reason.
func named(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := err.(*chain.Refused); ok {
		return err
	}
	return refuse(chain.Malformed, "%v", err)
}

// read reads SignedData (RFC 5652 5.1).
func read(r *der.Reader, kind string) (*SignedData, error) {
	version, digests := r.Small(), r.Into(der.Set)
	m := &SignedData{}
	// Version 1 goes with plain data, 3 with any other content.
	if kind == oidData && version != 1 || kind != oidData && version != 3 {
		r.Fail("version %d", version)
	}
	claimed := readDigests(digests)
	encapsulated := r.Into(der.Sequence)
	if got := encapsulated.OID(); r.Err() == nil && got != kind {
		return nil, refuse(Attribute, "content of type %s", got)
	}
	if encapsulated.Next(der.Context(0, true)) {
		wrapped := encapsulated.Into(der.Context(0, true))
		m.Attached, m.Content = true, wrapped.Value(der.OctetString).Body
		wrapped.End()
	}
	encapsulated.End()
	if r.Err() != nil {
		return nil, r.Err()
	}
	if err := m.readCertificates(r); err != nil {
		return nil, err
	}
	if r.Next(der.Context(1, true)) {
		r.Fail("revocation lists inside a message are not read")
	}
	if err := m.readSigners(r, kind); err != nil {
		return nil, err
	}
	return m, m.agree(claimed)
}

func readDigests(r *der.Reader) [][]byte {
	var found [][]byte
	for r.More() {
		found = append(found, chain.ReadAlgorithm(r).Raw)
	}
	return found
}

func (m *SignedData) readCertificates(r *der.Reader) error {
	if !r.Next(der.Context(0, true)) {
		return refuse(chain.Malformed, "the message carries no certificate")
	}
	for list := r.Into(der.Context(0, true)); list.More(); {
		raw := list.Value(der.Sequence).Full
		if list.Err() != nil {
			return list.Err()
		}
		c, err := chain.Parse(raw)
		if err != nil {
			return err
		}
		for _, old := range m.Certificates {
			if bytes.Equal(old.Raw, c.Raw) {
				return refuse(chain.Malformed, "a certificate stands twice")
			}
		}
		if m.Certificates = append(m.Certificates, c); len(m.Certificates) > maxCertificates {
			return refuse(chain.Malformed, "more than %d certificates", maxCertificates)
		}
	}
	return r.Err()
}

func (m *SignedData) readSigners(r *der.Reader, kind string) error {
	for set := r.Into(der.Set); set.More(); {
		s, err := m.readSigner(set.Into(der.Sequence), kind)
		if err != nil {
			return err
		}
		if m.Signers = append(m.Signers, s); len(m.Signers) > maxSigners {
			return refuse(chain.Malformed, "more than %d signers", maxSigners)
		}
	}
	if r.Err() == nil && len(m.Signers) == 0 {
		return refuse(chain.Malformed, "nobody signed")
	}
	return r.Err()
}

// agree holds the unsigned header to what the signers say: their digest
// algorithms and no others, each once.
func (m *SignedData) agree(claimed [][]byte) error {
	needed := map[string]bool{}
	for _, s := range m.Signers {
		needed[string(s.Digest.Raw)] = true
	}
	for _, c := range claimed {
		if !needed[string(c)] {
			return refuse(chain.Malformed, "the list of digests is not the signers'")
		}
		delete(needed, string(c))
	}
	if len(needed) != 0 {
		return refuse(chain.Malformed, "the list of digests is not the signers'")
	}
	return nil
}

// readSigner reads SignerInfo (RFC 5652 5.3) in its version 1, which names
// the certificate by issuer and serial number.
func (m *SignedData) readSigner(r *der.Reader, kind string) (*Signer, error) {
	s := &Signer{kind: kind}
	if version := r.Small(); r.Err() == nil && version != 1 {
		r.Fail("signer of version %d", version)
	}
	sid := r.Into(der.Sequence)
	issuer, serial := sid.Value(der.Sequence).Full, sid.Big()
	sid.End()
	s.Digest = chain.ReadAlgorithm(r)
	if r.Err() != nil {
		return nil, r.Err()
	}
	for _, c := range m.Certificates {
		if !bytes.Equal(c.Issuer, issuer) || c.Serial.Cmp(serial) != 0 {
			continue
		}
		if s.Certificate != nil {
			return nil, refuse(chain.Malformed, "two certificates answer to one signer")
		}
		s.Certificate = c
	}
	if s.Certificate == nil {
		return nil, refuse(chain.Malformed, "the signer's certificate is not in the message")
	}
	if !r.Next(der.Context(0, true)) {
		return nil, refuse(Attribute, "there are no signed attributes")
	}
	attributes := r.Any()
	if err := s.readAttributes(attributes); err != nil {
		return nil, named(err)
	}
	s.Algorithm = chain.ReadAlgorithm(r)
	s.Signature = r.Value(der.OctetString).Body
	if r.Next(der.Context(1, true)) {
		unsigned := r.Any()
		if r.Err() == nil {
			if err := s.readUnsigned(unsigned); err != nil {
				return nil, named(err)
			}
		}
	}
	return s, r.End()
}

// Verify checks one signer's signature over the content: the digest in the
// attributes is the content's, and the attributes were signed by the key of
// the certificate.
func (s *Signer) Verify(content []byte) error {
	key := s.Certificate.Key
	if !key.Usable() {
		return refuse(chain.Algorithm, "key of algorithm %s", key.Name())
	}
	if s.Digest.OID != key.DigestOID() || !s.Digest.Plain() {
		return refuse(chain.Algorithm, "digest %s with a key of %s", s.Digest.OID, key.Name())
	}
	h, err := chain.Digest(s.Digest.OID)
	if err != nil {
		return err
	}
	h.Write(content)
	if !bytes.Equal(h.Sum(nil), s.MessageDigest) {
		return refuse(ContentDiffers, "the signature is over other content")
	}
	return key.VerifyCMS(s.Algorithm, s.signed, s.Signature)
}
