package backup_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"zharia"
	"zharia/portal/audit"
	"zharia/portal/backup"
	"zharia/portal/database"
	"zharia/portal/filing"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/register/feed"
)

// TestMain is what archive_command of the servers of these tests calls, too.
func TestMain(m *testing.M) {
	if folder := os.Getenv("ARCHIVE_INTO"); folder != "" {
		if err := backup.Archive(os.Args[1], folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// filed is what somebody who files writes down: what he was told, and when.
type filed struct {
	id          uuid.UUID
	sent, acked time.Time
}

// town is a portal at work on a server whose log is archived, with a base of before.
type town struct {
	*portaltest.W
	server  *database.Server
	base    string
	archive string
	witness string
	key     ledger.Key
	diary   []filed
	seen    []ledger.Checkpoint // what the witness has

	receipts []audit.Head // what people took home, by what they filed

	must, between int // filings that had to be there, and those under way at the moment
	restores      int
	named         int // receipts that were newer
}

func newTown(t *testing.T) *town {
	t.Helper()
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Not t.TempDir: the server's user must be able to come to it.
	dir, err := os.MkdirTemp("", "zharia-recovery-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w := &town{base: filepath.Join(dir, "base"), archive: filepath.Join(dir, "wal"), witness: t.TempDir()}
	if err := os.Mkdir(w.archive, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(w.archive, 0o777); err != nil {
		t.Fatal(err)
	}
	w.W, w.server = portaltest.Private(t, "archive_mode=on", "archive_command=ARCHIVE_INTO="+w.archive+" "+me+" %p", "max_wal_senders=4")
	origin, err := ledger.Origin(portaltest.Origin)
	if err != nil {
		t.Fatal(err)
	}
	if w.key, err = ledger.OpenKey(filepath.Join(t.TempDir(), "auditor.key"), origin); err != nil {
		t.Fatal(err)
	}
	if err := w.sign(t.Context(), &ledger.Auditor{DB: w.DB.DB, Key: w.key}); err != nil {
		t.Fatal(err)
	}
	db, err := backup.Open(t.Context(), w.server.DSN("portal"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := backup.MakeBase(t.Context(), db, w.base, time.Now(), quiet); err != nil {
		t.Fatal(err)
	}
	return w
}

// sign has the auditor sign what is new, and the witness take it.
func (w *town) sign(ctx context.Context, a *ledger.Auditor) error {
	c, err := a.Sign(ctx, true)
	if err == nil {
		err = ledger.Witness{Folder: w.witness}.Drop(ctx, c)
	}
	w.seen = append(w.seen, c)
	return err
}

// goesOn has people file, all at once, for as long, while the auditor signs; then the log
// is archived to its end.
func (w *town) goesOn(t *testing.T, people int, last time.Duration) (from, to time.Time) {
	t.Helper()
	var drafts [][]uuid.UUID // what each of them files; made before, for W is one pair of hands
	actors := []*portaltest.Actor{w.Aigul, w.Serik}
	for i := range people {
		var mine []uuid.UUID
		for range 1 + int(last/time.Second)*4 {
			mine = append(mine, w.Draft(actors[i%len(actors)], w.Theft, filing.NewFiling{Kind: policy.FilingPetition, Ground: "other"}))
		}
		drafts = append(drafts, mine)
	}
	from = time.Now()
	end := from.Add(last)
	var mu sync.Mutex
	var all sync.WaitGroup
	stop := make(chan struct{})
	all.Go(func() {
		a := ledger.Auditor{DB: w.DB.DB, Key: w.key}
		for ended := false; !ended; {
			select {
			case <-stop: // once more: nobody files now, and all of it is seen
				ended = true
			case <-time.After(last / 20):
			}
			if err := w.sign(t.Context(), &a); err != nil {
				t.Error(err)
				return
			}
		}
	})
	var filing sync.WaitGroup
	for i, mine := range drafts {
		filing.Go(func() {
			for _, id := range mine {
				if time.Now().After(end) {
					return
				}
				f := filed{id: id, sent: time.Now()}
				if err := w.Submit(actors[i%len(actors)], id); err != nil {
					t.Error(err)
					return
				}
				f.acked = time.Now()
				mu.Lock()
				w.diary = append(w.diary, f)
				mu.Unlock()
			}
		})
	}
	filing.Wait()
	to = time.Now()
	close(stop)
	all.Wait()
	w.takeHome(t)
	w.archived(t)
	return from, to
}

// takeHome gives each who filed what his receipt says of the record.
func (w *town) takeHome(t *testing.T) {
	t.Helper()
	for _, f := range w.diary {
		var seq int64
		if err := w.SQL.Get(&seq, `SELECT seq FROM record WHERE object_id = $1 AND act = 'filing-submit'`, f.id); err != nil {
			t.Fatal(err)
		}
		row, err := ledger.ReadRow(t.Context(), w.DB.DB, seq)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ledger.Covering(t.Context(), w.DB.DB, seq)
		if err != nil {
			t.Fatal(err)
		}
		w.receipts = append(w.receipts, audit.Head{Holder: "receipt", Where: f.id.String(), Note: c.Note, Leaf: ledger.Leaf(row), Index: seq - 1})
	}
}

// unheld are the receipts that a record of n acts has no head of.
func (w *town) unheld(t *testing.T, n int64) (out []string) {
	t.Helper()
	for _, r := range w.receipts {
		c, err := ledger.ParseCheckpoint(r.Note, w.key.Verifier)
		if err != nil {
			t.Fatal(err)
		}
		if c.Size > n {
			out = append(out, r.Where)
		}
	}
	slices.Sort(out)
	return out
}

// archived waits until the log is in the archive to its present end.
func (w *town) archived(t *testing.T) {
	t.Helper()
	var segment string
	if err := w.SQL.Get(&segment, `SELECT pg_walfile_name(pg_switch_wal())`); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if _, err := os.Stat(filepath.Join(w.archive, segment)); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s is not archived", segment)
}

// folder is one that the server's user can come to.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "zharia-instant-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// heads are what the witness and the people hold.
func (w *town) heads(t *testing.T) []audit.Head {
	t.Helper()
	heads, err := audit.ReadWitness(w.witness)
	if err != nil {
		t.Fatal(err)
	}
	return append(heads, w.receipts...)
}

// told is what the proof of a restored server said.
type told struct {
	report audit.Report
	fork   *ledger.Fork // of Proven, with the witness
	dsn    string
}

// putBack puts the server back to a moment; what the witness has seen and is not there is
// given up where seen is not 0.
func (w *town) putBack(t *testing.T, dir string, at time.Time, seen int64) (r backup.Reached, said told, err error) {
	t.Helper()
	heads := w.heads(t)
	r, err = backup.RestoreAt(t.Context(), backup.Instant{Base: w.base, WAL: w.archive, Dir: dir, At: at}, zharia.Schema,
		func(ctx context.Context, db *database.DB) error {
			said.dsn = db.DSN()
			if seen > 0 {
				owner, err := database.Open(ctx, db.DSN())
				if err != nil {
					return err
				}
				defer owner.Close()
				var notes [][]byte
				for _, h := range heads {
					notes = append(notes, h.Note)
				}
				if err := backup.GiveUp(ctx, owner, w.key.Verifier, notes, seen, time.Now()); err != nil {
					return err
				}
			}
			var err error
			if said.report, err = audit.Verify(ctx, db, audit.Options{Key: w.key.Verifier, Heads: heads}); err != nil {
				return err
			}
			contradicts := ledger.Proven(ctx, db, w.key.Verifier, ledger.Witness{Folder: w.witness})
			if contradicts != nil && !errors.As(contradicts, &said.fork) {
				return contradicts
			}
			must, between := w.holds(t, db, at)
			if seen == 0 { // once for each moment
				w.must, w.between, w.restores = w.must+must, w.between+between, w.restores+1
			}
			if !said.report.Sound() {
				return audit.ErrNotSound
			}
			return contradicts
		}, quiet)
	return r, said, err
}

// holds compares what was put back with what people were told: what was acknowledged
// before the moment is there, what was sent after it is not.
func (w *town) holds(t *testing.T, db *database.DB, at time.Time) (must, between int) {
	t.Helper()
	t.Helper()
	raw, err := sqlx.Connect("postgres", db.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	var there []uuid.UUID
	if err := raw.Select(&there, `SELECT f.id FROM filing f JOIN record r ON r.object_id = f.id AND r.act = 'filing-submit' JOIN document d ON d.id = f.document
		WHERE f.status <> 'draft' AND f.number IS NOT NULL AND d.cms IS NOT NULL`); err != nil {
		t.Fatal(err)
	}
	for _, f := range w.diary {
		is := slices.Contains(there, f.id)
		switch {
		case !f.acked.After(at):
			if must++; !is {
				t.Errorf("%s was acknowledged %s before the moment and is not there", f.id, at.Sub(f.acked))
			}
		case f.sent.After(at):
			if is {
				t.Errorf("%s was sent %s after the moment and is there", f.id, f.sent.Sub(at))
			}
		default:
			between++
		}
	}
	return must, between
}

// beyond are the sizes that the witness has seen and a record of n acts has not.
func (w *town) beyond(n int64) (sizes []int64) {
	for _, c := range w.seen {
		if c.Size > n && !slices.Contains(sizes, c.Size) {
			sizes = append(sizes, c.Size)
		}
	}
	return sizes
}

// instant puts the server back to a moment, unsaid and then said, and proves both.
func (w *town) instant(t *testing.T, at time.Time) (acts int64, lost int) {
	t.Helper()
	dir := folder(t)
	r, said, err := w.putBack(t, dir, at, 0)
	beyond := w.beyond(said.report.Size)
	if len(beyond) == 0 {
		if err != nil {
			t.Errorf("at %s: %v", at, err)
		}
		return r.Acts, 0
	}
	// The audit names each head that goes beyond, and finds nothing else.
	var named []int64
	var receipts []string
	for _, f := range said.report.Findings {
		switch {
		case f.What != audit.Cut || f.Table != "witness" && f.Table != "receipt":
			t.Errorf("at %s: %s", at, f)
		case f.Table == "receipt":
			receipts = append(receipts, f.Row)
		case filepath.Base(f.Row) != "newest":
			named = append(named, f.Leaf)
		}
	}
	slices.Sort(receipts)
	if want := w.unheld(t, said.report.Size); !slices.Equal(receipts, want) {
		t.Errorf("of %d receipts it names %d, and %d are newer than what is left", len(w.receipts), len(receipts), len(want))
	}
	w.named += len(receipts)
	slices.Sort(named)
	if !slices.Equal(named, beyond) {
		t.Errorf("it names %d, and the witness has %d beyond the %d acts that are left", named, beyond, said.report.Size)
	}
	if !errors.Is(err, audit.ErrNotSound) || !strings.Contains(err.Error(), "no portal serves it") {
		t.Errorf("at %s it was proved: %v", at, err)
	}
	if said.fork == nil {
		t.Errorf("at %s a portal would start over it", at)
	}
	newest := slices.Max(beyond)
	if _, _, err := w.putBack(t, dir, at, newest+1); !errors.Is(err, backup.ErrNotThatMany) {
		t.Errorf("at %s another number was given up: %v", at, err)
	}
	r, said, err = w.putBack(t, dir, at, newest)
	if r.Acts != said.report.Size {
		t.Errorf("at %s it has %d acts, and %d with the one that gives up", at, r.Acts, said.report.Size)
	}
	if err != nil || !said.report.Sound() || said.fork != nil {
		t.Errorf("at %s, given up: %v, %v, %v", at, err, said.report.Findings, said.fork)
	}
	if !slices.ContainsFunc(said.report.Notes, func(note string) bool {
		return strings.Contains(note, fmt.Sprintf("acts %d to %d, which others have seen, are lost", r.Acts, newest))
	}) {
		t.Errorf("the audit does not say what is lost: %q", said.report.Notes)
	}
	return r.Acts, len(beyond)
}

// lives puts the server back to a moment and proves it against nobody: the register is told
// of an act before a witness has it, so a life begins although nobody is known to have seen
// more. Once again, and what the first time wrote down is there and proved.
func (w *town) lives(t *testing.T, at time.Time) {
	t.Helper()
	dir, acts, life := folder(t), int64(0), feed.Life{}
	for n := range int64(2) {
		r, err := backup.RestoreAt(t.Context(), backup.Instant{Base: w.base, WAL: w.archive, Dir: dir, At: at}, zharia.Schema,
			func(ctx context.Context, db *database.DB) (err error) {
				if life, err = feed.ReadLife(ctx, db); err != nil {
					return err
				}
				report, err := audit.Verify(ctx, db, audit.Options{Key: w.key.Verifier})
				if err == nil && !report.Sound() {
					err = fmt.Errorf("%w: %v", audit.ErrNotSound, report.Findings)
				}
				if acts = report.Size - n; n > 0 && !slices.ContainsFunc(report.Notes, func(note string) bool { return strings.Contains(note, fmt.Sprintf("put back to act %d", acts)) }) {
					t.Errorf("the audit does not say that it was put back: %q", report.Notes)
				}
				return errors.Join(err, ledger.Proven(ctx, db, w.key.Verifier))
			}, quiet)
		if err != nil || r.Acts != acts+n+1 {
			t.Errorf("time %d: %d acts of %d: %v", n+1, r.Acts, acts, err)
		}
		if began := life.Number > 0; began != (n > 0) || began && life.Kept != acts {
			t.Errorf("time %d: it began with %+v, and %d acts were left", n+1, life, acts)
		}
	}
}

// What was acknowledged before a moment comes back with it, what was sent after it does
// not, and what the witness has seen beyond is named. With RECOVERY=20 as many moments.
func TestAServerIsPutBackToAnyMomentAndProved(t *testing.T) {
	n, last := 1, time.Second
	if text := os.Getenv("RECOVERY"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
		last = 20 * time.Second
	}
	w := newTown(t)
	from, to := w.goesOn(t, 2, last)
	if len(w.diary) == 0 || len(w.seen) == 0 {
		t.Fatalf("%d filings and %d checkpoints: nothing was under way", len(w.diary), len(w.seen))
	}
	var lost int
	for i := range n {
		at := from.Add(time.Duration(rand.Int64N(int64(to.Sub(from)))))
		if n == 1 { // something must be there, and something lost
			at = w.diary[(len(w.diary)-1)/2].acked
		}
		began := time.Now()
		acts, heads := w.instant(t, at)
		lost += heads
		t.Logf("%d of %d: %s after the first, %d acts, %d heads of the witness beyond, %s", i+1, n, at.Sub(from).Round(time.Millisecond), acts, heads, time.Since(began).Round(time.Millisecond))
	}
	t.Logf("%d moments of %s with %d filings: %d times a filing had to be there and was, %d were under way; %d heads and %d receipts beyond were named", w.restores, to.Sub(from).Round(time.Millisecond), len(w.diary), w.must, w.between, lost, w.named)
	w.lives(t, w.diary[(len(w.diary)-1)/2].acked)
	if _, _, err := w.putBack(t, folder(t), from.Add(-24*time.Hour), 0); !errors.Is(err, backup.ErrTooEarly) {
		t.Errorf("a moment before the base: %v", err)
	}
	// Whoever asks for more than is archived gets nothing that looks like it.
	if r, said, err := w.putBack(t, folder(t), to.Add(24*time.Hour), 0); !errors.Is(err, backup.ErrNotReached) || said.dsn != "" || r.Acts != 0 {
		t.Errorf("a moment beyond the archive: %d acts, proved at %q, %v", r.Acts, said.dsn, err)
	}
	if w.must == 0 || lost == 0 {
		t.Error("no filing had to be there, or nothing was lost: it proves nothing")
	}
}
