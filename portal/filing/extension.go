package filing

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// extendable are the terms that CPC 105(2) lets an official make longer; extenders are
// those whom it names. A petition is decided in three сутки whatever happens, and a
// judge has the terms of CPC 106.
var (
	extendable = []deadline.Name{deadline.ComplaintAnswer, deadline.ComplaintUrgent, deadline.DelayAnswer}
	extenders  = []guide.Seat{guide.Head, guide.Prosecutor, guide.Chief, guide.Higher}
)

// NewExtension is what an official writes when a complaint takes him longer.
type NewExtension struct {
	Reason   string // what must be called for, or done, before he can decide
	Language string
}

// Extension is a term made longer, with the dates before it. Until it is signed it is
// its author's alone.
type Extension struct {
	Filing   uuid.UUID
	Author   uuid.UUID
	Name     string // of its author
	Reason   string
	WasTerm  deadline.Name
	WasRaw   time.Time
	WasDue   time.Time
	DueRaw   time.Time
	DueAt    time.Time
	Language string
	Document uuid.UUID
	MadeAt   time.Time
	SignedAt time.Time
}

// Extendable says whether the term of a filing can be made longer now: that of a
// complaint, once, before it ends.
func (f Filing) Extendable(at time.Time) bool {
	rule, _ := policy.FilingOf(f.Kind)
	return f.Status.Open() && rule.Family == policy.Complaint && slices.Contains(extendable, f.Term) &&
		slices.Contains(extenders, f.Seat) && at.Before(f.DueAt)
}

// longer is the term a complaint gets, counted from the day it was filed.
func (f Filing) longer(ctx context.Context, tx *vault.DB, ask policy.Ask) (deadline.Counting, error) {
	if err := f.mayDecide(ask); err != nil {
		return deadline.Counting{}, err
	}
	if !f.Extendable(ask.At) {
		return deadline.Counting{}, fault.New(fault.Conflict, "fault.not-extendable").Under(law.CPC(105, 2))
	}
	off, err := calendar.Now(ctx, tx.DB)
	if err != nil {
		return deadline.Counting{}, err
	}
	count := deadline.ComplaintExtended.Count(f.FiledAt, off)
	if !count.Ends.After(f.DueAt) {
		return count, fault.New(fault.Conflict, "fault.not-extendable").Under(law.CPC(105, 2))
	}
	return count, nil
}

// Longer is the end that a complaint would get; for the page on which it is asked for.
func (f Filing) Longer(ctx context.Context, db *vault.DB, ask policy.Ask) (time.Time, error) {
	count, err := f.longer(ctx, db, ask)
	return count.Ends, err
}

// DraftExtension keeps a draft of the notice that a complaint takes longer and prints
// it; saving it again changes the one draft.
func DraftExtension(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, n NewExtension) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		count, err := f.longer(ctx, tx, ask)
		if err != nil {
			return err
		}
		old, err := fetchExtension(ctx, tx, f.home(), id)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		doc, err := printed(ctx, tx, press, ask, f.of(), []uuid.UUID{f.Author}, document.Extension, n.Language, func(d document.Document, signer identity.Person) document.Sheet {
			return n.sheet(press, d, f, count.Ends, signer)
		})
		if err != nil {
			return err
		}
		reason, err := tx.SealText(extensionReason(f.home(), id), n.Reason, f.Author)
		if err != nil {
			return err
		}
		err = tx.Exec(ctx, upsertExtension, id, ask.Person, reason, f.Term, f.DueRaw, f.DueAt, count.Raw, count.Ends, n.Language, doc.ID, ask.At)
		if err != nil {
			return err
		}
		if err := dropOwn(ctx, tx, ask, old.Document); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, doc.Digest)
	})
}

func extensionReason(home vault.Home, id uuid.UUID) vault.Where {
	return vault.Where{Table: "extension", Column: "reason", ID: id}.In(home)
}

const upsertExtension = `
INSERT INTO extension (filing, author, reason, was_term, was_raw, was_due, due_raw, due_at, language, document, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (filing) DO UPDATE
   SET author = $2, reason = $3, was_term = $4, was_raw = $5, was_due = $6, due_raw = $7, due_at = $8, language = $9, document = $10, made_at = $11
 WHERE extension.signed_at IS NULL`

const selectExtension = `
SELECT e.filing, e.author, o.name, e.reason, e.was_term, e.was_raw, e.was_due, e.due_raw, e.due_at, e.language, e.document, e.made_at, e.signed_at
  FROM extension e
  JOIN officer o ON o.person = e.author
 WHERE e.filing = $1`

func fetchExtension(ctx context.Context, db *vault.DB, home vault.Home, id uuid.UUID) (Extension, error) {
	var row struct {
		Filing   uuid.UUID     `db:"filing"`
		Author   uuid.UUID     `db:"author"`
		Name     string        `db:"name"`
		Reason   []byte        `db:"reason"`
		WasTerm  deadline.Name `db:"was_term"`
		WasRaw   time.Time     `db:"was_raw"`
		WasDue   time.Time     `db:"was_due"`
		DueRaw   time.Time     `db:"due_raw"`
		DueAt    time.Time     `db:"due_at"`
		Language string        `db:"language"`
		Document uuid.UUID     `db:"document"`
		MadeAt   time.Time     `db:"made_at"`
		SignedAt *time.Time    `db:"signed_at"`
	}
	if err := db.Get(ctx, &row, selectExtension, id); err != nil {
		return Extension{}, err
	}
	e := Extension{
		Filing: row.Filing, Author: row.Author, Name: row.Name, WasTerm: row.WasTerm, WasRaw: row.WasRaw, WasDue: row.WasDue, DueRaw: row.DueRaw, DueAt: row.DueAt,
		Language: row.Language, Document: row.Document, MadeAt: row.MadeAt, SignedAt: deref(row.SignedAt),
	}
	var err error
	e.Reason, err = db.OpenText(ctx, extensionReason(home, id), row.Reason)
	return e, err
}

// ExtensionDraft is the asker's unsigned notice, to check, to change or to sign;
// NotFound while there is none.
func ExtensionDraft(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, Extension, document.Document, error) {
	f, err := Read(ctx, db, ask, id)
	if err != nil {
		return f, Extension{}, document.Document{}, err
	}
	if !f.Extendable(ask.At) {
		return f, Extension{}, document.Document{}, fault.New(fault.Conflict, "fault.not-extendable").Under(law.CPC(105, 2))
	}
	e, err := fetchExtension(ctx, db, f.home(), id)
	if err != nil {
		return f, e, document.Document{}, err
	}
	if e.Author != ask.Person || !e.SignedAt.IsZero() {
		return f, Extension{}, document.Document{}, fault.New(fault.NotFound, "fault.not-found")
	}
	doc, err := document.Fetch(ctx, db, e.Document)
	return f, e, doc, err
}

const signExtension = `
UPDATE extension SET signed_at = $2 WHERE filing = $1 AND signed_at IS NULL`

const extendFiling = `
UPDATE filing SET status = $2, term = $3, due_raw = $4, due_at = $5 WHERE id = $1`

// Extend signs the notice: the term is counted anew from the day of the filing, and
// its end is watched there. Conflict when it has ended meanwhile.
func Extend(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, next, err := move(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		count, err := f.longer(ctx, tx, ask)
		if err != nil {
			return err
		}
		e, err := fetchExtension(ctx, tx, f.home(), id)
		if err != nil {
			return err
		}
		if e.Author != ask.Person || !e.DueAt.Equal(count.Ends) || !e.WasDue.Equal(f.DueAt) { // a day off moved it since
			return fault.New(fault.Conflict, "fault.document-changed")
		}
		doc, err := document.Sign(ctx, tx, ask, e.Document, signature)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, signExtension, id, ask.At); err != nil {
			return err
		}
		if err := tx.Exec(ctx, extendFiling, id, next, deadline.ComplaintExtended, count.Raw, count.Ends); err != nil {
			return err
		}
		if err := watchAgain(ctx, tx.DB, id, count.Ends); err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

// ExtensionOf is the signed notice of a filing that was fetched through the asker;
// NotFound where its term was not made longer.
func ExtensionOf(ctx context.Context, db *vault.DB, f Filing) (Extension, error) {
	e, err := fetchExtension(ctx, db, f.home(), f.ID)
	if err == nil && e.SignedAt.IsZero() {
		return Extension{}, fault.New(fault.NotFound, "fault.not-found")
	}
	return e, err
}

// ExtensionPaper opens the notice, or the asker's draft of it. Reading it is kept.
func ExtensionPaper(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, document.Document, error) {
	return openPaper(ctx, db, ask, opening.Filing, id, func(tx *vault.DB, f Filing) (uuid.UUID, error) {
		e, err := fetchExtension(ctx, tx, f.home(), id)
		return e.Document, err
	})
}

// sheet is the notice on paper, as it will be signed.
func (n NewExtension) sheet(press document.Press, d document.Document, f Filing, due time.Time, signer identity.Person) document.Sheet {
	w := press.Words.In(n.Language)
	s := press.Sheet(d, "extension")
	s.To = f.to(w)
	s.From = []string{f.Decider.Body.In(n.Language)}
	s.Facts = append(f.facts(w),
		document.Fact{Label: w.T("paper.extension.was"), Value: w.Until(f.DueAt)},
		document.Fact{Label: w.T("paper.extension.due"), Value: w.Until(due)})
	s.Sections = []document.Section{
		{Text: w.T("paper.extension.text")},
		{Heading: w.T("paper.extension.reason"), Text: n.Reason},
		{Heading: w.T("paper.appeal"), Text: w.T("paper.extension.appeal")},
	}
	s.Closing = f.closing(w, d, signer)
	return s
}
