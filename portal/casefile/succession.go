package casefile

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// DraftChange prepares a status that takes the place of another of the same person:
// the witness with the right to defence becomes a suspect, the suspect an accused.
// It takes effect as every confirmation does, by Settle; until then nothing changes.
// The id is the page's, so that a double click prepares one.
func DraftChange(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, previous, id uuid.UUID, g Grant) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		before, err := lockOne(ctx, tx, ask, previous)
		if err != nil {
			return err
		}
		if before.Status != Confirmed {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		g.Previous = previous
		if g.Capacity == "" {
			g.Capacity = before.Capacity
		}
		if err := place(ctx, tx, ask, before.Case, id, before.Person, g, "role"); err != nil {
			return err
		}
		p, err := lockOne(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		return draft(ctx, tx, press, ask, p, g)
	})
}

const selectBefore = `
SELECT role FROM participant
 WHERE id = $1 AND casefile = $2 AND person = $3 AND status = 'confirmed' AND represents IS NULL
   FOR UPDATE`

// checkPrevious holds the one status against the other: of the same person in the
// same case, confirmed, and such that the Code lets it become the new one.
func (g Grant) checkPrevious(ctx context.Context, tx *vault.DB, casefile, self, person uuid.UUID) error {
	if g.Previous == uuid.Nil {
		return nil
	}
	var roles []policy.Role
	if err := tx.Select(ctx, &roles, selectBefore, g.Previous, casefile, person); err != nil {
		return err
	}
	if g.Previous == self || len(roles) == 0 || !policy.Continues(roles[0], g.Role) {
		return fault.New(fault.Invalid, "fault.role-change").At("role")
	}
	return nil
}

const setPrevious = `
UPDATE participant SET previous = $2 WHERE id = $1`

const moveRepresentatives = `
UPDATE participant SET represents = $2
 WHERE represents = $1 AND status = 'confirmed' AND role = ANY (CAST($3 AS text[]))
RETURNING id`

// succeed ends the status whose place a new one has taken. Who defended or
// represented the person goes on, if the Code lets him: no day passes on which the
// accused has no defender.
func (g Grant) succeed(ctx context.Context, tx *vault.DB, ask policy.Ask, p Participant) error {
	if g.Previous == uuid.Nil {
		return nil
	}
	if err := tx.Exec(ctx, endParticipant, g.Previous, Ended, ask.At); err != nil {
		return err
	}
	if err := tx.Exec(ctx, setPrevious, p.ID, g.Previous); err != nil {
		return err
	}
	if err := ledger.Step(ctx, tx.DB, ask.To(policy.ParticipantReplace), "participant", g.Previous, p.Case, nil); err != nil {
		return err
	}
	var roles pq.StringArray
	for _, role := range policy.Roles {
		if rule, _ := policy.RoleOf(role); slices.Contains(rule.Represents, g.Role) {
			roles = append(roles, string(role))
		}
	}
	var moved []uuid.UUID
	if err := tx.Select(ctx, &moved, moveRepresentatives, g.Previous, p.ID, roles); err != nil {
		return err
	}
	for _, id := range moved {
		if err := ledger.Step(ctx, tx.DB, ask.To(policy.ParticipantFollow), "participant", id, p.Case, nil); err != nil {
			return err
		}
	}
	return nil
}

// Change is one change of somebody's status: what he was, on what ground since when,
// and what he became.
type Change struct {
	Before      policy.Role `db:"before_role"`
	BeforeBasis string      `db:"before_basis"`
	BeforeSince time.Time   `db:"before_since"`
	BeforeCase  uuid.UUID   `db:"before_case"` // another one, where he came with a case that was joined or severed
	After       policy.Role `db:"role"`
	Basis       string      `db:"basis"`
	Since       time.Time   `db:"since"`
	At          time.Time   `db:"confirmed_at"`
}

// Other tells that he came from another case and is what he was there.
func (c Change) Other(here uuid.UUID) bool { return c.BeforeCase != here }

const selectChanges = `
SELECT b.role AS before_role, b.basis AS before_basis, b.since AS before_since, b.casefile AS before_case,
       n.role, n.basis, n.since, n.confirmed_at
  FROM participant n
  JOIN participant b ON b.id = n.previous
 WHERE n.casefile = $1 AND n.person = $2 AND n.status IN ('confirmed', 'ended')
 ORDER BY n.confirmed_at, n.id`

// History is how the reader's own status changed in a case, oldest first.
func History(ctx context.Context, db *vault.DB, ask policy.Ask, c Case) ([]Change, error) {
	if err := ask.Check(c.Standing); err != nil {
		return nil, err
	}
	var out []Change
	err := db.Select(ctx, &out, selectChanges, c.ID, ask.Person)
	return out, err
}

// HistoryOf is how a participant's status changed, for the official who decides it.
func HistoryOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) ([]Change, error) {
	p, err := ReadParticipant(ctx, db, ask, id)
	if err != nil {
		return nil, err
	}
	var out []Change
	err = db.Select(ctx, &out, selectChanges, p.Case, p.Person)
	return out, err
}

// previousOf keeps what the draft before said of the status whose place the new one
// takes: changing a draft does not make two statuses of one.
func previousOf(ctx context.Context, tx *vault.DB, casefile, id, said uuid.UUID) (uuid.UUID, error) {
	if said != uuid.Nil {
		return said, nil
	}
	c, err := unsigned(ctx, tx, casefile, id)
	if errors.Is(err, fault.NotFound) {
		return uuid.Nil, nil
	}
	return c.Grant.Previous, err
}
