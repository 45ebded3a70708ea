package gost3410

import (
	"maps"
	"sync"
	"sync/atomic"
)

// knownKeys is how many keys are remembered at a time, a comb of 256 KiB each.
// The national authority has a handful that sign certificates, answers and stamps.
const knownKeys = 16

// most is how many are remembered in this process.
var most atomic.Int64

func init() { most.Store(knownKeys) }

// RememberAtLeast makes room for more keys from now on, 256 KiB each: for a process that
// reads a great many papers of the same people.
func RememberAtLeast(n int) {
	for {
		old := most.Load()
		if old >= int64(n) || most.CompareAndSwap(old, int64(n)) {
			return
		}
	}
}

// Remember makes every verification under this key, also by another PublicKey read
// from the same octets, several times faster, at the price of some milliseconds
// now. It is for the keys of authorities that are pinned or whose certificate was
// verified, and never for a key that a stranger brings: only 16 are kept, and the
// one that was used least recently gives way. What is accepted does not change.
func (k *PublicKey) Remember() {
	if k.at != (affine{}) && known.find(&k.at) == nil {
		known.remember(&k.at)
	}
}

// known is shared by the whole process: a key is the same wherever it is read.
var known memory

// memory holds combs by point. Readers take no lock: each change puts a new map.
type memory struct {
	change sync.Mutex
	held   atomic.Pointer[map[affine]*recollection]
	clock  atomic.Int64 // counts the uses
}

// recollection is a comb, and when it was used last.
type recollection struct {
	comb *comb
	used atomic.Int64
}

// find returns the comb of a point, or nil.
func (m *memory) find(a *affine) *comb {
	held := m.held.Load()
	if held == nil {
		return nil
	}
	r := (*held)[*a]
	if r == nil {
		return nil
	}
	r.used.Store(m.clock.Add(1))
	return r.comb
}

// remember makes the comb of a point unless it is there.
func (m *memory) remember(a *affine) {
	m.change.Lock()
	defer m.change.Unlock()
	if m.find(a) == nil {
		m.keep(a, newComb(a))
	}
}

// keep adds a comb, in the place of the one used least recently if there is no
// other place. The caller holds the lock.
func (m *memory) keep(a *affine, c *comb) {
	next := map[affine]*recollection{}
	if held := m.held.Load(); held != nil {
		maps.Copy(next, *held)
	}
	if int64(len(next)) >= most.Load() {
		delete(next, oldest(next))
	}
	r := &recollection{comb: c}
	r.used.Store(m.clock.Add(1))
	next[*a] = r
	m.held.Store(&next)
}

// oldest is the point that was used least recently.
func oldest(held map[affine]*recollection) (out affine) {
	last := int64(-1)
	for a, r := range held {
		if used := r.used.Load(); last < 0 || used < last {
			out, last = a, used
		}
	}
	return out
}
