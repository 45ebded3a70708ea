package filing

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// opened keeps that somebody else than its author opens a paper of a filing. Who
// files sees it, and the officials; no other participant learns of it.
func (f Filing) opened(ctx context.Context, tx *vault.DB, ask policy.Ask, object opening.Object, document uuid.UUID) error {
	if f.Author == ask.Person && object != opening.Answer {
		return nil
	}
	return opening.Keep(ctx, tx, ask, opening.Opening{
		Case: f.Case, As: f.Standing, Object: object, ObjectID: f.ID, Document: document, Owner: f.Author,
	})
}
