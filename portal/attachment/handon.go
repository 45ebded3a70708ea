package attachment

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/vault"
)

const insertHanded = `
INSERT INTO attachment (id, report, body, author, place, name, kind, size, received, digest, state, copy_kind, copy_size, copy_digest, disarmed, made_at, scanned_at)
SELECT $2, $3, $4, author, place, $5, kind, size, received, digest, state, copy_kind, copy_size, copy_digest, disarmed, made_at, scanned_at
  FROM attachment WHERE id = $1`

const insertHandedPiece = `
INSERT INTO attachment_chunk (id, attachment, part, n, content, outside, rest)
VALUES ($1, $2, $3, $4, $5, $6, $7)`

// Unscanned tells that the scanner has not seen a file of a thing yet: till then it is
// opened to nobody else, and so handed on to nobody.
func Unscanned(ctx context.Context, tx *vault.DB, thing uuid.UUID) (bool, error) {
	all, err := Of(ctx, tx, thing)
	for _, a := range all {
		if a.State == Waiting {
			return true, err
		}
	}
	return false, err
}

// HandOn puts the files of a report that was transferred beside the one registered anew,
// sealed for its body: whoever hands it on opens each piece by his own right, and the
// original stays where it came. One with a file that is not scanned is fault.Conflict.
func HandOn(ctx context.Context, tx *vault.DB, from uuid.UUID, to Beside) error {
	all, err := Of(ctx, tx, from)
	if err != nil {
		return err
	}
	for _, a := range all {
		switch {
		case a.State == Waiting:
			return fault.New(fault.Conflict, "fault.book-files")
		case !a.Taken():
			continue
		}
		if err := a.handOn(ctx, tx, to); err != nil {
			return err
		}
	}
	return nil
}

func (a Attachment) handOn(ctx context.Context, tx *vault.DB, to Beside) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	b := a
	b.ID, b.Beside = id, to
	name, err := tx.SealText(b.nameAt(), a.Name, a.Author)
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, insertHanded, a.ID, id, to.Report, to.Body, name); err != nil {
		return err
	}
	sizes := map[Part]int64{Original: a.Size}
	if a.Copy != nil {
		sizes[Shown] = a.Copy.Size
	}
	for part, size := range sizes {
		for n := int64(0); n*Piece < size; n++ {
			content, err := a.piece(ctx, tx, part, n)
			if err != nil {
				return err
			}
			at := pieceID(id, part, n)
			sealed, err := tx.Seal(b.pieceAt(at), content, a.Author)
			if err != nil {
				return err
			}
			o, err := tx.Put(ctx, sealed)
			if err != nil {
				return err
			}
			if err := tx.Exec(ctx, insertHandedPiece, at, id, part, n, o.Near, o.Outside, o.Rest); err != nil {
				return err
			}
		}
	}
	return nil
}
