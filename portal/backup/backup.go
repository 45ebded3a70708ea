// Package backup copies the whole database into a folder and puts such a copy back.
// The copy is what PostgreSQL keeps: texts stay sealed, and no key is in it, neither
// the vault's, nor the keeper's, nor the auditor's. Files that people attach are in
// the database today, so they are in the copy too.
//
// A copy proves nothing by itself: whoever can write it can write its sums. So a
// database that was put back is served only after the record of acts in it was held
// against what others keep, checkpoints and receipts (Restore, fence.Guard).
package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/ledger"
)

// ErrExists says that something is where the copy is to be: nothing is overwritten.
var ErrExists = errors.New("the folder of the backup is there already: name one that is not")

// ErrNotAll says that the role of backups would not see every row, and a copy would
// lack them silently.
var ErrNotAll = errors.New("portal_backup does not see all rows")

// passing are the tables whose rows are not copied: who is signed in, and where this
// database stands. A session that ended must not come back with a restored copy.
var passing = []string{"session", "challenge", "phone_request", "home"}

const (
	exportSnapshot = `SELECT pg_export_snapshot()`

	selectState = `
SELECT current_database() AS name, current_setting('server_version') AS server, (SELECT hash FROM schema_version ORDER BY applied_at DESC LIMIT 1) AS schema`

	// Row security hides rows without a word, so each fenced table must have a policy
	// that shows all of it.
	selectHidden = `
SELECT coalesce(string_agg(c.relname, ', ' ORDER BY c.relname), '') FROM pg_class c
 WHERE c.relnamespace = CAST('public' AS regnamespace) AND c.relrowsecurity
   AND NOT EXISTS (SELECT FROM pg_policy p
                    WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('r', '*') AND pg_get_expr(p.polqual, p.polrelid) = 'true'
                      AND (SELECT oid FROM pg_roles WHERE rolname = 'portal_backup') = ANY (p.polroles))`

	// How many rows each table has; query_to_xml runs a query for each of them.
	selectRows = `
SELECT c.relname AS name, CAST(CAST((xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM public.%I', c.relname), false, true, '')))[1] AS text) AS bigint) AS rows
  FROM pg_class c
 WHERE c.relnamespace = CAST('public' AS regnamespace) AND c.relkind IN ('r', 'p')
 ORDER BY c.relname`
)

// Reading reads something in the moment of a copy.
type Reading func(ctx context.Context, tx *database.DB) error

// Make copies the database that db opens as database.Backup into dir, which must not
// be there yet: it appears whole or not at all. The copy is of one moment, and holds
// nobody up. say is told what is being done, for somebody who waits; also reads what else is
// to be known of that moment.
func Make(ctx context.Context, db *database.DB, dir string, at time.Time, say func(string), also ...Reading) (Manifest, error) {
	return whole(ctx, dir, say, func(part string) (m Manifest, err error) {
		var hidden string
		if err := db.Get(ctx, &hidden, selectHidden); err != nil {
			return m, fmt.Errorf("read what the copy will hold: %w", err)
		}
		if hidden != "" {
			return m, fmt.Errorf("%w: of %s", ErrNotAll, hidden)
		}
		err = db.Snapshot(ctx, func(tx *database.DB) error {
			if m, err = describe(ctx, tx, at); err != nil {
				return err
			}
			if m.Rows, err = countRows(ctx, tx); err != nil {
				return err
			}
			for _, read := range also {
				if err := read(ctx, tx); err != nil {
					return err
				}
			}
			var snapshot string
			if err := tx.Get(ctx, &snapshot, exportSnapshot); err != nil {
				return fmt.Errorf("hold the moment of the copy: %w", err)
			}
			return dump(ctx, db.DSN(), snapshot, filepath.Join(part, dumpFile), say)
		})
		return m, err
	})
}

// whole makes a folder that appears whole or not at all: copy fills it.
func whole(ctx context.Context, dir string, say func(string), copy func(part string) (Manifest, error)) (m Manifest, err error) {
	if unfinished.MatchString(dir) { // the next copy would clear it as broken off
		return Manifest{}, fmt.Errorf("%s: %w", dir, ErrUnfinished)
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, errors.Join(fmt.Errorf("%s: %w", dir, ErrExists), err)
	}
	// First: the disk may be full of them.
	clearCopies(filepath.Dir(dir))
	part, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+partMark+"*") // mode 0700
	if err != nil {
		return Manifest{}, fmt.Errorf("make the folder of the backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	if m, err = copy(part); err != nil {
		return Manifest{}, err
	}
	say("summing up")
	if err := m.seal(ctx, part); err != nil {
		return Manifest{}, err
	}
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) { // a rename would take an empty one's place
		return Manifest{}, errors.Join(fmt.Errorf("%s: %w", dir, ErrExists), err)
	}
	if err := os.Rename(part, dir); err != nil {
		return Manifest{}, fmt.Errorf("name the backup: %w", err)
	}
	return m, syncDir(filepath.Dir(dir))
}

// describe says of the copy what can be said before it is made.
func describe(ctx context.Context, tx *database.DB, at time.Time) (Manifest, error) {
	var state struct {
		Name   string `db:"name"`
		Server string `db:"server"`
		Schema []byte `db:"schema"`
	}
	if err := tx.Get(ctx, &state, selectState); err != nil {
		return Manifest{}, fmt.Errorf("read the state of the database: %w", err)
	}
	m := Manifest{
		Format: format, MadeAt: at.UTC(), Program: version(), Server: state.Server, Database: state.Name,
		Schema: fmt.Sprintf("%x", state.Schema), Rows: map[string]int64{},
	}
	var err error
	if m.Host, err = os.Hostname(); err != nil {
		return Manifest{}, err
	}
	if m.Tool, err = toolVersion(ctx); err != nil {
		return Manifest{}, err
	}
	if m.Acts, err = ledger.Size(ctx, tx); err != nil {
		return Manifest{}, fmt.Errorf("read the size of the record: %w", err)
	}
	newest, err := ledger.Newest(ctx, tx)
	if err != nil && !errors.Is(err, fault.Unavailable) { // a database of which nothing was signed yet
		return Manifest{}, fmt.Errorf("read the newest checkpoint: %w", err)
	}
	m.Checkpoint = string(newest.Note)
	return m, nil
}

// countRows is how many rows each table has that is copied.
func countRows(ctx context.Context, db *database.DB) (map[string]int64, error) {
	var rows []struct {
		Name string `db:"name"`
		Rows int64  `db:"rows"`
	}
	if err := db.Select(ctx, &rows, selectRows); err != nil {
		return nil, fmt.Errorf("count the rows: %w", err)
	}
	out := map[string]int64{}
	for _, r := range rows {
		out[r.Name] = r.Rows
	}
	for _, name := range passing {
		delete(out, name)
	}
	return out, nil
}

// dump runs pg_dump on the moment that was held.
func dump(ctx context.Context, dsn, snapshot, path string, say func(string)) error {
	args := []string{"--format=custom", "--file=" + path, "--role=portal_backup", "--enable-row-security", "--no-password",
		"--snapshot=" + snapshot, "--lock-wait-timeout=60s", "--verbose"}
	for _, table := range passing {
		args = append(args, "--exclude-table-data=public."+table)
	}
	return run(ctx, "pg_dump", dsn, args, func(line string) {
		if _, table, ok := strings.Cut(line, "dumping contents of table "); ok {
			say("copying " + strings.Trim(strings.TrimPrefix(table, `"public.`), `"`))
		}
	})
}

// refusedRole says what to do about a login that may not work as a role.
func refusedRole(err error, role, grant string) error {
	if why := pq.As(err); why != nil && (why.Code == "42501" || why.Code == "22023") {
		return fmt.Errorf("the login may not work as %s: %s: %w", role, grant, err)
	}
	return err
}

// Open opens the database for Make. Its login is one of its own: CREATE ROLE … LOGIN
// IN ROLE portal_backup.
func Open(ctx context.Context, dsn string) (*database.DB, error) {
	db, err := database.OpenAs(ctx, dsn, database.Backup)
	return db, refusedRole(err, "portal_backup", "CREATE ROLE zharia_backup LOGIN PASSWORD '…' IN ROLE portal_backup")
}
