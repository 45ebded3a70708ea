package job_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/job"
	"zharia/portal/keeper"
	"zharia/portal/portaltest"

	"github.com/google/uuid"
)

var filing = uuid.MustParse("019a9c3e-0000-7000-8000-000000000001")

// clock is a time that stands until it is moved.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC).UnixMicro())
	return c
}

func (c *clock) now() time.Time         { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) after(on time.Duration) { c.at.Add(on.Microseconds()) }

// runner is one that says nothing and looks often.
func runner(db *database.DB, now func() time.Time) job.Runner {
	return job.Runner{DB: db, Jobs: map[string]job.Func{}, Poll: 10 * time.Millisecond, Now: now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
}

// run starts a runner; stop ends it and waits.
func run(t *testing.T, r job.Runner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Error("the runner does not end")
		}
	})
	t.Cleanup(stop)
	return stop
}

func add(t *testing.T, db *database.DB, name string, at time.Time) {
	t.Helper()
	if err := job.Add(t.Context(), db, name, at, job.Args{"filing": filing}); err != nil {
		t.Fatal(err)
	}
}

// row is the only job of a database.
type row struct {
	Attempts int     `db:"attempts"`
	Error    *string `db:"last_error"`
	Done     bool    `db:"done"`
	Dead     bool    `db:"dead"`
	Leased   bool    `db:"leased"`
	RunAt    time.Time
}

func (r row) String() string {
	word := "-"
	if r.Error != nil {
		word = *r.Error
	}
	return fmt.Sprintf("attempts %d, done %v, dead %v, leased %v, error %s", r.Attempts, r.Done, r.Dead, r.Leased, word)
}

func only(t *testing.T, db *database.DB) row {
	t.Helper()
	var r row
	const q = `
SELECT attempts, last_error, done_at IS NOT NULL AS done, dead_at IS NOT NULL AS dead, leased_until IS NOT NULL AS leased, run_at AS "runat"
  FROM job`
	if err := db.Get(t.Context(), &r, q); err != nil {
		t.Fatal(err)
	}
	return r
}

func waitFor(t *testing.T, what string, true func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !true(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func want(t *testing.T, db *database.DB, state string) {
	t.Helper()
	waitFor(t, state, func() bool { return only(t, db).String() == state })
}

func TestAJobIsDoneOnceWithWhatItWasGiven(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	got := make(chan job.Job, 10)
	r := runner(db, c.now)
	r.Jobs["tell"] = func(_ context.Context, _ *database.DB, j job.Job) error { got <- j; return nil }
	add(t, db, "tell", c.now())
	run(t, r)
	want(t, db, "attempts 1, done true, dead false, leased false, error -")
	j := <-got
	if j.Name != "tell" || j.Args["filing"] != filing || j.Attempt != 1 || j.At != c.now() || j.ID == uuid.Nil {
		t.Errorf("got %+v", j)
	}
	if len(got) != 0 {
		t.Error("it was done twice")
	}
}

func TestAJobOfATransactionThatFailsWasNeverThere(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	no := errors.New("no")
	err := db.Within(t.Context(), func(tx *database.DB) error {
		return errors.Join(job.Add(t.Context(), tx, "tell", c.now(), nil), no)
	})
	if !errors.Is(err, no) {
		t.Fatal(err)
	}
	var n int
	if err := db.Get(t.Context(), &n, `SELECT count(*) FROM job`); err != nil || n != 0 {
		t.Errorf("%d jobs, %v", n, err)
	}
}

func TestAJobWaitsForItsTime(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	r := runner(db, c.now)
	r.Jobs["warn"] = func(context.Context, *database.DB, job.Job) error { return nil }
	add(t, db, "warn", c.now().Add(time.Hour))
	run(t, r)
	time.Sleep(100 * time.Millisecond)
	if got := only(t, db).String(); got != "attempts 0, done false, dead false, leased false, error -" {
		t.Errorf("too early: %s", got)
	}
	c.after(time.Hour)
	want(t, db, "attempts 1, done true, dead false, leased false, error -")
}

func TestANewJobWakesARunnerThatSleeps(t *testing.T) {
	db := portaltest.DB(t)
	r := runner(db, time.Now)
	r.Poll = time.Hour
	r.Jobs["tell"] = func(context.Context, *database.DB, job.Job) error { return nil }
	run(t, r)
	var listening bool
	waitFor(t, "somebody listens", func() bool {
		const q = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query ILIKE 'LISTEN%')`
		if err := db.Get(t.Context(), &listening, q); err != nil {
			t.Fatal(err)
		}
		return listening
	})
	time.Sleep(50 * time.Millisecond) // the first look is over
	add(t, db, "tell", time.Now())
	want(t, db, "attempts 1, done true, dead false, leased false, error -")
}

func TestAJobAddedOnceIsNotAddedTwice(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	for range 3 {
		if err := job.AddOnce(t.Context(), db, "warn 2026-11-24 of "+filing.String(), "warn", c.now(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := job.AddOnce(t.Context(), db, "", "warn", c.now(), nil); err == nil {
		t.Error("a job without a key was added once")
	}
	var n int
	if err := db.Get(t.Context(), &n, `SELECT count(*) FROM job`); err != nil || n != 1 {
		t.Errorf("%d jobs, %v", n, err)
	}
}

func TestAFailureLeavesNothingBehindButItsCount(t *testing.T) {
	for name, test := range map[string]struct {
		fails func() error
		kind  string
	}{
		"an error of ours":   {func() error { return fmt.Errorf("tell Aigul: %w", errors.New("000101500001")) }, "*errors.errorString"},
		"a fault":            {func() error { return fmt.Errorf("send: %w", fault.New(fault.Unavailable, "fault.x")) }, "unavailable"},
		"a panic":            {func() error { panic("000101500001") }, "panic"},
		"the time is up":     {func() error { return context.DeadlineExceeded }, "took too long"},
		"several together":   {func() error { return errors.Join(io.EOF, io.ErrUnexpectedEOF) }, "*errors.joinError"},
		"PostgreSQL says so": {nil, "SQLSTATE 22012"},
	} {
		t.Run(name, func(t *testing.T) {
			db, c := portaltest.DB(t), newClock()
			if err := db.Exec(t.Context(), `CREATE TABLE told (n int)`); err != nil {
				t.Fatal(err)
			}
			r := runner(db, c.now)
			r.Jobs["tell"] = func(ctx context.Context, tx *database.DB, j job.Job) error {
				if err := tx.Exec(ctx, `INSERT INTO told VALUES ($1)`, j.Attempt); err != nil {
					return err
				}
				if j.Attempt > 1 {
					return nil
				}
				if test.fails == nil {
					return tx.Exec(ctx, `SELECT 1 / 0`)
				}
				return test.fails()
			}
			add(t, db, "tell", c.now())
			run(t, r)
			want(t, db, "attempts 1, done false, dead false, leased false, error "+test.kind)
			if again := only(t, db).RunAt; !again.Equal(c.now().Add(5 * time.Second)) {
				t.Errorf("again at %v", again)
			}
			c.after(5 * time.Second)
			want(t, db, "attempts 2, done true, dead false, leased false, error -")
			var told []int
			if err := db.Select(t.Context(), &told, `SELECT n FROM told`); err != nil || fmt.Sprint(told) != "[2]" {
				t.Errorf("told %v, %v", told, err)
			}
		})
	}
}

func TestAJobThatNeverGoesWellIsGivenUp(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	var tries atomic.Int64
	r := runner(db, c.now)
	r.Workers = 1 // a second one would take it over when the clock runs past the lease
	r.Jobs["tell"] = func(context.Context, *database.DB, job.Job) error { tries.Add(1); return io.EOF }
	add(t, db, "tell", c.now())
	if err := db.Exec(t.Context(), `UPDATE job SET slip = 'opens'`); err != nil {
		t.Fatal(err)
	}
	begun := c.now()
	run(t, r)
	waitFor(t, "it is given up", func() bool {
		one := only(t, db)
		c.after(max(0, one.RunAt.Sub(c.now())))
		return one.Dead
	})
	if got := only(t, db).String(); got != "attempts 17, done false, dead true, leased false, error *errors.errorString" || tries.Load() != 17 {
		t.Errorf("%s, tried %d times", got, tries.Load())
	}
	// What it needs may be away for most of a day, and for a day it may open what it is about.
	if took := c.now().Sub(begun); took < 20*time.Hour || took >= keeper.SlipLife {
		t.Errorf("it was given up after %s", took)
	}
	opens := func() (still bool) {
		if err := db.Get(t.Context(), &still, `SELECT slip IS NOT NULL FROM job`); err != nil {
			t.Fatal(err)
		}
		return still
	}
	if !opens() {
		t.Error("tried again from the duty page it opens nothing")
	}
	c.after(keeper.SlipLife + 24*time.Hour)
	waitFor(t, "its slip is gone", func() bool { return !opens() })
}

// RELIABILITY R11: what the portal does by itself stands in the record with a time, too.
func TestNothingIsBegunWhileTheClockIsInDoubt(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	var sound atomic.Bool
	var done atomic.Int64
	r := runner(db, c.now)
	r.Steady = sound.Load
	r.Jobs["tell"] = func(context.Context, *database.DB, job.Job) error { done.Add(1); return nil }
	r.Timetable = map[string]job.Task{"verify": {Every: time.Hour, Do: func(context.Context, *database.DB, time.Time) error { done.Add(1); return nil }}}
	add(t, db, "tell", c.now())
	run(t, r)
	time.Sleep(200 * time.Millisecond)
	if n, got := done.Load(), only(t, db).String(); n != 0 || got != "attempts 0, done false, dead false, leased false, error -" {
		t.Errorf("%d were done: %s", n, got)
	}
	sound.Store(true)
	waitFor(t, "both are done", func() bool { return done.Load() == 2 })
}

func TestAJobNobodyKnowsIsTriedAgainNotLost(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	add(t, db, "of a newer program", c.now())
	run(t, runner(db, c.now))
	want(t, db, "attempts 1, done false, dead false, leased false, error unknown job")
}

func TestAJobOfAProcessThatDiedIsTakenWhenItsLeaseEnds(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	add(t, db, "tell", c.now())
	// As a runner leaves it that is killed over the job.
	if err := db.Exec(t.Context(), `UPDATE job SET attempts = 1, leased_until = $1`, c.now().Add(5*time.Minute)); err != nil {
		t.Fatal(err)
	}
	r := runner(db, c.now)
	r.Jobs["tell"] = func(context.Context, *database.DB, job.Job) error { return nil }
	run(t, r)
	time.Sleep(100 * time.Millisecond)
	if got := only(t, db).String(); got != "attempts 1, done false, dead false, leased true, error -" {
		t.Errorf("taken too early: %s", got)
	}
	c.after(5 * time.Minute)
	want(t, db, "attempts 2, done true, dead false, leased false, error -")
}

func TestAJobThatKillsItsProcessIsGivenUpToo(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	add(t, db, "tell", c.now())
	if err := db.Exec(t.Context(), `UPDATE job SET attempts = max, leased_until = $1`, c.now()); err != nil {
		t.Fatal(err)
	}
	r := runner(db, c.now)
	r.Jobs["tell"] = func(context.Context, *database.DB, job.Job) error { t.Error("it was done once more"); return nil }
	run(t, r)
	want(t, db, "attempts 18, done false, dead true, leased false, error process lost")
}

func TestASlowJobIsNotTakenTwiceWhenItsLeaseIsOver(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	var times atomic.Int64
	begun, finish := make(chan bool, 10), make(chan bool)
	slow := func(context.Context, *database.DB, job.Job) error {
		times.Add(1)
		begun <- true
		<-finish
		return nil
	}
	add(t, db, "tell", c.now())
	for range 2 {
		r := runner(db, c.now)
		r.Jobs["tell"] = slow
		run(t, r)
	}
	<-begun
	c.after(time.Hour) // the lease is over; its owner lives
	time.Sleep(100 * time.Millisecond)
	close(finish)
	want(t, db, "attempts 1, done true, dead false, leased false, error -")
	if n := times.Load(); n != 1 {
		t.Errorf("done %d times", n)
	}
}

func TestTwoRunnersShareTheWorkAndDoNothingTwice(t *testing.T) {
	db := portaltest.DB(t)
	if err := db.Exec(t.Context(), `CREATE TABLE told (job uuid PRIMARY KEY, by int)`); err != nil {
		t.Fatal(err)
	}
	const jobs = 100
	err := db.Within(t.Context(), func(tx *database.DB) error {
		for range jobs {
			if err := job.Add(t.Context(), tx, "tell", time.Now(), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for by := range 2 {
		r := runner(db, time.Now)
		r.Jobs["tell"] = func(ctx context.Context, tx *database.DB, j job.Job) error {
			return tx.Exec(ctx, `INSERT INTO told VALUES ($1, $2)`, j.ID, by)
		}
		run(t, r)
	}
	waitFor(t, "all are told", func() bool {
		var n int
		if err := db.Get(t.Context(), &n, `SELECT count(*) FROM job JOIN told ON told.job = job.id WHERE done_at IS NOT NULL AND attempts = 1`); err != nil {
			t.Fatal(err)
		}
		return n == jobs
	})
}

func TestARunnerFinishesWhatItHasInHand(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	begun := make(chan bool)
	r := runner(db, c.now)
	r.Jobs["tell"] = func(ctx context.Context, tx *database.DB, j job.Job) error {
		close(begun)
		time.Sleep(200 * time.Millisecond)
		return tx.Exec(ctx, `SELECT 1`)
	}
	add(t, db, "tell", c.now())
	stop := run(t, r)
	<-begun
	stop()
	if got := only(t, db).String(); got != "attempts 1, done true, dead false, leased false, error -" {
		t.Errorf("%s", got)
	}
}

func TestWhatDoesNotEndInGraceIsCutOffAndDoneLater(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	begun := make(chan bool)
	r := runner(db, c.now)
	r.Grace = 50 * time.Millisecond
	r.Jobs["tell"] = func(ctx context.Context, _ *database.DB, _ job.Job) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	}
	add(t, db, "tell", c.now())
	stop := run(t, r)
	<-begun
	stop()
	if got := only(t, db).String(); got != "attempts 1, done false, dead false, leased false, error cut off" {
		t.Errorf("%s", got)
	}
}

func TestARunnerWithoutItsDatabaseEndsWhenAsked(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	stop := run(t, runner(db, c.now))
	db.Close()
	time.Sleep(50 * time.Millisecond)
	stop()
}

func TestATaskIsDoneEachTimeItIsDueByOneRunnerOnly(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	var times atomic.Int64
	for range 3 {
		r := runner(db, c.now)
		r.Timetable = map[string]job.Task{"verify": {Every: time.Hour, Do: func(_ context.Context, _ *database.DB, at time.Time) error {
			if at != c.now() {
				t.Errorf("at %v", at)
			}
			times.Add(1)
			return nil
		}}}
		run(t, r)
	}
	for turn := int64(1); turn <= 3; turn++ {
		waitFor(t, fmt.Sprintf("turn %d", turn), func() bool { return times.Load() == turn && !claimed(t, db, c.now()) })
		time.Sleep(60 * time.Millisecond) // the others look as well
		if n := times.Load(); n != turn {
			t.Fatalf("done %d times in %d turns", n, turn)
		}
		c.after(time.Hour)
	}
}

// claimed says whether a turn of the task is being done.
func claimed(t *testing.T, db *database.DB, at time.Time) (busy bool) {
	t.Helper()
	if err := db.Get(t.Context(), &busy, `SELECT due_at <= $1::timestamptz + interval '30 minutes' FROM timetable WHERE name = 'verify'`, at); err != nil {
		t.Fatal(err)
	}
	return busy
}

func TestATaskThatFailsIsDoneAgainSoonerThanItsTurn(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	var times atomic.Int64
	r := runner(db, c.now)
	r.Timetable = map[string]job.Task{"verify": {Every: 24 * time.Hour, Do: func(context.Context, *database.DB, time.Time) error {
		if times.Add(1) == 1 {
			panic("000101500001")
		}
		return nil
	}}}
	run(t, r)
	state := func() (s string) {
		const q = `SELECT coalesce((SELECT failures || ' ' || coalesce(last_error, '-') || ' ' || (due_at - $1) FROM timetable WHERE name = 'verify'), '')`
		if err := db.Get(t.Context(), &s, q, c.now()); err != nil {
			t.Fatal(err)
		}
		return s
	}
	waitFor(t, "it failed", func() bool { return state() == "1 panic 00:00:05" })
	c.after(5 * time.Second)
	waitFor(t, "it went well", func() bool { return state() == "0 - 1 day" })
}

// An audit of everything takes longer than a job may.
func TestATaskLastsAsLongAsItsLineSays(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	ended := map[string]chan error{"short": make(chan error, 9), "long": make(chan error, 9)}
	slow := func(name string) func(context.Context, *database.DB, time.Time) error {
		return func(ctx context.Context, _ *database.DB, _ time.Time) error {
			select {
			case <-ctx.Done():
			case <-time.After(500 * time.Millisecond):
			}
			ended[name] <- ctx.Err()
			return ctx.Err()
		}
	}
	r := runner(db, c.now)
	r.Lease = 50 * time.Millisecond
	r.Timetable = map[string]job.Task{"short": {Every: time.Hour, Do: slow("short")}, "long": {Every: time.Hour, Lasts: time.Minute, Do: slow("long")}}
	run(t, r)
	if err := <-ended["short"]; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one of a job's time ended with %v", err)
	}
	if err := <-ended["long"]; err != nil {
		t.Errorf("one of a minute ended with %v", err)
	}
}

func TestFinishedJobsGoAfterAMonthAndThoseGivenUpStay(t *testing.T) {
	db, c := portaltest.DB(t), newClock()
	for range 3 {
		add(t, db, "tell", c.now().Add(1000*time.Hour))
	}
	const finish = `
UPDATE job
   SET done_at = CASE n WHEN 1 THEN $1::timestamptz - interval '31 days' WHEN 2 THEN $1 - interval '29 days' END,
       dead_at = CASE n WHEN 3 THEN $1 - interval '31 days' END
  FROM (SELECT id AS job, row_number() OVER (ORDER BY id) AS n FROM job) AS numbered
 WHERE id = job`
	if err := db.Exec(t.Context(), finish, c.now()); err != nil {
		t.Fatal(err)
	}
	run(t, runner(db, c.now))
	waitFor(t, "one is gone", func() bool {
		var n int
		if err := db.Get(t.Context(), &n, `SELECT count(*) FROM job`); err != nil {
			t.Fatal(err)
		}
		return n == 2
	})
}
