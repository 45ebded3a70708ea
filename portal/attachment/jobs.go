package attachment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Abandoned is how long an upload that nobody goes on with is kept.
const Abandoned = 48 * time.Hour

const (
	sweep = `
DELETE FROM attachment WHERE state IN ('receiving', 'checking') AND made_at < $1`

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

// ScanJob is the name of the job that asks the scanner about a file that it has not
// seen; soon is when it is asked for the second time.
const (
	ScanJob = "attachment-scan"
	soon    = time.Minute
)

var errNotYet = errors.New("attachment: the scanner has not seen the file")

// Scan asks the scanner about one file, whose author let the portal read it once more
// (Take). While it is silent that is a failure, and the job is tried again. A file that
// is gone, or was scanned meanwhile, is left alone; where there is no scanner any more,
// it is taken as one that comes now. It opens no name.
func Scan(ctx context.Context, tx *vault.DB, s *Scanner, id uuid.UUID, at time.Time) error {
	var row attachmentRow
	err := tx.Get(ctx, &row, lockAttachment, id)
	if errors.Is(err, fault.NotFound) || err == nil && row.State != Waiting {
		return nil
	}
	if err != nil {
		return err
	}
	a := row.nameless()
	state, scanned, why := s.look(ctx, a.content(ctx, tx, Original), at)
	if state == Waiting { // it may never be scanned: whoever looks after the machine is told what clamd says
		return fault.New(fault.Unavailable, "fault.ours").Because(fmt.Errorf("%w: %w", errNotYet, why))
	}
	return a.scanned(ctx, tx, state, scanned, at)
}

// ScanNow is Scan for somebody who may have the file and was told that it waits: the job
// is given up after a day, and what its author let it open with it, so the scanner is
// shown what this reader may open. It goes between two transactions, for it takes
// seconds; where the scanner is silent still, the file waits.
func ScanNow(ctx context.Context, db *vault.DB, s *Scanner, id uuid.UUID, at time.Time) error {
	var row attachmentRow
	if err := db.Get(ctx, &row, selectAttachment, id); err != nil || row.State != Waiting {
		return err
	}
	a := row.nameless()
	state, scanned, _ := s.look(ctx, a.content(ctx, db, Original), at)
	if state == Waiting {
		return nil
	}
	return db.Within(ctx, func(tx *vault.DB) error { return a.scanned(ctx, tx, state, scanned, at) })
}

// scanned is the portal's own act: nobody asked for it.
func (a Attachment) scanned(ctx context.Context, tx *vault.DB, state State, seen *time.Time, at time.Time) error {
	n, err := tx.Change(ctx, updateScanned, a.ID, state, seen)
	if err != nil || n == 0 {
		return err
	}
	in, err := caseOf(ctx, tx, a.Beside)
	if err != nil {
		return err
	}
	return ledger.Step(ctx, tx.DB, policy.Ask{Act: policy.AttachmentScan, At: at}, "attachment", a.ID, in, a.Digest)
}
