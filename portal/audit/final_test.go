package audit_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"zharia/portal/audit"
	"zharia/portal/filing"
	"zharia/portal/ledger"
	"zharia/portal/portaltest"
	"zharia/portal/reseal"
)

// forged does what a stolen login of the portal can do: its orders, and an act that
// answers for them.
func forged(t *testing.T, raw *sqlx.DB, role, act, object, id string, orders ...string) error {
	t.Helper()
	tx, err := raw.BeginTxx(context.WithoutCancel(t.Context()), &sql.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if role != "" {
		orders = append([]string{`SET LOCAL ROLE ` + role}, orders...)
	}
	for _, order := range append(orders, fmt.Sprintf(`SELECT ledger.record(now(), NULL, '%s', '%s', '%s', NULL, '', NULL)`, act, object, id)) {
		if _, err := tx.Exec(order); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// answered is a world with a petition that was answered, and the id of it.
func answered(t *testing.T) (*portaltest.W, string) {
	t.Helper()
	w := portaltest.World(t)
	w.Forges = true
	id := w.Petition(w.Aigul, w.Theft)
	w.Answer(w.Daniyar, id, filing.Granted)
	sound(t, verify(t, w.DB.DB, audit.Options{}))
	return w, id.String()
}

// wrong are the findings as "table column what".
func wrong(r audit.Report) (out []string) {
	for _, f := range r.Findings {
		out = append(out, strings.Join(strings.Fields(f.Table+" "+f.Column+" "+string(f.What)), " "))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestTheLoginOfThePortalTakesNothingAwayThatWasAccepted(t *testing.T) {
	t.Parallel()
	w, id := answered(t)
	of := func(query string) (out string) {
		t.Helper()
		if err := w.SQL.Get(&out, query, id); err != nil {
			t.Fatal(err)
		}
		return out
	}
	paper, point := of(`SELECT document FROM filing WHERE id = $1`), of(`SELECT id FROM point WHERE filing = $1 LIMIT 1`)
	for _, order := range []string{
		`DELETE FROM filing WHERE id = '` + id + `'`,
		`DELETE FROM point WHERE id = '` + point + `'`,
		`DELETE FROM resolution WHERE point = '` + point + `'`,
		`DELETE FROM document WHERE id = '` + paper + `'`,
		`DELETE FROM decision WHERE status = 'published'`,
		`DELETE FROM decision_person`,
		`DELETE FROM confirmation`,
		`DELETE FROM participant WHERE status = 'confirmed'`,
		`UPDATE filing SET circumstances = '\x00' WHERE id = '` + id + `'`,
		`UPDATE filing SET number = '1' WHERE id = '` + id + `'`,
		`UPDATE answer SET outcome = 'refused' WHERE filing = '` + id + `'`,
		`UPDATE decision SET kind = 'reconciled' WHERE status = 'published'`,
		`UPDATE confirmation SET signed_at = signed_at + interval '1 day'`,
	} {
		if err := forged(t, w.SQL, "portal_work", "filing-discard", "filing", id, order); err == nil || !strings.Contains(err.Error(), "does not") && !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v", order, err)
		}
	}
	sound(t, verify(t, w.DB.DB, audit.Options{}))
}

// asleep leaves traces, and nothing else awake.
const asleep = `DO $$ DECLARE g record; BEGIN
	FOR g IN SELECT tgrelid::regclass AS t, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname NOT LIKE 'trace%' LOOP
		EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', g.t, g.tgname);
	END LOOP;
	FOR g IN SELECT conrelid::regclass AS t, conname FROM pg_constraint WHERE contype IN ('f', 'c') AND connamespace = 'public'::regnamespace LOOP
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', g.t, g.conname);
	END LOOP; END $$`

// Whoever has the whole database puts the triggers to sleep, changes what was accepted, and
// writes traces and an act for it that are as good as any other.
func TestAnActThatChangesOrEndsWhatWasAcceptedIsFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ act, order, want string }{
		{"filing-extend", `UPDATE filing SET circumstances = '\x00' WHERE id = '%s'`, "filing circumstances broken"},
		{"filing-grant", `UPDATE filing SET due_at = due_at + interval '300 days' WHERE id = '%s'`, "filing due_at broken"},
		{"filing-discard", `DELETE FROM point WHERE filing = '%[1]s'; DELETE FROM filing WHERE id = '%[1]s'`, "filing broken"},
		{"reseal", `DELETE FROM answer WHERE filing = '%s'`, "answer broken"},
		{"filing-grant", `UPDATE answer SET outcome = 'refused' WHERE filing = '%s'`, "answer outcome broken"},
		{"reseal", `UPDATE document SET digest = sha256('x') WHERE id = (SELECT document FROM filing WHERE id = '%s')`, "document digest broken"},
		{"filing-submit", `UPDATE document SET content = '\x00' WHERE id = (SELECT document FROM filing WHERE id = '%s')`, "document content broken"},
		{"reseal", `DELETE FROM evidence WHERE document = (SELECT document FROM filing WHERE id = '%s')`, "evidence broken"},
		{"reseal", `UPDATE document SET signer = NULL, cms = NULL, signed_at = NULL WHERE id = (SELECT document FROM filing WHERE id = '%s')`, "document signed_at broken"},
		{"decision-edit", `UPDATE decision SET kind = 'reconciled' WHERE status = 'published'`, "decision kind broken"},
	} {
		t.Run(c.act+" "+c.want, func(t *testing.T) {
			t.Parallel()
			w, id := answered(t)
			last := verify(t, w.DB.DB, audit.Options{}).State
			order := c.order
			if strings.Contains(order, "%") {
				order = fmt.Sprintf(order, id)
			}
			if err := forged(t, w.SQL, "", c.act, "filing", id, asleep, order); err != nil {
				t.Fatal(err)
			}
			for name, since := range map[string]audit.State{"everything": {}, "what is new": last} {
				if got := wrong(verify(t, w.DB.DB, audit.Options{Since: since})); !slices.Contains(got, c.want) {
					t.Errorf("%s: %v", name, got)
				}
			}
		})
	}
}

// received are the accepted things of a world with everything that can be taken away in the
// name of a draft, or changed as a part of one.
func received(t *testing.T) (*portaltest.W, string) {
	t.Helper()
	w, id := answered(t)
	w.Report(w.Aigul, w.Story())
	tx := w.SQL.MustBegin()
	defer tx.Rollback()
	tx.MustExec(`ALTER TABLE attachment DISABLE TRIGGER attachment_is_final; ALTER TABLE attachment_chunk DISABLE TRIGGER attachment_is_final`)
	tx.MustExec(`INSERT INTO attachment (id, filing, author, place, name, kind, size, received, digest, state, disarmed, made_at)
		SELECT gen_random_uuid(), id, author, 9, '\x00', 'pdf', 1, 1, sha256('x'), 'waiting', false, now() FROM filing WHERE id = $1`, id)
	tx.MustExec(`INSERT INTO attachment_chunk (id, attachment, part, n, content) SELECT gen_random_uuid(), id, 'original', 0, '\x00' FROM attachment`)
	tx.MustExec(`ALTER TABLE attachment ENABLE TRIGGER attachment_is_final; ALTER TABLE attachment_chunk ENABLE TRIGGER attachment_is_final`)
	tx.MustExec(`SELECT ledger.record(now(), NULL, 'attachment-finish', 'filing', $1, NULL, '', NULL)`, id)
	tx.MustExec(`INSERT INTO service (decision, participant, person, way, at) SELECT x.id, p.id, p.person, 'opened', now() FROM decision x, participant p WHERE x.casefile = p.casefile LIMIT 1`)
	tx.MustExec(`SELECT ledger.record(now(), NULL, 'decision-open', 'filing', $1, NULL, '', NULL)`, id)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	sound(t, verify(t, w.DB.DB, audit.Options{}))
	return w, id
}

// An act that gives a draft up takes nothing else away, and one that writes a draft writes
// nothing else: neither a thing that was accepted, nor a part of one.
func TestAnActOfADraftThatEndsOrChangesWhatWasAcceptedIsFound(t *testing.T) {
	t.Parallel()
	w, id := received(t)
	last := verify(t, w.DB.DB, audit.Options{}).State
	w.SQL.MustExec(asleep)
	for _, c := range []struct{ act, order, want string }{
		{"report-overdue", `UPDATE report SET due_at = due_at + interval '300 days', registered_at = registered_at - interval '1 day' WHERE '%s' <> ''`, "report registered_at broken"},
		{"book-decide", `UPDATE report SET number = '1' WHERE '%s' <> ''`, "report number broken"},
		{"report-discard", `DELETE FROM report WHERE '%s' <> ''`, "report broken"},
		{"participant-discard", `DELETE FROM participant WHERE status = 'confirmed' AND '%s' <> ''`, "participant broken"},
		{"service-draft", `DELETE FROM service WHERE '%s' <> ''`, "service broken"},
		{"filing-create", `UPDATE point SET text = '\x00' WHERE filing = '%s'`, "point text broken"},
		{"filing-create", `INSERT INTO point (id, filing, n, text) VALUES (gen_random_uuid(), '%s', 20, '\x00')`, "point broken"},
		{"answer-draft", `UPDATE resolution SET outcome = 'refused' WHERE '%s' <> ''`, "resolution outcome broken"},
		{"answer-draft", `DELETE FROM resolution WHERE '%s' <> ''`, "resolution broken"},
		{"filing-discard", `DELETE FROM point WHERE filing = '%s'`, "point broken"},
		{"attachment-finish", `UPDATE attachment_chunk SET content = '\x01' WHERE '%s' <> ''`, "attachment_chunk content broken"},
		{"attachment-finish", `UPDATE attachment SET digest = sha256('y') WHERE filing = '%s'`, "attachment digest broken"},
		{"attachment-remove", `DELETE FROM attachment WHERE filing = '%s'`, "attachment broken"},
		{"decision-draft", `DELETE FROM decision_person WHERE '%s' <> ''`, "decision_person broken"},
		{"decision-draft", `UPDATE decision_text SET resolved = '\x00' WHERE '%s' <> ''`, "decision_text resolved broken"},
	} {
		if err := forged(t, w.SQL, "", c.act, "filing", id, fmt.Sprintf(c.order, id)); err != nil {
			t.Fatal(err)
		}
		var seq int64
		if err := w.SQL.Get(&seq, `SELECT max(seq) FROM record`); err != nil {
			t.Fatal(err)
		}
		for name, since := range map[string]audit.State{"everything": {}, "what is new": last} {
			r := verify(t, w.DB.DB, audit.Options{Since: since})
			r.Findings = slices.DeleteFunc(r.Findings, func(f audit.Finding) bool { return f.Leaf != seq })
			if got := wrong(r); !slices.Contains(got, c.want) {
				t.Errorf("%s, %s: %v", c.order, name, got)
			}
		}
	}
}

func TestTheLoginOfThePortalChangesNoReportThatWasRegistered(t *testing.T) {
	t.Parallel()
	w, id := received(t)
	for _, order := range []string{
		`UPDATE report SET due_at = due_at + interval '30 days'`,
		`UPDATE report SET registered_at = registered_at - interval '1 day'`,
		`UPDATE report SET answers = '\x00'`,
		`UPDATE report SET author = (SELECT id FROM person WHERE id <> report.author LIMIT 1)`,
		`UPDATE service SET at = at - interval '1 day'`,
	} {
		if err := forged(t, w.SQL, "portal_work", "report-overdue", "report", id, order); err == nil || !strings.Contains(err.Error(), "does not") {
			t.Errorf("%s: %v", order, err)
		}
	}
	sound(t, verify(t, w.DB.DB, audit.Options{}))
}

// The list of what is final names columns of the schema, and what reseal may change is what
// reseal changes.
func TestWhatIsFinalIsWrittenAsTheSchemaHasIt(t *testing.T) {
	t.Parallel()
	w := portaltest.World(t)
	for _, f := range audit.Finals() {
		var columns []column
		if err := w.SQL.Select(&columns, selectColumns, f.Table); err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Concat(f.Free, f.Sealed, f.Since) {
			if !slices.ContainsFunc(columns, func(c column) bool { return c.Name == name }) {
				t.Errorf("%s has no column %s", f.Table, name)
			}
		}
		var sealed []string
		for _, c := range reseal.Columns {
			if c.Table == f.Table && c.Of != reseal.Brief {
				sealed = append(sealed, c.Name)
			}
		}
		slices.Sort(sealed)
		slices.Sort(f.Sealed)
		if diff := cmp.Diff(sealed, f.Sealed); diff != "" && len(sealed)+len(f.Sealed) > 0 {
			t.Errorf("%s, what reseal changes (-want +got)\n%s", f.Table, diff)
		}
		if !f.Guard {
			continue
		}
		// The trigger refuses every column but the free ones.
		var body string
		if err := w.SQL.Get(&body, `SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = $1::regclass AND tgname = 'is_final'`, f.Table); err != nil {
			t.Errorf("%s: %v", f.Table, err)
		}
		for _, c := range columns {
			if refused := strings.Contains(body, "old."+c.Name+" IS DISTINCT FROM new."+c.Name); refused == slices.Contains(f.Free, c.Name) {
				t.Errorf("%s.%s: the trigger refuses it is %t", f.Table, c.Name, refused)
			}
		}
	}
}

// A receipt names the paper by its SHA-256: whoever holds one needs no list of what is
// final to see that the paper is gone.
func TestAReceiptWhosePaperIsGoneIsFound(t *testing.T) {
	t.Parallel()
	w, id := answered(t)
	var digest []byte
	var seq int64
	if err := w.SQL.QueryRow(`SELECT r.seq, r.digest FROM record r WHERE r.object = 'filing' AND r.object_id = $1 AND r.act = 'filing-submit'`, id).Scan(&seq, &digest); err != nil {
		t.Fatal(err)
	}
	row, err := ledger.ReadRow(t.Context(), w.DB.DB, seq)
	if err != nil {
		t.Fatal(err)
	}
	held := []audit.Head{{Holder: "receipt", Where: "hers", Note: w.SignLog().Note, Leaf: ledger.Leaf(row), Index: seq - 1}}
	sound(t, verify(t, w.DB.DB, audit.Options{Heads: held}))
	if err := attack(w.SQL, fmt.Sprintf(`DELETE FROM document WHERE digest = '\x%x'`, digest)); err != nil {
		t.Fatal(err)
	}
	if got := about(verify(t, w.DB.DB, audit.Options{Heads: held}), "receipt"); got["hers"] != audit.Missing {
		t.Errorf("found of the receipt: %v", got)
	}
}

func TestAnActThatThereIsNotAndOneThatDoesWhatItDoesNotAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ act, order, want string }{
		{"nobody-did-this", `UPDATE filing SET due_at = due_at + interval '300 days' WHERE id = '%s'`, "record act foreign"},
		{"filing-extend", `UPDATE filing SET due_at = due_at + interval '300 days' WHERE id = '%s'`, "filing broken"},
		{"session-open", `UPDATE filing SET considered_at = now() WHERE id = '%s'`, "filing broken"},
		{"filing-read", `UPDATE participant SET role = 'victim' WHERE role = 'suspect' AND '%s' <> ''`, "participant broken"},
		{"filing-extend", `DELETE FROM decision_text WHERE '%s' <> ''`, "decision_text broken"},
		{"decision-draft", `INSERT INTO addition (id, filing, asked_by, asked_at) SELECT gen_random_uuid(), id, decider, now() FROM filing WHERE id = '%s'`, "addition broken"},
	} {
		t.Run(c.act+" "+c.want, func(t *testing.T) {
			t.Parallel()
			w, id := answered(t)
			last := verify(t, w.DB.DB, audit.Options{}).State
			orders := []string{`ALTER TABLE decision_text DISABLE TRIGGER stays`, fmt.Sprintf(c.order, id)}
			if err := forged(t, w.SQL, "", c.act, "filing", id, orders...); err != nil {
				t.Fatal(err)
			}
			for name, since := range map[string]audit.State{"everything": {}, "what is new": last} {
				if got := wrong(verify(t, w.DB.DB, audit.Options{Since: since})); !slices.Contains(got, c.want) {
					t.Errorf("%s: %v", name, got)
				}
			}
		})
	}
}

// The list of acts names tables that are protected, and each of these has an act.
func TestEachProtectedTableHasAnActThatMakesItsRows(t *testing.T) {
	t.Parallel()
	for act, tables := range audit.Deeds() {
		for _, name := range tables {
			if !slices.Contains(ledger.Protected, name) {
				t.Errorf("%s changes %s, of which no trace is left", act, name)
			}
		}
	}
	for _, name := range ledger.Protected {
		if act := audit.ActOn(name); audit.Misdeed(act, name, false) != "" {
			t.Errorf("no act makes a row of %s", name)
		}
	}
}
