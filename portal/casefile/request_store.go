package casefile

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

const lockPerson = `
SELECT id FROM person WHERE id = $1 FOR NO KEY UPDATE`

const countMisses = `
SELECT count(*) FROM record WHERE object = 'person' AND object_id = $1 AND act = $2 AND at > $3`

// A case that was joined to another is conducted there (CPC 43).
const selectNumbered = `
WITH RECURSIVE found AS (
    SELECT id, joined_into FROM casefile WHERE number_tag = $1 OR report_tag = $1
    UNION
    SELECT c.id, c.joined_into FROM casefile c JOIN found f ON c.id = f.joined_into)
SELECT id FROM found WHERE joined_into IS NULL
 ORDER BY id
 LIMIT 1`

const selectHeld = `
SELECT status FROM participant WHERE casefile = $1 AND person = $2 AND role = $3 AND status IN ('awaiting', 'confirmed')`

const countOpenRequests = `
SELECT count(*) FROM request WHERE person = $1 AND id <> $2 AND status IN ('draft', 'asked')`

const lockHeld = `
SELECT id, status FROM participant
 WHERE casefile = $1 AND person = $2 AND role = $3 AND represents IS NOT DISTINCT FROM $4
   FOR UPDATE`

const awaitAgain = `
UPDATE participant SET status = $2, asked_at = $3, ended_at = NULL WHERE id = $1`

const insertAwaiting = `
INSERT INTO participant (id, casefile, person, role, status, asked_at)
VALUES ($1, $2, $3, $4, $5, $6)`

const leave = `
UPDATE participant SET status = 'ended', ended_at = $2 WHERE id = $1 AND status = 'awaiting'`

const selectRepresented = `
SELECT p.id
  FROM participant p
 WHERE p.casefile = $1 AND p.person = $2 AND p.role = ANY ($3) AND p.status = 'confirmed'
 ORDER BY p.since, p.id`

func roleWords(roles []policy.Role) pq.StringArray {
	out := make(pq.StringArray, len(roles))
	for i, r := range roles {
		out[i] = string(r)
	}
	return out
}

type requestRow struct {
	ID               uuid.UUID     `db:"id"`
	Case             uuid.UUID     `db:"casefile"`
	CaseNumber       []byte        `db:"case_number"`
	Named            []byte        `db:"named"`
	Person           uuid.UUID     `db:"person"`
	Name             []byte        `db:"name"`
	Role             policy.Role   `db:"role"`
	Represented      []byte        `db:"represented"`
	Words            []byte        `db:"words"`
	Language         string        `db:"language"`
	Document         uuid.UUID     `db:"document"`
	Authority        uuid.NullUUID `db:"authority"`
	Participant      uuid.NullUUID `db:"participant"`
	Status           Status        `db:"status"`
	MadeAt           time.Time     `db:"made_at"`
	AskedAt          *time.Time    `db:"asked_at"`
	Term             *string       `db:"term"`
	DueRaw           *time.Time    `db:"due_raw"`
	DueAt            *time.Time    `db:"due_at"`
	OverdueAt        *time.Time    `db:"overdue_at"`
	SettledAt        *time.Time    `db:"settled_at"`
	Investigator     uuid.UUID     `db:"investigator"`
	InvestigatorName string        `db:"investigator_name"`
	Prosecutor       uuid.UUID     `db:"prosecutor"`
	ProsecutorName   string        `db:"prosecutor_name"`
	identity.Body
	ProsecutionKK string         `db:"prosecution_kk"`
	ProsecutionRU string         `db:"prosecution_ru"`
	Answer        uuid.NullUUID  `db:"answer"`
	AnswerIn      string         `db:"answer_in"`
	AnsweredBy    uuid.NullUUID  `db:"answered_by"`
	Reasons       []byte         `db:"reasons"`
	Standing      pq.StringArray `db:"standing"`
}

// A request a person has no part in is not found: its being there is a secret. A
// draft is its author's alone. Its answer is the paper that was signed in the moment
// it was settled.
const selectRequests = `
SELECT r.id, r.casefile, c.number AS case_number, r.named, r.person, n.name, r.role, r.represented, r.words, r.language, r.document,
       r.authority, r.participant, r.status, r.made_at, r.asked_at, r.term, r.due_raw, r.due_at, r.overdue_at, r.settled_at,
       c.investigator, i.name AS investigator_name, b.name_kk AS body_kk, b.name_ru AS body_ru,
       c.prosecutor, p.name AS prosecutor_name, pb.name_kk AS prosecution_kk, pb.name_ru AS prosecution_ru,
       f.document AS answer, coalesce(a.language, '') AS answer_in, a.author AS answered_by, f.reasons,
       array_remove(CASE WHEN r.person = $1 THEN ARRAY['author'] ELSE '{}' END ||
           CASE WHEN r.status <> 'draft' THEN ARRAY(SELECT d.standing FROM duty d WHERE d.casefile = r.casefile AND d.person = $1) END, NULL) AS standing
  FROM request r
  JOIN casefile c ON c.id = r.casefile
  LEFT JOIN known n ON n.casefile = r.casefile AND n.person = r.person
  JOIN body b ON b.id = c.body
  JOIN officer i ON i.person = c.investigator
  JOIN officer p ON p.person = c.prosecutor
  JOIN body pb ON pb.id = c.prosecution
  LEFT JOIN confirmation f ON f.participant = r.participant AND f.signed_at = r.settled_at AND f.ends = (r.status = 'refused')
                          AND r.status IN ('confirmed', 'refused')
  LEFT JOIN document a ON a.id = f.document`

const selectRequest = selectRequests + `
 WHERE r.id = $2`

const lockOneRequest = selectRequest + `
   FOR UPDATE OF r`

const selectOwnRequests = selectRequests + `
 WHERE r.person = $1
 ORDER BY coalesce(r.asked_at, r.made_at) DESC, r.id`

const selectWaitingRequests = selectRequests + `
 WHERE r.status = 'asked'
   AND r.casefile = ANY (ARRAY(SELECT d.casefile FROM duty d WHERE d.person = $1 AND d.standing = 'charge'))
 ORDER BY r.due_at, r.asked_at, r.id`

const selectOverdueRequests = selectRequests + `
 WHERE r.status = 'asked' AND r.due_at <= $2
   AND r.casefile = ANY (ARRAY(SELECT d.casefile FROM duty d WHERE d.person = $1 AND d.standing IN ('supervisor', 'unit', 'office')))
 ORDER BY r.due_at, r.asked_at, r.id`

const selectRequestFor = selectRequests + `
 WHERE r.participant = $2 AND r.status = 'asked'`

// What he asked in a case that was joined to this one waits there, where nothing is
// confirmed any more.
const lockAsked = selectRequests + `
 WHERE (r.casefile = $2 OR r.casefile IN (SELECT id FROM casefile WHERE joined_into = $2)) AND r.person = $3 AND r.status = 'asked'
   FOR UPDATE OF r`

const selectSettled = `
SELECT role, represents, status FROM participant WHERE id = $1`

func requestText(column string, casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "request", Column: column, ID: id, Case: casefile}
}

// forAsker opens the row for the one who asks: not found where he is nothing to it,
// refused where his act is not his to do.
func (row requestRow) forAsker(ctx context.Context, db *vault.DB, ask policy.Ask) (Request, error) {
	to := ask.Standing(row.Standing)
	if to == 0 {
		return Request{}, fault.New(fault.NotFound, "fault.not-found")
	}
	if err := ask.Check(to); err != nil {
		return Request{}, err
	}
	r, err := row.open(ctx, db, ask.Person)
	r.Standing = to
	return r, err
}

// open opens a row for its reader. Its person is nothing in the case yet: what he reads
// of it is what he wrote himself, and what was answered to him.
func (row requestRow) open(ctx context.Context, db *vault.DB, reader uuid.UUID) (Request, error) {
	r := Request{
		ID: row.ID, Case: row.Case, Person: row.Person, Role: row.Role, Language: row.Language,
		Document: row.Document, Authority: row.Authority.UUID, Participant: row.Participant.UUID, Status: row.Status, MadeAt: row.MadeAt,
		AskedAt: deref(row.AskedAt), Term: deadline.Name(deref(row.Term)), DueRaw: deref(row.DueRaw), DueAt: deref(row.DueAt),
		OverdueAt: deref(row.OverdueAt), SettledAt: deref(row.SettledAt), Answer: row.Answer.UUID, AnswerLanguage: row.AnswerIn, AnsweredBy: row.AnsweredBy.UUID,
		Decider:    Official{ID: row.Investigator, Name: row.InvestigatorName, Body: row.Body},
		Prosecutor: Official{ID: row.Prosecutor, Name: row.ProsecutorName, Body: identity.Body{NameKK: row.ProsecutionKK, NameRU: row.ProsecutionRU}},
	}
	var errs [5]error
	if row.Person == reader {
		r.CaseNumber, errs[4] = db.OpenText(ctx, requestText("named", row.Case, row.ID), row.Named)
	} else {
		r.CaseNumber, errs[4] = register.Open(ctx, db, row.Case, row.CaseNumber)
	}
	r.Name, errs[0] = identity.OpenName(ctx, db, row.Case, row.Person, row.Name)
	r.Words, errs[1] = db.OpenText(ctx, requestText("words", row.Case, row.ID), row.Words)
	if row.Represented != nil {
		var whom string
		whom, errs[2] = db.OpenText(ctx, requestText("represented", row.Case, row.ID), row.Represented)
		r.Represented, r.RepresentedIIN = whomOf(whom)
	}
	r.Reasons, errs[3] = openReasons(ctx, db, row.Case, row.Answer.UUID, row.Reasons)
	return r, errors.Join(errs[:]...)
}

func lockRequest(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Request, error) {
	var row requestRow
	if err := tx.Get(ctx, &row, lockOneRequest, ask.Person, id); err != nil {
		return Request{}, err
	}
	return row.forAsker(ctx, tx, ask)
}

// moveRequest locks a request for a step of its life and tells where the step leads.
func moveRequest(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Request, Status, error) {
	r, err := lockRequest(ctx, tx, ask, id)
	if err != nil {
		return r, "", err
	}
	next, err := r.Status.after(ask.Act)
	return r, next, err
}

type requestDraft struct {
	Person    uuid.UUID     `db:"person"`
	Status    Status        `db:"status"`
	Document  uuid.NullUUID `db:"document"`
	Authority uuid.NullUUID `db:"authority"`
}

const lockOldRequest = `
SELECT person, status, document, authority FROM request WHERE id = $1 FOR UPDATE`

// lockRequestDraft is the draft that a page saves anew, or nothing for a new one.
// Anything else under that id is refused.
func lockRequestDraft(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (requestDraft, error) {
	var rows []requestDraft
	if err := tx.Select(ctx, &rows, lockOldRequest, id); err != nil || len(rows) == 0 {
		return requestDraft{}, err
	}
	switch old := rows[0]; {
	case old.Person != ask.Person:
		return requestDraft{}, fault.New(fault.NotFound, "fault.not-found")
	case old.Status != Draft:
		return requestDraft{}, fault.New(fault.Conflict, "fault.filed-already")
	}
	return rows[0], nil
}

type addressedRow struct {
	Investigator     uuid.UUID `db:"investigator"`
	InvestigatorName string    `db:"investigator_name"`
	identity.Body
}

const selectAddressed = `
SELECT c.investigator, i.name AS investigator_name, b.name_kk AS body_kk, b.name_ru AS body_ru
  FROM casefile c
  JOIN officer i ON i.person = c.investigator
  JOIN body b ON b.id = c.body
 WHERE c.id = $1`

// addressee is who answers a request, and the number of the case as its author named
// it: nothing of the case opens to him.
type addressee struct {
	number string
	Official
}

func addressed(ctx context.Context, tx *vault.DB, of Named) (addressee, error) {
	var row addressedRow
	err := tx.Get(ctx, &row, selectAddressed, of.id)
	return addressee{of.number, Official{row.Investigator, row.InvestigatorName, row.Body}}, err
}

const upsertRequest = `
INSERT INTO request (id, casefile, person, role, represented, words, language, document, authority, status, made_at, named)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'draft', $10, $11)
    ON CONFLICT (id) DO UPDATE
   SET casefile = $2, role = $4, represented = $5, words = $6, language = $7, document = $8, authority = $9, made_at = $10, named = $11
 WHERE request.status = 'draft' AND request.person = $3`

// keep writes the draft down.
func (n NewRequest) keep(ctx context.Context, tx *vault.DB, ask policy.Ask, of Named, id, paper uuid.UUID, authority uuid.NullUUID) error {
	casefile := of.id
	var whom []byte
	if n.For() {
		var err error
		if whom, err = tx.SealText(requestText("represented", casefile, id), n.whom(), ask.Person); err != nil {
			return err
		}
	}
	text, err := tx.SealText(requestText("words", casefile, id), n.Words, ask.Person)
	if err != nil {
		return err
	}
	named, err := tx.SealText(requestText("named", casefile, id), of.number, ask.Person)
	if err != nil {
		return err
	}
	return tx.Exec(ctx, upsertRequest, id, casefile, ask.Person, n.Role, whom, text, n.Language, paper, authority, ask.At, named)
}

const submitRequest = `
UPDATE request SET status = $2, participant = $3, asked_at = $4, term = $5, due_raw = $6, due_at = $7 WHERE id = $1`

const settleRequest = `
UPDATE request SET status = $2, settled_at = $3 WHERE id = $1`

const deleteRequest = `
DELETE FROM request WHERE id = $1 AND status = 'draft'`

const markRequestOverdue = `
UPDATE request SET overdue_at = $2
 WHERE id = $1 AND status = 'asked' AND due_at <= $2 AND overdue_at IS NULL
RETURNING casefile`

// sheet is a request on paper, as it will be signed. authority is the SHA-256 of the
// file that was brought with it; none where none was.
func (n NewRequest) sheet(press document.Press, d document.Document, to addressee, person identity.Person, authority []byte) document.Sheet {
	w := press.Words.In(n.Language)
	s := press.Sheet(d, string(document.Request))
	s.To = []string{to.Body.In(n.Language), w.T("paper.seat.investigator", "name", to.Name)}
	s.From = []string{person.Name, w.T("paper.iin", "iin", person.IIN.Reveal())}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: to.number},
		{Label: w.T("paper.request.role"), Value: w.T("role." + string(n.Role))},
	}
	if n.For() {
		whom := n.Represented
		if n.RepresentedIIN != "" {
			whom += ", " + w.T("paper.iin", "iin", n.RepresentedIIN.Reveal())
		}
		s.Facts = append(s.Facts,
			document.Fact{Label: w.T("paper.represents"), Value: whom},
			document.Fact{Label: w.T("paper.request.authority"), Value: w.Hex(authority)})
	}
	s.Sections = []document.Section{
		{Heading: w.T("paper.request.why"), Text: n.Words},
		{Heading: w.T("paper.request"), Text: w.T("paper.request.text")},
	}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + person.Name}
	return s
}
