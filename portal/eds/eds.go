// Package eds answers one question: whose signature is this?
//
// A person signs with a key of the National Certification Authority: a filing
// with Document, a sign-in challenge with SignIn. The answer is a Signer,
// named by the certificate, or a Refusal with its reason; there is nothing in
// between. A Verifier trusts the roots it was given and nothing else, and
// refuses whatever it does not understand (Digital Code, art. 61; rules of
// forming and verifying signatures, order 500/NK, paragraphs 4, 13, 16).
//
// Parsers and arithmetic stand in internal packages, one to a standard.
package eds

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
)

// Bounds of one signature: the part that is not content, and the content.
const (
	MaxSignature = 64 << 10
	MaxContent   = 32 << 20
)

// How far the time a signer claims may lie from ours, before and after. The
// claim proves nothing, but one outside these bounds is an old signature
// brought again or a clock that should be set.
const (
	claimedBefore = 24 * time.Hour
	claimedAfter  = 5 * time.Minute
)

// Verifier answers whose signature this is. Fill it before the first question;
// after that it may be asked from many goroutines.
type Verifier struct {
	// Revocation is asked about every certificate of the path below the root.
	// With nil nobody is asked and the Signer says "not-checked".
	Revocation Revocation
	// Timestamps is asked when a time-stamp token stands beside the signature.
	// With nil such a token proves nothing.
	Timestamps Timestamps

	pool chain.Pool
}

// Revocation asks whether certificates were revoked. The world behind it is
// the authority's (OCSP, revocation lists), so it is an interface.
type Revocation interface {
	// Revoked tells the state of a certificate at a moment; certificate and
	// issuer are DER. Not knowing is RevocationUnknown or an error, never good.
	Revoked(ctx context.Context, certificate, issuer []byte, at time.Time) (RevocationStatus, error)
}

// RevocationStatus is what an authority says of a certificate.
type RevocationStatus string

// The three answers of RFC 6960, section 2.2. A certificate on hold counts as
// revoked.
const (
	RevocationUnknown RevocationStatus = "unknown"
	RevocationGood    RevocationStatus = "good"
	RevocationRevoked RevocationStatus = "revoked"
)

// revocationNotChecked is what a Signer says when there is nobody to ask.
const revocationNotChecked = "not-checked"

// Timestamps tells the time that a token proves for a signature. Whose stamps
// are believed is for the one who answers.
type Timestamps interface {
	Proven(ctx context.Context, token, signature []byte) (time.Time, error)
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
	ProvenAt    time.Time // by Timestamps, else zero
	Certificate []byte    // DER
	Revocation  string    // "not-checked" or "good"
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
	if block, rest := pem.Decode(cert); block != nil {
		if block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) != 0 {
			return refuse(Malformed, "one certificate in PEM expected")
		}
		cert = block.Bytes
	}
	return refusal(v.pool.Add(cert))
}

// Document verifies a person's signature over a document, made now: detached,
// or attached to exactly these bytes. There is exactly one signer, with a key
// for signing. Errors are Refusals, or the context's.
func (v *Verifier) Document(ctx context.Context, sig, content []byte, at time.Time) (Signer, error) {
	return v.single(ctx, sig, content, at, document)
}

// SignIn verifies the signature over a sign-in challenge, attached or
// detached. Keys for authentication only are good for this and nothing else.
func (v *Verifier) SignIn(ctx context.Context, sig, challenge []byte, at time.Time) (Signer, error) {
	return v.single(ctx, sig, challenge, at, signIn)
}

// question is what a signature is asked to be good for.
type question int

const (
	document question = iota
	signIn
	inspection // like a document, but made at any time
)

func (v *Verifier) single(ctx context.Context, sig, content []byte, at time.Time, q question) (Signer, error) {
	m, err := open(sig, content)
	if err != nil {
		return Signer{}, err
	}
	if len(m.Signers) != 1 {
		return Signer{}, refuse(SeveralSigners, "%d signers", len(m.Signers))
	}
	who, err := v.examine(ctx, m.Signers[0], content, at, q)
	if err != nil {
		return Signer{}, err
	}
	return who, nil
}

// open reads the message and holds attached content against ours.
func open(sig, content []byte) (*cms.SignedData, error) {
	if len(content) > MaxContent {
		return nil, refuse(TooLarge, "content of %d bytes", len(content))
	}
	raw, err := cms.Decode(sig, MaxSignature+len(content))
	if err != nil {
		return nil, refusal(err)
	}
	m, err := cms.Parse(raw)
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

// examine asks everything of one signer. What the bytes are comes first, then
// what they prove, then whom they prove, then whether it is still so.
func (v *Verifier) examine(ctx context.Context, s *cms.Signer, content []byte, at time.Time, q question) (Signer, error) {
	who := describe(s)
	if cms.LooksLikeAttributes(content) {
		return who, refuse(Attributes, "the content could pass for signed attributes")
	}
	if err := s.Verify(content); err != nil {
		return who, refusal(err)
	}
	path, err := v.pool.Path(s.Certificate, at)
	if err != nil {
		return who, refusal(err)
	}
	if err := profile(&who, s.Certificate, q); err != nil {
		return who, err
	}
	if err := claimed(s.SigningTime, at, q); err != nil {
		return who, err
	}
	if err := v.revoked(ctx, &who, path, at); err != nil {
		return who, err
	}
	return who, v.stamped(ctx, &who, s)
}

func claimed(t, at time.Time, q question) error {
	if q == inspection || t.IsZero() {
		return nil
	}
	if t.Before(at.Add(-claimedBefore)) || t.After(at.Add(claimedAfter)) {
		return refuse(ClaimedTime, "the signer's clock said %s", t.Format(time.RFC3339))
	}
	return nil
}

// revoked asks about every certificate below the root. An answer that is not
// a clear "good" is a refusal.
func (v *Verifier) revoked(ctx context.Context, who *Signer, path []*chain.Certificate, at time.Time) error {
	who.Revocation = revocationNotChecked
	if v.Revocation == nil {
		return nil
	}
	for i, c := range path[:len(path)-1] {
		status, err := v.Revocation.Revoked(ctx, c.Raw, path[i+1].Raw, at)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("ask about revocation: %w", ctx.Err())
		case err != nil:
			return refuse(NotKnown, "%v", err)
		case status == RevocationRevoked:
			return refuse(Revoked, "certificate %x", c.Serial)
		case status != RevocationGood:
			return refuse(NotKnown, "certificate %x", c.Serial)
		}
	}
	who.Revocation = string(RevocationGood)
	return nil
}

func (v *Verifier) stamped(ctx context.Context, who *Signer, s *cms.Signer) error {
	if v.Timestamps == nil || s.Token == nil {
		return nil
	}
	t, err := v.Timestamps.Proven(ctx, s.Token, s.Signature)
	if err != nil {
		return refuse(Timestamp, "%v", err)
	}
	who.ProvenAt = t
	return nil
}

// refusal gives a failure of the packages below the shape callers match on.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	if below := (*chain.Refused)(nil); errors.As(err, &below) {
		return &Refusal{Reason(below.Reason), below.Detail}
	}
	return &Refusal{Malformed, err.Error()}
}
