package keeper

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// board is a shelf in memory.
type board struct{ objects map[uuid.UUID]vault.Sealed }

func (b board) Old(_ context.Context, epoch uint32, n int, take func([]vault.Sealed) error) error {
	var out []vault.Sealed
	for _, o := range b.objects {
		heads, err := vault.Heads(o.Where, o.Bytes)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(heads, func(a vault.Ask) bool { return a.Epoch < epoch }) {
			out = append(out, o)
		}
	}
	for part := range slices.Chunk(out, n) {
		if err := take(part); err != nil {
			return err
		}
	}
	return nil
}

func (b board) Put(_ context.Context, was, fresh []vault.Sealed) (done int, err error) {
	for i, o := range fresh {
		if bytes.Equal(b.objects[o.Where.ID].Bytes, was[i].Bytes) {
			b.objects[o.Where.ID] = o
			done++
		}
	}
	return done, nil
}

func TestAllTextsAreBroughtOverWhilePeopleRead(t *testing.T) {
	s := unsealed(t, nil, func(c *Config) { c.Limits = Limits{1 << 20, 1 << 20} })
	me, id := s.signIn(aigul), s.person(aigul)
	b := board{map[uuid.UUID]vault.Sealed{}}
	for range 1000 {
		where := own(id)
		b.objects[where.ID] = vault.Sealed{Where: where, Bytes: s.seal(where, where.ID.String())}
	}
	if _, err := s.keeper.Rotate(); err != nil {
		t.Fatal(err)
	}
	var steps []int
	all, err := BringOver(t.Context(), s.client, b, func(n int) {
		steps = append(steps, n)
		for _, o := range b.objects { // somebody reads meanwhile
			if got, err := s.keys.OpenText(s.as(me), o.Where, o.Bytes); err != nil || got != o.Where.ID.String() {
				t.Errorf("%q, %v", got, err)
			}
			break
		}
	})
	if err != nil || all.Done != 1000 || all.Left != 0 || len(steps) != 16 || steps[15] != 1000 {
		t.Errorf("%+v, %v, %v", all, steps, err)
	}
	for _, o := range b.objects {
		ask, err := vault.Head(o.Where, o.Bytes)
		if err != nil || ask.Epoch != 2 {
			t.Fatal(ask.Epoch, err)
		}
		if got, err := s.keys.OpenText(s.as(me), o.Where, o.Bytes); err != nil || got != o.Where.ID.String() {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if again, err := BringOver(t.Context(), s.client, b, func(int) {}); err != nil || again.Done != 0 || again.Left != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
	if _, err := s.keeper.Rotate(); err != nil {
		t.Fatal(err)
	}
	for name, o := range b.objects { // one was put in the place of another
		o.Where.ID = uuid.New()
		b.objects[name] = o
		break
	}
	last, err := BringOver(t.Context(), s.client, b, func(int) {})
	if !errors.Is(err, vault.ErrNotSealedHere) || last.Done != 999 || len(last.Strange) != 1 {
		t.Errorf("%d and %d, %v", last.Done, len(last.Strange), err)
	}
}
