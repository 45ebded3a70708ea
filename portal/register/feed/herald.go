package feed

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
)

// batch is how many acts are read in one transaction.
const batch = 500

const (
	// Another process that has the cursor does the work.
	lockHerald = `SELECT seq FROM herald FOR UPDATE SKIP LOCKED`

	// The record has no gaps and grows in order, so all up to the last is there.
	selectUpTo = `SELECT coalesce(max(seq), $1) FROM record WHERE seq > $1 AND seq <= $1 + $2`

	// The paper of an act is the one whose digest the act has; where the same bytes were
	// signed twice, the one that was signed with it. A paper that the portal printed has a
	// nonce, and a ruling that was uploaded here stands in the record as a draft: what has
	// neither was signed elsewhere, and the register brought it.
	selectActed = `
SELECT r.seq, r.at, r.act, r.law, r.object, r.object_id, r.casefile, r.hash, r.digest,
       coalesce(f.number, t.number, '') AS number, coalesce(f.kind, q.role, p.role, n.kind, '') AS kind, f.report,
       d.id AS document, coalesce(d.kind, '') AS paper, coalesce(d.language, '') AS language, coalesce(d.size, 0) AS size
  FROM record r
  LEFT JOIN filing f ON r.object IN ('filing', 'answer') AND f.id = r.object_id
  LEFT JOIN report t ON r.object = 'report' AND t.id = r.object_id
  LEFT JOIN request q ON r.object = 'request' AND q.id = r.object_id
  LEFT JOIN participant p ON r.object = 'participant' AND p.id = r.object_id
  LEFT JOIN decision n ON r.object IN ('decision', 'service') AND n.id = r.object_id
  LEFT JOIN LATERAL (SELECT x.id, x.kind, x.language, x.size, x.nonce IS NULL AS bare
                       FROM document x
                      WHERE x.digest = r.digest AND x.signed_at IS NOT NULL
                      ORDER BY x.signed_at = r.at DESC, x.id
                      LIMIT 1) d ON r.digest IS NOT NULL
 WHERE r.seq > $1 AND r.seq <= $2 AND r.act = ANY ($3::text[])
   AND NOT (r.act = ANY ($4::text[]) AND coalesce(d.bare, false)
            AND NOT (r.object = 'decision'
                     AND EXISTS (SELECT FROM record w WHERE w.digest = r.digest AND w.seq < r.seq AND w.object = r.object AND w.object_id = r.object_id)))
 ORDER BY r.seq`

	selectLast = `SELECT line, max(seq) AS seq FROM event WHERE line = ANY ($1::uuid[]) GROUP BY line`

	insertEvents = `
INSERT INTO event (seq, line, previous, document, body, made_at)
SELECT x.seq, x.line, nullif(x.previous, 0), nullif(x.document, '00000000-0000-0000-0000-000000000000'), x.body, $6
  FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::uuid[], $5::text[]) AS x (seq, line, previous, document, body)
    ON CONFLICT (seq) DO NOTHING`

	insertSendings = `
INSERT INTO sending (subscriber, seq, line, state, tries, refused, failure, run_at)
SELECT s.id, e.seq, e.line, 'waiting', 0, 0, '', $3
  FROM subscriber s, event e
 WHERE e.seq > $1 AND e.seq <= $2 AND s.url <> ''
    ON CONFLICT DO NOTHING`

	// Where the record was put back, subscribers forget what they were told beyond (Life): of that
	// what is there is sent again, as it may be after the second time.
	resend = `
UPDATE sending SET state = 'waiting', settled_at = NULL, refused = 0, run_at = $3
 WHERE state = 'taken' AND seq > (SELECT min(acts) FROM restoration)
   AND EXISTS (SELECT FROM restoration v JOIN record r ON r.object = 'restoration' AND r.object_id = v.id WHERE r.seq > $1 AND r.seq <= $2)`

	setHerald = `UPDATE herald SET seq = $1`
)

// Tell makes events of the next acts of the record and puts them on their way; it
// answers how many acts it passed, 0 where nothing is new or another process is at it.
// db is the portal's own hand (database.Work).
func Tell(ctx context.Context, db *database.DB, at time.Time) (int, error) {
	passed := 0
	err := db.Within(ctx, func(tx *database.DB) error {
		var cursor []int64
		if err := tx.Select(ctx, &cursor, lockHerald); err != nil || len(cursor) == 0 {
			return err
		}
		from, to := cursor[0], int64(0)
		if err := tx.Get(ctx, &to, selectUpTo, from, batch); err != nil || to == from {
			return err
		}
		var all []acted
		if err := tx.Select(ctx, &all, selectActed, from, to, pq.Array(acts), pq.Array(brought)); err != nil {
			return err
		}
		if err := keep(ctx, tx, all, at); err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertSendings, from, to, at); err != nil {
			return err
		}
		if err := tx.Exec(ctx, resend, from, to, at); err != nil {
			return err
		}
		passed = int(to - from)
		return tx.Exec(ctx, setHerald, to)
	})
	if err != nil {
		return 0, fmt.Errorf("tell the register of acts: %w", err)
	}
	return passed, nil
}

func keep(ctx context.Context, tx *database.DB, all []acted, at time.Time) error {
	n := len(all)
	if n == 0 {
		return nil
	}
	seqs, lines, previous, documents, bodies := make([]int64, n), make([]uuid.UUID, n), make([]int64, n), make([]uuid.UUID, n), make([]string, n)
	for i, a := range all {
		lines[i] = a.line()
	}
	var ends []struct {
		Line uuid.UUID `db:"line"`
		Seq  int64     `db:"seq"`
	}
	if err := tx.Select(ctx, &ends, selectLast, pq.Array(lines)); err != nil {
		return err
	}
	last := map[uuid.UUID]int64{}
	for _, e := range ends {
		last[e.Line] = e.Seq
	}
	for i, a := range all {
		seqs[i], previous[i], documents[i] = a.Seq, last[lines[i]], a.Document.UUID
		last[lines[i]] = a.Seq
		body, err := json.Marshal(a.event(previous[i]))
		if err != nil {
			return err
		}
		bodies[i] = string(body)
	}
	return tx.Exec(ctx, insertEvents, pq.Array(seqs), pq.Array(lines), pq.Array(previous), pq.Array(documents), pq.Array(bodies), at)
}
