package filing

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/job"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// RecountJob is the name of the job that counts anew what ends on a day that was
// moved.
const RecountJob = "filing-recount"

// errNoChange is a recount for a change that is not there: a mistake of ours.
var errNoChange = errors.New("filing: a recount for no change of the calendar")

// MoveDay changes the calendar and has what ends on that day counted anew.
func MoveDay(ctx context.Context, db *database.DB, change calendar.Change) error {
	return db.Within(ctx, func(tx *database.DB) error {
		made, err := calendar.Set(ctx, tx, change)
		if err != nil {
			return err
		}
		return job.AddOnce(ctx, tx, RecountJob+"/"+made.ID.String(), RecountJob, made.MadeAt, job.Args{"day": made.ID})
	})
}

// Those whose term has passed are not among them: it does not begin to run again, and
// an answer that is late stays late.
const lockEnding = `
SELECT id, casefile, term, filed_at, due_raw, due_at
  FROM filing
 WHERE status IN ('filed', 'considered', 'waiting') AND due_at = $1 AND due_at > $2 AND overdue_at IS NULL
 ORDER BY id
   FOR UPDATE`

type endingRow struct {
	ID      uuid.UUID     `db:"id"`
	Case    uuid.UUID     `db:"casefile"`
	Term    deadline.Name `db:"term"`
	FiledAt time.Time     `db:"filed_at"`
	DueRaw  time.Time     `db:"due_raw"`
	DueAt   time.Time     `db:"due_at"`
}

// moved is the end by a calendar: the plain count is the same by all of them.
func (row endingRow) moved(off deadline.Calendar) time.Time {
	term, ok := row.Term.Term(row.FiledAt)
	if !ok {
		return row.DueAt
	}
	return term.Moved(row.DueRaw, off)
}

const insertRecount = `
INSERT INTO recount (id, filing, day_off, was_due, due_at, made_at) VALUES ($1, $2, $3, $4, $5, $6)`

const moveDue = `
UPDATE filing SET due_at = $2 WHERE id = $1`

// Recount counts the open filings anew, and the other terms that run, whose last day the
// Government made a day of rest. It only lengthens: a day of rest that becomes a working day binds the terms
// that begin after it was announced, for whoever must act has arranged himself by the
// end he was told, CPC 48(4), CPC 49(3).
func Recount(ctx context.Context, tx *database.DB, day uuid.UUID, at time.Time) error {
	changes, err := calendar.Read(ctx, tx)
	if err != nil {
		return err
	}
	change, found := changes.Find(day)
	if !found {
		return errNoChange
	}
	var rows []endingRow
	if err := tx.Select(ctx, &rows, lockEnding, change.Ends(), at); err != nil {
		return err
	}
	off := changes.Calendar()
	for _, row := range rows {
		due := row.moved(off)
		if !due.After(row.DueAt) {
			continue
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertRecount, id, row.ID, change.ID, row.DueAt, due, at); err != nil {
			return err
		}
		if err := tx.Exec(ctx, moveDue, row.ID, due); err != nil {
			return err
		}
		if err := watchAgain(ctx, tx, row.ID, due); err != nil {
			return err
		}
		if err := ledger.Step(ctx, tx, policy.Ask{Act: policy.FilingRecount, At: at}, "filing", row.ID, row.Case, nil); err != nil {
			return err
		}
	}
	return casefile.Recount(ctx, tx, change, off, at)
}

// watchAgain watches an end that came in the place of another. The watch over the
// first finds nothing late and is done.
func watchAgain(ctx context.Context, tx *database.DB, id uuid.UUID, end time.Time) error {
	key := OverdueJob + "/" + id.String() + "/" + end.In(deadline.Zone).Format(time.DateOnly)
	return job.AddOnce(ctx, tx, key, OverdueJob, end, job.Args{"filing": id})
}

// Recounted tells how a day off moved the end of a filing.
type Recounted struct {
	Was    time.Time `db:"was_due"`
	Due    time.Time `db:"due_at"`
	MadeAt time.Time `db:"made_at"`
	Date   time.Time `db:"date"` // the day that was made a day of rest
	Source string    `db:"source"`
}

const selectRecounts = `
SELECT r.was_due, r.due_at, r.made_at, d.date, d.source
  FROM recount r
  JOIN day_off d ON d.id = r.day_off
 WHERE r.filing = $1
 ORDER BY r.made_at`

// Clock is the count of a filing, day by day, and what became of it.
type Clock struct {
	Count      deadline.Counting
	Calendar   deadline.Calendar // by which it was counted
	Days       calendar.Changes  // by which whatever follows is counted
	Recounts   []Recounted
	Objections []CountObjection
}

// ClockOf reads the count of a filing that its reader has found.
func ClockOf(ctx context.Context, db *vault.DB, f Filing) (Clock, error) {
	changes, err := calendar.Read(ctx, db.DB)
	if err != nil {
		return Clock{}, err
	}
	var clock Clock
	clock.Days = changes
	clock.Count, clock.Calendar = changes.Counted(f.Term, f.FiledAt, f.DueAt)
	if err := db.Select(ctx, &clock.Recounts, selectRecounts, f.ID); err != nil {
		return clock, err
	}
	clock.Objections, err = objectionsTo(ctx, db, f)
	return clock, err
}
