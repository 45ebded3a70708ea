// Package vault keeps texts and files so that the database does not know what
// they say. They are sealed with keys that live outside the database (keys.go),
// and each is bound to its place: bytes moved to another table, column or row do
// not open. So whoever reads the database, a copy of it or a backup reads
// nothing, and whoever changes it is found out.
//
// What stays in clear is written in schema.sql: ids, states, times, who is what
// in which case. The length of a sealed text shows, rounded by nothing.
package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"zharia/portal/database"

	"github.com/google/uuid"
)

// MaxSize is the most one Seal takes, in bytes. The largest thing the portal
// keeps is an uploaded file of 20 MiB; all of it is held in memory.
const MaxSize = 32 << 20

// maxName is the longest identifier of PostgreSQL.
const maxName = 63

// ErrNotSealedHere says that the bytes are not what was sealed for this place:
// moved, changed, cut, or sealed with other keys. Which of them, nobody learns.
var ErrNotSealedHere = errors.New("vault: this is not what was sealed for this place")

// DB is a database and the keys to its texts: what domains take.
type DB struct {
	*database.DB
	*Keys
}

// New puts the two together. It costs nothing, so a job that got a bare
// transaction makes a DB of it where it stands.
func New(db *database.DB, keys *Keys) *DB { return &DB{db, keys} }

// Within is database.DB.Within with the keys at hand.
func (db *DB) Within(ctx context.Context, do func(tx *DB) error) error {
	return db.DB.Within(ctx, func(tx *database.DB) error { return do(New(tx, db.Keys)) })
}

// Where is the place a text is sealed for. All three are needed.
type Where struct {
	Table  string
	Column string
	ID     uuid.UUID // of the row
}

// String names the place for the log.
func (w Where) String() string { return fmt.Sprintf("%s.%s of %s", w.Table, w.Column, w.ID) }

// place begins the associated data, so that nothing else the keys are ever
// used for can be taken for a place, and a later form for this one.
const place = "zharia/vault/place/1\x00"

// bytes are the associated data: names with their lengths before them, so that
// no two places give the same bytes.
func (w Where) bytes() ([]byte, error) {
	if !validName(w.Table) || !validName(w.Column) || w.ID == uuid.Nil {
		return nil, fmt.Errorf("vault: %q is not a place", w)
	}
	data := []byte(place)
	for _, name := range []string{w.Table, w.Column} {
		data = append(data, byte(len(name)))
		data = append(data, name...)
	}
	return append(data, w.ID[:]...), nil
}

func validName(s string) bool { return 0 < len(s) && len(s) <= maxName }

// Seal makes plain unreadable to all who lack the keys (AES-256-GCM, a random
// nonce each time, so the same text never gives the same bytes twice).
func (k *Keys) Seal(where Where, plain []byte) ([]byte, error) {
	data, err := where.bytes()
	if err != nil {
		return nil, err
	}
	if len(plain) > MaxSize {
		return nil, fmt.Errorf("vault: %d bytes for %s, more than %d", len(plain), where, MaxSize)
	}
	sealed, err := k.aead.Encrypt(plain, data)
	if err != nil {
		return nil, fmt.Errorf("vault: seal %s: %w", where, err)
	}
	return sealed, nil
}

// Open gives back what Seal took. Anything else, a NULL included, is
// ErrNotSealedHere: taking a text away must not pass for an empty one.
func (k *Keys) Open(where Where, sealed []byte) ([]byte, error) {
	data, err := where.bytes()
	if err != nil {
		return nil, err
	}
	plain, err := k.aead.Decrypt(sealed, data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrNotSealedHere, where)
	}
	return plain, nil
}

// SealText is Seal for a string; an empty one becomes bytes too.
func (k *Keys) SealText(where Where, text string) ([]byte, error) {
	return k.Seal(where, []byte(text))
}

// OpenText is Open for a string.
func (k *Keys) OpenText(where Where, sealed []byte) (string, error) {
	plain, err := k.Open(where, sealed)
	return string(plain), err
}

// SealMaybe is SealText for a column that may be NULL: nil stays nil.
func (k *Keys) SealMaybe(where Where, text *string) ([]byte, error) {
	if text == nil {
		return nil, nil
	}
	return k.SealText(where, *text)
}

// OpenMaybe is OpenText for a column that may be NULL: nil stays nil. There a
// text that was taken away cannot be told from one that never was; the record
// of the act (portal/ledger) can.
func (k *Keys) OpenMaybe(where Where, sealed []byte) (*string, error) {
	if sealed == nil {
		return nil, nil
	}
	text, err := k.OpenText(where, sealed)
	if err != nil {
		return nil, err
	}
	return &text, nil
}

// tagSize is the length of a tag in bytes: all that HMAC-SHA256 gives.
const tagSize = 32

// Tag is a keyed fingerprint of value (HMAC-SHA256), the same each time: the
// way to look a sealed IIN up. Without the keys it can be neither computed nor
// guessed by trying all IINs. Tags of different purposes ("person.iin") have
// nothing in common, so one table cannot be matched with another.
func (k *Keys) Tag(purpose, value string) []byte {
	input := binary.BigEndian.AppendUint32(nil, uint32(len(purpose)))
	input = append(input, purpose...)
	input = append(input, value...)
	tag, err := k.prf.ComputePrimaryPRF(input, tagSize)
	if err != nil {
		// Fails only for a key that cannot give tagSize bytes; load tried that.
		panic(fmt.Sprintf("vault: tag: %v", err))
	}
	return tag
}
