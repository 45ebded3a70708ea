package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"zharia/portal/fault"
)

// Shelf is a place outside the database for what is long: a bucket. It is given the end
// of sealed objects and never their wraps, so nobody opens anything with what lies there,
// whatever keys he has; and a new epoch of the keeper touches nothing of it. What lies
// there is named by its SHA-256, and is the same for ever.
type Shelf interface {
	// Keep puts it there, for good when it answers nil. The same once more is nothing new.
	Keep(ctx context.Context, name [sha256.Size]byte, content []byte) error
	// Fetch reads what Keep took: these bytes or an error, ErrGone where it is not there.
	Fetch(ctx context.Context, name [sha256.Size]byte, size int) ([]byte, error)
	// List names all that was put there before a moment.
	List(ctx context.Context, before time.Time, each func(name [sha256.Size]byte) error) error
	// Drop takes one away; one that is not there is none to take.
	Drop(ctx context.Context, name [sha256.Size]byte) error
}

// ErrGone says that the shelf has nothing of that name, or something else under it.
var ErrGone = errors.New("vault: what was put outside the database is not there as it was")

// Shelved is a sealed object as a row keeps it: whole, or with its end on the shelf.
type Shelved struct {
	Near    []byte `db:"content"`
	Outside []byte `db:"outside"` // SHA-256 of the end; nil: there is none
	Rest    *int   `db:"rest"`    // its length
}

// Name is that of the end on the shelf.
func (o Shelved) Name() (name [sha256.Size]byte, err error) {
	if len(o.Outside) != sha256.Size || o.Rest == nil {
		return name, fmt.Errorf("vault: %d bytes are no name of what lies outside", len(o.Outside))
	}
	return [sha256.Size]byte(o.Outside), nil
}

// Put lays the end of a sealed object on the shelf, if there is one. The row comes after:
// what no row names is swept.
func (k *Keys) Put(ctx context.Context, sealed []byte) (Shelved, error) {
	if k.Outside == nil {
		return Shelved{Near: sealed}, nil
	}
	wraps, err := Wraps(sealed)
	if err != nil {
		return Shelved{}, err
	}
	near := len(wraps) + tagSize // as long as the shortest object, so it reads as one
	if near >= len(sealed) {
		return Shelved{Near: sealed}, nil
	}
	end := sealed[near:]
	name, rest := sha256.Sum256(end), len(end)
	if err := k.Outside.Keep(ctx, name, end); err != nil {
		return Shelved{}, outside(ctx, err)
	}
	return Shelved{Near: sealed[:near:near], Outside: name[:], Rest: &rest}, nil
}

// Whole is the sealed object again, with its end, which is the one that was put there.
func (k *Keys) Whole(ctx context.Context, o Shelved) ([]byte, error) {
	if o.Outside == nil {
		return o.Near, nil
	}
	name, err := o.Name()
	if err != nil {
		return nil, err
	}
	if k.Outside == nil {
		return nil, fmt.Errorf("vault: %x lies outside the database, and nobody said where", name)
	}
	end, err := k.Outside.Fetch(ctx, name, *o.Rest)
	if err != nil {
		return nil, outside(ctx, err)
	}
	if sha256.Sum256(end) != name {
		return nil, fmt.Errorf("%w: %x", ErrGone, name)
	}
	return append(o.Near[:len(o.Near):len(o.Near)], end...), nil
}

// outside is an error of the shelf: what is gone is gone, and all else passes.
func outside(ctx context.Context, err error) error {
	if errors.Is(err, ErrGone) || ctx.Err() != nil {
		return err
	}
	return fault.New(fault.Unavailable, "fault.closed-for-now").Because(err)
}
