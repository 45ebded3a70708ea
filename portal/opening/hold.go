package opening

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

const (
	caseOfDecision = `SELECT casefile FROM decision WHERE id = $1`
	caseOfFiling   = `SELECT casefile FROM filing WHERE id = $1`
	caseOfMaterial = `SELECT casefile FROM material WHERE id = $1`

	caseOfRedaction = `
SELECT d.casefile FROM redaction r JOIN decision d ON d.id = r.decision WHERE r.document = $1`

	holdExposures = `
SELECT document FROM exposure WHERE decision = $1 AND signed_at IS NOT NULL AND ended_at IS NULL FOR SHARE`

	holdStatuses = `
SELECT id FROM participant WHERE casefile = $1 AND person = $2 AND status = 'confirmed' FOR SHARE`

	holdClients = `
SELECT r.id FROM participant r
 WHERE r.casefile = $1 AND r.status = 'confirmed'
   AND EXISTS (SELECT FROM participant p WHERE p.represents = r.id AND p.person = $2 AND p.status = 'confirmed')
   FOR SHARE`

	holdFile = `
SELECT f.id FROM familiarisation f JOIN participant p ON p.id = f.participant
 WHERE f.casefile = $1 AND p.person = $2 AND f.status = 'open'
   FOR SHARE OF f`

	holdCase = `SELECT id FROM casefile WHERE id = $1 FOR SHARE`
	holdPost = `SELECT person FROM officer WHERE person = $1 FOR SHARE`

	holdSubstitutions = `
SELECT id FROM substitution WHERE deputy = $1 AND signed_at IS NOT NULL AND ended_at IS NULL FOR SHARE`

	holdFiling = `SELECT id FROM filing WHERE id = $1 FOR SHARE` // whose desk it lies on
)

// Hold begins the transaction of a view: what the asker's right to the thing rests
// on does not end before the view does. Whoever looks asks for the right after it,
// so of the end of a status and a look one is first, and no look comes after the end
// (security/THREATS T32). A thing that is not there is left to the one who looks.
func Hold(ctx context.Context, tx *vault.DB, ask policy.Ask, object Object, id uuid.UUID) error {
	var in uuid.UUID
	var err error
	switch object {
	case Decision:
		if err = tx.Get(ctx, &in, caseOfDecision, id); err == nil {
			err = tx.Lock(ctx, holdExposures, id)
		}
	case Redaction:
		err = tx.Get(ctx, &in, caseOfRedaction, id)
	case Filing, Answer, Withdrawal, Attachment:
		if err = tx.Get(ctx, &in, caseOfFiling, id); err == nil && ask.Is&policy.Official != 0 {
			err = tx.Lock(ctx, holdFiling, id)
		}
	case Material:
		err = tx.Get(ctx, &in, caseOfMaterial, id)
	}
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if in == uuid.Nil { // a complaint about a report: of no case, and its official's by his post
		if ask.Is&policy.Official == 0 {
			return nil
		}
		return holdDuty(ctx, tx, ask)
	}
	return HoldCase(ctx, tx, ask, in)
}

// HoldCase is Hold for a view whose case is known.
func HoldCase(ctx context.Context, tx *vault.DB, ask policy.Ask, casefile uuid.UUID) error {
	errs := []error{
		tx.Lock(ctx, holdStatuses, casefile, ask.Person),
		tx.Lock(ctx, holdClients, casefile, ask.Person),
		tx.Lock(ctx, holdFile, casefile, ask.Person),
	}
	if ask.Is&policy.Official != 0 {
		errs = append(errs, tx.Lock(ctx, holdCase, casefile), holdDuty(ctx, tx, ask))
	}
	return errors.Join(errs...)
}

// holdDuty holds what an official is: his post, and whom he stands in for.
func holdDuty(ctx context.Context, tx *vault.DB, ask policy.Ask) error {
	return errors.Join(tx.Lock(ctx, holdPost, ask.Person), tx.Lock(ctx, holdSubstitutions, ask.Person))
}
