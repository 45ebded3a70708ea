package casefile

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Power is what one who acts for another may do, until when, and the paper by which
// it was taken back, if it was.
type Power struct {
	Participant
	CaseNumber string
	Revocation uuid.UUID // document; zero while nobody began to
	RevokedAt  time.Time // when it was signed
	Standing   policy.Standing

	ofClient LegalCapacity
}

// Revocable says that the one whom he acts for may take the power back. A minor, or
// one who is not able, does not part with who stands in for him (CPC 75, 76(2)).
func (p Power) Revocable() bool { return p.Status == Confirmed && p.ofClient == FullCapacity }

type powerRow struct {
	participantRow
	CaseNumber     []byte        `db:"case_number"`
	ClientCapacity LegalCapacity `db:"client_capacity"`
	Revocation     uuid.NullUUID `db:"revocation"`
	RevokedAt      *time.Time    `db:"revoked_at"`
}

// The one he acts for is the author of the power while his own status holds.
const selectPower = selectAnyParticipant + `,
       c.number AS case_number, coalesce(r.capacity, 'full') AS client_capacity, v.document AS revocation, v.signed_at AS revoked_at,
       array_remove(ARRAY[
           CASE WHEN r.person = $1 AND r.status = 'confirmed' THEN 'author' END,
           CASE WHEN p.person = $1 AND p.status = 'confirmed' THEN 'counsel' END], NULL)
       || ARRAY(SELECT d.standing FROM duty d WHERE d.casefile = p.casefile AND d.person = $1) AS standing` + fromParticipant + `
  JOIN casefile c ON c.id = p.casefile
  LEFT JOIN LATERAL (SELECT document, signed_at FROM revocation WHERE participant = p.id ORDER BY signed_at DESC NULLS FIRST LIMIT 1) v ON true
 WHERE p.id = $2 AND p.represents IS NOT NULL AND p.status IN ('confirmed', 'ended')`

const lockPower = selectPower + `
   FOR UPDATE OF p`

// ReadPower is one power, for the one it was given by, the one it was given to, and
// the officials of the case. Whose it is not, does not find it.
func ReadPower(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Power, error) {
	var row powerRow
	if err := db.Get(ctx, &row, selectPower, ask.Person, id); err != nil {
		return Power{}, err
	}
	return row.forAsker(ctx, db, ask)
}

func (row powerRow) forAsker(ctx context.Context, db *vault.DB, ask policy.Ask) (Power, error) {
	to := ask.Standing(row.Standing)
	if to&policy.OnDuty == 0 {
		if err := row.beside(ctx, db, ask, to); err != nil {
			return Power{}, err
		}
	}
	if to == 0 {
		return Power{}, fault.New(fault.NotFound, "fault.not-found")
	}
	if err := ask.Check(to); err != nil {
		return Power{}, err
	}
	p := Power{Revocation: row.Revocation.UUID, RevokedAt: deref(row.RevokedAt), Standing: to, ofClient: row.ClientCapacity}
	var errs [2]error
	p.CaseNumber, errs[0] = register.Open(ctx, db, row.Case, row.CaseNumber)
	p.Participant, errs[1] = row.open(ctx, db)
	return p, errors.Join(errs[:]...)
}

// beside holds a power against the wall between those for whom somebody acts in one
// case: his own are his only while he acts for himself.
func (row powerRow) beside(ctx context.Context, db *vault.DB, ask policy.Ask, to policy.Standing) error {
	whom := row.RepresentedID.UUID
	if to&policy.Author != 0 {
		whom = ask.Person
	}
	c, err := find(ctx, db, ask.To(policy.CaseRead), row.Case)
	switch {
	case err != nil:
		return err
	case c.undecided:
		return &Choose{Case: c.ID}
	case c.Capacities[0].Whom != whom:
		return fault.New(fault.NotFound, "fault.not-found")
	}
	return nil
}

const selectPowersOf = selectAnyParticipant + fromParticipant + `
 WHERE p.casefile = $1 AND r.person = $2 AND r.status = 'confirmed' AND p.status = 'confirmed' AND (p.until IS NULL OR p.until >= CAST($3 AS date))
 ORDER BY p.since, p.id`

// Powers are those who act for the reader of a case, while he acts for himself.
func Powers(ctx context.Context, db *vault.DB, ask policy.Ask, c Case) ([]Participant, error) {
	if len(c.Capacities) == 0 || c.Capacities[0].Whom != ask.Person {
		return nil, nil
	}
	var rows []participantRow
	if err := db.Select(ctx, &rows, selectPowersOf, c.ID, ask.Person, day(ask.At)); err != nil {
		return nil, err
	}
	return openAll(ctx, db, rows)
}

// lockOwnPower holds a power for the one who gave it, on its way out.
func lockOwnPower(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Power, Status, error) {
	var row powerRow
	if err := tx.Get(ctx, &row, lockPower, ask.Person, id); err != nil {
		return Power{}, "", err
	}
	p, err := row.forAsker(ctx, tx, ask)
	if err != nil {
		return p, "", err
	}
	next, err := p.Status.after(policy.PowerRevoke)
	if err == nil && !p.Revocable() {
		err = fault.New(fault.Forbidden, "fault.revoke-minor").Under(law.CPC(75))
	}
	return p, next, err
}

// DraftRevocation prints the paper by which somebody takes back the power of one who
// acts for him, for him to sign. Nobody else's consent is needed.
func DraftRevocation(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, language string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		p, _, err := lockOwnPower(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		c, err := Read(ctx, tx, ask.To(policy.CaseRead), p.Case)
		if err != nil {
			return err
		}
		person, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, p.Case, document.Revocation, language)
		if err != nil {
			return err
		}
		if doc.Content, err = press.Paper(p.revocationSheet(press, doc, c, person), doc, c.Number); err != nil {
			return err
		}
		if err := tx.Exec(ctx, deleteRevocation, id); err != nil {
			return err
		}
		if p.Revocation != uuid.Nil && p.RevokedAt.IsZero() {
			if err := document.Drop(ctx, tx, p.Revocation); err != nil {
				return err
			}
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertRevocation, doc.ID, id, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "participant", id, p.Case, doc.Digest)
	})
}

// RevocationOf is the paper by which a power is taken back: the draft for its author
// alone, the signed one for all who may see the power.
func RevocationOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Power, document.Document, error) {
	p, err := ReadPower(ctx, db, ask, id)
	if err != nil {
		return p, document.Document{}, err
	}
	if p.Revocation == uuid.Nil || p.RevokedAt.IsZero() && p.Standing&policy.Author == 0 {
		return p, document.Document{}, fault.New(fault.NotFound, "fault.not-found")
	}
	doc, err := document.Fetch(ctx, db, p.Revocation)
	return p, doc, err
}

// Revoke takes a power back by the signature of the one who gave it: from the same
// moment nothing of the case opens by it, nor of those that are joined with it, and
// nothing is filed.
func Revoke(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		p, next, err := lockOwnPower(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if p.Revocation == uuid.Nil || !p.RevokedAt.IsZero() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		doc, err := document.Sign(ctx, tx, ask, p.Revocation, signature)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, endParticipant, id, next, ask.At); err != nil {
			return err
		}
		if err := tx.Exec(ctx, signRevocation, doc.ID, ask.At); err != nil {
			return err
		}
		if err := ledger.Step(ctx, tx.DB, ask, "participant", id, p.Case, doc.Digest); err != nil {
			return err
		}
		return endResting(ctx, tx, ask, id, "")
	})
}

// revocationSheet is the paper as it will be signed.
func (p Power) revocationSheet(press document.Press, d document.Document, c Case, author identity.Person) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, "revocation")
	s.To = []string{c.Body.In(d.Language), w.T("paper.seat.investigator", "name", c.Investigator.Name)}
	s.From = []string{author.Name, w.T("role." + string(p.RepresentedRole))}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: c.Number},
		{Label: w.T("paper.person"), Value: p.Name},
		{Label: w.T("paper.role"), Value: w.T("role." + string(p.Role))},
		{Label: w.T("paper.since"), Value: w.Day(p.Since)},
	}
	s.Sections = []document.Section{{Text: w.T("paper.revocation.text")}}
	s.States = p.states(warrant.Revocation)
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + author.Name}
	return s
}

const deleteRevocation = `
DELETE FROM revocation WHERE participant = $1 AND signed_at IS NULL`

const insertRevocation = `
INSERT INTO revocation (document, participant, made_at)
VALUES ($1, $2, $3)`

const signRevocation = `
UPDATE revocation SET signed_at = $2 WHERE document = $1`

// The day that is past is written down, too; what the power opened was closed at its
// end already.
const endLapsed = `
UPDATE participant SET status = $2, ended_at = $3
 WHERE status = 'confirmed' AND until < CAST($1 AS date)
RETURNING id, casefile`

// EndLapsed ends the powers whose last day has passed: the portal's own act, for the
// timetable.
func EndLapsed(ctx context.Context, db *database.DB, at time.Time) error {
	ended, err := Confirmed.after(policy.PowerLapse)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *database.DB) error {
		var rows []struct {
			ID   uuid.UUID `db:"id"`
			Case uuid.UUID `db:"casefile"`
		}
		if err := tx.Select(ctx, &rows, endLapsed, day(at), ended, at); err != nil {
			return err
		}
		var errs error
		for _, row := range rows {
			errs = errors.Join(errs, ledger.Step(ctx, tx, policy.Ask{Act: policy.PowerLapse, At: at}, "participant", row.ID, row.Case, nil))
		}
		return errs
	})
}
