package report

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// What somebody said at the desk or by telephone, or brought on paper: the registrar
// takes it down and signs that he did (CPC 181(1)). It gets a number, a clock and a slip
// like any other.

// Taken are the ways of what is taken down, in the order of the form.
var Taken = []Way{Oral, Paper, Phone}

// takenQuestions are those whose answers must be there before it is signed; the rest may
// stay without one.
var takenQuestions = []Question{AskWhat, AskWhen, AskWhere, AskCategory, AskApplicant, AskContact}

const selectTakersBody = `
SELECT body FROM officer WHERE person = $1 AND post = 'registrar' AND left_at IS NULL`

const insertTaken = `
INSERT INTO report (id, entered_by, way, status, language, draft, body, made_at, saved_at)
VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, $7)
    ON CONFLICT (id) DO NOTHING`

const updateTaken = `
UPDATE report SET way = $2, language = $3, draft = $4, body = $5, document = $6, saved_at = $7 WHERE id = $1 AND status = 'draft'`

const countTaken = `
SELECT count(*) FROM report WHERE entered_by = $1 AND id <> $2 AND status = 'draft'`

const submitTaken = `
UPDATE report SET author = $2, status = $3, draft = NULL, answers = $4, number = $5, officer = $6, slip_hash = $7,
       registered_at = $8, term = $9, due_raw = $10, due_at = $11
 WHERE id = $1`

const selectTaken = selectReports + `
 WHERE r.entered_by = $1 AND r.status = 'draft'
 ORDER BY r.saved_at DESC, r.id`

// TakeDown keeps what somebody said and prints the paper of it, for the registrar to
// check and to sign. The id is the page's: taking down again changes the one draft. An
// IIN makes it the report of that person, who finds it when he signs in. warned: he was
// told of Criminal Code 419, or it is not taken down.
func TakeDown(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, way Way, language string, a Answers, warned bool) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		to, err := takersBody(ctx, tx, ask)
		if err != nil {
			return err
		}
		if err := a.taken(to, way, warned); err != nil {
			return err
		}
		drafts := 0
		if err := tx.Get(ctx, &drafts, countTaken, ask.Person, id); err != nil {
			return err
		}
		if drafts >= MaxDrafts {
			return fault.New(fault.Invalid, "fault.report-many")
		}
		sealed, err := a.seal(tx, draftOf(id, ask.Person))
		if err != nil {
			return err
		}
		if _, err := tx.Change(ctx, insertTaken, id, ask.Person, way, language, sealed, to.ID, ask.At); err != nil {
			return err
		}
		_, r, err := lockTaken(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		me, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, uuid.Nil, document.ReportTaken, language)
		if err != nil {
			return err
		}
		doc.Body = to.ID
		if a.IIN != "" {
			doc.For = []uuid.UUID{identity.IDOf(tx, eds.IIN(a.IIN))}
		}
		if doc.Content, err = press.Paper(a.takenSheet(press, doc, to, way, me.Name), doc, ""); err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		if err := tx.Exec(ctx, updateTaken, id, way, language, sealed, to.ID, doc.ID, ask.At); err != nil {
			return err
		}
		if err := dropPaper(ctx, tx, r); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "report", id, uuid.Nil, doc.Digest)
	})
}

// takersBody is the body whose book the asker keeps.
func takersBody(ctx context.Context, tx *vault.DB, ask policy.Ask) (Body, error) {
	var of uuid.UUID
	if err := tx.Get(ctx, &of, selectTakersBody, ask.Person); err != nil {
		return Body{}, err
	}
	all, err := Bodies(ctx, tx)
	if err != nil {
		return Body{}, err
	}
	i := slices.IndexFunc(all, func(b Body) bool { return b.ID == of })
	if i < 0 {
		return Body{}, fault.New(fault.Conflict, "fault.book-none")
	}
	return all[i], nil
}

// taken holds what was taken down to what the form asks, and fills in what is not asked.
func (a *Answers) taken(to Body, way Way, warned bool) error {
	wrong := func(field, why string) error { return fault.New(fault.Invalid, why).At(field) }
	a.Body, a.Behalf, a.Path = to.ID, Self, Offence
	a.hush()
	if a.Category == "home" {
		a.Path = Home
	}
	switch {
	case !slices.Contains(Taken, way):
		return wrong("way", "form.choose")
	case a.Applicant == "":
		return wrong("name", "form.required")
	case !warned:
		return wrong("warned", "fault.entry-warned")
	}
	for _, q := range takenQuestions {
		if err := a.check(q, []Body{to}); err != nil {
			return err
		}
	}
	return nil
}

// lockTaken is a draft that the asker took down, for a change.
func lockTaken(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (reportRow, Report, error) {
	var row reportRow
	if err := tx.Get(ctx, &row, lockReport, ask.Person, id); err != nil {
		return row, Report{}, err
	}
	r, err := row.takenDown(ask)
	return row, r, err
}

// takenDown is what the asker himself took down; once it is signed it stands in the book.
func (row reportRow) takenDown(ask policy.Ask) (Report, error) {
	if row.EnteredBy.UUID != ask.Person {
		return Report{}, fault.New(fault.NotFound, "fault.not-found")
	}
	r, err := row.atDesk(ask)
	if err == nil && r.Status != Draft {
		err = fault.New(fault.Conflict, "fault.not-now")
	}
	return r, err
}

// ReadTaken is what the asker took down and has not signed, with its paper. Conflict
// where it is signed.
func ReadTaken(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (r Report, a Answers, doc document.Document, err error) {
	var row reportRow
	if err := db.Get(ctx, &row, selectReport, ask.Person, id); err != nil {
		return r, a, doc, err
	}
	if r, err = row.takenDown(ask); err != nil {
		return r, a, doc, err
	}
	if a, err = row.answers(ctx, db); err != nil {
		return r, a, doc, err
	}
	doc, err = document.Fetch(ctx, db, r.Document)
	return r, a, doc, err
}

// Unsigned are what the asker took down and has not signed.
func Unsigned(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Report, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []reportRow
	if err := db.Select(ctx, &rows, selectTaken, ask.Person); err != nil {
		return nil, err
	}
	var out []Report
	for _, row := range rows {
		out = append(out, row.report())
	}
	return out, nil
}

// SubmitTaken signs what was taken down: it is registered in the book of the registrar's
// body at once, and whoever reported has his number, his clock and his slip.
func SubmitTaken(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		row, r, err := lockTaken(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := r.Status.after(ask.Act)
		if err != nil {
			return err
		}
		to, err := takersBody(ctx, tx, ask)
		if err != nil {
			return err
		}
		if r.Document == uuid.Nil || to.ID != r.Body.ID { // he has another post by now
			return fault.New(fault.Conflict, "fault.document-changed")
		}
		doc, err := document.Sign(ctx, tx, ask, r.Document, signature)
		if err != nil {
			return err
		}
		a, err := row.answers(ctx, tx)
		if err != nil {
			return err
		}
		var author uuid.UUID
		var also []uuid.UUID
		if a.IIN != "" {
			if author, err = identity.Ensure(ctx, tx, eds.IIN(a.IIN), a.Applicant, ask.At); err != nil {
				return err
			}
			also = append(also, author)
		}
		sealed, err := a.seal(tx, AnswersOf(id, to.ID), also...)
		if err != nil {
			return err
		}
		entry, err := Register(ctx, tx, to, author, ask.At)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, submitTaken, id, orNone(author), next, sealed, entry.Number, orNone(entry.Officer), SlipHash(Token(tx, id)),
			entry.At, deadline.ReportDecision, entry.Raw, entry.Due); err != nil {
			return err
		}
		if err := watch(ctx, tx, id, entry.Due); err != nil {
			return err
		}
		if err := a.hide(ctx, tx, ask, author); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "report", id, uuid.Nil, doc.Digest)
	})
}

// DiscardTaken gives up what was taken down and is not signed.
func DiscardTaken(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		_, r, err := lockTaken(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, deleteReport, id); err != nil {
			return err
		}
		if err := dropPaper(ctx, tx, r); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "report", id, uuid.Nil, nil)
	})
}

// takenSheet is what somebody said, on paper, as the registrar took it down.
func (a Answers) takenSheet(press document.Press, d document.Document, to Body, way Way, registrar string) document.Sheet {
	w := press.Words.In(d.Language)
	s := a.sheet(press, d, to, identity.Person{Name: a.Applicant, IIN: eds.IIN(a.IIN)})
	mine := press.Sheet(d, "report-taken")
	s.Title, s.Subtitle, s.Purpose = mine.Title, mine.Subtitle, mine.Purpose
	if a.IIN == "" {
		s.From = slices.DeleteFunc(s.From, func(line string) bool { return line == w.T("paper.iin", "iin", "") })
	}
	s.Facts = append([]document.Fact{
		{Label: w.T("paper.report-taken.way"), Value: w.T("book.way." + string(way))},
		{Label: w.T("paper.report-taken.by"), Value: registrar},
	}, s.Facts...)
	s.Sections[len(s.Sections)-1].Text = w.T("paper.report-taken.warned")
	s.Closing = []string{w.T("paper.report-taken.hand") + "\t" + strings.Repeat("_", 24), w.Day(d.MadeAt) + "\t" + registrar}
	return s
}
