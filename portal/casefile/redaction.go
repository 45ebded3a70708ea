package casefile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Redaction is a copy of a decision for those whom the Code opens a part of it: all
// but the personal data of others (CPC 70(2)(5)), or what concerns the civil claim
// (CPC 73(2), CPC 74(2)). It is a paper of its own that the investigator signs; the
// decision stays as it is, and both fingerprints stand in the record.
type Redaction struct {
	ID         uuid.UUID // of the paper, too
	Decision   uuid.UUID
	Kind       policy.Kind
	Case       uuid.UUID
	Part       policy.Part
	MadeAt     time.Time
	SignedAt   time.Time
	ReplacedAt time.Time
}

// InForce says that readers are shown it now.
func (r Redaction) InForce() bool { return !r.SignedAt.IsZero() && r.ReplacedAt.IsZero() }

// RedactionDraft is what the investigator makes the copy from: texts, or a PDF.
type RedactionDraft struct {
	Part        policy.Part
	Language    string
	Established string
	Resolved    string
	Upload      []byte
}

// Registered is a copy and its original as the record has them.
type Registered struct {
	Original, Copy       []byte // SHA-256
	OriginalSeq, CopySeq int64  // the numbers of the acts that signed them
	OriginalID           uuid.UUID
}

// Cut is where a copy begins: the texts of the decision, or of the draft that
// waits, with personal data masked; empty texts where the decision is an uploaded
// file.
func Cut(ctx context.Context, db *vault.DB, ask policy.Ask, decision uuid.UUID, part policy.Part, mask Mask) (RedactionDraft, Decision, Case, error) {
	draft := RedactionDraft{Part: part}
	d, row, c, err := redactable(ctx, db, ask, decision)
	if err != nil {
		return draft, d, c, err
	}
	var waits redactionRow
	switch err := db.Get(ctx, &waits, selectRedactionDraft, decision, part); {
	case err == nil:
		draft, err = waits.texts(ctx, db)
		return draft, d, c, err
	case !errors.Is(err, fault.NotFound):
		return draft, d, c, err
	}
	if row.Established == nil {
		return draft, d, c, nil
	}
	var errs [2]error
	draft.Established, errs[0] = db.OpenText(ctx, decisionText("established", c.ID, decision), row.Established)
	draft.Resolved, errs[1] = db.OpenText(ctx, decisionText("resolved", c.ID, decision), row.Resolved)
	if err := errors.Join(errs[:]...); err != nil {
		return draft, d, c, err
	}
	all, err := participants(ctx, db, c.ID)
	if err != nil {
		return draft, d, c, err
	}
	for _, p := range all {
		mask.Names = append(mask.Names, p.Name)
	}
	draft.Established, draft.Resolved = mask.Of(draft.Established), mask.Of(draft.Resolved)
	return draft, d, c, nil
}

// redactable is a published decision for the one who makes copies of it.
func redactable(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Decision, decisionRow, Case, error) {
	d, row, c, err := readDecision(ctx, db, ask, id)
	if err == nil && d.Status != Published {
		err = fault.New(fault.Conflict, "fault.not-now")
	}
	return d, row, c, err
}

// DraftRedaction prepares a copy for signing. Another draft of the same part takes
// the place of the first.
func DraftRedaction(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, decision uuid.UUID, draft RedactionDraft) (uuid.UUID, error) {
	var id uuid.UUID
	return id, db.Within(ctx, func(tx *vault.DB) error {
		d, _, c, err := redactable(ctx, tx, ask, decision)
		if err != nil {
			return err
		}
		if !slices.Contains(policy.Parts, draft.Part) {
			return fault.New(fault.Invalid, "form.choose").At("part")
		}
		if len(d.Flags) > 0 { // no copy opens what a flag closes
			return fault.New(fault.Invalid, "fault.redaction-flagged").At("part")
		}
		if err := discardDraft(ctx, tx, decision, draft.Part); err != nil {
			return err
		}
		doc, err := draft.document(ctx, tx, press, ask, c, d)
		if err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		if err := draft.keep(ctx, tx, ask, c.ID, decision, doc.ID); err != nil {
			return err
		}
		id = doc.ID
		return ledger.Step(ctx, tx.DB, ask, "redaction", doc.ID, c.ID, doc.Digest)
	})
}

func discardDraft(ctx context.Context, tx *vault.DB, decision uuid.UUID, part policy.Part) error {
	var old redactionRow
	err := tx.Get(ctx, &old, lockRedactionDraft, decision, part)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return dropRedaction(ctx, tx, old.ID)
}

func dropRedaction(ctx context.Context, tx *vault.DB, id uuid.UUID) error {
	if err := tx.Exec(ctx, deleteRedaction, id); err != nil {
		return err
	}
	return document.Drop(ctx, tx, id)
}

// document is the PDF of the copy: the uploaded one as it came, or one printed from
// its texts that names the original by its fingerprint and its number in the record.
func (draft RedactionDraft) document(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask, c Case, d Decision) (document.Document, error) {
	doc, err := document.New(ask, c.ID, document.Redaction, draft.Language)
	if err != nil {
		return doc, err
	}
	if draft.Upload != nil {
		doc.Content, doc.Nonce = draft.Upload, nil
		return doc, nil
	}
	digest, seq, err := registered(ctx, tx, "decision", d.ID)
	if err != nil {
		return doc, err
	}
	doc.Content, err = press.Paper(draft.sheet(press, doc, c, d, digest, seq), doc, c.Number)
	return doc, err
}

func (draft RedactionDraft) sheet(press document.Press, doc document.Document, c Case, d Decision, digest []byte, seq int64) document.Sheet {
	w := press.Words.In(draft.Language)
	s := press.Sheet(doc, "redaction")
	s.Subtitle = w.T("paper.redaction.part." + string(draft.Part))
	s.From = []string{c.Body.In(draft.Language)}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: c.Number},
		{Label: w.T("paper.about"), Value: w.T("paper.about-value", "kind", w.T("kind."+string(d.Kind)), "day", w.Day(d.DecidedOn))},
		{Label: w.T("paper.redaction.original"), Value: w.Hex(digest)},
		{Label: w.T("paper.redaction.record"), Value: w.T("paper.redaction.number", "number", seq)},
	}
	s.Sections = []document.Section{
		{Heading: w.T("paper.established"), Text: draft.Established},
		{Heading: w.T("paper.resolved"), Text: draft.Resolved},
	}
	s.Closing = []string{w.Day(doc.MadeAt) + "\t" + w.T("paper.seat.investigator", "name", c.signer())}
	return s
}

func (draft RedactionDraft) keep(ctx context.Context, tx *vault.DB, ask policy.Ask, casefile, decision, id uuid.UUID) error {
	var texts [2][]byte
	if draft.Upload == nil {
		var errs [2]error
		texts[0], errs[0] = tx.SealText(redactionText("established", casefile, id), draft.Established)
		texts[1], errs[1] = tx.SealText(redactionText("resolved", casefile, id), draft.Resolved)
		if err := errors.Join(errs[:]...); err != nil {
			return err
		}
	}
	return tx.Exec(ctx, insertRedaction, id, decision, draft.Part, ask.Person, texts[0], texts[1], ask.At)
}

// ReadRedaction is one copy with its paper, for the officials of the case. A draft
// is the investigator's alone. Those whom the copy is for read it as the decision:
// CopyOf.
func ReadRedaction(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Redaction, document.Document, Case, error) {
	var r Redaction
	var c Case
	var doc document.Document
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		if r, c, err = readRedaction(ctx, tx, ask, id, false); err != nil {
			return err
		}
		if doc, err = document.Fetch(ctx, tx, id); err != nil || !doc.Signed() {
			return err
		}
		return opening.Show(ctx, tx, ask, opening.Opening{
			Case: c.ID, As: c.Standing, Object: opening.Redaction, ObjectID: r.Decision, Document: id,
		})
	})
	return r, doc, c, err
}

// OpenRedaction opens the paper of a copy for an official: a look at a signed one
// leaves a line, as at the decision itself.
func OpenRedaction(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (document.Document, error) {
	var doc document.Document
	return doc, db.Within(ctx, func(tx *vault.DB) error {
		if err := opening.Hold(ctx, tx, ask, opening.Redaction, id); err != nil {
			return err
		}
		r, c, err := readRedaction(ctx, tx, ask, id, false)
		if err != nil {
			return err
		}
		if !r.SignedAt.IsZero() {
			err := opening.Show(ctx, tx, ask, opening.Opening{Case: c.ID, As: c.Standing, Object: opening.Redaction, ObjectID: r.Decision, Document: id})
			if err != nil {
				return err
			}
		}
		doc, err = document.Fetch(ctx, tx, id)
		return err
	})
}

func readRedaction(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, lock bool) (Redaction, Case, error) {
	var row redactionRow
	var err error
	if lock {
		err = db.Get(ctx, &row, lockRedaction, id)
	} else {
		err = db.Get(ctx, &row, selectRedaction, id)
	}
	if err != nil {
		return Redaction{}, Case{}, err
	}
	c, err := Read(ctx, db, ask.To(policy.DecisionRead), row.Case)
	if err != nil {
		return Redaction{}, c, err
	}
	if c.Standing&policy.OnDuty == 0 || row.SignedAt == nil && c.Standing&policy.Charge == 0 {
		return Redaction{}, c, fault.New(fault.NotFound, "fault.not-found")
	}
	return row.redaction(), c, ask.Check(c.Standing)
}

// SignRedaction puts the investigator's signature on a copy: from here those whom
// the Code opens the part to read it, and the copy before it no more.
func SignRedaction(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		r, c, err := readRedaction(ctx, tx, ask, id, true)
		if err != nil {
			return err
		}
		if !r.SignedAt.IsZero() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		doc, err := document.Sign(ctx, tx, ask, id, signature)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, replaceRedaction, r.Decision, r.Part, ask.At); err != nil {
			return err
		}
		if err := tx.Exec(ctx, signRedaction, id, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "redaction", id, c.ID, doc.Digest)
	})
}

// DiscardRedaction gives an unsigned copy up.
func DiscardRedaction(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		r, c, err := readRedaction(ctx, tx, ask, id, true)
		if err != nil {
			return err
		}
		if !r.SignedAt.IsZero() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := dropRedaction(ctx, tx, id); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "redaction", id, c.ID, nil)
	})
}

// Redactions are the copies of a decision that its reader found, newest first: for
// officials.
func Redactions(ctx context.Context, db *vault.DB, c Case, decision uuid.UUID) ([]Redaction, error) {
	if c.Standing&policy.OnDuty == 0 {
		return nil, nil
	}
	var rows []redactionRow
	if err := db.Select(ctx, &rows, selectRedactions, decision); err != nil {
		return nil, err
	}
	var out []Redaction
	for _, row := range rows {
		if row.SignedAt != nil || c.Standing&policy.Charge != 0 {
			out = append(out, row.redaction())
		}
	}
	return out, nil
}

// Registration is how the copy that a reader is shown, and its original, stand in
// the record of acts. It is for those who reached the decision through the asker.
func (d Decision) Registration(ctx context.Context, db *vault.DB) (Registered, error) {
	r := Registered{OriginalID: d.Original}
	var errs [2]error
	r.Original, r.OriginalSeq, errs[0] = registered(ctx, db, "decision", d.ID)
	r.Copy, r.CopySeq, errs[1] = registered(ctx, db, "redaction", d.Document)
	return r, errors.Join(errs[:]...)
}

type registeredRow struct {
	Digest []byte `db:"digest"`
	Seq    int64  `db:"seq"`
}

// The record alone is asked: the original itself is not open to whoever reads the
// copy.
const selectRegistered = `
SELECT digest, seq
  FROM record
 WHERE object = $1 AND object_id = $2 AND act = ANY ($3)
 ORDER BY seq DESC
 LIMIT 1`

// signing are the acts that put a signature on a decision or on a copy of one.
var signing = pq.StringArray{string(policy.DecisionPublish), string(policy.DecisionSubmit), string(policy.RedactionSign)}

func registered(ctx context.Context, db *vault.DB, object string, id uuid.UUID) ([]byte, int64, error) {
	var row registeredRow
	err := db.Get(ctx, &row, selectRegistered, object, id, signing)
	return row.Digest, row.Seq, err
}

type redactionRow struct {
	ID          uuid.UUID   `db:"document"`
	Decision    uuid.UUID   `db:"decision"`
	Kind        policy.Kind `db:"kind"`
	Case        uuid.UUID   `db:"casefile"`
	Part        policy.Part `db:"part"`
	Established []byte      `db:"established"`
	Resolved    []byte      `db:"resolved"`
	MadeAt      time.Time   `db:"made_at"`
	SignedAt    *time.Time  `db:"signed_at"`
	ReplacedAt  *time.Time  `db:"replaced_at"`
}

func redactionText(column string, casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "redaction", Column: column, ID: id, Case: casefile}
}

func (row redactionRow) redaction() Redaction {
	return Redaction{
		ID: row.ID, Decision: row.Decision, Kind: row.Kind, Case: row.Case, Part: row.Part,
		MadeAt: row.MadeAt, SignedAt: deref(row.SignedAt), ReplacedAt: deref(row.ReplacedAt),
	}
}

// texts are those of a draft, for its author to change.
func (row redactionRow) texts(ctx context.Context, db *vault.DB) (RedactionDraft, error) {
	draft := RedactionDraft{Part: row.Part}
	if row.Established == nil {
		return draft, nil
	}
	var errs [2]error
	draft.Established, errs[0] = db.OpenText(ctx, redactionText("established", row.Case, row.ID), row.Established)
	draft.Resolved, errs[1] = db.OpenText(ctx, redactionText("resolved", row.Case, row.ID), row.Resolved)
	return draft, errors.Join(errs[:]...)
}

const selectAnyRedaction = `
SELECT r.document, r.decision, d.kind, d.casefile, r.part, r.established, r.resolved, r.made_at, r.signed_at, r.replaced_at
  FROM redaction r
  JOIN decision d ON d.id = r.decision`

const selectRedaction = selectAnyRedaction + `
 WHERE r.document = $1`

const lockRedaction = selectRedaction + `
   FOR UPDATE OF r`

const selectRedactionDraft = selectAnyRedaction + `
 WHERE r.decision = $1 AND r.part = $2 AND r.signed_at IS NULL`

const lockRedactionDraft = selectRedactionDraft + `
   FOR UPDATE OF r`

const selectRedactions = selectAnyRedaction + `
 WHERE r.decision = $1
 ORDER BY r.made_at DESC`

const insertRedaction = `
INSERT INTO redaction (document, decision, part, author, established, resolved, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)`

const deleteRedaction = `
DELETE FROM redaction WHERE document = $1 AND signed_at IS NULL`

const replaceRedaction = `
UPDATE redaction SET replaced_at = $3 WHERE decision = $1 AND part = $2 AND signed_at IS NOT NULL AND replaced_at IS NULL`

const signRedaction = `
UPDATE redaction SET signed_at = $2 WHERE document = $1`
