package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"zharia/portal/audit"
	"zharia/portal/database"
	"zharia/portal/receipt"
)

// several is a flag that may be given again and again.
type several []string

func (s *several) String() string     { return strings.Join(*s, " ") }
func (s *several) Set(v string) error { *s = append(*s, v); return nil }

// ledgerCall is what `portal ledger` was asked.
type ledgerCall struct {
	dsn, key, json, state string
	witnesses, receipts   several
	pieces                bool
}

// auditLedger proves that the database holds what the acts left in it: 0 it does, 1 it
// does not, 2 it could not be looked at.
func auditLedger(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == "verify" {
		args = args[1:]
	}
	var c ledgerCall
	flags := flag.NewFlagSet("ledger verify", flag.ContinueOnError)
	flags.StringVar(&c.dsn, "dsn", "", "the database: live, a replica, or a dump restored elsewhere (default: DATABASE_URL)")
	flags.StringVar(&c.key, "key", "", "public key of the auditor, as /log/key gives it: NAME+12345678+…")
	flags.Var(&c.witnesses, "witness", "folder of checkpoints that somebody holds; may be given again")
	flags.Var(&c.receipts, "receipt", "receipt that somebody holds; may be given again")
	flags.StringVar(&c.state, "incremental", "", "file of the last sound audit: only what is new is audited, and the file goes on")
	flags.BoolVar(&c.pieces, "pieces", false, "the files in the bucket (PORTAL_S3), too: each is read")
	flags.StringVar(&c.json, "json", "", "file for the report; - is standard output")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	if flags.NArg() > 0 {
		return misused("ledger verify takes flags only, not " + flags.Arg(0))
	}
	if c.dsn == "" { // not as its default, which a flag prints, with the password
		c.dsn = setting("DATABASE_URL")
	}
	if c.dsn == "" {
		return misused("no database: DATABASE_URL is not set, and there is no -dsn")
	}
	report, err := c.run(ctx)
	if err != nil {
		return misused(err.Error())
	}
	if err := c.print(out, report); err != nil {
		return misused(err.Error())
	}
	if !report.Sound() {
		return audit.ErrNotSound
	}
	return nil
}

// run does the audit that was asked for.
func (c ledgerCall) run(ctx context.Context) (audit.Report, error) {
	o, err := c.options()
	if err != nil {
		return audit.Report{}, err
	}
	o.Witnesses = c.witnesses
	if c.pieces {
		if o.Pieces, err = bucketOfSettings(ctx); err != nil {
			return audit.Report{}, err
		}
	}
	db, err := openToAudit(ctx, c.dsn)
	if err != nil {
		return audit.Report{}, err
	}
	defer db.Close()
	bar := &bar{out: os.Stderr, shown: isTerminal(os.Stderr)}
	o.Progress = bar.show
	report, err := audit.Verify(ctx, db, o)
	bar.end()
	if err == nil && c.state != "" && report.Sound() && report.Size > 0 {
		err = report.State.Write(c.state)
	}
	return report, err
}

// options reads what the call names, but for the witnesses.
func (c ledgerCall) options() (o audit.Options, err error) {
	if c.key != "" {
		if o.Key, err = audit.ParseKey(c.key); err != nil {
			return o, err
		}
	}
	for _, file := range c.receipts {
		head, err := readReceipt(file)
		if err != nil {
			return o, err
		}
		o.Heads = append(o.Heads, head)
	}
	if c.state != "" {
		o.Since, err = audit.ReadState(c.state)
	}
	return o, err
}

// readReceipt reads what a receipt holds of the record. One that is not in the form of
// receipts says nothing of it.
func readReceipt(file string) (audit.Head, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return audit.Head{}, err
	}
	r, err := receipt.Parse(text)
	if err != nil {
		return audit.Head{}, fmt.Errorf("%s: %w", file, err)
	}
	return audit.Head{Holder: "receipt", Where: file, Note: r.Checkpoint, Leaf: r.Leaf, Index: r.Index}, nil
}

// openToAudit opens the database as whoever the address names, if nothing is hidden from
// him, and otherwise in the role that may look at everything.
func openToAudit(ctx context.Context, dsn string) (*database.DB, error) {
	db, err := database.Open(ctx, dsn)
	if err != nil {
		return nil, err
	}
	const seesAll = `SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user`
	var all bool
	if err := db.Get(ctx, &all, seesAll); err != nil || all {
		return db, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return database.OpenAs(ctx, dsn, database.Audit)
}

// print writes the report: findings as lines, and everything as JSON where it is wanted.
func (c ledgerCall) print(out io.Writer, r audit.Report) (err error) {
	if c.json != "" {
		to := out
		if c.json != "-" {
			file, failed := os.Create(c.json)
			if failed != nil {
				return failed
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			to = file
		}
		encoder := json.NewEncoder(to)
		encoder.SetIndent("", "\t")
		if err := encoder.Encode(r); err != nil || c.json == "-" {
			return err
		}
	}
	for _, f := range r.Findings {
		fmt.Fprintln(out, f)
	}
	if more := r.Found - int64(len(r.Findings)); more > 0 {
		fmt.Fprintf(out, "and %d more\n", more)
	}
	for _, n := range r.Notes {
		fmt.Fprintln(out, "note:", n)
	}
	said := "whole"
	if !r.Sound() {
		said = fmt.Sprintf("NOT whole, %d findings", r.Found)
	}
	_, err = fmt.Fprintf(out, "%d acts, %s; root %s; %d changes, %d rows and %d heads looked at from act %d on, in %s\n",
		r.Size, said, r.Root, r.Traces, r.Rows, r.Heads, r.From, r.Took.Round(time.Millisecond))
	return err
}

// bar shows how far it is, where somebody looks.
type bar struct {
	out   io.Writer
	shown bool
	last  time.Time
	part  string
}

const barWidth = 30

func (b *bar) show(part string, done, all int64) {
	if !b.shown || part == b.part && time.Since(b.last) < 100*time.Millisecond {
		return
	}
	b.part, b.last = part, time.Now()
	full := barWidth
	if all > 0 {
		full = int(barWidth * min(done, all) / all)
	}
	fmt.Fprintf(b.out, "\r\x1b[K%-16s [%s%s] %d of %d", part, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, all)
}

func (b *bar) end() {
	if b.shown {
		fmt.Fprint(b.out, "\r\x1b[K")
	}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
