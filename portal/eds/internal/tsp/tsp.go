// Package tsp asks a time-stamping authority to witness a signature, and
// judges the token that comes back (RFC 3161, RFC 5816).
//
// A token proves that the signature existed at a moment, and so can carry a
// document past the end of its signer's certificate. It proves nothing unless
// it is over this very signature and by a certificate made for stamping alone;
// whether that certificate leads to a pinned root at that moment is the
// caller's question.
package tsp

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/der"
)

// Reasons for which a token is refused, besides those of packages chain and
// cms, which tell of its shape, its algorithms and its own signature.
const (
	Wrong = cms.Timestamp // it is no token for this signature
	Nonce = "nonce"       // it answers another request
)

func refuse(reason, format string, args ...any) error {
	return &chain.Refused{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// MaxToken bounds an answer and a token in bytes; genuine ones have 1.4 KB.
const MaxToken = 64 << 10

// Policies of the national authority that go with the digests of the table
// (FACTS §3.3). Which one is asked for decides the key of the stamp.
const (
	PolicyRSA  = "1.2.398.3.3.2.6.2" // with SHA-256
	PolicyGost = "1.2.398.3.3.2.6.4" // with Streebog-512
)

// Stamp is what a token says, verified but for the path of its authority.
type Stamp struct {
	At     time.Time // genTime, UTC, to the second
	Serial *big.Int  // negative at times: the national authority's are
	Policy string

	// Authority signed the token. Its path must be asked for at At, through
	// Certificates where the pool does not have what lies between.
	Authority    *chain.Certificate
	Certificates []*chain.Certificate
}

// Request writes the request in DER to stamp a signature (RFC 3161 2.4.1): the
// octets of SignerInfo.signature are hashed by the digest, which must be of
// the table and fit the policy. The nonce, at least 64 random bits that are
// not negative, must come back in the token.
func Request(signature []byte, digestOID, policy string, nonce *big.Int) ([]byte, error) {
	h, err := chain.Digest(digestOID)
	if err != nil {
		return nil, err
	}
	if nonce == nil || nonce.Sign() < 0 {
		return nil, refuse(Nonce, "a request needs a nonce that is not negative")
	}
	h.Write(signature)
	return der.EncodeSequence(
		der.EncodeSmall(1),
		der.EncodeSequence(chain.EncodeAlgorithm(digestOID), der.EncodeOctets(h.Sum(nil))),
		der.EncodeOID(policy),
		der.EncodeInt(nonce),
		der.EncodeTrue(), // the token is to carry its certificate
	), nil
}

// nonceSize is that of a request's nonce, in octets.
const nonceSize = 16

// Obtain has a signature stamped: it asks by the policy that goes with the digest
// (FACTS 3.3), and gives the token of the answer once it is known to be over this
// signature and to answer this request. ask takes a request to the authority and
// brings the answer, both DER; its error comes back as it is.
func Obtain(ctx context.Context, signature []byte, digestOID string, ask func(ctx context.Context, request []byte) ([]byte, error)) ([]byte, error) {
	octets := make([]byte, nonceSize)
	rand.Read(octets)
	nonce := new(big.Int).SetBytes(octets)
	policy := PolicyRSA
	if digestOID == chain.GostDigest {
		policy = PolicyGost
	}
	request, err := Request(signature, digestOID, policy, nonce)
	if err != nil {
		return nil, err
	}
	response, err := ask(ctx, request)
	if err != nil {
		return nil, err
	}
	token, err := Token(response)
	if err != nil {
		return nil, err
	}
	_, err = Check(token, signature, nonce, chain.Profile{})
	return token, err
}

// Token takes the token out of an authority's answer in DER (RFC 3161 2.4.2).
// It is not judged yet.
func Token(response []byte) (token []byte, err error) {
	if len(response) > MaxToken {
		return nil, refuse(chain.Malformed, "answer of %d bytes", len(response))
	}
	if err := der.Check(response); err != nil {
		return nil, refuse(chain.Malformed, "answer: %v", err)
	}
	top := der.Read(response)
	r := top.Into(der.Sequence)
	info := r.Into(der.Sequence)
	status := info.Small()
	if info.Next(der.Sequence) {
		info.Any() // words for people
	}
	if info.Next(der.BitString) {
		info.Any() // why not, in bits
	}
	info.End()
	// Granted, or granted with changes, which the token itself then shows.
	if r.Err() == nil && status > 1 {
		return nil, refuse(Wrong, "the authority refused with %d", status)
	}
	token = r.Value(der.Sequence).Full
	r.End()
	if err := top.End(); err != nil {
		return nil, refuse(chain.Malformed, "answer: %v", err)
	}
	return token, nil
}

// Check judges a token in DER: one signer, whose certificate is a
// time-stamping authority's and nothing else, over the hash of this signature.
// The nonce is the request's; nil where somebody else asked for the stamp and
// it came with the document. Errors are *chain.Refused; tokens of the family
// before 2022 are refused as Algorithm.
func Check(token, signature []byte, nonce *big.Int, p chain.Profile) (Stamp, error) {
	if len(token) > MaxToken {
		return Stamp{}, refuse(chain.Malformed, "token of %d bytes", len(token))
	}
	if err := der.Check(token); err != nil {
		return Stamp{}, refuse(chain.Malformed, "token: %v", err)
	}
	m, err := cms.ParseToken(token, p)
	if err != nil {
		return Stamp{}, err
	}
	if !m.Attached || len(m.Signers) != 1 {
		return Stamp{}, refuse(Wrong, "a token has one content and one signer")
	}
	authority := m.Signers[0]
	if err := mayStamp(authority.Certificate); err != nil {
		return Stamp{}, err
	}
	if !authority.Bound { // RFC 3161 2.4.2, RFC 5816 2.2.1
		return Stamp{}, refuse(cms.Attribute, "the certificate of the authority is not among what was signed")
	}
	info, err := readInfo(m.Content)
	if err != nil {
		return Stamp{}, refuse(chain.Malformed, "token: %v", err)
	}
	if err := authority.Verify(m.Content); err != nil {
		return Stamp{}, err
	}
	if err := info.judge(signature, nonce, authority.Certificate); err != nil {
		return Stamp{}, err
	}
	return Stamp{
		At:           info.at,
		Serial:       info.serial,
		Policy:       info.policy,
		Authority:    authority.Certificate,
		Certificates: m.Certificates,
	}, nil
}

// mayStamp asks for what makes a certificate a stamping authority's (RFC 3161
// 2.3): this purpose alone, marked critical, and a key that may sign if it says what
// it may.
func mayStamp(c *chain.Certificate) error {
	switch {
	case !c.Meant(chain.TimeStamping) || len(c.Extended) != 1 || !c.ExtendedCritical:
		return refuse(Wrong, "the certificate is not a time-stamping authority's")
	case c.HasUsage && !c.Has(chain.DigitalSignature) && !c.Has(chain.NonRepudiation):
		return refuse(Wrong, "the authority may not sign")
	}
	return nil
}

// judge holds what the token says against what was asked.
func (i *info) judge(signature []byte, nonce *big.Int, authority *chain.Certificate) error {
	h, err := authority.Key.Digest(i.digest.OID)
	if err != nil {
		return err
	}
	if !i.digest.Plain() {
		return refuse(chain.Algorithm, "the digest of the imprint has parameters")
	}
	h.Write(signature)
	switch {
	case !bytes.Equal(h.Sum(nil), i.imprint):
		return refuse(Wrong, "the token is for another signature")
	case nonce != nil && (i.nonce == nil || i.nonce.Cmp(nonce) != 0):
		return refuse(Nonce, "the token answers another request")
	case i.authority != nil && !bytes.Equal(i.authority, authority.Subject):
		return refuse(Wrong, "the token names another authority")
	}
	return nil
}
