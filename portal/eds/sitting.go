package eds

import (
	"context"
	"slices"
	"sync"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/gost3410"
)

// Sitting judges many papers that were signed elsewhere by the same people: a file of
// decisions has thousands under the key of one investigator. Each signature is verified
// by itself; what is known of a certificate is found out once in a while:
//
//   - its way to a root, and what the authority answered about each certificate on it, if
//     that was a clear "good". The answer lies in the evidence of each paper, as it came
//     (RFC 6960, section 2.4 and 5, lets one be used again while it is fresh; the authority's own are taken for
//     an hour, and here for Fresh);
//   - the arithmetic that can be done ahead for a key that comes often.
//
// No time-stamp is asked for: when the paper came is told by the record of acts, whose
// checkpoints lie with others. One that the paper brought counts as always.
//
// It may be used from many goroutines, and for as long as anybody likes.
type Sitting struct {
	v *Verifier

	mu    sync.Mutex
	known map[[32]byte]*acquaintance // by SHA-256 of the certificate
}

// Fresh is how long the authority's answer counts for further papers of a Sitting: a key
// that is taken back goes on counting for so long, in papers that say they are older.
const Fresh = 10 * time.Minute

// Bounds of what a sitting remembers: some 50 MB of answers, and 256 KB for each key.
const (
	mostKnown = 4096
	mostKeys  = 256
	often     = 8 // papers of one certificate after which its key is made fast, for some milliseconds
)

// acquaintance is what is known of a certificate.
type acquaintance struct {
	path    []*chain.Certificate // of one that signs papers
	papers  int
	state   Revocation // "" : nobody was asked yet
	answers []Answer
	lists   []List
	asked   time.Time
}

// Sit begins a sitting.
func (v *Verifier) Sit() *Sitting {
	gost3410.RememberAtLeast(mostKeys)
	return &Sitting{v: v, known: map[[32]byte]*acquaintance{}}
}

// Receiver judges a paper that was signed elsewhere, at signed, and came at at: what the key
// was is judged as of the former, and the authority is asked about it at the latter. A paper that was signed
// just now has at for both. Errors are those of Verifier.Document.
type Receiver interface {
	Received(ctx context.Context, sig, content []byte, signed, at time.Time) (Signer, error)
}

// Received makes a Verifier a Receiver.
func (v *Verifier) Received(ctx context.Context, sig, content []byte, signed, at time.Time) (Signer, error) {
	i := v.inquire(document, signed, v.source())
	i.asked = at
	return i.judge(ctx, sig, content)
}

// Received makes a Sitting a Receiver.
func (s *Sitting) Received(ctx context.Context, sig, content []byte, signed, at time.Time) (Signer, error) {
	i := s.v.inquire(document, signed, s.v.source())
	i.sitting, i.asked = s, at
	return i.judge(ctx, sig, content)
}

// of is what is known of a certificate; the caller holds the lock.
func (s *Sitting) of(c *chain.Certificate) *acquaintance {
	a := s.known[c.Digest()]
	if a == nil {
		if len(s.known) >= mostKnown {
			clear(s.known)
		}
		a = new(acquaintance)
		s.known[c.Digest()] = a
	}
	return a
}

// path is the way of a signer's certificate to a root, if it was found before and holds
// at the moment given.
func (s *Sitting) path(c *chain.Certificate, at time.Time) []*chain.Certificate {
	s.mu.Lock()
	a := s.of(c)
	a.papers++
	path, fast := a.path, a.papers == often
	s.mu.Unlock()
	if fast && path != nil {
		c.Key.Remember()
	}
	if slices.ContainsFunc(path, func(c *chain.Certificate) bool { return c.ValidAt(at) != nil }) {
		return nil
	}
	return path
}

func (s *Sitting) keepPath(path []*chain.Certificate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(path[0]).path = path
}

// status is what the authority said of a certificate not long ago, or says now. Only what is
// good whenever the paper was signed is remembered.
func (s *Sitting) status(ctx context.Context, i *inquiry, c, issuer *chain.Certificate) (Revocation, error) {
	s.mu.Lock()
	a := *s.of(c)
	s.mu.Unlock()
	if age := i.asked.Sub(a.asked); a.state == "" || age < 0 || age >= Fresh {
		now := inquiry{Verifier: i.Verifier, question: i.question, at: i.asked, asked: i.asked, from: i.from, evidence: &Evidence{At: i.asked}}
		state, err := now.ask(ctx, c, issuer)
		if err != nil || state != Good && state != Listed {
			return i.ask(ctx, c, issuer)
		}
		a.state, a.answers, a.lists, a.asked = state, now.evidence.Answers, now.evidence.Lists, i.asked
		s.mu.Lock()
		kept := s.of(c)
		kept.state, kept.answers, kept.lists, kept.asked = a.state, a.answers, a.lists, a.asked
		s.mu.Unlock()
	}
	i.evidence.Answers = append(i.evidence.Answers, a.answers...)
	for _, l := range a.lists {
		if !slices.ContainsFunc(i.evidence.Lists, func(old List) bool { return old.Digest == l.Digest }) {
			i.evidence.Lists = append(i.evidence.Lists, l)
		}
	}
	return a.state, nil
}
