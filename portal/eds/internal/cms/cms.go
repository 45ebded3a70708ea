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
	"slices"
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

	profile chain.Profile
	// unread is why the first certificate that is not in Certificates could
	// not be read. It matters only when it was a signer's.
	unread error
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
	// Bound says that a signed attribute names the certificate (RFC 2634 5.4, RFC
	// 5035 3), and that it is this one.
	Bound bool
	// Claims are the signed attributes, by their type, that say more than the
	// national profile does: a place, a role, a policy. They are read for
	// form and believed in nothing; a caller that wants the profile and no
	// more refuses a signer who has any.
	Claims []string
	// Token is the one time-stamp token beside the signature, as it stands,
	// or nil. Nothing of it is checked here, and it is not signed by the
	// signer. Of several none is given: which one counts cannot be told.
	Token []byte
}

// Parse reads a document's signature in DER (RFC 5652 5), which Decode or der.Check
// has passed. Nothing is verified yet. Errors are *chain.Refused.
func Parse(raw []byte, p chain.Profile) (*SignedData, error) { return parse(raw, oidData, p) }

// ParseToken reads a time-stamp token (RFC 3161 2.4.2): a signed message
// whose content is a TSTInfo.
func ParseToken(raw []byte, p chain.Profile) (*SignedData, error) {
	return parse(raw, oidTSTInfo, p)
}

func parse(raw []byte, kind string, p chain.Profile) (*SignedData, error) {
	top := der.Read(raw)
	info := top.Into(der.Sequence)
	if info.OID() != oidSignedData {
		info.Fail("not a signed message")
	}
	explicit := info.Into(der.Context(0, true))
	body := explicit.Into(der.Sequence)
	m, err := read(body, kind, p)
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
func read(r *der.Reader, kind string, p chain.Profile) (*SignedData, error) {
	version, digests := r.Small(), r.Into(der.Set)
	m := &SignedData{profile: p}
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
	other := passLists(r)
	byKey, err := m.readSigners(r, kind)
	if err != nil {
		return nil, err
	}
	if want := versionOf(kind != oidData || byKey, other); version != want {
		return nil, refuse(chain.Malformed, "version %d where %d is right", version, want)
	}
	return m, m.agree(claimed)
}

// versionOf is the version that goes with what is in the message (RFC 5652
// 5.1). Attribute certificates, which would ask for others, are refused.
func versionOf(newer, other bool) int {
	switch {
	case other:
		return 5
	case newer:
		return 3
	}
	return 1
}

// passLists steps over the revocation lists and answers an archived message
// brings along, and says whether any is not a list of RFC 5280. Anyone may
// have put them there: what is believed of revocation is asked for by us, or
// comes out of our own evidence.
func passLists(r *der.Reader) (other bool) {
	if !r.Next(der.Context(1, true)) {
		return false
	}
	for lists := r.Into(der.Context(1, true)); lists.More(); {
		if lists.Next(der.Context(1, true)) {
			other = true
			lists.Any()
			continue
		}
		lists.Value(der.Sequence)
	}
	return other
}

func readDigests(r *der.Reader) [][]byte {
	var found [][]byte
	for r.More() {
		found = append(found, chain.ReadAlgorithm(r).Raw)
	}
	return found
}

// readCertificates reads the certificates of the message. One that does not
// parse can be nobody's and is set aside: a chain of strangers beside the
// signer's certificate changes nothing. The same one twice is one.
func (m *SignedData) readCertificates(r *der.Reader) error {
	if !r.Next(der.Context(0, true)) {
		return refuse(chain.Malformed, "the message carries no certificate")
	}
	count := 0
	for list := r.Into(der.Context(0, true)); list.More(); {
		raw := list.Value(der.Sequence).Full
		if count++; count > maxCertificates {
			return refuse(chain.Malformed, "more than %d certificates", maxCertificates)
		}
		if list.Err() != nil || m.has(raw) {
			continue
		}
		c, err := m.profile.Parse(raw)
		if err != nil {
			if m.unread == nil {
				m.unread = err
			}
			continue
		}
		m.Certificates = append(m.Certificates, c)
	}
	return r.Err()
}

func (m *SignedData) has(raw []byte) bool {
	return slices.ContainsFunc(m.Certificates, func(c *chain.Certificate) bool { return bytes.Equal(c.Raw, raw) })
}

// readSigners says besides whether any signer is named by the key identifier.
func (m *SignedData) readSigners(r *der.Reader, kind string) (byKey bool, err error) {
	for set := r.Into(der.Set); set.More(); {
		version, s, err := m.readSigner(set.Into(der.Sequence), kind)
		if err != nil {
			return false, err
		}
		byKey = byKey || version == signerByKey
		if m.Signers = append(m.Signers, s); len(m.Signers) > maxSigners {
			return false, refuse(chain.Malformed, "more than %d signers", maxSigners)
		}
	}
	if r.Err() == nil && len(m.Signers) == 0 {
		return false, refuse(chain.Malformed, "nobody signed")
	}
	return byKey, r.Err()
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

// Versions of SignerInfo: the certificate is named by issuer and serial
// number, as the national programs do, or by its key identifier.
const (
	signerByIssuer = 1
	signerByKey    = 3
)

// readSigner reads SignerInfo (RFC 5652 5.3).
func (m *SignedData) readSigner(r *der.Reader, kind string) (version int, s *Signer, err error) {
	s = &Signer{kind: kind}
	version = r.Small()
	is := readIdentifier(r, version)
	s.Digest = chain.ReadAlgorithm(r)
	if r.Err() != nil {
		return 0, nil, r.Err()
	}
	if s.Certificate, err = m.only(is); err != nil {
		return 0, nil, err
	}
	return version, s, s.readRest(r)
}

// readIdentifier reads which certificate is meant.
func readIdentifier(r *der.Reader, version int) func(*chain.Certificate) bool {
	if version == signerByKey {
		key := r.Value(der.Context(0, false)).Body
		return func(c *chain.Certificate) bool { return len(key) > 0 && bytes.Equal(c.SubjectKeyID, key) }
	}
	if version != signerByIssuer {
		r.Fail("signer of version %d", version)
	}
	sid := r.Into(der.Sequence)
	issuer, serial := sid.Value(der.Sequence).Full, sid.Big()
	sid.End()
	return func(c *chain.Certificate) bool { return bytes.Equal(c.Issuer, issuer) && c.Serial.Cmp(serial) == 0 }
}

// only gives the one certificate that is meant.
func (m *SignedData) only(is func(*chain.Certificate) bool) (*chain.Certificate, error) {
	var found *chain.Certificate
	for _, c := range m.Certificates {
		if !is(c) {
			continue
		}
		if found != nil {
			return nil, refuse(chain.Malformed, "two certificates answer to one signer")
		}
		found = c
	}
	if found == nil && m.unread != nil {
		return nil, m.unread
	}
	if found == nil {
		return nil, refuse(chain.Malformed, "the signer's certificate is not in the message")
	}
	return found, nil
}

// readRest reads what follows the certificate and the digest.
func (s *Signer) readRest(r *der.Reader) error {
	if !r.Next(der.Context(0, true)) {
		return refuse(Attribute, "there are no signed attributes")
	}
	attributes := r.Any()
	if err := s.readAttributes(attributes); err != nil {
		return named(err)
	}
	s.Algorithm = chain.ReadAlgorithm(r)
	s.Signature = r.Value(der.OctetString).Body
	if r.Next(der.Context(1, true)) {
		unsigned := r.Any()
		if r.Err() == nil {
			if err := s.readUnsigned(unsigned); err != nil {
				return named(err)
			}
		}
	}
	return r.End()
}

// Verify checks one signer's signature over the content: the digest in the
// attributes is the content's, and the attributes were signed by the key of
// the certificate (RFC 5652 5.4 and 5.6). Whose certificate it is, is the caller's
// question. Errors are *chain.Refused.
func (s *Signer) Verify(content []byte) error {
	key := s.Certificate.Key
	if !key.Usable() {
		return refuse(chain.Algorithm, "key of algorithm %s", key.Name())
	}
	if !key.Takes(s.Digest.OID) || !s.Digest.Plain() {
		return refuse(chain.Algorithm, "digest %s with a key of %s", s.Digest.OID, key.Name())
	}
	h, err := key.Digest(s.Digest.OID)
	if err != nil {
		return err
	}
	h.Write(content)
	if !bytes.Equal(h.Sum(nil), s.MessageDigest) {
		return refuse(ContentDiffers, "the signature is over other content")
	}
	return key.VerifySigner(s.Digest.OID, s.Algorithm, s.signed, s.Signature)
}
