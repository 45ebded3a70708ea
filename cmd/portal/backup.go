package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"zharia/portal/backup"
	"zharia/portal/vault"
)

// makeBackup copies the database into a folder that is not there yet. Keys are never in
// it: they are kept, and copied, apart.
func makeBackup(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("backup", flag.ContinueOnError)
	cluster := flags.Bool("cluster", false, "the files of the whole server, which its archived log is added to: the base of `portal restore -at`")
	pieces := flags.String("pieces", "", "folder for what lies in the bucket (PORTAL_S3); what is there already is not fetched again")
	dir, err := takesOne(flags, args)
	if err != nil {
		return err
	}
	if dir == "" {
		return misused("call: portal backup [-cluster] [-pieces FOLDER] DIR, a folder that is not there yet")
	}
	dsn := setting("PORTAL_BACKUP_DATABASE", "DATABASE_URL")
	if dsn == "" {
		return misused("neither PORTAL_BACKUP_DATABASE nor DATABASE_URL is set")
	}
	var shelf vault.Shelf
	if *pieces != "" {
		if shelf, err = bucketOfSettings(ctx); err != nil {
			return err
		}
	}
	db, err := backup.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	var beside *backup.PieceCopy
	var also []backup.Reading
	if shelf != nil {
		beside = &backup.PieceCopy{From: shelf, Dir: *pieces}
		also = append(also, beside.Name)
		step("copying the pieces of files")
		if err := beside.Ahead(ctx, db); err != nil { // a bucket that is down leaves the database to be copied
			step("the pieces of files, to be tried again after the database: " + err.Error())
		}
	}
	take, what := backup.Make, ""
	if *cluster {
		take, what = backup.MakeBase, " and what is archived since"
	}
	m, err := take(ctx, db, dir, now(), step, also...)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d acts%s, %d bytes; keys are not in it\n", dir, m.Acts, what, m.Files[0].Size)
	if beside == nil {
		return nil
	}
	n, err := beside.Rest(ctx)
	fmt.Fprintf(out, "%s: %d pieces of files, %d new ones\n", *pieces, n.Named, n.Brought)
	return err
}

// archive is what archive_command of PostgreSQL calls for each segment of its log.
func archive(_ context.Context, args []string, _ io.Writer) error {
	if len(args) != 2 {
		return misused("call: portal archive FOLDER FILE; in postgresql.conf: archive_command = 'portal archive /var/lib/zharia/wal %p'")
	}
	return backup.Archive(args[1], args[0])
}

// setting is the first of these variables that is set.
func setting(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}
