package audit

import (
	"context"
	"errors"

	"zharia/portal/database"
	"zharia/portal/vault"
)

const (
	countOutside = `SELECT count(*) FROM public.attachment_chunk WHERE outside IS NOT NULL`

	selectOutside = `SELECT id::text AS row, content, outside, rest FROM public.attachment_chunk WHERE outside IS NOT NULL ORDER BY id`
)

// piece is a row whose end lies outside the database.
type piece struct {
	Row string `db:"row"`
	vault.Shelved
}

// pieces reads what lies outside the database. Its name, the SHA-256 of it, stands in the
// row, and the row is proved by its trace.
func (a *audit) pieces(ctx context.Context) error {
	if err := a.tx.Get(ctx, &a.outside, countOutside); err != nil || a.Pieces == nil || a.outside == 0 {
		return err
	}
	var done int64
	return database.Each(ctx, a.tx, func(p piece) error {
		a.Progress("pieces", done, a.outside)
		done++
		name, err := p.Name()
		if err == nil {
			_, err = a.Pieces.Fetch(ctx, name, *p.Rest)
		}
		if errors.Is(err, vault.ErrGone) {
			a.found(Finding{Table: "attachment_chunk", Row: p.Row, Column: "outside", What: Missing, Why: "what it names is not in the bucket as it was put there"})
			return nil
		}
		return err
	}, selectOutside)
}
