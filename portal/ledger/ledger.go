// Package ledger is the record of acts: who did what to what, when and by which
// article. Each act leaves one row in the transaction that does it, so there is
// no act without a trace and no trace of an act that failed; and the row answers
// for every protected row that the act changed (trace.go).
//
// The rows are the leaves of a Merkle tree (RFC 6962, tree.go). From time to time
// the auditor signs its root (checkpoint.go, auditor.go) and sends it out of the
// house (witness.go); whoever holds one such checkpoint, or a receipt under it, can
// tell whether the record is still the one that it was. The database refuses to
// change the record (schema.sql, "Traces"); a superuser can do it all the same, and
// Check, Proven and the auditor show that he did.
package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"zharia/portal/database"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"
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
	Rows     []byte    `db:"rows"` // RowsDigest of its traces; 32 zeros if it changed nothing
	Hash     []byte    `db:"hash"` // LeafHash
}

// The longest texts the encoding and the schema take, in bytes.
const (
	maxAct    = 100
	maxObject = 63
	maxLaw    = 200
)

const (
	// The row, its traces and its part of the tree in one step (schema.sql): the lock
	// under which acts follow one another is held for as short as can be.
	recordAct = `SELECT ledger.record($1, $2, $3, $4, $5, $6, $7, $8)`

	selectOf = `
SELECT seq, at, who, act, object, object_id, casefile, law, digest, rows, hash
  FROM record
 WHERE object = $1 AND object_id = $2
 ORDER BY seq`

	selectRow = `
SELECT seq, at, who, act, object, object_id, casefile, law, digest, rows, hash
  FROM record
 WHERE seq = $1`
)

// Record writes the act down at the end of the record, in the transaction it is
// given: when that fails, nothing remains. It answers for every protected row that
// the transaction changed so far and no act before it answers for; a change without
// an act after it is refused at the commit. Call it last, for it makes all other acts
// wait until the commit.
func Record(ctx context.Context, tx *database.DB, e Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	if err := tx.Exec(ctx, recordAct, e.At.UTC().Truncate(time.Microsecond), nullable(e.Who), e.Act, e.Object, e.ID,
		nullable(e.Casefile), e.By, e.Digest); err != nil {
		return fmt.Errorf("record %s of %s %s: %w", e.Act, e.Object, e.ID, err)
	}
	return nil
}

// ReadRow is the act of that number; fault.NotFound where there is none.
func ReadRow(ctx context.Context, db *database.DB, seq int64) (Row, error) {
	var row Row
	err := db.Get(ctx, &row, selectRow, seq)
	return row, err
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

// nullable keeps the zero id as NULL.
func nullable(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

// version is that of the encoding. 1 had the hash of the row before in place of the
// traces.
const version = 0x02

// Leaf is the bytes of a row that the tree is made of, without the 0x00 that RFC 6962
// puts before them to be hashed: the row in the one way it can be written. All numbers
// are big endian.
//
//	 1  version, 0x02
//	 8  seq
//	 8  at: microseconds since 1970-01-01T00:00:00Z, two's complement
//	16  who, zeros for the portal itself
//	 2  length of act, then act in UTF-8
//	 2  length of object, then object in UTF-8
//	16  object_id
//	16  casefile, zeros for none
//	 2  length of law, then law in UTF-8
//	 1  length of digest, 0 or 32, then digest
//	32  rows, zeros where the act changed nothing
func Leaf(r Row) []byte {
	b := make([]byte, 0, 140+len(r.Act)+len(r.Object)+len(r.By))
	b = append(b, version)
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
	return append(b, r.Rows...)
}

// LeafHash is the hash of a row in the tree.
func LeafHash(r Row) tlog.Hash { return tlog.RecordHash(Leaf(r)) }

func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// ParseLeaf reads what Leaf wrote, and nothing else: bytes that Leaf would not write
// are refused. Hash is what the bytes hash to.
func ParseLeaf(b []byte) (Row, error) {
	var r Row
	in := reader{b: b}
	if v := in.bytes(1); len(v) == 1 && v[0] != version {
		return Row{}, fmt.Errorf("ledger: a leaf of version %d", v[0])
	}
	r.Seq = int64(in.number(8))
	r.At = time.UnixMicro(int64(in.number(8))).UTC()
	copy(r.Who[:], in.bytes(16))
	r.Act = string(in.bytes(in.number(2)))
	r.Object = string(in.bytes(in.number(2)))
	copy(r.ID[:], in.bytes(16))
	copy(r.Casefile[:], in.bytes(16))
	r.By = string(in.bytes(in.number(2)))
	if n := in.number(1); n > 0 {
		r.Digest = bytes.Clone(in.bytes(n))
	}
	r.Rows = bytes.Clone(in.bytes(sha256.Size))
	if in.short || len(in.b) > 0 {
		return Row{}, errors.New("ledger: a leaf of another length")
	}
	e := Entry{At: r.At, Act: r.Act, Object: r.Object, ID: r.ID, By: r.By, Digest: r.Digest}
	if r.Seq < 1 {
		return Row{}, fmt.Errorf("ledger: a leaf of act %d", r.Seq)
	}
	if err := e.check(); err != nil {
		return Row{}, err
	}
	hash := tlog.RecordHash(b)
	r.Hash = hash[:]
	return r, nil
}

// reader takes a leaf apart.
type reader struct {
	b     []byte
	short bool
}

func (in *reader) bytes(n uint64) []byte {
	if in.short || n > uint64(len(in.b)) {
		in.short = true
		return nil
	}
	out := in.b[:n]
	in.b = in.b[n:]
	return out
}

func (in *reader) number(size uint64) (n uint64) {
	for _, b := range in.bytes(size) {
		n = n<<8 | uint64(b)
	}
	return n
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
