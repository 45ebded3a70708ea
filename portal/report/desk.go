package report

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// The registrar's side: the book of reports of his body, and each report in it.

// Show is what of the book is shown.
type Show string

// The shows.
const (
	ShowOpen    Show = "open"
	ShowDecided Show = "decided"
	ShowAll     Show = "all"
)

// Shows are all of them, in the order of the page.
var Shows = []Show{ShowOpen, ShowDecided, ShowAll}

// BookPage is how many lines of the book one page has.
const BookPage = 50

// Book is a page of a body's book: numbers, times, ways and states. Names and texts stay
// closed until a report is opened.
type Book struct {
	Lines   []Report
	Open    int // waiting for a decision
	Overdue int
	Further bool // there is more than this page
}

// What waits comes first, the first to fall due at the top, and so what is overdue; then
// what was decided, the last on top.
const selectBook = selectReports + `
 WHERE r.body = (SELECT k.body FROM officer k WHERE k.person = $1 AND k.post IN ('registrar', 'head') AND k.left_at IS NULL) AND r.status <> 'draft'
   AND CASE $2 WHEN 'open' THEN r.status = 'registered' WHEN 'decided' THEN r.status <> 'registered' ELSE true END
 ORDER BY r.status = 'registered' DESC, CASE r.status WHEN 'registered' THEN r.due_at END, r.decided_at DESC, r.id
 LIMIT $3 OFFSET $4`

const countBook = `
SELECT count(*) AS open, count(*) FILTER (WHERE due_at <= $2) AS overdue
  FROM report
 WHERE body = (SELECT k.body FROM officer k WHERE k.person = $1 AND k.post IN ('registrar', 'head') AND k.left_at IS NULL) AND status = 'registered'`

// ReadBook is a page of the book of the asker's body, from 0.
func ReadBook(ctx context.Context, db *vault.DB, ask policy.Ask, show Show, page int) (b Book, err error) {
	if err := ask.Check(0); err != nil {
		return b, err
	}
	var rows []reportRow
	if err := db.Select(ctx, &rows, selectBook, ask.Person, show, BookPage+1, page*BookPage); err != nil {
		return b, err
	}
	if b.Further = len(rows) > BookPage; b.Further {
		rows = rows[:BookPage]
	}
	for _, row := range rows {
		b.Lines = append(b.Lines, row.report())
	}
	var n struct {
		Open    int `db:"open"`
		Overdue int `db:"overdue"`
	}
	err = db.Get(ctx, &n, countBook, ask.Person, ask.At)
	b.Open, b.Overdue = n.Open, n.Overdue
	return b, err
}

// atDesk is a report for those who keep the book it stands in: by their post, never as
// its author. For others it is not there.
func (row reportRow) atDesk(ask policy.Ask) (Report, error) {
	to := ask.Standing(row.Standing) & policy.Addressee
	if to == 0 || ask.Is&policy.Official == 0 {
		return Report{}, fault.New(fault.NotFound, "fault.not-found")
	}
	if err := ask.Check(0); err != nil {
		return Report{}, err
	}
	r := row.report()
	r.Standing = to
	return r, nil
}

// inBook is atDesk of what is registered.
func inBook(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (reportRow, Report, error) {
	var row reportRow
	if err := db.Get(ctx, &row, selectReport, ask.Person, id); err != nil {
		return row, Report{}, err
	}
	r, err := row.atDesk(ask)
	if err == nil && r.Status == Draft {
		err = fault.New(fault.NotFound, "fault.not-found")
	}
	return row, r, err
}

// InBook is a report in the book of the asker's body, without what it says.
func InBook(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Report, error) {
	_, r, err := inBook(ctx, db, ask, id)
	return r, err
}

// OpenInBook opens a report of the asker's body. The look is an act in the record, and
// the author of the report sees it under his name.
func OpenInBook(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (r Report, a Answers, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		var row reportRow
		if row, r, err = inBook(ctx, tx, ask, id); err != nil {
			return err
		}
		if a, err = row.answers(ctx, tx); err != nil {
			return err
		}
		return look(ctx, tx, ask, id)
	})
	return r, a, err
}

// PaperInBook is the signed paper of a report, as its author or whoever took it down
// signed it; of one that another body handed on, as it was handed.
func PaperInBook(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (r Report, content []byte, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		if _, r, err = inBook(ctx, tx, ask, id); err != nil {
			return err
		}
		paper, err := r.paper(ctx, tx)
		if err != nil {
			return err
		}
		content = paper.Content
		return look(ctx, tx, ask, id)
	})
	return r, content, err
}

// handed is a signed paper on its way to another body: its text and the signature.
type handed struct {
	Content  []byte    `json:"content"`
	CMS      []byte    `json:"cms"`
	SignedAt time.Time `json:"signed_at"`
}

const selectHanded = `
SELECT handed FROM report WHERE id = $1 AND handed IS NOT NULL`

// paper is the signed paper of a registered report; NotFound where there is none.
func (r Report) paper(ctx context.Context, db *vault.DB) (h handed, err error) {
	if r.Document != uuid.Nil {
		doc, err := document.Fetch(ctx, db, r.Document)
		return handed{doc.Content, doc.CMS, doc.SignedAt}, err
	}
	var sealed []byte
	if err := db.Get(ctx, &sealed, selectHanded, r.ID); err != nil {
		return h, err
	}
	plain, err := db.Open(ctx, handedOf(r.ID, r.Body.ID), sealed)
	if err != nil {
		return h, err
	}
	err = json.Unmarshal(plain, &h)
	return h, err
}

func handedOf(id, body uuid.UUID) vault.Where {
	return vault.Where{Table: "report", Column: "handed", ID: id, Body: body}
}

// again is how long a second look of the same person at the same report is still the
// first one. A new day is a new look at any rate.
const again = 10 * time.Minute

const countLooks = `
SELECT count(*) FROM record WHERE object = 'report' AND object_id = $1 AND who = $2 AND act = 'book-open' AND at >= $3`

// look writes down that an official opened a report.
func look(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) error {
	day := ask.At.In(deadline.Zone)
	since := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, deadline.Zone)
	if soon := ask.At.Add(-again); soon.After(since) {
		since = soon
	}
	looked := 0
	if err := tx.Get(ctx, &looked, countLooks, id, ask.Person, since.UTC()); err != nil || looked > 0 {
		return err
	}
	return ledger.Step(ctx, tx.DB, ask.To(policy.BookOpen), "report", id, uuid.Nil, nil)
}

// Look is that an official opened a report, in the body whose book it stands in.
type Look struct {
	At   time.Time `db:"at"`
	Name string    `db:"name"`
	Post string    `db:"post"` // "" where he serves elsewhere by now
	identity.Body
}

const selectLooks = `
SELECT r.at, o.name, CASE WHEN o.body = p.body THEN o.post ELSE '' END AS post, b.name_kk AS body_kk, b.name_ru AS body_ru
  FROM record r
  JOIN report p ON p.id = r.object_id
  JOIN officer o ON o.person = r.who
  JOIN body b ON b.id = p.body
 WHERE r.object = 'report' AND r.object_id = $1 AND r.act = 'book-open'
 ORDER BY r.seq DESC
 LIMIT 100`

// Looks are who opened a report, the last first, for its author.
func Looks(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) ([]Look, error) {
	if _, err := Read(ctx, db, ask, id); err != nil {
		return nil, err
	}
	var all []Look
	err := db.Select(ctx, &all, selectLooks, id)
	return all, err
}

// Supervised is the book of a body as the prosecutor reads it (CPC 185(2)): counts.
type Supervised struct {
	ID      uuid.UUID `db:"id"`
	Total   int       `db:"total"`
	Open    int       `db:"open"`
	Overdue int       `db:"overdue"` // without a decision, its term past
	Late    int       `db:"late"`    // decided after it
	Refused int       `db:"refused"` // not taken up: refused or put to the file
	identity.Body
}

// Numbered is a line of such a book: nothing of whose it is, and of what it says.
type Numbered struct {
	BodyID       uuid.UUID  `db:"body"`
	Number       string     `db:"number"`
	Way          Way        `db:"way"`
	Status       Status     `db:"status"`
	Ground       Ground     `db:"ground"`
	RegisteredAt time.Time  `db:"registered_at"`
	DueAt        time.Time  `db:"due_at"`
	DecidedAt    *time.Time `db:"decided_at"`
}

// Overdue tells that its term has passed without a decision.
func (n Numbered) Overdue(at time.Time) bool { return n.Status.Open() && !at.Before(n.DueAt) }

// Counted is how far back the counts and lines of supervision go.
const Counted = 365 * 24 * time.Hour

const selectSupervised = `
SELECT b.id, b.name_kk AS body_kk, b.name_ru AS body_ru, count(k.number) AS total, count(*) FILTER (WHERE k.status = 'registered') AS open,
       count(*) FILTER (WHERE k.status = 'registered' AND k.due_at <= $1) AS overdue, count(*) FILTER (WHERE k.decided_at > k.due_at) AS late,
       count(*) FILTER (WHERE k.status IN ('refused', 'shelved')) AS refused
  FROM body b
  LEFT JOIN (SELECT * FROM fence.books()) k ON k.body = b.id AND k.registered_at >= $2
 WHERE b.code IS NOT NULL AND b.prosecution IN (fence.body('prosecutor'), fence.body('chief-prosecutor'))
 GROUP BY b.id
 ORDER BY b.code`

const selectNumbered = `
SELECT body, number, way, status, ground, registered_at, due_at, decided_at
  FROM fence.books()
 WHERE registered_at >= $2
 ORDER BY status = 'registered' AND due_at <= $1 DESC, registered_at DESC
 LIMIT 200`

// Supervise is the books of the bodies under the asker's prosecutor's office: counts of
// each, and the lines of all, those overdue first.
func Supervise(ctx context.Context, db *vault.DB, ask policy.Ask) (bodies []Supervised, lines []Numbered, err error) {
	if err := ask.Check(0); err != nil {
		return nil, nil, err
	}
	since := ask.At.Add(-Counted)
	if err := db.Select(ctx, &bodies, selectSupervised, ask.At, since); err != nil {
		return nil, nil, err
	}
	err = db.Select(ctx, &lines, selectNumbered, ask.At, since)
	return bodies, lines, err
}
