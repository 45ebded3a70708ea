package audit_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/audit"
	"zharia/portal/database"
)

func TestARecordThatNobodyTouchedIsSound(t *testing.T) {
	t.Parallel()
	w := found(t, 25)
	r := w.audit(append(w.held(), w.receipts...)...)
	sound(t, r)
	// 25 checkpoints in the table and in the folder, the newest of the folder twice, and
	// 25 receipts.
	if r.Size != 25 || r.From != 1 || r.Rows != courts || r.Traces != 25 || r.Heads != 25+26+25 {
		t.Errorf("it looked at %d acts from %d on, %d rows, %d traces, %d heads", r.Size, r.From, r.Rows, r.Traces, r.Heads)
	}
	empty := found(t, 0)
	sound(t, empty.audit())
}

// A06, and every way to spoil the ledger itself without the auditor's key.
func TestWhateverIsDoneToTheLedgerItselfIsFound(t *testing.T) {
	t.Parallel()
	zeros := `'\x` + strings.Repeat("00", 32) + `'`
	third, other := court(2), court(7)
	w := found(t, 13)
	restore := w.keep()
	for name, test := range map[string]struct {
		orders []string
		want   []string
	}{
		"an act says another time":     {[]string{`UPDATE record SET at = at + interval '1 microsecond' WHERE seq = 3`}, []string{"record | 3 |  | 3 | changed", "tree | 3 |  | 3 | changed", "checkpoint | 3 |  | 3 | forked"}},
		"an act of another person":     {[]string{`UPDATE record SET who = object_id WHERE seq = 12`}, []string{"record | 12 |  | 12 | changed", "tree | 19 |  | 12 | changed", "checkpoint | 12 |  | 12 | forked"}},
		"another act":                  {[]string{`UPDATE record SET act = 'officer-first' WHERE seq = 11`}, []string{"record | 11 |  | 11 | changed", "tree | 18 |  | 11 | changed", "checkpoint | 11 |  | 11 | forked"}},
		"an article":                   {[]string{`UPDATE record SET law = 'CPC 1' WHERE seq = 12`}, []string{"record | 12 |  | 12 | changed", "tree | 19 |  | 12 | changed", "checkpoint | 12 |  | 12 | forked"}},
		"a hash":                       {[]string{`UPDATE record SET hash = ` + zeros + ` WHERE seq = 3`}, []string{"record | 3 |  | 3 | changed"}},
		"an act is gone":               {[]string{`DELETE FROM record WHERE seq = 12`}, []string{"record | 12 |  | 12 | missing", "tree |  |  | 12 | foreign", "checkpoint | 12 |  | 12 | cut", "body | " + court(11).String() + " |  | 12 | unbound", "body | " + court(12).String() + " |  | 13 | unbound", "body | " + court(11).String() + " |  | 0 | foreign", "body | " + court(12).String() + " |  | 0 | foreign"}},
		"the number of an act":         {[]string{`UPDATE record SET seq = 99 WHERE seq = 12`}, []string{"record | 12 |  | 12 | missing", "tree |  |  | 12 | foreign", "checkpoint | 12 |  | 12 | cut", "body | " + court(11).String() + " |  | 12 | unbound", "body | " + court(12).String() + " |  | 13 | unbound", "body | " + court(11).String() + " |  | 0 | foreign", "body | " + court(12).String() + " |  | 0 | foreign"}},
		"an act without what it did":   {[]string{`UPDATE record SET rows = ` + zeros + ` WHERE seq = 3`}, []string{"record | 3 |  | 3 | changed", "tree | 3 |  | 3 | changed", "trace | 3 |  | 3 | changed", "checkpoint | 3 |  | 3 | forked"}},
		"a hash of the tree":           {[]string{`UPDATE tree SET hash = ` + zeros + ` WHERE i = 6`}, []string{"tree | 6 |  | 4 | changed"}},
		"a hash of the tree is gone":   {[]string{`DELETE FROM tree WHERE i = 6`}, []string{"tree | 6 |  | 4 | missing"}},
		"a hash elsewhere":             {[]string{`UPDATE tree SET i = 900 WHERE i = 6`}, []string{"tree | 6 |  | 4 | missing", "tree |  |  | 14 | foreign"}},
		"a hash too much":              {[]string{`INSERT INTO tree VALUES (900, ` + zeros + `)`}, []string{"tree |  |  | 14 | foreign"}},
		"the root of a checkpoint":     {[]string{`UPDATE checkpoint SET root = ` + zeros + ` WHERE size = 5`}, []string{"checkpoint | 5 |  | 5 | changed"}},
		"the note of a checkpoint":     {[]string{`UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 4) WHERE size = 5`}, []string{"checkpoint | 5 |  | 5 | changed"}},
		"a note that is none":          {[]string{`UPDATE checkpoint SET note = 'all is well' WHERE size = 5`}, []string{"checkpoint | 5 |  | 5 | unproved"}},
		"the size of a checkpoint":     {[]string{`UPDATE checkpoint SET size = 500 WHERE size = 5`}, []string{"checkpoint | 500 |  | 500 | changed"}},
		"a trace of another row":       {[]string{fmt.Sprintf(`UPDATE trace SET id = '%s' WHERE seq = 3`, other)}, []string{"trace | 3 |  | 3 | changed", "body | " + third.String() + " |  | 0 | foreign"}},
		"a trace of another table":     {[]string{`UPDATE trace SET tab = 'day_off' WHERE seq = 3`}, []string{"trace | 3 |  | 3 | changed", "body | " + third.String() + " |  | 0 | foreign", "day_off | " + third.String() + " |  | 3 | missing", "day_off | " + third.String() + " |  | 3 | broken"}},
		"a trace of other values":      {[]string{`UPDATE trace SET cols = (SELECT cols FROM trace WHERE seq = 2) WHERE seq = 3`}, []string{"trace | 3 |  | 3 | changed", "body | " + third.String() + " | id | 3 | changed", "body | " + third.String() + " | name_kk | 3 | changed", "body | " + third.String() + " | name_ru | 3 | changed"}},
		"a trace of a deletion":        {[]string{`UPDATE trace SET gone = true WHERE seq = 3`}, []string{"trace | 3 |  | 3 | changed", "body | " + third.String() + " |  | 3 | foreign", "body | " + third.String() + " |  | 3 | broken"}},
		"a trace at another time":      {[]string{`UPDATE trace SET at = at + interval '1 hour' WHERE seq = 3`}, []string{"trace | 3 |  | 3 | changed"}},
		"a trace of another hand":      {[]string{`UPDATE trace SET tx = '77' WHERE seq = 3`}, []string{"trace | 3 |  | 3 | changed"}},
		"a trace with another number":  {[]string{`INSERT INTO trace OVERRIDING SYSTEM VALUE SELECT 700, tab, id, cols, gone, tx, at, seq FROM trace WHERE seq = 3`, `DELETE FROM trace WHERE n = 3`}, []string{"trace | 700 |  | 3 | changed"}},
		"a trace of another act":       {[]string{`UPDATE trace SET seq = 4 WHERE seq = 3`}, []string{"trace |  |  | 3 | missing", "trace |  |  | 4 | changed"}},
		"a trace of an act to come":    {[]string{`UPDATE trace SET seq = 99 WHERE seq = 3`}, []string{"trace |  |  | 3 | missing", "body | " + third.String() + " |  | 99 | unbound", "body | " + third.String() + " |  | 0 | foreign"}},
		"a trace of no act":            {[]string{`UPDATE trace SET seq = NULL WHERE seq = 3`}, []string{"trace |  |  | 3 | missing", "body | " + third.String() + " |  | 0 | unbound", "body | " + third.String() + " |  | 0 | foreign"}},
		"a trace is gone":              {[]string{`DELETE FROM trace WHERE seq = 3`}, []string{"trace |  |  | 3 | missing", "body | " + third.String() + " |  | 0 | foreign"}},
		"a trace more":                 {[]string{`INSERT INTO trace (tab, id, cols, gone, tx, at, seq) SELECT tab, id, cols, gone, tx, at, 4 FROM trace WHERE seq = 3`}, []string{"trace |  |  | 4 | changed"}},
		"the row of the act is gone":   {[]string{fmt.Sprintf(`DELETE FROM body WHERE id = '%s'`, third)}, []string{"body | " + third.String() + " |  | 3 | missing"}},
		"two rows changed their names": {[]string{fmt.Sprintf(`UPDATE body SET name_kk = name_kk || 'x' WHERE id IN ('%s', '%s')`, third, other)}, []string{"body | " + third.String() + " | name_kk | 3 | changed", "body | " + other.String() + " | name_kk | 8 | changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			defer restore()
			w.orders(test.orders...)
			r := w.audit()
			// Of an act that is another all that is above it in the tree is another, and every
			// checkpoint after it; of each the first is enough here.
			first, got := map[string]bool{}, r
			got.Findings = nil
			for _, f := range r.Findings {
				many := f.Table == "tree" && f.What == audit.Changed || f.Table == "checkpoint" && (f.What == audit.Forked || f.What == audit.Cut)
				if !many || !first[f.Table] {
					got.Findings = append(got.Findings, f)
				}
				first[f.Table] = first[f.Table] || many
			}
			finds(t, got, test.want...)
		})
	}
	sound(t, w.audit(w.held()...))
}

// A06: what a whole afternoon of work as a superuser comes to.
func TestAnActTakenOutOfTheRecordWithEverythingComputedAnewIsFoundByTheCheckpoints(t *testing.T) {
	t.Parallel()
	w := found(t, 40)
	kept := w.held()
	var checkpoints []struct {
		Size int64
		Root []byte
		Note string
	}
	if err := w.raw.Select(&checkpoints, `SELECT size, root, note FROM checkpoint ORDER BY size`); err != nil {
		t.Fatal(err)
	}
	gone := court(16) // act 17 named it, act 37 again
	w.orders(
		`DELETE FROM record WHERE seq = 37`,
		`UPDATE record SET seq = seq + 1000 WHERE seq > 37`, `UPDATE record SET seq = seq - 1001 WHERE seq > 1000`,
		`DELETE FROM trace WHERE seq = 37`,
		`UPDATE trace SET seq = seq - 1 WHERE seq > 37`,
		fmt.Sprintf(`UPDATE body SET name_kk = '%[1]s', name_ru = '%[1]s' WHERE id = '%[2]s'`, w.names[16], gone),
	)
	w.forge(false)
	sound(t, w.audit()) // without any checkpoint it is a record like any other
	for _, c := range checkpoints {
		w.orders(fmt.Sprintf(`INSERT INTO checkpoint VALUES (%d, '\x%x', now(), '%s')`, c.Size, c.Root, c.Note))
	}
	finds(t, w.audit(), "checkpoint | 37 |  | 37 | forked", "checkpoint | 38 |  | 38 | forked", "checkpoint | 39 |  | 39 | forked", "checkpoint | 40 |  | 40 | cut")
	w.orders(`DELETE FROM checkpoint`)
	r := w.audit(kept...)
	if got := about(r, "witness"); len(got) != 5 || got[filepath.Join(w.witness.Folder, "newest")] != audit.Cut || got[filepath.Join(w.witness.Folder, "0", "37")] != audit.Forked {
		t.Errorf("the witness says %v", got)
	}
}

// A07: the last acts, as if they had never been, with the checkpoints of before.
func TestATailOfOneToAHundredActsThatIsCutOffIsFoundByAWitnessAndByAReceipt(t *testing.T) {
	t.Parallel()
	w := found(t, 110)
	held, receipts := w.held(), w.receipts
	sound(t, w.audit(append(held, receipts...)...))
	for left := 109; left >= 10; left-- {
		w.cut(left)
		if left%45 == 10 {
			sound(t, w.audit()) // by itself it is as good as any
		}
		r := w.audit(held[len(held)-1], receipts[left])
		if got := about(r, "witness"); len(got) != 1 {
			t.Errorf("%d acts are left: the witness says %v", left, got)
		}
		if got := about(r, "receipt"); got[fmt.Sprintf("act%d.receipt", left+1)] != audit.Cut {
			t.Errorf("%d acts are left: the receipt of the next says %v", left, got)
		}
		if r.Found != 2 {
			t.Errorf("%d findings", r.Found)
		}
	}
}

// A08: everything written anew, from the first act on, by somebody who has the key.
func TestARecordRewrittenWithTheAuditorsKeyIsFoundByEachReceiptAndByTheWitness(t *testing.T) {
	t.Parallel()
	w := found(t, 100)
	w.orders(`UPDATE record SET act = 'officer-first' WHERE seq = 1`)
	w.forge(true)
	sound(t, w.audit())
	r := w.audit(w.receipts...)
	if got := about(r, "receipt"); len(got) != 100 {
		t.Errorf("%d of 100 receipts say so", len(got))
	}
	r = w.audit(w.held()...)
	if got := about(r, "witness"); len(got) != 101 {
		t.Errorf("%d of 101 checkpoints of the witness say so", len(got))
	}
	for where, what := range about(r, "witness") {
		if what != audit.Forked {
			t.Errorf("%s: %s", where, what)
		}
	}
	// Each alone is enough: of the first, the last and one between.
	for _, i := range []int{0, 41, 99} {
		r := w.audit(w.receipts[i])
		if r.Sound() {
			t.Errorf("receipt %d alone finds nothing", i+1)
		}
	}
}

// A09.
func TestTwoCheckpointsOfOneSizeAreAFork(t *testing.T) {
	t.Parallel()
	w := found(t, 20)
	shown := w.signed(w.key.Signer, 12, tlog.Hash{1, 2, 3})
	r := w.audit(append(w.held(), audit.Head{Holder: "witness", Where: "of another town", Note: shown})...)
	finds(t, r, "witness | of another town |  | 12 | forked")
	if !strings.Contains(r.Findings[0].Why, "12 acts") {
		t.Errorf("it says %q", r.Findings[0].Why)
	}
}

func TestWhatAnotherKeySignedProvesNothing(t *testing.T) {
	t.Parallel()
	w := found(t, 5)
	secret, _, err := note.GenerateKey(nil, "zharia.test/log")
	if err != nil {
		t.Fatal(err)
	}
	thief, err := note.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	spoiled := filepath.Join(w.witness.Folder, "0", "3")
	write(t, spoiled, "something else")
	moved := filepath.Join(w.witness.Folder, "0", "4")
	write(t, moved, string(w.receipts[0].Note))
	r := w.audit(append(w.held(), audit.Head{Holder: "witness", Where: "a thief", Note: w.signed(thief, 2, tlog.Hash{})})...)
	finds(t, r, "witness | "+spoiled+" |  | 0 | unreadable", "witness | "+moved+" |  | 1 | unreadable", "witness | a thief |  | 0 | unreadable")
	// Without the key its checkpoint counts like any: nobody else could have signed it.
	r = verify(t, w.db, audit.Options{Heads: []audit.Head{{Holder: "witness", Where: "a thief", Note: w.signed(thief, 2, tlog.Hash{})}}})
	finds(t, r, "witness | a thief |  | 2 | forked")
	if !strings.Contains(strings.Join(r.Notes, "\n"), "not checked") {
		t.Errorf("it does not say that it had no key: %q", r.Notes)
	}
}

func TestARecordWithoutCheckpointsForLongIsFound(t *testing.T) {
	t.Parallel()
	w := found(t, 3)
	w.silentAct(w.db)
	sound(t, w.audit()) // a minute may pass before the auditor signs
	w.orders(`DELETE FROM checkpoint`, `UPDATE record SET at = at - interval '20 minutes' WHERE seq = 1`)
	w.forge(false)
	finds(t, w.audit(), "checkpoint |  |  | 4 | missing")
}

func TestItRunsBesideALivePortal(t *testing.T) {
	t.Parallel()
	w := found(t, 3)
	var all sync.WaitGroup
	for range 2 {
		db, err := database.Open(t.Context(), w.db.DSN())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		other := &town{TB: t, db: db, names: make([]string, 50)}
		all.Go(func() {
			for range 100 {
				other.silentAct(db)
			}
		})
	}
	var last int64
	for range 8 {
		r := w.audit()
		sound(t, r)
		if r.Size < last {
			t.Errorf("%d acts after %d", r.Size, last)
		}
		last = r.Size
	}
	all.Wait()
	if r := w.audit(); r.Size != 203 || !r.Sound() {
		t.Errorf("%d acts, %v", r.Size, r.Findings)
	}
}
