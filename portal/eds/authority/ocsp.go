package authority

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/big"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// Identifiers of OCSP (RFC 6960 4.2.1, 4.4).
const (
	ocspBasic    = "1.3.6.1.5.5.7.48.1.1"
	ocspNonce    = "1.3.6.1.5.5.7.48.1.2"
	ocspExtended = "1.3.6.1.5.5.7.48.1.9"
)

// Statuses of a response that answers nothing (RFC 6960 4.2.1).
const (
	ocspMalformed    = 1
	ocspUnauthorized = 6
)

// Bounds of a request.
const (
	maxAsked = 16
	maxNonce = 64
)

// asked is one certificate somebody asks about.
type asked struct {
	id                []byte // the whole CertID, given back as it came
	nameHash, keyHash []byte
	serial            *big.Int
}

// answerOCSP is the responder. Never issued is revoked, on 1 January 1970 and
// on hold: RFC 6960 2.2, "extended revoked".
func (s *Services) answerOCSP(question []byte, f Fault) (reply, error) {
	list, nonce, err := readOCSP(question)
	if err != nil {
		return reply{body: ocspFailure(ocspMalformed)}, nil
	}
	issuer, err := chain.Parse(s.authority.Issuer())
	if err != nil {
		return reply{}, err
	}
	now := s.now()
	if f == Stale {
		now = now.Add(-staleBy)
	}
	var answers [][]byte
	for _, a := range list {
		if !a.about(issuer) {
			return reply{body: ocspFailure(ocspUnauthorized)}, nil
		}
		answers = append(answers, der.EncodeSequence(a.id, s.status(a, f), generalized(now)))
	}
	body, err := s.signOCSP(now, answers, nonce, f)
	return reply{body: body}, err
}

// readOCSP reads OCSPRequest (RFC 6960 4.1.1). Who asks, and the signature of
// whoever asks, matter to nobody.
func readOCSP(in []byte) (list []asked, nonce []byte, err error) {
	if err := der.Check(in); err != nil {
		return nil, nil, err
	}
	top := der.Read(in)
	whole := top.Into(der.Sequence)
	r := whole.Into(der.Sequence)
	if r.Next(der.Context(0, true)) {
		r.Fail("version is written out")
	}
	if r.Next(der.Context(1, true)) {
		r.Any()
	}
	for requests := r.Into(der.Sequence); requests.More(); {
		list = append(list, readAsked(requests.Into(der.Sequence)))
	}
	if len(list) == 0 || len(list) > maxAsked {
		r.Fail("%d certificates asked about", len(list))
	}
	if r.Next(der.Context(2, true)) {
		nonce = readNonce(r.Into(der.Context(2, true)).Into(der.Sequence))
	}
	r.End()
	if whole.Next(der.Context(0, true)) {
		whole.Any()
	}
	whole.End()
	return list, nonce, top.End()
}

func readAsked(request *der.Reader) asked {
	v := request.Value(der.Sequence)
	r := request.Inside(v)
	if digest := chain.ReadAlgorithm(r); digest.OID != chain.SHA256 {
		r.Fail("certificates are named by SHA-256 here")
	}
	a := asked{id: v.Full}
	a.nameHash = r.Value(der.OctetString).Body
	a.keyHash = r.Value(der.OctetString).Body
	a.serial = r.Big()
	r.End()
	if request.Next(der.Context(0, true)) {
		request.Any()
	}
	request.End()
	return a
}

// readNonce finds the nonce among the extensions: the whole contents of its
// value, which is an octet string again.
func readNonce(list *der.Reader) (nonce []byte) {
	for list.More() {
		e := list.Into(der.Sequence)
		id, critical, value := e.OID(), e.Flag(), e.Value(der.OctetString).Body
		e.End()
		switch {
		case id == ocspNonce && nonce == nil && len(value) <= maxNonce:
			nonce = value
		case id == ocspNonce, critical:
			list.Fail("extension %s", id)
		}
	}
	return nonce
}

// about says whether the certificate asked about would be of this issuer.
func (a asked) about(issuer *chain.Certificate) bool {
	spki := der.Read(issuer.SPKI).Into(der.Sequence)
	spki.Any()
	name, key := sha256.Sum256(issuer.Subject), sha256.Sum256(spki.Bits())
	return bytes.Equal(a.nameHash, name[:]) && bytes.Equal(a.keyHash, key[:])
}

// status writes CertStatus (RFC 6960 4.2.1).
func (s *Services) status(a asked, f Fault) []byte {
	serial := fmt.Sprintf("%x", a.serial.Bytes())
	r, revoked := s.authority.revocation(serial)
	switch {
	case f == UnknownStatus:
		return der.Encode(der.Context(2, false))
	case revoked:
	case s.authority.Issued(serial):
		return der.Encode(der.Context(0, false))
	default:
		r = revocation{time.Unix(0, 0), Hold}
	}
	if r.Reason == Unspecified {
		return der.Encode(der.Context(1, true), generalized(r.At))
	}
	reason := der.Encode(der.Enumerated, []byte{byte(r.Reason)})
	return der.Encode(der.Context(1, true), generalized(r.At), der.Encode(der.Context(0, true), reason))
}

// signOCSP writes OCSPResponse around the answers: no nextUpdate, the
// responder by its name and with its certificate.
func (s *Services) signOCSP(now time.Time, answers [][]byte, nonce []byte, f Fault) ([]byte, error) {
	k := s.authority.responder
	if f == WrongResponder {
		k = s.authority.stamper
	}
	by, err := signerOf(k)
	if err != nil {
		return nil, err
	}
	data := der.EncodeSequence(
		der.Encode(der.Context(1, true), by.name),
		generalized(now),
		der.EncodeSequence(answers...),
		der.Encode(der.Context(1, true), ocspExtensions(nonce, f)),
	)
	signature, err := by.sign(data)
	if err != nil {
		return nil, err
	}
	basic := der.EncodeSequence(
		data,
		chain.EncodeAlgorithm(by.algorithm),
		der.EncodeBits(signature),
		der.Encode(der.Context(0, true), der.EncodeSequence(k.Certificate())),
	)
	return der.EncodeSequence(
		der.Encode(der.Enumerated, []byte{0}),
		der.Encode(der.Context(0, true), der.EncodeSequence(der.EncodeOID(ocspBasic), der.EncodeOctets(basic))),
	), nil
}

func ocspExtensions(nonce []byte, f Fault) []byte {
	var list [][]byte
	if len(nonce) > 0 {
		if f == WrongNonce {
			nonce = bytes.Clone(nonce)
			nonce[len(nonce)-1] ^= 1
		}
		list = append(list, extension(ocspNonce, false, nonce))
	}
	return der.EncodeSequence(append(list, extension(ocspExtended, false, der.EncodeNull()))...)
}

func ocspFailure(status byte) []byte {
	return der.EncodeSequence(der.Encode(der.Enumerated, []byte{status}))
}
