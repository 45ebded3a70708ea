package cms

import (
	"bytes"
	"errors"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// readUnsigned reads the attributes outside the signature. Anyone may add or
// change them, so only one kind is let in, the time-stamp token, and it must
// be whole in itself. It gives no time yet: whose stamp it is is not asked
// here, and the verdict does not lean on it.
func (s *Signer) readUnsigned(v der.Value) error {
	r := der.Read(v.Full)
	set := r.Into(der.Context(1, true))
	attribute := set.Into(der.Sequence)
	kind, values := attribute.OID(), attribute.Into(der.Set)
	token := values.Any()
	for _, one := range []*der.Reader{values, attribute, set, r} {
		if err := one.End(); err != nil {
			return err
		}
	}
	if kind != attrTimestamp {
		return refuse(Attribute, "unsigned attribute %s", kind)
	}
	if err := s.checkToken(token.Full); err != nil {
		return refuse(Timestamp, "%v", err)
	}
	s.Token = token.Full
	return nil
}

// checkToken asks that a time-stamp token (RFC 3161 2.4.2) be a signed
// message by the certificate it carries, over the hash of this signature.
// A token of the family before 2022 cannot be verified here; it is held to
// its form and to naming itself, and counts for nothing.
func (s *Signer) checkToken(raw []byte) error {
	m, err := parse(raw, oidTSTInfo)
	if err != nil {
		return err
	}
	if !m.Attached || len(m.Signers) != 1 {
		return errors.New("a token has one content and one signer")
	}
	authority := m.Signers[0]
	imprint, digest, err := readTSTInfo(m.Content)
	if err != nil {
		return err
	}
	if !authority.Certificate.Meant(chain.TimeStamping) || len(authority.Certificate.Extended) != 1 {
		return errors.New("the certificate is not a time-stamping authority's")
	}
	if authority.Certificate.Key.OID == chain.OldGostKey {
		return nil
	}
	if err := authority.Verify(m.Content); err != nil {
		return err
	}
	h, err := chain.Digest(digest.OID)
	if err != nil || !digest.Plain() {
		return errors.New("the imprint is by a digest that is not in the table")
	}
	h.Write(s.Signature)
	if !bytes.Equal(h.Sum(nil), imprint) {
		return errors.New("the token is for another signature")
	}
	return nil
}

// readTSTInfo reads what a token says (RFC 3161 2.4.2). Serial number and
// nonce may be negative: the national authority's are.
func readTSTInfo(content []byte) (imprint []byte, digest chain.AlgorithmID, err error) {
	if err := der.Check(content); err != nil {
		return nil, digest, err
	}
	top := der.Read(content)
	r := top.Into(der.Sequence)
	if r.Small() != 1 {
		r.Fail("version of the token")
	}
	r.OID() // the policy of the authority
	pair := r.Into(der.Sequence)
	digest = chain.ReadAlgorithm(pair)
	imprint = pair.Value(der.OctetString).Body
	pair.End()
	r.Value(der.Integer)
	r.Value(der.GeneralizedTime)
	if r.Next(der.Sequence) {
		r.Any() // accuracy
	}
	r.Flag() // ordering
	if r.Next(der.Integer) {
		r.Any() // nonce
	}
	if r.Next(der.Context(0, true)) {
		r.Any() // name of the authority
	}
	r.End()
	return imprint, digest, top.End()
}
