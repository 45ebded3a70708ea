package audit

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"zharia/portal/database"

	"golang.org/x/mod/sumdb/note"
)

// wholeEvery is how often everything is audited, whatever an earlier audit said: a page
// of the disk that was edited past PostgreSQL shows only then.
const wholeEvery = 7 * 24 * time.Hour

// Watch is what the audit of each day has.
type Watch struct {
	Key       note.Verifier // of the auditor; nil: signatures are not checked
	Witnesses []string      // folders of checkpoints
	State     string        // the file where the last sound audit is kept; "": each audits everything
}

// Daily audits what is new since the last audit that found nothing, and once a week
// everything. Findings go to the log, each as a line without personal data, and are an
// ErrNotSound: the state stays, so the next audit sees them again.
func Daily(ctx context.Context, db *database.DB, w Watch, at time.Time) (Report, error) {
	o := Options{Key: w.Key, Witnesses: w.Witnesses}
	if w.State != "" {
		last, err := ReadState(w.State)
		if err != nil {
			// Whoever could spoil it could hide something behind it.
			slog.WarnContext(ctx, "the state of the last audit does not read: everything is audited", "why", err)
		} else if at.Sub(last.Whole) < wholeEvery {
			o.Since = last
		}
	}
	r, err := Verify(ctx, db, o)
	if err != nil {
		return r, err
	}
	for _, f := range r.Findings {
		slog.ErrorContext(ctx, "alarm: the database is not as the acts left it", "table", f.Table, "row", f.Row, "column", f.Column, "leaf", f.Leaf, "what", f.What, "why", f.Why)
	}
	slog.InfoContext(ctx, "the ledger was audited", "acts", r.Size, "from", r.From, "rows", r.Rows, "heads", r.Heads, "findings", r.Found, "took", r.Took.Round(time.Millisecond))
	if !r.Sound() {
		return r, fmt.Errorf("%w: %d findings", ErrNotSound, r.Found)
	}
	if w.State != "" && r.Size > 0 {
		err = r.State.Write(w.State)
	}
	return r, err
}
