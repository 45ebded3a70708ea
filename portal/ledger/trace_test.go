package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/ledger"
	"zharia/portal/portaltest"
)

const (
	insertBody = `INSERT INTO body (id, kind, name_kk, name_ru) VALUES ($1, 'court', 'Сот', 'Суд')`
	renameBody = `UPDATE body SET name_ru = $2 WHERE id = $1`
	deleteBody = `DELETE FROM body WHERE id = $1`

	selectTraces = `SELECT n, tab, id, cols, gone, CAST(CAST(tx AS text) AS bigint) AS tx, at, coalesce(seq, 0) AS seq FROM trace ORDER BY n`
)

func traces(t *testing.T, db *database.DB) (out []ledger.Trace) {
	t.Helper()
	if err := db.Select(t.Context(), &out, selectTraces); err != nil {
		t.Fatal(err)
	}
	return out
}

// as is the database as one of its roles.
func as(t *testing.T, db *database.DB, role database.Role) *database.DB {
	t.Helper()
	other, err := database.OpenAs(t.Context(), db.DSN(), role)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	return other
}

func cell(value string) []byte {
	sum := sha256.Sum256([]byte(value))
	return sum[:ledger.CellSize]
}

func TestAnActAnswersForEveryRowThatItsTransactionChanged(t *testing.T) {
	owner := portaltest.DB(t)
	db := as(t, owner, database.Work)
	court := uuid.New()
	err := db.Within(t.Context(), func(tx *database.DB) error {
		if err := tx.Exec(t.Context(), insertBody, court); err != nil {
			return err
		}
		if err := ledger.Record(t.Context(), tx, act(0)); err != nil {
			return err
		}
		return ledger.Record(t.Context(), tx, act(1))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Exec(t.Context(), renameBody, court, "Другой суд"); err != nil { // nobody answers for it
		t.Fatal(err)
	}
	got := traces(t, owner)
	if len(got) != 2 || got[0].Tab != "body" || got[0].ID != court.String() || got[0].Gone || got[0].Seq != 1 || got[1].Seq != 0 {
		t.Fatalf("the traces are %+v", got)
	}
	cols := slices.Concat(cell(court.String()), cell("court"), cell("Сот"), cell("Суд"), make([]byte, 6*ledger.CellSize)) // six more, all empty
	if !bytes.Equal(got[0].Cols, cols) {
		t.Errorf("the row was noted as %x, and is %x", got[0].Cols, cols)
	}
	rows, err := ledger.Of(t.Context(), db, "filing", first)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(rows[0].Rows, ledger.RowsDigest(got[:1])) || !bytes.Equal(rows[1].Rows, make([]byte, 32)) {
		t.Errorf("the acts answer for %x and %x", rows[0].Rows, rows[1].Rows)
	}
	holds(t, db, 2)
}

func TestTheServingRolesChangeNothingWithoutAnAct(t *testing.T) {
	owner := portaltest.DB(t)
	person := uuid.New()
	for _, role := range []database.Role{database.App, database.Work} {
		db := as(t, owner, role)
		ctx := database.KnowingIIN(t.Context(), bytes.Repeat([]byte{1}, 32))
		const insertPerson = `INSERT INTO person (id, iin_tag, iin, name, made_at) VALUES ($1, $2, '', '', now())`
		err := db.Within(ctx, func(tx *database.DB) error { return tx.Exec(ctx, insertPerson, person, bytes.Repeat([]byte{1}, 32)) })
		if !database.Violates(err, "trace_answered") {
			t.Errorf("%s: %v", role, err)
		}
		err = db.Within(ctx, func(tx *database.DB) error { // an act before the change does not answer for it
			if err := ledger.Record(ctx, tx, act(0)); err != nil {
				return err
			}
			return tx.Exec(ctx, insertPerson, person, bytes.Repeat([]byte{1}, 32))
		})
		if !database.Violates(err, "trace_answered") {
			t.Errorf("%s, an act before it: %v", role, err)
		}
	}
	if got := traces(t, owner); len(got) != 0 {
		t.Errorf("left are %+v", got)
	}
	holds(t, owner, 0)
}

// What an act looks at does not grow with the acts before it, whatever PostgreSQL has been
// told of the table since: traces without an act are so few at any time that it would rather
// read the index of them from end to end, and what was one lies there until it is vacuumed.
func TestAnActLooksAtNoTracesButItsOwn(t *testing.T) {
	owner := portaltest.DB(t)
	db := as(t, owner, database.Work)
	one := func(n int) {
		t.Helper()
		err := db.Within(t.Context(), func(tx *database.DB) error {
			if err := tx.Exec(t.Context(), insertBody, uuid.New()); err != nil {
				return err
			}
			return ledger.Record(t.Context(), tx, act(n))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func() (n int) {
		t.Helper()
		if err := db.Exec(t.Context(), `SELECT pg_stat_force_next_flush()`); err != nil { // figures come a second late
			t.Fatal(err)
		}
		if err := owner.Get(t.Context(), &n, `SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'trace_tx'`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	long := portaltest.SQL(t, owner).MustBegin() // a backup: nothing goes while it looks
	defer long.Rollback()
	long.MustExec(`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM trace`)
	for n := range 300 {
		one(n)
	}
	if err := owner.Exec(t.Context(), `ANALYZE trace`); err != nil {
		t.Fatal(err)
	}
	before := read()
	const acts = 50
	for n := range acts {
		one(300 + n)
	}
	if got := (read() - before) / acts; got > 5 {
		t.Errorf("an act with one trace reads %d entries of the index of those without an act", got)
	}
}

func TestTheServingRolesWriteTheRecordThroughActsOnly(t *testing.T) {
	owner := chain(t, 3)
	for _, role := range []string{"portal_app", "portal_work"} {
		for _, order := range []string{
			`INSERT INTO record SELECT 4, at, who, act, object, object_id, casefile, law, digest, rows, hash FROM record WHERE seq = 3`,
			`UPDATE record SET act = 'x'`, `DELETE FROM record`, `INSERT INTO tree VALUES (99, sha256('x'))`, `UPDATE tree SET i = i + 1`, `DELETE FROM tree`,
			`INSERT INTO trace (tab, id, cols, gone, tx, at) VALUES ('body', 'x', '', true, pg_current_xact_id(), now())`, `UPDATE trace SET seq = 1`, `DELETE FROM trace`,
			`UPDATE checkpoint SET size = 9`, `DELETE FROM checkpoint`,
			`ALTER TABLE trace DISABLE TRIGGER trace_answered`, `ALTER TABLE filing DISABLE TRIGGER traced`, `SET session_replication_role = replica`,
		} {
			err := asRole(t, owner, role, order)
			if err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "must be owner") {
				t.Errorf("%s: %s: %v", role, order, err)
			}
		}
	}
	holds(t, owner, 3)
}

// asRole does one order as a role.
func asRole(t *testing.T, db *database.DB, role, order string) error {
	t.Helper()
	conn, err := portaltest.SQL(t, db).Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), `SET SESSION AUTHORIZATION `+role); err != nil {
		t.Fatal(err)
	}
	_, err = conn.ExecContext(t.Context(), order)
	return err
}

func TestATraceIsAnsweredForOnceAndStaysAsItIs(t *testing.T) {
	db := portaltest.DB(t)
	if err := db.Exec(t.Context(), insertBody, uuid.New()); err != nil {
		t.Fatal(err)
	}
	raw := portaltest.SQL(t, db)
	for _, order := range []string{
		`UPDATE trace SET cols = ''`, `UPDATE trace SET id = 'x', seq = 1`, `UPDATE trace SET at = at + interval '1 second', seq = 1`, `UPDATE trace SET gone = true`,
	} {
		if _, err := raw.Exec(order); err == nil || !strings.Contains(err.Error(), "only grows") {
			t.Errorf("%s: %v", order, err)
		}
	}
	if _, err := raw.Exec(`UPDATE trace SET seq = 1`); err != nil {
		t.Error(err)
	}
	if _, err := raw.Exec(`UPDATE trace SET seq = 2`); err == nil || !strings.Contains(err.Error(), "only grows") {
		t.Errorf("answered for twice: %v", err)
	}
}

func TestARowThatGoesLeavesATraceAndOneThatStaysTheSameLeavesNone(t *testing.T) {
	db := portaltest.DB(t)
	court := uuid.New()
	for _, q := range []func() error{
		func() error { return db.Exec(t.Context(), insertBody, court) },
		func() error { return db.Exec(t.Context(), renameBody, court, "Суд") }, // as it was
		func() error { return db.Exec(t.Context(), renameBody, court, "Суд 2") },
		func() error { return db.Exec(t.Context(), deleteBody, court) },
	} {
		if err := q(); err != nil {
			t.Fatal(err)
		}
	}
	got := traces(t, db)
	if len(got) != 3 || got[1].Gone || !got[2].Gone || len(got[2].Cols) != 0 || got[2].ID != court.String() {
		t.Errorf("the traces are %+v", got)
	}
	if bytes.Equal(got[0].Cols, got[1].Cols) {
		t.Error("a change left the row as it was")
	}
}

// What a trace says must not hang on the settings of whoever wrote it or whoever checks.
func TestWhatATraceSaysDoesNotHangOnSettings(t *testing.T) {
	db := portaltest.DB(t)
	conn, err := portaltest.SQL(t, db).Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, order := range []string{
		`SET timezone = 'Asia/Almaty'`, `SET datestyle = 'German'`, `SET intervalstyle = 'iso_8601'`, `SET bytea_output = 'escape'`, `SET extra_float_digits = -5`,
		`INSERT INTO person (id, iin_tag, iin, name, made_at) VALUES ('019a9c3e-0000-7000-8000-000000000001', sha256('x'), 'a', 'b', '2026-11-22 05:00:00+05')`,
		`INSERT INTO day_off (id, date, off, key, source, made_at) VALUES (gen_random_uuid(), '2026-11-23', true, 'moved', 'source', '2026-11-22 05:00:00.123456+05')`,
	} {
		if _, err := conn.ExecContext(t.Context(), order); err != nil {
			t.Fatalf("%s: %v", order, err)
		}
	}
	got := traces(t, db)
	tag := sha256.Sum256([]byte("x"))
	want := slices.Concat(cell("019a9c3e-0000-7000-8000-000000000001"), cell(string(tag[:])), cell("a"), cell("b"), cell("2026-11-22 00:00:00+00"))
	if !bytes.Equal(got[0].Cols, want) {
		t.Errorf("the person was noted as\n%x, and is\n%x", got[0].Cols, want)
	}
	day := slices.Collect(slices.Chunk(got[1].Cols, ledger.CellSize))
	if !bytes.Equal(day[1], cell("2026-11-23")) || !bytes.Equal(day[5], cell("2026-11-22 00:00:00.123456+00")) || !bytes.Equal(day[2], cell("true")) {
		t.Errorf("the day was noted as %x", got[1].Cols)
	}
	for _, trace := range got {
		var now struct{ ID, Cols []byte }
		if err := conn.GetContext(t.Context(), &now, `SELECT convert_to(id, 'UTF8') AS id, cols FROM ledger.standing($1)`, trace.Tab); err != nil {
			t.Fatal(err)
		}
		if string(now.ID) != trace.ID || !bytes.Equal(now.Cols, trace.Cols) {
			t.Errorf("%s stands as %s %x, and was noted as %s %x", trace.Tab, now.ID, now.Cols, trace.ID, trace.Cols)
		}
	}
}

// What is told at the next sign-in changes without an act: each sign-in is one.
func TestTheColumnsThatATraceLeavesOutAreThoseOfTheList(t *testing.T) {
	db := portaltest.DB(t)
	raw := portaltest.SQL(t, db)
	raw.MustExec(`INSERT INTO person (id, iin_tag, iin, name, made_at) VALUES (gen_random_uuid(), sha256('x'), 'a', 'b', now())`)
	raw.MustExec(`UPDATE person SET signed_in_at = now(), signed_in_way = 'agent'`)
	got := traces(t, db)
	var columns int
	if err := raw.Get(&columns, `SELECT count(*) FROM pg_attribute WHERE attrelid = 'person'::regclass AND attnum > 0 AND NOT attisdropped`); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || len(got[0].Cols) != ledger.CellSize*(columns-len(ledger.Untraced["person"])) {
		t.Errorf("of %d columns the traces are %+v", columns, got)
	}
	raw.MustExec(`UPDATE person SET name = 'c'`)
	if got := traces(t, db); len(got) != 2 {
		t.Errorf("a new name left %+v", got)
	}
}

// A file counts with all its pieces from the moment when it is taken, and no sooner.
func TestAFileAndItsPiecesLeaveTracesFromWhenItIsTaken(t *testing.T) {
	w := portaltest.World(t)
	filing := w.Petition(w.Aigul, w.Theft)
	conn, err := w.SQL.Connx(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	do := func(order string, args ...any) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), order, args...); err != nil {
			t.Fatalf("%s: %v", order, err)
		}
	}
	do(`ALTER TABLE attachment DISABLE TRIGGER attachment_is_final`) // it lies beside what is filed already
	do(`ALTER TABLE attachment_chunk DISABLE TRIGGER attachment_is_final`)
	do(`INSERT INTO attachment (id, filing, author, place, name, kind, size, received, digest, state, disarmed, made_at)
		SELECT '019a9c3e-0000-7000-8000-0000000000f1', id, author, 1, 'x', 'pdf', 2, 2, sha256('x'), 'receiving', false, now() FROM filing WHERE id = $1`, filing)
	for n, part := range []string{"original", "original", "copy"} {
		do(`INSERT INTO attachment_chunk (id, attachment, part, n, content) VALUES (gen_random_uuid(), '019a9c3e-0000-7000-8000-0000000000f1', $2, $1, 'y')`, n, part)
	}
	left := func(what, want string) {
		t.Helper()
		w.Want(t, `SELECT tab, gone, count(*) FROM trace WHERE tab LIKE 'attachment%' GROUP BY 1, 2 ORDER BY 1, 2`, "tab | gone | count"+want)
		w.Want(t, `SELECT (SELECT count(*) FROM ledger.standing('attachment')) + (SELECT count(*) FROM ledger.standing('attachment_chunk')) AS n`, "n\n"+what)
	}
	left("0", "")
	do(`UPDATE attachment SET state = 'waiting'`)
	left("4", "\nattachment | false | 1\nattachment_chunk | false | 3")
	do(`UPDATE attachment_chunk SET content = 'z' WHERE part = 'copy'`)
	left("4", "\nattachment | false | 1\nattachment_chunk | false | 4")
	do(`DELETE FROM attachment`)
	left("0", "\nattachment | false | 1\nattachment | true | 1\nattachment_chunk | false | 4\nattachment_chunk | true | 3")
}

// Every table is protected or is named with its reason, and a protected one has its
// triggers; what stands in each after the cast has played is what its traces say.
func TestEveryTableIsProtectedOrSaysWhyNot(t *testing.T) {
	w := portaltest.World(t)
	w.Petition(w.Aigul, w.Theft)
	var tables []struct {
		Name     string
		Triggers int
	}
	if err := w.SQL.Select(&tables, `SELECT c.relname AS name, (SELECT count(*) FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname IN ('traced', 'traced_change', 'traced_end') AND g.tgenabled = 'O') AS triggers
		FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	filled := 0
	for _, table := range tables {
		protected, why := slices.Contains(ledger.Protected, table.Name), ledger.Unprotected[table.Name]
		if protected == (why != "") || protected != (table.Triggers == 3) {
			t.Errorf("%s: protected %v, %d triggers, and not protected because: %q", table.Name, protected, table.Triggers, why)
		}
		if !protected {
			continue
		}
		var wrong []string
		if err := w.SQL.Select(&wrong, `SELECT coalesce(s.id, t.id) FROM ledger.standing($1) s
			FULL JOIN (SELECT DISTINCT ON (id) id, cols, gone FROM trace WHERE tab = $1 ORDER BY id, n DESC) t ON t.id = s.id
			WHERE t.id IS NULL OR t.gone <> (s.id IS NULL) OR s.cols <> t.cols`, table.Name); err != nil {
			t.Fatal(err)
		}
		if len(wrong) > 0 {
			t.Errorf("%s: %d rows are not what their traces say: %v", table.Name, len(wrong), wrong[0])
		}
		var n int
		if err := w.SQL.Get(&n, `SELECT count(DISTINCT id) FROM trace WHERE tab = $1`, table.Name); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			filled++
		}
	}
	if filled < 10 || len(tables) != len(ledger.Protected)+len(ledger.Unprotected) {
		t.Errorf("%d tables were filled; there are %d, the lists have %d and %d", filled, len(tables), len(ledger.Protected), len(ledger.Unprotected))
	}
	w.Want(t, `SELECT count(*) FROM trace WHERE seq IS NULL`, "count\n0")
}

// The digest of an act's traces, from the layout in the comment of Trace.Bytes and
// nothing else.
func TestTheDigestOfTracesIsComputedAsDocumented(t *testing.T) {
	db := portaltest.DB(t)
	court := uuid.New()
	err := db.Within(t.Context(), func(tx *database.DB) error {
		if err := tx.Exec(t.Context(), insertBody, court); err != nil {
			return err
		}
		if err := tx.Exec(t.Context(), deleteBody, court); err != nil {
			return err
		}
		return ledger.Record(t.Context(), tx, act(0))
	})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	for _, trace := range traces(t, db) {
		number := func(size int, n int64) {
			for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
				sum.Write([]byte{byte(n >> shift)})
			}
		}
		text := func(s string) { number(2, int64(len(s))); sum.Write([]byte(s)) }
		number(8, trace.N)
		if trace.Gone {
			number(1, 1)
		} else {
			number(1, 0)
		}
		number(8, trace.Tx)
		number(8, trace.At.UnixMicro())
		text("body")
		text(court.String())
		text(string(trace.Cols))
	}
	rows, err := ledger.Of(t.Context(), db, "filing", first)
	if err != nil || !bytes.Equal(rows[0].Rows, sum.Sum(nil)) {
		t.Errorf("the act answers for %x, not %x (%v)", rows[0].Rows, sum.Sum(nil), err)
	}
}

func TestALeafIsReadBackAndNothingElseIs(t *testing.T) {
	db := portaltest.DB(t)
	record(t, db, act(0), ledger.Entry{At: noon.Add(-1e18), Act: "ledger-check", Object: "record", ID: first})
	for seq := int64(1); seq <= 2; seq++ {
		row, err := ledger.ReadRow(t.Context(), db, seq)
		if err != nil {
			t.Fatal(err)
		}
		leaf := ledger.Leaf(row)
		back, err := ledger.ParseLeaf(leaf)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := text(t, row), text(t, back); a != b {
			t.Errorf("%s was read back as %s", a, b)
		}
		for n := range leaf {
			if _, err := ledger.ParseLeaf(leaf[:n]); err == nil {
				t.Errorf("%d bytes of %d are a leaf", n, len(leaf))
			}
		}
		if _, err := ledger.ParseLeaf(append(bytes.Clone(leaf), 0)); err == nil {
			t.Error("a byte more, and it is a leaf")
		}
		for bit := range 8 * len(leaf) {
			other := bytes.Clone(leaf)
			other[bit/8] ^= 1 << (bit % 8)
			if got, err := ledger.ParseLeaf(other); err == nil && !bytes.Equal(ledger.Leaf(got), other) {
				t.Errorf("bit %d: read as what Leaf writes differently", bit)
			}
		}
	}
}

func text(t *testing.T, r ledger.Row) string {
	t.Helper()
	out, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s", out)
}

func FuzzParseLeaf(f *testing.F) {
	f.Add(ledger.Leaf(ledger.Row{Seq: 1, At: noon, Act: "x", Object: "y", ID: first, Rows: make([]byte, 32)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		row, err := ledger.ParseLeaf(b)
		if err == nil && !bytes.Equal(ledger.Leaf(row), b) {
			t.Errorf("%x is read as what is written %x", b, ledger.Leaf(row))
		}
	})
}
