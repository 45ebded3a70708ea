package casefile

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Confirmation is what the investigator signs about somebody's status: that he
// confirms it, or that it ends.
type Confirmation struct {
	Document uuid.UUID
	Ends     bool
	Grant    Grant  // what is confirmed; zero where it ends
	Reasons  string // why a status that was asked for is refused, or one ends
	SignedAt time.Time
}

// Act is the act that signing it does.
func (c Confirmation) Act() policy.Act {
	if c.Ends {
		return policy.ParticipantEnd
	}
	return policy.ParticipantGrant
}

// DraftGrant prints the paper that confirms a status, for the investigator to
// check and to sign. Saving again changes the one draft.
func DraftGrant(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, g Grant) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		p, err := lockOne(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if _, err := p.Status.after(policy.ParticipantGrant); err != nil {
			return err
		}
		if g.Previous, err = previousOf(ctx, tx, p.Case, id, g.Previous); err != nil {
			return err
		}
		if p.Status == Draft { // nobody but the investigator has said yet what he is
			if err := place(ctx, tx, ask, p.Case, id, p.Person, g, "role"); err != nil {
				return err
			}
		}
		return draft(ctx, tx, press, ask, p, g)
	})
}

// DraftNew is DraftGrant on the investigator's own initiative, for a person known
// by IIN; the portal meets the person when he first signs in. Until the paper is
// signed the person is in the case for the investigator alone. The id is the
// page's, so that a double click adds one.
func DraftNew(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, casefile, id uuid.UUID, iin eds.IIN, name string, g Grant) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		c, err := Read(ctx, tx, ask, casefile)
		if err != nil {
			return err
		}
		if err := c.TakesNew(); err != nil {
			return err
		}
		person, err := identity.Ensure(ctx, tx, iin, name, ask.At)
		if err != nil {
			return err
		}
		if err := place(ctx, tx, ask, casefile, id, person, g, "iin"); err != nil {
			return err
		}
		if err := identity.Introduce(ctx, tx, casefile, identity.Person{ID: person, Name: name, IIN: iin}); err != nil {
			return err
		}
		p, err := lockOne(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		return draft(ctx, tx, press, ask, p, g)
	})
}

// place writes down who is about to be what; an id that is taken, by another case
// or by somebody who is more than a draft, is refused. field is where the form would
// tell that the person is this already.
func place(ctx context.Context, tx *vault.DB, ask policy.Ask, casefile, id, person uuid.UUID, g Grant, field string) error {
	if _, err := g.check(ctx, tx, ask, casefile, id, person); err != nil {
		return err
	}
	n, err := tx.Change(ctx, insertParticipant, id, casefile, person, g.Role, nullable(g.Represents), ask.At)
	if database.Violates(err, "participant_casefile_person_role_represents_key") {
		return fault.New(fault.Invalid, "fault.participant-twice").At(field)
	}
	if err == nil && n == 0 {
		return taken(ctx, tx, casefile, id)
	}
	return err
}

const selectParticipantOf = `
SELECT id FROM participant WHERE id = $1 AND casefile = $2`

// taken is why an id is not free: somebody of this case stands under it, or of
// another, which is as if nobody were there.
func taken(ctx context.Context, tx *vault.DB, casefile, id uuid.UUID) error {
	if err := tx.Get(ctx, &id, selectParticipantOf, id, casefile); err != nil {
		return err
	}
	return fault.New(fault.Conflict, "fault.not-now")
}

// draft prints a confirmation and keeps it instead of the one before.
func draft(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask, p Participant, g Grant) error {
	g, err := g.check(ctx, tx, ask, p.Case, p.ID, p.Person)
	if err != nil {
		return err
	}
	c, err := Read(ctx, tx, ask, p.Case)
	if err != nil {
		return err
	}
	person, err := identity.ReadIn(ctx, tx, p.Case, p.Person)
	if err != nil {
		return err
	}
	g.self = p.ID
	doc, err := document.New(ask, p.Case, document.Confirmation, g.Language)
	if err != nil {
		return err
	}
	all, err := participants(ctx, tx, p.Case)
	if err != nil {
		return err
	}
	if doc.Content, err = press.Paper(g.sheet(press, doc, c, person, all), doc, c.Number); err != nil {
		return err
	}
	return keep(ctx, tx, ask, p, &doc, func() error {
		advocate, err := sealAdvocate(tx, "confirmation", p.Case, doc.ID, g.Advocate)
		if err != nil {
			return err
		}
		return tx.Exec(ctx, insertConfirmation, doc.ID, p.ID, g.Role, nullable(g.Represents), g.Basis, g.Since, ask.At,
			g.Capacity, kept(g.Scope), date(g.Until), advocate, g.Conflict, nullable(g.Previous))
	})
}

// DraftEnd prints the paper by which a status ends, for the investigator to sign.
// One that was asked for and is not confirmed is refused with reasons (CPC 109):
// without them the draft is fault.Invalid.
func DraftEnd(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, language, reasons string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		p, err := lockOne(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if _, err := p.Status.after(policy.ParticipantEnd); err != nil {
			return err
		}
		if p.Status == Unconfirmed && strings.TrimSpace(reasons) == "" {
			return fault.New(fault.Invalid, "fault.refusal-reasons").At("reasons")
		}
		c, err := Read(ctx, tx, ask, p.Case)
		if err != nil {
			return err
		}
		person, err := identity.ReadIn(ctx, tx, p.Case, p.Person)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, p.Case, document.Ending, language)
		if err != nil {
			return err
		}
		if doc.Content, err = press.Paper(p.endingSheet(press, doc, c, person, reasons), doc, c.Number); err != nil {
			return err
		}
		return keep(ctx, tx, ask, p, &doc, func() error {
			sealed, err := sealReasons(tx, p, doc.ID, reasons)
			if err != nil {
				return err
			}
			return tx.Exec(ctx, insertEnding, doc.ID, p.ID, sealed, ask.At)
		})
	})
}

// keep puts a new unsigned paper in the place of the one before.
func keep(ctx context.Context, tx *vault.DB, ask policy.Ask, p Participant, doc *document.Document, insert func() error) error {
	if _, err := drop(ctx, tx, p.Case, p.ID); err != nil {
		return err
	}
	doc.For = []uuid.UUID{p.Person}
	if err := document.Add(ctx, tx, doc); err != nil {
		return err
	}
	if err := insert(); err != nil {
		return err
	}
	return ledger.Step(ctx, tx.DB, ask, "participant", p.ID, p.Case, doc.Digest)
}

// drop removes the unsigned paper about a participant; false where there is none.
func drop(ctx context.Context, tx *vault.DB, casefile, id uuid.UUID) (bool, error) {
	c, err := unsigned(ctx, tx, casefile, id)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := tx.Exec(ctx, deleteConfirmation, c.Document); err != nil {
		return false, err
	}
	return true, document.Drop(ctx, tx, c.Document)
}

// ReadConfirmation is a participant with the paper about his status that waits to
// be signed; without one, with the last that was. NotFound where nothing was ever
// written.
func ReadConfirmation(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Participant, Confirmation, document.Document, error) {
	p, err := ReadParticipant(ctx, db, ask, id)
	if err != nil {
		return p, Confirmation{}, document.Document{}, err
	}
	var row confirmationRow
	if err := db.Get(ctx, &row, selectConfirmation, id); err != nil {
		return p, Confirmation{}, document.Document{}, err
	}
	c, err := row.confirmation(ctx, db, p.Case)
	if err != nil {
		return p, c, document.Document{}, err
	}
	if c.Reasons, err = openReasons(ctx, db, p.Case, c.Document, row.Reasons); err != nil {
		return p, c, document.Document{}, err
	}
	doc, err := document.Fetch(ctx, db, c.Document)
	c.Grant.Language = doc.Language
	return p, c, doc, err
}

// Settle signs the paper about a status with the investigator's key. By the act it
// confirms the status, and from here the case opens; or it ends it, and access ends
// in the same moment, for those who act for the person too.
func Settle(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		p, err := lockOne(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := p.Status.after(ask.Act)
		if err != nil {
			return err
		}
		c, err := unsigned(ctx, tx, p.Case, id)
		if err != nil || c.Act() != ask.Act {
			return fault.New(fault.Conflict, "fault.not-now").Because(err)
		}
		doc, err := document.Sign(ctx, tx, ask, c.Document, signature)
		if err != nil {
			return err
		}
		if err := p.settle(ctx, tx, ask, c, next); err != nil {
			return err
		}
		if err := tx.Exec(ctx, signConfirmation, c.Document, ask.At); err != nil {
			return err
		}
		if err := answerRequests(ctx, tx, ask, p); err != nil {
			return err
		}
		if err := ledger.Step(ctx, tx.DB, ask, "participant", id, p.Case, doc.Digest); err != nil || !c.Ends {
			return err
		}
		return endResting(ctx, tx, ask, id, "")
	})
}

// settle carries out what a paper says. Between the draft and the signature the
// one who is represented may have left the case: the grant is held against the law
// again.
func (p Participant) settle(ctx context.Context, tx *vault.DB, ask policy.Ask, c Confirmation, next Status) error {
	if c.Ends {
		return tx.Exec(ctx, endParticipant, p.ID, next, ask.At)
	}
	g, err := c.Grant.check(ctx, tx, ask, p.Case, p.ID, p.Person)
	if err != nil {
		return err
	}
	advocate, err := sealAdvocate(tx, "participant", p.Case, p.ID, g.Advocate)
	if err != nil {
		return err
	}
	err = tx.Exec(ctx, confirmParticipant, p.ID, g.Role, nullable(g.Represents), g.Basis, next, g.Since, ask.At, ask.Person,
		g.Capacity, kept(g.Scope), date(g.Until), advocate)
	if database.Violates(err, "participant_casefile_person_role_represents_key") {
		return fault.New(fault.Invalid, "fault.participant-twice").At("role")
	}
	if err != nil {
		return err
	}
	return g.succeed(ctx, tx, ask, p)
}

// DiscardConfirmation gives up the unsigned paper about a status, and with it
// somebody who was in the case by that draft alone.
func DiscardConfirmation(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		p, err := lockOne(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		there, err := drop(ctx, tx, p.Case, id)
		if err != nil {
			return err
		}
		if !there {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if p.Status == Draft {
			if err := tx.Exec(ctx, deleteParticipant, id); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "participant", id, p.Case, nil)
	})
}

type confirmationRow struct {
	Document    uuid.UUID      `db:"document"`
	Participant uuid.UUID      `db:"participant"`
	Ends        bool           `db:"ends"`
	Role        *policy.Role   `db:"role"`
	Represents  uuid.NullUUID  `db:"represents"`
	Basis       *string        `db:"basis"`
	Since       *time.Time     `db:"since"`
	Reasons     []byte         `db:"reasons"`
	Capacity    LegalCapacity  `db:"capacity"`
	Scope       pq.StringArray `db:"scope"`
	Until       *time.Time     `db:"until"`
	Advocate    []byte         `db:"advocate"`
	Conflict    bool           `db:"conflict"`
	Previous    uuid.NullUUID  `db:"previous"`
	SignedAt    *time.Time     `db:"signed_at"`
}

const selectConfirmation = `
SELECT document, participant, ends, role, represents, basis, since, reasons, signed_at, capacity, scope, until, advocate, conflict, previous
  FROM confirmation
 WHERE participant = $1
 ORDER BY signed_at DESC NULLS FIRST
 LIMIT 1`

const selectUnsignedConfirmation = `
SELECT document, participant, ends, role, represents, basis, since, signed_at, capacity, scope, until, advocate, conflict, previous
  FROM confirmation
 WHERE participant = $1 AND signed_at IS NULL
   FOR UPDATE`

func unsigned(ctx context.Context, tx *vault.DB, casefile, id uuid.UUID) (Confirmation, error) {
	var row confirmationRow
	if err := tx.Get(ctx, &row, selectUnsignedConfirmation, id); err != nil {
		return Confirmation{}, err
	}
	return row.confirmation(ctx, tx, casefile)
}

func (row confirmationRow) confirmation(ctx context.Context, db *vault.DB, casefile uuid.UUID) (Confirmation, error) {
	c := Confirmation{Document: row.Document, Ends: row.Ends, SignedAt: deref(row.SignedAt)}
	if row.Ends {
		return c, nil
	}
	c.Grant = Grant{
		Role: deref(row.Role), Represents: row.Represents.UUID, Basis: deref(row.Basis), Since: deref(row.Since),
		Capacity: row.Capacity, Scope: scopes(row.Scope), Until: deref(row.Until), Conflict: row.Conflict, Previous: row.Previous.UUID, self: row.Participant,
	}
	var err error
	c.Grant.Advocate, err = openAdvocate(ctx, db, "confirmation", casefile, row.Document, row.Advocate)
	return c, err
}

const insertConfirmation = `
INSERT INTO confirmation (document, participant, ends, role, represents, basis, since, made_at, capacity, scope, until, advocate, conflict, previous)
VALUES ($1, $2, false, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

const insertEnding = `
INSERT INTO confirmation (document, participant, ends, reasons, made_at)
VALUES ($1, $2, true, $3, $4)`

func reasonsOf(casefile, paper uuid.UUID) vault.Where {
	return vault.Where{Table: "confirmation", Column: "reasons", ID: paper, Case: casefile}
}

// sealReasons keeps no reasons as none at all. They are for whom they are about as well,
// who may be nothing in the case: a copy is due to him (CPC 109).
func sealReasons(tx *vault.DB, p Participant, paper uuid.UUID, reasons string) ([]byte, error) {
	if strings.TrimSpace(reasons) == "" {
		return nil, nil
	}
	return tx.SealText(reasonsOf(p.Case, paper), reasons, p.Person)
}

func openReasons(ctx context.Context, db *vault.DB, casefile, paper uuid.UUID, sealed []byte) (string, error) {
	if sealed == nil {
		return "", nil
	}
	return db.OpenText(ctx, reasonsOf(casefile, paper), sealed)
}

const deleteConfirmation = `
DELETE FROM confirmation WHERE document = $1 AND signed_at IS NULL`

const signConfirmation = `
UPDATE confirmation SET signed_at = $2 WHERE document = $1`
