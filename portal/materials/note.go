package materials

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// A note is bytes to us: static/notes.js encrypts it in the reader's browser with a
// key made from words that he chooses and that never come here.
//
//	1 byte   version, 1
//	16 bytes salt of the key
//	12 bytes nonce
//	the rest AES-256-GCM of the text; the page's id is bound to it
const (
	noteVersion = 1
	noteHead    = 1 + 16 + 12
	noteLeast   = noteHead + 16 + 1
	MaxNote     = 16 << 10
)

// Note is a reader's own note on a page, encrypted by him.
type Note struct {
	Page    uuid.UUID `db:"page"`
	Volume  int       `db:"volume"`
	Sheet   int       `db:"sheet"`
	Content []byte    `db:"content"`
}

const selectNotes = `
SELECT page, volume, sheet, content
  FROM note
 WHERE person = $1 AND casefile = $2
 ORDER BY volume, sheet`

// Notes are the reader's notes on the file, in the order of its sheets. They stay
// his when the term is over.
func Notes(ctx context.Context, db *vault.DB, ask policy.Ask, f Familiarisation) ([]Note, error) {
	if !f.Mine {
		return nil, nil
	}
	var out []Note
	err := db.Select(ctx, &out, selectNotes, ask.Person, f.Case)
	return out, err
}

const upsertNote = `
INSERT INTO note (id, person, page, casefile, volume, sheet, content, saved_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (person, page) DO UPDATE SET content = $7, saved_at = $8`

const deleteNote = `
DELETE FROM note WHERE person = $1 AND page = $2`

// SaveNote keeps the reader's note on a page in place of the one before; an empty
// one takes it away. It leaves no trace in the record: it is his own.
func SaveNote(ctx context.Context, db *vault.DB, ask policy.Ask, id, page uuid.UUID, content []byte) error {
	f, err := reads(ctx, db, ask, id)
	if err != nil {
		return err
	}
	s, err := leaf(ctx, db, ask, f, page)
	if err != nil {
		return err
	}
	if len(content) == 0 {
		return db.Exec(ctx, deleteNote, ask.Person, page)
	}
	if len(content) < noteLeast || len(content) > MaxNote || content[0] != noteVersion {
		return fault.New(fault.Invalid, "fault.request")
	}
	fresh, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return db.Exec(ctx, upsertNote, fresh, ask.Person, page, f.Case, s.Material.Volume, s.Sheet, content, ask.At)
}
