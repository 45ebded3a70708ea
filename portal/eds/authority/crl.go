package authority

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
)

// How long the lists of the national authority hold (FACTS 3.2), and how old
// each grows before the next is made. The root's life is ours to choose.
const (
	fullHolds  = 27 * time.Hour
	fullEvery  = 24 * time.Hour
	deltaHolds = 7*time.Hour + 30*time.Minute
	deltaEvery = time.Hour
	rootHolds  = 30 * 24 * time.Hour
)

// Extensions of lists and their entries (RFC 5280 5.2, 5.3).
const (
	extAuthorityKeyID = "2.5.29.35"
	extNumber         = "2.5.29.20"
	extDelta          = "2.5.29.27"
	extReason         = "2.5.29.21"
)

// list is a revocation list: what it says, and once it is made its bytes.
type list struct {
	ofRoot     bool
	this, next time.Time
	number     int64
	base       int64                 // of a delta: the full list it adds to
	entries    map[string]revocation // by serial number
	state      map[string]revocation // what was revoked when it was made
	der        []byte
}

// Publish makes a new full list now, as the authority does once a day. Until
// then what changed stands in the delta.
func (s *Services) Publish() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.publish()
}

func (s *Services) publish() (err error) {
	state := s.authority.entries(false)
	s.full, err = s.issue(list{this: s.now(), next: s.now().Add(fullHolds), entries: state, state: state})
	return err
}

// current makes the full list when there is none or the day is over.
func (s *Services) current() error {
	if s.full != nil && s.now().Before(s.full.this.Add(fullEvery)) {
		return nil
	}
	return s.publish()
}

func (s *Services) fullList(_ []byte, f Fault) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.current(); err != nil {
		return reply{}, err
	}
	return s.shown(s.full, f)
}

func (s *Services) deltaList(_ []byte, f Fault) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.current(); err != nil {
		return reply{}, err
	}
	state := s.authority.entries(false)
	if s.delta == nil || s.delta.base != s.full.number || s.old(s.delta, deltaEvery, state) {
		made, err := s.issue(list{
			this: s.now(), next: s.now().Add(deltaHolds), base: s.full.number,
			entries: changes(s.full.state, state), state: state,
		})
		if err != nil {
			return reply{}, err
		}
		s.delta = made
	}
	return s.shown(s.delta, f)
}

func (s *Services) rootList(_ []byte, f Fault) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.authority.entries(true)
	if s.root == nil || s.old(s.root, fullEvery, state) {
		made, err := s.issue(list{
			ofRoot: true, this: s.now(), next: s.now().Add(rootHolds), entries: state, state: state,
		})
		if err != nil {
			return reply{}, err
		}
		s.root = made
	}
	return s.shown(s.root, f)
}

// old says whether a list should be made anew.
func (s *Services) old(l *list, every time.Duration, state map[string]revocation) bool {
	return !s.now().Before(l.this.Add(every)) || !maps.Equal(l.state, state)
}

// changes is what a delta says: who is new on the list and who was let off
// (RFC 5280 5.2.4).
func changes(before, now map[string]revocation) map[string]revocation {
	out := map[string]revocation{}
	for serial, r := range now {
		if old, ok := before[serial]; !ok || old != r {
			out[serial] = r
		}
	}
	for serial, r := range before {
		if _, ok := now[serial]; !ok {
			out[serial] = revocation{r.At, reasonRemoved}
		}
	}
	return out
}

// issue gives a list its number and has it signed.
func (s *Services) issue(l list) (*list, error) {
	number, err := s.authority.number()
	if err != nil {
		return nil, err
	}
	l.number = number
	return &l, l.sign(s.authority, false)
}

// shown is a list as it is sent, old or signed by a stranger where the fault
// of the moment asks for it.
func (s *Services) shown(l *list, f Fault) (reply, error) {
	if f != Stale && f != WrongResponder {
		return reply{l.der, l.this}, nil
	}
	spoilt := *l
	if f == Stale {
		spoilt.this, spoilt.next = l.this.Add(-staleBy), l.next.Add(-staleBy)
		spoilt.number, spoilt.base = 1, min(l.base, 1)
	}
	err := spoilt.sign(s.authority, f == WrongResponder)
	return reply{spoilt.der, spoilt.this}, err
}

// sign writes the list (RFC 5280 5.1) in the national authority's name, by
// its key or, where it should be wrong, by the responder's.
func (l *list) sign(a *Authority, wrong bool) error {
	k := a.issuer
	if l.ofRoot {
		k = a.root
	}
	by, err := signerOf(k)
	if err != nil {
		return err
	}
	if wrong {
		by.sign = a.responder.Sign
	}
	tbs, err := l.encode(by)
	if err != nil {
		return err
	}
	signature, err := by.sign(tbs)
	if err != nil {
		return err
	}
	l.der = der.EncodeSequence(tbs, chain.EncodeAlgorithm(by.algorithm), der.EncodeBits(signature))
	return nil
}

func (l *list) encode(by signer) ([]byte, error) {
	algorithm := chain.EncodeAlgorithm(by.algorithm)
	if by.algorithm == chain.GostSignature {
		// In 2026 the national lists leave the parameters out inside and
		// write NULL outside (FACTS 3.2).
		algorithm = der.EncodeSequence(der.EncodeOID(by.algorithm))
	}
	parts := [][]byte{der.EncodeSmall(1), algorithm, by.name, der.EncodeTime(l.this), der.EncodeTime(l.next)}
	if len(l.entries) > 0 { // an empty list leaves the field out
		entries, err := l.encodeEntries()
		if err != nil {
			return nil, err
		}
		parts = append(parts, entries)
	}
	return der.EncodeSequence(append(parts, l.extensions(by))...), nil
}

func (l *list) encodeEntries() ([]byte, error) {
	var out [][]byte
	for _, serial := range slices.Sorted(maps.Keys(l.entries)) {
		n, ok := new(big.Int).SetString(serial, 16)
		if !ok {
			return nil, fmt.Errorf("serial number %q", serial)
		}
		e := l.entries[serial]
		fields := [][]byte{der.EncodeInt(n), der.EncodeTime(e.At)}
		if e.Reason != Unspecified { // RFC 5280 5.3.1: left out rather than said
			reason := der.Encode(der.Enumerated, []byte{byte(e.Reason)})
			fields = append(fields, der.EncodeSequence(extension(extReason, false, reason)))
		}
		out = append(out, der.EncodeSequence(fields...))
	}
	return der.EncodeSequence(out...), nil
}

func (l *list) extensions(by signer) []byte {
	var list [][]byte
	if l.base > 0 {
		list = append(list, extension(extDelta, true, der.EncodeInt(big.NewInt(l.base))))
	}
	return der.Encode(der.Context(0, true), der.EncodeSequence(append(list,
		extension(extAuthorityKeyID, false, der.EncodeSequence(der.Encode(der.Context(0, false), by.keyID))),
		extension(extNumber, false, der.EncodeInt(big.NewInt(l.number))),
	)...))
}
