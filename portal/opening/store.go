package opening

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/vault"
)

func wordsAt(casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "opening", Column: "words", ID: id, Case: casefile}
}

func questionText(column string, casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "objection", Column: column, ID: id, Case: casefile}
}

func nullable(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

// nullDay is a day for a column that may be NULL.
func nullDay(d time.Time) *string {
	if d.IsZero() {
		return nil
	}
	text := d.Format(time.DateOnly)
	return &text
}

const selectConducts = `
SELECT investigator = $2 FROM casefile WHERE id = $1`

// What somebody is to a case; a power that is over counts no more.
const selectStanding = `
SELECT 'party' FROM capacity WHERE casefile = $1 AND person = $2 AND (until IS NULL OR until >= CAST($3 AS date))
UNION
SELECT standing FROM duty WHERE casefile = $1 AND person = $2`

const countKept = `
SELECT count(*)
  FROM opening
 WHERE person = $1 AND object = $2 AND object_id = $3 AND reason = $4 AND at >= $5
   AND (document IS NULL OR CAST($6 AS uuid) IS NULL OR document = $6)`

const insertOpening = `
INSERT INTO opening (id, casefile, person, standing, body, object, object_id, document, owner, reason, words, opens_on, at)
SELECT $1, $2, $3, CAST($4 AS text),
       CASE WHEN CAST($9 AS text) <> 'own' THEN (SELECT body FROM officer WHERE person = $3) END,
       $5, $6, $7, $8, CAST($9 AS text), $10, CAST($11 AS date), $12`

type pretextRow struct {
	ID      uuid.UUID  `db:"id"`
	Reason  Reason     `db:"reason"`
	Words   []byte     `db:"words"`
	OpensOn *time.Time `db:"opens_on"`
}

const selectPretext = `
SELECT id, reason, words, opens_on
  FROM pretext
 WHERE person = $1 AND casefile = $2 AND made_at >= $3`

const upsertPretext = `
INSERT INTO pretext (id, person, casefile, reason, words, opens_on, made_at)
VALUES ($1, $2, $3, $4, $5, CAST($6 AS date), $7)
    ON CONFLICT (person, casefile) DO UPDATE
   SET id = $1, reason = $4, words = $5, opens_on = CAST($6 AS date), made_at = $7`

type lineRow struct {
	ID         uuid.UUID     `db:"id"`
	Case       uuid.UUID     `db:"casefile"`
	Person     uuid.UUID     `db:"person"`
	Name       []byte        `db:"name"`
	Official   *string       `db:"official_name"`
	Standing   string        `db:"standing"`
	BodyKK     *string       `db:"body_kk"`
	BodyRU     *string       `db:"body_ru"`
	Object     Object        `db:"object"`
	ObjectID   uuid.UUID     `db:"object_id"`
	Number     *string       `db:"number"`
	Reason     Reason        `db:"reason"`
	Words      []byte        `db:"words"`
	OpensOn    *time.Time    `db:"opens_on"`
	At         time.Time     `db:"at"`
	Near       bool          `db:"near"`
	QuestionID uuid.NullUUID `db:"question"`
	Question   []byte        `db:"question_words"`
	AskedAt    *time.Time    `db:"asked_at"`
	Answer     []byte        `db:"answer"`
	AnsweredAt *time.Time    `db:"answered_at"`
}

// question opens what was asked about a line, and the answer.
func (row lineRow) question(ctx context.Context, db *vault.DB) (Question, error) {
	q := Question{ID: row.QuestionID.UUID, Case: row.Case, MadeAt: *row.AskedAt}
	var err error
	if q.Words, err = db.OpenText(ctx, questionText("words", q.Case, q.ID), row.Question); err != nil || row.AnsweredAt == nil {
		return q, err
	}
	q.AnsweredAt = *row.AnsweredAt
	q.Answer, err = db.OpenText(ctx, questionText("answer", q.Case, q.ID), row.Answer)
	return q, err
}

// Two are near where one acts for the other in this case. Who a participant is, the
// fences of the database do not tell another: a line is there without the name.
const selectAnyLine = `
SELECT o.id, o.casefile, o.person, n.name, u.name AS official_name, o.standing, b.name_kk AS body_kk, b.name_ru AS body_ru, o.object, o.object_id,
       f.number, o.reason, o.words, o.opens_on, o.at,
       EXISTS (SELECT 1 FROM participant p JOIN participant r ON r.id = p.represents
                WHERE p.casefile = o.casefile AND p.status = 'confirmed' AND r.status = 'confirmed'
                  AND (p.person = $1 AND r.person = o.person OR p.person = o.person AND r.person = $1)) AS near,
       j.id AS question, j.words AS question_words, j.made_at AS asked_at, j.answer, j.answered_at`

const fromLines = `
  FROM opening o
  LEFT JOIN known n ON n.casefile = o.casefile AND n.person = o.person
  LEFT JOIN officer u ON u.person = o.person
  LEFT JOIN body b ON b.id = o.body
  LEFT JOIN filing f ON f.id = o.object_id AND o.object IN ('filing', 'answer', 'withdrawal', 'attachment')`

// Whose paper it was sees who opened it, and so do the prosecutors; those who
// investigate only where it was not a complaint about them. A covert look shows on
// its day; before it to the prosecutors and to the one who looked.
const whereSeen = `
 WHERE o.casefile = $2
   AND (o.owner IS NULL OR o.owner = $1 OR o.person = $1 OR $3
        OR $4 AND coalesce(f.kind = 'petition', o.object = 'request'))
   AND (o.opens_on IS NULL OR o.opens_on <= CAST($5 AS date) OR o.person = $1 OR $3)`

const selectLines = selectAnyLine + fromLines + `
  LEFT JOIN objection j ON j.opening = o.id AND j.person = $1` + whereSeen + `
   AND (CAST($6 AS uuid) IS NULL OR (o.at, o.id) < (SELECT x.at, x.id FROM opening x WHERE x.id = $6 AND x.casefile = $2))
 ORDER BY o.at DESC, o.id DESC
 LIMIT $7`

const selectLine = selectAnyLine + fromLines + `
  LEFT JOIN objection j ON j.opening = o.id AND j.person = $1` + whereSeen + `
   AND o.id = $6`

const selectCaseOf = `
SELECT casefile FROM opening WHERE id = $1`

const selectSealed = `
SELECT DISTINCT opens_on
  FROM opening
 WHERE casefile = $1 AND person <> $2 AND opens_on > CAST($3 AS date)
   AND (owner IS NULL OR owner = $2)
 ORDER BY opens_on`

type questionRow struct {
	lineRow
	CaseNumber []byte         `db:"case_number"`
	Asker      uuid.UUID      `db:"asker"`
	AskerName  []byte         `db:"asker_name"`
	ToMe       pq.StringArray `db:"to_me"`
}

// Who answers is the supervising prosecutor; about a prosecutor's own look the head
// of his office; nobody about himself.
const answerer = `
       CASE WHEN o.person <> $1 AND EXISTS (
           SELECT 1 FROM duty d
            WHERE d.casefile = o.casefile AND d.person = $1
              AND d.standing = CASE WHEN o.standing = 'supervisor'
                                      OR EXISTS (SELECT 1 FROM duty s WHERE s.casefile = o.casefile AND s.person = o.person AND s.standing = 'supervisor')
                                    THEN 'office' ELSE 'supervisor' END)
       THEN ARRAY['decider'] ELSE ARRAY[]::text[] END AS to_me`

const selectAnyObjection = selectAnyLine + `, c.number AS case_number, j.person AS asker, a.name AS asker_name,` + answerer + fromLines + `
  JOIN objection j ON j.opening = o.id
  JOIN casefile c ON c.id = o.casefile
  LEFT JOIN known a ON a.casefile = j.casefile AND a.person = j.person`

const selectWaitingObjections = selectAnyObjection + `
 WHERE j.answered_at IS NULL
   AND j.casefile = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing IN ('supervisor', 'office')))
 ORDER BY j.made_at, j.id`

const selectObjection = selectAnyObjection + `
 WHERE j.id = $2`

const lockObjection = selectObjection + `
   FOR UPDATE OF j`

const insertObjection = `
INSERT INTO objection (id, opening, casefile, person, words, made_at)
VALUES ($1, $2, $3, $4, $5, $6)`

const answerObjection = `
UPDATE objection SET answered_by = $2, answer = $3, answered_at = $4 WHERE id = $1`
