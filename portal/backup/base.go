package backup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"zharia/portal/database"
)

// A dump is the database of the moment it was made. A base, a copy of the files of the
// whole server, and the log that the server writes after it, which is archived segment by
// segment (archive.go), are the database of each moment since: RestoreAt.

// The files of a base, as pg_basebackup names them.
const (
	baseFile = "base.tar.gz"
	walFile  = "pg_wal.tar.gz"
	listFile = "backup_manifest"
)

// ErrCluster says that a base is put back in another way than a dump.
var ErrCluster = errors.New("this is a copy of a whole server: portal restore DIR -data NEW -wal ARCHIVE [-at TIME]")

// ErrSpaces says that a part of the server lies in tablespaces, which a base leaves out.
var ErrSpaces = errors.New("the server has tablespaces of its own, and a base would lack them")

const (
	selectSpaces = `SELECT count(*) FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')`

	selectOwner = `SELECT CAST(rolname AS text) FROM pg_roles WHERE oid = 10` // whoever initdb made
)

// MakeBase copies the files of the whole server that db stands on into dir, which must
// not be there yet: it appears whole or not at all. The login of db is one of its own:
// CREATE ROLE … LOGIN REPLICATION IN ROLE portal_backup. What it holds is what PostgreSQL
// keeps on its disk: texts are sealed and no key is in it; sessions and the passwords of
// logins, as hashes, are. also reads what else is to be known when it ends: the base is of
// any moment after that.
func MakeBase(ctx context.Context, db *database.DB, dir string, at time.Time, say func(string), also ...Reading) (Manifest, error) {
	return whole(ctx, dir, say, func(part string) (Manifest, error) {
		var spaces int
		if err := db.Get(ctx, &spaces, selectSpaces); err != nil {
			return Manifest{}, fmt.Errorf("read how the server keeps its files: %w", err)
		}
		if spaces > 0 {
			return Manifest{}, ErrSpaces
		}
		m, err := describe(ctx, db, at)
		if err != nil {
			return m, err
		}
		m.Cluster = true
		if err := db.Get(ctx, &m.Owner, selectOwner); err != nil {
			return m, fmt.Errorf("read whose the server is: %w", err)
		}
		say("copying the files of the server")
		err = run(ctx, "pg_basebackup", db.DSN(), []string{"--pgdata=" + filepath.Clean(part), "--format=tar", "--gzip", "--compress=1",
			"--wal-method=stream", "--checkpoint=fast", "--no-password"}, func(string) {})
		if err != nil {
			return m, err
		}
		return m, db.Snapshot(ctx, func(tx *database.DB) (err error) {
			for _, read := range also {
				err = errors.Join(err, read(ctx, tx))
			}
			return err
		})
	})
}
