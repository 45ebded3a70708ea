package vault

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
)

func TestNothingIsSealedToAKeyThatMayBeForgottenAlready(t *testing.T) {
	k, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	k.made.clock = func() time.Time { return now }
	where := Where{Table: "note", Column: "body", ID: uuid.New(), House: true}
	seal := func() error { _, err := k.SealText(where, "мәтін"); return err }
	now = now.Add(MaxIntakeAge - time.Second)
	if err := seal(); err != nil {
		t.Errorf("within the time: %v", err)
	}
	now = now.Add(2 * time.Second)
	var told *fault.Fault
	if err := seal(); !errors.As(err, &told) || told.Kind != fault.Unavailable || !errors.Is(err, errStale) {
		t.Errorf("past it: %v", err)
	}
	if err := k.Renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := seal(); err != nil {
		t.Errorf("asked again: %v", err)
	}
}

func TestASeedGivesTheKeysOfItsEpochAndOfThoseAfter(t *testing.T) {
	root := newRoot()
	seed, err := FirstSeed(root)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for epoch := uint32(1); epoch <= 5; epoch++ {
		key, err := KeyOf(seed)
		if err != nil {
			t.Fatal(err)
		}
		same, err := Derive(root, epoch)
		if err != nil || !bytes.Equal(same.PublicKey().Bytes(), key.PublicKey().Bytes()) {
			t.Errorf("epoch %d: %v", epoch, err)
		}
		for _, one := range [][]byte{seed, key.PublicKey().Bytes()} {
			if seen[string(one)] {
				t.Errorf("epoch %d has what another had", epoch)
			}
			seen[string(one)] = true
		}
		if seed, err = NextSeed(seed); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheWrapsAreAllThatStandsBeforeTheText(t *testing.T) {
	k, err := NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	where := Where{Table: "note", Column: "body", ID: uuid.New(), House: true}
	for also := range MaxAlso + 1 {
		var readers []uuid.UUID
		for range also {
			readers = append(readers, uuid.New())
		}
		text := bytes.Repeat([]byte{7}, 2000)
		sealed, err := k.Seal(where, text, readers...)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := Wraps(sealed)
		part, errOfPart := Wraps(sealed[:MaxWraps])
		if err != nil || errOfPart != nil || len(sealed)-len(whole) != len(text)+tagSize || !bytes.Equal(whole, part) {
			t.Errorf("%d readers: %d and %d bytes, %v, %v", also, len(whole), len(part), err, errOfPart)
		}
	}
	if _, err := Wraps([]byte("not sealed")); !errors.Is(err, ErrNotSealedHere) {
		t.Errorf("what is not sealed: %v", err)
	}
}
