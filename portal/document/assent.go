package document

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Assent is what a second official says of a paper that is signed: the prosecutor of
// a ruling, an administrator of an appointment, an investigator of a record. His yes
// or no is a paper of its own. It names the first by its SHA-256, so it can be about
// nothing else, and takes effect with the act of the domain that asked for it.
type Assent struct {
	Document uuid.UUID // the paper that says it
	About    uuid.UUID // the paper it is about
	Author   uuid.UUID
	Agrees   bool
	Reasons  string // why he does not; empty where he agrees
	Language string
	MadeAt   time.Time
	SignedAt time.Time
}

// AssentDraft is what the second official is about to sign.
type AssentDraft struct {
	About    Document
	Number   string // of the case; empty in the directory of officials
	Agrees   bool
	Reasons  string
	Language string
	From     string // his body
	What     []Fact // what the paper is, in the words of its domain
	Signer   string // his post and name, as they stand under the paper

	Decision policy.Kind // of a decision: its kind, and the participants it is about
	Concerns []uuid.UUID
	Who      []warrant.Who
}

// reasonsAt lie where the paper that says them does.
func reasonsAt(id, casefile uuid.UUID) vault.Where {
	return vault.Where{Table: "assent", Column: "reasons", ID: id}.In(vault.HomeOf(casefile, uuid.Nil))
}

const selectAssentDraft = `
SELECT document FROM assent WHERE about = $1 AND author = $2 AND signed_at IS NULL
   FOR UPDATE`

const deleteAssent = `
DELETE FROM assent WHERE document = $1 AND signed_at IS NULL`

const insertAssent = `
INSERT INTO assent (document, about, author, agrees, reasons, made_at)
VALUES ($1, $2, $3, $4, $5, $6)`

// DraftAssent prints his paper for him to check and to sign. A second draft of his
// about the same paper takes the place of the first. Whether he may say anything
// about it, the domain has checked.
func DraftAssent(ctx context.Context, tx *vault.DB, press Press, ask policy.Ask, draft AssentDraft) (Document, error) {
	if !draft.About.Signed() {
		return Document{}, fault.New(fault.Conflict, "fault.not-now")
	}
	if err := DropAssent(ctx, tx, ask, draft.About.ID); err != nil && !errors.Is(err, fault.NotFound) {
		return Document{}, err
	}
	kind := Assenting
	if !draft.Agrees {
		kind = Dissenting
	}
	d, err := New(ask, draft.About.Casefile, kind, draft.Language)
	if err != nil {
		return d, err
	}
	w := press.Words.In(draft.Language)
	s := press.Sheet(d, string(kind))
	s.From = []string{draft.From}
	s.Facts = append(draft.What, Fact{Label: w.T("paper.assent.about"), Value: w.Hex(draft.About.Digest)})
	s.Sections = []Section{{Text: w.T("paper." + string(kind) + ".text")}}
	s.States = &warrant.Fact{
		Kind: warrant.Kind(kind), About: draft.About.ID, Digest: hex.EncodeToString(draft.About.Digest), Decision: draft.Decision, Concerns: draft.Concerns, Who: draft.Who,
	}
	var reasons []byte
	if !draft.Agrees {
		s.Sections = append(s.Sections, Section{Heading: w.T("paper.dissent.reasons"), Text: draft.Reasons})
		if reasons, err = tx.SealText(reasonsAt(d.ID, d.Casefile), draft.Reasons); err != nil {
			return d, err
		}
	}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + draft.Signer}
	if d.Content, err = press.Paper(s, d, draft.Number); err != nil {
		return d, err
	}
	if err := Add(ctx, tx, &d); err != nil {
		return d, err
	}
	return d, tx.Exec(ctx, insertAssent, d.ID, draft.About.ID, ask.Person, draft.Agrees, reasons, ask.At)
}

// DropAssent gives up the asker's unsigned paper about another; NotFound where there
// is none.
func DropAssent(ctx context.Context, tx *vault.DB, ask policy.Ask, about uuid.UUID) error {
	var old uuid.UUID
	if err := tx.Get(ctx, &old, selectAssentDraft, about, ask.Person); err != nil {
		return err
	}
	if err := tx.Exec(ctx, deleteAssent, old); err != nil {
		return err
	}
	return Drop(ctx, tx, old)
}

const updateAssent = `
UPDATE assent SET signed_at = $2 WHERE document = $1`

// SettleAssent signs the asker's paper about another. One paper is answered once.
func SettleAssent(ctx context.Context, tx *vault.DB, ask policy.Ask, about uuid.UUID, s Signature) (Assent, Document, error) {
	var id uuid.UUID
	if err := tx.Get(ctx, &id, selectAssentDraft, about, ask.Person); err != nil {
		return Assent{}, Document{}, fault.New(fault.Conflict, "fault.not-now").Because(err)
	}
	d, err := Sign(ctx, tx, ask, id, s)
	if err != nil {
		return Assent{}, d, err
	}
	if err := tx.Exec(ctx, updateAssent, id, ask.At); err != nil {
		return Assent{}, d, err
	}
	var row assentRow
	if err := tx.Get(ctx, &row, selectAssent, id); err != nil {
		return Assent{}, d, err
	}
	a, err := row.open(ctx, tx)
	return a, d, err
}

type assentRow struct {
	Document uuid.UUID     `db:"document"`
	About    uuid.UUID     `db:"about"`
	Author   uuid.UUID     `db:"author"`
	Casefile uuid.NullUUID `db:"casefile"`
	Agrees   bool          `db:"agrees"`
	Reasons  []byte        `db:"reasons"`
	Language string        `db:"language"`
	MadeAt   time.Time     `db:"made_at"`
	SignedAt *time.Time    `db:"signed_at"`
}

const selectAnyAssent = `
SELECT a.document, a.about, a.author, d.casefile, a.agrees, a.reasons, d.language, a.made_at, a.signed_at
  FROM assent a
  JOIN document d ON d.id = a.document`

const selectAssent = selectAnyAssent + `
 WHERE a.document = $1`

const selectAssentAbout = selectAnyAssent + `
 WHERE a.about = $1 AND a.signed_at IS NOT NULL`

const selectOwnAssent = selectAnyAssent + `
 WHERE a.about = $1 AND a.author = $2 AND a.signed_at IS NULL`

// OwnAssent is the asker's unsigned answer to a paper; NotFound where there is none.
func OwnAssent(ctx context.Context, db *vault.DB, ask policy.Ask, about uuid.UUID) (Assent, error) {
	var row assentRow
	if err := db.Get(ctx, &row, selectOwnAssent, about, ask.Person); err != nil {
		return Assent{}, err
	}
	return row.open(ctx, db)
}

// AssentTo is the signed answer to a paper; NotFound while there is none. It is for
// those who reached the paper through the asker.
func AssentTo(ctx context.Context, db *vault.DB, about uuid.UUID) (Assent, error) {
	var row assentRow
	if err := db.Get(ctx, &row, selectAssentAbout, about); err != nil {
		return Assent{}, err
	}
	return row.open(ctx, db)
}

func (row assentRow) open(ctx context.Context, db *vault.DB) (Assent, error) {
	a := Assent{Document: row.Document, About: row.About, Author: row.Author, Agrees: row.Agrees, Language: row.Language, MadeAt: row.MadeAt}
	if row.SignedAt != nil {
		a.SignedAt = *row.SignedAt
	}
	reasons, err := db.OpenMaybe(ctx, reasonsAt(row.Document, row.Casefile.UUID), row.Reasons)
	if reasons != nil {
		a.Reasons = *reasons
	}
	return a, err
}
