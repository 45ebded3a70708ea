package keeper

import (
	"context"
	"errors"
	"fmt"

	"zharia/portal/vault"
)

// Shelf is a place where sealed objects lie: a column of a table, for who rotates. Of an
// object it may give the first vault.MaxWraps bytes only.
type Shelf interface {
	// Old hands the objects over, up to n at a time, that are sealed under an epoch before
	// this one in any of their wraps (vault.Heads), and stops at the first error of take.
	Old(ctx context.Context, epoch uint32, n int, take func([]vault.Sealed) error) error
	// Put writes objects back, each in its place if it is still as it was, and says how
	// many it wrote: one that somebody wrote meanwhile, or has in hand, stays as it is.
	Put(ctx context.Context, was, fresh []vault.Sealed) (int, error)
}

// Carried is what came of one walk along a shelf.
type Carried struct {
	Done    int           // brought over
	Left    int           // somebody had them in hand, or wrote them anew
	Strange []vault.Where // not what was sealed for their place, or under an epoch that is forgotten; the first of them
}

// maxStrange is how many strange objects are named.
const maxStrange = 100

// atOnce is how many objects are put back in one step: who waits for one of them waits
// for all.
const atOnce = 64

// BringOver walks along a shelf once and puts the keys of its objects under the present
// epoch; the texts themselves are not touched, and nothing of them leaves the keeper.
// tell is called after each step with how many were looked at. It can be broken off and
// begun again. An object that is not what was sealed for its place is passed over, and
// ends in vault.ErrNotSealedHere after the rest: a matter for whoever keeps the record.
func BringOver(ctx context.Context, c *Client, shelf Shelf, tell func(seen int)) (out Carried, err error) {
	in, err := c.Intake(ctx)
	if err != nil {
		return out, err
	}
	seen, strange := 0, 0
	err = shelf.Old(ctx, in.Epoch, atOnce, func(objects []vault.Sealed) error {
		was, fresh, no, err := rewrapped(ctx, c, objects)
		if err != nil {
			return err
		}
		done, err := shelf.Put(ctx, was, fresh)
		if err != nil {
			return err
		}
		out.Done += done
		out.Left += len(was) - done
		strange += len(no)
		out.Strange = append(out.Strange, no[:min(len(no), maxStrange-len(out.Strange))]...)
		seen += len(objects)
		tell(seen)
		return nil
	})
	if strange > 0 {
		err = errors.Join(err, fmt.Errorf("%w: %d, the first is %s", vault.ErrNotSealedHere, strange, out.Strange[0]))
	}
	return out, err
}

// rewrapped are the objects with new heads, beside what they were, and those that are
// not what they should be.
func rewrapped(ctx context.Context, c *Client, objects []vault.Sealed) (was, fresh []vault.Sealed, strange []vault.Where, err error) {
	var asks []vault.Ask
	var of []int
	no := make([]bool, len(objects))
	after := make([]vault.Sealed, len(objects))
	for i, o := range objects {
		after[i] = o
		heads, err := vault.Heads(o.Where, o.Bytes)
		if err != nil {
			no[i] = true
			continue
		}
		for _, one := range heads {
			asks, of = append(asks, one), append(of, i)
		}
	}
	for len(asks) > 0 {
		n := min(len(asks), vault.MaxAsks)
		wraps, err := c.Rewrap(ctx, asks[:n])
		if err != nil {
			return nil, nil, nil, err
		}
		for j, wrap := range wraps {
			i := of[j]
			if wrap == nil {
				no[i] = true
			} else if after[i].Bytes, err = vault.Rehead(*wrap, after[i].Bytes); err != nil {
				return nil, nil, nil, err
			}
		}
		asks, of = asks[n:], of[n:]
	}
	for i, o := range objects {
		if no[i] {
			strange = append(strange, o.Where)
			continue
		}
		was, fresh = append(was, o), append(fresh, after[i])
	}
	return was, fresh, strange, nil
}
