package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"zharia/portal/backup"
)

// makeBackup copies the database into a folder that is not there yet. Keys are never in
// it: they are kept, and copied, apart.
func makeBackup(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("backup", flag.ContinueOnError)
	if flags.Parse(args) != nil {
		return errMisuse
	}
	if flags.NArg() != 1 {
		return misused("call: portal backup DIR, a folder that is not there yet")
	}
	dsn := setting("PORTAL_BACKUP_DATABASE", "DATABASE_URL")
	if dsn == "" {
		return misused("neither PORTAL_BACKUP_DATABASE nor DATABASE_URL is set")
	}
	db, err := backup.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	m, err := backup.Make(ctx, db, flags.Arg(0), now(), step)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d acts, %d bytes; keys are not in it\n", flags.Arg(0), m.Acts, m.Files[0].Size)
	return nil
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
