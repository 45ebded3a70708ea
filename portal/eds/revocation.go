package eds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/crl"
	"zharia/portal/eds/internal/ocsp"
)

// Revocation is what is known of whether the certificates of a path were
// revoked when the signature was received.
type Revocation string

// What may stand in a Signer. Anything else is a Refusal.
const (
	NotChecked Revocation = "not-checked" // there was nobody to ask: the Verifier has no Services
	Good       Revocation = "good"        // proven by what lies in the Evidence
	Listed     Revocation = "listed"      // by a list too long to lie in the Evidence whole
	Pending    Revocation = "pending"     // the authority could not be reached; to be asked again
	Refuted    Revocation = "refuted"     // asked again, it had revoked the key before
)

// doubt orders them: a path is as good as the worst of its certificates.
var doubt = []Revocation{Good, Listed, Pending, NotChecked}

// maxAge is how old an answer without an end of its own may be. The national
// responders give no nextUpdate, so freshness is judged by this alone.
const maxAge = time.Hour

// revoked asks about every certificate of a path below its root, the person's
// first, and adds what was answered to the evidence.
func (i *inquiry) revoked(ctx context.Context, path []*chain.Certificate) (Revocation, error) {
	if i.from == nil {
		return NotChecked, nil
	}
	worst := Good
	for n, c := range path[:len(path)-1] {
		r, err := i.status(ctx, c, path[n+1])
		if err != nil {
			return "", err
		}
		if slices.Index(doubt, r) > slices.Index(doubt, worst) {
			worst = r
		}
	}
	return worst, nil
}

// status is what the authority says of one certificate.
func (i *inquiry) status(ctx context.Context, c, issuer *chain.Certificate) (Revocation, error) {
	if i.sitting != nil {
		return i.sitting.status(ctx, i, c, issuer)
	}
	return i.ask(ctx, c, issuer)
}

// ask asks the responder about one certificate and, only where the responder
// is silent, the revocation list. An answer that is not a clear "good" is
// final: asking on until somebody says yes would let the weakest source decide.
func (i *inquiry) ask(ctx context.Context, c, issuer *chain.Certificate) (Revocation, error) {
	proof, err := i.from.answer(ctx, c, issuer, i.asked)
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("ask about revocation: %w", ctx.Err())
	case errors.Is(err, ErrNotAsked):
		return NotChecked, nil
	case errors.Is(err, ErrUnreachable):
		return i.listed(ctx, c, issuer)
	case err != nil:
		return "", refuse(NotKnown, "%v", err)
	}
	i.evidence.Answers = append(i.evidence.Answers, proof)
	return Good, i.gate.through(ctx, func() error { return i.answered(c, issuer, proof) })
}

// answered judges the answer of a responder.
func (i *inquiry) answered(c, issuer *chain.Certificate, proof Answer) error {
	answer, err := ocsp.Question{
		Certificate: c, Issuer: issuer, Nonce: proof.Nonce, At: proof.At, MaxAge: maxAge, Signed: i.pool.SignedOnce,
	}.Check(proof.Response)
	if err != nil {
		return refuse(NotKnown, "%s: %v", whose(c), err)
	}
	answer.Responder.Key.Remember()
	switch answer.Status {
	case ocsp.Good:
		return nil
	case ocsp.Revoked:
		return taken(c, answer.RevokedAt, answer.Reason, i.evidence.At)
	}
	return refuse(NotKnown, "%s: the responder does not know it", whose(c))
}

// Reason codes of RFC 5280, section 5.3.1.
const (
	affiliationChanged   = 3
	superseded           = 4
	cessationOfOperation = 5
	onHold               = 6 // a block that its owner can lift
)

// benign are reasons that say the key was good until the day it was revoked. Any
// other, silence among them, may mean that somebody else had it before.
var benign = []int{affiliationChanged, superseded, cessationOfOperation}

// taken refuses a revoked certificate, unless it was revoked after the signature
// was received and for a benign reason. A hold of 1970-01-01 is how a responder
// says of a certificate that it was never issued (RFC 6960, section 4.4.8).
func taken(c *chain.Certificate, revoked time.Time, code int, received time.Time) error {
	if revoked.After(received) && slices.Contains(benign, code) {
		return nil
	}
	r := &Refusal{Reason: Revoked, RevokedAt: revoked, Code: code}
	if code == onHold && revoked.Unix() != 0 {
		r.Reason = Held
	}
	r.Detail = fmt.Sprintf("%s since %s, reason %d", whose(c), revoked.Format(time.RFC3339), code)
	return r
}

// listed asks the revocation list. Without a list that is current nothing is
// known yet.
func (i *inquiry) listed(ctx context.Context, c, issuer *chain.Certificate) (Revocation, error) {
	l, err := i.from.revocationLists(ctx, issuer, i.asked)
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("ask about revocation: %w", ctx.Err())
	case errors.Is(err, ErrUnreachable):
		return Pending, nil
	case err != nil:
		return "", refuse(NotKnown, "%v", err)
	case l.full.Number == nil:
		return "", refuse(NotKnown, "a list without a number")
	}
	l.meet()
	switch {
	case l.full.NextUpdate.Before(l.at):
		return Pending, nil // nobody brought a newer one: the same silence
	}
	if l.delta != nil && l.delta.NextUpdate.Before(l.at) {
		// The list is current by itself; but what its last delta took back stays
		// taken back.
		if entry, ok := l.delta.Find(c.Serial); ok && entry.Reason != crl.Remove {
			i.keep(l)
			if err := taken(c, entry.At, entry.Reason, i.evidence.At); err != nil {
				return "", err
			}
		}
		l.delta = nil
	}
	// Kept before it is judged: what refutes a signature is evidence, too.
	return i.keep(l), l.judge(c, issuer, i.evidence.At)
}

// meet sets the moment the lists are asked at to that of the later of them, where the authority's
// clock is a little ahead of ours: one is fetched as soon as it is made. It is taken up as far
// ahead as an answer of the responder is.
func (l *lists) meet() {
	asked := l.at
	for _, one := range []*crl.List{l.full, l.delta} {
		if one != nil && one.ThisUpdate.After(l.at) && one.ThisUpdate.Sub(asked) <= ocsp.Skew {
			l.at = one.ThisUpdate
		}
	}
}

// keep adds the lists to the evidence and says whether they lie in it whole.
func (i *inquiry) keep(l lists) Revocation {
	state := Good
	for _, one := range []*crl.List{l.full, l.delta} {
		if one == nil {
			continue
		}
		i.evidence.addList(one, l.at)
		if one.Raw == nil {
			state = Listed
		}
	}
	return state
}

// judge says what the lists say of a certificate, for a signature received then.
func (l lists) judge(c, issuer *chain.Certificate, received time.Time) error {
	status, entry, err := l.full.Status(c, issuer, l.delta, l.at)
	switch {
	case err != nil:
		return refuse(NotKnown, "%s: %v", whose(c), err)
	case status == crl.Revoked:
		return taken(c, entry.At, entry.Reason, received)
	case status != crl.Good:
		return refuse(NotKnown, "%s: the list does not say", whose(c))
	}
	return nil
}

// whose names a certificate in a line for the log, where the serial number of a
// person's would be a mark of the person.
func whose(c *chain.Certificate) string {
	if c.CA {
		return "an authority's certificate"
	}
	return "the signer's certificate"
}
