package casefile

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// Marks is what marks all that the page of a case shows to somebody, in 32 bytes: while it
// is the same, so is the page, but for the clock. It may be asked only about a page that he
// was shown.
func Marks(ctx context.Context, db *vault.DB, of, who uuid.UUID) (marks []byte, err error) {
	return marks, db.Glance(ctx, &marks, selectMarks, of, who)
}

const selectMarks = `SELECT fence.marks_of_case($1, $2)`
