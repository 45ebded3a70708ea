package register

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Said is a fact that the register states under its own signature: who is in which post,
// or who conducts a case. The keeper believes nothing else about that (portal/warrant).
type Said struct {
	warrant.Fact
	Text []byte // of the fact, as it was signed
	CMS  []byte // the signature of the register; whoever makes a Said has verified it
}

const insertWarrant = `
INSERT INTO warrant (id, casefile, kind, content, cms, made_at, kept_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO NOTHING`

// Keep writes down what the register said. The act (CPC 179) answers for all that was
// entered with it in this transaction; digest is the SHA-256 of the message, if it came
// in one. False: it is there already, and nothing was done.
func Keep(ctx context.Context, tx *vault.DB, said Said, at time.Time, digest []byte) (bool, error) {
	n, err := tx.Change(ctx, insertWarrant, said.ID, uuid.NullUUID{UUID: said.Case, Valid: said.Case != uuid.Nil}, said.Kind, said.Text, said.CMS, said.Made, at)
	if err != nil || n == 0 {
		return false, err
	}
	return true, Took(ctx, tx, "warrant", said.ID, said.Case, at, digest)
}

// Took records what was taken from the register: the thing, the case it belongs to, and
// the SHA-256 of the message that brought it, nil where there was none.
func Took(ctx context.Context, tx *vault.DB, object string, id, casefile uuid.UUID, at time.Time, digest []byte) error {
	return ledger.Step(ctx, tx.DB, policy.Ask{Act: policy.RegisterTake, At: at}, object, id, casefile, digest)
}
