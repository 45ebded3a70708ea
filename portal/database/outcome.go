package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"zharia/portal/fault"

	"github.com/lib/pq"
)

// Unknown is a COMMIT of which nobody can say yet whether it was done: the connection
// was lost before the answer came, and for as long as Within waits the database did not
// say either. It is no failure. Whoever gets one asks again with its Mark (Outcome), or
// looks for what the transaction would have left.
type Unknown struct {
	Mark  Mark  // names the transaction, for Outcome
	Cause error // how the connection was lost
}

func (u *Unknown) Error() string { return fmt.Sprintf("commit: the outcome is not known: %v", u.Cause) }
func (u *Unknown) Unwrap() error { return u.Cause }

// Outcome is what became of a transaction.
type Outcome string

// What can become of one.
const (
	Committed Outcome = "committed"
	Aborted   Outcome = "aborted"
	Pending   Outcome = "in progress" // it may still be waiting for the standby
	Forgotten Outcome = ""            // of another server, or too long ago: only what it left can tell
)

// NotKept is the message of a transaction that is known not to be done, for its connection
// was lost during COMMIT.
const NotKept = "fault.not-kept"

const (
	// patience is how long Within asks what became of a COMMIT before it says Unknown.
	patience = 30 * time.Second
	// once is how long one such question may take: a connection that hangs must not
	// use up all of the patience.
	once = 3 * time.Second
	// between two questions.
	between = 100 * time.Millisecond
)

const (
	// Last before COMMIT. No time limit may end a COMMIT that waits for a standby:
	// PostgreSQL would show it as done here without its being there. The transaction is
	// named together with the life of the server: after a failover its number is another's,
	// and after a crash too, if the log did not come to it.
	selectMark = `
SELECT set_config('statement_timeout', '0', true), coalesce(pg_current_xact_id_if_assigned()::text, ''), ` + life

	waitForNobody = `SET LOCAL synchronous_commit = local`

	selectOutcome = `
SELECT CASE WHEN ` + life + ` = $2 OR was = 'in progress' THEN coalesce(was, '') ELSE '' END
  FROM pg_xact_status(CAST(CAST($1 AS text) AS xid8)) AS was`

	// Which timeline it is, and since when its figures are counted: they begin anew with each
	// recovery from a crash, and go on after an orderly restart (PostgreSQL, "The Cumulative
	// Statistics System"). Somebody who sets them back makes an answer unknown, not wrong:
	// what is in progress is waited for, in whatever life.
	life = `left(pg_walfile_name(pg_current_wal_lsn()), 8) || '-' || (SELECT CAST(extract(epoch FROM stats_reset) * 1000000 AS bigint) FROM pg_stat_wal)`
)

// marks are what selectMark makes.
var marks = regexp.MustCompile(`^([0-9]{1,19})\.([0-9A-F]{8}-[0-9]{1,19})$`)

// Await is how long a COMMIT of unknown outcome is asked after, where it is not to be
// as long as anywhere.
func (db *DB) Await(d time.Duration) { db.wait = d }

// Outcome asks what became of the transaction with this mark. The zero Mark is Forgotten.
func (db *DB) Outcome(ctx context.Context, mark Mark) (Outcome, error) {
	if mark == (Mark{}) {
		return Forgotten, nil
	}
	Rest(ctx)
	ctx, cancel := context.WithTimeout(ctx, once)
	defer cancel()
	var out Outcome
	// Not by ask: it is the portal that asks, whoever the person of the context is.
	err := db.pool.GetContext(ctx, &out, selectOutcome, mark.number, mark.life)
	if why := pq.As(err); why != nil && why.Code == "22023" { // a number that this server has not come to
		return Forgotten, nil
	}
	if err == nil && out == Committed {
		err = db.Everywhere(ctx)
	}
	return out, err
}

// commit ends a transaction, and finds out whether it did where the connection is lost
// meanwhile. Nothing cancels it: life is held until it is over.
func (db *DB) commit(ctx context.Context, tx *transaction, hold func() bool) error {
	var mark Mark
	if tx.wrote {
		var limit, number, life string
		if err := tx.QueryRowxContext(ctx, selectMark).Scan(&limit, &number, &life); err != nil {
			return fmt.Errorf("before commit: %w", away(ctx, err))
		}
		if number != "" {
			mark = Mark{number, life}
		}
	}
	if tx.locked && !tx.wrote { // who only looked waits for no standby
		if _, err := tx.ExecContext(ctx, waitForNobody); err != nil {
			return fmt.Errorf("before commit: %w", away(ctx, err))
		}
	}
	if !hold() {
		return fmt.Errorf("before commit: %w", context.Cause(ctx)) // the asker has gone: nothing was done
	}
	err := tx.Commit()
	if err == nil {
		return nil
	}
	if mark == (Mark{}) || !uncertain(err) {
		return fmt.Errorf("commit: %w", full(away(ctx, err)))
	}
	return db.settle(context.WithoutCancel(ctx), mark, err)
}

// uncertain says that an error of COMMIT leaves open whether it was done. PostgreSQL
// says ERROR of one that was not; FATAL and PANIC end the connection, and may come after
// the record of the commit is written. An error without its word is the network's.
func uncertain(err error) bool {
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, pq.ErrInFailedTransaction) {
		return false
	}
	said := pq.As(err)
	return said == nil || said.Severity != "ERROR"
}

// settle asks on other connections what became of a COMMIT, until it is known.
func (db *DB) settle(ctx context.Context, mark Mark, cause error) error {
	wait := db.wait
	if wait == 0 {
		wait = patience
	}
	slog.WarnContext(ctx, "a connection was lost during COMMIT", "error", cause.Error())
	db.alarm(ctx)
	for end := time.Now().Add(wait); ; time.Sleep(between) {
		switch out, err := db.Outcome(ctx, mark); {
		case err != nil: // the database is not back yet
		case out == Committed:
			return nil
		case out == Aborted:
			return fault.New(fault.Unavailable, NotKept).Because(fmt.Errorf("commit: %w", cause))
		case out == Forgotten:
			return &Unknown{mark, cause}
		}
		if time.Now().After(end) {
			return &Unknown{mark, cause}
		}
	}
}

// writes says that a query that answers rows may change some, too.
func writes(q query) bool { return strings.Contains(string(q), "RETURNING") }

// full turns the word of a database whose disk is full into an answer: what is there
// can be read, and nothing new is taken.
func full(err error) error {
	if why := pq.As(err); why != nil && why.Code == diskFull {
		return fault.New(fault.Unavailable, "fault.full").Because(err)
	}
	return err
}

// diskFull is its SQLSTATE (PostgreSQL, appendix A).
const diskFull = "53100"

// Mark names a transaction: by its number, and by the life of the server, for after a
// failover or a crash the number may be another's.
type Mark struct{ number, life string }

// ParseMark reads what String wrote; false where a text is none.
func ParseMark(text string) (Mark, bool) {
	parts := marks.FindStringSubmatch(text)
	if parts == nil {
		return Mark{}, false
	}
	return Mark{parts[1], parts[2]}, true
}

func (m Mark) String() string { return m.number + "." + m.life }

// As is the answer to somebody who cannot ask again by a key: not that it failed.
func (u *Unknown) As(target any) bool {
	f, ok := target.(**fault.Fault)
	if ok {
		*f = fault.New(fault.Unavailable, "fault.unknown").Because(u.Cause)
	}
	return ok
}
