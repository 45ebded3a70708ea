package leave

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/keeper"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// ErrForgot says that the keeper once remembered more than it does: rights that were
// taken away may be back.
var ErrForgot = errors.New("the keeper has forgotten what it knew: its folder was put back to an earlier day, or is another's. Rights that were taken away since may open texts again. Bring back the newest copy of the folder")

// Recall asks the keeper whether it still remembers all that the record of acts says it
// did (ErrForgot), and writes down what is new. So whoever puts the keeper's folder back
// must put back the record too, and that others hold. lost is the act up to which the
// memory is given up, for a site that has lost the newest copy of the folder: that stands in
// the record from then on. 0: nothing is.
func Recall(ctx context.Context, db *database.DB, k *keeper.Client, lost int64, at time.Time) error {
	status, err := k.Status(ctx)
	if err != nil {
		return err
	}
	for _, m := range status.Memories() {
		if err := recall(ctx, db, k, m, lost, at); err != nil {
			return err
		}
	}
	return nil
}

func recall(ctx context.Context, db *database.DB, k *keeper.Client, m keeper.Memory, lost int64, at time.Time) error {
	acts, err := ledger.Of(ctx, db, "keeper", memoryID(m.Name))
	if err != nil {
		return err
	}
	given := false
	if n := len(acts); n > 0 && acts[n-1].Digest != nil {
		last := acts[n-1]
		known, err := k.Recalls(ctx, keeper.Memory{Name: m.Name, Mac: last.Digest})
		switch {
		case err != nil:
			return err
		case !known && last.Seq == lost:
			given = true
		case !known:
			return fmt.Errorf("%w (%s, act %d)", ErrForgot, m.Name, last.Seq)
		case bytes.Equal(last.Digest, m.Mac):
			return nil
		}
	}
	if m.Mac == nil && !given {
		return nil
	}
	return db.Within(ctx, func(tx *database.DB) error {
		return ledger.Record(ctx, tx, ledger.Entry{At: at, Act: string(policy.KeeperRecall), Object: "keeper", ID: memoryID(m.Name), Digest: m.Mac})
	})
}

// memoryID is by which the record calls a memory of the keeper.
func memoryID(name string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("zharia/keeper/"+name))
}
