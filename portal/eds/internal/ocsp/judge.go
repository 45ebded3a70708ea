package ocsp

import (
	"bytes"
	"crypto/sha1"

	"zharia/portal/eds/internal/chain"
)

// responder finds who signed the answer and verifies that. Names and key
// hashes in an answer only point at a certificate; what empowers it is the
// issuer's signature.
func (q Question) responder(b *basic) (*chain.Certificate, error) {
	failure := refuse(Responder, "nobody answers to the responder's name")
	if b.names(q.Issuer) {
		if failure = b.signedBy(q.Issuer); failure == nil {
			return q.Issuer, nil
		}
	}
	for _, c := range b.certificates {
		if !b.names(c) || bytes.Equal(c.Raw, q.Issuer.Raw) {
			continue
		}
		if failure = q.empowered(c); failure != nil {
			continue
		}
		if failure = b.signedBy(c); failure == nil {
			return c, nil
		}
	}
	return nil, failure
}

// names says whether the answer's responderID is this certificate's (RFC 6960
// 4.2.2.3): its name to the byte, or the hash of its key, which RFC 6960 fixes
// as SHA-1 and which is believed for nothing.
func (b *basic) names(c *chain.Certificate) bool {
	if b.byName != nil {
		return bytes.Equal(b.byName, c.Subject)
	}
	return bytes.Equal(b.byKey, sum1(keyBits(c)))
}

func sum1(b []byte) []byte {
	sum := sha1.Sum(b)
	return sum[:]
}

func (b *basic) signedBy(c *chain.Certificate) error {
	return c.Key.Verify(b.algorithm, b.signed, b.signature)
}

// empowered asks whether the issuer made this certificate a responder for
// itself (RFC 6960 4.2.2.2): signed by the very issuer, for this purpose,
// valid now. One without the mark "no check" would have to be asked about in
// its turn, and nobody could answer but itself; national responders have it.
func (q Question) empowered(c *chain.Certificate) error {
	switch {
	case !bytes.Equal(c.Issuer, q.Issuer.Subject):
		return refuse(Responder, "the responder is of another authority")
	case !c.Meant(chain.OCSPSigning):
		return refuse(Responder, "the certificate is not a responder's")
	case c.HasUsage && !c.Has(chain.DigitalSignature):
		return refuse(Responder, "the responder may not sign")
	case !c.NoCheck && q.Profile.Foreign == nil:
		return refuse(Responder, "the responder's own standing is not known")
	}
	if err := c.ValidAt(q.At); err != nil {
		return err
	}
	if q.Signed != nil {
		return q.Signed(c, q.Issuer)
	}
	return c.SignedBy(q.Issuer)
}

// mayBeRead asks that nothing critical is passed over, and that the answer is
// to our question where it says to which.
func (b *basic) mayBeRead(nonce []byte) error {
	for _, e := range b.extensions {
		if e.critical && e.id != extNonce && e.id != extExtendedRevoked {
			return refuse(Extension, "critical extension %s", e.id)
		}
		if e.id == extNonce && nonce != nil && !bytes.Equal(e.value, nonceValue(nonce)) {
			return refuse(Nonce, "the answer is to another question")
		}
	}
	return nil
}

// about finds what is said of the certificate: exactly one thing. Two would
// have to agree, and an answer that says a thing twice has a reason to.
func (q Question) about(singles []single) (single, error) {
	var found []single
	for _, s := range singles {
		if q.match(s) {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return single{}, refuse(NoAnswer, "the certificate is spoken of %d times among %d", len(found), len(singles))
	}
	// A list of transparency stamps says nothing about the status.
	for _, e := range found[0].extensions {
		if e.critical && e.id != extTransparency {
			return single{}, refuse(Extension, "critical extension %s", e.id)
		}
	}
	return found[0], nil
}

// match compares the identifier in full: serial number, and both the name and
// the key of the issuer, since several authorities bear one name (FACTS §2.1).
// Answers by SHA-1 are read only in the suites of others; it signs nothing
// here, but we ask by SHA-256, and who is asked so answers so.
func (q Question) match(s single) bool {
	sum := sum256
	switch {
	case !s.digest.Plain():
		return false
	case s.digest.OID == sha1ID && q.Profile.Foreign != nil:
		sum = sum1
	case s.digest.OID != chain.SHA256:
		return false
	}
	name, key := identify(q.Issuer, sum)
	return bytes.Equal(s.name, name) && bytes.Equal(s.key, key) && s.serial.Cmp(q.Certificate.Serial) == 0
}

// fresh asks that the answer be of now (RFC 6960 4.2.2.1, THREATS S16). The
// national responder gives no nextUpdate, so its age decides; where there is
// one, both do.
func (q Question) fresh(b *basic, s single) error {
	const shape = "2006-01-02T15:04:05Z"
	latest := q.At.Add(Skew)
	switch {
	case s.thisUpdate.After(latest) || b.producedAt.After(latest):
		return refuse(Stale, "the answer of %s is from the future", b.producedAt.Format(shape))
	case s.thisUpdate.After(b.producedAt.Add(Skew)):
		return refuse(Stale, "the answer was made before what it says")
	case q.At.Sub(s.thisUpdate) > q.MaxAge:
		return refuse(Stale, "what it says is of %s", s.thisUpdate.Format(shape))
	case !s.nextUpdate.IsZero() && (s.nextUpdate.Before(s.thisUpdate) || q.At.After(s.nextUpdate)):
		return refuse(Stale, "there was to be a newer answer at %s", s.nextUpdate.Format(shape))
	}
	return nil
}
