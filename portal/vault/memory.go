package vault

import (
	"crypto/sha256"
	"sync"
	"time"
)

// What is remembered: for how long, and of how many objects.
const (
	remembered = 15 * time.Minute
	most       = 20_000 // about 3 MB
)

// memory has the keys of objects that a session made or opened in this process not
// long ago. So a filing that was begun goes on while the keeper is down, and a page
// that is shown again does not ask for the same. It never gives one session what
// another opened, and lasts no longer when it is used: the keeper is asked again.
type memory struct {
	mu    sync.Mutex
	keys  map[[32]byte]lasting
	queue []aging // in the order they were put in
	clock func() time.Time
}

type lasting struct {
	dek   []byte
	until time.Time
}

type aging struct {
	name  [32]byte
	until time.Time
}

// nameOf binds the session, the place and the wrap: a changed head is not found.
func nameOf(holder string, a Ask) [32]byte {
	place, _ := a.Where.Bytes() // whoever comes here has a place
	h := sha256.New()
	h.Write([]byte(holder)) // of one length
	h.Write(head(a))        // of one length
	h.Write(place)
	return [32]byte(h.Sum(nil))
}

func (m *memory) keep(holder string, a Ask, dek []byte) {
	if holder == "" {
		return
	}
	name := nameOf(holder, a)
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	for len(m.queue) > 0 && (len(m.queue) >= most || !now.Before(m.queue[0].until)) {
		if old := m.queue[0]; m.keys[old.name].until.Equal(old.until) {
			clear(m.keys[old.name].dek)
			delete(m.keys, old.name)
		}
		m.queue = m.queue[1:]
	}
	until := now.Add(remembered)
	m.keys[name] = lasting{append([]byte(nil), dek...), until}
	m.queue = append(m.queue, aging{name, until})
}

// find is the key of an object, or nil.
func (m *memory) find(holder string, a Ask) []byte {
	if holder == "" {
		return nil
	}
	name := nameOf(holder, a)
	m.mu.Lock()
	defer m.mu.Unlock()
	kept, ok := m.keys[name]
	if !ok || !m.clock().Before(kept.until) {
		return nil
	}
	return append([]byte(nil), kept.dek...)
}
