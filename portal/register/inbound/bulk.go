package inbound

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/casefile"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/register"
	"zharia/portal/vault"
)

// bulk is what the messages of one file have in common.
type bulk struct {
	sitting *eds.Sitting

	mu     sync.Mutex
	packed *vault.Pack
	uses   int
}

// packs is how many papers one share of the keeper's key is for.
const packs = 256

// inBulk is the same inbox for the messages of a file.
func (in *Inbox) inBulk() *Inbox {
	out := *in
	out.bulk = &bulk{sitting: in.Verifier.Sit()}
	return &out
}

func (b *bulk) pack(keys *vault.Keys) (*vault.Pack, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.packed == nil || b.uses >= packs {
		p, err := keys.Pack()
		if err != nil {
			return nil, err
		}
		b.packed, b.uses = p, 0
	}
	b.uses++
	return b.packed, nil
}

// takeAll takes messages that were proved, in one transaction: all of them, or none.
//
// Each decision leaves its own act in the record, with the digest of its paper. That its
// message came is told by one act for all messages that come here and leave no act of
// their own with their digest: the digest of that act is SHA-256 over theirs, in the
// order of inbound.line, and so each of them is proved by it and the rows of its batch.
func (in *Inbox) takeAll(ctx context.Context, all []*Message) error {
	return in.DB.Within(ctx, func(tx *vault.DB) error {
		t, err := in.begin(ctx, tx, all...)
		if err != nil {
			return err
		}
		w := &wave{in: in, tx: tx, turn: t, at: in.now(), batch: uuid.Must(uuid.NewV7()), holding: map[uuid.UUID]bool{}}
		for _, m := range all {
			if err := w.enter(ctx, m); err != nil {
				return err
			}
		}
		return w.end(ctx)
	})
}

// wave is such a transaction on its way.
type wave struct {
	in *Inbox
	tx *vault.DB
	turn
	at    time.Time
	batch uuid.UUID

	held    []casefile.ReadyDecision // to be written down together
	holding map[uuid.UUID]bool       // their cases
	taken   []arrived
	digests []byte // of those that the act of the batch answers for
}

// arrived is a row of inbound.
type arrived struct {
	*Message
	answer string
	line   int // 0: its own act has its digest
}

// enter takes the next message. Decisions wait for others until something comes for which
// they must stand there.
func (w *wave) enter(ctx context.Context, m *Message) error {
	if row, came := w.said[m.ID]; came {
		if said, err := row.answer(*m); said != nil || err != nil {
			return err
		}
	}
	if next := w.next[m.Case]; m.Case != uuid.Nil && next != m.Sequence {
		return &Gap{fault.New(fault.Conflict, inGap).At("sequence"), next}
	}
	told, persons := false, []uuid.UUID(nil)
	if d, ok := m.payload.(*decision); ok && d.ready != nil {
		w.held, w.holding[m.Case] = append(w.held, *d.ready), true
	} else {
		var err error
		if m.Kind == Joinder || m.Kind == Severance || m.Case == uuid.Nil || w.holding[m.Case] {
			if err = w.flush(ctx); err != nil {
				return err
			}
		}
		if told, persons, err = m.payload.take(ctx, w.tx, m, w.at); err != nil {
			return err
		}
	}
	out, err := json.Marshal(Answer{ID: m.ID, State: "taken", Digest: hex.EncodeToString(m.Digest), At: w.at, Persons: persons})
	if err != nil {
		return err
	}
	one := arrived{m, string(out), 0}
	if !told {
		w.digests = append(w.digests, m.Digest...)
		one.line = len(w.digests) / sha256.Size
	}
	w.taken = append(w.taken, one)
	w.said[m.ID], w.next[m.Case] = inboundRow{m.Digest, "taken", string(out)}, m.Sequence+1
	return nil
}

// flush writes down the decisions that wait.
func (w *wave) flush(ctx context.Context) error {
	if len(w.held) == 0 {
		return nil
	}
	err := casefile.TakeDecisions(ctx, w.tx, w.held, w.at)
	w.held = nil
	clear(w.holding)
	return err
}

const insertAllTaken = `
INSERT INTO inbound (id, kind, digest, casefile, sequence, state, code, field, answer, tries, came_at, last_at, batch, line)
SELECT x.id, x.kind, substring(CAST($1 AS bytea) FROM 32 * x.n - 31 FOR 32), x.casefile, x.sequence, 'taken', x.code, x.field, x.answer, 1, $2, $2, CASE WHEN x.line > 0 THEN CAST($3 AS uuid) END, nullif(x.line, 0)
  FROM (SELECT u.*, CAST(i AS int) AS n
          FROM unnest(CAST($4 AS uuid[]), CAST($5 AS text[]), CAST($6 AS uuid[]), CAST($7 AS bigint[]), CAST($8 AS text[]), CAST($9 AS int[]), CAST($10 AS text[]), CAST($11 AS text[]))
               WITH ORDINALITY AS u(id, kind, casefile, sequence, answer, line, code, field, i)) AS x
    ON CONFLICT (id) DO UPDATE
   SET state = 'taken', code = excluded.code, field = excluded.field, answer = excluded.answer, tries = inbound.tries + 1, last_at = excluded.last_at, batch = excluded.batch, line = excluded.line
 WHERE inbound.state = 'refused' AND inbound.digest = excluded.digest`

// end writes down what waits, which messages came, and the act that answers for them.
func (w *wave) end(ctx context.Context) error {
	if err := w.flush(ctx); err != nil || len(w.taken) == 0 {
		return err
	}
	var digests []byte
	var ids, kinds, answers, codes, fields pq.StringArray
	cases, orders := make([]uuid.NullUUID, len(w.taken)), make([]*int64, len(w.taken))
	var lines pq.Int32Array
	for i, one := range w.taken {
		digests = append(digests, one.Digest...)
		ids, kinds, answers = append(ids, one.ID.String()), append(kinds, string(one.Kind)), append(answers, one.answer)
		code, field := one.remark()
		codes, fields = append(codes, code), append(fields, field)
		cases[i], orders[i], lines = orNone(one.Case), sequence(*one.Message), append(lines, int32(one.line))
	}
	n, err := w.tx.Change(ctx, insertAllTaken, digests, w.at, w.batch, ids, kinds, pq.Array(cases), pq.Array(orders), answers, lines, codes, fields)
	if err != nil || n != int64(len(ids)) {
		return cmp.Or(err, errTwice)
	}
	if len(w.digests) == 0 {
		return nil
	}
	sum := sha256.Sum256(w.digests)
	return register.Took(ctx, w.tx, "inbound", w.batch, uuid.Nil, w.at, sum[:])
}
