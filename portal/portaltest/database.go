// Package portaltest arranges what tests need: a database of their own with the
// schema in it, the cast, a browser. Tests that use it live in external packages
// (package filing_test).
package portaltest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zharia/portal/database"
	"zharia/portal/fence"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// DB makes a database of t's own, with the schema and nothing else in it, and
// drops it when t ends. It is a clone of a template, some 60 ms. With KEEPDB=1 a
// test that fails keeps its database for a day and prints how to look at it.
//
// All tests of a checkout share one PostgreSQL, which DB starts and leaves
// running for the next package; it writes nothing to disk for sure. It lives in
// memory where there is room, or else in .portal/test; .portal/test/where says where.
func DB(t testing.TB) *database.DB {
	t.Helper()
	dsn := DSN(t)
	db, err := database.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// DSN is DB for what opens the database itself.
func DSN(t testing.TB) string {
	t.Helper()
	bench, err := workbench()
	if err != nil {
		t.Fatal(err)
	}
	name, err := bench.clone()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() && os.Getenv("KEEPDB") != "" {
			bench.keep(t, name)
			return
		}
		bench.drop(name)
	})
	return bench.server.DSN(name)
}

// SQL is the same database without the portal's manners: queries need not be
// constants, and it is the superuser who asks.
func SQL(t testing.TB, db *database.DB) *sqlx.DB {
	t.Helper()
	raw, err := sqlx.ConnectContext(t.Context(), "postgres", db.DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { raw.Close() })
	return raw
}

// Root is the folder of go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("portaltest: no go.mod above the test")
}

// kept is the folder of a checkout for what tests leave to the next ones.
func kept(root string) string { return filepath.Join(root, ".portal", "test") }

// bench is the test server with the template made.
type bench struct {
	dir      string // of the server
	server   *database.Server
	admin    *sqlx.DB
	template string
	schema   string
	clones   atomic.Int64
}

// A test lives a second and its heap is small: the collector takes a fifth less of its time so.
func init() { debug.SetGCPercent(400) }

// workbench is made once in each test process.
var workbench = sync.OnceValues(func() (*bench, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	schema, err := os.ReadFile(filepath.Join(root, "schema.sql"))
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	dir := place(root)
	server, err := database.StartLocal(ctx, database.Local{
		Dir: dir, Fast: true, Settings: []string{"max_connections=300", "max_wal_size=128MB", "min_wal_size=32MB"},
	})
	if err != nil {
		return nil, err
	}
	// Who ends the server when all is done (.ci/run) finds it there.
	if err := os.MkdirAll(kept(root), 0o711); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(kept(root), "where"), []byte(server.Data+"\n"), 0o644); err != nil {
		return nil, err
	}
	admin, err := sqlx.ConnectContext(ctx, "postgres", server.DSN("postgres"))
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, server: server, admin: admin, schema: string(schema)}
	b.template = fmt.Sprintf("tpl_%x", sha256.Sum256([]byte(b.schema+fence.Text())))[:20]
	return b, b.prepare(ctx)
})

// prepare clears up and makes the template, one process at a time.
func (b *bench) prepare(ctx context.Context) error {
	conn, err := b.admin.Connx(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(7310000)`); err != nil {
		return err
	}
	defer conn.ExecContext(ctx, `SELECT pg_advisory_unlock(7310000)`)
	if err := b.clearUp(ctx, conn); err != nil {
		return fmt.Errorf("portaltest: drop what earlier tests left: %w", err)
	}
	if err := b.makeTemplate(ctx, conn); err != nil {
		return fmt.Errorf("portaltest: make the template database: %w", err)
	}
	return nil
}

// selectLeftovers finds databases of tests that were killed (after an hour),
// those kept for somebody to look at (a day) and templates of other schemas
// (when nobody can still be cloning them). A name or, for a template, a comment
// says when each was made.
const selectLeftovers = `
SELECT datname, datistemplate
  FROM (SELECT oid, datname, datistemplate, extract(epoch FROM now())::bigint AS now
          FROM pg_database
         WHERE datname ~ '^(t_[0-9]|kept_t_[0-9]|tpl_)') AS d
 WHERE CASE
       WHEN datname LIKE 't\_%'    THEN split_part(datname, '_', 2)::bigint < now - 3600
       WHEN datname LIKE 'kept\_%' THEN split_part(datname, '_', 3)::bigint < now - 86400
       ELSE datname <> $1 AND coalesce(shobj_description(oid, 'pg_database'), '0')::bigint < now - 3600
       END`

func (b *bench) clearUp(ctx context.Context, conn *sqlx.Conn) error {
	var old []struct {
		Name     string `db:"datname"`
		Template bool   `db:"datistemplate"`
	}
	if err := conn.SelectContext(ctx, &old, selectLeftovers, b.template); err != nil {
		return err
	}
	for _, d := range old {
		name := pq.QuoteIdentifier(d.Name)
		if d.Template {
			if _, err := conn.ExecContext(ctx, `ALTER DATABASE `+name+` IS_TEMPLATE false`); err != nil {
				return err
			}
		}
		if _, err := conn.ExecContext(ctx, `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`); err != nil {
			return err
		}
	}
	return nil
}

// makeTemplate applies the schema once for all tests of all packages. One left
// half made is no template yet, and is made anew.
func (b *bench) makeTemplate(ctx context.Context, conn *sqlx.Conn) error {
	var ready bool
	if err := conn.GetContext(ctx, &ready, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)`, b.template); err != nil || ready {
		return err
	}
	for _, order := range []string{
		`DROP DATABASE IF EXISTS ` + b.template + ` WITH (FORCE)`,
		`CREATE DATABASE ` + b.template,
		fmt.Sprintf(`COMMENT ON DATABASE %s IS '%d'`, b.template, time.Now().Unix()),
	} {
		if _, err := conn.ExecContext(ctx, order); err != nil {
			return err
		}
	}
	db, err := database.Open(ctx, b.server.DSN(b.template))
	if err != nil {
		return err
	}
	err = fence.Raise(ctx, db, b.schema)
	db.Close()
	if err != nil {
		return err
	}
	// Nobody may connect to a template: cloning it would then be refused.
	_, err = conn.ExecContext(ctx, `ALTER DATABASE `+b.template+` IS_TEMPLATE true ALLOW_CONNECTIONS false`)
	return err
}

// clone makes a new database from the template. Copying files is half as slow
// as PostgreSQL's other way, which writes the copy to the log.
func (b *bench) clone() (string, error) {
	name := fmt.Sprintf("t_%d_%d_%d", time.Now().Unix(), os.Getpid(), b.clones.Add(1))
	if _, err := b.admin.Exec(`CREATE DATABASE ` + name + ` TEMPLATE ` + b.template + ` STRATEGY file_copy`); err != nil {
		return "", fmt.Errorf("portaltest: clone a database: %w", err)
	}
	return name, nil
}

func (b *bench) drop(name string) {
	// What does not go now, the next run clears up.
	b.admin.Exec(`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`)
}

func (b *bench) keep(t testing.TB, name string) {
	kept := "kept_" + name
	if _, err := b.admin.Exec(`ALTER DATABASE ` + name + ` RENAME TO ` + kept); err != nil {
		kept = name // somebody is still connected
	}
	t.Logf("its database stays for a while: psql -h %s -U portal %s", b.server.Socket, kept)
}
