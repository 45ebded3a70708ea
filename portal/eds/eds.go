// Package eds answers one question: whose signature is this?
//
// A person signs with a key of the National Certification Authority: a filing
// with Document, a sign-in challenge with SignIn. The answer is a Signer, named by
// the certificate, or a Refusal with its reason; there is nothing in between. A
// Verifier trusts the roots it was given and nothing else, and refuses whatever it
// does not understand (Digital Code, art. 61; rules of forming and verifying
// signatures, order 500/NK, paragraphs 4, 13, 16).
//
// Of every certificate on the path below its root the authority is asked whether
// it was revoked: the responder first, and where that is silent the revocation
// list. Silence alone lets a document be received, as Pending, and Confirm asks
// again; nobody signs in on silence. A time-stamp is asked for beside a document,
// and what proved the signature is kept as Evidence, from which Reverify gives the
// verdict anew, offline, when certificate and lists are long gone.
//
// What was signed elsewhere is only read: Inspect takes messages of several
// signers and any age, XML the documents that NCALayer signs as XML. They may rest
// on the national algorithm before 2022 where AddOldAuthority was called; Document
// and SignIn never do.
//
// Parsers and arithmetic stand in internal packages, one to a standard; package
// nca reaches the authority's services over the network, package authority is one
// of our own for the demonstration and the tests.
package eds

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
)

// Bounds of one signature: the part that is not content, and the content.
const (
	MaxSignature = 64 << 10
	MaxContent   = 32 << 20
)

// Verifier answers whose signature this is. Fill it before the first question;
// after that it may be asked from many goroutines.
type Verifier struct {
	// Services are asked about every certificate of a path below its root, and
	// for a time-stamp. With nil nobody is asked and the Signer says NotChecked;
	// a portal that serves people has them.
	Services Services

	pool chain.Pool
	old  chain.Pool // with those of before 2022; empty unless AddOldAuthority was called
	gate gate
}

// Signer is who signed, as the certificate says it.
type Signer struct {
	IIN          IIN    // of the person; the identity, everything else is display
	BIN          string // 12 digits, of the organisation the person acts for, or empty
	Name         string // common name, NFC
	Surname      string
	Patronymic   string
	Organisation string
	Role         Role

	Algorithm   string
	Serial      string // of the certificate, lower-case hex
	Issuer      string // common name of the authority
	NotBefore   time.Time
	NotAfter    time.Time
	ClaimedAt   time.Time // the signer's own clock, zero if silent; proves nothing
	ProvenAt    time.Time // by a time-stamp of a trusted authority, else zero
	Certificate []byte    // DER
	Revocation  Revocation

	// Evidence is what proves all this; nil where the signature was refused.
	Evidence *Evidence
}

// NewVerifier makes a verifier that trusts these authorities, each DER or PEM:
// roots, recognised by their own signature, and issuers below them, in any
// order. With none it refuses everybody.
func NewVerifier(anchors ...[]byte) (*Verifier, error) {
	v := &Verifier{}
	for _, a := range anchors {
		if err := v.AddAuthority(a); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// AddAuthority adds a root or an issuer, DER or one PEM block. It is not for
// use while questions are being asked. The error is a Refusal.
func (v *Verifier) AddAuthority(cert []byte) error {
	raw, err := bare(cert)
	if err != nil {
		return err
	}
	if v.old.Size() > 0 {
		if err := v.old.Add(raw); err != nil {
			return refusal(err)
		}
	}
	return refusal(v.pool.Add(raw))
}

// AddOldAuthority adds an authority whose keys may be of GOST 34.310-2004, the
// national algorithm before 2022. Inspect and XML believe it, to read old
// documents; a sign-in or a new document never rests on it (THREATS S11).
func (v *Verifier) AddOldAuthority(cert []byte) error {
	raw, err := bare(cert)
	if err != nil {
		return err
	}
	if v.old.Size() == 0 {
		v.old.Profile = chain.Profile{Old: true}
		for _, c := range v.pool.Authorities() {
			if err := v.old.Add(c.Raw); err != nil {
				return refusal(err)
			}
		}
	}
	return refusal(v.old.Add(raw))
}

// trusted are the authorities that a question may rest on.
func (v *Verifier) trusted(q question) *chain.Pool {
	if q == inspection && v.old.Size() > 0 {
		return &v.old
	}
	return &v.pool
}

// Authorities gives the certificates that are trusted, DER.
func (v *Verifier) Authorities() [][]byte {
	var all [][]byte
	for _, c := range v.pool.Authorities() {
		all = append(all, c.Raw)
	}
	return all
}

// bare takes a certificate out of its PEM block, if it is in one.
func bare(cert []byte) ([]byte, error) {
	block, rest := pem.Decode(cert)
	if block == nil {
		return cert, nil
	}
	if block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) != 0 {
		return nil, refuse(Malformed, "one certificate in PEM expected")
	}
	return block.Bytes, nil
}

// Document verifies a person's signature over a document, made now: detached,
// or attached to exactly these bytes. There is exactly one signer, with a key
// for signing. Where the authority cannot be reached the Signer says Pending:
// the signature is right, and whether the key was good is to be asked again.
// Errors are Refusals, or the context's.
func (v *Verifier) Document(ctx context.Context, sig, content []byte, at time.Time) (Signer, error) {
	return v.inquire(document, at, v.source()).judge(ctx, sig, content)
}

// SignIn verifies the signature over a sign-in challenge, attached or
// detached. Keys for authentication only are good for this and nothing else.
// Where the authority cannot be reached nobody signs in: Unreachable.
func (v *Verifier) SignIn(ctx context.Context, sig, challenge []byte, at time.Time) (Signer, error) {
	who, err := v.inquire(signIn, at, v.source()).judge(ctx, sig, challenge)
	if err == nil && who.Revocation == Pending {
		return Signer{}, refuse(Unreachable, "neither the responder nor a current list")
	}
	return who, err
}

// source is where a verification made now gets its proofs; nil where nobody is to
// be asked.
func (v *Verifier) source() source {
	if v.Services == nil {
		return nil
	}
	return live{v.Services}
}

// open reads the message and holds attached content against ours.
func open(sig, content []byte, p chain.Profile) (*cms.SignedData, error) {
	if len(content) > MaxContent {
		return nil, refuse(TooLarge, "content of %d bytes", len(content))
	}
	raw, err := cms.Decode(sig, MaxSignature+len(content))
	if err != nil {
		return nil, refusal(err)
	}
	m, err := cms.Parse(raw, p)
	if err != nil {
		return nil, refusal(err)
	}
	if len(raw)-len(m.Content) > MaxSignature {
		return nil, refuse(TooLarge, "signature of %d bytes", len(raw)-len(m.Content))
	}
	if m.Attached && !bytes.Equal(m.Content, content) {
		return nil, refuse(ContentDiffers, "the attached content is not ours")
	}
	return m, nil
}

// refusal gives a failure of the packages below the shape callers match on.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	if below := (*chain.Refused)(nil); errors.As(err, &below) {
		return &Refusal{Reason: Reason(below.Reason), Detail: below.Detail}
	}
	return &Refusal{Reason: Malformed, Detail: err.Error()}
}
