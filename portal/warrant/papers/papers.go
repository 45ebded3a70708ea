// Package papers gathers what proves a person's right to a case (portal/warrant): the
// papers as they are kept, sealed, for the keeper to open and to judge by itself. What is
// left out of them opens nothing.
package papers

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Paper is one of them: of the register in clear, of people sealed.
type Paper struct {
	ID           uuid.UUID
	Register     bool
	Content, CMS []byte
	ContentAt    vault.Where // where the sealed content lies; zero for the register's
	CMSAt        vault.Where
	SignedAt     time.Time // by our clock
}

// Set is all that is to be shown for one person and one case.
type Set struct {
	Papers []Paper
	Taken  []warrant.Taken // what ended without a paper
}

type row struct {
	ID       uuid.UUID     `db:"id"`
	Case     uuid.NullUUID `db:"casefile"`
	Author   uuid.NullUUID `db:"author"`
	Content  []byte        `db:"content"`
	CMS      []byte        `db:"cms"`
	SignedAt time.Time     `db:"signed_at"`
}

// kin are the case and those that people came from: joined to it, or of which it was
// part. named are the papers that say who is what in them. who is everybody whose post
// counts, with those who put him there, and who put them there.
const chain = `
WITH RECURSIVE kin AS (
    SELECT CAST($2 AS uuid) AS id
    UNION
    SELECT a.id FROM kin k JOIN casefile me ON me.id = k.id JOIN casefile a ON a.joined_into = k.id OR a.id = me.severed_from
), named AS (
    SELECT d.id, d.casefile, d.author, d.content, d.cms, d.signed_at
      FROM document d
     WHERE d.casefile IN (SELECT id FROM kin) AND d.signed_at IS NOT NULL AND (
           d.kind IN ('confirmation', 'ending', 'revocation', 'assignment')
        OR d.kind = 'decision' AND EXISTS (SELECT 1 FROM decision x WHERE x.document = d.id AND (x.joins IS NOT NULL OR x.severs IS NOT NULL))
        OR d.kind IN ('assent', 'dissent') AND EXISTS (SELECT 1 FROM assent a JOIN decision x ON x.document = a.about WHERE a.document = d.id)
        OR EXISTS (SELECT 1 FROM filing f WHERE f.document = d.id AND f.decider = $1)
        OR d.kind = 'forward' AND EXISTS (SELECT 1 FROM forward w JOIN filing f ON f.id = w.filing WHERE w.document = d.id AND f.decider = $1))
), who AS (
    SELECT CAST($1 AS uuid) AS person
    UNION
    SELECT author FROM named
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
SELECT id, casefile, author, content, cms, signed_at FROM named
UNION ALL
SELECT d.id, d.casefile, d.author, d.content, d.cms, d.signed_at
  FROM document d
 WHERE d.signed_at IS NOT NULL AND d.id IN (
       SELECT a.document FROM appointment a WHERE a.person IN (SELECT person FROM all_who) AND a.status = 'effective'
       UNION
       SELECT s.document FROM appointment a JOIN assent s ON s.about = a.document WHERE a.person IN (SELECT person FROM all_who) AND a.status = 'effective'
       UNION
       SELECT s.document FROM substitution s WHERE s.deputy IN (SELECT person FROM all_who))
 ORDER BY signed_at, id`

const selectTaken = chain + `
SELECT document AS id, ended_at AS at FROM substitution WHERE deputy IN (SELECT person FROM all_who) AND ended_at IS NOT NULL
 ORDER BY document`

const selectWarrants = chain + `
SELECT id, casefile, CAST(NULL AS uuid) AS author, content, cms, made_at AS signed_at
  FROM warrant
 WHERE casefile IS NULL OR casefile IN (SELECT id FROM kin)
   AND CAST($1 AS uuid) IS NOT NULL
 ORDER BY made_at, id`

// Of gathers them. It reads past the rights of the one who asks, who sees nothing of it:
// db is the portal's own hand, and what it reads is sealed.
func Of(ctx context.Context, db *vault.DB, person, casefile uuid.UUID) (Set, error) {
	var s Set
	var signed, said []row
	if err := db.Select(ctx, &said, selectWarrants, person, casefile); err != nil {
		return s, err
	}
	if err := db.Select(ctx, &signed, selectPapers, person, casefile); err != nil {
		return s, err
	}
	for _, r := range said {
		s.Papers = append(s.Papers, Paper{ID: r.ID, Register: true, Content: r.Content, CMS: r.CMS, SignedAt: r.SignedAt})
	}
	for _, r := range signed {
		content, cms := document.Document{ID: r.ID, Casefile: r.Case.UUID, Author: r.Author.UUID}.Places()
		s.Papers = append(s.Papers, Paper{ID: r.ID, Content: r.Content, CMS: r.CMS, ContentAt: content, CMSAt: cms, SignedAt: r.SignedAt})
	}
	var ended []struct {
		ID uuid.UUID `db:"id"`
		At time.Time `db:"at"`
	}
	err := db.Select(ctx, &ended, selectTaken, person, casefile)
	for _, e := range ended {
		s.Taken = append(s.Taken, warrant.Taken{ID: e.ID, At: e.At})
	}
	return s, err
}
