package casefile

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// Marks is what marks all that the page of a case shows to somebody, in 32 bytes: while it
// is the same, so is the page but for what the clock alone changes and is no term and no day. It may be asked only about a page that he
// was shown.
func Marks(ctx context.Context, db *vault.DB, of, who uuid.UUID, at time.Time) (marks []byte, err error) {
	return marks, db.Glance(ctx, &marks, selectMarks, of, who, at)
}

const selectMarks = `SELECT fence.marks_of_case($1, $2, $3)`
