// Package leave is by what right the keeper opens a text: it judges the signed papers
// that the portal shows (portal/warrant), and believes nothing else.
//
// A paper counts if its one signature proves itself, as of the day it was made:
//
//   - what the register of investigations says, by the very certificate that is pinned. Who
//     administers the portal it says in the rolls that came first, whatever day others bear;
//   - a person's, by the evidence kept beside it (eds.Evidence, judged anew), so that it
//     proves as much when the certificate has run out. The key was good then, as the
//     authority said: silence gives nothing, but to a filing, of whose author nothing is
//     asked (CPC 100(1));
//   - and "then" is not the word of the portal: a time-stamp says so, or the keeper was
//     shown the paper within minutes of its signing and remembers it. Where neither is,
//     the authority is asked again, today, and the paper counts as signed today. So nobody
//     signs something for last year with a key that was stolen since, or with his own
//     when he may no more;
//   - without evidence, a paper that is shown within minutes of its signing.
//
// What takes a right away is remembered for ever: a row that is deleted brings nothing
// back.
package leave

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/keeper"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// fresh is within what time of its signing a paper is seen by the keeper itself; skew is
// what two clocks may differ by.
const (
	fresh = 10 * time.Minute
	skew  = time.Minute
)

// Why a paper or a person gets nothing. They are for the keeper's log.
var (
	errStrange  = errors.New("leave: not a paper that counts")
	errStanding = errors.New("leave: no standing by the papers")
	errPlace    = errors.New("leave: no such thing opens to one who is only that to the case")
)

// rights are the papers of one unsealing, and what was remembered before.
type rights struct {
	verifier *eds.Verifier
	register []byte

	mu     sync.RWMutex
	known  map[[32]byte]warrant.Paper    // papers that count, by what is in them
	papers map[uuid.UUID][]warrant.Paper // by case; those about officials by none
	kin    map[uuid.UUID][]uuid.UUID     // cases that people came from, and went to
	ended  map[uuid.UUID]time.Time       // without a paper
	seen   map[[32]byte]seen             // shown without anything else that says when they were signed
	wanted map[[32]byte]want             // too long to be remembered: nothing of their case opens without them
	shown  map[uuid.UUID]bool            // cases of which a paper counted that was shown since the unsealing: what it says, and nobody else
	chains map[uuid.UUID]*warrant.Chain  // by case, until a paper more is known
}

// New is how the keeper judges. register is the certificate of the register of
// investigations (DER or PEM), with which every right begins.
func New(verifier *eds.Verifier, register []byte) func() keeper.Rights {
	return func() keeper.Rights {
		return &rights{
			verifier: verifier, register: register,
			known: map[[32]byte]warrant.Paper{}, papers: map[uuid.UUID][]warrant.Paper{}, kin: map[uuid.UUID][]uuid.UUID{},
			ended: map[uuid.UUID]time.Time{}, seen: map[[32]byte]seen{}, wanted: map[[32]byte]want{},
			shown: map[uuid.UUID]bool{}, chains: map[uuid.UUID]*warrant.Chain{},
		}
	}
}

// Take reads a paper. What it gives back to be remembered is the same each time.
func (r *rights) Take(ctx context.Context, p keeper.Paper, at time.Time) ([][]byte, error) {
	if len(p.Signatures) != 1 || len(p.Evidence) > 1 {
		return nil, fmt.Errorf("%w: %d signatures", errStrange, len(p.Signatures))
	}
	f, register, err := read(p.Content)
	switch {
	case err != nil:
		return nil, err
	case f.Made.After(at.Add(skew)):
		return nil, fmt.Errorf("%w: printed at %s", keeper.ErrLater, f.Made.Format(time.RFC3339))
	}
	name := nameOf(p)
	one := warrant.Paper{Fact: f, Register: register, Digest: sha256.Sum256(p.Content)}
	var notes []note
	if before, saw, known := r.knows(name); known {
		one = before
		if saw != nil { // there may have been no room for it then
			notes = append(notes, note{Seen: saw})
		}
	} else {
		by, err := r.prove(ctx, p, f, register, name, at)
		if err != nil {
			return nil, err
		}
		one.Signer, one.At = by.person, by.at
		if f.Kind == warrant.Roll {
			one.Came = r.came(name, at)
		}
		if by.seen {
			notes = append(notes, note{Seen: &seen{name[:], by.person, by.at}})
		}
	}
	if f.Takes() {
		notes = append(notes, kept(name, one))
	}
	if f.Kind == warrant.Substitution && !p.Ended.IsZero() {
		notes = append(notes, note{Ended: &ended{f.ID, p.Ended.UTC()}})
	}
	remember, err := texts(notes)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(name, one)
	r.shown[f.Case] = true
	if f.Kind == warrant.Severance { // the case that begins by it has no paper of its own yet
		r.shown[f.Other] = true
	}
	for _, n := range notes {
		if n.Seen != nil || n.Ended != nil {
			r.recall(n)
		}
	}
	return remember, nil
}

// read is the fact of a paper, and whether it has the form of the register's.
func read(content []byte) (f warrant.Fact, register bool, err error) {
	if register = bytes.HasPrefix(content, []byte("{")); register {
		f, err = warrant.Parse(content)
	} else {
		f, err = warrant.Read(content)
	}
	if err != nil {
		return f, register, fmt.Errorf("%w: %w", errStrange, err)
	}
	return f, register, nil
}

// nameOf calls a paper by what is in it and by its signature.
func nameOf(p keeper.Paper) [32]byte {
	h := sha256.New()
	for _, part := range [][]byte{p.Content, p.Signatures[0]} {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	return [32]byte(h.Sum(nil))
}

// knows is a paper that counts already, and that it was seen, if that says when it was signed.
func (r *rights) knows(name [32]byte) (p warrant.Paper, saw *seen, known bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if one, there := r.seen[name]; there {
		saw = &one
	}
	p, known = r.known[name]
	return p, saw, known
}

// came is when a paper was first shown: at a moment, if it was not before the restart.
func (r *rights) came(name [32]byte, at time.Time) time.Time {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if w, before := r.wanted[name]; before {
		return w.Came
	}
	return at.UTC()
}

// add lets a paper count. The caller has the lock.
func (r *rights) add(name [32]byte, p warrant.Paper) {
	if _, known := r.known[name]; known {
		return
	}
	r.known[name] = p
	r.papers[p.Case] = append(r.papers[p.Case], p)
	if p.Kind == warrant.Joinder || p.Kind == warrant.Severance {
		r.kin[p.Case] = append(r.kin[p.Case], p.Other)
		r.kin[p.Other] = append(r.kin[p.Other], p.Case)
	}
	r.forget(p.Case)
}

// forget has the chains made anew in which a paper of this case counts.
func (r *rights) forget(casefile uuid.UUID) {
	if casefile == uuid.Nil { // officials
		clear(r.chains)
		return
	}
	for _, id := range r.family(casefile) {
		delete(r.chains, id)
	}
}

// family is a case with those that people came from or went to.
func (r *rights) family(casefile uuid.UUID) []uuid.UUID {
	all := []uuid.UUID{casefile}
	for i := 0; i < len(all); i++ {
		for _, id := range r.kin[all[i]] {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	return all
}

// maxChains is how many cases are in mind at once; any is made anew in milliseconds.
const maxChains = 10_000

// chain is what the papers of a case prove, with those about officials; ErrNoPapers
// where one is missing that must be there.
func (r *rights) chain(casefile uuid.UUID, at time.Time) (*warrant.Chain, error) {
	r.mu.RLock()
	c, there := r.chains[casefile]
	shown := r.shown[casefile]
	r.mu.RUnlock()
	switch {
	case !shown:
		return nil, keeper.ErrNoPapers
	case there:
		return c, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	family := []uuid.UUID{uuid.Nil}
	if casefile != uuid.Nil {
		family = append(family, r.family(casefile)...)
	}
	for name, of := range r.wanted {
		if _, known := r.known[name]; !known && slices.Contains(family, of.Case) {
			return nil, keeper.ErrNoPapers
		}
	}
	var all []warrant.Paper
	for _, id := range family {
		all = append(all, r.papers[id]...)
	}
	for _, p := range all { // Take has judged their time; a clock that was put back since brings nothing back
		if p.Made.After(at) {
			at = p.Made
		}
	}
	var taken []warrant.Taken
	for id, since := range r.ended {
		taken = append(taken, warrant.Taken{ID: id, At: since})
	}
	if len(r.chains) >= maxChains {
		clear(r.chains)
	}
	r.chains[casefile] = warrant.New(all, taken, at)
	return r.chains[casefile], nil
}

// Standing is nil for whoever is something to the case by the papers; without a case,
// for whoever receives for each body whose texts they are, and is in a post. All of a case
// opens to its own officials alone. Who decides a filing and is nothing else opens what
// belongs to filings, and a participant what participants read (withFiling, withParty).
func (r *rights) Standing(_ context.Context, person, casefile uuid.UUID, of []vault.Where, at time.Time) error {
	c, err := r.chain(casefile, at)
	if err != nil {
		return err
	}
	if casefile == uuid.Nil {
		for _, place := range of {
			if place.Body != uuid.Nil && !c.Receives(person, place.Body, at) {
				return errStanding
			}
		}
		if !c.Serves(person, at) {
			return errStanding
		}
		return nil
	}
	s := c.Standing(person, casefile, at)
	switch {
	case s.None():
		return errStanding
	case slices.ContainsFunc(s.As, func(as warrant.As) bool { return as != warrant.Party && as != warrant.Decider }):
		return nil // of the case's own officials
	}
	file, pages := c.Reads(person, casefile, at)
	for _, place := range of {
		switch {
		case s.Is(warrant.Decider) && withFiling[place.Table]:
		case s.Is(warrant.Party) && withParty[place.Table]:
		case s.Is(warrant.Party) && file && withFile[place.Table]:
		case s.Is(warrant.Party) && pages && place.Table == "material_page":
		default:
			return fmt.Errorf("%w, not %s", errPlace, place.Table)
		}
	}
	return nil
}

// withFiling are the tables of what somebody reads who decides a filing without being of
// the case's own officials: the head of a higher prosecutor's office, a judge. The keeper
// cannot tell to which filing a paper or a file belongs (that is a row of the database),
// so it opens these of the whole case to him, and nothing else: not the pictures of the
// sheets of the file (their PDFs are papers like others), not who asked for access, not why somebody looked.
var withFiling = map[string]bool{
	"filing": true, "point": true, "resolution": true, "message": true, "supplement": true, "addition_point": true,
	"extension": true, "forward": true, "cancellation": true, "dispute": true, "count_objection": true, "answer": true,
	"attachment": true, "attachment_chunk": true, "document": true, "evidence": true, "assent": true,
	"casefile": true, "known": true, // the number of the case, and who the people of it are
	"decision": true, "decision_text": true, // that is contested
}

// withParty are the tables of what participants read: whose of them a filing or a paper
// is, the keeper cannot tell either, so it opens these of the whole case to each. Not the
// texts that papers are printed from, which are their writers'; not why somebody is shown
// more or less than others; and what one asked or was answered about his own status he opens by
// his own right, or by nobody's.
var withParty = map[string]bool{
	"filing": true, "point": true, "resolution": true, "message": true, "supplement": true, "addition_point": true,
	"extension": true, "forward": true, "cancellation": true, "dispute": true, "count_objection": true, "answer": true,
	"attachment": true, "attachment_chunk": true, "document": true, "evidence": true, "assent": true,
	"casefile": true, "known": true, "participant": true,
	"opening": true, "objection": true, "unsealing": true, // who looked and why, what he asks about it, and what custodians opened
}

// withFile are those of the file of the case, of a participant to whom it was opened by a
// paper (CPC 294). Its pages open while that holds.
var withFile = map[string]bool{"material": true, "familiarisation": true, "plea": true}
