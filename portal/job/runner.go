package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"zharia/portal/database"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// Runner does what is due. Several of them, in several processes, share the
// work. Fields left zero take the defaults named beside them.
type Runner struct {
	DB        *database.DB
	Jobs      map[string]Func // what each job's name stands for
	Timetable map[string]Task // what is done again and again

	Workers int              // jobs in hand at once: 2
	Poll    time.Duration    // how often to look, for what nobody told of: 2 s
	Lease   time.Duration    // how long one job or turn may take: 5 min
	Grace   time.Duration    // how long those in hand may go on after the end of Run's context: 20 s
	Now     func() time.Time // time.Now
	Steady  func() bool      // whether that clock may stand under what is done; nothing is begun while it may not. nil: always
	Log     *slog.Logger     // slog.Default()
}

func (r Runner) withDefaults() Runner {
	setDefault(&r.Workers, 2)
	setDefault(&r.Poll, 2*time.Second)
	setDefault(&r.Lease, 5*time.Minute)
	setDefault(&r.Grace, 20*time.Second)
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Steady == nil {
		r.Steady = func() bool { return true }
	}
	if r.Log == nil {
		r.Log = slog.Default()
	}
	return r
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// now is one instant for all of a job, as the database will keep it.
func (r Runner) now() time.Time { return r.Now().UTC().Truncate(time.Microsecond) }

// Run works until ctx ends, then finishes what is in hand and returns nil. What
// is not finished within Grace is cut off and done by the next process.
func (r Runner) Run(ctx context.Context) error {
	if r.DB == nil {
		return errors.New("job: a runner without a database")
	}
	r = r.withDefaults()
	// Work in hand outlives ctx, but not by more than Grace.
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	context.AfterFunc(ctx, func() { time.AfterFunc(r.Grace, cut) })

	bells := make([]chan struct{}, r.Workers)
	var all sync.WaitGroup
	for i := range bells {
		bells[i] = make(chan struct{}, 1)
		all.Go(func() { r.queue(ctx, work, bells[i]) })
	}
	all.Go(func() { r.listen(ctx, bells) })
	all.Go(func() { r.repeat(ctx, work, "drop finished jobs", Task{Every: 24 * time.Hour, Do: dropFinished}) })
	for name, task := range r.Timetable {
		all.Go(func() { r.repeat(ctx, work, name, task) })
	}
	all.Wait()
	return nil
}

// queue is one worker: it does jobs while there are any, then waits for the
// bell or the next look.
func (r Runner) queue(ctx, work context.Context, bell <-chan struct{}) {
	for ctx.Err() == nil {
		found, err := r.next(work)
		if err != nil {
			r.Log.ErrorContext(work, "take a job", "error", err)
		}
		if found && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-bell:
		case <-time.After(r.Poll):
		}
	}
}

// listen rings the bells when PostgreSQL tells of a new job. It reconnects by
// itself; what it misses meanwhile the next look finds.
func (r Runner) listen(ctx context.Context, bells []chan struct{}) {
	listener := pq.NewListener(r.DB.DSN(), 100*time.Millisecond, 10*time.Second, nil)
	defer listener.Close()
	// Listen waits for a connection, for ever if there is none; Close ends that.
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	if err := listener.Listen(channel); err != nil {
		if ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "listen for jobs", "error", err)
		}
		return
	}
	for range listener.Notify { // closed by Close; nil after a reconnection
		for _, bell := range bells {
			select {
			case bell <- struct{}{}:
			default: // it is ringing
			}
		}
	}
}

const (
	// A job is due when its time has come and nobody has it in hand. The row of
	// a job at work is locked as well, so a slow one is not taken twice even
	// when its lease is over: only the lease of a dead process counts.
	claimJob = `
UPDATE job
   SET attempts = attempts + 1, leased_until = $2
 WHERE id = (SELECT id
               FROM job
              WHERE done_at IS NULL AND dead_at IS NULL
                AND run_at <= $1
                AND (leased_until IS NULL OR leased_until <= $1)
              ORDER BY run_at, id
              LIMIT 1
                FOR UPDATE SKIP LOCKED)
RETURNING id, name, args, attempts, max, slip`

	// Ours still? After a lease ran out another process may have it, which
	// shows in attempts. It waits for the lock: a runner beside us that looked
	// at the row and passed on holds it for a moment.
	lockJob = `
SELECT id
  FROM job
 WHERE id = $1 AND attempts = $2 AND done_at IS NULL AND dead_at IS NULL
   FOR UPDATE`

	setDone = `UPDATE job SET done_at = $2, leased_until = NULL, last_error = NULL, slip = NULL WHERE id = $1`

	setFailed = `
UPDATE job
   SET run_at = $3, leased_until = NULL, last_error = $4
 WHERE id = $1 AND attempts = $2 AND done_at IS NULL`

	setDead = `
UPDATE job
   SET dead_at = $3, leased_until = NULL, last_error = $4
 WHERE id = $1 AND attempts = $2 AND done_at IS NULL`
)

// claimed is a job as claimJob gives it.
type claimed struct {
	ID       uuid.UUID `db:"id"`
	Name     string    `db:"name"`
	Args     []byte    `db:"args"`
	Attempts int       `db:"attempts"`
	Max      int       `db:"max"`
	Slip     []byte    `db:"slip"`
}

// next takes one job that is due and does it; found is false when there is
// none. err is about the queue; a job's own failure is written to its row.
func (r Runner) next(ctx context.Context) (found bool, err error) {
	if !r.Steady() {
		return false, nil
	}
	at := r.now()
	var taken []claimed
	if err := r.DB.Select(ctx, &taken, claimJob, at, at.Add(r.Lease)); err != nil || len(taken) == 0 {
		return false, err
	}
	job := taken[0]
	failure := r.do(ctx, job, at)
	if failure == nil {
		return true, nil
	}
	return true, r.failed(ctx, job, failure)
}

// errTaken says that another process has the job by now.
var errTaken = errors.New("job: another runner has it")

// do does the job and ticks it off in one transaction.
func (r Runner) do(ctx context.Context, job claimed, at time.Time) error {
	if job.Attempts > job.Max { // its process died at the last attempt
		return errLost
	}
	run, ok := r.Jobs[job.Name]
	if !ok {
		return errUnknown
	}
	var args Args
	if err := json.Unmarshal(job.Args, &args); err != nil {
		return fmt.Errorf("%w: %w", errArgs, err)
	}
	ctx, cancel := context.WithTimeout(ctx, r.Lease)
	defer cancel()
	return guard(func() error {
		return r.DB.Within(ctx, func(tx *database.DB) error {
			var mine []uuid.UUID
			if err := tx.Select(ctx, &mine, lockJob, job.ID, job.Attempts); err != nil {
				return err
			}
			if len(mine) == 0 {
				return errTaken
			}
			if err := run(ctx, tx, Job{job.ID, job.Name, args, job.Attempts, at, job.Slip}); err != nil {
				return err
			}
			return tx.Exec(ctx, setDone, job.ID, r.now())
		})
	})
}

// failed counts the failure against the job, in a transaction of its own.
func (r Runner) failed(ctx context.Context, job claimed, failure error) error {
	if errors.Is(failure, errTaken) {
		return nil
	}
	log := r.Log.With("job", job.ID, "name", job.Name, "attempt", job.Attempts, "error", failure)
	// The end of ctx may be why it failed; that it failed is still written down.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if job.Attempts >= job.Max {
		log.ErrorContext(ctx, "a job was given up")
		return r.DB.Exec(ctx, setDead, job.ID, job.Attempts, r.now(), kindOf(failure))
	}
	log.WarnContext(ctx, "a job failed and will be tried again")
	return r.DB.Exec(ctx, setFailed, job.ID, job.Attempts, r.now().Add(backoff(job.Attempts)), kindOf(failure))
}

// backoff is the wait after the given attempt: 5 s, 10 s, 20 s, … and at most
// four hours.
func backoff(attempt int) time.Duration {
	const first, most = 5 * time.Second, 4 * time.Hour
	return min(first<<min(attempt-1, 20), most)
}
