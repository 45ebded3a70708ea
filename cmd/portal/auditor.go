package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/caarlos0/env/v11"
	"golang.org/x/mod/sumdb/note"

	"zharia/portal/audit"
	"zharia/portal/database"
	"zharia/portal/ledger"
)

// auditorConfig is what the auditor is told. It has a user of the system, a login of
// the database (IN ROLE portal_audit) and a key of its own: who has the portal cannot
// sign what he has rewritten.
type auditorConfig struct {
	Database  string   `env:"DATABASE_URL,required,notEmpty"`
	Origin    string   `env:"PORTAL_ORIGIN,required,notEmpty"`
	Key       string   `env:"PORTAL_AUDITOR_KEY,required,notEmpty"`
	Witnesses []string `env:"PORTAL_WITNESSES"`
	Mail      string   `env:"PORTAL_MAIL_SERVER"`
	From      string   `env:"PORTAL_MAIL_FROM"`
}

// auditor signs checkpoints until a signal comes.
func auditor(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		return misused("auditor takes no arguments: its settings come from the environment")
	}
	var c auditorConfig
	if err := env.Parse(&c); err != nil {
		return err
	}
	var db *database.DB
	var a *ledger.Auditor
	if err := database.Patiently(ctx, startTime, waits, func() (err error) {
		if db, err = database.OpenAs(ctx, c.Database, database.Audit); err != nil {
			return err
		}
		if a, err = newAuditor(ctx, db, c); err != nil {
			db.Close()
		}
		return err
	}); err != nil {
		return err
	}
	defer db.Close()
	fmt.Fprintln(out, "PORTAL_LOG_KEY="+a.Key.Public)
	a.Run(ctx)
	return nil
}

// newAuditor is an auditor whose record begins with what it and the witnesses saw.
func newAuditor(ctx context.Context, db *database.DB, c auditorConfig) (*ledger.Auditor, error) {
	name, err := ledger.Origin(c.Origin)
	if err != nil {
		return nil, err
	}
	key, err := ledger.OpenKey(c.Key, name)
	if err != nil {
		return nil, err
	}
	a := &ledger.Auditor{DB: db, Key: key, Memory: c.Key + ".last"}
	for _, text := range c.Witnesses {
		w, err := ledger.ParseWitness(text, c.Mail, c.From)
		if err != nil {
			return nil, err
		}
		a.Witnesses = append(a.Witnesses, w)
	}
	return a, ledger.Proven(ctx, db, key.Verifier, a.Witnesses...)
}

// proven refuses a record that contradicts what was signed of it before.
func proven(ctx context.Context, db *database.DB, c config) (note.Verifier, error) {
	key, err := audit.ParseKey(c.LogKey)
	if err != nil {
		return nil, fmt.Errorf("PORTAL_LOG_KEY: %w", err)
	}
	var folders []ledger.Witness
	for _, dir := range c.Witnesses {
		if !filepath.IsAbs(dir) {
			return nil, fmt.Errorf("PORTAL_WITNESSES: %q is no full path of a folder", dir)
		}
		folders = append(folders, ledger.Witness{Folder: dir})
	}
	if err := ledger.Proven(ctx, db, key, folders...); err != nil {
		return nil, err
	}
	return key, filled(ctx, db, key, folders)
}

// signedLong says whether the auditor has been at work for longer than a new witness needs
// to be filled.
const signedLong = `SELECT coalesce((SELECT at < now() - interval '1 hour' FROM checkpoint ORDER BY size LIMIT 1), false)`

// filled refuses a witness that holds nothing of a record that was signed long ago: a folder
// that is not mounted contradicts nobody, whatever was taken away here.
func filled(ctx context.Context, db *database.DB, key note.Verifier, folders []ledger.Witness) error {
	var long bool
	if err := db.Get(ctx, &long, signedLong); err != nil || !long {
		return err
	}
	for _, w := range folders {
		_, any, err := w.Newest(key)
		if err != nil {
			return err
		}
		if !any {
			return fmt.Errorf("PORTAL_WITNESSES: %s holds nothing: is it mounted? A new one is filled by the auditor before a portal starts", w)
		}
	}
	return nil
}
