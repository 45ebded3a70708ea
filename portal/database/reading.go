package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"zharia/portal/fault"
)

// reading is one transaction that all questions of one request share. A question alone is
// a transaction of four round trips, because the database must be told who asks; a page
// has twenty of them. It can change nothing, holds no row, and sees at each question what
// others have committed by then, as questions that stand alone do.
type reading struct {
	mu   sync.Mutex
	pool *sqlx.DB   // questions to another pool go their own way
	conn *sqlx.Conn // nil while none is held
	told string     // who asks, as the database was told
	over bool
	sure atomic.Bool // of nothing that one disk alone has: DB.still
}

type readingKey struct{}

// Reading is a context whose questions share one transaction of reads, begun with the
// first of them; end gives its connection back, may be called often and must be called
// before the answer is written: a slow reader of it would hold the connection. A change,
// and a transaction of its own, end the shared one first, so nobody ever holds two
// connections. It matters only to a pool of App; anybody else asks as before.
func (db *DB) Reading(ctx context.Context) (reads context.Context, end func()) {
	if db.role != App || db.tx != nil {
		return ctx, func() {}
	}
	r := &reading{pool: db.pool}
	return context.WithValue(ctx, readingKey{}, r), func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.over = true
		r.rest()
	}
}

// Rest gives the connection of the reading of ctx back until the next question: before
// something that takes long and is not the database's.
func Rest(ctx context.Context) {
	if r, ok := ctx.Value(readingKey{}).(*reading); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.rest()
	}
}

// read asks what changes nothing, in the reading of ctx if it has one.
func (db *DB) read(ctx context.Context, q query, do func(via sqlx.QueryerContext) error) error {
	alone := func(via sqlx.ExtContext) error { return do(via) }
	r, ok := ctx.Value(readingKey{}).(*reading)
	if !ok || db.tx != nil || db.role != App || r.pool != db.pool || writes(q) {
		return db.ask(ctx, q, alone)
	}
	switch shared, err := r.ask(ctx, q, do); {
	case !shared:
		return db.ask(ctx, q, alone)
	case err != nil && errors.Is(err, errWrites):
		return db.ask(ctx, q, alone) // nothing was done: a lock, or a function that writes
	case err == nil:
		return db.still(ctx)
	default:
		return refused(ctx, full(err))
	}
}

// Glance is Get for what a request must know before the database is told who asks: outside
// any transaction, in one round trip. Where one is there already it is a question like any.
func (db *DB) Glance(ctx context.Context, into any, q query, args ...any) error {
	r, _ := ctx.Value(readingKey{}).(*reading)
	if db.tx != nil || db.role != App || !askerOf(ctx).nobody() || writes(q) || r == nil || r.holds(db.pool) {
		return db.Get(ctx, into, q, args...)
	}
	if hear, ok := ctx.Value(listener{}).(func(string)); ok {
		hear(string(q))
	}
	err := sqlx.GetContext(ctx, db.pool, into, string(q), args...)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	if err == nil {
		err = db.still(ctx)
	}
	return refused(ctx, full(away(ctx, err)))
}

// errWrites says that a question changes something after all.
var errWrites = errors.New("database: not only a read")

// readOnly is the SQLSTATE of a change in a transaction of reads (PostgreSQL, appendix A).
const readOnly = "25006"

const beginReading = `BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY;`

func (r *reading) ask(ctx context.Context, q query, do func(via sqlx.QueryerContext) error) (shared bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return false, nil
	}
	asks := askerOf(ctx)
	told := ""
	if !asks.nobody() {
		told = asks.told()
	}
	switch {
	case r.conn == nil:
		conn, err := r.pool.Connx(ctx)
		if err != nil {
			return true, fmt.Errorf("begin to read: %w", away(ctx, err))
		}
		r.conn = conn
		err = r.tell(ctx, beginReading+told)
		if err != nil {
			return true, err
		}
	case told != r.told:
		if told == "" {
			told = asks.told() // of nobody: what was told before is taken back
		}
		if err := r.tell(ctx, told); err != nil {
			return true, err
		}
	}
	r.told = told
	if hear, ok := ctx.Value(listener{}).(func(string)); ok {
		hear(string(q))
	}
	err = away(ctx, do(r.conn))
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return true, err
	}
	r.rest() // PostgreSQL takes nothing more in a transaction that failed
	if why := pq.As(err); why != nil && why.Code == readOnly {
		return true, errWrites
	}
	return true, err
}

// holds says that a question of this pool would not stand alone.
func (r *reading) holds(pool *sqlx.DB) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conn != nil || r.pool != pool
}

func (r *reading) tell(ctx context.Context, statements string) error {
	_, err := r.conn.ExecContext(ctx, statements)
	if err != nil {
		r.rest()
		return fmt.Errorf("tell the database who asks: %w", away(ctx, err))
	}
	return nil
}

// rest ends the transaction, and the connection goes back. One that cannot end it is
// thrown away: what the next holder of it would be told comes on top of nothing.
func (r *reading) rest() {
	if r.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), once)
	defer cancel()
	if _, err := r.conn.ExecContext(ctx, `COMMIT`); err != nil {
		r.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	r.conn.Close()
	r.conn, r.told = nil, ""
}
