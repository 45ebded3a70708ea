package report

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

const lockPerson = `
SELECT id FROM person WHERE id = $1 FOR NO KEY UPDATE`

const countDrafts = `
SELECT count(*) FROM report WHERE author = $1 AND id <> $2 AND status = 'draft'`

const insertReport = `
INSERT INTO report (id, author, way, status, language, draft, made_at, saved_at)
VALUES ($1, $2, 'signed', 'draft', $3, $4, $5, $5)
    ON CONFLICT (id) DO NOTHING`

const answerReport = `
UPDATE report SET draft = $2, saved_at = $3, document = NULL, body = NULL WHERE id = $1 AND status = 'draft'`

const printReport = `
UPDATE report SET body = $2, document = $3, language = $4, saved_at = $5 WHERE id = $1 AND status = 'draft'`

const submitReport = `
UPDATE report SET status = $2, draft = NULL, answers = $3, number = $4, officer = $5, slip_hash = $6,
       registered_at = $7, term = $8, due_raw = $9, due_at = $10
 WHERE id = $1`

const deleteReport = `
DELETE FROM report WHERE id = $1 AND status = 'draft'`

type reportRow struct {
	ID           uuid.UUID      `db:"id"`
	Author       uuid.NullUUID  `db:"author"`
	EnteredBy    uuid.NullUUID  `db:"entered_by"`
	EnteredName  string         `db:"entered_name"`
	Way          Way            `db:"way"`
	Status       Status         `db:"status"`
	Language     string         `db:"language"`
	Draft        []byte         `db:"draft"`
	Answers      []byte         `db:"answers"`
	Body         uuid.NullUUID  `db:"body"`
	Code         string         `db:"code"`
	KATO         Region         `db:"kato"`
	Above        uuid.NullUUID  `db:"above"`
	Names        identity.Body  `db:"names"`
	Prosecution  identity.Body  `db:"prosecution"`
	Document     uuid.NullUUID  `db:"document"`
	Number       *string        `db:"number"`
	Officer      uuid.NullUUID  `db:"officer"`
	OfficerName  string         `db:"officer_name"`
	Head         string         `db:"head"`
	Previous     uuid.NullUUID  `db:"previous"`
	Next         uuid.NullUUID  `db:"next"`
	MadeAt       time.Time      `db:"made_at"`
	SavedAt      time.Time      `db:"saved_at"`
	RegisteredAt *time.Time     `db:"registered_at"`
	Term         *deadline.Name `db:"term"`
	DueRaw       *time.Time     `db:"due_raw"`
	DueAt        *time.Time     `db:"due_at"`
	DecidedAt    *time.Time     `db:"decided_at"`
	OverdueAt    *time.Time     `db:"overdue_at"`
	Standing     pq.StringArray `db:"standing"`
}

// A report a person has no part in is not found: its being there is a secret. A draft is
// its author's alone. Who has left deals with none that waits.
const selectReports = `
SELECT r.id, r.author, r.entered_by, coalesce(e.name, '') AS entered_name, r.way, r.status, r.language, r.draft, r.answers, r.body, coalesce(b.code, '') AS code, coalesce(left(b.kato, 2) || '0000000', '') AS kato, b.above,
       coalesce(b.name_kk, '') AS "names.body_kk", coalesce(b.name_ru, '') AS "names.body_ru",
       coalesce(p.name_kk, '') AS "prosecution.body_kk", coalesce(p.name_ru, '') AS "prosecution.body_ru",
       r.document, r.number, r.officer, coalesce(o.name, '') AS officer_name,
       coalesce((SELECT h.name FROM officer h WHERE h.body = r.body AND h.post IN ('head', 'chief-prosecutor') AND h.left_at IS NULL ORDER BY h.person LIMIT 1), '') AS head,
       r.previous, (SELECT n.id FROM report n WHERE n.previous = r.id) AS next,
       r.made_at, r.saved_at, r.registered_at, r.term, r.due_raw, r.due_at, r.decided_at, r.overdue_at,
       array_remove(ARRAY[CASE WHEN r.author = $1 THEN 'author' END,
           CASE WHEN r.status <> 'draft' AND EXISTS (SELECT FROM officer m WHERE m.person = $1 AND m.body = r.body AND m.post IN ('registrar', 'head', 'prosecutor', 'chief-prosecutor', 'judge')
                                                        AND m.left_at IS NULL)
             OR r.status = 'draft' AND r.entered_by = $1 THEN 'addressee' END], NULL) AS standing
  FROM report r
  LEFT JOIN body b ON b.id = r.body
  LEFT JOIN body p ON p.id = b.prosecution
  LEFT JOIN officer o ON o.person = r.officer AND (r.status <> 'registered' OR o.body = r.body AND o.post = 'registrar' AND o.left_at IS NULL)
  LEFT JOIN officer e ON e.person = r.entered_by`

const selectReport = selectReports + `
 WHERE r.id = $2`

const lockReport = selectReport + `
   FOR UPDATE OF r`

const selectOwnReports = selectReports + `
  LEFT JOIN report z ON z.id = $2 AND z.author = $1
 WHERE r.author = $1
   AND (z.id IS NULL OR (coalesce(z.registered_at, z.saved_at), r.id) > (coalesce(r.registered_at, r.saved_at), z.id))
 ORDER BY coalesce(r.registered_at, r.saved_at) DESC, r.id
 LIMIT $3`

// forAsker is the row for one who asks: what he is nothing to is not there. An official
// counts while he is in post.
func (row reportRow) forAsker(ask policy.Ask) (Report, error) {
	to := ask.Standing(row.Standing)
	if ask.Is&policy.Official == 0 {
		to &^= policy.Addressee
	}
	if to == 0 {
		return Report{}, fault.New(fault.NotFound, "fault.not-found")
	}
	if err := ask.Check(to); err != nil {
		return Report{}, err
	}
	r := row.report()
	r.Standing = to
	return r, nil
}

func (row reportRow) report() Report {
	return Report{
		ID: row.ID, Author: row.Author.UUID, EnteredBy: row.EnteredBy.UUID, EnteredName: row.EnteredName, Way: row.Way, Status: row.Status, Language: row.Language,
		Body:   Body{ID: row.Body.UUID, Code: row.Code, KATO: row.KATO, Above: row.Above, Body: row.Names, Prosecution: row.Prosecution},
		Number: deref(row.Number), Officer: row.Officer.UUID, OfficerName: row.OfficerName, Head: row.Head, Document: row.Document.UUID,
		Previous: row.Previous.UUID, Next: row.Next.UUID, MadeAt: row.MadeAt, SavedAt: row.SavedAt, RegisteredAt: deref(row.RegisteredAt),
		Term: deref(row.Term), DueRaw: deref(row.DueRaw), DueAt: deref(row.DueAt), DecidedAt: deref(row.DecidedAt), OverdueAt: deref(row.OverdueAt),
	}
}

// answers opens what a report says, whoever's it is now.
func (row reportRow) answers(ctx context.Context, db *vault.DB) (Answers, error) {
	if row.Status == Draft {
		owner := row.Author.UUID
		if row.EnteredBy.Valid {
			owner = row.EnteredBy.UUID
		}
		return openAnswers(ctx, db, draftOf(row.ID, owner), row.Draft)
	}
	return openAnswers(ctx, db, AnswersOf(row.ID, row.Body.UUID), row.Answers)
}

// lock is Read for a change.
func lock(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (reportRow, error) {
	var row reportRow
	if err := tx.Get(ctx, &row, lockReport, ask.Person, id); err != nil {
		return row, err
	}
	_, err := row.forAsker(ask)
	return row, err
}

// lockDraft is a draft with its answers, for a change; of one that is registered it is
// fault.Conflict.
func lockDraft(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Report, Answers, error) {
	row, err := lock(ctx, tx, ask, id)
	if err != nil {
		return Report{}, Answers{}, err
	}
	if row.Status != Draft {
		return Report{}, Answers{}, fault.New(fault.Conflict, "fault.not-now")
	}
	a, err := row.answers(ctx, tx)
	return row.report(), a, err
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func orNone(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }
