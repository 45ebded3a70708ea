package keeper

import (
	"context"
	"fmt"

	"zharia/portal/vault"
)

// Shelf is a place where sealed objects lie: a column of a table, for who rotates.
type Shelf interface {
	// Old gives up to n objects that are sealed under an epoch before this one in any of
	// their wraps (vault.Heads), and none when all are done. What Put took does not come again.
	Old(ctx context.Context, epoch uint32, n int) ([]vault.Sealed, error)
	// Put writes objects back, each in its place.
	Put(ctx context.Context, objects []vault.Sealed) error
}

// BringOver puts the keys of all objects of a shelf under the present epoch; the texts
// themselves are not touched, and nothing of them leaves the keeper. tell is called
// after each step with how many are done. It can be broken off and begun again. An
// object that is not what was sealed for its place ends it with
// vault.ErrNotSealedHere: that is a matter for whoever keeps the record.
func BringOver(ctx context.Context, c *Client, shelf Shelf, tell func(done int)) (int, error) {
	in, err := c.Intake(ctx)
	if err != nil {
		return 0, err
	}
	for done := 0; ; {
		objects, err := shelf.Old(ctx, in.Epoch, vault.MaxAsks)
		if err != nil || len(objects) == 0 {
			return done, err
		}
		if err := bringOver(ctx, c, objects); err != nil {
			return done, err
		}
		if err := shelf.Put(ctx, objects); err != nil {
			return done, err
		}
		done += len(objects)
		tell(done)
	}
}

// bringOver changes the heads of objects in place.
func bringOver(ctx context.Context, c *Client, objects []vault.Sealed) error {
	var asks []vault.Ask
	var of []int
	for i, o := range objects {
		heads, err := vault.Heads(o.Where, o.Bytes)
		if err != nil {
			return err
		}
		for _, one := range heads {
			asks, of = append(asks, one), append(of, i)
		}
	}
	for len(asks) > 0 {
		n := min(len(asks), vault.MaxAsks)
		wraps, err := c.Rewrap(ctx, asks[:n])
		if err != nil {
			return err
		}
		for j, wrap := range wraps {
			o := &objects[of[j]]
			if wrap == nil {
				return fmt.Errorf("%w: %s", vault.ErrNotSealedHere, o.Where)
			}
			if o.Bytes, err = vault.Rehead(*wrap, o.Bytes); err != nil {
				return err
			}
		}
		asks, of = asks[n:], of[n:]
	}
	return nil
}
