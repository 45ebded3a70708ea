package leave

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/keeper"
	"zharia/portal/warrant"
)

// signed is who signed a paper, and when.
type signed struct {
	person uuid.UUID // zero for the register
	at     time.Time
	seen   bool // not later than that: the keeper itself has seen it
}

// prove verifies the signature of a paper.
func (r *rights) prove(ctx context.Context, p keeper.Paper, f warrant.Fact, register bool, name [32]byte, at time.Time) (signed, error) {
	if register {
		when, err := r.verifier.Machine(ctx, r.register, p.Signatures[0], p.Content)
		return signed{at: when}, err
	}
	r.mu.RLock()
	before, remembered := r.seen[name]
	r.mu.RUnlock()
	switch {
	case remembered:
		return signed{person: before.Person, at: before.At}, nil
	case len(p.Evidence) == 0 || len(p.Evidence[0]) == 0:
		return r.proveNow(ctx, p, f, at)
	}
	e, err := eds.ReadBundle(p.Evidence[0])
	if err != nil {
		return signed{}, err
	}
	if !bytes.Equal(e.CMS, p.Signatures[0]) || e.Purpose != "document" {
		return signed{}, fmt.Errorf("%w: the evidence is about another signature", errStrange)
	}
	who, err := r.verifier.Reverify(ctx, e, p.Content)
	if err != nil {
		return signed{}, err
	}
	s := signed{person: p.Person(who.IIN), at: e.At}
	if err := r.trusts(who, f); err != nil {
		return s, err
	}
	switch {
	case !who.ProvenAt.IsZero() && near(who.ProvenAt, e.At, fresh):
		s.at = who.ProvenAt
	case near(e.At, at, fresh):
		s.seen = true
	case f.Kind == warrant.Filing || !r.asks():
	default: // when it was, only the portal says: it is as if it were being signed
		s.at, s.seen, err = at, true, r.askAgain(ctx, *e, at)
	}
	return s, err
}

// proveNow is for a paper without evidence: it is as good as one that is being signed.
func (r *rights) proveNow(ctx context.Context, p keeper.Paper, f warrant.Fact, at time.Time) (signed, error) {
	who, err := r.verifier.Document(ctx, p.Signatures[0], p.Content, at)
	if err != nil {
		return signed{}, err
	}
	s := signed{person: p.Person(who.IIN), at: who.ClaimedAt, seen: true}
	if who.ClaimedAt.IsZero() || !near(who.ClaimedAt, at, fresh) {
		return s, fmt.Errorf("%w: signed at %s, without evidence of that day", errStrange, who.ClaimedAt.Format(time.RFC3339))
	}
	return s, r.trusts(who, f)
}

// asks says that authorities are asked about keys. In development they are believed.
func (r *rights) asks() bool { return r.verifier.Services != nil }

// trusts says whether the key was one's own and good, as far as the authority said.
func (r *rights) trusts(who eds.Signer, f warrant.Fact) error {
	if who.Role != eds.Individual {
		return fmt.Errorf("%w: a certificate of role %s", errStrange, who.Role)
	}
	switch who.Revocation {
	case eds.Good, eds.Listed:
		return nil
	case eds.Pending, eds.NotChecked:
		if f.Kind == warrant.Filing || !r.asks() {
			return nil
		}
		return fmt.Errorf("%w: whether the key was good is not known", keeper.ErrLater)
	}
	return fmt.Errorf("%w: the key was %s", errStrange, who.Revocation)
}

// askAgain asks the authority about the key of a paper of long ago. It is asked today, so
// that no answer of the past, which is easily had, covers a key that was stolen since.
func (r *rights) askAgain(ctx context.Context, e eds.Evidence, at time.Time) error {
	state, err := r.verifier.Confirm(ctx, &e, at)
	switch {
	case err != nil:
		return err
	case state == eds.Pending:
		return fmt.Errorf("%w: the authority is silent about a paper without a time-stamp", keeper.ErrLater)
	case state != eds.Good && state != eds.Listed:
		return errors.Join(errStrange, fmt.Errorf("the key was %s", state))
	}
	return nil
}

func near(a, b time.Time, by time.Duration) bool { return a.Sub(b).Abs() <= by }
