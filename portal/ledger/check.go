package ledger

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"zharia/portal/database"
)

// Broken says where the record is not what was once written. Everything up to
// the row before holds together.
type Broken struct {
	Seq int64  // the first row at fault
	How string // in words, for the log and for whoever investigates
}

func (b *Broken) Error() string {
	return fmt.Sprintf("the ledger is broken at row %d: %s", b.Seq, b.How)
}

const (
	// Two checks at once would note the same head; the number is arbitrary.
	lockCheck = `SELECT pg_advisory_xact_lock(7310003)`

	selectChecks = `SELECT seq, head AS hash FROM ledger_check ORDER BY seq`

	selectRows = `
SELECT seq, at, who, act, object, object_id, casefile, law, digest, prev, hash
  FROM record
 ORDER BY seq`

	insertCheck = `INSERT INTO ledger_check (seq, at, head) VALUES ($1, $2, $3)`
)

// Check reads the whole record, computes it anew and returns how many rows it
// has and the hash of the last (32 zeros if there is none). The head it reached
// is remembered, and every head remembered before must still be where it was:
// so neither a rewritten chain nor a shorter one passes. What does not hold is
// a *Broken.
func Check(ctx context.Context, db *database.DB) (n int64, hash []byte, err error) {
	last := beginning()
	err = db.Within(ctx, func(tx *database.DB) error {
		if err := tx.Exec(ctx, lockCheck); err != nil {
			return fmt.Errorf("wait for the check of the ledger: %w", err)
		}
		var known []head
		if err := tx.Select(ctx, &known, selectChecks); err != nil {
			return fmt.Errorf("read what was checked before: %w", err)
		}
		w := walk{last: last, known: known}
		if err := database.Each(ctx, tx, w.step, selectRows); err != nil {
			return fmt.Errorf("check the ledger: %w", err)
		}
		if last = w.last; len(w.known) > 0 {
			return &Broken{last.Seq + 1, fmt.Sprintf("rows are missing at the end: a check once saw %d of them", known[len(known)-1].Seq)}
		}
		return remember(ctx, tx, last, known)
	})
	if err != nil {
		return 0, nil, err
	}
	return last.Seq, last.Hash, nil
}

// remember notes the head, unless nothing came since the last time.
func remember(ctx context.Context, tx *database.DB, last head, known []head) error {
	if last.Seq == 0 || len(known) > 0 && known[len(known)-1].Seq == last.Seq {
		return nil
	}
	if err := tx.Exec(ctx, insertCheck, last.Seq, time.Now().UTC(), last.Hash); err != nil {
		return fmt.Errorf("note what was checked: %w", err)
	}
	return nil
}

// walk goes along the chain.
type walk struct {
	last  head   // the last row that held
	known []head // heads verified before and not yet passed, in order
}

// step takes the next row.
func (w *walk) step(r Row) error {
	next := w.last.Seq + 1
	switch {
	case r.Seq != next:
		return &Broken{next, fmt.Sprintf("it is missing; the next one is %d", r.Seq)}
	case !bytes.Equal(r.Prev, w.last.Hash):
		return &Broken{next, "it does not follow the row before"}
	case !bytes.Equal(r.Hash, r.hash()):
		return &Broken{next, "it does not say what was written"}
	}
	if len(w.known) > 0 && w.known[0].Seq == r.Seq {
		if !bytes.Equal(w.known[0].Hash, r.Hash) {
			return &Broken{next, "it is not the row a check once saw"}
		}
		w.known = w.known[1:]
	}
	w.last = head{r.Seq, r.Hash}
	return nil
}
