package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jmoiron/sqlx"
)

// perCase is the number of decisions in a case, beside four participants, of whom in
// each tenth case one still waits for his status. The
// people, bodies and texts are nobody's: what is sealed is random and never opened,
// for nobody who asks may see it.
const perCase = 20

// fillings put cases $1 to $2 (the second not included) into the database; each table
// by one order.
var fillings = []struct{ table, order string }{
	{"body", `
INSERT INTO body (id, kind, name_kk, name_ru)
SELECT md5('body' || k || i)::uuid, k, 'perfbench', 'perfbench'
  FROM generate_series(0, 199) i, unnest(ARRAY['investigation', 'prosecution']) k
 WHERE $1::int <= $2::int
    ON CONFLICT DO NOTHING`},
	{"person", `
INSERT INTO person (id, iin_tag, iin, name, made_at)
SELECT md5('person' || i)::uuid, sha256(convert_to('tag' || i, 'UTF8')), '\x00', '\x00', now()
  FROM generate_series($1::int * 4, $2::int * 4 - 1) i`},
	{"person (officials)", `
INSERT INTO person (id, iin_tag, iin, name, made_at)
SELECT md5('officer' || p || i)::uuid, sha256(convert_to('tag' || p || i, 'UTF8')), '\x00', '\x00', now()
  FROM generate_series(0, 1999) i, unnest(ARRAY['investigator', 'prosecutor']) p
 WHERE $1::int <= $2::int
    ON CONFLICT DO NOTHING`},
	{"officer", `
INSERT INTO officer (person, post, body)
SELECT md5('officer' || p || i)::uuid, p, md5('body' || CASE p WHEN 'investigator' THEN 'investigation' ELSE 'prosecution' END || i % 200)::uuid
  FROM generate_series(0, 1999) i, unnest(ARRAY['investigator', 'prosecutor']) p
 WHERE $1::int <= $2::int
    ON CONFLICT DO NOTHING`},
	{"casefile", `
INSERT INTO casefile (id, number, number_tag, offence_kk, offence_ru, registered_on, body, investigator, prosecution, prosecutor, made_at)
SELECT md5('case' || i)::uuid, '\x00', sha256(convert_to('number' || i, 'UTF8')), '\x00', '\x00', current_date - i % 700,
       md5('bodyinvestigation' || i % 2000 % 200)::uuid, md5('officerinvestigator' || i % 2000)::uuid,
       md5('bodyprosecution' || i % 2000 % 200)::uuid, md5('officerprosecutor' || i % 2000)::uuid, now()
  FROM generate_series($1::int, $2::int - 1) i`},
	{"participant", `
INSERT INTO participant (id, casefile, person, role, basis, status, asked_at, since, confirmed_at, confirmed_by)
SELECT md5('participant' || i)::uuid, md5('case' || i / 4)::uuid, md5('person' || i)::uuid,
       (ARRAY['suspect', 'victim', 'civil-plaintiff', 'witness'])[i % 4 + 1], 'ruling', CASE i % 40 WHEN 3 THEN 'awaiting' ELSE 'confirmed' END, now(), current_date, now(),
       md5('officerinvestigator' || i / 4 % 2000)::uuid
  FROM generate_series($1::int * 4, $2::int * 4 - 1) i`},
	{"confirmation", `
INSERT INTO confirmation (document, participant, ends, role, basis, since, made_at, signed_at)
SELECT md5('confirmationdocument' || i)::uuid, md5('participant' || i)::uuid, false,
       (ARRAY['suspect', 'victim', 'civil-plaintiff', 'witness'])[i % 4 + 1], 'ruling', current_date, now(), now()
  FROM generate_series($1::int * 4, $2::int * 4 - 1) i
 WHERE i % 40 <> 3`},
	{"document", `
INSERT INTO document (id, casefile, kind, language, author, content, size, digest, made_at, cms, signer, signed_at)
SELECT md5('document' || i)::uuid, md5('case' || i / 20)::uuid, 'decision', 'kk', md5('officerinvestigator' || i / 20 % 2000)::uuid,
       '\x00', 1, sha256(convert_to('document' || i, 'UTF8')), now(), '\x00', md5('officerinvestigator' || i / 20 % 2000)::uuid, now()
  FROM generate_series($1::int * 20, $2::int * 20 - 1) i`},
	{"decision", `
INSERT INTO decision (id, casefile, kind, status, author, decided_on, document, made_at, published_at)
SELECT md5('decision' || i)::uuid, md5('case' || i / 20)::uuid, (ARRAY['accepted', 'group', 'victim-recognised', 'expertise-set', 'expertise-done'])[i % 5 + 1],
       'published', md5('officerinvestigator' || i / 20 % 2000)::uuid, current_date - i % 300, md5('document' || i)::uuid, now(), now()
  FROM generate_series($1::int * 20, $2::int * 20 - 1) i`},
	{"decision_person", `
INSERT INTO decision_person (decision, participant)
SELECT md5('decision' || i)::uuid, md5('participant' || i / 5)::uuid
  FROM generate_series($1::int * 20, $2::int * 20 - 1) i`},
	{"opening", `
INSERT INTO opening (id, casefile, person, standing, object, object_id, reason, at)
SELECT md5('opening' || i)::uuid, md5('case' || i / 20)::uuid, md5('person' || i / 5)::uuid, 'victim', 'decision', md5('decision' || i)::uuid, 'own', now()
  FROM generate_series($1::int * 20, $2::int * 20 - 1) i`},
	{"filing", `
INSERT INTO filing (id, casefile, author, participant, kind, status, language, ground, what, seat, circumstances, document, decider, number, made_at, filed_at, term, due_raw, due_at, ended_at)
SELECT md5('filing' || i)::uuid, md5('case' || i / 2)::uuid, md5('person' || i * 2)::uuid, md5('participant' || i * 2)::uuid, 'petition', CASE i % 2 WHEN 0 THEN 'filed' ELSE 'granted' END, 'kk', 'other', 'nothing', 'investigator',
       '\x00', md5('filingdocument' || i)::uuid, md5('officerinvestigator' || i / 2 % 2000)::uuid, 'perfbench' || i, now(), now(), 'petition-answer', now() + interval '3 days', now() + interval '3 days', CASE i % 2 WHEN 1 THEN now() END
  FROM generate_series($1::int * 2, $2::int * 2 - 1) i`},
	{"point", `
INSERT INTO point (id, filing, n, text)
SELECT md5('point' || i)::uuid, md5('filing' || i)::uuid, 1, '\x00'
  FROM generate_series($1::int * 2, $2::int * 2 - 1) i`},
	{"answer", `
INSERT INTO answer (filing, author, outcome, reasons, language, document, made_at, signed_at)
SELECT md5('filing' || i)::uuid, md5('officerinvestigator' || i / 2 % 2000)::uuid, 'granted', '\x00', 'kk', md5('answerdocument' || i)::uuid, now(), now()
  FROM generate_series($1::int * 2, $2::int * 2 - 1) i
 WHERE i % 2 = 1`},
	{"resolution", `
INSERT INTO resolution (point, outcome)
SELECT md5('point' || i)::uuid, 'granted'
  FROM generate_series($1::int * 2, $2::int * 2 - 1) i
 WHERE i % 2 = 1`},
	{"request", `
INSERT INTO request (id, casefile, person, role, words, named, language, document, participant, status, made_at, asked_at, term, due_raw, due_at, settled_at)
SELECT md5('request' || i)::uuid, md5('case' || i)::uuid, md5('person' || (i * 4 + 3))::uuid, 'witness', '\x00', '\x00', 'kk', md5('requestdocument' || i)::uuid,
       md5('participant' || (i * 4 + 3))::uuid, CASE i % 10 WHEN 0 THEN 'asked' ELSE 'confirmed' END, now(), now(), 'status-request',
       now() + interval '3 days', now() + interval '3 days', CASE WHEN i % 10 <> 0 THEN now() END
  FROM generate_series($1::int, $2::int - 1) i`},
}

// fill puts so many decisions more into the database, from one number to another.
// Triggers and foreign keys are not asked: the rows agree by the way they are made.
func fill(ctx context.Context, db *sqlx.DB, from, to int) (err error) {
	conn, err := db.Connx(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `SET session_replication_role = replica`); err != nil {
		return err
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), `RESET session_replication_role`)
	for _, f := range fillings {
		start := time.Now()
		result, err := conn.ExecContext(ctx, f.order, from/perCase, to/perCase)
		if err != nil {
			return fmt.Errorf("fill %s: %w", f.table, err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "perfbench: %8d rows of %-20s %6.1f s\n", n, f.table, time.Since(start).Seconds())
	}
	if _, err = conn.ExecContext(ctx, `VACUUM (ANALYZE)`); err != nil {
		return fmt.Errorf("analyse what was filled in: %w", err)
	}
	return nil
}
