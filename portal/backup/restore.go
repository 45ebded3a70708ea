package backup

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/database"
	"zharia/portal/fence"
)

// ErrNotEmpty says that there is something in the database that a copy is to go into.
var ErrNotEmpty = errors.New("the database is not empty: a backup is put into one that has nothing, make one with createdb")

// ErrOtherProgram says that a portal of another schema made the copy.
var ErrOtherProgram = errors.New("the backup was made by a portal with another schema")

// Proof holds a database that was put back against what others keep: nil, and it may
// be served. db reads all of it, as database.Audit.
type Proof func(ctx context.Context, db *database.DB) error

const (
	selectAnything = `
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
    OR EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public')
    OR EXISTS (SELECT FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public'))`

	selectUnproved = `SELECT NOT EXISTS (SELECT FROM home)`

	deleteHome = `DELETE FROM home`

	analyze = `ANALYZE`
)

// Restore puts the backup in dir into the empty database that dsn names, as its owner
// (the login of portal migrate), and proves it. Until the proof has succeeded no portal
// serves that database, and if it fails none will: it stays to be looked at, and the
// same call proves it again without putting it back. schema is the text of schema.sql.
// say is told what is being done.
func Restore(ctx context.Context, dir, dsn, schema string, prove Proof, say func(string)) (Manifest, error) {
	say("reading the sums of " + dir)
	m, err := Read(ctx, dir)
	if err != nil {
		return m, err
	}
	if m.Cluster {
		return m, ErrCluster
	}
	if m.Schema != fmt.Sprintf("%x", sha256.Sum256([]byte(schema))) {
		return m, fmt.Errorf("%w: %s; restore it with that program", ErrOtherProgram, m.Program)
	}
	owner, err := database.Open(ctx, dsn)
	if err != nil {
		return m, err
	}
	defer owner.Close()
	there, err := putBackUnproved(ctx, owner, schema)
	if err != nil {
		return m, err
	}
	if !there {
		if err := putBack(ctx, owner, dir, say); err != nil {
			return m, err
		}
	}
	err = settle(ctx, owner, schema, m)
	if there && errors.Is(err, ErrDamaged) {
		return m, fmt.Errorf("%w; a copy that is not proved lies in it, and not this one: %w", ErrNotEmpty, err)
	}
	if err != nil {
		return m, err
	}
	say("proving the record of acts")
	if err := proven(ctx, dsn, prove); err != nil {
		return m, fmt.Errorf("the database was put back and is NOT proved, so no portal serves it: %w", err)
	}
	return m, fence.Settle(ctx, owner)
}

// putBackUnproved says whether a copy that was put back and not proved is in the database.
// Anything else in it is ErrNotEmpty.
func putBackUnproved(ctx context.Context, owner *database.DB, schema string) (there bool, err error) {
	if err := owner.Get(ctx, &there, selectAnything); err != nil {
		return false, fmt.Errorf("look whether the database is empty: %w", err)
	}
	if !there {
		return false, nil
	}
	if err := database.Present(ctx, owner, schema); err != nil {
		return false, fmt.Errorf("%w (%w)", ErrNotEmpty, err)
	}
	if err := owner.Get(ctx, &there, selectUnproved); err != nil {
		return false, fmt.Errorf("look whether the database was proved: %w", err)
	}
	if !there {
		return false, ErrNotEmpty
	}
	return true, nil
}

// putBack has pg_restore do it.
func putBack(ctx context.Context, owner *database.DB, dir string, say func(string)) error {
	if err := fence.MakeRoles(ctx, owner); err != nil {
		return err
	}
	target, err := named(owner.DSN())
	if err != nil {
		return err
	}
	// In one transaction: it is all there, or nothing is. What belongs to whom is said
	// after it, by the same words as in a new database.
	return run(ctx, "pg_restore", owner.DSN(), []string{"--dbname=" + target, "--single-transaction", "--exit-on-error", "--no-owner", "--no-password", "--verbose",
		filepath.Join(dir, dumpFile)}, func(line string) {
		if _, table, ok := strings.Cut(line, "processing data for table "); ok {
			say("putting back " + strings.Trim(strings.TrimPrefix(table, `"public.`), `"`))
		}
	})
}

// settle puts rights and fences as they are in a new database, and counts.
func settle(ctx context.Context, owner *database.DB, schema string, m Manifest) error {
	if err := owner.Exec(ctx, deleteHome); err != nil { // a copy cannot say that it is proved
		return fmt.Errorf("forget where the copy came from: %w", err)
	}
	if err := fence.Raise(ctx, owner, schema); err != nil {
		return err
	}
	if err := owner.Exec(ctx, analyze); err != nil {
		return fmt.Errorf("count for the planner: %w", err)
	}
	reader, err := database.OpenAs(ctx, owner.DSN(), database.Backup)
	if err != nil {
		return err
	}
	defer reader.Close()
	rows, err := countRows(ctx, reader)
	if err != nil {
		return err
	}
	given(rows, m)
	for _, name := range slices.Sorted(maps.Keys(m.Rows)) {
		if rows[name] != m.Rows[name] {
			return fmt.Errorf("%w: %s has %d rows, and had %d", ErrDamaged, name, rows[name], m.Rows[name])
		}
	}
	return nil
}

// given leaves out of a count what a call before this one gave up with the copy (GiveUp) when
// its proof was broken off: an act, its trace and its places in the tree. The proof sees what
// they say.
func given(rows map[string]int64, m Manifest) {
	n := rows["restoration"] - m.Rows["restoration"]
	if n <= 0 || rows["record"] != m.Rows["record"]+n {
		return
	}
	for name, more := range map[string]int64{
		"restoration": n, "record": n, "trace": n, "tree": tlog.StoredHashCount(m.Acts+n) - tlog.StoredHashCount(m.Acts),
	} {
		rows[name] -= more
	}
}

func proven(ctx context.Context, dsn string, prove Proof) error {
	db, err := database.OpenAs(ctx, dsn, database.Audit)
	if err != nil {
		return err
	}
	return errors.Join(prove(ctx, db), db.Close())
}
