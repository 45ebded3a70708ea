// Package register keeps the number of a case: the one of the Unified Register of
// Pre-trial Investigations, which whoever knows it may name a case by. Among the texts
// of people it would tell whose they are, so the database does not know it: it is
// sealed for its case, and found by a keyed tag (security/ADMINBLIND §2.3).
package register

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// At is the place of a case's own number.
func At(casefile uuid.UUID) vault.Where {
	return vault.Where{Table: "casefile", Column: "number", ID: casefile, Case: casefile}
}

// Tag is what a number is looked up by, its own or that of the report the case began
// with: a number is one or the other, and nobody who names it need know which.
func Tag(keys *vault.DB, number string) []byte { return keys.Tag("casefile.number", number) }

// Seal is a number as a case is kept with it.
func Seal(db *vault.DB, casefile uuid.UUID, number string) (sealed, tag []byte, err error) {
	sealed, err = db.SealText(At(casefile), number)
	return sealed, Tag(db, number), err
}

// Open is the number of a case; its errors are those of vault.Keys.Open.
func Open(ctx context.Context, db *vault.DB, casefile uuid.UUID, sealed []byte) (string, error) {
	return db.OpenText(ctx, At(casefile), sealed)
}
