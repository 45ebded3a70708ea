package tip

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// Kept is how long texts stay after a tip was closed. No article says how long an
// anonymous message is kept; the law on personal data lets nothing be kept longer than
// what it was collected for, and after three months without a word nobody answers it any
// more. What is not there cannot be asked for.
const Kept = 90

const (
	selectUnwritten = `
SELECT m.id, m.tip, t.body, t.handle, t.key, m.day, m.digest, m.text, m.own
  FROM tip_message m JOIN tip t ON t.id = m.tip
 WHERE m.batch IS NULL AND m.author IS NULL AND m.day < CAST($1 AS date)
 ORDER BY m.id
 LIMIT 5000`

	updateBatch = `
UPDATE tip_message SET batch = $2 WHERE id = ANY ($1::uuid[])`

	lockBatches = `SELECT pg_advisory_xact_lock(7310011)` // an arbitrary number; only here

	selectBatches = `
SELECT object_id AS id, digest FROM record WHERE act = 'tip-day' ORDER BY seq`

	selectBatch = `
SELECT m.id, m.tip, t.body, t.handle, t.key, m.day, m.digest, m.text, m.own
  FROM tip_message m JOIN tip t ON t.id = m.tip
 WHERE m.batch = $1
 ORDER BY m.id`

	// What officials wrote: the record has the digest of each.
	selectSaidWrongly = `
SELECT r.object_id FROM record r LEFT JOIN tip_message m ON m.id = r.object_id
 WHERE r.object = 'tip_message' AND (m.id IS NULL OR m.author IS DISTINCT FROM r.who OR m.digest <> r.digest)
UNION
SELECT m.id FROM tip_message m
 WHERE m.author IS NOT NULL AND NOT EXISTS (SELECT FROM record r WHERE r.object = 'tip_message' AND r.object_id = m.id)
 ORDER BY 1`

	selectLost = `SELECT DISTINCT batch FROM tip_message WHERE batch IS NOT NULL AND NOT EXISTS (SELECT FROM record r WHERE r.act = 'tip-day' AND r.object_id = batch)`

	selectPast = `SELECT id FROM tip WHERE status = 'closed' AND forgotten_on IS NULL AND closed_on <= CAST($1 AS date) - CAST($2 AS int) ORDER BY id LIMIT 500`

	forgetTexts = `UPDATE tip_message SET text = NULL, own = NULL WHERE tip = $1`

	forgetTip = `UPDATE tip SET forgotten_on = $2 WHERE id = $1`
)

// batchRow is what the record answers for of one message.
type batchRow struct {
	ID     uuid.UUID `db:"id"`
	Tip    uuid.UUID `db:"tip"`
	Body   uuid.UUID `db:"body"`
	Handle []byte    `db:"handle"`
	Key    []byte    `db:"key"`
	Day    time.Time `db:"day"`
	Digest []byte    `db:"digest"`
	Text   []byte    `db:"text"`
	Own    []byte    `db:"own"`
}

// sum is the digest of a batch: each row in the order of ids.
func sum(rows []batchRow) []byte {
	h := sha256.New()
	for _, r := range rows {
		for _, part := range [][]byte{r.ID[:], r.Tip[:], r.Body[:], r.Handle, r.Key, []byte(r.Day.Format(time.DateOnly)), r.Digest} {
			h.Write(part)
		}
	}
	return h.Sum(nil)
}

// WriteDown puts what came on the days before into the record of acts, one row for all of
// it: from then on nothing of it can be changed or taken away unseen, and nothing tells
// when in the day it came, or in what order.
func WriteDown(ctx context.Context, db *database.DB, at time.Time) error {
	return db.Within(ctx, func(tx *database.DB) error {
		if err := tx.Exec(ctx, lockBatches); err != nil {
			return err
		}
		var rows []batchRow
		if err := tx.Select(ctx, &rows, selectUnwritten, today(at)); err != nil || len(rows) == 0 {
			return err
		}
		batch, ids := uuid.New(), make([]uuid.UUID, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
		}
		if err := tx.Exec(ctx, updateBatch, pq.Array(ids), batch); err != nil { // these alone: one of the last minute may come meanwhile
			return err
		}
		return ledger.Step(ctx, tx, policy.Ask{Act: policy.TipDay, At: at}, "tip", batch, uuid.Nil, sum(rows))
	})
}

// Check holds what stands here against the record, and says what is not as it was written
// down: batches and messages by id, nothing of anybody's. Messages of today are in no
// batch yet.
func Check(ctx context.Context, db *database.DB) (wrong []string, err error) {
	var batches []struct {
		ID     uuid.UUID `db:"id"`
		Digest []byte    `db:"digest"`
	}
	if err := db.Select(ctx, &batches, selectBatches); err != nil {
		return nil, err
	}
	for _, b := range batches {
		var rows []batchRow
		if err := db.Select(ctx, &rows, selectBatch, b.ID); err != nil {
			return nil, err
		}
		if !bytes.Equal(sum(rows), b.Digest) {
			wrong = append(wrong, fmt.Sprintf("batch %s", b.ID))
		}
		for _, r := range rows {
			if r.Text == nil && r.Own == nil { // forgotten
				continue
			}
			files, err := checkFiles(ctx, db, r.ID, &wrong)
			if err != nil {
				return nil, err
			}
			if is, err := digest(r.Text, r.Own, files...); err != nil || !bytes.Equal(is, r.Digest) {
				wrong = append(wrong, fmt.Sprintf("message %s", r.ID))
			}
		}
	}
	for _, find := range []func(out *[]uuid.UUID) error{
		func(out *[]uuid.UUID) error { return db.Select(ctx, out, selectSaidWrongly) },
		func(out *[]uuid.UUID) error { return db.Select(ctx, out, selectLost) },
	} {
		var ids []uuid.UUID
		if err := find(&ids); err != nil {
			return nil, err
		}
		for _, id := range ids {
			wrong = append(wrong, fmt.Sprintf("not in the record as it stands: %s", id))
		}
	}
	return wrong, nil
}

// Forget destroys the texts of tips that were closed Kept days ago. Their days, and the
// digests that the record answers for, stay; a code then opens an empty conversation that
// says so.
func Forget(ctx context.Context, db *database.DB, at time.Time) error {
	var past []uuid.UUID
	if err := db.Select(ctx, &past, selectPast, today(at), Kept); err != nil {
		return err
	}
	for _, id := range past {
		if err := db.Within(ctx, func(tx *database.DB) error {
			if err := tx.Exec(ctx, forgetTexts, id); err != nil {
				return err
			}
			if err := tx.Exec(ctx, forgetFiles, id); err != nil {
				return err
			}
			if err := tx.Exec(ctx, forgetTip, id, today(at)); err != nil {
				return err
			}
			return ledger.Step(ctx, tx, policy.Ask{Act: policy.TipForget, At: at}, "tip", id, uuid.Nil, nil)
		}); err != nil {
			return err
		}
	}
	return nil
}

// GoneOn is the day on which the texts of a tip closed on a day are destroyed.
func GoneOn(closed time.Time) time.Time {
	return time.Date(closed.Year(), closed.Month(), closed.Day()+Kept, 0, 0, 0, 0, deadline.Zone)
}
