package casefile

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/job"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// The terms that are kept with their end and run: to complain of what was handed over, to
// answer a request, to agree with a decision.
const (
	lockServiceEnds = `
SELECT s.decision AS id, s.participant, d.casefile, s.term, s.at AS since, s.due_raw, s.due_at
  FROM service s JOIN decision d ON d.id = s.decision
 WHERE s.at IS NOT NULL AND s.due_at = $1 AND s.due_at > $2
 ORDER BY s.decision, s.participant
   FOR UPDATE OF s`

	lockRequestEnds = `
SELECT id, casefile, term, asked_at AS since, due_raw, due_at
  FROM request
 WHERE status = 'asked' AND due_at = $1 AND due_at > $2 AND overdue_at IS NULL
 ORDER BY id
   FOR UPDATE`

	lockDecisionEnds = `
SELECT id, casefile, term, submitted_at AS since, due_raw, due_at
  FROM decision
 WHERE status = 'submitted' AND due_at = $1 AND due_at > $2
 ORDER BY id
   FOR UPDATE`

	moveServiceEnd  = `UPDATE service SET due_at = $3 WHERE decision = $1 AND participant = $2`
	moveRequestEnd  = `UPDATE request SET due_at = $2 WHERE id = $1`
	moveDecisionEnd = `UPDATE decision SET due_at = $2 WHERE id = $1`
)

type endingRow struct {
	ID          uuid.UUID     `db:"id"`
	Participant uuid.NullUUID `db:"participant"` // of what was handed over
	Case        uuid.UUID     `db:"casefile"`
	Term        deadline.Name `db:"term"`
	Since       time.Time     `db:"since"`
	DueRaw      time.Time     `db:"due_raw"`
	DueAt       time.Time     `db:"due_at"`
}

// Recount moves the ends of terms that run and whose last day was made a day of rest. As of
// filings it only lengthens, and revives nothing that has passed (CPC 48(4)).
func Recount(ctx context.Context, tx *database.DB, change calendar.Change, off deadline.Calendar, at time.Time) error {
	var services, requests, decisions []endingRow
	if err := tx.Select(ctx, &services, lockServiceEnds, change.Ends(), at); err != nil {
		return err
	}
	if err := tx.Select(ctx, &requests, lockRequestEnds, change.Ends(), at); err != nil {
		return err
	}
	if err := tx.Select(ctx, &decisions, lockDecisionEnds, change.Ends(), at); err != nil {
		return err
	}
	return errors.Join(
		recount(ctx, tx, "service", services, off, at, func(row endingRow, due time.Time) error {
			return tx.Exec(ctx, moveServiceEnd, row.ID, row.Participant.UUID, due)
		}),
		recount(ctx, tx, "request", requests, off, at, func(row endingRow, due time.Time) error {
			if err := tx.Exec(ctx, moveRequestEnd, row.ID, due); err != nil {
				return err
			}
			key := RequestOverdueJob + "/" + row.ID.String() + "/" + due.In(deadline.Zone).Format(time.DateOnly)
			return job.AddOnce(ctx, tx, key, RequestOverdueJob, due, job.Args{"request": row.ID})
		}),
		recount(ctx, tx, "decision", decisions, off, at, func(row endingRow, due time.Time) error {
			return tx.Exec(ctx, moveDecisionEnd, row.ID, due)
		}))
}

func recount(ctx context.Context, tx *database.DB, object string, rows []endingRow, off deadline.Calendar, at time.Time, move func(row endingRow, due time.Time) error) error {
	for _, row := range rows {
		term, ok := row.Term.Term(row.Since)
		if !ok {
			continue
		}
		due := term.Moved(row.DueRaw, off)
		if !due.After(row.DueAt) {
			continue
		}
		if err := move(row, due); err != nil {
			return err
		}
		if err := ledger.Step(ctx, tx, policy.Ask{Act: policy.TermRecount, At: at}, object, row.ID, row.Case, nil); err != nil {
			return err
		}
	}
	return nil
}
