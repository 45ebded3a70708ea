package keeper

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

// Limits bound what one person can take away, whoever holds his session. The longest
// pages are the lists of whoever supervises: the newest 200 cases of an office, with
// their numbers and offences, open 600 texts, and he who goes on from there to two more
// such lists within a minute stays below 1,500; a program that copies does not. A list
// names its cases, so they count, and nobody reads more than he has lists of.
type Limits struct {
	Objects int // in a minute, of one person
	Cases   int // different ones within an hour, of one person
}

// Usual are the limits of a site that has not set its own.
func Usual() Limits { return Limits{Objects: 1500, Cases: 250} }

// maxPersons bounds how many people the keeper counts for at once.
const maxPersons = 100_000

// meter counts what each person asks for, refused or not: who guesses is counted too.
type meter struct {
	limits Limits

	mu     sync.Mutex
	people map[uuid.UUID]*usage
}

type usage struct {
	seconds [60]int // objects asked for in each of the last sixty seconds
	newest  int64   // the second that seconds[newest%60] counts
	cases   map[uuid.UUID]time.Time
	last    time.Time
}

// take counts, or says which limit would be passed; then nothing is counted.
func (m *meter) take(person uuid.UUID, objects int, cases []uuid.UUID, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, err := m.of(person, at)
	if err != nil {
		return err
	}
	if u.objects(at)+objects > m.limits.Objects {
		return refuse(TooManyObjects)
	}
	fresh := 0
	for id, seen := range u.cases {
		if at.Sub(seen) >= time.Hour {
			delete(u.cases, id)
		}
	}
	for _, id := range cases {
		if _, known := u.cases[id]; !known {
			fresh++
		}
	}
	if len(u.cases)+fresh > m.limits.Cases {
		return refuse(TooManyCases)
	}
	u.seconds[u.newest%60] += objects
	for _, id := range cases {
		if _, known := u.cases[id]; !known { // a case counts from when it was first opened
			u.cases[id] = at
		}
	}
	return nil
}

// of is what one person used; people who asked for nothing within the hour are
// forgotten when there are too many.
func (m *meter) of(person uuid.UUID, at time.Time) (*usage, error) {
	u := m.people[person]
	if u == nil {
		if len(m.people) >= maxPersons {
			for id, other := range m.people {
				if at.Sub(other.last) > time.Hour {
					delete(m.people, id)
				}
			}
		}
		if len(m.people) >= maxPersons {
			return nil, refuse(Crowded)
		}
		u = &usage{cases: map[uuid.UUID]time.Time{}}
		m.people[person] = u
	}
	u.last = at
	return u, nil
}

// objects are those of the last sixty seconds. A clock that goes back counts on in
// the newest second.
func (u *usage) objects(at time.Time) int {
	second := at.Unix()
	if second-u.newest >= 60 {
		u.seconds, u.newest = [60]int{}, second
	}
	for ; u.newest < second; u.newest++ {
		u.seconds[(u.newest+1)%60] = 0
	}
	sum := 0
	for _, n := range u.seconds {
		sum += n
	}
	return sum
}

// A request is good for a minute before and after the moment it names, so what was
// seen is remembered for two; more than maxNonces in that time are refused rather
// than forgotten.
const (
	requestLife = time.Minute
	maxNonces   = 400_000
	nonceSize   = 16
)

// nonces remembers the requests that were answered, so that none is answered twice.
type nonces struct {
	mu    sync.Mutex
	seen  map[[nonceSize]byte]struct{}
	queue []aged
}

type aged struct {
	nonce [nonceSize]byte
	until time.Time
}

func (n *nonces) use(nonce [nonceSize]byte, at time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.queue) > 0 && !at.Before(n.queue[0].until) {
		delete(n.seen, n.queue[0].nonce)
		n.queue = n.queue[1:]
	}
	if _, again := n.seen[nonce]; again {
		return refuse(RequestAgain)
	}
	if len(n.queue) >= maxNonces {
		return refuse(Crowded)
	}
	n.seen[nonce] = struct{}{}
	n.queue = append(n.queue, aged{nonce, at.Add(2*requestLife + time.Second)})
	return nil
}
