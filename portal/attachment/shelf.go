package attachment

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"zharia/portal/vault"
)

const (
	// Whoever does not see all rows would take for nobody's what others have.
	selectBlind = `SELECT row_security_active('attachment_chunk') AND NOT pg_has_role(current_user, 'portal_work', 'USAGE')`

	selectNamed = `SELECT outside FROM attachment_chunk WHERE outside = ANY ($1)`
)

var errBlind = errors.New("attachment: this hand does not see all pieces, so it sweeps none")

// sweepAtOnce is how many pieces are asked about at once.
const sweepAtOnce = 1000

// SweepOutside takes out of the bucket what no row names: ends of pieces whose transaction
// failed, and of files that were dropped with their draft. What is younger than Abandoned
// may still be named. It says how many it took.
func SweepOutside(ctx context.Context, db *vault.DB, at time.Time) (swept int, err error) {
	shelf := db.Outside
	if shelf == nil {
		return 0, nil
	}
	var blind bool
	if err := db.Get(ctx, &blind, selectBlind); err != nil {
		return 0, err
	}
	if blind {
		return 0, errBlind
	}
	var some [][sha256.Size]byte
	sweepSome := func() error {
		names := make(pq.ByteaArray, len(some))
		for i := range some {
			names[i] = some[i][:]
		}
		var named [][]byte
		if err := db.Select(ctx, &named, selectNamed, names); err != nil {
			return err
		}
		wanted := map[[sha256.Size]byte]bool{}
		for _, n := range named {
			wanted[[sha256.Size]byte(n)] = true
		}
		for _, name := range some {
			if wanted[name] {
				continue
			}
			if err := shelf.Drop(ctx, name); err != nil {
				return err
			}
			swept++
		}
		some = some[:0]
		return nil
	}
	err = shelf.List(ctx, at.Add(-Abandoned), func(name [sha256.Size]byte) error {
		if some = append(some, name); len(some) < sweepAtOnce {
			return nil
		}
		return sweepSome()
	})
	if err == nil {
		err = sweepSome()
	}
	if err != nil {
		return swept, fmt.Errorf("sweep the bucket: %w", err)
	}
	return swept, nil
}
