// Package report is the report of an offence (CPC 181): questions, one a page, whose
// answers are their author's alone; a paper that he signs; and its registration in the
// book of the body that receives it (КУИ, CPC 185), in that very moment, for nobody may
// refuse it. From then on it is the body's to decide, and its author sees by when.
package report

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/notice"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// MaxDrafts is how many reports one person may have begun and not signed. What is
// signed has no limit: nobody may refuse to take it.
const MaxDrafts = 10

// Way is how a report came; schema.sql lists the same.
type Way string

// The ways.
const (
	Signed Way = "signed" // its author signed it here
	Paper  Way = "paper"  // these three the registrar entered
	Oral   Way = "oral"
	Phone  Way = "phone"
)

// Report is a report of an offence as its reader sees it.
type Report struct {
	ID           uuid.UUID
	Author       uuid.UUID // zero: entered by a registrar, and who reports has no IIN
	EnteredBy    uuid.UUID // the registrar who took it down; zero: its author signed it here
	EnteredName  string
	Way          Way
	Status       Status
	Language     string
	Body         Body      // that received it; of a draft zero until its paper is printed
	Number       string    // in its book of reports; "" while a draft
	Officer      uuid.UUID // who deals with it; zero for none
	OfficerName  string
	Head         string    // who heads the body
	Document     uuid.UUID // of a draft: as printed last, zero where it was not
	Previous     uuid.UUID // it was transferred from there; zero for none
	Next         uuid.UUID // it was transferred, and is registered there anew; zero for none
	MadeAt       time.Time
	SavedAt      time.Time
	RegisteredAt time.Time
	Term         deadline.Name
	DueRaw       time.Time
	DueAt        time.Time
	DecidedAt    time.Time
	OverdueAt    time.Time
	Standing     policy.Standing // of the reader, to this report
}

// Overdue tells that the term has passed and no decision has come.
func (r Report) Overdue(at time.Time) bool { return r.Status.Open() && !at.Before(r.DueAt) }

// Counting is the working of its term.
func (r Report) Counting() deadline.Counting {
	return r.Term.Count(r.RegisteredAt, deadline.Kazakhstan())
}

// Contestable tells that its author has something to complain of: a decision by which it was
// not entered into the register, whatever it is called, or silence after the term (CPC
// 105(1), 185(2)). Of one that was handed on there is another, with a clock of its own.
func (r Report) Contestable(at time.Time) bool {
	return r.Status.Decided() && r.Status != Erdr && r.Status != Transferred || r.Overdue(at)
}

// Begin makes an empty draft under the id of the page, so that a double click begins
// one. path is what the questions before it led to; unit is that of the officer it is
// about, zero where it is about none or nobody knows.
func Begin(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, path Path, unit uuid.UUID, language string) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	if !slices.Contains(Paths, path) {
		return fault.New(fault.Invalid, "form.choose")
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		if err := tx.Exec(ctx, lockPerson, ask.Person); err != nil {
			return err
		}
		drafts := 0
		if err := tx.Get(ctx, &drafts, countDrafts, ask.Person, id); err != nil {
			return err
		}
		if drafts >= MaxDrafts {
			return fault.New(fault.Invalid, "fault.report-many")
		}
		a := Answers{Path: path, Unit: unit, Language: language}
		if path == Home {
			a.Category = "home"
		}
		sealed, err := a.seal(tx, draftOf(id, ask.Person))
		if err != nil {
			return err
		}
		n, err := tx.Change(ctx, insertReport, id, ask.Person, language, sealed, ask.At)
		if err != nil {
			return err
		}
		if n == 0 { // begun already: of somebody else it is not there
			_, err := lock(ctx, tx, ask, id)
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "report", id, uuid.Nil, nil)
	})
}

// Answer keeps the answer to one question in a draft. mark names this answer as it was
// sent from this showing of its page: one that came already changes nothing, however
// often a line that failed sends it. set writes the answer. A paper that was printed
// before is not that of this report any more, and goes.
func Answer(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, q Question, mark string, set func(*Answers)) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		r, a, err := lockDraft(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if slices.Contains(a.Seen, mark) {
			return nil
		}
		sealedFor := a.Body
		set(&a)
		a.hush()
		if a.Body != sealedFor {
			if err := fileless(ctx, tx, id); err != nil {
				return err
			}
		}
		bodies, err := Bodies(ctx, tx)
		if err != nil {
			return err
		}
		if err := a.check(q, bodies); err != nil {
			return err
		}
		a.answered(q, mark)
		sealed, err := a.seal(tx, draftOf(id, ask.Person))
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, answerReport, id, sealed, ask.At); err != nil {
			return err
		}
		if err := dropPaper(ctx, tx, r); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "report", id, uuid.Nil, nil)
	})
}

// Print makes the paper of a draft that is answered, for its author to sign. He says
// with it that he was warned (CPC 181(4)); the paper says so, too.
func Print(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, language string, warned bool) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		r, a, err := lockDraft(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if !warned {
			return fault.New(fault.Invalid, "fault.report-warned").At("warned")
		}
		to, err := a.ready(ctx, tx)
		if err != nil {
			return err
		}
		me, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, uuid.Nil, document.Report, language)
		if err != nil {
			return err
		}
		doc.Body = to.ID
		sheet := a.sheet(press, doc, to, me)
		if err := enclose(ctx, tx, press, &sheet, doc, id); err != nil {
			return err
		}
		if doc.Content, err = press.Paper(sheet, doc, ""); err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		if err := tx.Exec(ctx, printReport, id, to.ID, doc.ID, language, ask.At); err != nil {
			return err
		}
		if err := dropPaper(ctx, tx, r); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "report", id, uuid.Nil, doc.Digest)
	})
}

// ready is the body that a draft goes to. One with a question open that must be
// answered is fault.Conflict.
func (a Answers) ready(ctx context.Context, tx *vault.DB) (Body, error) {
	bodies, err := Bodies(ctx, tx)
	if err != nil {
		return Body{}, err
	}
	for _, q := range Questions {
		if a.check(q, bodies) != nil || !q.Skippable() && !slices.Contains(a.Done, q) {
			return Body{}, fault.New(fault.Conflict, "fault.report-unanswered")
		}
	}
	i := slices.IndexFunc(bodies, func(b Body) bool { return b.ID == a.Body })
	return bodies[i], nil
}

// Submit signs a draft: the signature over exactly its paper registers it in the book of
// the body, under the next number and with an officer by name (CPC 185(1)), and its
// texts become the body's. All of it is one transaction.
func Submit(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		r, a, err := lockDraft(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := r.Status.after(ask.Act)
		if err != nil {
			return err
		}
		to, err := a.ready(ctx, tx)
		if err != nil || r.Document == uuid.Nil || r.Body.ID != to.ID {
			return fault.New(fault.Conflict, "fault.document-changed").Because(err)
		}
		doc, err := document.Sign(ctx, tx, ask, r.Document, signature)
		if err != nil {
			return err
		}
		me, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		a.Applicant, a.IIN, a.Seen, a.Done = me.Name, me.IIN.Reveal(), nil, nil
		sealed, err := a.seal(tx, AnswersOf(id, to.ID), ask.Person)
		if err != nil {
			return err
		}
		if err := attachment.DropComing(ctx, tx, id); err != nil { // the paper does not name it
			return err
		}
		entry, err := Register(ctx, tx, to, ask.Person, ask.At)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, submitReport, id, next, sealed, entry.Number, orNone(entry.Officer), SlipHash(Token(tx, id)),
			entry.At, deadline.ReportDecision, entry.Raw, entry.Due); err != nil {
			return err
		}
		if err := watch(ctx, tx, id, entry.Due); err != nil {
			return err
		}
		if err := a.hide(ctx, tx, ask, ask.Person); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "report", id, uuid.Nil, doc.Digest)
	})
}

// hide has the author of a registered report told in neutral words and only where nobody else
// reads, if he hides it: the number he gave us for other news is no exception.
func (a Answers) hide(ctx context.Context, tx *vault.DB, ask policy.Ask, author uuid.UUID) error {
	if !a.Hides() || author == uuid.Nil {
		return nil
	}
	return notice.Discreet(ctx, tx, ask, author)
}

// Discard gives a draft up, with all that was answered.
func Discard(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		r, _, err := lockDraft(ctx, tx, ask, id)
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

// dropPaper removes the unsigned paper of a draft, if it has one.
func dropPaper(ctx context.Context, tx *vault.DB, r Report) error {
	if r.Document == uuid.Nil {
		return nil
	}
	return document.Drop(ctx, tx, r.Document)
}

// Read is one report, without what it says. For whom it is not, it does not exist.
func Read(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Report, error) {
	var row reportRow
	if err := db.Get(ctx, &row, selectReport, ask.Person, id); err != nil {
		return Report{}, err
	}
	return row.forAsker(ask)
}

// Open is Read with what it says, for its author.
func Open(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Report, Answers, error) {
	var row reportRow
	if err := db.Get(ctx, &row, selectReport, ask.Person, id); err != nil {
		return Report{}, Answers{}, err
	}
	r, err := row.forAsker(ask)
	if err != nil {
		return r, Answers{}, err
	}
	a, err := row.answers(ctx, db)
	return r, a, err
}

// ReadPaper is the paper of a report: of a draft as it was printed last, NotFound where
// it was not.
func ReadPaper(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Report, document.Document, error) {
	r, err := Read(ctx, db, ask, id)
	if err != nil {
		return r, document.Document{}, err
	}
	if r.Document == uuid.Nil {
		return r, document.Document{}, fault.New(fault.NotFound, "fault.not-found")
	}
	doc, err := document.Fetch(ctx, db, r.Document)
	return r, doc, err
}

// perPage is how many of his reports a person lists at once.
const perPage = 100

// Own are the asker's reports and drafts, newest first: those older than one of them, or
// the newest. more says that the list goes on.
func Own(ctx context.Context, db *vault.DB, ask policy.Ask, than uuid.UUID) (out []Report, more bool, err error) {
	if err := ask.Check(0); err != nil {
		return nil, false, err
	}
	var rows []reportRow
	if err := db.Select(ctx, &rows, selectOwnReports, ask.Person, than, perPage+1); err != nil {
		return nil, false, err
	}
	if more = len(rows) > perPage; more {
		rows = rows[:perPage]
	}
	out = make([]Report, len(rows))
	for i, row := range rows {
		out[i] = row.report()
	}
	return out, more, nil
}
