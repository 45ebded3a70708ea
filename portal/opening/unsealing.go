package opening

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Unsealing is a case that the custodians of the keys opened for one official for a day,
// whatever his standing. Whoever is of the case sees it, with the written ground.
type Unsealing struct {
	ID     uuid.UUID // as the keeper names it
	Case   uuid.UUID
	Person uuid.UUID // for whom
	Name   string    // of the official, where he is in the directory
	From   time.Time
	Until  time.Time
	Ground string
}

func groundAt(casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "unsealing", Column: "ground", ID: id, Case: casefile}
}

const countUnsealing = `
SELECT (SELECT count(*) FROM unsealing WHERE id = $1) = 0 AND EXISTS (SELECT FROM casefile WHERE id = $2)`

const insertUnsealing = `
INSERT INTO unsealing (id, casefile, person, ground, since, until, told_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)`

// Tell keeps what the keeper says that custodians opened; each once. It is the portal's
// own act. A case that is not there is nobody's to be told of.
func Tell(ctx context.Context, db *vault.DB, all []Unsealing, at time.Time) error {
	for _, u := range all {
		var fresh bool
		if err := db.Get(ctx, &fresh, countUnsealing, u.ID, u.Case); err != nil {
			return err
		}
		if !fresh {
			continue
		}
		sealed, err := db.SealText(groundAt(u.Case, u.ID), u.Ground)
		if err != nil {
			return err
		}
		err = db.Within(ctx, func(tx *vault.DB) error {
			if err := tx.Exec(ctx, insertUnsealing, u.ID, u.Case, u.Person, sealed, u.From, u.Until, at); err != nil {
				return err
			}
			return ledger.Step(ctx, tx.DB, policy.Ask{Act: policy.CaseUnseal, At: at}, "case", u.Case, u.Case, nil)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const selectUnsealings = `
SELECT x.id, x.person, u.name, x.ground, x.since, x.until
  FROM unsealing x
  LEFT JOIN officer u ON u.person = x.person
 WHERE x.casefile = $1
 ORDER BY x.since DESC, x.id DESC`

// Unsealings are those of a case, newest first, for whoever may see who opened it.
func Unsealings(ctx context.Context, db *vault.DB, ask policy.Ask, casefile uuid.UUID) ([]Unsealing, error) {
	if _, err := standing(ctx, db, ask, casefile); err != nil {
		return nil, err
	}
	var rows []struct {
		ID     uuid.UUID `db:"id"`
		Person uuid.UUID `db:"person"`
		Name   *string   `db:"name"`
		Ground []byte    `db:"ground"`
		Since  time.Time `db:"since"`
		Until  time.Time `db:"until"`
	}
	if err := db.Select(ctx, &rows, selectUnsealings, casefile); err != nil {
		return nil, err
	}
	objects := make([]vault.Sealed, len(rows))
	for i, r := range rows {
		objects[i] = vault.Sealed{Where: groundAt(casefile, r.ID), Bytes: r.Ground}
	}
	grounds, err := db.OpenAll(ctx, objects)
	if err != nil {
		return nil, err
	}
	out := make([]Unsealing, len(rows))
	for i, r := range rows {
		out[i] = Unsealing{ID: r.ID, Case: casefile, Person: r.Person, From: r.Since, Until: r.Until, Ground: string(grounds[i])}
		if r.Name != nil {
			out[i].Name = *r.Name
		}
	}
	return out, nil
}
