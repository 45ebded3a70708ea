package keeper

import (
	"context"
	"fmt"

	"zharia/portal/vault"
)

// Shelf is a place where sealed objects lie: a column of a table, for who rotates.
type Shelf interface {
	// Old gives up to n objects that are sealed under an epoch before this one, and
	// none when all are done. What Put took does not come again.
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
	asks := make([]vault.Ask, len(objects))
	for i, o := range objects {
		var err error
		if asks[i], err = vault.Head(o.Where, o.Bytes); err != nil {
			return err
		}
	}
	wraps, err := c.Rewrap(ctx, asks)
	if err != nil {
		return err
	}
	for i, wrap := range wraps {
		if wrap == nil {
			return fmt.Errorf("%w: %s", vault.ErrNotSealedHere, objects[i].Where)
		}
		if objects[i].Bytes, err = vault.Rehead(*wrap, objects[i].Bytes); err != nil {
			return err
		}
	}
	return nil
}
