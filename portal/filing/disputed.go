package filing

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

const selectDisputed = `
SELECT d.document FROM decision d JOIN filing f ON f.about = d.id WHERE f.id = $1`

// DisputedDecision opens the one decision that a complaint contests, for the official who must
// decide it, while he must: whoever he is to the case, he checks all arguments (CPC
// 104(2)). Those whose case it is see that it was opened.
func DisputedDecision(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, document.Document, error) {
	var f Filing
	var doc document.Document
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		if err := opening.Hold(ctx, tx, ask, opening.Filing, id); err != nil {
			return err
		}
		if f, err = Read(ctx, tx, ask, id); err != nil {
			return err
		}
		if f.About == uuid.Nil || !f.Status.Open() {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		var paper uuid.UUID
		if err := tx.Get(ctx, &paper, selectDisputed, id); err != nil {
			return err
		}
		if doc, err = document.Fetch(ctx, tx, paper); err != nil {
			return err
		}
		err = opening.Keep(ctx, tx, ask, opening.Opening{
			Case: f.Case, As: policy.Decider, Object: opening.Decision, ObjectID: f.About, Document: doc.ID,
		})
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "decision", f.About, f.Case, doc.Digest)
	})
	return f, doc, err
}
