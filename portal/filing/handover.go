package filing

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

const handOver = `
UPDATE filing SET decider = $3
 WHERE casefile = $1 AND decider = $2 AND status IN ('filed', 'considered', 'waiting')
RETURNING id`

// HandOver has everything that waits in a case for one official's answer wait for
// another's, in the transaction that gives him the case. Terms run on. A draft finds
// its addressee when it is filed; an answer that the first began stays his own, and
// the second writes another.
func HandOver(ctx context.Context, tx *vault.DB, ask policy.Ask, casefileID, from, to uuid.UUID, by law.Ref) error {
	var moved []uuid.UUID
	if err := tx.Select(ctx, &moved, handOver, casefileID, from, to); err != nil {
		return err
	}
	for _, id := range moved {
		err := ledger.Record(ctx, tx.DB, ledger.Entry{
			At: ask.At, Who: ask.Person, Act: string(ask.Act), Object: "filing", ID: id, Casefile: casefileID, By: by.String(),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
