package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/attachment"
	"zharia/portal/backup"
	"zharia/portal/database"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// cupboard is a bucket in memory.
type cupboard struct {
	mu   sync.Mutex
	lies map[[sha256.Size]byte][]byte
}

func newCupboard() *cupboard { return &cupboard{lies: map[[sha256.Size]byte][]byte{}} }

func (c *cupboard) Keep(_ context.Context, name [sha256.Size]byte, content []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lies[name] = bytes.Clone(content)
	return nil
}

func (c *cupboard) Fetch(_ context.Context, name [sha256.Size]byte, _ int) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	content, ok := c.lies[name]
	if !ok {
		return nil, vault.ErrGone
	}
	return content, nil
}

func (c *cupboard) List(context.Context, time.Time, func([sha256.Size]byte) error) error { return nil }

func (c *cupboard) Drop(_ context.Context, name [sha256.Size]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.lies, name)
	return nil
}

// attach puts a file of three pieces beside a new draft, and gives the names of them.
func (h *house) attach(t *testing.T) (draft uuid.UUID, names [][]byte) {
	t.Helper()
	draft = h.Draft(h.Aigul, h.Theft, filing.NewFiling{Kind: policy.FilingPetition})
	content := bytes.Repeat([]byte("RIFF\xf8\x5f\x09\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\xd4\x5f\x09\x00"), 1)
	content = append(content, make([]byte, 600<<10-len(content))...)
	n := attachment.New{ID: uuid.Must(uuid.NewV7()), Beside: attachment.Beside{Filing: draft}, Name: "letter.wav", Size: attachment.Unknown}
	if err := filing.Attach(t.Context(), h.DB, h.Press, nil, h.Aigul.Asks(policy.AttachmentAdd), n, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if err := h.SQL.Select(&names, `SELECT outside FROM attachment_chunk c JOIN attachment a ON a.id = c.attachment WHERE a.filing = $1 AND outside IS NOT NULL`, draft); err != nil || len(names) != 3 {
		t.Fatal(len(names), err)
	}
	return draft, names
}

// drop takes a file away from a draft, as the person who wrote it.
func (h *house) drop(t *testing.T, draft uuid.UUID) {
	t.Helper()
	h.SQL.MustExec(`DELETE FROM attachment WHERE filing = $1`, draft)
}

func pieceIn(folder string, name []byte) string {
	text := hex.EncodeToString(name)
	return filepath.Join(folder, text[:2], text)
}

// One piece that is lost must not keep the others from being put back.
func TestAllPiecesThatThereAreArePutBackAndTheOthersNamed(t *testing.T) {
	h, ctx, folder := newHouse(t), t.Context(), t.TempDir()
	full := newCupboard()
	h.DB.Outside = full
	_, lost := h.attach(t)
	_, sound := h.attach(t)
	for _, name := range append(lost[:2:2], sound...) {
		path := pieceIn(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, full.lies[[sha256.Size]byte(name)], 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(pieceIn(folder, lost[0]), []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(pieceIn(folder, lost[1])); err != nil { // and lost[2] never was there
		t.Fatal(err)
	}
	empty := newCupboard()
	n, err := backup.PutPieces(ctx, h.DB.DB, folder, empty)
	if n != (backup.Pieces{Named: 6, Brought: 3}) || len(empty.lies) != 3 {
		t.Errorf("%+v, and there are %d", n, len(empty.lies))
	}
	if !errors.Is(err, backup.ErrDamaged) {
		t.Fatalf("it is %v", err)
	}
	for _, name := range lost {
		if !strings.Contains(err.Error(), hex.EncodeToString(name)) {
			t.Errorf("%x is not named: %v", name, err)
		}
	}
	for _, name := range sound {
		if _, ok := empty.lies[[sha256.Size]byte(name)]; !ok || strings.Contains(err.Error(), hex.EncodeToString(name)) {
			t.Errorf("%x is not put back, or named: %v", name, err)
		}
	}
}

// A copy of a great database takes an hour. What somebody drops in that hour, and is swept
// out of the bucket, stands in the copy, so it must be in the folder.
func TestTheFolderHasWhatTheCopyNamesWhateverIsSweptMeanwhile(t *testing.T) {
	h, ctx, folder := newHouse(t), t.Context(), t.TempDir()
	bucket := newCupboard()
	h.DB.Outside = bucket
	old, swept := h.attach(t)
	_, kept := h.attach(t)
	gone, never := h.attach(t) // before the moment of the copy
	db, err := backup.Open(ctx, h.address(t, h.copier, h.name(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c := backup.PieceCopy{From: bucket, Dir: folder}
	// Dropped when the names were read, and not fetched yet.
	for _, name := range never {
		if err := bucket.Drop(ctx, [sha256.Size]byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Ahead(ctx, db); err != nil {
		t.Fatal(err)
	}
	h.drop(t, gone)
	young, fresh := h.attach(t) // and dropped before its names could be read again; it stays in the bucket for two days
	var begun sync.Once
	m, err := backup.Make(ctx, db, filepath.Join(t.TempDir(), "copy"), h.At, func(what string) {
		if strings.HasPrefix(what, "copying ") {
			begun.Do(func() {
				h.drop(t, old)
				h.drop(t, young)
				for _, name := range swept {
					bucket.Drop(ctx, [sha256.Size]byte(name))
				}
			})
		}
	}, c.Name)
	if err != nil || m.Rows["attachment_chunk"] != 9 {
		t.Fatalf("%d rows, %v", m.Rows["attachment_chunk"], err)
	}
	if n, err := c.Rest(ctx); err != nil || n != (backup.Pieces{Named: 9, Brought: 9}) {
		t.Errorf("%+v, %v", n, err)
	}
	for what, names := range map[string][][]byte{"swept": swept, "kept": kept, "fresh": fresh} {
		for _, name := range names {
			if content, err := os.ReadFile(pieceIn(folder, name)); err != nil || sha256.Sum256(content) != [sha256.Size]byte(name) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	// What rotted in the folder comes anew; what the bucket lost is named where it is not whole in the folder, and all else is there.
	_, lost := h.attach(t)
	_, last := h.attach(t)
	for _, name := range [][]byte{lost[0], kept[1], kept[2]} {
		if err := bucket.Drop(ctx, [sha256.Size]byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range kept[:2] {
		if err := os.WriteFile(pieceIn(folder, name), []byte("another"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c = backup.PieceCopy{From: bucket, Dir: folder}
	if err := errors.Join(c.Ahead(ctx, db), db.Snapshot(ctx, func(tx *database.DB) error { return c.Name(ctx, tx) })); err != nil {
		t.Fatal(err)
	}
	n, err := c.Rest(ctx)
	if n != (backup.Pieces{Named: 9, Brought: 6}) || !errors.Is(err, backup.ErrDamaged) {
		t.Fatalf("%+v, %v", n, err)
	}
	for name, named := range map[*[]byte]bool{&lost[0]: true, &kept[1]: true, &kept[0]: false, &kept[2]: false} {
		if strings.Contains(err.Error(), pieceIn(folder, *name)) != named {
			t.Errorf("%x: %v", *name, err)
		}
	}
	if content, err := os.ReadFile(pieceIn(folder, kept[0])); err != nil || sha256.Sum256(content) != [sha256.Size]byte(kept[0]) {
		t.Errorf("what rotted did not come anew: %v", err)
	}
	if _, err := os.Stat(pieceIn(folder, last[2])); err != nil {
		t.Error(err)
	}
}
