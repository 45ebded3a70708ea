package cms

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"slices"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// claims are the signed attributes of ETSI EN 319 122-1 and RFC 5035 that add
// something to a signature and take nothing away: a kind of content, a place,
// a role, a policy, a commitment, a stamp over the content before it was
// signed. NCALayer writes none of them.
var claims = []string{
	"0.4.0.1733.2.1",             // mime-type
	"0.4.0.19122.1.1",            // signer-attributes-v2
	"1.2.840.113549.1.9.16.2.4",  // content-hints
	"1.2.840.113549.1.9.16.2.7",  // content-identifier
	"1.2.840.113549.1.9.16.2.15", // signature-policy-identifier
	"1.2.840.113549.1.9.16.2.16", // commitment-type-indication
	"1.2.840.113549.1.9.16.2.17", // signer-location
	"1.2.840.113549.1.9.16.2.18", // signer-attributes
	"1.2.840.113549.1.9.16.2.20", // content-time-stamp
}

// readAttributes reads the signed attributes: DER SET OF in its order, each
// type once with one value (RFC 5652 5.3 and 11); only claims may come with
// several values or several times. Types that are not known are refused: they
// were signed and may change what the signature means.
func (s *Signer) readAttributes(v der.Value) error {
	// The signature is over a SET OF, the message carries [0] in its place
	// (RFC 5652 5.4).
	s.signed = append([]byte{der.Set}, v.Full[1:]...)
	r := der.Read(s.signed)
	set := r.Into(der.Set)
	var last []byte
	var seen []string
	for set.More() {
		whole := set.Value(der.Sequence)
		if bytes.Compare(last, whole.Full) >= 0 {
			return refuse(Attribute, "signed attributes are not in the order of DER")
		}
		last = whole.Full
		kind, err := s.readAttribute(set.Inside(whole))
		if err != nil {
			return err
		}
		if slices.Contains(seen, kind) {
			return refuse(Attribute, "attribute %s twice", kind)
		}
		if !slices.Contains(claims, kind) {
			seen = append(seen, kind)
		}
	}
	if err := r.End(); err != nil {
		return err
	}
	if !slices.Contains(seen, attrContentType) || !slices.Contains(seen, attrMessageDigest) {
		return refuse(Attribute, "content type or message digest is missing")
	}
	return nil
}

func (s *Signer) readAttribute(r *der.Reader) (kind string, err error) {
	kind = r.OID()
	values := r.Into(der.Set)
	value := values.Any()
	if slices.Contains(claims, kind) {
		s.Claims = append(s.Claims, kind)
		for values.More() {
			values.Any()
		}
	}
	if values.End() != nil || r.End() != nil {
		return kind, r.Err()
	}
	return kind, s.readValue(kind, value)
}

func (s *Signer) readValue(kind string, v der.Value) error {
	r := der.Read(v.Full)
	switch kind {
	case attrContentType:
		if got := r.OID(); r.Err() == nil && got != s.kind {
			return refuse(Attribute, "content type %s is signed", got)
		}
	case attrMessageDigest:
		s.MessageDigest = r.Value(der.OctetString).Body
	case attrSigningTime:
		s.SigningTime = r.Time()
	case attrSigningCertV2:
		return s.readSigningCertificate(r.Into(der.Sequence), true)
	case attrSigningCert:
		return s.readSigningCertificate(r.Into(der.Sequence), false)
	case attrAlgorithmStated:
		return s.readStated(r.Into(der.Sequence))
	case attrCapabilities:
		// What mail the signer's program can read; nothing about this one.
		r.Value(der.Sequence)
	default:
		if !slices.Contains(claims, kind) {
			return refuse(Attribute, "signed attribute %s is not understood", kind)
		}
		r.Any()
	}
	return r.End()
}

// readSigningCertificate checks that the attribute names the very certificate
// that verifies (RFC 5035 3 for version 2, RFC 2634 5.4 for version 1, whose
// SHA-1 is not believed for anything: it may only agree).
func (s *Signer) readSigningCertificate(r *der.Reader, second bool) error {
	certs := r.Into(der.Sequence)
	first := certs.Into(der.Sequence)
	if second && first.Next(der.Sequence) {
		// SHA-256 is the default and should not be written out in DER, but
		// programs do, and it can only mean one thing.
		a := chain.ReadAlgorithm(first)
		h, err := chain.Digest(a.OID)
		if err != nil || !a.Plain() {
			return refuse(Attribute, "certificate hash by %s", a.OID)
		}
		h.Write(s.Certificate.Raw)
		s.compare(first, h.Sum(nil))
	} else if second {
		sum := sha256.Sum256(s.Certificate.Raw)
		s.compare(first, sum[:])
	} else {
		sum := sha1.Sum(s.Certificate.Raw)
		s.compare(first, sum[:])
	}
	if first.Next(der.Sequence) {
		s.compareIssuer(first.Into(der.Sequence))
	}
	first.End()
	certs.End()
	if r.Next(der.Sequence) {
		r.Any() // policies under which it was signed: not ours to judge
	}
	if err := r.End(); err != nil {
		return refuse(Attribute, "signing certificate: %v", err)
	}
	s.Bound = true
	return nil
}

func (s *Signer) compare(r *der.Reader, want []byte) {
	if got := r.Value(der.OctetString).Body; r.Err() == nil && !bytes.Equal(got, want) {
		r.Fail("it is another certificate")
	}
}

// compareIssuer reads IssuerSerial: the names, then the number.
func (s *Signer) compareIssuer(r *der.Reader) {
	names := r.Into(der.Sequence)
	directory := names.Into(der.Context(4, true))
	issuer := directory.Value(der.Sequence).Full
	serial := r.Big()
	if directory.End() != nil || names.End() != nil || r.End() != nil {
		return
	}
	if !bytes.Equal(issuer, s.Certificate.Issuer) || serial.Cmp(s.Certificate.Serial) != 0 {
		r.Fail("it names another certificate")
	}
}

// readStated checks the algorithms a signer fixed inside the signature
// (RFC 6211) against those the message claims outside it.
func (s *Signer) readStated(r *der.Reader) error {
	digest := chain.ReadAlgorithm(r)
	signature := ""
	if r.Next(der.Context(1, true)) {
		signature = r.Into(der.Context(1, true)).OID()
	}
	if err := r.End(); err != nil {
		return err
	}
	if digest.OID != s.Digest.OID {
		return refuse(Attribute, "the signed digest algorithm is %s", digest.OID)
	}
	key := s.Certificate.Key
	if fits := key.SignatureWith(s.Digest.OID); fits != "" && signature != fits && signature != key.OID {
		return refuse(Attribute, "the signed signature algorithm is %s", signature)
	}
	return nil
}

// LooksLikeAttributes says whether content is itself a DER SET OF attributes.
// A signature over such content without signed attributes could be presented
// as a signature with them over something else (draft-ietf-lamps-cms-euf-cma),
// so nobody's filing may look like that.
func LooksLikeAttributes(content []byte) bool {
	if len(content) == 0 || content[0] != der.Set || der.Check(content) != nil {
		return false
	}
	set := der.Read(content).Into(der.Set)
	count := 0
	for ; set.More(); count++ {
		attribute := set.Into(der.Sequence)
		attribute.OID()
		attribute.Value(der.Set)
		if attribute.End() != nil {
			return false
		}
	}
	return set.Err() == nil && count > 0
}
