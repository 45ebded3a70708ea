package filing

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/guide"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

const handOver = `
UPDATE filing SET decider = $3
 WHERE casefile = $1 AND seat = $2 AND decider <> $3 AND status IN ('filed', 'considered', 'waiting')
RETURNING id`

// A draft is filed before its case is given away or after it, never meanwhile: who had the
// case would be found, and what waits for him have been handed over already.
const holdCaseOfDraft = `
SELECT c.id FROM casefile c
 WHERE c.id = (SELECT casefile FROM filing WHERE id = $2 AND author = $1)
   FOR SHARE`

// HandOver has everything that waits in a case at a seat wait for the one who sits there
// from now on, whoever it was filed to, in the transaction that gives him the case. Terms
// run on. A draft finds its addressee when it is filed; an answer that the one before began
// stays his own, and the next one writes another. Each goes by an act of its own: that the
// case was given tells everybody in it, and the number of a filing is not everybody's.
func HandOver(ctx context.Context, tx *vault.DB, ask policy.Ask, casefileID uuid.UUID, seat guide.Seat, to uuid.UUID, by law.Ref) error {
	var moved []uuid.UUID
	if err := tx.Select(ctx, &moved, handOver, casefileID, seat, to); err != nil {
		return err
	}
	for _, id := range moved {
		err := ledger.Record(ctx, tx.DB, ledger.Entry{
			At: ask.At, Who: ask.Person, Act: string(policy.FilingHandOver), Object: "filing", ID: id, Casefile: casefileID, By: by.String(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
