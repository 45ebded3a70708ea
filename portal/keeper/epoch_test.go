package keeper

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zharia/portal/vault"
)

func TestKeysAreForgottenWhenNothingNeedsThemAndNotBefore(t *testing.T) {
	s := unsealed(t, nil, nil)
	me, id := s.signIn(aigul), s.person(aigul)
	where := own(id)
	old := s.seal(where, "бірінші кезең")
	refused := func(what string, before uint32) {
		t.Helper()
		if err := s.keeper.Forget(before); err == nil {
			t.Fatalf("%s: forgotten", what)
		}
		if got, err := s.keys.OpenText(s.as(me), where, old); err != nil || got != "бірінші кезең" {
			t.Fatalf("%s: %q, %v", what, got, err)
		}
	}
	refused("there is one epoch only", 1)
	refused("an epoch that is not there", 2)
	if _, err := s.keeper.Rotate(); err != nil {
		t.Fatal(err)
	}
	refused("the epoch has just begun", 2)
	if err := s.client.Swept(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	refused("the portal's word is of the first day", 2)
	s.pass(Rest)
	refused("some portal may have sealed since", 2)
	if err := s.client.Swept(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	refused("the word is of another epoch", 2)
	if err := s.client.Swept(t.Context(), 3); err == nil {
		t.Error("a word of an epoch to come was taken")
	}
	if err := s.client.Swept(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	s.pass(sweepLife + time.Second)
	refused("the word is of yesterday", 2)
	if err := s.client.Swept(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	refused("the present epoch is not forgotten", 3)
	if err := s.keys.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh := s.seal(where, "екінші кезең")
	// Where the folder stood before, everything opens that anybody sealed.
	before, err := os.ReadFile(filepath.Join(s.dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.keeper.Forget(2); err != nil {
		t.Fatal(err)
	}
	looks := func(what string, opens bool) {
		t.Helper()
		if got, err := s.keys.OpenText(s.as(s.signIn(aigul)), where, fresh); err != nil || got != "екінші кезең" {
			t.Errorf("%s, the new text: %q, %v", what, got, err)
		}
		got, err := s.keys.OpenText(s.as(s.signIn(aigul)), where, old)
		if opens != (err == nil) || !opens && !errors.Is(err, vault.ErrNotSealedHere) {
			t.Errorf("%s, the old text: %q, %v", what, got, err)
		}
	}
	looks("forgotten", false)
	if st := s.keeper.Status(); st.Oldest != 2 || st.Epoch != 2 {
		t.Errorf("%+v", st)
	}
	s.end()
	s.start()
	s.unseal()
	looks("after a new start", false)
	s.end()
	if err := os.WriteFile(filepath.Join(s.dir, stateFile), before, 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.unseal()
	looks("with the folder of before", true)
}

// The only copy of the folder that is left may be from before the last epoch: its seed gives
// the key of that one too, so nothing is lost, and it says what to do.
func TestAFolderFromBeforeAnEpochOpensWhatWasSealedInIt(t *testing.T) {
	s := unsealed(t, nil, nil)
	where := own(s.person(aigul))
	before, err := os.ReadFile(filepath.Join(s.dir, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.keeper.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.keys.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh := s.seal(where, "үшінші кезең")
	s.end()
	if err := os.WriteFile(filepath.Join(s.dir, stateFile), before, 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.unseal()
	opens := func(when string, ahead uint32) {
		t.Helper()
		s.pass(time.Second)
		if got, err := s.keys.OpenText(s.as(s.signIn(aigul)), where, fresh); err != nil || got != "үшінші кезең" {
			t.Errorf("%s: %q, %v", when, got, err)
		}
		if st := s.keeper.Status(); st.Ahead != ahead {
			t.Errorf("%s: %+v", when, st)
		}
	}
	if st := s.keeper.Status(); st.Ahead != 0 {
		t.Errorf("before it was asked: %+v", st)
	}
	opens("with the folder of before", 3)
	head, err := vault.Head(where, fresh)
	if err != nil {
		t.Fatal(err)
	}
	for _, epoch := range []uint32{2, 4, 1 + maxAhead, 2 + maxAhead, maxEpoch, 1<<32 - 1} {
		strange := head
		strange.Epoch = epoch
		if keys, err := s.client.Unwrap(s.as(s.signIn(aigul)), []vault.Ask{strange}); err != nil || keys[0] != nil {
			t.Errorf("what was not sealed in epoch %d: %v, %v", epoch, keys, err)
		}
		if n := len(s.keeper.opened.keys); n > 6 {
			t.Errorf("%d keys are kept", n)
		}
	}
	for range 2 {
		if _, err := s.keeper.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	opens("after as many epochs", 0)
}

func TestWhatSomebodyWroteIntoTheStateFileAboutEpochsIsFound(t *testing.T) {
	s := unsealed(t, nil, nil)
	for _, damage := range []func(*state){
		func(st *state) { st.Oldest, st.Epoch = 2, 2 },
		func(st *state) { st.Seed[3] ^= 1 },
		func(st *state) { st.Seed = nil },
		func(st *state) { st.Began = st.Began.AddDate(-1, 0, 0) },
	} {
		st, err := readState(s.dir)
		if err != nil {
			t.Fatal(err)
		}
		damage(&st)
		k := &Keeper{config: s.config, state: st}
		if _, err := k.root(t.Context(), s.source()); !errors.Is(err, ErrChanged) {
			t.Errorf("%+v: %v", st, err)
		}
	}
}
