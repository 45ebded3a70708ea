package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/policy"
)

// Deed is one of many acts of one kind (StepAll).
type Deed struct {
	Who      uuid.UUID
	ID       uuid.UUID // of the thing
	Casefile uuid.UUID
	Digest   []byte    // SHA-256, as in Entry; here it is never nil
	Rows     []Touched // the protected rows that it answers for
}

// Touched is a protected row, by its table and its key; parts of a key are joined by '/'.
type Touched struct{ Table, Key string }

const recordAll = `SELECT ledger.record_all($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`

// StepAll is Step for many acts of one kind at one moment: each leaves its own row in the
// record, in the order of deeds, and the lock under which acts follow one another is taken
// once. Each answers for the rows that it names; those that nobody names wait for the
// next act of the transaction.
func StepAll(ctx context.Context, tx *database.DB, act policy.Act, at time.Time, object string, deeds []Deed) error {
	if len(deeds) == 0 {
		return nil
	}
	rule, _ := policy.RuleOf(act)
	var who, ids, cases pq.GenericArray
	var tables, keys pq.StringArray
	var of pq.Int64Array
	whose, things, files := make([]uuid.NullUUID, len(deeds)), make([]uuid.UUID, len(deeds)), make([]uuid.NullUUID, len(deeds))
	digests := make([]byte, 0, len(deeds)*sha256.Size)
	for i, d := range deeds {
		e := Entry{At: at, Who: d.Who, Act: string(act), Object: object, ID: d.ID, Casefile: d.Casefile, By: rule.By.String(), Digest: d.Digest}
		if err := e.check(); err != nil {
			return err
		}
		if d.Digest == nil {
			return fmt.Errorf("ledger: %s of %s %s without a digest", act, object, d.ID)
		}
		whose[i], things[i], files[i] = nullable(d.Who), d.ID, nullable(d.Casefile)
		digests = append(digests, d.Digest...)
		for _, r := range d.Rows {
			tables, keys, of = append(tables, r.Table), append(keys, r.Key), append(of, int64(i+1))
		}
	}
	who.A, ids.A, cases.A = whose, things, files
	if err := tx.Exec(ctx, recordAll, at.UTC().Truncate(time.Microsecond), string(act), object, rule.By.String(), who, ids, cases, digests, tables, keys, of); err != nil {
		return fmt.Errorf("record %d times %s of a %s: %w", len(deeds), act, object, err)
	}
	return nil
}
