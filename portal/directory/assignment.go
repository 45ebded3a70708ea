package directory

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Assignment is a case given to an official: an investigator is given the case to
// conduct (CPC 59), a prosecutor its supervision (CPC 193). It takes effect when the
// head has signed it.
type Assignment struct {
	Case     casefile.Case
	Officer  Official // who is given it
	Document uuid.UUID
}

// officers are those of the asker's own body whom he heads, but for one.
func officers(ctx context.Context, db *vault.DB, ask policy.Ask, of under) ([]Official, error) {
	all, err := Own(ctx, db, ask.To(policy.DirectoryRead))
	if err != nil {
		return nil, err
	}
	var out []Official
	for _, o := range all {
		if o.Post == of.post {
			out = append(out, o)
		}
	}
	return out, nil
}

// Candidates are those to whom the asker may give a case: his own, but for the one
// who has it.
func Candidates(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (casefile.Case, []Official, error) {
	c, err := casefile.Read(ctx, db, ask, id)
	if err != nil {
		return c, nil, err
	}
	of, ok := headed(ask)
	if !ok {
		return c, nil, fault.New(fault.NotFound, "fault.not-found")
	}
	all, err := officers(ctx, db, ask, of)
	if err != nil {
		return c, nil, err
	}
	orphan, err := Orphans(ctx, db, ask)
	if err != nil {
		return c, nil, err
	}
	var out []Official
	for _, o := range all {
		if o.ID != of.holder(c) || orphan[id] { // who was put back into his post may get his case back
			out = append(out, o)
		}
	}
	return c, out, nil
}

// holder is the official of a case that a head of this kind replaces.
func (of under) holder(c casefile.Case) uuid.UUID {
	if of.duty == "supervisor" {
		return c.Prosecutor.ID
	}
	return c.Investigator.ID
}

const selectNamed = selectEverOfficial + `
 WHERE o.person = $1`

const lockCase = `
SELECT id FROM casefile WHERE id = $1
   FOR UPDATE`

// A body may have two heads: each drops and signs his own.
const selectUnsignedAssignment = `
SELECT document, officer, previous FROM assignment
 WHERE casefile = $1 AND duty = $2 AND head = $3 AND signed_at IS NULL`

const lockUnsignedAssignment = selectUnsignedAssignment + `
   FOR UPDATE`

type assignmentRow struct {
	Document uuid.UUID `db:"document"`
	Officer  uuid.UUID `db:"officer"`
	Previous uuid.UUID `db:"previous"`
}

const deleteAssignment = `
DELETE FROM assignment WHERE document = $1 AND signed_at IS NULL`

const insertAssignment = `
INSERT INTO assignment (document, casefile, head, duty, previous, officer, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)`

// DraftAssignment prints the paper by which a case is given to one of the asker's
// own. His second draft about a case takes the place of his first; of two heads whose
// papers both wait, the one who signs later is told that the case was given meanwhile.
func DraftAssignment(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id, officer uuid.UUID, language string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		c, to, err := candidate(ctx, tx, ask, id, officer)
		if err != nil {
			return err
		}
		of, _ := headed(ask)
		head, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, id, document.Assignment, language)
		if err != nil {
			return err
		}
		if doc.Content, err = press.Paper(assignmentSheet(press, doc, c, of, to, head), doc, c.Number); err != nil {
			return err
		}
		if err := dropAssignment(ctx, tx, ask, id, of); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertAssignment, doc.ID, id, ask.Person, of.duty, of.holder(c), officer, ask.At); err != nil {
			return err
		}
		return of.record(ctx, tx, ask, "assignment", doc.ID, id, doc.Digest)
	})
}

// candidate is the one who is to be given a case, held against the list of those who
// may be.
func candidate(ctx context.Context, tx *vault.DB, ask policy.Ask, id, officer uuid.UUID) (casefile.Case, Official, error) {
	c, all, err := Candidates(ctx, tx, ask, id)
	if err != nil {
		return c, Official{}, err
	}
	for _, o := range all {
		if o.ID == officer {
			return c, o, nil
		}
	}
	return c, Official{}, fault.New(fault.Invalid, "form.choose").At("officer")
}

func dropAssignment(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID, of under) error {
	if err := tx.Get(ctx, new(uuid.UUID), lockCase, id); err != nil {
		return err
	}
	var row assignmentRow
	if err := tx.Get(ctx, &row, lockUnsignedAssignment, id, of.duty, ask.Person); err != nil {
		return err
	}
	if err := tx.Exec(ctx, deleteAssignment, row.Document); err != nil {
		return err
	}
	return document.Drop(ctx, tx, row.Document)
}

// ReadAssignment is the paper of the asker's by which a case is to be given to
// another; NotFound where none waits to be signed by him.
func ReadAssignment(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Assignment, document.Document, error) {
	c, err := casefile.Read(ctx, db, ask, id)
	if err != nil {
		return Assignment{}, document.Document{}, err
	}
	a := Assignment{Case: c}
	of, _ := headed(ask)
	var row assignmentRow
	if err := db.Get(ctx, &row, selectUnsignedAssignment, id, of.duty, ask.Person); err != nil {
		return a, document.Document{}, err
	}
	a.Document = row.Document
	var officer officialRow // he may have left since: signing says so
	if err := db.Get(ctx, &officer, selectNamed, row.Officer); err != nil {
		return a, document.Document{}, err
	}
	a.Officer = officer.official()
	doc, err := document.Fetch(ctx, db, row.Document)
	return a, doc, err
}

const signAssignment = `
UPDATE assignment SET signed_at = $2 WHERE document = $1`

const giveCase = `
UPDATE casefile SET investigator = $2 WHERE id = $1 AND investigator = $3 AND (charged_at IS NULL OR charged_at <= $4)`

const giveSupervision = `
UPDATE casefile SET prosecutor = $2 WHERE id = $1 AND prosecutor = $3 AND (charged_at IS NULL OR charged_at <= $4)`

// Held under the lock until the case is his: between the draft and the signature he
// may have left.
const lockOwnOfficer = `
SELECT o.person FROM officer o
  JOIN officer h ON h.person = $2 AND h.left_at IS NULL AND h.body = o.body
 WHERE o.person = $1 AND o.post = $3 AND o.left_at IS NULL AND (o.until IS NULL OR o.until >= CAST($4 AS date))
   FOR SHARE OF o`

// Assign signs the paper: the case is the new one's from here, and the old one's no
// more. What waits in it for the old one's answer waits for the new one's.
func Assign(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		c, err := casefile.Read(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		of, _ := headed(ask)
		if err := tx.Get(ctx, new(uuid.UUID), lockCase, id); err != nil {
			return err
		}
		var row assignmentRow
		if err := tx.Get(ctx, &row, lockUnsignedAssignment, id, of.duty, ask.Person); err != nil {
			return fault.New(fault.Conflict, "fault.not-now").Because(err)
		}
		if err := inPost(ctx, tx, ask, of, row.Officer); err != nil {
			return err
		}
		doc, err := document.Sign(ctx, tx, ask, row.Document, signature)
		if err != nil {
			return err
		}
		if err := of.give(ctx, tx, c.ID, row, doc.MadeAt); err != nil {
			return err
		}
		if err := tx.Exec(ctx, signAssignment, row.Document, ask.At); err != nil {
			return err
		}
		if err := of.record(ctx, tx, ask, "assignment", row.Document, id, doc.Digest); err != nil {
			return err
		}
		return filing.HandOver(ctx, tx, ask, id, guide.Seat(of.post), row.Officer, of.by)
	})
}

// give changes the case by a paper that was printed then; a case that somebody was given
// meanwhile, by the head or by the register, is not taken from him unseen.
func (of under) give(ctx context.Context, tx *vault.DB, id uuid.UUID, row assignmentRow, made time.Time) error {
	var n int64
	var err error
	if of.duty == "supervisor" {
		n, err = tx.Change(ctx, giveSupervision, id, row.Officer, row.Previous, made)
	} else {
		n, err = tx.Change(ctx, giveCase, id, row.Officer, row.Previous, made)
	}
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "fault.not-now")
	}
	return err
}

// inPost holds an official of the asker's body in his post until the transaction is
// over.
func inPost(ctx context.Context, tx *vault.DB, ask policy.Ask, of under, officer uuid.UUID) error {
	var rows []uuid.UUID
	if err := tx.Select(ctx, &rows, lockOwnOfficer, officer, ask.Person, of.post, today(ask.At).Format(time.DateOnly)); err != nil {
		return err
	}
	if len(rows) == 0 {
		return fault.New(fault.Conflict, "fault.officer-gone")
	}
	return nil
}

// DiscardAssignment gives the unsigned paper up.
func DiscardAssignment(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		a, _, err := ReadAssignment(ctx, tx, ask, id)
		if err != nil && !errors.Is(err, fault.NotFound) || a.Case.ID == uuid.Nil {
			return err
		}
		if err != nil {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		of, _ := headed(ask)
		if err := dropAssignment(ctx, tx, ask, id, of); err != nil {
			return err
		}
		return of.record(ctx, tx, ask, "assignment", a.Document, id, nil)
	})
}
