package document

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/vault"
)

// Unsigned is the draft of an author with this digest, to be signed on his phone.
// What he has changed or signed since is not there.
func Unsigned(ctx context.Context, db *vault.DB, author uuid.UUID, digest []byte) (Document, error) {
	var row documentRow
	if err := db.Get(ctx, &row, selectUnsigned, author, digest); err != nil {
		return Document{}, err
	}
	return row.open(ctx, db)
}
