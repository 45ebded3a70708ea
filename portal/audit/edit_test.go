package audit_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"zharia/portal/audit"
	"zharia/portal/database"
	"zharia/portal/filing"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// furniture is a row for each protected table in which the cast leaves none: what it
// says is nothing, but it stands as an act left it. A table that is missing here fails
// the test.
var furniture = map[string]string{
	"known":   `INSERT INTO known (casefile, person, name, iin) SELECT c.id, p.id, '\x00', '\x00' FROM casefile c, person p LIMIT 1`,
	"warrant": `INSERT INTO warrant (id, kind, content, cms, made_at, kept_at) VALUES (gen_random_uuid(), 'roll', '\x00', '\x00', now(), now())`,
	"substitution": `INSERT INTO substitution (id, officer, deputy, head, document, until, made_at)
		SELECT gen_random_uuid(), i.person, j.person, h.person, d.id, '2026-11-20', now() FROM officer i, officer j, officer h, document d
		 WHERE i.post = 'investigator' AND j.post = 'investigator' AND h.post = 'head' AND i.person < j.person LIMIT 1`,
	"assent":           `INSERT INTO assent (document, about, author, agrees, made_at) SELECT d.id, e.id, d.author, true, now() FROM document d, document e WHERE d.id < e.id LIMIT 1`,
	"revocation":       `INSERT INTO revocation (document, participant, made_at) SELECT d.id, p.id, now() FROM document d, participant p LIMIT 1`,
	"request":          `INSERT INTO request (id, casefile, person, role, words, named, language, document, status, made_at) SELECT gen_random_uuid(), d.casefile, d.author, 'witness', '\x00', '\x00', 'kk', d.id, 'draft', now() FROM document d WHERE d.casefile IS NOT NULL LIMIT 1`,
	"assignment":       `INSERT INTO assignment (document, casefile, head, duty, previous, officer, made_at) SELECT d.id, d.casefile, o.person, 'charge', o.person, o.person, now() FROM document d, officer o WHERE d.casefile IS NOT NULL LIMIT 1`,
	"appointment":      `INSERT INTO appointment (id, person, name, leaves, proposer, document, status, made_at, proposed_at) SELECT gen_random_uuid(), p.id, 'A. B.', true, o.person, d.id, 'proposed', now(), now() FROM person p, officer o, document d WHERE p.id <> o.person LIMIT 1`,
	"decision_text":    `INSERT INTO decision_text (decision, established, resolved) SELECT id, '\x00', '\x00' FROM decision LIMIT 1`,
	"exposure":         `INSERT INTO exposure (document, decision, participant, author, view, ground, reasons, made_at) SELECT x.document, x.id, p.id, x.author, 'read', 'truth', '\x00', now() FROM decision x, participant p LIMIT 1`,
	"redaction":        `INSERT INTO redaction (document, decision, part, author, made_at) SELECT document, id, 'personal-data', author, now() FROM decision LIMIT 1`,
	"service":          `INSERT INTO service (decision, participant, person, way, at) SELECT x.id, p.id, p.person, 'opened', now() FROM decision x, participant p LIMIT 1`,
	"opening":          `INSERT INTO opening (id, casefile, person, standing, object, object_id, reason, at) SELECT gen_random_uuid(), id, investigator, 'charge', 'decision', id, 'duty', now() FROM casefile LIMIT 1`,
	"unsealing":        `INSERT INTO unsealing (id, casefile, person, ground, since, until, told_at) SELECT gen_random_uuid(), id, investigator, '\x00', now(), now() + interval '1 day', now() FROM casefile LIMIT 1`,
	"objection":        `INSERT INTO objection (id, opening, casefile, person, words, made_at) SELECT gen_random_uuid(), id, casefile, person, '\x00', now() FROM opening LIMIT 1`,
	"material":         `INSERT INTO material (id, casefile, volume, sheet, sheets, title, part, document, state, made_at) SELECT gen_random_uuid(), casefile, 9, 1, 1, '\x00', 'case', id, 'ready', now() FROM document WHERE casefile IS NOT NULL AND id NOT IN (SELECT document FROM material) LIMIT 1`,
	"material_page":    `INSERT INTO material_page (id, material, number, small, size, width, height, sharp, sharp_size) SELECT gen_random_uuid(), id, 1999, '\x00', 1, 1, 1, '\x00', 1 FROM material LIMIT 1`,
	"familiarisation":  `INSERT INTO familiarisation (id, casefile, participant, author, document, opens_on, until, status, made_at) SELECT gen_random_uuid(), p.casefile, p.id, c.investigator, d.id, '2026-10-20', '2026-11-20', 'draft', now() FROM participant p JOIN casefile c ON c.id = p.casefile, document d LIMIT 1`,
	"plea":             `INSERT INTO plea (id, familiarisation, casefile, words, made_at) SELECT gen_random_uuid(), f.id, f.casefile, '\x02', now() FROM familiarisation f LIMIT 1`,
	"reading":          `INSERT INTO reading (familiarisation, page, first_at, last_at, times, seconds, told) SELECT f.id, g.id, now(), now(), 1, 1, false FROM familiarisation f, material_page g LIMIT 1`,
	"supplement":       `INSERT INTO supplement (id, filing, n, kind, text, document, made_at) SELECT gen_random_uuid(), f.id, 50, 'added', '\x00', f.document, now() FROM filing f LIMIT 1`,
	"answer":           `INSERT INTO answer (filing, author, outcome, reasons, language, document, made_at) SELECT id, decider, 'granted', '\x00', 'kk', document, now() FROM filing LIMIT 1`,
	"resolution":       `INSERT INTO resolution (point, outcome) SELECT id, 'granted' FROM point LIMIT 1`,
	"dispute":          `INSERT INTO dispute (point, person, text, at) SELECT p.id, f.author, '\x00', now() FROM point p JOIN filing f ON f.id = p.filing LIMIT 1`,
	"message":          `INSERT INTO message (id, filing, person, official, text, digest, made_at) SELECT gen_random_uuid(), id, author, false, '\x00', sha256('x'), now() FROM filing LIMIT 1`,
	"forward":          `INSERT INTO forward (id, filing, author, himself, addressee, seat, words, language, document, made_at) SELECT gen_random_uuid(), f.id, f.decider, false, o.person, 'head', '\x00', 'kk', f.document, now() FROM filing f, officer o WHERE o.person <> f.decider LIMIT 1`,
	"extension":        `INSERT INTO extension (filing, author, reason, was_term, was_raw, was_due, due_raw, due_at, language, document, made_at) SELECT id, decider, '\x00', 'x', now(), now(), now(), now() + interval '1 day', 'kk', document, now() FROM filing LIMIT 1`,
	"addition":         `INSERT INTO addition (id, filing, asked_by, asked_at) SELECT gen_random_uuid(), id, decider, now() FROM filing LIMIT 1`,
	"addition_point":   `INSERT INTO addition_point (id, addition, n, asked) SELECT gen_random_uuid(), id, 1, '\x00' FROM addition LIMIT 1`,
	"cancellation":     `INSERT INTO cancellation (filing, author, cancelled, words, settled_at) SELECT id, decider, true, '\x00', now() FROM filing LIMIT 1`,
	"attachment":       `INSERT INTO attachment (id, filing, author, place, name, kind, size, received, digest, state, disarmed, made_at) SELECT gen_random_uuid(), id, author, 9, '\x00', 'pdf', 1, 1, sha256('x'), 'waiting', false, now() FROM filing WHERE status = 'draft' LIMIT 1`,
	"attachment_chunk": `INSERT INTO attachment_chunk (id, attachment, part, n, content) SELECT gen_random_uuid(), id, 'original', 0, '\x00' FROM attachment WHERE state = 'waiting' LIMIT 1`,
	"day_off":          `INSERT INTO day_off (id, date, off, key, source, made_at) VALUES (gen_random_uuid(), '2026-12-15', true, 'moved', 'a resolution', now())`,
	"recount":          `INSERT INTO recount (id, filing, day_off, was_due, due_at, made_at) SELECT gen_random_uuid(), f.id, d.id, now(), now() + interval '1 day', now() FROM filing f, day_off d LIMIT 1`,
	"count_objection":  `INSERT INTO count_objection (id, filing, person, words, due_at, made_at) SELECT gen_random_uuid(), id, author, '\x00', now(), now() FROM filing LIMIT 1`,
	"assistant":        `INSERT INTO assistant (id, advocate, person, name, until, made_at) SELECT gen_random_uuid(), a.id, b.id, '\x00', '2027-01-01', now() FROM person a, person b WHERE a.id <> b.id LIMIT 1`,
	"restoration":      `INSERT INTO restoration (id, acts, seen, heads, at) VALUES (gen_random_uuid(), 0, 1, '{x}', now())`,
	"report":           `INSERT INTO report (id, author, way, status, language, draft, made_at, saved_at) SELECT gen_random_uuid(), id, 'signed', 'draft', 'kk', '\x00', now(), now() FROM person LIMIT 1`,
	"report_decision":  `INSERT INTO report_decision (document, report, author, kind, ground, terms, made_at) SELECT d.id, r.id, o.person, 'court', 'private', '\x00', now() FROM document d, report r, officer o WHERE o.post = 'registrar' LIMIT 1`,
	"movement":         `INSERT INTO movement (id, casefile, state, since, made_at) SELECT gen_random_uuid(), id, 'conducted', '2026-11-20', now() FROM casefile LIMIT 1`,
	"errand":           `INSERT INTO errand (id, assistant, advocate, casefile, participant, kind, case_number, advocate_name, language, wish, circumstances, points, status, made_at, saved_at) SELECT gen_random_uuid(), a.id, a.advocate, p.casefile, p.id, 'petition', '\x00', '\x00', 'kk', '\x00', '\x00', '\x00', 'given', now(), now() FROM assistant a, participant p LIMIT 1`,
}

// column is one of a protected table, with the type it has.
type column struct {
	Name, Type string
	Key, Must  bool // of the primary key; never empty
}

const selectColumns = `
SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS must,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS key
  FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`

// another is a value of a type that is not the one of the column, whatever that is. A
// type that is missing fails the test.
var another = map[string]string{
	"uuid":                     `coalesce(md5(%[1]s::text)::uuid, gen_random_uuid())`,
	"text":                     `coalesce(%[1]s || ' ', '')`,
	"bytea":                    `coalesce(%[1]s || '\x00', '')`,
	"timestamp with time zone": `coalesce(%[1]s + interval '1 microsecond', '2026-01-01')`,
	"date":                     `coalesce(%[1]s + 1, '2026-01-01')`,
	"integer":                  `coalesce(%[1]s + 1, 0)`,
	"bigint":                   `coalesce(%[1]s + 1, 0)`,
	"boolean":                  `coalesce(NOT %[1]s, true)`,
	"text[]":                   `coalesce(array_append(%[1]s, 'x'), '{}')`,
	"uuid[]":                   `coalesce(array_append(%[1]s, gen_random_uuid()), '{}')`,
}

// furnished is a world in which every protected table has a row that an act left.
func furnished(t *testing.T) (*portaltest.W, *sqlx.DB) {
	t.Helper()
	w := portaltest.World(t)
	w.Petition(w.Aigul, w.Theft)
	w.Draft(w.Aigul, w.Theft, filing.NewFiling{Kind: policy.FilingPetition})
	tx, err := w.SQL.Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for _, name := range ledger.Protected {
		var there bool
		if err := tx.Get(&there, `SELECT EXISTS (SELECT FROM `+name+`)`); err != nil {
			t.Fatal(err)
		}
		if there {
			continue
		}
		result, err := tx.Exec(furniture[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n, err := result.RowsAffected(); n != 1 {
			t.Fatalf("%s: %d rows of furniture, %v", name, n, err)
		}
		if _, err := tx.Exec(`SELECT ledger.record(now(), NULL, $1, 'body', gen_random_uuid(), NULL, '', NULL)`, audit.ActOn(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return w, w.SQL
}

// key is the primary key of a row as findings name it.
func key(columns []column) string {
	var parts []string
	for _, c := range columns {
		if c.Key {
			parts = append(parts, c.Name+"::text")
		}
	}
	return strings.Join(parts, ` || '/' || `)
}

// A05. A superuser takes the constraints off and silences the triggers, changes one value
// of one row, and each time the audit says which.
func TestEveryColumnOfEveryProtectedTableThatASuperuserChangesIsNamed(t *testing.T) {
	t.Parallel()
	w, raw := furnished(t)
	sound(t, verify(t, w.DB.DB, audit.Options{}))
	if _, err := raw.Exec(`DO $$ DECLARE c record; BEGIN
		FOR c IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace LOOP
			EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname);
		END LOOP;
		FOR c IN SELECT i.indexrelid::regclass AS t FROM pg_index i JOIN pg_class k ON k.oid = i.indrelid
		          WHERE k.relnamespace = 'public'::regnamespace AND NOT i.indisprimary AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.conindid = i.indexrelid) LOOP
			EXECUTE format('DROP INDEX %s', c.t);
		END LOOP; END $$`); err != nil {
		t.Fatal(err)
	}
	if err := attack(raw, keepAll()...); err != nil {
		t.Fatal(err)
	}
	var edits, empties, alone []edit
	var keys []string // of rows that changed them: gone under one, foreign under another
	var rekey []string
	for _, name := range ledger.Protected {
		var columns []column
		if err := raw.Select(&columns, selectColumns, name); err != nil {
			t.Fatal(err)
		}
		var row string
		if err := raw.Get(&row, `SELECT `+key(columns)+` FROM `+name+` ORDER BY 1 LIMIT 1`); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		keyed := false
		for _, c := range columns {
			if slices.Contains(ledger.Untraced[name], c.Name) {
				continue
			}
			how, known := another[c.Type]
			if !known {
				t.Fatalf("%s.%s is a %s: this test does not know what else to write there", name, c.Name, c.Type)
			}
			e := edit{
				order: fmt.Sprintf(`UPDATE %s SET %s = %s WHERE %s = '%s'`, name, c.Name, fmt.Sprintf(how, c.Name), key(columns), row),
				what:  fmt.Sprintf("%s | %s | %s | changed", name, row, c.Name),
			}
			if name == "attachment_chunk" && c.Name == "attachment" {
				e.what = fmt.Sprintf("%s | %s |  | missing", name, row) // a piece of nothing counts for nothing
				alone = append(alone, e)
				continue
			}
			switch {
			case !c.Key:
				edits = append(edits, e)
			case !keyed:
				keyed = true
				rekey, keys = append(rekey, e.order), append(keys, name+" | "+row)
			}
			var full bool
			if err := raw.Get(&full, fmt.Sprintf(`SELECT %s IS NOT NULL FROM %s WHERE %s = '%s'`, c.Name, name, key(columns), row)); err != nil {
				t.Fatal(err)
			}
			if full && !c.Must {
				e.order = fmt.Sprintf(`UPDATE %s SET %s = NULL WHERE %s = '%s'`, name, c.Name, key(columns), row)
				empties = append(empties, e)
			}
		}
	}
	// All at once, and what is found is those and nothing else.
	for _, list := range [][]edit{edits, empties, alone} {
		alter(t, w, list...)
	}
	// And alone, each twentieth: none needs another to be seen.
	for i := 0; i < len(edits); i += 20 {
		alter(t, w, edits[i])
	}
	if len(edits) < 200 || len(keys) != len(ledger.Protected) {
		t.Errorf("only %d edits of %d tables: the test is broken", len(edits), len(keys))
	}
	// A file that has another key takes its pieces along, so each has a turn of its own.
	whole := slices.Index(ledger.Protected, "attachment")
	for _, round := range [][]int{{whole}, slices.Delete(span(len(keys)), whole, whole+1)} {
		var orders []string
		for _, i := range round {
			orders = append(orders, rekey[i])
		}
		if err := attack(raw, orders...); err != nil {
			t.Fatal(err)
		}
		gone, foreign := map[string]bool{}, map[string]int{}
		for _, f := range verify(t, w.DB.DB, audit.Options{}).Findings {
			switch {
			case f.What == audit.Missing:
				gone[f.Table+" | "+f.Row] = true
			case f.What == audit.Foreign && f.Column == "":
				foreign[f.Table]++
			}
		}
		for _, i := range round {
			name, _, _ := strings.Cut(keys[i], " ")
			if !gone[keys[i]] || foreign[name] != 1 {
				t.Errorf("the row %s was given another key: missed %v, foreign there %d", keys[i], gone[keys[i]], foreign[name])
			}
		}
		if err := attack(raw, restoreAll()...); err != nil {
			t.Fatal(err)
		}
	}
	sound(t, verify(t, w.DB.DB, audit.Options{}))
	t.Logf("%d values changed, %d emptied, %d keys changed", len(edits), len(empties), len(keys))
}

func span(n int) (out []int) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

// edit is an order of an attacker and the finding that it must come to.
type edit struct{ order, what string }

// alter has the edits done, looks what is found, and undoes them.
func alter(t *testing.T, w *portaltest.W, edits ...edit) {
	t.Helper()
	var orders []string
	want, got := map[string]bool{}, map[string]bool{}
	for _, e := range edits {
		orders = append(orders, e.order)
		want[e.what] = true
	}
	if err := attack(w.SQL, orders...); err != nil {
		t.Fatal(err)
	}
	for _, f := range verify(t, w.DB.DB, audit.Options{}).Findings {
		if f.Table == "document" && f.What == audit.Unproved || f.Table == "evidence" && f.Column == "document" && f.What == audit.Foreign {
			continue // what such an edit does to signatures is found once more
		}
		got[fmt.Sprintf("%s | %s | %s | %s", f.Table, f.Row, f.Column, f.What)] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
	if err := attack(w.SQL, restoreAll()...); err != nil {
		t.Fatal(err)
	}
}

// keepAll makes copies of all protected tables, and restoreAll brings them back.
func keepAll() (orders []string) {
	orders = append(orders, `CREATE SCHEMA kept`)
	for _, name := range ledger.Protected {
		orders = append(orders, `CREATE TABLE kept.`+name+` AS TABLE `+name)
	}
	return orders
}

func restoreAll() (orders []string) {
	for _, name := range ledger.Protected {
		orders = append(orders, `DELETE FROM `+name, `INSERT INTO `+name+` TABLE kept.`+name)
	}
	return orders
}

// A05, the other kinds of edits: with the triggers at work, and rows that come and go.
func TestARowThatASuperuserPutsInOrTakesAwayIsNamed(t *testing.T) {
	t.Parallel()
	w, raw := furnished(t)
	body, other := uuid.New(), uuid.New()
	var filing string
	if err := raw.Get(&filing, `SELECT id FROM filing WHERE status = 'filed' LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{
		fmt.Sprintf(`INSERT INTO body (id, kind, name_kk, name_ru) VALUES ('%s', 'court', 'x', 'x')`, body),
		`UPDATE filing SET due_at = due_at + interval '10 days' WHERE id = '` + filing + `'`,
	} {
		if _, err := raw.Exec(order); err != nil { // triggers at work
			t.Fatal(err)
		}
	}
	if err := attack(raw,
		fmt.Sprintf(`INSERT INTO body (id, kind, name_kk, name_ru) VALUES ('%s', 'court', 'x', 'x')`, other),
		`DELETE FROM point WHERE filing = '`+filing+`'`,
	); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, f := range verify(t, w.DB.DB, audit.Options{}).Findings {
		row := strings.NewReplacer(body.String(), "traced", other.String(), "silent", filing, "filing").Replace(f.Row)
		if f.Table == "point" {
			row = "of the filing"
		}
		got[fmt.Sprintf("%s %s %s %s", f.Table, row, f.Column, f.What)]++
	}
	want := map[string]int{
		"body traced  unbound": 1, "body traced  foreign": 1, "body silent  foreign": 1,
		"filing filing  unbound": 1, "filing filing due_at changed": 1, "point of the filing  missing": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
}

func TestASignatureWithoutProofAndAProofWithoutSignatureAreFound(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	w.Petition(w.Aigul, w.Theft)
	var paper, plain string
	if err := w.SQL.Get(&paper, `SELECT id FROM document WHERE kind = 'petition' AND signed_at IS NOT NULL LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	if err := w.SQL.Get(&plain, `SELECT d.id FROM document d JOIN evidence e ON e.document = d.id WHERE kind = 'decision' LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	if err := attack(w.SQL,
		`DELETE FROM evidence WHERE document = '`+paper+`'`,
		`UPDATE document SET cms = NULL, signer = NULL, signed_at = NULL WHERE id = '`+plain+`'`,
	); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range verify(t, w.DB.DB, audit.Options{}).Findings {
		got[f.Table+" "+f.Row+" "+string(f.What)] = true
	}
	for _, want := range []string{"document " + paper + " unproved", "evidence " + paper + " missing", "evidence " + plain + " foreign", "document " + plain + " changed"} {
		if !got[want] {
			t.Errorf("%s is not found among %v", want, got)
		}
	}
}

// What leaves traces and what shows rows may be taken away before anything is edited.
func TestATriggerThatSleepsAndARowThatIsHiddenAreFound(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	hidden, err := database.OpenAs(t.Context(), w.DB.DSN(), database.Audit)
	if err != nil {
		t.Fatal(err)
	}
	defer hidden.Close()
	sound(t, verify(t, hidden, audit.Options{}))
	for _, order := range []string{
		`ALTER TABLE filing DISABLE TRIGGER traced_change`,
		`ALTER TABLE decision ENABLE REPLICA TRIGGER traced`,
		`DROP TRIGGER record_grows ON record`,
		`CREATE POLICY quiet ON participant AS RESTRICTIVE FOR SELECT USING (role <> 'suspect')`,
	} {
		if _, err := w.SQL.Exec(order); err != nil {
			t.Fatal(err)
		}
	}
	finds(t, verify(t, w.DB.DB, audit.Options{}), "filing | traced_change |  | 0 | unguarded", "decision | traced |  | 0 | unguarded", "record | record_grows |  | 0 | unguarded")
	got := map[string]bool{}
	for _, f := range verify(t, hidden, audit.Options{}).Findings {
		got[f.Table+" "+string(f.What)] = true
	}
	if !got["participant unguarded"] || !got["participant missing"] {
		t.Errorf("where rows are hidden it finds %v", got)
	}
}

// A table that answers like one and is none, or has another column, is not what it was.
func TestATableThatWasReplacedIsFound(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	for _, order := range []string{
		`ALTER TABLE count_objection RENAME TO objections`, `CREATE VIEW count_objection AS TABLE objections`,
		`ALTER TABLE body ADD note text`,
	} {
		if _, err := w.SQL.Exec(order); err != nil {
			t.Fatal(err)
		}
	}
	r := verify(t, w.DB.DB, audit.Options{})
	got := map[string]bool{}
	for _, f := range r.Findings {
		got[f.Table+" "+string(f.What)] = true
	}
	if !got["count_objection missing"] || !got["body changed"] {
		t.Errorf("it finds %v", got)
	}
}
