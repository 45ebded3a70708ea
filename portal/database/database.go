// Package database is how the portal speaks to PostgreSQL: four verbs over
// sqlx, whose queries can only be constants of the program, and transactions
// that join. It also brings up a private server where none is given (local.go)
// and puts the schema in (migrate.go).
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	maxIdle        = 10
	maxLifetime    = 5 * time.Minute
	connectTimeout = 10 * time.Second
)

// DB is the database, or one transaction of it: which of the two, its holder
// need not know. It is safe for concurrent use, except inside Within.
type DB struct {
	pool *sqlx.DB
	tx   *transaction // nil outside a transaction
	dsn  string
}

// transaction is one transaction and every Within that joined it.
type transaction struct {
	*sqlx.Tx
	failed error // the first failure of a part that joined
}

// Open connects to the database at dsn, in lib/pq's form, either a postgres://
// address or key=value pairs. Every session keeps its times in UTC, whatever
// the dsn or the server say. The database is asked once, so a wrong address
// fails here and not on the first page.
func Open(ctx context.Context, dsn string) (*DB, error) {
	config, err := pq.NewConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	if config.Runtime == nil {
		config.Runtime = map[string]string{}
	}
	config.TZ = "" // PGTZ of the surroundings
	config.Runtime["timezone"] = "UTC"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	pool := sqlx.NewDb(sql.OpenDB(connector), "postgres")
	pool.SetMaxOpenConns(maxOpen)
	pool.SetMaxIdleConns(maxIdle)
	pool.SetConnMaxLifetime(maxLifetime)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return &DB{pool: pool, dsn: dsn}, nil
}

// Close gives all connections back.
func (db *DB) Close() error { return db.pool.Close() }

// DSN is the address Open was given, for what needs a connection of its own
// (LISTEN). It may hold a password: it is not for logs.
func (db *DB) DSN() string { return db.dsn }

// via is the transaction, or the pool where there is none.
func (db *DB) via() sqlx.ExtContext {
	if db.tx != nil {
		return db.tx
	}
	return db.pool
}

// Get reads one row into a struct or a single value. No row is
// fault.NotFound; a second row is not looked at.
func (db *DB) Get(ctx context.Context, into any, q query, args ...any) error {
	err := sqlx.GetContext(ctx, db.via(), into, string(q), args...)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return err
}

// Select reads all rows into a slice; none is an empty one.
func (db *DB) Select(ctx context.Context, into any, q query, args ...any) error {
	return sqlx.SelectContext(ctx, db.via(), into, string(q), args...)
}

// Exec changes rows, however many.
func (db *DB) Exec(ctx context.Context, q query, args ...any) error {
	_, err := db.via().ExecContext(ctx, string(q), args...)
	return err
}

// Change is Exec for those who must know how many rows it was.
func (db *DB) Change(ctx context.Context, q query, args ...any) (int64, error) {
	result, err := db.via().ExecContext(ctx, string(q), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Each reads rows one by one and hands each to do, holding one at a time: for
// tables that do not fit in memory. It stops at the first error of do and
// returns it. Inside a transaction do must not use that transaction.
func Each[Row any](ctx context.Context, db *DB, do func(Row) error, q query, args ...any) error {
	rows, err := db.via().QueryxContext(ctx, string(q), args...)
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
}

// Within runs do in a transaction (READ COMMITTED, PostgreSQL's default: what
// must not move is locked, with FOR UPDATE or an advisory lock) and commits if
// do returns nil. An error or a panic leaves nothing behind.
//
// Within a transaction it joins it. There are no savepoints: when a part that
// joined fails, the whole fails, even if somebody in between forgot the error.
func (db *DB) Within(ctx context.Context, do func(tx *DB) error) error {
	if db.tx != nil {
		err := do(db)
		if err != nil && db.tx.failed == nil {
			db.tx.failed = err
		}
		return err
	}
	begun, err := db.pool.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	defer begun.Rollback() // does nothing after a commit; needed on a panic
	tx := &DB{pool: db.pool, dsn: db.dsn, tx: &transaction{Tx: begun}}
	if err := do(tx); err != nil {
		return err
	}
	if tx.tx.failed != nil {
		return fmt.Errorf("a part of the transaction failed and was passed over: %w", tx.tx.failed)
	}
	if err := begun.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
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
