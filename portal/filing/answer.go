package filing

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Answer is the decision on a filing. Until it is signed it is its author's
// alone.
type Answer struct {
	Filing   uuid.UUID
	Author   uuid.UUID // who signs it: the one it waits for, or who stands in for him
	Outcome  Status    // Granted, GrantedPart or Refused
	Remedy   Remedy    // what it brings about; "" for a refusal, and for what is no complaint
	Reasons  string
	Language string
	Document uuid.UUID
	MadeAt   time.Time
	SignedAt time.Time
	ReadAt   time.Time // when its reader first opened it, whose affair it is; to officials, when the filer did
}

// NewAnswer is what the official writes.
type NewAnswer struct {
	Points   []Resolution // what is said of each point, in their order
	Reasons  string       // what was established
	Remedy   Remedy       // of a complaint that is granted, if only in part
	Language string
}

// outcome is what the answers to the points make of the filing.
func (n NewAnswer) outcome() Status { return outcome(n.Points) }

// DraftAnswer keeps a draft of the answer and prints the document that will be
// signed; saving it again changes the one draft.
func DraftAnswer(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, n NewAnswer) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := f.mayDecide(ask); err != nil {
			return err
		}
		if err := complete(f.Points, n.Points); err != nil {
			return err
		}
		if err := n.remedied(f); err != nil {
			return err
		}
		if !f.Status.Open() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		old, err := fetchAnswer(ctx, tx, f.home(), id)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		off, err := calendar.Now(ctx, tx.DB)
		if err != nil {
			return err
		}
		whose, err := f.answerFor(ctx, tx, ask)
		if err != nil {
			return err
		}
		doc, err := printed(ctx, tx, press, ask, f.of(), whose, document.Answer, n.Language, func(d document.Document, signer identity.Person) document.Sheet {
			return n.sheet(press, d, f, signer, off) // it may be the deputy of the one it waits for
		})
		if err != nil {
			return err
		}
		sealed, err := tx.SealText(answerText(f.home(), id), n.Reasons, whose...)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, upsertAnswer, id, ask.Person, n.outcome(), sealed, n.Language, doc.ID, ask.At, n.Remedy); err != nil {
			return err
		}
		if err := f.resolve(ctx, tx, n.Points, whose); err != nil {
			return err
		}
		if err := dropOwn(ctx, tx, ask, old.Document); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "answer", id, f.Case, doc.Digest)
	})
}

const selectLeft = `SELECT fence.left_before($1, $2)`

// answerFor is who opens the answer by his own right, whatever he is to the case: its
// author, unless he acts for the other no more.
func (f Filing) answerFor(ctx context.Context, tx *vault.DB, ask policy.Ask) ([]uuid.UUID, error) {
	var left bool
	if f.Participant != uuid.Nil {
		if err := tx.Get(ctx, &left, selectLeft, f.Participant, ask.At); err != nil {
			return nil, err
		}
	}
	if left {
		return nil, nil
	}
	return []uuid.UUID{f.Author}, nil
}

// mayDecide refuses an official to whom a filing has come that the Code gives to
// others: he hands it on. Complaints are for heads alone, CPC 59(2), CPC 193(2)(6).
func (f Filing) mayDecide(ask policy.Ask) error {
	rule, _ := policy.FilingOf(f.Kind)
	climbed := !slices.Contains(guide.Seats(f.Kind), f.Seat) && f.Seat != guide.Investigator && f.Seat != guide.Prosecutor
	if !rule.MayDecide(ask.Is) && !climbed { // whose it was by the Code is interested: it went up, CPC 104(1)
		return fault.New(fault.Forbidden, "fault.decides-not").Under(rule.Answer)
	}
	return nil
}

// AnswerDraft is the unsigned answer of the asker to a filing, to check, to
// change or to sign; NotFound while there is none.
func AnswerDraft(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, Answer, document.Document, error) {
	f, err := Read(ctx, db, ask, id)
	if err != nil {
		return f, Answer{}, document.Document{}, err
	}
	if !f.Status.Open() {
		return f, Answer{}, document.Document{}, fault.New(fault.Conflict, "fault.not-now")
	}
	a, err := fetchAnswer(ctx, db, f.home(), id)
	if err != nil {
		return f, a, document.Document{}, err
	}
	if a.Author != ask.Person { // begun by the one he stands in for: nobody reads another's draft
		return f, Answer{}, document.Document{}, fault.New(fault.NotFound, "fault.not-found")
	}
	doc, err := document.Fetch(ctx, db, a.Document)
	return f, a, doc, err
}

const selectAddedSince = `
SELECT EXISTS (SELECT FROM supplement WHERE filing = $1 AND signed_at > $2)`

// Decide signs the drafted answer with the official's key and decides the
// filing. The act must be that of the outcome the document states. Conflict where its
// author added something since the answer was written: it is written with that before one.
func Decide(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, next, err := move(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := f.mayDecide(ask); err != nil {
			return err
		}
		a, err := fetchAnswer(ctx, tx, f.home(), id)
		if err != nil {
			return err
		}
		if a.Outcome != next || a.Author != ask.Person {
			return fault.New(fault.Conflict, "fault.document-changed")
		}
		var since bool
		if err := tx.Get(ctx, &since, selectAddedSince, id, a.MadeAt); err != nil {
			return err
		}
		if since { // all that is argued is looked into, CPC 104(2)
			return fault.New(fault.Conflict, "fault.added-since")
		}
		doc, err := document.Sign(ctx, tx, ask, a.Document, signature)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, signAnswer, id, ask.At); err != nil {
			return err
		}
		if err := tx.Exec(ctx, stepFiling, id, next, ask.At); err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

// AnswerOf is the signed answer to a filing, without its document; the filing
// was fetched through the asker.
func AnswerOf(ctx context.Context, db *vault.DB, f Filing) (Answer, error) {
	if !f.Status.Answered() || f.Left {
		return Answer{}, fault.New(fault.NotFound, "fault.not-found")
	}
	a, err := fetchAnswer(ctx, db, f.home(), f.ID)
	if f.Own() && f.Standing&policy.Author == 0 {
		a.ReadAt = f.OpenedAt
	}
	return a, err
}

// AnswerDocument opens the signed answer. Reading it is a step; from his own first
// reading the term for the court runs for the filer, for the one he filed it for, and for
// whoever acts for him.
func AnswerDocument(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, document.Document, error) {
	var f Filing
	var doc document.Document
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		if err := opening.Hold(ctx, tx, ask, opening.Answer, id); err != nil {
			return err
		}
		if f, err = Read(ctx, tx, ask, id); err != nil {
			return err
		}
		a, err := AnswerOf(ctx, tx, f)
		if err != nil {
			return err
		}
		if doc, err = document.Fetch(ctx, tx, a.Document); err != nil {
			return err
		}
		object := opening.Answer
		switch {
		case ask.Act != policy.AnswerDocument && f.Own(): // its signature alone is not the answer: nothing runs from it
			object = opening.Filing
		case ask.Act == policy.AnswerDocument && f.Author == ask.Person && a.ReadAt.IsZero():
			if err := tx.Exec(ctx, readAnswer, id, ask.At); err != nil {
				return err
			}
		}
		if err := f.opened(ctx, tx, ask, object, doc.ID); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "answer", id, f.Case, doc.Digest)
	})
	return f, doc, err
}
