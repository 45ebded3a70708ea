// Package country is a synthetic country to measure the portal in: a great number of
// cases, participants, decisions and filings of nobody, put past the doors of the domains
// into a database (Fill), and a few people whose cases came there through these doors, with
// real signatures, so that their pages open (Inhabit).
package country

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"
)

// PerCase is the number of decisions in a case, beside four participants, of whom in
// each tenth case one still waits for his status.
const PerCase = 20

// Shape is what else a case of nobody has.
type Shape struct {
	Filings int // in a case; the same in all fillings of one database
	Text    int // bytes of what would be sealed, in sixteens: 0 for empty texts
}

// Crowded has the filings of a register in its tenth year: five of each participant.
// Scant has two in a case, and no texts.
var (
	Crowded = Shape{Filings: 20, Text: 25}
	Scant   = Shape{Filings: 2}
)

// fillings put cases $1 to $2 (the second not included) into the database, with texts of $3
// times 16 bytes and $4 filings in each; each table by one order. The people, bodies and
// texts are nobody's: what is sealed is random and never opened, for nobody who asks may
// see it. Their ids begin with f: at its start the portal tries whether its keeper knows the
// keys of the first person of all, who must be somebody.
var fillings = []struct{ table, order string }{
	{"body", `
INSERT INTO body (id, kind, name_kk, name_ru)
SELECT md5('body' || k || i)::uuid, k, 'perfbench', 'perfbench'
  FROM generate_series(0, 199) i, unnest(ARRAY['investigation', 'prosecution']) k
 WHERE $1::int <= $2::int
    ON CONFLICT DO NOTHING`},
	{"person", `
INSERT INTO person (id, iin_tag, iin, name, made_at)
SELECT overlay(md5('person' || i) placing 'f' from 1 for 1)::uuid, sha256(convert_to('tag' || i, 'UTF8')), decode(repeat(md5('iin' || i), least($3::int, 7)), 'hex'), decode(repeat(md5('name' || i), least($3::int, 9)), 'hex'), now()
  FROM generate_series($1::int * 4, $2::int * 4 - 1) i`},
	{"person (officials)", `
INSERT INTO person (id, iin_tag, iin, name, made_at)
SELECT overlay(md5('officer' || p || i) placing 'f' from 1 for 1)::uuid, sha256(convert_to('tag' || p || i, 'UTF8')), '\x00', '\x00', now()
  FROM generate_series(0, 1999) i, unnest(ARRAY['investigator', 'prosecutor']) p
 WHERE $1::int <= $2::int
    ON CONFLICT DO NOTHING`},
	{"officer", `
INSERT INTO officer (person, post, body)
SELECT overlay(md5('officer' || p || i) placing 'f' from 1 for 1)::uuid, p, md5('body' || CASE p WHEN 'investigator' THEN 'investigation' ELSE 'prosecution' END || i % 200)::uuid
  FROM generate_series(0, 1999) i, unnest(ARRAY['investigator', 'prosecutor']) p
 WHERE $1::int <= $2::int
    ON CONFLICT DO NOTHING`},
	{"casefile", `
INSERT INTO casefile (id, number, number_tag, offence_kk, offence_ru, registered_on, body, investigator, prosecution, prosecutor, made_at)
SELECT md5('case' || i)::uuid, decode(repeat(md5('number' || i), least($3::int, 7)), 'hex'), sha256(convert_to('number' || i, 'UTF8')),
       decode(repeat(md5('kk' || i), least($3::int, 12)), 'hex'), decode(repeat(md5('ru' || i), least($3::int, 12)), 'hex'), current_date - i % 700,
       md5('bodyinvestigation' || i % 2000 % 200)::uuid, overlay(md5('officerinvestigator' || i % 2000) placing 'f' from 1 for 1)::uuid,
       md5('bodyprosecution' || i % 2000 % 200)::uuid, overlay(md5('officerprosecutor' || i % 2000) placing 'f' from 1 for 1)::uuid, now()
  FROM generate_series($1::int, $2::int - 1) i`},
	{"known", `
INSERT INTO known (casefile, person, name, iin)
SELECT md5('case' || i / 4)::uuid, overlay(md5('person' || i) placing 'f' from 1 for 1)::uuid, decode(repeat(md5('known' || i), $3::int * 9 / 25), 'hex'), decode(repeat(md5('iin' || i), $3::int * 7 / 25), 'hex')
  FROM generate_series($1::int * 4, $2::int * 4 - 1) i`},
	{"participant", `
INSERT INTO participant (id, casefile, person, role, basis, status, asked_at, since, confirmed_at, confirmed_by)
SELECT md5('participant' || i)::uuid, md5('case' || i / 4)::uuid, overlay(md5('person' || i) placing 'f' from 1 for 1)::uuid,
       (ARRAY['suspect', 'victim', 'civil-plaintiff', 'witness'])[i % 4 + 1], 'ruling', CASE i % 40 WHEN 3 THEN 'awaiting' ELSE 'confirmed' END, now(), current_date, now(),
       overlay(md5('officerinvestigator' || i / 4 % 2000) placing 'f' from 1 for 1)::uuid
  FROM generate_series($1::int * 4, $2::int * 4 - 1) i`},
	{"confirmation", `
INSERT INTO confirmation (document, participant, ends, role, basis, since, made_at, signed_at)
SELECT md5('confirmationdocument' || i)::uuid, md5('participant' || i)::uuid, false,
       (ARRAY['suspect', 'victim', 'civil-plaintiff', 'witness'])[i % 4 + 1], 'ruling', current_date, now(), now()
  FROM generate_series($1::int * 4, $2::int * 4 - 1) i
 WHERE i % 40 <> 3`},
	{"document", `
INSERT INTO document (id, casefile, kind, language, author, content, size, digest, made_at, cms, signer, signed_at)
SELECT md5('document' || i)::uuid, md5('case' || i / 20)::uuid, 'decision', 'kk', overlay(md5('officerinvestigator' || i / 20 % 2000) placing 'f' from 1 for 1)::uuid,
       decode('00' || repeat(md5('content' || i), $3::int), 'hex'), 1, sha256(convert_to('document' || i, 'UTF8')), now(), decode('00' || repeat(md5('cms' || i), $3::int), 'hex'), overlay(md5('officerinvestigator' || i / 20 % 2000) placing 'f' from 1 for 1)::uuid, now()
  FROM generate_series($1::int * 20, $2::int * 20 - 1) i`},
	{"decision", `
INSERT INTO decision (id, casefile, kind, status, author, decided_on, document, made_at, published_at)
SELECT md5('decision' || i)::uuid, md5('case' || i / 20)::uuid, (ARRAY['accepted', 'group', 'victim-recognised', 'expertise-set', 'expertise-done'])[i % 5 + 1],
       'published', overlay(md5('officerinvestigator' || i / 20 % 2000) placing 'f' from 1 for 1)::uuid, current_date - i % 300, md5('document' || i)::uuid, now(), now()
  FROM generate_series($1::int * 20, $2::int * 20 - 1) i`},
	{"decision_person", `
INSERT INTO decision_person (decision, participant)
SELECT md5('decision' || i)::uuid, md5('participant' || i / 5)::uuid
  FROM generate_series($1::int * 20, $2::int * 20 - 1) i`},
	{"opening", `
INSERT INTO opening (id, casefile, person, standing, object, object_id, reason, at)
SELECT md5('opening' || i)::uuid, md5('case' || i / 20)::uuid, overlay(md5('person' || i / 5) placing 'f' from 1 for 1)::uuid, 'victim', 'decision', md5('decision' || i)::uuid, 'own', now()
  FROM generate_series($1::int * 20, $2::int * 20 - 1) i`},
	{"document (filings)", `
INSERT INTO document (id, casefile, kind, language, author, content, size, digest, made_at, cms, signer, signed_at)
SELECT md5('filingdocument' || i)::uuid, md5('case' || i / $4::int)::uuid, 'petition', 'kk', overlay(md5('person' || i / $4::int * 4 + i % 4) placing 'f' from 1 for 1)::uuid,
       decode('00' || repeat(md5('content' || i), $3::int), 'hex'), 1, sha256(convert_to('filingdocument' || i, 'UTF8')), now(), decode('00' || repeat(md5('cms' || i), $3::int), 'hex'), overlay(md5('person' || i / $4::int * 4 + i % 4) placing 'f' from 1 for 1)::uuid, now()
  FROM generate_series($1::int * $4::int, $2::int * $4::int - 1) i`},
	{"filing", `
INSERT INTO filing (id, casefile, author, participant, kind, status, language, ground, what, seat, circumstances, document, decider, number, made_at, filed_at, term, due_raw, due_at, ended_at)
SELECT md5('filing' || i)::uuid, md5('case' || i / $4::int)::uuid, overlay(md5('person' || i / $4::int * 4 + i % 4) placing 'f' from 1 for 1)::uuid, md5('participant' || i / $4::int * 4 + i % 4)::uuid,
       'petition', CASE i % 20 WHEN 0 THEN 'filed' ELSE 'granted' END, 'kk', 'other', 'nothing', 'investigator',
       decode('00' || repeat(md5('circumstances' || i), $3::int), 'hex'), md5('filingdocument' || i)::uuid, overlay(md5('officerinvestigator' || i / $4::int % 2000) placing 'f' from 1 for 1)::uuid, 'perfbench' || i, now(), now(), 'petition-answer', now() + interval '300 days', now() + interval '300 days', CASE WHEN i % 20 <> 0 THEN now() END
  FROM generate_series($1::int * $4::int, $2::int * $4::int - 1) i`},
	{"point", `
INSERT INTO point (id, filing, n, text)
SELECT md5('point' || i)::uuid, md5('filing' || i)::uuid, 1, decode('00' || repeat(md5('point' || i), $3::int / 2), 'hex')
  FROM generate_series($1::int * $4::int, $2::int * $4::int - 1) i`},
	{"answer", `
INSERT INTO answer (filing, author, outcome, reasons, language, document, made_at, signed_at)
SELECT md5('filing' || i)::uuid, overlay(md5('officerinvestigator' || i / $4::int % 2000) placing 'f' from 1 for 1)::uuid, 'granted', decode('00' || repeat(md5('reasons' || i), $3::int / 2), 'hex'), 'kk', md5('answerdocument' || i)::uuid, now(), now()
  FROM generate_series($1::int * $4::int, $2::int * $4::int - 1) i
 WHERE i % 20 <> 0`},
	{"resolution", `
INSERT INTO resolution (point, outcome, reasons)
SELECT md5('point' || i)::uuid, 'granted', decode('00' || repeat(md5('why' || i), $3::int / 2), 'hex')
  FROM generate_series($1::int * $4::int, $2::int * $4::int - 1) i
 WHERE i % 20 <> 0`},
	{"request", `
INSERT INTO request (id, casefile, person, role, words, named, language, document, participant, status, made_at, asked_at, term, due_raw, due_at, settled_at)
SELECT md5('request' || i)::uuid, md5('case' || i)::uuid, overlay(md5('person' || (i * 4 + 3)) placing 'f' from 1 for 1)::uuid, 'witness', '\x00', '\x00', 'kk', md5('requestdocument' || i)::uuid,
       md5('participant' || (i * 4 + 3))::uuid, CASE i % 10 WHEN 0 THEN 'asked' ELSE 'confirmed' END, now(), now(), 'status-request',
       now() + interval '300 days', now() + interval '300 days', CASE WHEN i % 10 <> 0 THEN now() END
  FROM generate_series($1::int, $2::int - 1) i`},
}

// atOnce is how many cases come in one transaction.
const atOnce = 500

// Fill puts cases from one number to another, the second not included, into the database
// of its owner, some at once. tell is called as it goes on, with how many there are. Triggers
// and foreign keys are not asked: the rows agree by the way they are made, and the record
// knows nothing of them.
func Fill(ctx context.Context, db *sqlx.DB, from, to int, s Shape, tell func(cases int)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	var failed error
	var all sync.WaitGroup
	next, filled := from, 0
	for range 2 * runtime.NumCPU() {
		all.Go(func() {
			for {
				mu.Lock()
				at := next
				next += atOnce
				mu.Unlock()
				if at >= to || ctx.Err() != nil {
					return
				}
				end := min(at+atOnce, to)
				err := some(ctx, db, at, end, s)
				mu.Lock()
				if err == nil {
					filled += end - at
					tell(filled)
				} else if failed == nil {
					failed = err
					stop()
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if err := cmp.Or(failed, ctx.Err()); err != nil {
		return err
	}
	// What was filled in is not counted by autovacuum in time for the first page.
	if _, err := db.ExecContext(ctx, `VACUUM (ANALYZE)`); err != nil {
		return fmt.Errorf("analyse what was filled in: %w", err)
	}
	return nil
}

const unasked = `SET LOCAL session_replication_role = replica; SET LOCAL synchronous_commit = off`

func some(ctx context.Context, db *sqlx.DB, from, to int, s Shape) (err error) {
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if _, err := tx.ExecContext(ctx, unasked); err != nil {
		return err
	}
	for _, f := range fillings {
		args := []any{from, to, s.Text, s.Filings}
		for len(args) > 2 && !strings.Contains(f.order, fmt.Sprintf("$%d", len(args))) {
			args = args[:len(args)-1]
		}
		if _, err := tx.ExecContext(ctx, f.order, args...); err != nil {
			return fmt.Errorf("fill %s: %w", f.table, err)
		}
	}
	return tx.Commit()
}

// Bar draws how far something is, as a line that is drawn over itself; "" once it is done
// and nothing is to stand there any more.
func Bar(what string, done, all int, since time.Time) string {
	const width = 40
	filled := width
	if all > 0 {
		filled = width * done / all
	}
	line := make([]byte, width)
	for i := range line {
		line[i] = '.'
		if i < filled {
			line[i] = '#'
		}
	}
	took := time.Since(since)
	left := ""
	if done > 0 && done < all {
		left = fmt.Sprintf(", %s to go", (time.Duration(float64(took) / float64(done) * float64(all-done))).Round(time.Second))
	}
	return fmt.Sprintf("\r%s [%s] %d of %d, %s%s        ", what, line, done, all, took.Round(time.Second), left)
}
