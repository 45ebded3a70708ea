package attachment

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Abandoned is how long an upload that nobody goes on with is kept.
const Abandoned = 48 * time.Hour

const (
	sweep = `
DELETE FROM attachment WHERE state IN ('receiving', 'checking') AND made_at < $1`

	selectWaiting = `
SELECT id FROM attachment WHERE state = 'waiting' ORDER BY made_at LIMIT 20`

	selectCaseOf = `
SELECT casefile FROM filing WHERE id = $1`

	updateScanned = `
UPDATE attachment SET state = $2, scanned_at = $3 WHERE id = $1 AND state = 'waiting'`
)

// Sweep drops the uploads that were begun and given up. A file that is a part of a
// draft stays as long as the draft.
func Sweep(ctx context.Context, db *vault.DB, at time.Time) error {
	return db.Exec(ctx, sweep, at.Add(-Abandoned))
}

// Rescan asks the scanner about the files that it has not seen, the oldest first. A
// scanner that is still silent is no failure: it is asked again at the next turn.
func Rescan(ctx context.Context, db *vault.DB, s *Scanner, at time.Time) error {
	if s == nil {
		return nil
	}
	var waiting []uuid.UUID
	if err := db.Select(ctx, &waiting, selectWaiting); err != nil {
		return err
	}
	for _, id := range waiting {
		a, err := Fetch(ctx, db, id)
		if err != nil {
			return err
		}
		state, scanned := s.look(ctx, a.content(ctx, db, Original), at)
		if state == Waiting {
			return nil
		}
		if err := db.Within(ctx, func(tx *vault.DB) error { return a.scanned(ctx, tx, state, scanned) }); err != nil {
			return err
		}
	}
	return nil
}

// scanned is the portal's own act: nobody asked for it.
func (a Attachment) scanned(ctx context.Context, tx *vault.DB, state State, at time.Time) error {
	n, err := tx.Change(ctx, updateScanned, a.ID, state, at)
	if err != nil || n == 0 {
		return err
	}
	var in uuid.UUID
	if err := tx.Get(ctx, &in, selectCaseOf, a.Filing); err != nil {
		return err
	}
	return ledger.Step(ctx, tx.DB, policy.Ask{Act: policy.AttachmentScan, At: at}, "attachment", a.ID, in, a.Digest)
}
