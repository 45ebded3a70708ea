package job

import (
	"cmp"
	"context"
	"time"

	"zharia/portal/database"
	"zharia/portal/keeper"
)

// Task is a line of the timetable: what is done, and how often.
type Task struct {
	Every time.Duration
	Lasts time.Duration // how long one turn may take; 0: as long as a job (Runner.Lease)
	// Do is not in a transaction; it begins its own. at is now.
	Do func(ctx context.Context, db *database.DB, at time.Time) error
}

const (
	// A turn belongs to whoever moves its due time on. Until the turn is over
	// it is moved on by the lease only, so the turn of a process that died is
	// made up for.
	claimTurn = `
INSERT INTO timetable AS t (name, due_at)
VALUES ($1, $3)
    ON CONFLICT (name) DO UPDATE SET due_at = EXCLUDED.due_at WHERE t.due_at <= $2
RETURNING t.failures`

	turnDone = `
UPDATE timetable
   SET due_at = $2, ran_at = $3, failures = 0, last_error = NULL
 WHERE name = $1`

	turnFailed = `
UPDATE timetable
   SET due_at = $2, failures = failures + 1, last_error = $3
 WHERE name = $1`
)

// repeat does one task whenever it is due. It looks more often than the task is
// due, for another process may have died over it.
func (r Runner) repeat(ctx, work context.Context, name string, task Task) {
	look := min(task.Every, r.Poll)
	for {
		if err := r.turn(work, name, task); err != nil {
			r.Log.ErrorContext(work, "keep the timetable", "task", name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(look):
		}
	}
}

// turn does the task if it is due and nobody else has this turn. err is about
// the timetable; the task's own failure is written to its row.
func (r Runner) turn(ctx context.Context, name string, task Task) error {
	if !r.Steady() {
		return nil
	}
	at, lease := r.now(), cmp.Or(task.Lasts, r.Lease)
	var failures []int
	if err := r.DB.Select(ctx, &failures, claimTurn, name, at, at.Add(lease)); err != nil || len(failures) == 0 {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, lease)
	defer cancel()
	failure := guard(func() error { return task.Do(bounded, r.DB, at) })

	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	if failure != nil {
		r.Log.ErrorContext(ctx, "a task failed", "task", name, "error", failure)
		again := min(task.Every, backoff(failures[0]+1))
		return r.DB.Exec(ctx, turnFailed, name, r.now().Add(again), kindOf(failure))
	}
	return r.DB.Exec(ctx, turnDone, name, at.Add(task.Every), r.now())
}

// keep is how long a job that was done stays in the queue, so that its key is
// not taken anew and a person can look back.
const keep = 30 * 24 * time.Hour

const (
	deleteDone = `DELETE FROM job WHERE done_at < $1`

	// It opens nothing any more.
	dropSlips = `UPDATE job SET slip = NULL WHERE dead_at < $1 AND slip IS NOT NULL`
)

// dropFinished is the runner's own task. Jobs that were given up stay until
// somebody has looked at them, and for a day with what they may open: tried again (Again)
// within it, they do their work.
func dropFinished(ctx context.Context, db *database.DB, at time.Time) error {
	if err := db.Exec(ctx, dropSlips, at.Add(-keeper.SlipLife)); err != nil {
		return err
	}
	return db.Exec(ctx, deleteDone, at.Add(-keep))
}
