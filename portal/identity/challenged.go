package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// Challenged is a challenge of a session that can still be signed, for a phone
// that fetches it. The errors are those of SignIn.
func Challenged(ctx context.Context, db *vault.DB, session []byte, challenge uuid.UUID, at time.Time) (Challenge, error) {
	var row challengeRow
	err := db.Get(ctx, &row, selectChallenge, challenge, session)
	if err := row.usable(err, at); err != nil {
		return Challenge{}, err
	}
	return Challenge{ID: challenge, Content: row.Content, Ends: row.MadeAt.Add(ChallengeLife)}, nil
}
