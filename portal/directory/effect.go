package directory

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// What an entry does to the directory.
const selectTaken = `
SELECT a.person, a.name, a.leaves, coalesce(a.post, '') AS post, a.body, a.until, a.proposer, d.made_at AS printed
  FROM appointment a
  JOIN document d ON d.id = a.document
 WHERE a.id = $1`

const lockOfficer = `
SELECT person, post, body, until, left_at, since, made_at FROM officer WHERE person = $1
   FOR NO KEY UPDATE`

const lockAdministrator = `
SELECT person FROM officer WHERE person = $1 AND post = 'administrator' AND left_at IS NULL
   FOR SHARE`

const countOtherAdministrators = `
SELECT count(*) FROM officer WHERE post = 'administrator' AND left_at IS NULL AND person <> $1`

// Whoever has a last day is none when it has passed.
const countLastingAdministrators = `
SELECT count(*) FROM officer WHERE post = 'administrator' AND left_at IS NULL AND until IS NULL AND person <> $1`

// A row that is not there yet locks nothing: what was written since it was looked for stands,
// and whoever finds so looks once more.
const upsertOfficer = `
INSERT INTO officer (person, post, body, until, name, since, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $6)
    ON CONFLICT (person) DO UPDATE
   SET name = $5, post = $2, body = $3, until = $4, left_at = NULL, made_at = $6,
       since = CASE WHEN officer.post = $2 AND officer.body = $3 AND officer.left_at IS NULL THEN officer.since ELSE $6 END
 WHERE officer.made_at IS NOT DISTINCT FROM $7`

const leaveOfficer = `
UPDATE officer SET left_at = $2, made_at = $3 WHERE person = $1 AND left_at IS NULL`

const endSubstitutionsOf = `
UPDATE substitution SET ended_at = $2
 WHERE (officer = $1 OR deputy = $1) AND signed_at IS NOT NULL AND ended_at IS NULL
RETURNING id`

type officerRow struct {
	Person uuid.UUID  `db:"person"`
	Post   string     `db:"post"`
	Body   uuid.UUID  `db:"body"`
	Until  *time.Time `db:"until"`
	LeftAt *time.Time `db:"left_at"`
	Since  *time.Time `db:"since"`
	MadeAt *time.Time `db:"made_at"`
}

// madeAt is of which moment the row is that was found, if one was.
func madeAt(found []officerRow) *time.Time {
	if len(found) == 0 {
		return nil
	}
	return found[0].MadeAt
}

// stillAdministrator refuses where somebody is an administrator no more: what he
// proposed while he was one must not take effect later.
func stillAdministrator(ctx context.Context, tx *vault.DB, person uuid.UUID) error {
	var rows []uuid.UUID
	if err := tx.Select(ctx, &rows, lockAdministrator, person); err != nil {
		return err
	}
	if len(rows) == 0 {
		return fault.New(fault.Conflict, "fault.appointment-proposer")
	}
	return nil
}

// take carries an entry out; made is when its assent was printed. Whoever leaves a post or
// moves to another has lost his cases when this commits: the view duty asks for post and
// body. An assent older than what the register said of him meanwhile is printed anew: the
// keeper goes by when a paper was made. That somebody leaves who came into another post since
// it was printed is proposed anew: whoever proposed it signed that he was in the one before.
func take(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID, made time.Time) error {
	var e struct {
		Person   uuid.UUID     `db:"person"`
		Name     string        `db:"name"`
		Leaves   bool          `db:"leaves"`
		Post     string        `db:"post"`
		Body     uuid.NullUUID `db:"body"`
		Until    *time.Time    `db:"until"`
		Proposer uuid.UUID     `db:"proposer"`
		Printed  time.Time     `db:"printed"`
	}
	if err := tx.Get(ctx, &e, selectTaken, id); err != nil {
		return err
	}
	if err := stillAdministrator(ctx, tx, e.Proposer); err != nil {
		return err
	}
	if err := tx.Exec(ctx, oneAtATime); err != nil { // or of three two would go, each beside the other
		return err
	}
	var before []officerRow
	if err := tx.Select(ctx, &before, lockOfficer, e.Person); err != nil {
		return err
	}
	in := len(before) == 1 && before[0].LeftAt == nil
	if e.Leaves && !in || len(before) == 1 && before[0].MadeAt != nil && made.Before(*before[0].MadeAt) {
		return fault.New(fault.Conflict, "fault.not-now")
	}
	if e.Leaves && before[0].Since != nil && e.Printed.Before(*before[0].Since) {
		return fault.New(fault.Conflict, "fault.appointment-moved")
	}
	if in && before[0].Post == "administrator" && (e.Post != "administrator" || e.Until != nil) {
		var others int
		if err := tx.Get(ctx, &others, countLastingAdministrators, e.Person); err != nil {
			return err
		}
		if others < Fewest { // two must remain to sign the next entry, and the keeper takes no others for them
			return fault.New(fault.Conflict, "fault.appointment-last")
		}
	}
	if !e.Leaves {
		if n, err := tx.Change(ctx, upsertOfficer, e.Person, e.Post, e.Body, e.Until, e.Name, made, madeAt(before)); err != nil {
			return err
		} else if n == 0 { // a roll put him into a post meanwhile
			return take(ctx, tx, ask, id, made)
		}
		if in && before[0].Post == e.Post && before[0].Body == e.Body.UUID { // his term alone is another
			return nil
		}
	} else if err := tx.Exec(ctx, leaveOfficer, e.Person, ask.At, made); err != nil {
		return err
	}
	return lose(ctx, tx, ask, e.Person)
}

// lose takes from somebody what he had by the post that he is in no more: his
// sessions and his substitutions. His cases went with the post.
func lose(ctx context.Context, tx *vault.DB, ask policy.Ask, person uuid.UUID) error {
	if err := identity.Dismiss(ctx, tx, person, ask.At); err != nil {
		return err
	}
	var ended []uuid.UUID
	if err := tx.Select(ctx, &ended, endSubstitutionsOf, person, ask.At); err != nil {
		return err
	}
	for _, id := range ended {
		if err := ledger.Step(ctx, tx.DB, ask, "substitution", id, uuid.Nil, nil); err != nil {
			return err
		}
	}
	return nil
}

const expireSubstitutions = `
UPDATE substitution SET ended_at = $2
 WHERE until < CAST($1 AS date) AND signed_at IS NOT NULL AND ended_at IS NULL
RETURNING id`

const expireOfficers = `
UPDATE officer SET left_at = $2
 WHERE until < CAST($1 AS date) AND left_at IS NULL
RETURNING person`

// Expire ends the substitutions whose last day has passed, and the terms of
// officials: the portal's own act, for the timetable.
func Expire(ctx context.Context, db *vault.DB, at time.Time) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		day := today(at).Format(time.DateOnly)
		var ended, left []uuid.UUID
		if err := tx.Select(ctx, &ended, expireSubstitutions, day, at); err != nil {
			return err
		}
		for _, id := range ended {
			if err := ledger.Step(ctx, tx.DB, policy.Ask{Act: policy.SubstitutionExpire, At: at}, "substitution", id, uuid.Nil, nil); err != nil {
				return err
			}
		}
		if err := tx.Select(ctx, &left, expireOfficers, day, at); err != nil {
			return err
		}
		for _, person := range left {
			ask := policy.Ask{Act: policy.OfficerExpire, At: at}
			if err := ledger.Step(ctx, tx.DB, ask, "officer", person, uuid.Nil, nil); err != nil {
				return err
			}
			if err := lose(ctx, tx, ask, person); err != nil {
				return err
			}
		}
		return nil
	})
}
