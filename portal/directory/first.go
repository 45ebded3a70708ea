package directory

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/eds"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Fewest is how many administrators there must be, for each entry takes two people.
const Fewest = 2

// ErrEnough says that there are administrators enough to sign an entry.
var ErrEnough = errors.New("the directory has two administrators: an entry is made on the portal, and two people sign it")

// oneAtATime keeps two that come at once from making three. The number is
// arbitrary; only First uses it.
const oneAtATime = `SELECT pg_advisory_xact_lock(7310078)`

const selectAdministration = `
SELECT id FROM body WHERE kind = 'administration' AND name_kk = $1 ORDER BY id LIMIT 1`

const insertAdministration = `
INSERT INTO body (id, kind, name_kk, name_ru)
VALUES ($1, 'administration', $2, $3)`

// First enters one of the first two administrators, when there is nobody yet who
// could sign it; whoever holds the database does it once, and the record says so.
// With two in post it is ErrEnough. The body is found by its name, or made.
func First(ctx context.Context, db *vault.DB, at time.Time, iin eds.IIN, name string, body identity.Body) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		if err := tx.Exec(ctx, oneAtATime); err != nil {
			return err
		}
		person, err := identity.Ensure(ctx, tx, iin, name, at)
		if err != nil {
			return err
		}
		var others int
		if err := tx.Get(ctx, &others, countOtherAdministrators, uuid.Nil); err != nil {
			return err
		}
		if others >= Fewest {
			return ErrEnough
		}
		var known []uuid.UUID
		if err := tx.Select(ctx, &known, selectAdministration, body.NameKK); err != nil {
			return err
		}
		if len(known) == 0 {
			id, err := uuid.NewV7()
			if err != nil {
				return err
			}
			if err := tx.Exec(ctx, insertAdministration, id, body.NameKK, body.NameRU); err != nil {
				return err
			}
			known = []uuid.UUID{id}
		}
		if err := tx.Exec(ctx, upsertOfficer, person, "administrator", known[0], nil, name, at); err != nil {
			return err
		}
		ask := policy.Ask{Act: policy.OfficerFirst, At: at}
		if err := lose(ctx, tx, ask, person); err != nil { // of the post he was in before, if one
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "officer", person, uuid.Nil, nil)
	})
}
