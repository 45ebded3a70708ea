// Package ocsp asks an authority's responder whether a certificate stands, and
// judges the answer (RFC 6960, in the national form: SHA-256 in the
// certificate's identifier, a delegated responder, no nextUpdate).
//
// The answer decides whether a signature counts, so everything that is not a
// fresh, signed "good" about this very certificate by somebody the authority
// empowered is a refusal or one of the two other statuses. Nothing here talks
// to the network.
package ocsp

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// Status is what a responder says of a certificate.
type Status string

// Every status there is. A suspended certificate (certificateHold) and one
// that was never issued (RFC 6960 2.2: revoked at the epoch) are Revoked;
// Reason and RevokedAt of the Answer tell them apart.
const (
	Good    Status = "good"
	Revoked Status = "revoked"
	Unknown Status = "unknown"
)

// Reasons for which an answer is refused, besides those of package chain.
const (
	NoAnswer  = "revocation-unknown" // the responder failed, or spoke of others
	Responder = "responder"          // who answered may not
	Nonce     = "nonce"              // the answer is to another question
	Stale     = "stale"              // too old, or from the future
	Extension = "extension"          // critical and not understood
)

func refuse(reason, format string, args ...any) error {
	return &chain.Refused{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// MaxAnswer bounds an answer in bytes; genuine ones have at most 2.3 KB.
const MaxAnswer = 64 << 10

// Skew is how far the responder's clock may be ahead of ours.
const Skew = 5 * time.Minute

// Identifiers (RFC 6960 4.2.1 and 4.4; RFC 6962 3.3 for the last).
const (
	oidBasic           = "1.3.6.1.5.5.7.48.1.1"
	extNonce           = "1.3.6.1.5.5.7.48.1.2"
	extExtendedRevoked = "1.3.6.1.5.5.7.48.1.9"
	extTransparency    = "1.3.6.1.4.1.11129.2.4.5"

	sha1ID = "1.3.14.3.2.26"
)

// Question is what is asked of a responder, and by what rules the answer is
// judged.
type Question struct {
	Certificate *chain.Certificate
	Issuer      *chain.Certificate // whose signature on Certificate was verified

	// Nonce is what went into the request; nil where none did. An answer
	// without one is believed for its freshness alone (FACTS §3.1), an answer
	// with another is refused.
	Nonce []byte

	At     time.Time     // our clock when the answer came, or the moment it is kept for
	MaxAge time.Duration // how old thisUpdate may be at that moment, nextUpdate or not

	Profile chain.Profile

	// Signed verifies that the issuer signed a responder's certificate; nil
	// asks the signature each time. The caller may keep what was verified.
	Signed func(c, issuer *chain.Certificate) error
}

// Answer is what a responder says, verified. Times are in UTC, to the second.
type Answer struct {
	Status     Status
	ThisUpdate time.Time
	NextUpdate time.Time // zero where there is none
	ProducedAt time.Time

	// Of a revoked certificate: since when, and the reason of RFC 5280 5.3.1
	// (0 where none is given).
	RevokedAt time.Time
	Reason    int

	// Responder signed the answer: the issuer, or a certificate the issuer
	// signed for this. Its key may be remembered, a stranger's never gets here.
	Responder *chain.Certificate
}

// Request writes the question about one certificate in DER (RFC 6960 4.1),
// with a nonce of 8 to 32 bytes (RFC 9654 2.1), or without one where it is
// nil. It is not signed: the national responder answers everyone.
func Request(c, issuer *chain.Certificate, nonce []byte) []byte {
	name, key := identify(issuer, sum256)
	about := der.EncodeSequence(
		chain.EncodeAlgorithm(chain.SHA256), der.EncodeOctets(name), der.EncodeOctets(key), der.EncodeInt(c.Serial),
	)
	list := der.EncodeSequence(der.EncodeSequence(about))
	if nonce == nil {
		return der.EncodeSequence(der.EncodeSequence(list))
	}
	extension := der.EncodeSequence(der.EncodeOID(extNonce), der.EncodeOctets(nonceValue(nonce)))
	extensions := der.Encode(der.Context(2, true), der.EncodeSequence(extension))
	return der.EncodeSequence(der.EncodeSequence(list, extensions))
}

// nonceValue wraps a nonce as the extension carries it (RFC 9654 2.1); the
// national responder gives it back to the byte.
func nonceValue(nonce []byte) []byte { return der.EncodeOctets(nonce) }

func sum256(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// identify hashes what names an issuer in a certificate's identifier: its
// name, and the bits of its key without the count of unused ones (RFC 6960
// 4.1.1).
func identify(issuer *chain.Certificate, sum func([]byte) []byte) (name, key []byte) {
	return sum(issuer.Subject), sum(keyBits(issuer))
}

func keyBits(c *chain.Certificate) []byte {
	r := der.Read(c.SPKI).Into(der.Sequence)
	r.Value(der.Sequence)
	return r.Bits()
}

// Check judges an answer in DER. An error is a *chain.Refused, and then there
// is no status at all: neither a refusal nor Unknown may ever count as Good.
func (q Question) Check(response []byte) (Answer, error) {
	if !bytes.Equal(q.Certificate.Issuer, q.Issuer.Subject) {
		return Answer{}, refuse(NoAnswer, "the issuer in the question is not the certificate's")
	}
	b, err := q.read(response)
	if err != nil {
		return Answer{}, err
	}
	responder, err := q.responder(b)
	if err != nil {
		return Answer{}, err
	}
	if err := b.mayBeRead(q.Nonce); err != nil {
		return Answer{}, err
	}
	s, err := q.about(b.singles)
	if err != nil {
		return Answer{}, err
	}
	if err := q.fresh(b, s); err != nil {
		return Answer{}, err
	}
	return Answer{
		Status:     s.status,
		ThisUpdate: s.thisUpdate,
		NextUpdate: s.nextUpdate,
		ProducedAt: b.producedAt,
		RevokedAt:  s.revokedAt,
		Reason:     s.reason,
		Responder:  responder,
	}, nil
}
