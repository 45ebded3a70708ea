package database

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrOtherSchema says that the database was made by another schema than this
// program's. Until the first release there are no upgrades. It is read by people who have
// accepted filings and keys: nobody is led to put anything away.
var ErrOtherSchema = errors.New("the database was made by another version of this program, with another schema, which until the first release none changes: nothing was done, and that version goes on serving it")

// ErrNoSchema says that the schema was never put in.
var ErrNoSchema = errors.New("the database has no tables yet: run `portal migrate`")

// ErrNotOurs says that the database holds tables, and none of them says what
// schema they are of.
var ErrNotOurs = errors.New("the database is not empty and was not made by this program: give it one of its own")

const (
	// Two processes that start at once must not both put the schema in. The
	// number is arbitrary; nothing else in the portal uses it.
	lockSchema = `SELECT pg_advisory_xact_lock(7310001)`

	knowsItsSchema = `SELECT to_regclass('public.schema_version') IS NOT NULL`

	holdsTables = `
SELECT EXISTS (SELECT FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace
                  AND c.relkind IN ('r', 'p', 'v', 'm', 'S'))`

	createSchemaVersion = `
CREATE TABLE schema_version (
    hash       bytea       NOT NULL CHECK (octet_length(hash) = 32), -- SHA-256 of schema.sql
    applied_at timestamptz NOT NULL DEFAULT now()
)`

	insertSchemaVersion = `INSERT INTO schema_version (hash) VALUES ($1)`
	selectSchemaVersion = `SELECT hash FROM schema_version ORDER BY applied_at DESC LIMIT 1`
)

// Migrate brings the database to the schema, the text of schema.sql. An empty
// one gets it whole, in one transaction; one that has it is left as it is; one
// that has another is refused with ErrOtherSchema, a stranger's with
// ErrNotOurs.
func Migrate(ctx context.Context, db *DB, schema string) error {
	hash := sha256.Sum256([]byte(schema))
	return db.Within(ctx, func(tx *DB) error {
		if err := tx.Exec(ctx, lockSchema); err != nil {
			return fmt.Errorf("wait for the schema: %w", err)
		}
		var known bool
		if err := tx.Get(ctx, &known, knowsItsSchema); err != nil {
			return fmt.Errorf("read the version of the schema: %w", err)
		}
		if known {
			return sameSchema(ctx, tx, hash)
		}
		return firstSchema(ctx, tx, schema, hash)
	})
}

// Present refuses a database that has not the schema, the text of schema.sql: with
// ErrNoSchema or ErrOtherSchema. It changes nothing and needs no more than to read.
func Present(ctx context.Context, db *DB, schema string) error {
	var known bool
	if err := db.Get(ctx, &known, knowsItsSchema); err != nil {
		return fmt.Errorf("read the version of the schema: %w", err)
	}
	if !known {
		return ErrNoSchema
	}
	return sameSchema(ctx, db, sha256.Sum256([]byte(schema)))
}

func sameSchema(ctx context.Context, tx *DB, want [sha256.Size]byte) error {
	var got []byte
	if err := tx.Get(ctx, &got, selectSchemaVersion); err != nil {
		return fmt.Errorf("read the version of the schema: %w", err)
	}
	if string(got) != string(want[:]) {
		return ErrOtherSchema
	}
	return nil
}

func firstSchema(ctx context.Context, tx *DB, schema string, hash [sha256.Size]byte) error {
	var taken bool
	if err := tx.Get(ctx, &taken, holdsTables); err != nil {
		return fmt.Errorf("look whether the database is empty: %w", err)
	}
	if taken {
		return ErrNotOurs
	}
	// Before the schema, which says who may read it and to whom it belongs.
	if err := tx.Exec(ctx, createSchemaVersion); err != nil {
		return fmt.Errorf("note the version of the schema: %w", err)
	}
	// The one query that is not a constant: a file of the program itself.
	if err := tx.Exec(ctx, query(schema)); err != nil {
		return fmt.Errorf("apply the schema: %w", err)
	}
	return tx.Exec(ctx, insertSchemaVersion, hash[:])
}
