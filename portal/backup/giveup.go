package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"

	"zharia/portal/database"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// ErrNotThatMany says that the acts that are lost are others than the operator named.
var ErrNotThatMany = errors.New("that is not how many acts others have seen")

const insertRestoration = `
INSERT INTO restoration (id, acts, seen, heads, at) VALUES ($1, $2, $3, $4, $5)`

// GiveUp writes down that a database was put back, and that acts which others have seen are
// lost with it. heads are the checkpoints that they hold; those the record has are passed
// over. seen is how many acts the newest has, in the words of whoever puts it back: another
// number is ErrNotThatMany. Where none has more than are here, seen is as many as are here:
// the register is told of an act before any witness has it, so a life of the record begins
// with this as well (feed.Life). db is the owner's.
func GiveUp(ctx context.Context, db *database.DB, v note.Verifier, heads [][]byte, seen int64, at time.Time) error {
	at = at.UTC().Truncate(time.Microsecond)
	return db.Within(ctx, func(tx *database.DB) error {
		size, err := ledger.Size(ctx, tx)
		if err != nil {
			return err
		}
		r := ledger.Restoration{Acts: size, Seen: size, Heads: []string{}, At: at}
		all := make([]ledger.Checkpoint, len(heads))
		for i, text := range heads {
			if all[i], err = ledger.ParseCheckpoint(text, v); err != nil {
				return err
			}
		}
		if said, err := givenUp(ctx, tx, all, size, seen); err != nil || said {
			return err
		}
		var lost []ledger.Checkpoint
		for _, c := range all {
			if c.Size > size {
				lost, r.Seen = append(lost, c), max(r.Seen, c.Size)
			}
		}
		switch {
		case r.Seen != seen && len(lost) == 0:
			return fmt.Errorf("%w: nobody has seen more than the %d that are here", ErrNotThatMany, size)
		case r.Seen != seen:
			return fmt.Errorf("%w: %d are here and others have seen %d", ErrNotThatMany, size, r.Seen)
		}
		slices.SortFunc(lost, func(a, b ledger.Checkpoint) int {
			return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(string(a.Note), string(b.Note)))
		})
		for _, c := range slices.CompactFunc(lost, func(a, b ledger.Checkpoint) bool { return a.Size == b.Size && a.Root == b.Root }) {
			r.Heads = append(r.Heads, string(c.Note))
		}
		if r.ID, err = uuid.NewV7(); err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertRestoration, r.ID, r.Acts, r.Seen, r.Heads, r.At); err != nil {
			return fmt.Errorf("write down what is given up: %w", err)
		}
		return ledger.Step(ctx, tx, policy.Ask{Act: policy.LedgerRestore, At: at}, "restoration", r.ID, uuid.Nil, r.Sum())
	})
}

// givenUp tells whether the last act of the record gave up just this: the proof after it was
// broken off, and is made again.
func givenUp(ctx context.Context, tx *database.DB, heads []ledger.Checkpoint, size, seen int64) (bool, error) {
	all, err := ledger.Restorations(ctx, tx)
	if err != nil || len(all) == 0 {
		return false, err
	}
	last := all[len(all)-1]
	if last.Acts != size-1 || last.Seen != seen {
		return false, nil
	}
	lost, err := ledger.ReadLost(ctx, tx)
	for _, c := range heads {
		if _, given := lost.Has(c.Size, c.Root); c.Size > last.Acts && !given {
			return false, err
		}
	}
	return true, err
}
