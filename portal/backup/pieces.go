package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zharia/portal/database"
	"zharia/portal/vault"
)

// What lies in the bucket is copied after the database: a row names nothing that was not
// there before it, and what was dropped stays in the bucket for two days. Pieces never
// change, so a folder is copied into again and again, and only what is new comes.

const selectPieces = `SELECT outside, min(rest) AS rest FROM attachment_chunk WHERE outside IS NOT NULL GROUP BY outside ORDER BY outside`

// Pieces tells how many pieces the rows name, and how many of them were brought.
type Pieces struct{ Named, Brought int64 }

func pieceFile(dir string, name [sha256.Size]byte) string {
	text := hex.EncodeToString(name[:])
	return filepath.Join(dir, text[:2], text)
}

// CopyPieces copies what the rows of db name from the bucket into a folder. Each is held
// against its name, those that are there already as well.
func CopyPieces(ctx context.Context, db *database.DB, from vault.Shelf, dir string) (n Pieces, err error) {
	err = eachPiece(ctx, db, func(name [sha256.Size]byte, size int) error {
		n.Named++
		path := pieceFile(dir, name)
		if content, err := os.ReadFile(path); err == nil && sha256.Sum256(content) == name {
			return nil
		} else if err == nil {
			return fmt.Errorf("%w: %s", ErrDamaged, path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		content, err := from.Fetch(ctx, name, size)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		part := path + ".part"
		if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) { // of one that was broken off
			return err
		}
		if err := write(part, content); err != nil {
			return err
		}
		if err := os.Rename(part, path); err != nil {
			return err
		}
		n.Brought++
		return syncDir(filepath.Dir(path))
	})
	return n, err
}

// PutPieces brings back what the rows of db name and the bucket has not.
func PutPieces(ctx context.Context, db *database.DB, dir string, to vault.Shelf) (n Pieces, err error) {
	err = eachPiece(ctx, db, func(name [sha256.Size]byte, size int) error {
		n.Named++
		if _, err := to.Fetch(ctx, name, size); !errors.Is(err, vault.ErrGone) {
			return err
		}
		path := pieceFile(dir, name)
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %s is missing", ErrDamaged, path)
		}
		if err != nil {
			return err
		}
		if sha256.Sum256(content) != name {
			return fmt.Errorf("%w: %s", ErrDamaged, path)
		}
		n.Brought++
		return to.Keep(ctx, name, content)
	})
	return n, err
}

func eachPiece(ctx context.Context, db *database.DB, do func(name [sha256.Size]byte, size int) error) error {
	return db.Snapshot(ctx, func(tx *database.DB) error {
		return database.Each(ctx, tx, func(o vault.Shelved) error {
			name, err := o.Name()
			if err != nil {
				return err
			}
			return do(name, *o.Rest)
		}, selectPieces)
	})
}
