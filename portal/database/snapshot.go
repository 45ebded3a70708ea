package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/lib/pq"
)

// Snapshot runs do in a transaction that sees the whole database as it stood at its
// beginning, however long it takes and whatever others commit meanwhile, and that can
// change nothing. It holds nobody up: for what reads everything beside people at work.
func (db *DB) Snapshot(ctx context.Context, do func(tx *DB) error) (err error) {
	if db.tx != nil {
		return errors.New("database: a snapshot is not part of a transaction")
	}
	begun, err := db.pool.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin a snapshot: %w", err)
	}
	defer func() {
		if back := begun.Rollback(); err == nil {
			err = back
		}
	}()
	return do(&DB{pool: db.pool, dsn: db.dsn, role: db.role, tx: &transaction{Tx: begun}})
}

// Writing is a query that is written of constants of the program and of names that
// were read in the catalogue, for whoever reads tables that the program does not know.
// Nothing else gets into its text. The zero Writing is empty.
type Writing struct{ text strings.Builder }

// Text adds words of the program.
func (w *Writing) Text(q query) *Writing {
	w.text.WriteString(string(q))
	return w
}

// Name adds a name, quoted: of a table, a column, a type.
func (w *Writing) Name(name string) *Writing {
	w.text.WriteString(pq.QuoteIdentifier(name))
	return w
}

// Query is the query as it was written.
func (w *Writing) Query() query { return query(w.text.String()) }
