// Package papers gathers what proves a person's right to a case (portal/warrant): the
// papers as they are kept, sealed, for the keeper to open and to judge by itself. What is
// left out of them opens nothing.
package papers

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/document"
	"zharia/portal/evidence"
	"zharia/portal/vault"
)

// Paper is one of them: of the register in clear, of people sealed.
type Paper struct {
	ID           uuid.UUID
	Case         uuid.UUID // none of one about officials
	Register     bool
	Content, CMS []byte
	ContentAt    vault.Where // where the sealed content lies; zero for the register's
	CMSAt        vault.Where
	Evidence     []byte // of the signature, sealed; nil for the register's
	EvidenceAt   vault.Where
	SignedAt     time.Time // by our clock
	Ended        time.Time // since when it holds no more, though no paper says so
}

type row struct {
	ID       uuid.UUID     `db:"id"`
	Case     uuid.NullUUID `db:"casefile"`
	Content  []byte        `db:"content"`
	CMS      []byte        `db:"cms"`
	Evidence []byte        `db:"bundle"`
	SignedAt time.Time     `db:"signed_at"`
	Ended    *time.Time    `db:"ended_at"`
}

// kin are the case and those that people came from: joined to it, or of which it was
// part; and those in which it goes on, where what somebody was in it ends and what was
// decided in it is complained of. named are the papers that say who is what in them. who is
// everybody whose post counts, with those who put him there, and who put them there.
//
// PostgreSQL cannot guess how few they are, and would sooner read all the papers of the
// country: so each is fetched by itself, LATERAL with a LIMIT.
const chain = `
WITH RECURSIVE kin AS (
    SELECT CAST($2 AS uuid) AS id
    UNION
    SELECT a.id FROM kin k JOIN casefile me ON me.id = k.id JOIN casefile a ON k.id IN (a.joined_into, a.severed_from) OR a.id IN (me.severed_from, me.joined_into)
), says AS (
    SELECT d.id
      FROM document d
     WHERE d.casefile = ANY (ARRAY(SELECT id FROM kin)) AND d.signed_at IS NOT NULL
       AND d.kind IN ('confirmation', 'ending', 'revocation', 'assignment', 'assent', 'dissent')
       AND (d.kind NOT IN ('assent', 'dissent') OR EXISTS (SELECT 1 FROM assent a JOIN decision x ON x.document = a.about WHERE a.document = d.id))
    UNION ALL
    SELECT x.document FROM decision x WHERE x.casefile = ANY (ARRAY(SELECT id FROM kin)) AND (x.joins IS NOT NULL OR x.severs IS NOT NULL)
    UNION ALL
    SELECT unnest(ARRAY[f.document, f.record]) FROM familiarisation f JOIN participant p ON p.id = f.participant WHERE f.casefile = ANY (ARRAY(SELECT id FROM kin)) AND p.person = $1
    UNION ALL
    SELECT unnest(ARRAY[f.document] || ARRAY(SELECT w.document FROM forward w WHERE w.filing = f.id))
      FROM filing f
     WHERE f.decider = $1 AND f.status <> 'draft' AND f.casefile = ANY (ARRAY(SELECT id FROM kin))
), named AS (
    SELECT d.id, d.author
      FROM says s
      CROSS JOIN LATERAL (SELECT id, author, signed_at FROM document WHERE id = s.id LIMIT 1) d
     WHERE d.signed_at IS NOT NULL
), who AS (
    SELECT CAST($1 AS uuid) AS person
    UNION
    SELECT author FROM named
    UNION
    SELECT unnest(f.former) FROM filing f WHERE f.decider = $1 AND f.casefile IN (SELECT id FROM kin)
    UNION
    SELECT a.officer FROM assignment a WHERE a.casefile IN (SELECT id FROM kin) AND a.signed_at IS NOT NULL
    UNION
    SELECT c.investigator FROM casefile c WHERE c.id IN (SELECT id FROM kin)
    UNION
    SELECT c.prosecutor FROM casefile c WHERE c.id IN (SELECT id FROM kin)
), all_who AS (
    SELECT person FROM who
    UNION
    SELECT n.person
      FROM all_who w
      CROSS JOIN LATERAL (
           SELECT unnest(ARRAY[a.proposer, a.second]) AS person FROM appointment a WHERE a.person = w.person AND a.status = 'effective'
           UNION ALL
           SELECT unnest(ARRAY[s.head, s.officer]) FROM substitution s WHERE s.deputy = w.person AND s.signed_at IS NOT NULL) n
)`

const selectPapers = chain + `
SELECT d.id, d.casefile, d.content, d.cms, d.signed_at, e.bundle, s.ended_at
  FROM (
       SELECT id FROM named
       UNION
       SELECT unnest(ARRAY[a.document] || ARRAY(SELECT s.document FROM assent s WHERE s.about = a.document AND s.signed_at IS NOT NULL))
         FROM appointment a
        WHERE a.person IN (SELECT person FROM all_who) AND a.status = 'effective'
       UNION
       SELECT s.document FROM substitution s WHERE s.deputy IN (SELECT person FROM all_who)) p
  CROSS JOIN LATERAL (SELECT * FROM document WHERE id = p.id LIMIT 1) d
  LEFT JOIN LATERAL (SELECT bundle FROM evidence WHERE document = p.id LIMIT 1) e ON true
  LEFT JOIN substitution s ON s.document = p.id
 WHERE d.signed_at IS NOT NULL
 ORDER BY d.signed_at, d.id`

const selectWarrants = chain + `
SELECT id, casefile, content, cms, made_at AS signed_at
  FROM warrant
 WHERE casefile IS NULL OR casefile = ANY (ARRAY(SELECT id FROM kin))
 ORDER BY made_at, id`

// Of gathers all that is to be shown for one person and one case. It reads past the rights
// of the one who asks, who sees nothing of it: db is the portal's own hand, and what it
// reads is sealed.
func Of(ctx context.Context, db *vault.DB, person, casefile uuid.UUID) (out []Paper, err error) {
	var signed, said []row
	if err := db.Select(ctx, &said, selectWarrants, person, casefile); err != nil {
		return nil, err
	}
	if err := db.Select(ctx, &signed, selectPapers, person, casefile); err != nil {
		return nil, err
	}
	return both(said, signed), nil
}

// both are the papers of the register, which lie in clear, and after them people's.
func both(said, signed []row) (out []Paper) {
	for _, r := range said {
		out = append(out, Paper{ID: r.ID, Case: r.Case.UUID, Register: true, Content: r.Content, CMS: r.CMS, SignedAt: r.SignedAt})
	}
	for _, r := range signed {
		out = append(out, r.paper())
	}
	return out
}

// paper is one that somebody signed.
func (r row) paper() Paper {
	home := vault.HomeOf(r.Case.UUID, uuid.Nil) // of no case are those about officials
	content, cms := document.Places(r.ID, home)
	p := Paper{ID: r.ID, Case: r.Case.UUID, Content: r.Content, CMS: r.CMS, ContentAt: content, CMSAt: cms, SignedAt: r.SignedAt}
	if r.Evidence != nil {
		p.Evidence, p.EvidenceAt = r.Evidence, evidence.Place(r.ID, home)
	}
	if r.Ended != nil {
		p.Ended = *r.Ended
	}
	return p
}

// New is a paper that was signed, or one of the register that came, or a substitution
// that ended, and when.
type New struct {
	ID    uuid.UUID `db:"id"`
	At    time.Time `db:"at"`
	First bool      `db:"first"` // what the register said of a case first: many come at once, and none takes from anybody
}

const selectNew = `
SELECT id, signed_at AS at, false AS first
  FROM document
 WHERE signed_at > $1 AND kind IN ('confirmation', 'ending', 'revocation', 'assignment', 'appointment', 'substitution', 'assent', 'dissent', 'forward', 'record')
UNION ALL
SELECT d.id, d.signed_at, false
  FROM document d JOIN decision x ON x.document = d.id
 WHERE d.signed_at > $1 AND (x.joins IS NOT NULL OR x.severs IS NOT NULL)
UNION ALL
SELECT document, ended_at, false FROM substitution WHERE ended_at > $1
UNION ALL
SELECT w.id, w.kept_at, w.kind = 'charge' AND NOT EXISTS (SELECT FROM warrant o WHERE o.casefile = w.casefile AND o.id <> w.id)
  FROM warrant w
 WHERE w.kept_at > $1
 ORDER BY at, id`

// Since are the papers that say who may what and were signed, or came from the register,
// after that moment. What the register says bears whatever day it puts there.
func Since(ctx context.Context, db *vault.DB, after time.Time) ([]New, error) {
	var out []New
	err := db.Select(ctx, &out, selectNew, after)
	return out, err
}

const selectThese = `
SELECT p.id, p.casefile, p.content, p.cms, p.signed_at, e.bundle, s.ended_at
  FROM document p
  LEFT JOIN evidence e ON e.document = p.id
  LEFT JOIN substitution s ON s.document = p.id
 WHERE p.id = ANY ($1) AND p.signed_at IS NOT NULL
 ORDER BY p.signed_at, p.id`

const selectTheseWarrants = `
SELECT id, casefile, content, cms, made_at AS signed_at
  FROM warrant
 WHERE id = ANY ($1)
 ORDER BY made_at, id`

// These are the papers with those numbers, the register's first.
func These(ctx context.Context, db *vault.DB, ids []uuid.UUID) (out []Paper, err error) {
	var signed, said []row
	if err := db.Select(ctx, &said, selectTheseWarrants, pq.Array(ids)); err != nil {
		return nil, err
	}
	if err := db.Select(ctx, &signed, selectThese, pq.Array(ids)); err != nil {
		return nil, err
	}
	return both(said, signed), nil
}
