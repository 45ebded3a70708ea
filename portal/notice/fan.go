package notice

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/deadline"
)

// The record of acts is the outbox: each act leaves one row of it in its own
// transaction, the rows have no gaps, and the next is written only after the commit of
// the one before. So whoever walks behind a cursor misses nothing.

// rules is Table by the word that stands in the record.
var rules = func() map[string]Rule {
	out := map[string]Rule{}
	for act, rule := range Table {
		out[string(act)] = rule
	}
	return out
}()

// batch is how many acts are told of in one transaction.
const batch = 500

const (
	// Another process that has the cursor does the work.
	lockCourier = `SELECT seq FROM courier FOR UPDATE SKIP LOCKED`

	selectActs = `
SELECT seq, at, who, act, object, object_id, casefile
  FROM record
 WHERE seq > $1
 ORDER BY seq
 LIMIT $2`

	setCourier = `UPDATE courier SET seq = $1`

	// The portal's list has each thing's number as its papers have it.
	selectNumbers = `
SELECT id, number FROM filing WHERE id = ANY ($1::uuid[]) AND number IS NOT NULL
UNION ALL
SELECT id, number FROM report WHERE id = ANY ($1::uuid[]) AND number IS NOT NULL`

	insertNotices = `
INSERT INTO notice (id, seq, person, kind, urgency, object, object_id, casefile, number, at, due_at, made_at)
SELECT x.id, nullif(x.seq, 0), x.person, x.kind, x.urgency, x.object, x.object_id, nullif(x.casefile, '00000000-0000-0000-0000-000000000000'), x.number, x.at, x.due_at, $12
  FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::text[], $10::timestamptz[], $11::timestamptz[])
    AS x (id, seq, person, kind, urgency, object, object_id, casefile, number, at, due_at)
    ON CONFLICT (id) DO NOTHING
RETURNING id`
)

// news is a notice before it is kept.
type news struct {
	id      uuid.UUID
	seq     int64
	person  uuid.UUID
	kind    Kind
	urgency Urgency
	object  string
	of      uuid.UUID
	in      uuid.UUID
	number  string
	at      time.Time
	due     *time.Time // of a reminder: when the term ends
}

// space begins what ids of notices are made of.
var space = uuid.MustParse("8f0c7d5e-3a64-8b1e-9d20-5f2a6c1b7e40")

// idOf is the id of the notice of an act to a person: the same whoever makes it, when.
func idOf(seq int64, person uuid.UUID) uuid.UUID {
	b := binary.BigEndian.AppendUint64(nil, uint64(seq))
	return uuid.NewHash(sha256.New(), space, append(b, person[:]...), 8)
}

// Fan tells of the next acts, at most a batch of them, and answers how many it passed;
// 0 where nothing is new or another process is at it.
func (w *Worker) Fan(ctx context.Context) (int, error) {
	var acts []act
	at := w.now()
	err := w.DB.DB.Within(ctx, func(tx *database.DB) error {
		var cursor []int64
		if err := tx.Select(ctx, &cursor, lockCourier); err != nil || len(cursor) == 0 {
			return err
		}
		if err := tx.Select(ctx, &acts, selectActs, cursor[0], batch); err != nil || len(acts) == 0 {
			return err
		}
		if _, err := w.tell(ctx, tx, acts, at); err != nil {
			return err
		}
		return tx.Exec(ctx, setCourier, acts[len(acts)-1].Seq)
	})
	if err != nil {
		return 0, fmt.Errorf("tell of acts: %w", err)
	}
	return len(acts), nil
}

// tell makes the notices of acts and answers how many.
func (w *Worker) tell(ctx context.Context, tx *database.DB, acts []act, at time.Time) (int, error) {
	people, err := audience(ctx, tx, acts, at)
	if err != nil || len(people) == 0 {
		return 0, err
	}
	by := map[int64]act{}
	var things []uuid.UUID
	for _, a := range acts {
		by[a.Seq] = a
		things = append(things, a.ID)
	}
	for _, p := range people {
		if p.Thing != uuid.Nil {
			things = append(things, p.Thing)
		}
	}
	numbers, err := numbersOf(ctx, tx, things)
	if err != nil {
		return 0, err
	}
	out := make([]news, len(people))
	for i, p := range people {
		a := by[p.Seq]
		rule := rules[a.Act]
		if p.Thing != uuid.Nil {
			a.ID = p.Thing
			a.Object = cmp.Or(p.Object, a.Object)
		}
		out[i] = news{idOf(p.Seq, p.Person), p.Seq, p.Person, rule.Kind, rule.Urgency, a.Object, a.ID, a.Case.UUID, numbers[a.ID], a.At, nil}
		if p.work && rule.Kind != Access && rule.Kind != Alarm {
			out[i].kind = Work
		}
	}
	return len(out), w.keep(ctx, tx, out, at)
}

func numbersOf(ctx context.Context, tx *database.DB, things []uuid.UUID) (map[uuid.UUID]string, error) {
	var rows []struct {
		ID     uuid.UUID `db:"id"`
		Number string    `db:"number"`
	}
	if err := tx.Select(ctx, &rows, selectNumbers, pq.Array(things)); err != nil {
		return nil, fmt.Errorf("read the numbers of what is told: %w", err)
	}
	out := map[uuid.UUID]string{}
	for _, row := range rows {
		out[row.ID] = row.Number
	}
	return out, nil
}

// keep writes notices, and a delivery for each where its person has an address. One that
// is there already is passed over, with its deliveries.
func (w *Worker) keep(ctx context.Context, tx *database.DB, all []news, at time.Time) error {
	n := len(all)
	ids, seqs, persons, kinds, urgencies := make([]uuid.UUID, n), make([]int64, n), make([]uuid.UUID, n), make([]string, n), make([]string, n)
	objects, of, in, numbers, times := make([]string, n), make([]uuid.UUID, n), make([]uuid.UUID, n), make([]string, n), make([]time.Time, n)
	ends := make([]*time.Time, n)
	by := map[uuid.UUID]news{}
	for i, v := range all {
		by[v.id] = v
		ids[i], seqs[i], persons[i], kinds[i], urgencies[i] = v.id, v.seq, v.person, string(v.kind), string(v.urgency)
		objects[i], of[i], in[i], numbers[i], times[i], ends[i] = v.object, v.of, v.in, v.number, v.at, v.due
	}
	var fresh []uuid.UUID
	if err := tx.Select(ctx, &fresh, insertNotices, pq.Array(ids), pq.Array(seqs), pq.Array(persons), pq.Array(kinds), pq.Array(urgencies),
		pq.Array(objects), pq.Array(of), pq.Array(in), pq.Array(numbers), pq.Array(times), pq.Array(ends), at); err != nil {
		return fmt.Errorf("write notices: %w", err)
	}
	told := make([]news, len(fresh))
	for i, id := range fresh {
		told[i] = by[id]
	}
	return w.queue(ctx, tx, told, at)
}

// dateOf is the day of a moment in Kazakhstan.
func dateOf(at time.Time) string { return at.In(deadline.Zone).Format(time.DateOnly) }
