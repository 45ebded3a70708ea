package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"zharia"
	"zharia/portal/audit"
	"zharia/portal/backup"
	"zharia/portal/database"
	"zharia/portal/ledger"
)

// restore puts a backup into an empty database and proves it against what others hold.
// Without a witness or a receipt an old copy looks as whole as a new one, so somebody
// must say that there is none.
func restore(ctx context.Context, args []string, out io.Writer) error {
	var c ledgerCall
	flags := flag.NewFlagSet("restore", flag.ContinueOnError)
	flags.StringVar(&c.dsn, "database", setting("PORTAL_MIGRATE_DATABASE"), "an empty database, as the login of `portal migrate`")
	flags.StringVar(&c.key, "key", "", "public key of the auditor, as /log/key gives it: NAME+12345678+…")
	flags.Var(&c.witnesses, "witness", "folder of checkpoints that somebody holds; may be given again")
	flags.Var(&c.receipts, "receipt", "receipt that somebody holds; may be given again")
	alone := flags.Bool("no-witness", false, "nobody holds anything: that the copy is the newest one is not proved")
	dir, err := takesOne(flags, args)
	if err != nil {
		return err
	}
	switch {
	case dir == "":
		return misused("call: portal restore DIR -database … [-witness DIR] [-receipt FILE] [-key KEY]")
	case c.dsn == "":
		return misused("no database: PORTAL_MIGRATE_DATABASE is not set, and there is no -database")
	case len(c.witnesses)+len(c.receipts) == 0 && !*alone:
		return misused("give a -witness or a -receipt to prove the copy against; -no-witness if there is none in the world")
	}
	options, err := c.options()
	if err != nil {
		return misused(err.Error())
	}
	m, err := backup.Restore(ctx, dir, c.dsn, zharia.Schema, func(ctx context.Context, db *database.DB) error {
		return prove(ctx, db, c, options, out)
	}, step)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d acts of %s are put back and proved; the database may be served\n", m.Acts, m.MadeAt.Format("2006-01-02 15:04 MST"))
	return nil
}

// prove audits everything; what it found is said line by line. The signatures of what
// the database itself holds are checked where the auditor's key is given.
func prove(ctx context.Context, db *database.DB, c ledgerCall, o audit.Options, out io.Writer) error {
	o.Progress = nil
	report, err := audit.Verify(ctx, db, o)
	if err != nil {
		return err
	}
	if err := c.print(out, report); err != nil {
		return err
	}
	if !report.Sound() {
		return audit.ErrNotSound
	}
	if o.Key == nil {
		return nil
	}
	return ledger.Proven(ctx, db, o.Key)
}

// takesOne is the one argument of a call, wherever it stands among the flags.
func takesOne(flags *flag.FlagSet, args []string) (string, error) {
	if flags.Parse(args) != nil {
		return "", errMisuse
	}
	if flags.NArg() == 0 {
		return "", nil
	}
	one := flags.Arg(0)
	if flags.Parse(flags.Args()[1:]) != nil {
		return "", errMisuse
	}
	if flags.NArg() > 0 {
		return "", misused("one folder, and then flags; not " + flags.Arg(0))
	}
	return one, nil
}
