package reseal_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"

	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// asRotate does one thing as the login of `portal reseal` could, and says what came of it.
func asRotate(t *testing.T, w *portaltest.W, do func(tx *sqlx.Tx) (int64, error)) (rows int64, err error) {
	t.Helper()
	tx, err := w.SQL.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`SET LOCAL ROLE portal_rotate`); err != nil {
		t.Fatal(err)
	}
	if rows, err = do(tx); err != nil {
		return 0, err
	}
	return rows, tx.Commit()
}

// Whoever has stolen the login that brings texts over.
func TestTheDoorOfTheNewWrapsLetsNothingElseThrough(t *testing.T) {
	w := portaltest.World(t)
	g := w.Guard(portaltest.Rules{})
	filed := w.Petition(w.Aigul, w.Theft)
	if _, err := g.Keeper.Rotate(); err != nil {
		t.Fatal(err)
	}
	var paper struct {
		ID      string `db:"document"`
		Content []byte `db:"content"`
	}
	if err := w.SQL.Get(&paper, `SELECT f.document, d.content FROM filing f JOIN document d ON d.id = f.document WHERE f.id = $1`, filed); err != nil {
		t.Fatal(err)
	}
	wraps, err := vault.Wraps(paper.Content)
	if err != nil || len(wraps) < 187 { // the petition is its author's own as well
		t.Fatal(len(wraps), err)
	}
	// A change of a byte is tried at every place of the wraps, and at some of the text.
	fresh := func(change func(b []byte) []byte) []byte {
		b := bytes.Clone(paper.Content)
		for _, at := range []int{18, 102 + 1} { // the epochs of both wraps
			b[at+3] = 2
		}
		return change(b)
	}
	same := func(b []byte) []byte { return b }
	const put = `UPDATE document SET content = $1 WHERE id = $2`
	try := func(query string, args ...any) (int64, error) {
		t.Helper()
		return asRotate(t, w, func(tx *sqlx.Tx) (int64, error) {
			r, err := tx.Exec(query, args...)
			if err != nil {
				return 0, err
			}
			n, _ := r.RowsAffected()
			if _, err := tx.Exec(`SELECT ledger.reseal('document', $1)`, paper.ID); err != nil {
				return 0, err
			}
			return n, nil
		})
	}
	tries := map[string]func(b []byte) []byte{
		"another form":              func(b []byte) []byte { b[0] = 2; return b },
		"fewer persons":             func(b []byte) []byte { b[1] = 0; return b },
		"more persons":              func(b []byte) []byte { b[1] = 2; return b },
		"another person":            func(b []byte) []byte { b[2] ^= 1; return b },
		"the wrap of a person cut":  func(b []byte) []byte { return b[102:] },
		"nothing":                   func([]byte) []byte { return nil },
		"an empty text":             func([]byte) []byte { return []byte{} },
		"a longer text":             func(b []byte) []byte { return append(b, 0) },
		"a shorter text":            func(b []byte) []byte { return b[:len(b)-1] },
		"an epoch before":           func(b []byte) []byte { b[18+3] = 0; return b },
		"one wrap of the old epoch": func(b []byte) []byte { b[102+1+3] = 1; return b },
	}
	for _, at := range []int{len(wraps), len(wraps) + 1, (len(wraps) + len(paper.Content)) / 2, len(paper.Content) - 1} {
		tries[fmt.Sprintf("byte %d of the text", at-len(wraps))] = func(b []byte) []byte { b[at] ^= 1; return b }
	}
	for name, change := range tries {
		if n, err := try(put, fresh(change), paper.ID); err == nil || !strings.Contains(err.Error(), "more than wraps would change") && !strings.Contains(err.Error(), "not-null") {
			t.Errorf("%s: %d rows, %v", name, n, err)
		}
	}
	for _, query := range []string{
		`UPDATE document SET digest = cms`, `UPDATE document SET signed_at = NULL`, `UPDATE document SET author = signer`, `DELETE FROM document`,
		`INSERT INTO document SELECT * FROM document`, `UPDATE decision SET status = 'draft'`, `UPDATE person SET iin_tag = iin`, `TRUNCATE document`,
		`UPDATE warrant SET content = cms`, `UPDATE note SET content = ''`, `UPDATE session SET login = ''`, `SELECT login FROM session`, `SELECT slip FROM job`,
		`UPDATE trace SET seq = 1`, `DELETE FROM record`, `SELECT ledger.record(now(), NULL, 'filing-submit', 'filing', gen_random_uuid(), NULL, '', NULL)`,
		`ALTER TABLE document DISABLE TRIGGER rewrapped`,
		`CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`, `CREATE TABLE loot (id int)`, `INSERT INTO checkpoint SELECT * FROM checkpoint`,
		`DROP TRIGGER rewrapped ON document`, `CREATE OR REPLACE FUNCTION rewrapped(was bytea, is_now bytea) RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
	} {
		_, err := asRotate(t, w, func(tx *sqlx.Tx) (int64, error) { _, err := tx.Exec(query); return 0, err })
		if err == nil {
			t.Errorf("%s: done", query)
		}
	}
	// A change without its act is refused at the commit.
	if _, err := asRotate(t, w, func(tx *sqlx.Tx) (int64, error) { _, err := tx.Exec(put, fresh(same), paper.ID); return 1, err }); err == nil ||
		!strings.Contains(err.Error(), "without an act") {
		t.Errorf("no act: %v", err)
	}
	// The other roles have no such door, and signed papers are as final for them as they were.
	for _, role := range []string{"portal_app", "portal_work"} {
		tx := w.SQL.MustBegin()
		tx.MustExec(`SET LOCAL ROLE ` + role)
		if _, err := tx.Exec(put, fresh(same), paper.ID); err == nil {
			t.Errorf("%s changes a signed paper", role)
		}
		tx.Rollback()
	}
	if _, err := w.SQL.Exec(put, fresh(same), paper.ID); err == nil || !strings.Contains(err.Error(), "is signed and does not change") {
		t.Errorf("the superuser, who is no portal_rotate: %v", err)
	}
	var still []byte
	if err := w.SQL.Get(&still, `SELECT content FROM document WHERE id = $1`, paper.ID); err != nil || !bytes.Equal(still, paper.Content) {
		t.Error("it changed all the same", err)
	}
	if n, err := try(put, fresh(same), paper.ID); err != nil || n != 1 { // what the door is for
		t.Errorf("%d, %v", n, err)
	}
	w.Want(t, `SELECT act, object, who IS NULL AS portal FROM record ORDER BY seq DESC LIMIT 1`, `
		act    | object   | portal
		reseal | document | true`)
	w.Sound()
}
