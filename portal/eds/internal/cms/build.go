package cms

import (
	"crypto/sha256"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// Draft is a signature about to be made, in the shape NCALayer gives it:
// CAdES-BES with contentType, signingTime, messageDigest and
// signingCertificateV2. A zero At leaves the time out.
type Draft struct {
	Content     []byte
	Attached    bool
	At          time.Time
	Certificate *chain.Certificate
	// Sign signs a message with the key of the certificate.
	Sign func(message []byte) ([]byte, error)
}

// Build makes the message in DER. The error is that of Sign, or a *chain.Refused
// where the key is of no algorithm of the table.
func (d Draft) Build() ([]byte, error) {
	key := d.Certificate.Key
	h, err := chain.Digest(key.DigestOID())
	if err != nil {
		return nil, err
	}
	h.Write(d.Content)
	attributes := d.attributes(h.Sum(nil))
	signature, err := d.Sign(attributes)
	if err != nil {
		return nil, err
	}
	digest := chain.EncodeAlgorithm(key.DigestOID())
	signer := der.EncodeSequence(
		der.EncodeSmall(1),
		der.EncodeSequence(d.Certificate.Issuer, der.EncodeInt(d.Certificate.Serial)),
		digest,
		append([]byte{der.Context(0, true)}, attributes[1:]...),
		chain.EncodeAlgorithm(key.SignatureOID()),
		der.EncodeOctets(signature),
	)
	return Assemble(d.encapsulated(), [][]byte{digest}, [][]byte{d.Certificate.Raw}, [][]byte{signer}), nil
}

// Assemble puts the parts of a SignedData together.
func Assemble(encapsulated []byte, digests, certificates, signers [][]byte) []byte {
	return der.EncodeSequence(
		der.EncodeOID(oidSignedData),
		der.Encode(der.Context(0, true), der.EncodeSequence(
			der.EncodeSmall(1),
			der.EncodeSet(digests...),
			encapsulated,
			der.Encode(der.Context(0, true), certificates...),
			der.EncodeSet(signers...),
		)),
	)
}

// AddToken puts a time-stamp token (DER) beside the signature of a message with
// one signer: CAdES-T (ETSI EN 319 122-1, 5.3). What was there stays as it was, to
// the byte, and what is not signed stands before it.
func AddToken(raw, token []byte) ([]byte, error) {
	m, err := Parse(raw, chain.Profile{})
	if err != nil {
		return nil, err
	}
	if len(m.Signers) != 1 {
		return nil, refuse(Attribute, "%d signers", len(m.Signers))
	}
	info := der.Read(raw).Into(der.Sequence)
	kind := info.Any()
	body := info.Into(der.Context(0, true)).Into(der.Sequence)
	var head [][]byte
	var signer der.Value
	for body.More() {
		v := body.Any()
		if body.More() {
			head = append(head, v.Full)
		} else { // the signers come last
			signer = body.Inside(v).Any()
		}
	}
	fields := body.Inside(signer)
	var parts, beside [][]byte
	for fields.More() {
		if !fields.Next(der.Context(1, true)) {
			parts = append(parts, fields.Any().Full)
			continue
		}
		for others := fields.Into(der.Context(1, true)); others.More(); {
			beside = append(beside, others.Any().Full)
		}
	}
	if err := fields.Err(); err != nil {
		return nil, named(err)
	}
	unsigned := der.Encode(der.Context(1, true), append(beside, attribute(attrTimestamp, token))...)
	stamped := der.EncodeSet(der.EncodeSequence(append(parts, unsigned)...))
	return der.EncodeSequence(kind.Full,
		der.Encode(der.Context(0, true), der.EncodeSequence(append(head, stamped)...))), nil
}

func (d Draft) encapsulated() []byte {
	if !d.Attached {
		return der.EncodeSequence(der.EncodeOID(oidData))
	}
	return der.EncodeSequence(der.EncodeOID(oidData),
		der.Encode(der.Context(0, true), der.EncodeOctets(d.Content)))
}

func (d Draft) attributes(digest []byte) []byte {
	sum := sha256.Sum256(d.Certificate.Raw)
	certificate := der.EncodeSequence(der.EncodeSequence(der.EncodeSequence(der.EncodeOctets(sum[:]))))
	list := [][]byte{
		attribute(attrContentType, der.EncodeOID(oidData)),
		attribute(attrMessageDigest, der.EncodeOctets(digest)),
		attribute(attrSigningCertV2, certificate),
	}
	if !d.At.IsZero() {
		list = append(list, attribute(attrSigningTime, der.EncodeTime(d.At)))
	}
	return der.EncodeSet(list...)
}

func attribute(kind string, value []byte) []byte {
	return der.EncodeSequence(der.EncodeOID(kind), der.EncodeSet(value))
}
