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
	"strings"

	"zharia/portal/database"
	"zharia/portal/vault"
)

// Pieces never change, so a folder is copied into again and again, and only what is new
// comes. Which pieces a copy of the database needs is asked in its own moment. One that is
// older than two days goes out of the bucket as soon as its row is gone, perhaps while the
// database is being copied, so those are brought before it; and what is younger after it.

const selectPieces = `SELECT outside, min(rest) AS rest FROM attachment_chunk WHERE outside IS NOT NULL GROUP BY outside ORDER BY outside`

// Pieces tells how many pieces the rows name, and how many of them were brought.
type Pieces struct{ Named, Brought int64 }

// piece is one that a row names.
type piece struct {
	name [sha256.Size]byte
	size int
}

func (p piece) file(dir string) string {
	text := hex.EncodeToString(p.name[:])
	return filepath.Join(dir, text[:2], text)
}

// namedPieces are those of all rows: forty bytes for a quarter of a megabyte, and nothing is
// held in the database while they are fetched.
func namedPieces(ctx context.Context, tx *database.DB) (all []piece, err error) {
	err = database.Each(ctx, tx, func(o vault.Shelved) error {
		name, err := o.Name()
		if err != nil {
			return err
		}
		all = append(all, piece{name, *o.Rest})
		return nil
	}, selectPieces)
	if err != nil {
		return nil, fmt.Errorf("read which pieces the rows name: %w", err)
	}
	return all, nil
}

// PieceCopy copies what lies in the bucket into a folder, beside one copy of the database:
// Ahead, then the copy, which calls Name, then Rest.
type PieceCopy struct {
	From vault.Shelf
	Dir  string

	held    map[[sha256.Size]byte]bool // is in the folder, and was held against its name
	named   []piece                    // by the rows of the copy
	brought int64
}

// Ahead brings what the rows name now. What is gone meanwhile is not missed yet: Rest says
// what is. So a copy of the database is made whatever came of it.
func (c *PieceCopy) Ahead(ctx context.Context, db *database.DB) error {
	var all []piece
	err := db.Snapshot(ctx, func(tx *database.DB) (err error) {
		all, err = namedPieces(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := c.bring(ctx, p); err != nil && !errors.Is(err, vault.ErrGone) {
			return err
		}
	}
	return nil
}

// Name reads in the moment of the copy of the database what its rows name.
func (c *PieceCopy) Name(ctx context.Context, tx *database.DB) (err error) {
	c.named, err = namedPieces(ctx, tx)
	return err
}

// Rest brings what of that was not brought ahead. Where some are gone, or not whole in the
// folder, it brings the others all the same, and then names them.
func (c *PieceCopy) Rest(ctx context.Context) (Pieces, error) {
	n := Pieces{Named: int64(len(c.named))}
	missing := lacks{dir: c.Dir}
	for _, p := range c.named {
		if err := c.bring(ctx, p); errors.Is(err, vault.ErrGone) {
			missing.all = append(missing.all, p)
		} else if err != nil {
			return n, err
		}
	}
	n.Brought = c.brought
	return n, missing.err()
}

// bring puts a piece into the folder and holds it against its name, one that is there
// already as well: one that rotted there comes anew.
func (c *PieceCopy) bring(ctx context.Context, p piece) error {
	if c.held[p.name] {
		return nil
	}
	path := p.file(c.Dir)
	content, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && sha256.Sum256(content) != p.name:
		if err := fetch(ctx, p, c.From, path); err != nil {
			return err
		}
		c.brought++
	case err != nil:
		return err
	}
	if c.held == nil {
		c.held = map[[sha256.Size]byte]bool{}
	}
	c.held[p.name] = true
	return nil
}

func fetch(ctx context.Context, p piece, from vault.Shelf, path string) error {
	content, err := from.Fetch(ctx, p.name, p.size)
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
	return syncDir(filepath.Dir(path))
}

// PutPieces brings back what the rows of db name and the bucket has not. One that the
// folder has not either, or not whole, keeps none of the others back: it is named.
func PutPieces(ctx context.Context, db *database.DB, dir string, to vault.Shelf) (n Pieces, err error) {
	var all []piece
	err = db.Snapshot(ctx, func(tx *database.DB) (err error) {
		all, err = namedPieces(ctx, tx)
		return err
	})
	if err != nil {
		return n, err
	}
	n.Named = int64(len(all))
	missing := lacks{dir: dir}
	for _, p := range all {
		if _, err := to.Fetch(ctx, p.name, p.size); err == nil {
			continue
		} else if !errors.Is(err, vault.ErrGone) {
			return n, err
		}
		content, err := os.ReadFile(p.file(dir))
		if errors.Is(err, fs.ErrNotExist) || err == nil && sha256.Sum256(content) != p.name {
			missing.all = append(missing.all, p)
			continue
		}
		if err != nil {
			return n, err
		}
		if err := to.Keep(ctx, p.name, content); err != nil {
			return n, err
		}
		n.Brought++
	}
	return n, missing.err()
}

// lacks are pieces that rows name, and that are whole neither in the bucket nor in dir.
type lacks struct {
	dir string
	all []piece
}

// mostNamed is how many of them an error names: as many as a person reads.
const mostNamed = 20

func (l lacks) err() error {
	if len(l.all) == 0 {
		return nil
	}
	var files []string
	for _, p := range l.all[:min(len(l.all), mostNamed)] {
		files = append(files, p.file(l.dir))
	}
	if more := len(l.all) - len(files); more > 0 {
		files = append(files, fmt.Sprintf("and %d more", more))
	}
	return fmt.Errorf("%w: %d pieces of files are whole neither in the bucket nor here, and all others are: %s", ErrDamaged, len(l.all), strings.Join(files, ", "))
}
