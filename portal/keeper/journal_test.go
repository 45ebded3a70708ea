package keeper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Whoever can write the folder has all that stands in it, so what says how far a memory
// goes must not be made of that alone.
func TestAMemoryIsNotCutShortByWhoWritesItsEndAnew(t *testing.T) {
	for _, left := range []int{0, 1, 2} {
		s := unsealed(t, nil, byPapers)
		for range 3 {
			if err := s.client.Show(t.Context(), paperOf("withdraw", theft, ofCase(theft).ID)); err != nil {
				t.Fatal(err)
			}
		}
		s.end()
		path := filepath.Join(s.dir, withdrawnFile)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.SplitAfter(text, []byte("\n"))
		end := []byte(`{"n":0,"mac":null}`)
		if left > 0 {
			var last entry
			if err := json.Unmarshal(lines[left-1], &last); err != nil {
				t.Fatal(err)
			}
			mac, err := json.Marshal(last.Mac)
			if err != nil {
				t.Fatal(err)
			}
			end = fmt.Appendf(nil, `{"n":%d,"mac":%s}`, left, mac)
		}
		var before headOf
		if text, err := os.ReadFile(path + ".head"); err != nil || json.Unmarshal(text, &before) != nil {
			t.Fatal(err)
		}
		for _, proof := range [][]byte{nil, before.Proof} {
			var forged headOf
			if err := json.Unmarshal(end, &forged); err != nil {
				t.Fatal(err)
			}
			forged.Proof = proof
			text, err := json.Marshal(forged)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.WriteFile(path, bytes.Join(lines[:left], nil), 0o600), os.WriteFile(path+".head", text, 0o600)); err != nil {
				t.Fatal(err)
			}
			k, err := Open(s.config)
			if err == nil {
				err = errors.Join(k.Unseal(t.Context(), s.source()), k.Close())
			}
			if !errors.Is(err, ErrChanged) {
				t.Errorf("%d of 3 are left: %v", left, err)
			}
		}
	}
}

// A memory that somebody fills must not stop the keeper from waking up again: then it
// takes no more, and says so.
func TestAMemoryThatIsFullTakesNoMoreAndIsStillRead(t *testing.T) {
	s := unsealed(t, nil, byPapers)
	s.keeper.withdrawn.most = 2000
	var full error
	for range 20 {
		if full = s.client.show(t.Context(), paperOf("withdraw", theft, ofCase(theft).ID)); full != nil {
			break
		}
	}
	n := s.keeper.Status().Withdrawn.Entries
	if full == nil || n == 0 || n == 20 {
		t.Fatalf("%d entries, %v", n, full)
	}
	info, err := os.Stat(filepath.Join(s.dir, withdrawnFile))
	if err != nil || info.Size() > 2000 {
		t.Errorf("%v, %v", info.Size(), err)
	}
	s.end()
	s.start()
	s.unseal()
	if again := s.keeper.Status().Withdrawn.Entries; again != n {
		t.Errorf("%d entries of %d", again, n)
	}
}

// A case that comes from the register is remembered, and what is given and taken in it, each
// in some hundreds of bytes: a country has a few hundred thousand of that in a year.
func TestAMemoryHasRoomForAMillionAndTellsBeforeItIsFull(t *testing.T) {
	s := unsealed(t, nil, byPapers)
	j := s.keeper.withdrawn
	charge := bytes.Repeat([]byte{'x'}, 505) // a note of one (portal/leave)
	before := j.size
	if err := j.add(charge, s.now()); err != nil {
		t.Fatal(err)
	}
	if most := j.most / (j.size - before); most < 1_000_000 {
		t.Errorf("it is full after %d", most)
	}
	status := func() Extent {
		t.Helper()
		status, err := s.client.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return status.Withdrawn
	}
	if e := status(); e.Bytes != j.size || e.Most != j.most || e.Scarce() {
		t.Errorf("%+v", e)
	}
	j.most = (4*j.size + 2) / 3
	if e := status(); e.Scarce() {
		t.Errorf("with a quarter of it free: %+v", e)
	}
	j.most--
	if e := status(); !e.Scarce() {
		t.Errorf("with less: %+v", e)
	}
	if (Extent{}).Scarce() {
		t.Error("a keeper of the version before does not say how much room there is")
	}
}

// What is no entry is found by how long it is too, and not read to its end.
func TestALineThatIsLongerThanAnEntryIsNone(t *testing.T) {
	s := unsealed(t, nil, byPapers)
	s.end()
	path := filepath.Join(s.dir, withdrawnFile)
	if err := os.WriteFile(path, bytes.Repeat([]byte{' '}, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openJournal(s.dir, withdrawnFile); !errors.Is(err, ErrChanged) {
		t.Errorf("%v", err)
	}
}
