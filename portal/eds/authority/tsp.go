package authority

import (
	"crypto/rand"
	"crypto/sha1"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/tsp"
	"zharia/portal/eds/key"
)

// Identifiers of a token (RFC 3161 2.4.2, RFC 5652, RFC 2634 5.4).
const (
	oidSignedData   = "1.2.840.113549.1.7.2"
	oidTSTInfo      = "1.2.840.113549.1.9.16.1.4"
	attrContentType = "1.2.840.113549.1.9.3"
	attrDigest      = "1.2.840.113549.1.9.4"
	attrTime        = "1.2.840.113549.1.9.5"
	attrSigningCert = "1.2.840.113549.1.9.16.2.12"
)

// Why a stamp is refused: bits of PKIFailureInfo (RFC 3161 2.4.2).
const (
	failAlgorithm = 0
	failFormat    = 5
	failSystem    = 25
	failPolicy    = 15
)

// stampRequest is what is asked of the time-stamping authority.
type stampRequest struct {
	imprint []byte // the whole MessageImprint
	digest  chain.AlgorithmID
	hash    []byte
	policy  string // empty: any
	nonce   []byte // the whole INTEGER, which may be negative
	certify bool   // the certificate is wanted in the token
}

// answerStamp is the time-stamping authority (RFC 3161).
func (s *Services) answerStamp(question []byte, f Fault) (reply, error) {
	request, err := readStamp(question)
	if err != nil {
		return reply{body: refusal(failFormat)}, nil
	}
	k := s.authority.stamper
	policy, err := policyOf(k)
	if err != nil {
		return reply{}, err
	}
	h, err := chain.Digest(request.digest.OID)
	switch {
	case f == UnknownStatus:
		return reply{body: refusal(failSystem)}, nil
	case err != nil || !request.digest.Plain() || len(request.hash) != h.Size():
		return reply{body: refusal(failAlgorithm)}, nil
	case request.policy != "" && request.policy != policy:
		return reply{body: refusal(failPolicy)}, nil
	}
	now := s.now()
	switch f {
	case Stale:
		now = now.Add(-staleBy)
	case WrongNonce:
		request.nonce = der.EncodeSmall(1)
	case WrongResponder:
		k = s.authority.responder
	}
	info, err := request.info(policy, now)
	if err != nil {
		return reply{}, err
	}
	token, err := request.token(k, info, now)
	if err != nil {
		return reply{}, err
	}
	return reply{body: der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(0)), token)}, nil
}

// policyOf is the policy under which a key stamps: each family has its own (FACTS
// 3.3).
func policyOf(k *key.Key) (string, error) {
	c, err := chain.Parse(k.Certificate())
	if err != nil {
		return "", err
	}
	if c.Key.OID == chain.RSAKey {
		return tsp.PolicyRSA, nil
	}
	return tsp.PolicyGost, nil
}

// readStamp reads TimeStampReq. Extensions are not understood, so none may be
// there.
func readStamp(in []byte) (q stampRequest, err error) {
	if err := der.Check(in); err != nil {
		return q, err
	}
	top := der.Read(in)
	r := top.Into(der.Sequence)
	if r.Small() != 1 {
		r.Fail("version of the request")
	}
	imprint := r.Value(der.Sequence)
	q.imprint = imprint.Full
	inner := r.Inside(imprint)
	q.digest = chain.ReadAlgorithm(inner)
	q.hash = inner.Value(der.OctetString).Body
	inner.End()
	if r.Next(der.ObjectID) {
		q.policy = r.OID()
	}
	if r.Next(der.Integer) {
		q.nonce = r.Any().Full
	}
	q.certify = r.Flag()
	r.End()
	return q, top.End()
}

// info writes TSTInfo as the national authority does: no accuracy, no name,
// and a serial number that is a negative integer, as half of Java's are.
func (q stampRequest) info(policy string, now time.Time) ([]byte, error) {
	serial := make([]byte, 20)
	if _, err := rand.Read(serial); err != nil {
		return nil, err
	}
	serial[0] = serial[0]&0x3f | 0x80
	return der.EncodeSequence(
		der.EncodeSmall(1),
		der.EncodeOID(policy),
		q.imprint,
		der.Encode(der.Integer, serial),
		generalized(now),
		q.nonce,
	), nil
}

// token signs TSTInfo. The signed attributes are those of the national
// tokens: the certificate is bound by its SHA-1 (RFC 2634 5.4.1).
func (q stampRequest) token(k *key.Key, info []byte, now time.Time) ([]byte, error) {
	c, err := chain.Parse(k.Certificate())
	if err != nil {
		return nil, err
	}
	h, err := chain.Digest(c.Key.DigestOID())
	if err != nil {
		return nil, err
	}
	h.Write(info)
	bound := sha1.Sum(c.Raw)
	attributes := der.EncodeSet(
		attribute(attrContentType, der.EncodeOID(oidTSTInfo)),
		attribute(attrTime, der.EncodeTime(now)),
		attribute(attrSigningCert, der.EncodeSequence(der.EncodeSequence(der.EncodeSequence(der.EncodeOctets(bound[:]))))),
		attribute(attrDigest, der.EncodeOctets(h.Sum(nil))),
	)
	signature, err := k.Sign(attributes)
	if err != nil {
		return nil, err
	}
	digest := chain.EncodeAlgorithm(c.Key.DigestOID())
	var certificates []byte
	if q.certify {
		certificates = der.Encode(der.Context(0, true), c.Raw)
	}
	signed := der.EncodeSequence(
		der.EncodeSmall(3), // RFC 5652 5.1: the content is not id-data
		der.EncodeSet(digest),
		der.EncodeSequence(der.EncodeOID(oidTSTInfo), der.Encode(der.Context(0, true), der.EncodeOctets(info))),
		certificates,
		der.EncodeSet(der.EncodeSequence(
			der.EncodeSmall(1),
			der.EncodeSequence(c.Issuer, der.EncodeInt(c.Serial)),
			digest,
			append([]byte{der.Context(0, true)}, attributes[1:]...),
			chain.EncodeAlgorithm(c.Key.SignatureOID()),
			der.EncodeOctets(signature),
		)),
	)
	return der.EncodeSequence(der.EncodeOID(oidSignedData), der.Encode(der.Context(0, true), signed)), nil
}

func attribute(kind string, value []byte) []byte {
	return der.EncodeSequence(der.EncodeOID(kind), der.EncodeSet(value))
}

// refusal writes a response without a token: rejection, and one bit that says
// why.
func refusal(bit int) []byte {
	bits := make([]byte, 2+bit/8)
	bits[0] = byte(7 - bit%8) // the unused bits of the last octet
	bits[len(bits)-1] = 0x80 >> (bit % 8)
	return der.EncodeSequence(der.EncodeSequence(der.EncodeSmall(2), der.Encode(der.BitString, bits)))
}
