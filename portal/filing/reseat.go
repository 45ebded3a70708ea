package filing

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/guide"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// What waits for a head, a chief or a judge who sits there no more, and the one for whom it
// waits from now on: whoever has the seat, and where nobody has it for a day, or the term
// ends within one, whoever has a seat above ($2 to $4: guide.Heirs). Those whom it complains
// of and those who approved that are passed by (CPC 104(1)). Where the case went to another
// body, its head is not above those who worked on it before: the prosecutor is, so of a
// head it goes to a head again only where all whom it concerns are his. A complaint about a
// report is sealed for its office and stays there.
const selectUnseated = `
SELECT f.id, f.casefile, f.decider, h.person, h.seat
  FROM filing f
  JOIN officer o ON o.person = f.decider
  LEFT JOIN casefile c ON c.id = f.casefile
  LEFT JOIN body b ON b.id = c.body
  LEFT JOIN body p ON p.id = c.prosecution
  LEFT JOIN body t ON t.id = b.court
  JOIN LATERAL (
       SELECT s.seat, s.person
         FROM (SELECT l.seat, k.person, l.n
                 FROM unnest(CAST($2 AS text[]), CAST($3 AS text[]), CAST($4 AS int[])) AS l (of, seat, n)
                 JOIN desk k ON k.casefile = f.casefile AND k.seat = l.seat
                WHERE l.of = f.seat
                  AND NOT (l.seat = 'head' AND EXISTS (SELECT FROM officer x WHERE x.person = ANY (f.interested) AND x.body <> c.body))
                  AND (l.n = 0 OR coalesce(o.left_at, o.since, '-infinity') <= CAST($1 AS timestamptz) - interval '1 day' OR f.due_at <= CAST($1 AS timestamptz) + interval '1 day')
               UNION ALL
               SELECT f.seat, i.person, 0 FROM officer i
                WHERE f.report IS NOT NULL AND i.body = f.body AND i.left_at IS NULL
                  AND i.post = CASE WHEN f.seat IN ('judge', 'appeal') THEN 'judge' ELSE 'chief-prosecutor' END) s
        WHERE s.person <> ALL (f.interested)
        ORDER BY s.n, s.person
        LIMIT 1) h ON true
 WHERE f.status IN ('filed', 'considered', 'waiting') AND f.seat IN ('head', 'chief', 'higher', 'judge', 'appeal')
   AND NOT (o.left_at IS NULL
        AND o.post = CASE f.seat WHEN 'head' THEN 'head' WHEN 'judge' THEN 'judge' WHEN 'appeal' THEN 'judge' ELSE 'chief-prosecutor' END
        AND o.body IS NOT DISTINCT FROM coalesce(f.body,
            CASE f.seat WHEN 'head' THEN c.body WHEN 'chief' THEN c.prosecution WHEN 'higher' THEN p.above WHEN 'judge' THEN b.court ELSE t.above END))
 ORDER BY f.due_at, f.id`

type unseatedRow struct {
	ID      uuid.UUID     `db:"id"`
	Case    uuid.NullUUID `db:"casefile"`
	Decider uuid.UUID     `db:"decider"`
	Person  uuid.UUID     `db:"person"`
	Seat    guide.Seat    `db:"seat"`
}

const reseatFiling = `
UPDATE filing SET decider = $3, seat = $4, former = array_append(array_remove(former, decider), decider)
 WHERE id = $1 AND decider = $2 AND status IN ('filed', 'considered', 'waiting')`

// Reseat has what waits for somebody who sits there no more wait for whoever does. It looks
// at who sits where and not at what happened, so that no event is missed: an official who
// left or moved, a term of office that ended, a roll of the register, a case that went to
// another body. It is the portal's own act, for the timetable; terms run on, and each filing
// is a transaction of its own. What waits for an investigator or a prosecutor waits until
// the case is given to another (HandOver).
func Reseat(ctx context.Context, db *database.DB, at time.Time) error {
	var of, to pq.StringArray
	var nth pq.Int64Array
	for _, seat := range guide.AllSeats {
		for n, heir := range guide.Heirs(seat) {
			of, to, nth = append(of, string(seat)), append(to, string(heir)), append(nth, int64(n))
		}
	}
	var rows []unseatedRow
	if err := db.Select(ctx, &rows, selectUnseated, at, of, to, nth); err != nil {
		return err
	}
	for _, row := range rows {
		err := db.Within(ctx, func(tx *database.DB) error {
			n, err := tx.Change(ctx, reseatFiling, row.ID, row.Decider, row.Person, row.Seat)
			if err != nil || n == 0 { // answered or handed on meanwhile
				return err
			}
			return ledger.Step(ctx, tx, policy.Ask{Act: policy.FilingReseat, At: at}, "filing", row.ID, row.Case.UUID, nil)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
