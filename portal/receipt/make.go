package receipt

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/evidence"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

const (
	// What a receipt needs of a document stands in clear: a receipt is given while the
	// keeper is down.
	selectSigned = `
SELECT digest, fence.noted(id) AS seq
  FROM document
 WHERE id = $1 AND signed_at IS NOT NULL`
)

// Where is the place of a signed document in the ledger: which act wrote it down, and
// the first root that holds the act.
type Where struct {
	Digest []byte
	Seq    int64
	Root   ledger.Checkpoint // zero until the ledger's auditor has signed one that holds it
}

// Find tells where a signed document stands in the ledger. NotFound: no document
// under this number is signed. It is for whoever holds the number, and tells no more
// than the receipt does.
func Find(ctx context.Context, db *vault.DB, document uuid.UUID) (Where, error) {
	var row struct {
		Digest []byte `db:"digest"`
		Seq    *int64 `db:"seq"`
	}
	if err := db.Get(database.HoldingPaper(ctx, document), &row, selectSigned, document); err != nil {
		return Where{}, err
	}
	if row.Seq == nil { // signed, and no act says so: the check of the ledger tells it, a receipt cannot
		return Where{}, fault.New(fault.NotFound, "fault.not-found")
	}
	at := Where{Digest: row.Digest, Seq: *row.Seq}
	var err error
	at.Root, err = ledger.Covering(ctx, db.DB, at.Seq)
	if unavailable(err) {
		err = nil
	}
	return at, err
}

// Signed tells whether a root holds the document yet.
func (w Where) Signed() bool { return w.Root.Size > 0 }

// wait is how long a receipt is waited for, and how often it is looked: a root comes
// within a second of the act (ledger.Auditor).
const (
	wait  = 3 * time.Second
	again = 100 * time.Millisecond
)

// Make writes the receipt of a signed document, for a ledger of this key. While no
// root holds the act it waits, and after three seconds it is fault.Unavailable: to be
// asked for again. key "" is a portal whose ledger nobody signs.
func Make(ctx context.Context, db *vault.DB, ask policy.Ask, document uuid.UUID, key string) (Receipt, error) {
	if err := ask.Check(0); err != nil {
		return Receipt{}, err
	}
	at, err := Find(ctx, db, document)
	if err != nil {
		return Receipt{}, err
	}
	if key == "" {
		return Receipt{}, fault.New(fault.Unavailable, "fault.no-checkpoint")
	}
	for end := time.Now().Add(wait); !at.Signed(); {
		if time.Now().After(end) {
			return Receipt{}, fault.New(fault.Unavailable, "fault.no-checkpoint")
		}
		database.Rest(ctx)
		select {
		case <-ctx.Done():
			return Receipt{}, ctx.Err()
		case <-time.After(again):
		}
		at.Root, err = ledger.Covering(ctx, db.DB, at.Seq)
		if err != nil && !unavailable(err) {
			return Receipt{}, err
		}
	}
	if _, err := Root(at.Root.Note, key); err != nil { // signed by the key before this one
		if at.Root, err = ledger.Newest(ctx, db.DB); err != nil {
			return Receipt{}, err
		}
	}
	row, err := ledger.ReadRow(ctx, db.DB, at.Seq)
	if err != nil {
		return Receipt{}, err
	}
	r := Receipt{
		Document: document, Digest: at.Digest, Leaf: ledger.Leaf(row), Index: at.Seq - 1, Key: key, Checkpoint: at.Root.Note,
		Stamp: stamp(ctx, db, ask, document),
	}
	if r.Proof, err = ledger.Inclusion(ctx, db.DB, at.Seq, at.Root.Size); err != nil {
		return Receipt{}, err
	}
	// What would not prove it is not given out: a ledger that was tampered with says so
	// to the portal first.
	if _, err := r.Verify(key); err != nil {
		return Receipt{}, err
	}
	return r, nil
}

// stamp is the time-stamp of the signature, where there is one and the asker may have
// it opened. A receipt without it is a receipt.
func stamp(ctx context.Context, db *vault.DB, ask policy.Ask, document uuid.UUID) []byte {
	if ask.Person == uuid.Nil {
		return nil
	}
	kept, err := evidence.Fetch(database.HoldingPaper(ctx, document), db, document)
	if err != nil || len(kept.Evidence.Token) > maxStamp {
		return nil
	}
	return kept.Evidence.Token
}

func unavailable(err error) bool { return errors.Is(err, fault.Unavailable) }
