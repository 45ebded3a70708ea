package portaltest

import (
	"sync"
	"testing"
)

// Set is a stage that is furnished once in a test process, however many worlds begin
// there: each is a clone, and as quick as a bare one. What Furnish finds out (ids) it
// keeps for itself; the clones have the same. The zero Set with a Furnish is ready.
type Set struct {
	Furnish func(testing.TB, *W)

	once sync.Once
	name string // of the database that is cloned
}

// sets are those that stand, for Strike.
var sets struct {
	sync.Mutex
	names []string
}

// World is a world of t's own with the furniture in it.
func (s *Set) World(t testing.TB) *W {
	t.Helper()
	house, err := theatre()
	if err != nil {
		t.Fatal(err)
	}
	s.once.Do(func() {
		w := World(t)
		s.Furnish(t, w)
		w.Leave() // what somebody is connected to is not cloned
		name, err := house.clone(w.name)
		if err != nil {
			t.Fatal(err)
		}
		s.name = name
		sets.Lock()
		defer sets.Unlock()
		sets.names = append(sets.names, name)
	})
	if s.name == "" {
		t.Fatal("portaltest: the set could not be furnished; the first test that asked for it says why")
	}
	return house.world(t, s.name)
}

// Strike drops all sets. TestMain of a package that has some calls it at the end; one
// that is killed before leaves them to the clearing up an hour later.
func Strike() {
	sets.Lock()
	defer sets.Unlock()
	if len(sets.names) == 0 {
		return
	}
	house, err := theatre()
	if err != nil {
		return
	}
	for _, name := range sets.names {
		house.drop(name)
	}
	sets.names = nil
}

// Leave closes the world's connections before its test ends, for a test that goes
// through many worlds or clones one. Nothing can be asked of it afterwards.
func (w *W) Leave() {
	w.DB.Close()
	w.App.Close()
	w.SQL.Close()
	if w.guard != nil {
		w.guard.leave()
	}
}
