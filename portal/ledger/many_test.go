package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// Many acts at once leave the record that they would leave one after another: from each
// beginning, so that each shape of the tree is met.
func TestManyActsAtOnceStandInTheRecordAsOneAfterAnother(t *testing.T) {
	one, many := portaltest.DB(t), portaltest.DB(t)
	n := 0
	for _, size := range []int{1, 2, 1, 3, 5, 8, 1, 64, 7, 33} {
		var deeds []ledger.Deed
		for range size {
			n++
			sum := sha256.Sum256(fmt.Appendf(nil, "text %d", n))
			d := ledger.Deed{ID: uuid.NewSHA1(first, sum[:]), Digest: sum[:]}
			if n%3 > 0 {
				d.Who, d.Casefile = aigul, theft
			}
			deeds = append(deeds, d)
			if err := ledger.Step(t.Context(), one, policy.Ask{Person: d.Who, Act: policy.DecisionPublish, At: noon}, "decision", d.ID, d.Casefile, d.Digest); err != nil {
				t.Fatal(err)
			}
		}
		if err := many.Within(t.Context(), func(tx *database.DB) error {
			return ledger.StepAll(t.Context(), tx, policy.DecisionPublish, noon, "decision", deeds)
		}); err != nil {
			t.Fatal(err)
		}
		if a, b := holds(t, one, int64(n)), holds(t, many, int64(n)); !bytes.Equal(a, b) {
			t.Fatalf("after %d acts the heads differ: %x and %x", n, a, b)
		}
	}
	var a, b []string
	for db, into := range map[*database.DB]*[]string{one: &a, many: &b} {
		if err := db.Select(t.Context(), into, `SELECT i || ' ' || encode(hash, 'hex') FROM tree ORDER BY i`); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("the trees differ")
	}
}

// A row that none of them names waits for the next act; without one nothing is committed.
func TestOfManyActsEachAnswersForTheRowsThatItNames(t *testing.T) {
	db := portaltest.DB(t)
	body := func(tx *database.DB) uuid.UUID {
		id := uuid.New()
		if err := tx.Exec(t.Context(), `INSERT INTO body (id, kind, name_kk, name_ru) VALUES ($1, 'court', 'Сот', 'Суд')`, id); err != nil {
			t.Fatal(err)
		}
		return id
	}
	digest := make([]byte, 32)
	deeds := func(ids ...uuid.UUID) (out []ledger.Deed) {
		for _, id := range ids {
			out = append(out, ledger.Deed{ID: id, Digest: digest, Rows: []ledger.Touched{{Table: "body", Key: id.String()}}})
		}
		return out
	}
	if err := db.Within(t.Context(), func(tx *database.DB) error {
		a, b, rest := body(tx), body(tx), body(tx)
		if err := ledger.StepAll(t.Context(), tx, policy.RegisterTake, noon, "body", deeds(b, a)); err != nil {
			return err
		}
		return ledger.Step(t.Context(), tx, policy.Ask{Act: policy.RegisterTake, At: noon}, "body", rest, uuid.Nil, nil)
	}); err != nil {
		t.Fatal(err)
	}
	var wrong int
	if err := db.Get(t.Context(), &wrong, `SELECT count(*) FROM record r FULL JOIN trace t ON t.seq = r.seq WHERE r.object_id::text IS DISTINCT FROM t.id`); err != nil || wrong != 0 {
		t.Errorf("%d rows are answered for by another act: %v", wrong, err)
	}
	var rows []ledger.Trace
	if err := db.Select(t.Context(), &rows, `SELECT n, tab, id, cols, gone, tx::text::bigint AS tx, at, seq FROM trace WHERE seq = 2`); err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	if r, err := ledger.ReadRow(t.Context(), db, 2); err != nil || !bytes.Equal(r.Rows, ledger.RowsDigest(rows)) {
		t.Errorf("the second act has the digest of other rows: %v", err)
	}
	hand, err := database.OpenAs(t.Context(), db.DSN(), database.Work)
	if err != nil {
		t.Fatal(err)
	}
	defer hand.Close()
	err = hand.Within(t.Context(), func(tx *database.DB) error {
		a := body(tx)
		body(tx)
		return ledger.StepAll(t.Context(), tx, policy.RegisterTake, noon, "body", deeds(a))
	})
	if !database.Violates(err, "trace_answered") {
		t.Errorf("a row that no act answers for: %v", err)
	}
	holds(t, db, 3)
}
