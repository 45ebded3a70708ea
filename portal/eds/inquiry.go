package eds

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/cms"
	"zharia/portal/eds/internal/tsp"
)

// question is what a signature is asked to be good for.
type question int

const (
	document question = iota
	signIn
	inspection // like a document, but made at any time
)

// String is how the question is written in evidence.
func (q question) String() string { return [...]string{"document", "sign-in", "inspection"}[q] }

// inquiry is a question about one signature on its way to an answer.
type inquiry struct {
	*Verifier
	question question
	at       time.Time // our clock; of evidence, when the signature was received
	from     source    // nil: nobody is asked
	evidence *Evidence // what was proven so far, and by what

	sitting *Sitting  // nil: this signature is judged by itself
	asked   time.Time // when the authority is asked
}

func (v *Verifier) inquire(q question, at time.Time, from source) *inquiry {
	return &inquiry{Verifier: v, question: q, at: at, asked: at, from: from, evidence: &Evidence{Version: 1, At: at.UTC(), Purpose: q.String()}}
}

// judge answers the question about a message with one signer.
func (i *inquiry) judge(ctx context.Context, sig, content []byte) (Signer, error) {
	m, err := open(sig, content, i.trusted(i.question).Profile)
	if err != nil {
		return Signer{}, err
	}
	if len(m.Signers) != 1 {
		return Signer{}, refuse(SeveralSigners, "%d signers", len(m.Signers))
	}
	who, err := i.examine(ctx, m.Signers[0], content)
	if err != nil {
		return Signer{}, err
	}
	who.Evidence.CMS = bytes.Clone(sig)
	return who, nil
}

// examine asks everything of one signer. What the bytes are comes first, then
// what they prove, then whom they prove, then whether it is still so.
func (i *inquiry) examine(ctx context.Context, s *cms.Signer, content []byte) (Signer, error) {
	who := describe(s.Certificate)
	who.ClaimedAt = s.SigningTime
	// What costs nothing is asked before what costs arithmetic.
	if err := i.plain(s, content); err != nil {
		return who, err
	}
	if err := i.gate.through(ctx, func() error { return refusal(s.Verify(content)) }); err != nil {
		return who, err
	}
	if err := i.person(ctx, &who, s.Certificate); err != nil {
		return who, err
	}
	if err := i.stamped(ctx, &who, s); err != nil {
		return who, err
	}
	sum := sha256.Sum256(content)
	i.evidence.Content, i.evidence.Verdict = sum[:], who.judged()
	who.Evidence = i.evidence
	return who, nil
}

// plain refuses what can be seen without arithmetic.
func (i *inquiry) plain(s *cms.Signer, content []byte) error {
	if key := s.Certificate.Key; !key.Usable() {
		return refuse(Algorithm, "key of algorithm %s", key.Name())
	}
	if cms.LooksLikeAttributes(content) {
		return refuse(Attributes, "the content could pass for signed attributes")
	}
	if i.question == inspection {
		return nil
	}
	// A role, a policy or a commitment inside the signature may say more than the
	// portal shows; the national profile has none.
	if len(s.Claims) > 0 {
		return refuse(Attributes, "signed attributes beyond the profile: %v", s.Claims)
	}
	return claimed(s.SigningTime, i.at)
}

// How far the time a signer claims may lie from ours, before and after. The
// claim proves nothing, but one outside these bounds is an old signature
// brought again or a clock that should be set.
const (
	claimedBefore = 24 * time.Hour
	claimedAfter  = 5 * time.Minute
)

func claimed(t, at time.Time) error {
	if !t.IsZero() && (t.Before(at.Add(-claimedBefore)) || t.After(at.Add(claimedAfter))) {
		return refuse(ClaimedTime, "the signer's clock said %s", t.Format(time.RFC3339))
	}
	return nil
}

// person asks of a certificate whose key signed: is it on a path to a root, is
// it a person's and meant for the question, was it revoked. It fills in who.
func (i *inquiry) person(ctx context.Context, who *Signer, c *chain.Certificate) error {
	path, err := i.signerPath(ctx, c)
	if err != nil {
		return err
	}
	if err := profile(who, c, i.question); err != nil {
		return err
	}
	for _, c := range path {
		i.evidence.addPath(c)
	}
	who.Revocation, err = i.revoked(ctx, path)
	return err
}

// signerPath is the way of a signer's certificate to a root.
func (i *inquiry) signerPath(ctx context.Context, c *chain.Certificate) ([]*chain.Certificate, error) {
	if i.sitting == nil {
		return i.path(ctx, c, i.at)
	}
	if path := i.sitting.path(c, i.at); path != nil {
		return path, nil
	}
	path, err := i.path(ctx, c, i.at)
	if err == nil {
		i.sitting.keepPath(path)
	}
	return path, err
}

// path builds the way to a pinned root, valid at the moment given.
func (i *inquiry) path(ctx context.Context, c *chain.Certificate, at time.Time) (path []*chain.Certificate, err error) {
	var others []*chain.Certificate
	if i.from != nil {
		others = i.from.others()
	}
	err = i.gate.through(ctx, func() (err error) {
		path, err = i.trusted(i.question).PathThrough(c, others, at)
		return refusal(err)
	})
	return path, err
}

// stamped believes a time-stamp whose authority is on a path to a root and is
// not revoked. One beside the signature that is not over this signature is a
// forgery and refuses the whole; one whose authority is unknown proves nothing.
func (i *inquiry) stamped(ctx context.Context, who *Signer, s *cms.Signer) error {
	token := i.token(ctx, s)
	if token == nil {
		return ctx.Err()
	}
	// An old document is read with its old stamp; whether that proves anything is
	// decided by the path of the authority that made it.
	read := chain.Profile{Old: i.question == inspection}
	var stamp tsp.Stamp
	err := i.gate.through(ctx, func() (err error) {
		stamp, err = tsp.Check(token, s.Signature, nil, read)
		return err
	})
	if below := (*chain.Refused)(nil); errors.As(err, &below) {
		return refuse(Timestamp, "%v", below)
	}
	if err != nil {
		return err
	}
	path, err := i.path(ctx, stamp.Authority, stamp.At)
	if err != nil {
		return ctx.Err()
	}
	if i.from != nil {
		if known, err := i.revoked(ctx, path); err != nil || known == Pending {
			return ctx.Err()
		}
		for _, c := range path {
			i.evidence.addPath(c)
		}
	}
	who.ProvenAt = stamp.At
	return nil
}

// token gives the time-stamp beside the signature. A document without one is
// stamped by the portal; where the authority does not answer there is none, for
// the time of receipt is ours in any case.
func (i *inquiry) token(ctx context.Context, s *cms.Signer) []byte {
	if s.Token != nil || i.from == nil || i.question != document || i.sitting != nil {
		return s.Token
	}
	made, err := i.from.token(ctx, s.Signature, s.Digest.OID)
	if err != nil {
		return nil
	}
	i.evidence.Token = made
	return made
}
