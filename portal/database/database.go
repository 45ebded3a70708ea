// Package database is how the portal speaks to PostgreSQL: four verbs over
// sqlx, whose queries can only be constants of the program, and transactions
// that join. It also brings up a private server where none is given (local.go)
// and puts the schema in (migrate.go).
package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"zharia/portal/fault"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// query can be named only here, so a caller can pass nothing but an untyped
// string constant: text that came from outside the program does not compile.
// (The technique is that of google/safehtml.)
type query string

// What a pool may take. Twenty connections of one process leave room for four
// more processes in PostgreSQL's default hundred. A connection is given up
// after five minutes, so that after a failover nobody stays with the old
// leader; and a server that does not answer within ten seconds is down.
const (
	maxOpen        = 20
	maxIdle        = maxOpen // a connection that is made anew has all its queries to prepare anew
	maxLifetime    = 5 * time.Minute
	connectTimeout = 10 * time.Second

	longest = 30 * time.Second // of a query for somebody who waits for a page: past it he has gone, and it must not work on
)

// DB is the database, or one transaction of it: which of the two, its holder
// need not know. It is safe for concurrent use, except inside Within.
type DB struct {
	pool *sqlx.DB
	tx   *transaction // nil outside a transaction
	dsn  string
	role Role
	wait time.Duration // for a COMMIT of unknown outcome; 0: patience
	stop func()        // ends what looks who leads; nil: nobody does
	dial pq.Dialer     // by which servers are reached: that of who looks, where there are several

	lives *lives // of the server; nil: what is read here is shown to nobody as received
}

// transaction is one transaction and every Within that joined it.
type transaction struct {
	*sqlx.Tx
	failed error  // the first failure of a part that joined
	told   string // who asks, as the database was told
	wrote  bool   // something may have been changed
	locked bool   // rows were locked, which takes a number that is written to the log
}

// Open connects to the database at dsn, in lib/pq's form, either a postgres://
// address or key=value pairs. Every session keeps its times in UTC, whatever
// the dsn or the server say. The database is asked once, so a wrong address
// fails here and not on the first page.
func Open(ctx context.Context, dsn string) (*DB, error) { return OpenAs(ctx, dsn, Owner) }

// OpenAs is Open for a pool whose every connection works as a role from its first
// moment. One of App sees what the context of each query says (As), by the policies
// of schema.sql; it is opened after the schema, which makes the roles.
func OpenAs(ctx context.Context, dsn string, role Role) (*DB, error) {
	return OpenThrough(ctx, dsn, role, plainly)
}

// OpenThrough is OpenAs with something between the pool and PostgreSQL: tests cut there
// what else only a power cut does. Its connections must do all that lib/pq's do.
func OpenThrough(ctx context.Context, dsn string, role Role, through func(driver.Connector) driver.Connector) (*DB, error) {
	return open(ctx, dsn, role, "", through)
}

// open opens a pool; of is which of several servers it is to reach, where not the one that
// the address names.
func open(ctx context.Context, dsn string, role Role, of pq.TargetSessionAttrs, through func(driver.Connector) driver.Connector) (*DB, error) {
	config, err := addressed(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	if err := leading(&config); err != nil {
		return nil, err
	}
	if of != "" {
		config.TargetSessionAttrs = of
	}
	if config.Runtime == nil {
		config.Runtime = map[string]string{}
	}
	config.TZ = "" // PGTZ of the surroundings
	config.Runtime["timezone"] = "UTC"
	// A page asks for few rows at a time. The policies of schema.sql make such queries
	// look so dear that PostgreSQL would compile them, for a second, to run a millisecond.
	says := "SET jit = off;"
	if role != Owner {
		says += "SET ROLE " + pq.QuoteIdentifier(string(role)) + ";"
	}
	if role == App {
		// A plan that fits all arguments is made once in a connection (prepared.go). To make
		// one for each, through the policies, takes three to ten times as long as a page.
		says += "SET plan_cache_mode = force_generic_plan;"
		says += "SET statement_timeout = " + strconv.Itoa(int(longest.Milliseconds())) + ";"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	dial := pq.Dialer(dialer)
	var look *lookout
	if several(config) && of == "" {
		if look, err = newLookout(config); err != nil {
			return nil, err
		}
		dial = look
	}
	connector.Dialer(dial)
	var alive *lives
	if role == App && of == "" {
		alive = new(lives)
	}
	pool := sqlx.NewDb(sql.OpenDB(preparing{through(settled{connector, says, alive}), role == App}), "postgres")
	pool.SetMaxOpenConns(maxOpen)
	pool.SetMaxIdleConns(maxIdle)
	pool.SetConnMaxLifetime(maxLifetime)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", away(ctx, err))
	}
	db := &DB{pool: pool, dsn: dsn, role: role, lives: alive, dial: dial}
	if look != nil {
		var life context.Context
		life, db.stop = context.WithCancel(context.WithoutCancel(ctx))
		go look.keep(life, func() bool { return pool.Stats().InUse > 0 })
	}
	return db, nil
}

// Limit is how many connections the pool may hold at once, where it is not to be as many
// as anybody's: what serves a crowd has few, so that others find theirs free.
func (db *DB) Limit(n int) {
	db.pool.SetMaxOpenConns(n)
	db.pool.SetMaxIdleConns(n)
}

// Stats is how the pool is used.
func (db *DB) Stats() sql.DBStats { return db.pool.Stats() }

// Close gives all connections back.
func (db *DB) Close() error {
	if db.stop != nil {
		db.stop()
	}
	return db.pool.Close()
}

// DSN is the address Open was given, for what needs a connection of its own
// (LISTEN). It may hold a password: it is not for logs.
func (db *DB) DSN() string { return db.dsn }

// ask runs a query: in the transaction, or on the pool where there is none. Where
// the database must know who asks, it is told first, and a query alone becomes a
// transaction, for what is told lasts no longer than one.
func (db *DB) ask(ctx context.Context, q query, do func(via sqlx.ExtContext) error) error {
	if db.role == App && db.tx == nil {
		return db.Within(ctx, func(tx *DB) error { return tx.ask(ctx, q, do) })
	}
	if hear, ok := ctx.Value(listener{}).(func(string)); ok {
		hear(string(q))
	}
	if db.tx != nil && writes(q) {
		db.tx.wrote = true
	}
	switch {
	case db.role != App && db.tx == nil:
		return away(ctx, do(db.pool))
	case db.role != App:
		return away(ctx, do(db.tx))
	}
	if told := askerOf(ctx).told(); told != db.tx.told {
		if _, err := db.tx.ExecContext(ctx, told); err != nil {
			return fmt.Errorf("tell the database who asks: %w", away(ctx, err))
		}
		db.tx.told = told
	}
	err := do(db.tx)
	if err == nil {
		err = db.still(ctx)
	}
	return refused(ctx, full(away(ctx, err)))
}

// Overheard is a context whose queries are told to hear, as they are asked and
// without what they carry: so it can be shown that two answers cost the database
// the same.
func Overheard(ctx context.Context, hear func(query string)) context.Context {
	return context.WithValue(ctx, listener{}, hear)
}

type listener struct{}

// refused turns the fence's refusal to write into the answer for what is not there:
// a row under this id is another's, or a check of the program was forgotten. The log
// says so; PostgreSQL's words name the table and nobody.
func refused(ctx context.Context, err error) error {
	if why := pq.As(err); why != nil && why.Code == insufficientPrivilege {
		slog.WarnContext(ctx, "the fence of the database refused", "what", why.Message)
		return fault.New(fault.NotFound, "fault.not-found").Because(err)
	}
	return err
}

// insufficientPrivilege is the SQLSTATE of a policy that says no, and of a right that
// was not granted (PostgreSQL, appendix A).
const insufficientPrivilege = "42501"

// Get reads one row into a struct or a single value. No row is
// fault.NotFound; a second row is not looked at.
func (db *DB) Get(ctx context.Context, into any, q query, args ...any) error {
	err := db.read(ctx, q, func(via sqlx.QueryerContext) error { return sqlx.GetContext(ctx, via, into, string(q), args...) })
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return err
}

// Select reads all rows into a slice; none is an empty one.
func (db *DB) Select(ctx context.Context, into any, q query, args ...any) error {
	return db.read(ctx, q, func(via sqlx.QueryerContext) error { return sqlx.SelectContext(ctx, via, into, string(q), args...) })
}

// Exec changes rows, however many.
func (db *DB) Exec(ctx context.Context, q query, args ...any) error {
	_, err := db.Change(ctx, q, args...)
	return err
}

// Change is Exec for those who must know how many rows it was.
func (db *DB) Change(ctx context.Context, q query, args ...any) (int64, error) {
	var changed int64
	err := db.ask(ctx, q, func(via sqlx.ExtContext) error {
		if tx, inside := via.(*transaction); inside {
			tx.wrote = true
		}
		result, err := via.ExecContext(ctx, string(q), args...)
		if err == nil {
			changed, err = result.RowsAffected()
		}
		return err
	})
	return changed, err
}

// Lock locks the rows that a query chooses (FOR SHARE, FOR UPDATE) and changes none.
func (db *DB) Lock(ctx context.Context, q query, args ...any) error {
	return db.ask(ctx, q, func(via sqlx.ExtContext) error {
		if tx, inside := via.(*transaction); inside {
			tx.locked = true
		}
		_, err := via.ExecContext(ctx, string(q), args...)
		return err
	})
}

// Each reads rows one by one and hands each to do, holding one at a time: for
// tables that do not fit in memory. It stops at the first error of do and
// returns it. Inside a transaction do must not use that transaction.
func Each[Row any](ctx context.Context, db *DB, do func(Row) error, q query, args ...any) error {
	return db.ask(ctx, q, func(via sqlx.ExtContext) error {
		rows, err := via.QueryxContext(ctx, string(q), args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var row Row
			if err := rows.StructScan(&row); err != nil {
				return err
			}
			if err := do(row); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// Within runs do in a transaction (READ COMMITTED, PostgreSQL's default: what
// must not move is locked, with FOR UPDATE or an advisory lock) and commits if
// do returns nil. An error or a panic leaves nothing behind.
//
// Within a transaction it joins it. There are no savepoints: when a part that
// joined fails, the whole fails, even if somebody in between forgot the error.
//
// A connection that is lost during COMMIT is no failure: it is found out whether the
// transaction is there. Where that cannot be known for half a minute the error is an
// Unknown.
func (db *DB) Within(ctx context.Context, do func(tx *DB) error) error {
	if db.tx != nil {
		err := do(db)
		if err != nil && db.tx.failed == nil {
			db.tx.failed = err
		}
		return err
	}
	Rest(ctx) // who holds one connection never waits for another
	// The end of ctx ends the transaction, until it commits: then nothing may.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	hold := context.AfterFunc(ctx, end)
	defer hold()
	told := ""
	if db.role == App {
		told = askerOf(ctx).told()
	}
	begun, err := db.pool.BeginTxx(context.WithValue(life, telling{}, told), nil)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", away(ctx, err))
	}
	defer begun.Rollback() // does nothing after a commit; needed on a panic
	tx := &DB{pool: db.pool, dsn: db.dsn, role: db.role, wait: db.wait, lives: db.lives, tx: &transaction{Tx: begun, told: told}}
	if err := do(tx); err != nil {
		return err
	}
	if tx.tx.failed != nil {
		return fmt.Errorf("a part of the transaction failed and was passed over: %w", tx.tx.failed)
	}
	return db.commit(ctx, tx.tx, hold)
}

// Violates says that err is PostgreSQL's refusal in the name of that
// constraint (UNIQUE, CHECK, FOREIGN KEY or EXCLUDE), so a caller can turn the
// schema's word into a fault.
func Violates(err error, constraint string) bool {
	refusal := pq.As(err)
	return refusal != nil && refusal.Constraint == constraint && refusal.Code.Class() == integrityViolation
}

// integrityViolation is the class of SQLSTATE all constraints answer with
// (PostgreSQL, appendix A).
const integrityViolation = "23"
