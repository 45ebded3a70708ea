package audit_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/audit"
	"zharia/portal/database"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// town is a database with a record of its own, an auditor who signs after each act, a
// witness who holds all he signed, and a receipt for each act.
type town struct {
	testing.TB
	db       *database.DB
	raw      *sqlx.DB // the superuser's
	key      ledger.Key
	auditor  *ledger.Auditor
	witness  ledger.Witness
	receipts []audit.Head
	names    []string // what the court of each act was called by it
}

const courts = 20

func court(n int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "court %d", n%courts)) }

var noon = time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)

const renameCourt = `
INSERT INTO body (id, kind, name_kk, name_ru) VALUES ($1, 'court', $2, $2)
    ON CONFLICT (id) DO UPDATE SET name_kk = excluded.name_kk, name_ru = excluded.name_ru`

// found makes a town with so many acts: each gives one of twenty courts a name.
func found(t testing.TB, acts int) *town {
	t.Helper()
	db := portaltest.DB(t)
	key, err := ledger.OpenKey(filepath.Join(t.TempDir(), "key"), "zharia.test/log")
	if err != nil {
		t.Fatal(err)
	}
	w := &town{TB: t, db: db, raw: portaltest.SQL(t, db), key: key, witness: ledger.Witness{Folder: t.TempDir()}}
	w.auditor = &ledger.Auditor{DB: db, Key: key}
	for range acts {
		w.act()
	}
	return w
}

// act does one more: it is signed, witnessed, and receipted.
func (w *town) act() {
	w.Helper()
	w.silentAct(w.db)
	c, err := w.auditor.Sign(w.Context(), false)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.witness.Drop(w.Context(), c); err != nil {
		w.Fatal(err)
	}
	row, err := ledger.ReadRow(w.Context(), w.db, c.Size)
	if err != nil {
		w.Fatal(err)
	}
	w.receipts = append(w.receipts, audit.Head{Holder: "receipt", Where: fmt.Sprintf("act%d.receipt", c.Size), Note: c.Note, Leaf: ledger.Leaf(row), Index: c.Size - 1})
}

// silentAct is an act that nobody signed yet.
func (w *town) silentAct(db *database.DB) {
	w.Helper()
	n := len(w.names)
	name := fmt.Sprintf("The court of act %d", n+1)
	err := db.Within(w.Context(), func(tx *database.DB) error {
		if err := tx.Exec(w.Context(), renameCourt, court(n), name); err != nil {
			return err
		}
		return ledger.Record(w.Context(), tx, ledger.Entry{At: noon.Add(time.Duration(n) * time.Second), Act: string(policy.RegisterTake), Object: "body", ID: court(n)})
	})
	if err != nil {
		w.Fatal(err)
	}
	w.names = append(w.names, name)
}

// orders are given as a superuser with all triggers out of the way.
func (w *town) orders(orders ...string) {
	w.Helper()
	if err := attack(w.raw, orders...); err != nil {
		w.Fatal(err)
	}
}

func attack(raw *sqlx.DB, orders ...string) error {
	tx, err := raw.Beginx()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, order := range append([]string{`SET LOCAL session_replication_role = replica`}, orders...) {
		if _, err := tx.Exec(order); err != nil {
			return fmt.Errorf("%s: %w", order, err)
		}
	}
	return tx.Commit()
}

// held is what the witness holds.
func (w *town) held() []audit.Head {
	w.Helper()
	heads, err := audit.ReadWitness(w.witness.Folder)
	if err != nil {
		w.Fatal(err)
	}
	return heads
}

// audit audits the town with the auditor's key.
func (w *town) audit(heads ...audit.Head) audit.Report {
	w.Helper()
	return verify(w, w.db, audit.Options{Key: w.key.Verifier, Heads: heads})
}

func verify(t testing.TB, db *database.DB, o audit.Options) audit.Report {
	t.Helper()
	r, err := audit.Verify(t.Context(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sound says that nothing was found.
func sound(t testing.TB, r audit.Report) {
	t.Helper()
	for i, f := range r.Findings {
		if i == 10 {
			break
		}
		t.Errorf("found: %s", f)
	}
	if !r.Sound() {
		t.Fatalf("%d findings", r.Found)
	}
}

// finds compares findings with lines "table row column leaf what", of which any part may
// be left out at the end or be "-".
func finds(t testing.TB, r audit.Report, lines ...string) {
	t.Helper()
	got := map[string]bool{}
	for _, f := range r.Findings {
		got[fmt.Sprintf("%s | %s | %s | %d | %s", f.Table, f.Row, f.Column, f.Leaf, f.What)] = true
	}
	want := map[string]bool{}
	for _, line := range lines {
		want[line] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
}

// forge makes everything in the database agree with the record and the traces as they
// are now, as far as that goes without the auditor's key: the digest of traces in each
// act, its hash, the tree. With resign it has the key, too.
func (w *town) forge(resign bool) {
	w.Helper()
	orders := []string{`DELETE FROM tree`, `DELETE FROM checkpoint`}
	var rows []ledger.Row
	if err := w.raw.Select(&rows, `SELECT seq, at, who, act, object, object_id, casefile, law, digest, rows, hash FROM record ORDER BY seq`); err != nil {
		w.Fatal(err)
	}
	var traces []ledger.Trace
	if err := w.raw.Select(&traces, `SELECT n, tab, id, cols, gone, tx::text::bigint AS tx, at, seq FROM trace WHERE seq IS NOT NULL ORDER BY seq, n`); err != nil {
		w.Fatal(err)
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) (out []tlog.Hash, err error) {
		for _, i := range at {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for i, r := range rows {
		r.Rows = ledger.RowsDigest(slices.DeleteFunc(slices.Clone(traces), func(t ledger.Trace) bool { return t.Seq != r.Seq }))
		hash := ledger.LeafHash(r)
		orders = append(orders, fmt.Sprintf(`UPDATE record SET rows = '\x%x', hash = '\x%x' WHERE seq = %d`, r.Rows, hash[:], r.Seq))
		nodes, err := tlog.StoredHashesForRecordHash(int64(i), hash, reader)
		if err != nil {
			w.Fatal(err)
		}
		for _, n := range nodes {
			orders = append(orders, fmt.Sprintf(`INSERT INTO tree VALUES (%d, '\x%x')`, len(stored), n[:]))
			stored = append(stored, n)
		}
		if resign {
			root, err := tlog.TreeHash(int64(i+1), reader)
			if err != nil {
				w.Fatal(err)
			}
			orders = append(orders, fmt.Sprintf(`INSERT INTO checkpoint VALUES (%d, '\x%x', now(), '%s')`, i+1, root[:], w.signed(w.key.Signer, int64(i+1), root)))
		}
	}
	w.orders(orders...)
}

// signed is a checkpoint of whoever signs.
func (w *town) signed(signer note.Signer, size int64, root tlog.Hash) []byte {
	w.Helper()
	text, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", signer.Name(), size, root)}, signer)
	if err != nil {
		w.Fatal(err)
	}
	return text
}

// cut takes the end of the record away, as if the last acts had never been: leaves, tree,
// traces, checkpoints, and what the acts did.
func (w *town) cut(left int) {
	w.Helper()
	orders := []string{
		fmt.Sprintf(`DELETE FROM record WHERE seq > %d`, left),
		fmt.Sprintf(`DELETE FROM tree WHERE i >= %d`, tlog.StoredHashCount(int64(left))),
		fmt.Sprintf(`DELETE FROM trace WHERE seq > %d`, left),
		fmt.Sprintf(`DELETE FROM checkpoint WHERE size > %d`, left),
	}
	for n := left; n < len(w.names); n++ {
		if n < courts {
			orders = append(orders, fmt.Sprintf(`DELETE FROM body WHERE id = '%s'`, court(n)))
		}
	}
	for n := max(0, left-courts); n < left; n++ {
		orders = append(orders, fmt.Sprintf(`UPDATE body SET name_kk = '%[1]s', name_ru = '%[1]s' WHERE id = '%[2]s'`, w.names[n], court(n)))
	}
	w.orders(orders...)
	w.names = w.names[:left]
}

// townTables are all that a town has.
var townTables = []string{"record", "trace", "tree", "checkpoint", "body"}

// keep makes a copy of everything, and returns what brings it back.
func (w *town) keep() (restore func()) {
	w.Helper()
	back := []string{}
	w.orders(`CREATE SCHEMA kept`)
	for _, name := range townTables {
		w.orders(`CREATE TABLE kept.` + name + ` AS TABLE ` + name)
		back = append(back, `DELETE FROM `+name, `INSERT INTO `+name+` OVERRIDING SYSTEM VALUE TABLE kept.`+name)
	}
	return func() { w.orders(back...) }
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// about are the findings about heads of a holder, by where they lie.
func about(r audit.Report, holder string) map[string]audit.What {
	out := map[string]audit.What{}
	for _, f := range r.Findings {
		if f.Table == holder {
			out[strings.TrimSpace(f.Row)] = f.What
		}
	}
	return out
}
