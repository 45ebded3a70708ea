package filing

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/policy"
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
func Affect(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, of casefile.Named, id uuid.UUID, n NewFiling) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	if !slices.Contains(AffectedKinds, n.Kind) {
		return fault.New(fault.Invalid, "form.choose").At("kind")
	}
	if err := n.bounded(); err != nil {
		return err
	}
	casefileID, number := of.Case()
	ctx = database.NamingCase(ctx, number)
	n.Participant, n.About, n.Against, n.Complained, n.Ground, n.affected = uuid.Nil, uuid.Nil, uuid.Nil, uuid.Nil, "other", true
	return db.Within(ctx, func(tx *vault.DB) error {
		c, err := investigatorOf(ctx, tx, casefileID)
		if err != nil {
			return err
		}
		c.Number = number
		to, err := n.addressee(ctx, tx, c, casefile.Decision{}, Filing{})
		if err != nil {
			return err
		}
		old, err := lockDraft(ctx, tx, ask, casefileID, id)
		if err != nil {
			return err
		}
		doc, err := n.affectedPaper(ctx, tx, press, ask, c, to)
		if err != nil {
			return err
		}
		if err := n.keep(ctx, tx, ask, c, to, id, doc.ID); err != nil {
			return err
		}
		if old != uuid.Nil {
			if err := document.Drop(ctx, tx, old); err != nil {
				return err
			}
		}
		return record(ctx, tx.DB, ask, n.Kind, id, c.ID, doc.Digest)
	})
}

// affectedPaper prints it: its author stands there as one whose interests are affected.
func (n NewFiling) affectedPaper(ctx context.Context, tx *vault.DB, press document.Press, ask policy.Ask, c casefile.Case, to addressee) (document.Document, error) {
	rule, _ := policy.FilingOf(n.Kind)
	doc, err := document.New(ask, c.ID, document.Kind(rule.Family), n.Language)
	if err != nil {
		return doc, err
	}
	author, err := authorOf(ctx, tx, ask)
	if err != nil {
		return doc, err
	}
	sheet := n.sheet(press, doc, c, to, casefile.Capacity{Role: policy.Applicant}, casefile.Decision{}, Filing{}, author)
	sheet.From[len(sheet.From)-1] = press.Words.In(n.Language).T("paper.affected")
	if doc.Content, err = press.Paper(sheet, doc, c.Number); err != nil {
		return doc, err
	}
	return doc, document.Add(ctx, tx, &doc)
}
