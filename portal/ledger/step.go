package ledger

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/policy"
)

// Step records what an asker did: the act and its article come from the ask, so
// that a domain names only the thing. digest is the SHA-256 of what was signed
// or shown, or nil.
func Step(ctx context.Context, tx *database.DB, ask policy.Ask, object string, id, casefile uuid.UUID, digest []byte) error {
	rule, _ := policy.RuleOf(ask.Act)
	return Record(ctx, tx, Entry{
		At: ask.At, Who: ask.Person, Act: string(ask.Act), Object: object, ID: id,
		Casefile: casefile, By: rule.By.String(), Digest: digest,
	})
}
