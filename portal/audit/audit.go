// Package audit proves that the database holds what the acts left in it, and nothing
// else. It needs no key that opens a text, it trusts no program of the portal's host,
// and it runs beside a live portal, on a replica or on a dump that was restored
// elsewhere: all in one snapshot, in little memory.
//
// It goes along one thread. Somebody outside holds the head of the record: a receipt, a
// witness, a signed checkpoint. The head is computed anew from every leaf of the record;
// a leaf names the traces of the rows that its act changed, by their SHA-256; the newest
// trace of a row has a hash of each of its columns; and the row must have these columns
// now. Whoever edits a row must edit its trace, then the leaf, then the tree, then the
// checkpoint, for which he needs a key, and then what others hold.
//
// What it cannot know, it says in the report: a text stays sealed, so its trace covers
// the sealed bytes and not the words.
package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zharia/portal/database"
	"zharia/portal/ledger"
	"zharia/portal/vault"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// What is wrong with a thing.
type What string

const (
	Changed    What = "changed"    // it is not what the last act left
	Missing    What = "missing"    // an act left it, and it is not there
	Foreign    What = "foreign"    // it is there, and no act made it
	Unbound    What = "unbound"    // it was changed, and no act accounts for that
	Forked     What = "forked"     // somebody holds a head of another record
	Cut        What = "cut"        // somebody has seen more of the record than is left
	Broken     What = "broken"     // an act did what no such act may do
	Unproved   What = "unproved"   // a signature does not hold, or its proof is not there
	Unguarded  What = "unguarded"  // what leaves traces or refuses changes was taken away
	Unreadable What = "unreadable" // it is not in the form that it must have
)

// Finding is one thing that is not as it was left.
type Finding struct {
	Table  string `json:"table"`            // or who holds the head: "witness", "receipt"
	Row    string `json:"row,omitempty"`    // its primary key, parts joined by "/"; of a head where it lies
	Column string `json:"column,omitempty"` // where one column is at fault
	Leaf   int64  `json:"leaf,omitempty"`   // of the act it is about: record.seq
	What   What   `json:"what"`
	Why    string `json:"why"` // in words, for whoever investigates
}

// String is the finding as a line.
func (f Finding) String() string {
	s := f.Table
	if f.Row != "" {
		s += " " + f.Row
	}
	if f.Column != "" {
		s += ", column " + f.Column
	}
	if f.Leaf > 0 {
		s += fmt.Sprintf(", leaf %d", f.Leaf)
	}
	return s + ": " + string(f.What) + ": " + f.Why
}

// Report is what an audit found.
type Report struct {
	Size     int64         `json:"size"` // acts of the record
	Root     tlog.Hash     `json:"root"`
	From     int64         `json:"from"`   // acts before this one were proved by an earlier audit
	Heads    int           `json:"heads"`  // checkpoints, receipts and witnesses that were compared
	Traces   int64         `json:"traces"` // changes of rows that the acts name
	Rows     int64         `json:"rows"`   // rows that were looked at
	At       time.Time     `json:"at"`     // of the snapshot
	Took     time.Duration `json:"took_ns"`
	Findings []Finding     `json:"findings"` // the first thousand
	Found    int64         `json:"found"`    // all of them
	Notes    []string      `json:"notes"`    // what this audit could not know
	State    State         `json:"-"`        // from which the next one goes on, if nothing was found
}

// Sound says that everything is as it was left.
func (r Report) Sound() bool { return r.Found == 0 }

// mostFindings are kept; of a database that was rewritten there would be as many as it
// has rows.
const mostFindings = 1000

// Options say what an audit has beside the database.
type Options struct {
	Key       note.Verifier                      // of the auditor who signs checkpoints; nil: signatures are not checked
	Heads     []Head                             // what others hold
	Witnesses []string                           // folders of checkpoints, which are read as the audit comes to them
	Pieces    vault.Shelf                        // of files, outside the database: each is read; nil: they are not looked at
	Since     State                              // the last audit that found nothing; zero: everything is audited
	Progress  func(part string, done, all int64) // is told how far it is, often; nil: nobody
}

// Verify audits the database. The error says that it could not be done; what it found is
// in the report.
func Verify(ctx context.Context, db *database.DB, o Options) (Report, error) {
	began := time.Now()
	a := &audit{Options: o}
	if a.Progress == nil {
		a.Progress = func(string, int64, int64) {}
	}
	// Before the snapshot: what a witness is given while it is open is about acts that are not in it.
	if err := a.openShelves(); err != nil {
		return Report{}, fmt.Errorf("audit: %w", err)
	}
	err := db.Snapshot(ctx, func(tx *database.DB) error {
		if err := tx.Exec(ctx, plainSettings); err != nil {
			return err
		}
		a.tx = tx
		for _, part := range []func(context.Context) error{a.begin, a.leaves, a.compareHeads, a.stand, a.rows, a.papers, a.pieces, a.guards} {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("audit: %w", err)
	}
	a.notes()
	a.report.Took = time.Since(began)
	return a.report, nil
}

// plainSettings make the words of a value what they were when its trace was left, and
// let no function or table of the database take the place of PostgreSQL's own.
const plainSettings = `
SET LOCAL search_path = pg_catalog;
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';
SET LOCAL xmloption = 'content';
SET LOCAL statement_timeout = 0;
SET LOCAL work_mem = '64MB'`

// audit is one audit under way.
type audit struct {
	Options
	tx     *database.DB
	report Report
	tables []table
	now    state // of the database that is audited
	whole  bool  // everything is audited, not only what is new

	shelves  []shelf         // of witnesses, what was not opened yet
	pending  []head          // of others, those not passed yet, by size
	given    []Head          // receipts, whose papers must stand
	receipts []head          // those of them that hold a leaf, by its place
	signed   []head          // checkpoints of the table, of the leaves in hand
	agreed   int64           // the greatest size on which a head agreed
	bare     time.Time       // of the first act since the last checkpoint
	last     time.Time       // of the last act
	touched  map[string]bool // tables of which acts since the last audit changed rows
	lost     ledger.Lost     // heads that were given up with a restored copy
	givenUp  map[uuid.UUID]ledger.Restoration
	unseen   []ledger.Restoration // of which nobody is known to have seen more
	restored map[int64]bool       // when, in microseconds
	outside  int64                // pieces of files whose ends lie outside the database
	bound    int64                // traces that acts answer for, all of them
}

// state is what PostgreSQL says of the snapshot.
type state struct {
	At      time.Time `db:"at"`
	Size    int64     `db:"size"`
	Cluster int64     `db:"cluster"`
	Oldest  int64     `db:"oldest"` // the first transaction that was not over
	Next    int64     `db:"next"`
	Lag     int64     `db:"lag"` // age() counts from a transaction so many after Next
}

const selectState = `
SELECT transaction_timestamp() AS at,
       (SELECT coalesce(max(seq), 0) FROM public.record) AS size,
       (SELECT system_identifier FROM pg_control_system()) AS cluster,
       pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next,
       age((pg_snapshot_xmax(pg_current_snapshot())::text::bigint % 4294967296)::text::xid) AS lag`

// begin reads what there is to audit.
func (a *audit) begin(ctx context.Context) error {
	if err := a.tx.Get(ctx, &a.now, selectState); err != nil {
		return err
	}
	a.report.At, a.report.Notes, a.report.Findings = a.now.At.UTC(), []string{}, []Finding{}
	// The numbers of transactions say what is new only in the cluster that gave them.
	a.whole = a.Since.Size == 0 || a.Since.Cluster != a.now.Cluster || a.Since.Oldest > a.now.Next
	var err error
	if a.lost, err = ledger.ReadLost(ctx, a.tx); err != nil {
		return err
	}
	all, err := ledger.Restorations(ctx, a.tx)
	if err != nil {
		return err
	}
	a.givenUp, a.restored = map[uuid.UUID]ledger.Restoration{}, map[int64]bool{}
	for _, r := range all {
		if a.restored[r.At.UnixMicro()] = true; len(r.Heads) == 0 {
			a.unseen = append(a.unseen, r)
		}
	}
	return a.readTables(ctx)
}

// found notes a finding.
func (a *audit) found(f Finding) {
	a.report.Found++
	if len(a.report.Findings) < mostFindings {
		a.report.Findings = append(a.report.Findings, f)
	}
}

// notes says what the audit could not know.
func (a *audit) notes() {
	say := func(s string) { a.report.Notes = append(a.report.Notes, s) }
	say("texts are sealed: what was audited is the sealed bytes; that they open, only the keeper's keys show")
	if a.Key == nil {
		say("the auditor's key was not given: the signatures of checkpoints were not checked")
	}
	if len(a.Heads)+len(a.Witnesses) == 0 {
		say("no witness and no receipt was given: whoever has the auditor's key could have rewritten everything")
	}
	if a.Pieces == nil && a.outside > 0 {
		say(fmt.Sprintf("the ends of %d pieces of files lie outside the database and were not looked at", a.outside))
	}
	for _, r := range a.givenUp {
		say(fmt.Sprintf("acts %d to %d, which others have seen, are lost: they were given up with a restored copy on %s, %d heads of them",
			r.Acts+1, r.Seen, r.At.UTC().Format(time.RFC3339), len(r.Heads)))
	}
	for _, r := range a.unseen {
		say(fmt.Sprintf("the database was put back to act %d on %s; nobody is known to have seen more", r.Acts, r.At.UTC().Format(time.RFC3339)))
	}
	if !a.whole {
		say(fmt.Sprintf("only what is new since act %d: a page of the disk that was edited past PostgreSQL shows in a whole audit", a.Since.Size))
	}
	a.report.State = State{
		Size: a.report.Size, Root: a.report.Root, At: a.report.At, Cluster: a.now.Cluster, Oldest: a.now.Oldest,
		Whole: a.report.At, Traces: a.bound, Tables: map[string]int64{},
	}
	if !a.whole {
		a.report.State.Whole = a.Since.Whole
	}
	for _, t := range a.tables {
		a.report.State.Tables[t.name] = t.count
	}
}

// ErrNotSound is the error of a caller who wants one for findings.
var ErrNotSound = errors.New("the database does not hold what the acts left in it")
