package vault_test

import (
	"errors"
	"testing"

	"zharia/portal/vault"

	"github.com/google/uuid"
)

func TestWhatIsSealedInAPackOpensEachAtItsPlaceAndNowhereElse(t *testing.T) {
	d, k := direct(t)
	pack, err := k.Pack()
	if err != nil {
		t.Fatal(err)
	}
	casefile := uuid.New()
	place := func() vault.Where {
		return vault.Where{Table: "document", Column: "content", ID: uuid.New(), Case: casefile}
	}
	one, two := place(), place()
	first, err := pack.Seal(one, []byte("бірінші"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := pack.Seal(two, []byte("екінші"))
	if err != nil {
		t.Fatal(err)
	}
	for where, want := range map[vault.Where]struct {
		sealed []byte
		text   string
	}{one: {first, "бірінші"}, two: {second, "екінші"}} {
		if got, err := k.Open(t.Context(), where, want.sealed); err != nil || string(got) != want.text {
			t.Errorf("%s: %q, %v", where, got, err)
		}
	}
	swapped := append(append([]byte(nil), first[:85]...), second[85:]...)
	for name, try := range map[string]struct {
		where  vault.Where
		sealed []byte
	}{
		"another object's bytes": {one, second}, "another object's text": {one, swapped}, "the wrap at another place": {two, swapped},
		"its bytes as form 2": {one, append([]byte{2}, first[1:]...)},
	} {
		if _, err := k.Open(t.Context(), try.where, try.sealed); !errors.Is(err, vault.ErrNotSealedHere) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The same place once more: another key, in the usual form.
	again, err := pack.Seal(one, []byte("үшінші"))
	if err != nil || again[0] != 2 {
		t.Fatalf("form %d: %v", again[0], err)
	}
	if got, err := k.Open(t.Context(), one, again); err != nil || string(got) != "үшінші" {
		t.Errorf("%q, %v", got, err)
	}
	// A new epoch makes the usual form of it, and the text stays to the byte.
	head, err := vault.Head(one, first)
	if err != nil {
		t.Fatal(err)
	}
	deks, err := d.Unwrap(t.Context(), []vault.Ask{head})
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := k.Intake().Wrap(one, deks[0])
	if err != nil {
		t.Fatal(err)
	}
	over, err := vault.Rehead(fresh, first)
	if err != nil || over[0] != 2 || string(over[85:]) != string(first[85:]) {
		t.Fatalf("form %d: %v", over[0], err)
	}
	if got, err := k.Open(t.Context(), one, over); err != nil || string(got) != "бірінші" {
		t.Errorf("after a new epoch: %q, %v", got, err)
	}
}
