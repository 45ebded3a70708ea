package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

// lives is what a pool knows of the lives of its server. One that crashed, or that took over
// from another, may show what no standby has: whoever waited for its COMMIT was never told
// that it is there, and nobody else is, before a standby has it (Sure).
type lives struct {
	of   atomic.Int64 // counts the lives, and each wait for the standby that was ended
	sure atomic.Int64 // the one of which all is on the standby too

	mu   sync.Mutex
	last string // the mark of the last one

	one   sync.Mutex // one waits for the standby, and the others for what he finds
	tried time.Time  // when that was in vain
}

// doubt says that from now on something may stand here alone.
func (l *lives) doubt() {
	if l != nil {
		l.of.Add(1)
	}
}

func (l *lives) doubted() bool { return l.sure.Load() != l.of.Load() }

// An orderly restart ends the waits, too, and keeps the mark of the server's life. A server
// that recovers has none; what is read there is another's.
const selectLife = `
SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE ` + life + ` || '-' || pg_postmaster_start_time() END`

// look asks which life a new connection is of. All connections of a life end with it, so
// nothing is asked of the next one before this was.
func (l *lives) look(ctx context.Context, conn driver.QueryerContext) error {
	rows, err := conn.QueryContext(ctx, selectLife, nil)
	if err != nil {
		return err
	}
	row := make([]driver.Value, 1)
	if err := errors.Join(rows.Next(row), rows.Close()); err != nil {
		return err
	}
	now := fmt.Sprintf("%s", row[0])
	l.mu.Lock()
	defer l.mu.Unlock()
	if now != l.last {
		l.last = now
		l.doubt()
	}
	return nil
}

// vain is how long after a wait in vain nobody waits again.
const vain = time.Second

// Sure says that whatever is committed here now is on the standby too, where there is to be
// one: it waits a moment for it after the server has begun a life, and after somebody ended
// such a wait. An Away where the standby does not come: what somebody has filed must not be
// shown to him as received. In a Reading it goes on to be asked: what a life shows that began
// meanwhile is not read there either.
func (db *DB) Sure(ctx context.Context) error {
	l := db.lives
	if l == nil {
		return nil
	}
	r, shared := ctx.Value(readingKey{}).(*reading)
	if shared {
		r.sure.Store(true)
	} else if _, err := db.pool.ExecContext(ctx, `SELECT`); err != nil { // connections of a life that is over do not know it
		return away(ctx, err)
	}
	if !l.doubted() {
		return nil
	}
	Rest(ctx)
	l.one.Lock()
	defer l.one.Unlock()
	now := l.of.Load()
	if l.sure.Load() == now {
		return nil
	}
	if time.Since(l.tried) < vain {
		return &Away{errAlone}
	}
	if err := db.Everywhere(context.WithoutCancel(ctx)); err != nil {
		l.tried = time.Now()
		return &Away{err}
	}
	l.sure.Store(now)
	return nil
}

// still refuses what was read in a life that began after the asker was sure.
func (db *DB) still(ctx context.Context) error {
	r, shared := ctx.Value(readingKey{}).(*reading)
	if shared && db.lives != nil && r.sure.Load() && db.lives.doubted() {
		return &Away{errAlone}
	}
	return nil
}

// Every process that shows something hears it when a COMMIT of one did not wait until the
// standby had it: there is one row for all of them.
const doubts = "doubt"

const tellDoubt = `BEGIN; SET LOCAL synchronous_commit = local; NOTIFY ` + doubts + `; COMMIT`

// alarm says that a COMMIT may stand here alone.
func (db *DB) alarm(ctx context.Context) {
	db.lives.doubt()
	ctx, cancel := context.WithTimeout(ctx, once)
	defer cancel()
	if _, err := db.pool.ExecContext(ctx, tellDoubt); err != nil { // it crashed, which everybody sees by himself
		slog.WarnContext(ctx, "the other processes were not told of a COMMIT that may stand alone", "error", err.Error())
	}
}

// Heed hears the alarms of other processes until ctx ends.
func (db *DB) Heed(ctx context.Context) {
	heard := pq.NewDialListener(db.dial, db.dsn, 100*time.Millisecond, 10*time.Second, nil)
	defer heard.Close()
	// Listen waits for a connection, for ever if there is none; Close ends that.
	defer context.AfterFunc(ctx, func() { heard.Close() })()
	for {
		err := heard.Listen(doubts)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return
		}
		slog.ErrorContext(ctx, "alarms of other processes are not heard", "error", err.Error()) // a server that still recovers refuses
		time.Sleep(vain)
	}
	db.lives.doubt()         // of what was said before
	for range heard.Notify { // closed by Close; nil after a reconnection: what was said meanwhile is not known
		db.lives.doubt()
	}
}
