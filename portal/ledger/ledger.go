// Package ledger is the record of acts: who did what to what, when and by which
// article. Each act leaves one row in the transaction that does it, so there is
// no act without a trace and no trace of an act that failed.
//
// The rows are a chain. Each holds the hash of the one before, and its own hash
// is SHA-256 over 0x00 and the encoded row, as RFC 6962, 2.1 hashes the leaf of
// a Merkle tree, so that a tree can later stand on these very rows. The database
// refuses to change them (schema.sql); a superuser can do it all the same, and
// Check shows that he did, unless he rewrote the whole chain together with every
// head verified before. Against that only heads given out of the house help.
package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"zharia/portal/database"
	"zharia/portal/fault"

	"github.com/google/uuid"
)

// Entry is one act, as it is told to Record.
type Entry struct {
	At       time.Time // of the act; kept in UTC, to the microsecond
	Who      uuid.UUID // who did it; zero: the portal itself
	Act      string    // policy.Act: "filing-submit"
	Object   string    // the table of what it was done to: "filing"
	ID       uuid.UUID // which row of it
	Casefile uuid.UUID // in which case; zero: in none
	By       string    // law.Ref.String(): "CPC 99(5)"; "" where no article stands behind it
	Digest   []byte    // SHA-256 of what was signed or changed; nil if nothing was
}

// Row is one act, as it stands in the record.
type Row struct {
	Seq      int64     `db:"seq"` // 1, 2, 3, … without gaps
	At       time.Time `db:"at"`
	Who      uuid.UUID `db:"who"`
	Act      string    `db:"act"`
	Object   string    `db:"object"`
	ID       uuid.UUID `db:"object_id"`
	Casefile uuid.UUID `db:"casefile"`
	By       string    `db:"law"`
	Digest   []byte    `db:"digest"`
	Prev     []byte    `db:"prev"` // Hash of the row before; 32 zeros before the first
	Hash     []byte    `db:"hash"`
}

// The longest texts the encoding and the schema take, in bytes.
const (
	maxAct    = 100
	maxObject = 63
	maxLaw    = 200
)

const (
	// One writer at a time, for two reasons. seq has no gaps, which a sequence
	// of PostgreSQL cannot promise: a gap would look like a deleted row. And a
	// row needs the hash of the one before it, which must be committed or its
	// own transaction's. The lock is held until the transaction ends, so Record
	// comes last in an act. The number is arbitrary; only Record uses it.
	lockRecord = `SELECT pg_advisory_xact_lock(7310002)`

	// A statement of its own, after the lock: READ COMMITTED then sees what the
	// writer before us committed.
	selectHead = `SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1`

	insertRow = `
INSERT INTO record (seq, at, who, act, object, object_id, casefile, law, digest, prev, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

	selectOf = `
SELECT seq, at, who, act, object, object_id, casefile, law, digest, prev, hash
  FROM record
 WHERE object = $1 AND object_id = $2
 ORDER BY seq`
)

// Record writes the act down at the end of the chain, in the transaction it is
// given: when that fails, nothing remains. Call it last in the transaction, for
// it makes all other acts wait until the commit.
func Record(ctx context.Context, tx *database.DB, e Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	return tx.Within(ctx, func(tx *database.DB) error {
		if err := tx.Exec(ctx, lockRecord); err != nil {
			return fmt.Errorf("wait for the record: %w", err)
		}
		head, err := readHead(ctx, tx)
		if err != nil {
			return err
		}
		row := e.after(head)
		if err := tx.Exec(ctx, insertRow, row.Seq, row.At, nullable(row.Who), row.Act, row.Object, row.ID,
			nullable(row.Casefile), row.By, row.Digest, row.Prev, row.Hash); err != nil {
			return fmt.Errorf("record %s of %s %s: %w", e.Act, e.Object, e.ID, err)
		}
		return nil
	})
}

// check refuses what the schema would, in words that name the mistake. It is
// always one of ours, so it is no fault.
func (e Entry) check() error {
	switch {
	case e.At.IsZero():
		return errors.New("ledger: an act without a time")
	case !validText(e.Act, 1, maxAct), !validText(e.Object, 1, maxObject), !validText(e.By, 0, maxLaw):
		return fmt.Errorf("ledger: act %q, object %q or law %q is empty, too long or no text", e.Act, e.Object, e.By)
	case e.ID == uuid.Nil:
		return fmt.Errorf("ledger: %s of a %s without an id", e.Act, e.Object)
	case e.Digest != nil && len(e.Digest) != sha256.Size:
		return fmt.Errorf("ledger: a digest of %d bytes", len(e.Digest))
	}
	return nil
}

func validText(s string, least, most int) bool {
	return least <= len(s) && len(s) <= most && utf8.ValidString(s)
}

// head is the end of the chain.
type head struct {
	Seq  int64  `db:"seq"`
	Hash []byte `db:"hash"`
}

// beginning is the end of an empty chain.
func beginning() head { return head{Hash: make([]byte, sha256.Size)} }

func readHead(ctx context.Context, tx *database.DB) (head, error) {
	var last head
	err := tx.Get(ctx, &last, selectHead)
	if errors.Is(err, fault.NotFound) {
		return beginning(), nil
	}
	if err != nil {
		return head{}, fmt.Errorf("read the head of the record: %w", err)
	}
	return last, nil
}

// after is the act as the row that follows last.
func (e Entry) after(last head) Row {
	row := Row{
		Seq: last.Seq + 1, At: e.At.UTC().Truncate(time.Microsecond), Who: e.Who, Act: e.Act, Object: e.Object, ID: e.ID,
		Casefile: e.Casefile, By: e.By, Digest: e.Digest, Prev: last.Hash,
	}
	row.Hash = row.hash()
	return row
}

// nullable keeps the zero id as NULL.
func nullable(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

const (
	leafPrefix = 0x00 // RFC 6962, 2.1: what is hashed is a leaf and not a node
	version    = 0x01 // of the encoding
)

// hash is SHA-256(0x00 || encoding): RFC 6962, 2.1.
func (r Row) hash() []byte {
	sum := sha256.Sum256(append([]byte{leafPrefix}, r.encode()...))
	return sum[:]
}

// encode writes the row in the one way it can be written. All numbers are big
// endian.
//
//	 1  version, 0x01
//	 8  seq
//	 8  at: microseconds since 1970-01-01T00:00:00Z, two's complement
//	16  who, zeros for the portal itself
//	 2  length of act, then act in UTF-8
//	 2  length of object, then object in UTF-8
//	16  object_id
//	16  casefile, zeros for none
//	 2  length of law, then law in UTF-8
//	 1  length of digest, 0 or 32, then digest
//	32  prev, zeros before the first row
func (r Row) encode() []byte {
	b := []byte{version}
	b = binary.BigEndian.AppendUint64(b, uint64(r.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(r.At.UnixMicro()))
	b = append(b, r.Who[:]...)
	b = appendText(b, r.Act)
	b = appendText(b, r.Object)
	b = append(b, r.ID[:]...)
	b = append(b, r.Casefile[:]...)
	b = appendText(b, r.By)
	b = append(b, byte(len(r.Digest)))
	b = append(b, r.Digest...)
	return append(b, r.Prev...)
}

func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// Of is what was done to one thing, in order: its timeline. It shows what the
// table holds now; whether that is what was written, Check says.
func Of(ctx context.Context, db *database.DB, object string, id uuid.UUID) ([]Row, error) {
	var rows []Row
	if err := db.Select(ctx, &rows, selectOf, object, id); err != nil {
		return nil, fmt.Errorf("read the record of %s %s: %w", object, id, err)
	}
	return rows, nil
}
