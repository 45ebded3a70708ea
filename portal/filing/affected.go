package filing

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

// A complaint of one who has no status in the case: whoever an act affects may
// complain of it, a participant or not (CPC 100(1)). He names the case by its number
// and sees nothing of it.

// AffectedKinds are what he may bring.
var AffectedKinds = func() (out []policy.FilingKind) {
	for _, rule := range policy.Filings {
		if _, may := policy.MayFile(policy.Applicant, "", rule.Kind); may && rule.Family == policy.Complaint {
			out = append(out, rule.Kind)
		}
	}
	return out
}()

// Affect keeps the draft of such a complaint and prints it, to be checked and signed
// like any other. Of what it contests it says no more than its author knows: the
// official, if he is one of this case, and no decision.
func Affect(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, of casefile.Named, filing uuid.UUID, n NewFiling) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	if !slices.Contains(AffectedKinds, n.Kind) {
		return fault.New(fault.Invalid, "form.choose").At("kind")
	}
	if err := n.bounded(); err != nil {
		return err
	}
	id, number := of.Case()
	ctx = database.NamingCase(ctx, register.Tag(db, number))
	return db.Within(ctx, func(tx *vault.DB) error { return n.affect(ctx, tx, press, ask, id, number, filing) })
}

// affect keeps it, whatever else was said of it.
func (n NewFiling) affect(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask, casefileID uuid.UUID, number string, id uuid.UUID) error {
	n.Participant, n.About, n.Against, n.Complained, n.Ground, n.affected = uuid.Nil, uuid.Nil, uuid.Nil, uuid.Nil, "other", true
	c, err := investigatorOf(ctx, tx, casefileID)
	if err != nil {
		return err
	}
	c.Number = number
	to, err := n.addressee(ctx, tx, c, casefile.Decision{}, Filing{})
	if err != nil {
		return err
	}
	return n.draft(ctx, tx, press, ask, c, to, id, func(d document.Document, author identity.Person) document.Sheet {
		return n.sheet(press, d, c, to, casefile.Capacity{Role: policy.Applicant}, casefile.Decision{}, Filing{}, author)
	})
}
