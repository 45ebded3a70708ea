package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/database"
)

// A database that is put back to a moment in the past begins with fewer acts than others
// have seen. No portal starts over it, and no auditor signs it, until whoever put it back
// says how many acts that is (backup.GiveUp). He cannot say it unseen: it is an act of the record
// itself, with every head that was given up, and audits name them for ever. The same act
// tells of a server that was put back where nobody is known to have seen more.

// The act comes with it: a row that none answers for excuses nothing.
const selectRestorations = `
SELECT v.id, v.acts, v.seen, v.heads, v.at, r.digest
  FROM public.restoration v
  JOIN public.record r ON r.object = 'restoration' AND r.object_id = v.id
 ORDER BY r.seq`

// Restoration is one time that a database was put back.
type Restoration struct {
	ID     uuid.UUID      `db:"id"`
	Acts   int64          `db:"acts"`  // that were left
	Seen   int64          `db:"seen"`  // that others had seen
	Heads  pq.StringArray `db:"heads"` // what they hold of them: checkpoints, as they were signed; none, and nobody is known to have seen more
	At     time.Time      `db:"at"`
	Digest []byte         `db:"digest"`
}

// Sum is the digest of what was given up, which its act has.
func (r Restoration) Sum() []byte {
	sum := sha256.New()
	sum.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(r.Acts)), uint64(r.Seen)))
	for _, h := range r.Heads {
		sum.Write(appendText(nil, h))
	}
	return sum.Sum(nil)
}

// Lost are the heads that were given up, and with which restoration.
type Lost map[lostHead]Restoration

type lostHead struct {
	size int64
	root tlog.Hash
}

// Has tells whether a head was given up, and when.
func (l Lost) Has(size int64, root tlog.Hash) (Restoration, bool) {
	r, ok := l[lostHead{size, root}]
	return r, ok
}

// at tells whether another head of the same size was given up.
func (l Lost) at(c Checkpoint) bool {
	for h := range l {
		if h.size == c.Size && h.root != c.Root {
			return true
		}
	}
	return false
}

// Restorations are all times that the database was put back, the first one first; most never were.
func Restorations(ctx context.Context, db *database.DB) ([]Restoration, error) {
	var all []Restoration
	if err := db.Select(ctx, &all, selectRestorations); err != nil {
		return nil, fmt.Errorf("read what was given up: %w", err)
	}
	// One that is not what its act wrote down the audit names by its row.
	return slices.DeleteFunc(all, func(r Restoration) bool { return string(r.Digest) != string(r.Sum()) }), nil
}

// ReadLost reads what was given up of this record; of most nothing ever was.
func ReadLost(ctx context.Context, db *database.DB) (Lost, error) {
	all, err := Restorations(ctx, db)
	if err != nil {
		return nil, err
	}
	out := Lost{}
	for _, r := range all {
		for _, text := range r.Heads {
			if c, err := readNote(text); err == nil && c.Size > r.Acts {
				out[lostHead{c.Size, c.Root}] = r
			}
		}
	}
	return out, nil
}
