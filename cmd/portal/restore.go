package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"time"

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
	flags.StringVar(&c.dsn, "database", "", "an empty database, as the login of portal migrate (default: PORTAL_MIGRATE_DATABASE)")
	flags.StringVar(&c.key, "key", "", "public key of the auditor, as /log/key gives it: NAME+12345678+…")
	flags.Var(&c.witnesses, "witness", "folder of checkpoints that somebody holds; may be given again")
	flags.Var(&c.receipts, "receipt", "receipt that somebody holds; may be given again")
	var i backup.Instant
	flags.StringVar(&i.Dir, "data", "", "of a base (portal backup -cluster): a new folder for the server; its files go into data/ there")
	flags.StringVar(&i.WAL, "wal", "", "of a base: the folder that `portal archive` fills")
	at := flags.String("at", "", "of a base: the moment, 2026-11-22T15:04:05+05:00; none: as far as the archive goes")
	timeline := flags.Uint("timeline", 0, "of a base: whose log is played, where a server was put back before and another went on; none: the newest that archived anything")
	giveUp := flags.Int64("give-up", 0, "how many acts others have seen: what of them is not here is lost, and that is written down for ever; as many as are here: others are not known to have seen more, and the register may have")
	pieces := flags.String("pieces", "", "folder of `portal backup -pieces`: what the bucket (PORTAL_S3) lacks is put back into it, and all of it is read")
	alone := flags.Bool("no-witness", false, "nobody holds anything: that the copy is the newest one is not proved")
	dir, err := takesOne(flags, args)
	if err != nil {
		return err
	}
	if c.dsn == "" { // not as its default, which a flag prints, with the password
		c.dsn = setting("PORTAL_MIGRATE_DATABASE")
	}
	switch {
	case dir == "":
		return misused("call: portal restore DIR -database … [-witness DIR] [-receipt FILE] [-key KEY]; of a base: portal restore DIR -data NEW -wal ARCHIVE [-at TIME] …")
	case (i.Dir == "") != (i.WAL == "") || i.Dir == "" && (*at != "" || *timeline != 0):
		return misused("-data, -wal, -at and -timeline are for a base: portal restore DIR -data NEW -wal ARCHIVE [-at TIME] [-timeline N]")
	case *timeline > math.MaxInt32:
		return misused("-timeline: a number as the names in the archive begin with it, in decimal")
	case c.dsn == "" && i.Dir == "":
		return misused("no database: PORTAL_MIGRATE_DATABASE is not set, and there is no -database")
	case len(c.witnesses)+len(c.receipts) == 0 && !*alone:
		return misused("give a -witness or a -receipt to prove the copy against; -no-witness if there is none in the world")
	}
	i.Timeline = uint32(*timeline)
	options, err := c.options()
	if err != nil {
		return misused(err.Error())
	}
	for _, dir := range c.witnesses { // now: once the copy is put back it would be late to hear that there is none
		heads, err := audit.ReadWitness(dir)
		if err != nil {
			return misused(err.Error())
		}
		options.Heads = append(options.Heads, heads...)
	}
	if *giveUp > 0 && options.Key == nil {
		return misused("-give-up needs the auditor's -key: only what it signed can be lost")
	}
	if *pieces != "" {
		if options.Pieces, err = bucketOfSettings(ctx); err != nil {
			return err
		}
	}
	proof := func(ctx context.Context, db *database.DB) error {
		if *pieces != "" {
			n, err := backup.PutPieces(ctx, db, *pieces, options.Pieces)
			fmt.Fprintf(out, "%d pieces of files, %d of them put back into the bucket\n", n.Named, n.Brought)
			if err != nil {
				return err
			}
		}
		if *giveUp > 0 {
			if err := giveUpHeads(ctx, db.DSN(), options, *giveUp); err != nil {
				return err
			}
			fmt.Fprintln(out, "what is lost is written down; each event tells the register so, and it forgets what it was told beyond")
		}
		return prove(ctx, db, c, options, out)
	}
	if i.Dir != "" {
		return restoreAt(ctx, i, dir, *at, proof, out)
	}
	m, err := backup.ReadManifest(dir)
	if err != nil {
		return err
	}
	// Now, and not when hours have gone: the record itself may say that they were given up before.
	beyond, seen := "", options.Seen()
	if seen > m.Acts && *giveUp == 0 {
		beyond = fmt.Sprintf("others have seen %d acts, the copy has %d: where the rest is lost, say -give-up %d", seen, m.Acts, seen)
		step(beyond)
	}
	m, err = backup.Restore(ctx, dir, c.dsn, zharia.Schema, proof, step)
	if errors.Is(err, audit.ErrNotSound) && beyond != "" {
		return fmt.Errorf("%w\n%s: the same call goes on from here", err, beyond)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d acts of %s are put back and proved; the database may be served\n", m.Acts, m.MadeAt.Format("2006-01-02 15:04 MST"))
	if *giveUp == 0 { // a copy is put back to be looked at, too, and then nothing begins
		fmt.Fprintf(out, "if it takes the place of one that went on after that, put it back with -give-up %d: the register may have been told of what is lost\n", m.Acts)
	}
	return nil
}

// restoreAt puts a whole server back to a moment.
func restoreAt(ctx context.Context, i backup.Instant, dir, at string, proof backup.Proof, out io.Writer) (err error) {
	if at != "" {
		if i.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
			return misused("-at: a moment is written 2026-11-22T15:04:05+05:00, with its zone")
		}
	}
	if i.Base, err = filepath.Abs(dir); err != nil {
		return err
	}
	r, err := backup.RestoreAt(ctx, i, zharia.Schema, proof, step)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d acts are put back and proved; each event tells the register that the record has another life, and it forgets what it was told beyond; let the server's data_directory be %s, start it, and make a new base at once\n", r.Acts, r.Data)
	return nil
}

// giveUpHeads writes down that what others have seen beyond is lost, as the owner.
func giveUpHeads(ctx context.Context, dsn string, o audit.Options, seen int64) error {
	owner, err := database.Open(ctx, dsn)
	if err != nil {
		return err
	}
	var notes [][]byte
	for _, h := range o.Heads {
		notes = append(notes, h.Note)
	}
	return errors.Join(backup.GiveUp(ctx, owner, o.Key, notes, seen, now()), owner.Close())
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
