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
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/tsp"
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
	return v.judge(ctx, sig, content, at, document, v.source())
}

// SignIn verifies the signature over a sign-in challenge, attached or
// detached. Keys for authentication only are good for this and nothing else.
// Where the authority cannot be reached nobody signs in: Unreachable.
func (v *Verifier) SignIn(ctx context.Context, sig, challenge []byte, at time.Time) (Signer, error) {
	who, err := v.judge(ctx, sig, challenge, at, signIn, v.source())
	if err == nil && who.Revocation == Pending {
		return Signer{}, refuse(Unreachable, "neither the responder nor a current list")
	}
	return who, err
}

func (v *Verifier) source() source {
	if v.Services == nil {
		return nil
	}
	return live{v.Services}
}

// question is what a signature is asked to be good for.
type question int

const (
	document question = iota
	signIn
	inspection // like a document, but made at any time
)

// String is how the question is written in evidence.
func (q question) String() string { return [...]string{"document", "sign-in", "inspection"}[q] }

// judge answers a question about a message with one signer.
func (v *Verifier) judge(ctx context.Context, sig, content []byte, at time.Time, q question, from source) (Signer, error) {
	m, err := open(sig, content, v.trusted(q).Profile)
	if err != nil {
		return Signer{}, err
	}
	if len(m.Signers) != 1 {
		return Signer{}, refuse(SeveralSigners, "%d signers", len(m.Signers))
	}
	who, err := v.examine(ctx, m.Signers[0], content, at, q, from)
	if err != nil {
		return Signer{}, err
	}
	who.Evidence.CMS = bytes.Clone(sig)
	return who, nil
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

// examine asks everything of one signer. What the bytes are comes first, then
// what they prove, then whom they prove, then whether it is still so.
func (v *Verifier) examine(ctx context.Context, s *cms.Signer, content []byte, at time.Time, q question, from source) (Signer, error) {
	who := describe(s.Certificate)
	who.ClaimedAt = s.SigningTime
	// What costs nothing is asked before what costs arithmetic.
	if key := s.Certificate.Key; !key.Usable() {
		return who, refuse(Algorithm, "key of algorithm %s", key.Name())
	}
	if cms.LooksLikeAttributes(content) {
		return who, refuse(Attributes, "the content could pass for signed attributes")
	}
	// A role, a policy or a commitment inside the signature may say more than the
	// portal shows; the national profile has none.
	if q != inspection && len(s.Claims) > 0 {
		return who, refuse(Attributes, "signed attributes beyond the profile: %v", s.Claims)
	}
	if err := claimed(s.SigningTime, at, q); err != nil {
		return who, err
	}
	if err := v.gate.through(ctx, func() error { return refusal(s.Verify(content)) }); err != nil {
		return who, err
	}
	e, err := v.person(ctx, &who, s.Certificate, at, q, from)
	if err != nil {
		return who, err
	}
	if err := v.stamped(ctx, &who, s, at, q, from, e); err != nil {
		return who, err
	}
	sum := sha256.Sum256(content)
	e.Content, e.Verdict = sum[:], who.judged()
	who.Evidence = e
	return who, nil
}

// person asks of a certificate whose key signed: is it on a path to a root, is
// it a person's and meant for the question, was it revoked. It fills in who and
// gives the evidence.
func (v *Verifier) person(ctx context.Context, who *Signer, c *chain.Certificate, at time.Time, q question, from source) (*Evidence, error) {
	path, err := v.path(ctx, c, at, q, from)
	if err != nil {
		return nil, err
	}
	if err := profile(who, c, q); err != nil {
		return nil, err
	}
	e := &Evidence{Version: 1, At: at.UTC(), Purpose: q.String()}
	for _, c := range path {
		e.Path = append(e.Path, c.Raw)
	}
	who.Revocation, err = v.revoked(ctx, path, from, e, at)
	return e, err
}

// path builds the way to a pinned root.
func (v *Verifier) path(ctx context.Context, c *chain.Certificate, at time.Time, q question, from source) (path []*chain.Certificate, err error) {
	var others []*chain.Certificate
	if from != nil {
		others = from.others()
	}
	err = v.gate.through(ctx, func() (err error) {
		path, err = v.trusted(q).PathThrough(c, others, at)
		return refusal(err)
	})
	return path, err
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

// stamped believes a time-stamp whose authority is on a path to a root and is
// not revoked. One beside the signature that is not over this signature is a
// forgery and refuses the whole; one whose authority is unknown proves nothing.
// A document without one is stamped by the portal, if the authority answers.
func (v *Verifier) stamped(ctx context.Context, who *Signer, s *cms.Signer, at time.Time, q question, from source, e *Evidence) error {
	token := s.Token
	if token == nil && from != nil && q == document {
		made, err := from.token(ctx, s.Signature, s.Digest.OID)
		if err != nil {
			return ctx.Err() // the time of receipt is ours in any case
		}
		token, e.Token = made, made
	}
	if token == nil {
		return nil
	}
	var stamp tsp.Stamp
	err := v.gate.through(ctx, func() (err error) {
		stamp, err = tsp.Check(token, s.Signature, nil, v.trusted(q).Profile)
		return err
	})
	if below := (*chain.Refused)(nil); errors.As(err, &below) {
		if q == inspection && below.Reason == chain.Algorithm {
			return nil // a stamp of the old days: it proves nothing any more
		}
		return refuse(Timestamp, "%v", below)
	}
	if err != nil {
		return err
	}
	path, err := v.path(ctx, stamp.Authority, stamp.At, q, from)
	if err != nil {
		return ctx.Err()
	}
	if from != nil {
		if known, err := v.revoked(ctx, path, from, e, at); err != nil || known == Pending {
			return ctx.Err()
		}
		for _, c := range path {
			e.addPath(c)
		}
	}
	who.ProvenAt = stamp.At
	return nil
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
