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

const selectStill = `
SELECT id, kind, digest FROM document WHERE author = $1 AND digest = $2 AND signed_at IS NULL`

// Still is Unsigned without the content: that a phone may sign it still.
func Still(ctx context.Context, db *vault.DB, author uuid.UUID, digest []byte) (Document, error) {
	var row documentRow
	err := db.Get(ctx, &row, selectStill, author, digest)
	return Document{ID: row.ID, Kind: row.Kind, Digest: row.Digest}, err
}
