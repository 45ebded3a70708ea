package chain

import (
	"crypto/sha256"
	"sync"
)

// link is a certificate and the issuer whose key verified it, by SHA-256.
type link [sha256.Size]byte

func linkOf(c, issuer *Certificate) link {
	below, above := c.Digest(), issuer.Digest()
	return sha256.Sum256(append(below[:], above[:]...))
}

// generation is how many links a memory holds before it lets the older half
// go: at most twice as many are kept, in about 100 KB.
const generation = 512

// memory keeps the links that verified, the last ones used. A link that did
// not verify is never kept, so only who holds an authority's key can fill it.
type memory struct {
	mu       sync.Mutex
	new, old map[link]struct{}
}

// has says whether the link is remembered, and counts as a use.
func (m *memory) has(l link) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.new[l]; ok {
		return true
	}
	_, ok := m.old[l]
	if ok {
		m.put(l)
	}
	return ok
}

func (m *memory) add(l link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(l)
}

func (m *memory) put(l link) {
	if m.new == nil || len(m.new) >= generation {
		m.old, m.new = m.new, map[link]struct{}{}
	}
	m.new[l] = struct{}{}
}
