package filing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// Marks is what marks all that the page of a filing shows to somebody, as casefile.Marks
// does for a case.
func Marks(ctx context.Context, db *vault.DB, of, who uuid.UUID, at time.Time) (marks []byte, err error) {
	return marks, db.Glance(ctx, &marks, selectMarks, of, who, at)
}

const selectMarks = `SELECT fence.marks_of_filing($1, $2, $3)`
