package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

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

// selectEnds is where each part of the record ends.
const selectEnds = `
SELECT (SELECT coalesce(max(seq), 0) FROM record) AS acts,
       (SELECT count(*) FROM record) AS rows,
       (SELECT count(*) FROM tree) AS nodes,
       (SELECT coalesce(max(size), 0) FROM checkpoint) AS signed`

// Check reads the whole record, computes its tree anew and returns how many acts it
// has and the root of the tree. Every hash of the stored tree and every checkpoint must
// be what comes of the acts: so neither a rewritten record nor a shorter one passes.
// What does not hold is a *Broken. Whether the signatures of the checkpoints are good,
// and whether the tables are what the traces say, others ask (portal/audit).
func Check(ctx context.Context, db *database.DB) (n int64, root []byte, err error) {
	var all Edge
	err = db.Snapshot(ctx, func(tx *database.DB) error {
		var ends struct{ Acts, Rows, Nodes, Signed int64 }
		if err := tx.Get(ctx, &ends, selectEnds); err != nil {
			return fmt.Errorf("read how long the record is: %w", err)
		}
		if err := all.grow(ctx, tx, ends.Acts); err != nil {
			return fmt.Errorf("check the ledger: %w", err)
		}
		switch {
		case ends.Rows != ends.Acts:
			return &Broken{1, "there are rows before the first"}
		case ends.Signed > ends.Acts:
			return &Broken{ends.Acts + 1, fmt.Sprintf("rows are missing at the end: a checkpoint has %d of them", ends.Signed)}
		case ends.Nodes != tlog.StoredHashCount(ends.Acts):
			return &Broken{ends.Acts + 1, "the tree has more hashes than acts"}
		}
		return nil
	})
	if err != nil {
		return 0, nil, err
	}
	hash := all.Root()
	return all.Size, hash[:], nil
}
