package keeper

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// board is a shelf in memory.
type board struct{ objects map[uuid.UUID]vault.Sealed }

func (b board) Old(_ context.Context, epoch uint32, n int) ([]vault.Sealed, error) {
	var out []vault.Sealed
	for _, o := range b.objects {
		ask, err := vault.Head(o.Where, o.Bytes)
		if err != nil {
			return nil, err
		}
		if ask.Epoch < epoch && len(out) < n {
			out = append(out, o)
		}
	}
	return out, nil
}

func (b board) Put(_ context.Context, objects []vault.Sealed) error {
	for _, o := range objects {
		b.objects[o.Where.ID] = o
	}
	return nil
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
	done, err := BringOver(t.Context(), s.client, b, func(n int) {
		steps = append(steps, n)
		for _, o := range b.objects { // somebody reads meanwhile
			if got, err := s.keys.OpenText(s.as(me), o.Where, o.Bytes); err != nil || got != o.Where.ID.String() {
				t.Errorf("%q, %v", got, err)
			}
			break
		}
	})
	if err != nil || done != 1000 || len(steps) != 4 || steps[3] != 1000 {
		t.Errorf("%d, %v, %v", done, steps, err)
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
	if again, err := BringOver(t.Context(), s.client, b, func(int) {}); err != nil || again != 0 {
		t.Errorf("again: %d, %v", again, err)
	}
	if _, err := s.keeper.Rotate(); err != nil {
		t.Fatal(err)
	}
	for name, o := range b.objects { // one was put in the place of another
		o.Where.ID = uuid.New()
		b.objects[name] = o
		break
	}
	if _, err := BringOver(t.Context(), s.client, b, func(int) {}); !errors.Is(err, vault.ErrNotSealedHere) {
		t.Errorf("%v", err)
	}
}
