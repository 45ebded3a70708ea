package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// lives is what a pool knows of the lives of its server. One that crashed, or that took over
// from another, may show what no standby has: whoever waited for its COMMIT was never told
// that it is there, and nobody else is, before a standby has it (Sure).
type lives struct {
	of    atomic.Int64 // counts the lives, and each wait for the standby that was ended
	sure  atomic.Int64 // the one of which all is on the standby too
	tried atomic.Int64 // when the standby was last waited for in vain, in nanoseconds

	mu   sync.Mutex
	last string // the mark of the last one
}

// doubt says that from now on something may stand here alone.
func (l *lives) doubt() {
	if l != nil {
		l.of.Add(1)
	}
}

const selectLife = `SELECT ` + life

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
// shown to him as received.
func (db *DB) Sure(ctx context.Context) error {
	l := db.lives
	if l == nil || l.sure.Load() == l.of.Load() {
		return nil
	}
	now := l.of.Load()
	if time.Since(time.Unix(0, l.tried.Load())) < vain {
		return &Away{errAlone}
	}
	if err := db.Everywhere(ctx); err != nil {
		l.tried.Store(time.Now().UnixNano())
		return &Away{err}
	}
	l.sure.Store(now)
	return nil
}
