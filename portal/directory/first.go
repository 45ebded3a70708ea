package directory

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Fewest is how many administrators there must be, for each entry takes two people.
const Fewest = 2

// ErrOther says that a body is there and does not administer the portal.
var ErrOther = errors.New("the body of that id does not administer the portal")

// ErrEnough says that there are administrators enough to sign an entry.
var ErrEnough = errors.New("the directory has two administrators: an entry is made on the portal, and two people sign it")

// oneAtATime keeps two that come at once from making three, or from leaving one. The number
// is arbitrary; only First and take use it.
const oneAtATime = `SELECT pg_advisory_xact_lock(7310078)`

const selectAdministration = `
SELECT id FROM body WHERE kind = 'administration' AND CASE WHEN CAST($2 AS uuid) IS NULL THEN name_kk = $1 ELSE id = $2 END
 ORDER BY id LIMIT 1`

const insertAdministration = `
INSERT INTO body (id, kind, name_kk, name_ru)
VALUES ($1, 'administration', $2, $3)
    ON CONFLICT (id) DO NOTHING`

// First enters one of the first two administrators, when there is nobody yet who
// could sign it; whoever holds the database does it once, and the record says so.
// With two in post it is ErrEnough, but for these two: of each it says again what it said
// when he was entered, and changes nothing. The body is that of an id, or without one found by its
// name; it is made if it is not there. What comes back the register needs to name him in its
// first roll: without that the keeper knows no administrator.
func First(ctx context.Context, db *vault.DB, at time.Time, iin eds.IIN, name string, body identity.Body, id uuid.UUID) (line warrant.Officer, err error) {
	line.Post = "administrator"
	err = db.Within(ctx, func(tx *vault.DB) error {
		if err := tx.Exec(ctx, oneAtATime); err != nil {
			return err
		}
		person, err := identity.Ensure(ctx, tx, iin, name, at)
		if err != nil {
			return err
		}
		line.Person = person
		var others int
		if err := tx.Get(ctx, &others, countOtherAdministrators, uuid.Nil); err != nil {
			return err
		}
		var known []uuid.UUID
		if err := tx.Select(ctx, &known, selectAdministration, body.NameKK, nullable(id)); err != nil {
			return err
		}
		var before []officerRow
		if err := tx.Select(ctx, &before, lockOfficer, person); err != nil {
			return err
		}
		if others >= Fewest {
			if len(known) == 0 || !administers(before, known[0]) {
				return ErrEnough
			}
			line.Body = known[0]
			return nil
		}
		if len(known) == 0 {
			if id == uuid.Nil {
				if id, err = uuid.NewV7(); err != nil {
					return err
				}
			}
			if n, err := tx.Change(ctx, insertAdministration, id, body.NameKK, body.NameRU); err != nil {
				return err
			} else if n == 0 {
				return ErrOther
			}
			known = []uuid.UUID{id}
		}
		line.Body = known[0]
		if n, err := tx.Change(ctx, upsertOfficer, person, line.Post, line.Body, nil, name, at, madeAt(before)); err != nil {
			return err
		} else if n == 0 { // a roll puts him into another post at this very moment
			return fault.New(fault.Conflict, "fault.not-now")
		}
		ask := policy.Ask{Act: policy.OfficerFirst, At: at}
		if err := lose(ctx, tx, ask, person); err != nil { // of the post he was in before, if one
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "officer", person, uuid.Nil, nil)
	})
	return line, err
}

// administers says that he is an administrator of that body, with no last day.
func administers(found []officerRow, body uuid.UUID) bool {
	return len(found) == 1 && found[0].Post == "administrator" && found[0].Body == body && found[0].LeftAt == nil && found[0].Until == nil
}
