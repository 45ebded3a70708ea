package inbound

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

// Inbox takes what the register sends.
type Inbox struct {
	DB       *vault.DB // the portal's own hand: nobody has signed in, and nothing is opened
	Verifier *eds.Verifier
	Register []byte           // the certificate of the register, which the keeper has pinned too
	Origin   string           // what the portal calls itself: messages name it, and those for another are refused
	Clock    func() time.Time // nil: the machine's

	bulk *bulk // of a file
}

func (in *Inbox) now() time.Time {
	if in.Clock == nil {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return in.Clock().UTC().Truncate(time.Microsecond)
}

// Answer is what came of a message that was taken. The same message is answered with the
// same bytes, however often it comes.
type Answer struct {
	ID      uuid.UUID   `json:"id"`
	State   string      `json:"state"` // taken
	Digest  string      `json:"digest"`
	At      time.Time   `json:"at"`
	Persons []uuid.UUID `json:"persons,omitempty"` // of those it names, in its order
}

// Gap is the refusal of a message that is not the next of its case. It is kept nowhere: it
// may come again when its turn has come.
type Gap struct {
	*fault.Fault
	Expected int64
}

// Unwrap lets the fault be asked for.
func (g *Gap) Unwrap() error { return g.Fault }

// Signed verifies that the register signed this. fault.Forbidden: it did not; any other error
// says nothing of that, and the same may come again (fault.Unavailable: there was no time to look).
func (in *Inbox) Signed(ctx context.Context, sig, content []byte) error {
	_, err := in.Verifier.Machine(ctx, in.Register, sig, content)
	err = identity.Unsigned(err)
	var why *fault.Fault
	if errors.As(err, &why) && why.Kind != fault.Unavailable {
		return fault.New(fault.Forbidden, "fault.register-signature").Because(err)
	}
	return err
}

// Open verifies the register's signature over a message and reads it.
func (in *Inbox) Open(ctx context.Context, e Envelope) (Message, error) {
	body := bytesOf(e.Body)
	if err := in.Signed(ctx, bytesOf(e.CMS), body); err != nil {
		return Message{}, err
	}
	return Read(body, in.Origin, in.DB, in.now())
}

// Envelope of JSON, strictly.
func ReadEnvelope(raw []byte) (Envelope, error) {
	var e Envelope
	err := decode(raw, &e)
	return e, err
}

// Take takes one message and answers with what came of it, now or when it came first. A
// message that cannot be taken is set aside for those on duty and refused; what may pass
// by itself (fault.Unavailable, a Gap) is refused and kept nowhere.
func (in *Inbox) Take(ctx context.Context, m Message) ([]byte, error) {
	if said, err := in.before(ctx, m); said != nil || err != nil {
		return said, err
	}
	err := in.Prove(ctx, &m)
	if poison(err) {
		m.problem = err
	} else if err != nil {
		return nil, err
	}
	return in.settle(ctx, m)
}

// settle takes a message that was proved, or sets it aside.
func (in *Inbox) settle(ctx context.Context, m Message) (out []byte, err error) {
	if err = m.problem; err == nil {
		out, err = in.alone(ctx, m)
	}
	if constrained(err) { // what somebody else wrote at that moment is there the second time
		out, err = in.alone(ctx, m)
	}
	switch {
	case absent(err):
		err = fault.New(fault.Conflict, notYet).Because(err)
	case constrained(err):
		err = fault.New(fault.Conflict, "fault.register-refused").Because(err)
	}
	if !poison(err) {
		return out, err
	}
	said, before := in.before(ctx, m)
	if said != nil || before != nil { // it was taken once, and only what it carries is of another day now
		return said, before
	}
	if aside := in.setAside(ctx, m, err); aside != nil {
		return nil, aside // nobody on duty sees it: it must come again
	}
	return nil, err
}

// alone takes a message that was proved, in a transaction of its own.
func (in *Inbox) alone(ctx context.Context, m Message) (out []byte, err error) {
	err = in.DB.Within(ctx, func(tx *vault.DB) error {
		t, err := in.begin(ctx, tx, &m)
		if err != nil {
			return err
		}
		out, err = in.enter(ctx, tx, t, m)
		return err
	})
	return out, err
}

// Prove verifies the signatures that a message carries; no transaction is open.
func (in *Inbox) Prove(ctx context.Context, m *Message) error {
	if m.problem == nil {
		return m.payload.prove(ctx, in, m)
	}
	return m.problem
}

// poison is a refusal that the same message will meet again, as far as the portal knows.
func poison(err error) bool {
	var gap *Gap
	var why *fault.Fault
	if err == nil || errors.As(err, &gap) || !errors.As(err, &why) || why.Message == keyUsed {
		return false
	}
	return slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.NotFound, fault.Forbidden}, why.Kind)
}

// constrained says that the tables refuse what a message says: a row that it names is not
// there, a value is another's already (PostgreSQL, appendix A, classes 22 and 23).
func constrained(err error) bool {
	said := pq.As(err)
	return said != nil && (said.Code.Class() == "22" || said.Code.Class() == "23")
}

// absent says that a row that a message refers to is not there: it may come, and then the
// same message is taken, which is set aside until then as any other.
func absent(err error) bool {
	said := pq.As(err)
	return said != nil && said.Code == "23503"
}

// Kept tells that Take refused a message and set it aside: those on duty see it (SetAside).
func Kept(err error) bool { return poison(err) }

const (
	keyUsed = "fault.register-key"
	notYet  = "fault.register-not-yet"
	inGap   = "fault.register-gap"
)

const selectInbound = `
SELECT digest, state, answer FROM inbound WHERE id = $1`

type inboundRow struct {
	Digest []byte `db:"digest"`
	State  string `db:"state"`
	Answer string `db:"answer"`
}

// before is the answer that a message got when it came first; nil for one that was not
// taken. An id is that of one message for ever.
func (in *Inbox) before(ctx context.Context, m Message) ([]byte, error) {
	var rows []inboundRow
	if err := in.DB.Select(ctx, &rows, selectInbound, m.ID); err != nil || len(rows) == 0 {
		return nil, err
	}
	said, err := rows[0].answer(m)
	if said == nil || err != nil {
		return nil, err
	}
	if err := in.DB.Everywhere(ctx); err != nil {
		return nil, fault.New(fault.Unavailable, "fault.closed-for-now").Because(err)
	}
	return said, nil
}

func (row inboundRow) answer(m Message) ([]byte, error) {
	switch {
	case !bytes.Equal(row.Digest, m.Digest):
		return nil, fault.New(fault.Conflict, keyUsed).At("id")
	case row.State != "taken":
		return nil, nil
	}
	return []byte(row.Answer), nil
}

// Messages of one case wait for one another, and so do two that are the same.
const lockInbound = `
SELECT pg_advisory_xact_lock(731, h) FROM (SELECT DISTINCT hashtext(x) AS h FROM unnest(CAST($1 AS text[])) AS x ORDER BY h) AS all_of_them`

const insertTaken = `
INSERT INTO inbound (id, kind, digest, casefile, sequence, state, code, field, answer, tries, came_at, last_at)
VALUES ($1, $2, $3, $4, $5, 'taken', $8, $9, $6, 1, $7, $7)
    ON CONFLICT (id) DO UPDATE
   SET state = 'taken', code = $8, field = $9, answer = $6, tries = inbound.tries + 1, last_at = $7
 WHERE inbound.state = 'refused' AND inbound.digest = $3`

// errTwice is an id under which another message of another case is taken at this moment;
// what comes again is answered as that one or refused.
var errTwice = errors.New("inbound: the id is taken by another message meanwhile")

// turn is what a transaction has found out about the messages that it takes: what was
// answered before, and which number comes next in each case.
type turn struct {
	said map[uuid.UUID]inboundRow
	next map[uuid.UUID]int64
}

// One by one: a plan that reads all of inbound is made while it is small, and kept.
const selectInbounds = `
SELECT i.id, i.digest, i.state, i.answer
  FROM unnest(CAST($1 AS uuid[])) AS c(id)
 CROSS JOIN LATERAL (SELECT id, digest, state, answer FROM inbound WHERE id = c.id LIMIT 1) i`

// Case by case, the last entry of the index: a file has thousands of messages of few cases, and
// however many came before, none of them is read but the last.
const selectNexts = `
SELECT c.casefile, i.sequence + 1 AS next
  FROM (SELECT DISTINCT unnest(CAST($1 AS uuid[])) AS casefile) c
 CROSS JOIN LATERAL (
       SELECT sequence FROM inbound WHERE casefile = c.casefile AND state = 'taken' ORDER BY sequence DESC LIMIT 1) i`

// begin locks the cases of messages, always in one order, and looks what came of them.
func (in *Inbox) begin(ctx context.Context, tx *vault.DB, all ...*Message) (turn, error) {
	t := turn{map[uuid.UUID]inboundRow{}, map[uuid.UUID]int64{}}
	var ids, cases []string
	var locks pq.StringArray
	for _, m := range all {
		ids = append(ids, m.ID.String())
		if m.Case == uuid.Nil {
			locks = append(locks, m.ID.String())
			continue
		}
		cases, locks = append(cases, m.Case.String()), append(locks, m.Case.String())
		t.next[m.Case] = 1
	}
	slices.Sort(locks)
	if err := tx.Exec(ctx, lockInbound, slices.Compact(locks)); err != nil {
		return t, err
	}
	var rows []struct {
		ID uuid.UUID `db:"id"`
		inboundRow
	}
	if err := tx.Select(ctx, &rows, selectInbounds, pq.StringArray(ids)); err != nil {
		return t, err
	}
	for _, row := range rows {
		t.said[row.ID] = row.inboundRow
	}
	if len(rows) > 0 { // whoever is answered as he was before is answered by what the standby has, too
		if err := tx.Everywhere(ctx); err != nil {
			return t, err
		}
	}
	var nexts []struct {
		Case uuid.UUID `db:"casefile"`
		Next int64     `db:"next"`
	}
	if len(cases) > 0 {
		if err := tx.Select(ctx, &nexts, selectNexts, pq.StringArray(cases)); err != nil {
			return t, err
		}
	}
	for _, n := range nexts {
		t.next[n.Case] = n.Next
	}
	return t, nil
}

// enter takes a message that was proved, in the transaction whose turn it is.
func (in *Inbox) enter(ctx context.Context, tx *vault.DB, t turn, m Message) ([]byte, error) {
	if row, came := t.said[m.ID]; came {
		if said, err := row.answer(m); said != nil || err != nil {
			return said, err
		}
	}
	if next := t.next[m.Case]; m.Case != uuid.Nil && next != m.Sequence {
		return nil, &Gap{fault.New(fault.Conflict, inGap).At("sequence"), next}
	}
	at := in.now()
	told, persons, err := m.payload.take(ctx, tx, &m, at)
	if err != nil {
		return nil, err
	}
	out, err := json.Marshal(Answer{ID: m.ID, State: "taken", Digest: hex.EncodeToString(m.Digest), At: at, Persons: persons})
	if err != nil {
		return nil, err
	}
	code, field := m.remark()
	if n, err := tx.Change(ctx, insertTaken, m.ID, m.Kind, m.Digest, orNone(m.Case), sequence(m), string(out), at, code, field); err != nil || n != 1 {
		return nil, cmp.Or(err, errTwice)
	}
	t.said[m.ID], t.next[m.Case] = inboundRow{m.Digest, "taken", string(out)}, m.Sequence+1
	if told {
		return out, nil
	}
	return out, register.Took(ctx, tx, "inbound", m.ID, m.Case, at, m.Digest)
}

func orNone(id uuid.UUID) uuid.NullUUID { return uuid.NullUUID{UUID: id, Valid: id != uuid.Nil} }

func sequence(m Message) *int64 {
	if m.Sequence == 0 {
		return nil
	}
	return &m.Sequence
}

const insertRefused = `
INSERT INTO inbound (id, kind, digest, casefile, sequence, state, code, field, answer, tries, came_at, last_at)
VALUES ($1, $2, $3, $4, $5, 'refused', $6, $7, '', 1, $8, $8)
    ON CONFLICT (id) DO UPDATE
   SET code = $6, field = $7, tries = inbound.tries + 1, last_at = $8
 WHERE inbound.state = 'refused' AND inbound.digest = $3`

// setAside writes down that a message could not be taken, and why.
func (in *Inbox) setAside(ctx context.Context, m Message, err error) error {
	code, field := Code(err)
	at := in.now()
	return in.DB.Within(ctx, func(tx *vault.DB) error {
		if err := tx.Exec(ctx, insertRefused, m.ID, m.Kind, m.Digest, orNone(m.Case), sequence(m), code, field, at); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, policy.Ask{Act: policy.RegisterRefuse, At: at}, "inbound", m.ID, m.Case, m.Digest)
	})
}

// Aside is what waits for those on duty: messages that could not be taken, or not whole, by
// kind and reason. It names nobody.
type Aside struct {
	Kind  string    `db:"kind"`
	Code  string    `db:"code"`
	Field string    `db:"field"`
	Count int       `db:"count"`
	First time.Time `db:"first"`
	Last  time.Time `db:"last"`
	ID    uuid.UUID `db:"id"` // of the last one, as the register calls it
}

const selectAside = `
SELECT kind, code, field, count(*) AS count, min(came_at) AS first, max(last_at) AS last, (array_agg(id ORDER BY last_at DESC))[1] AS id
  FROM inbound r
 WHERE code <> '' AND (casefile IS NOT NULL OR last_at > CAST($1 AS timestamptz))
   AND NOT EXISTS (SELECT 1 FROM inbound t WHERE t.casefile = r.casefile AND t.sequence = r.sequence AND t.state = 'taken')
 GROUP BY kind, code, field
 ORDER BY max(last_at) DESC, kind, code, field
 LIMIT 200`

const countAside = `
SELECT count(*)
  FROM inbound r
 WHERE code <> '' AND (casefile IS NOT NULL OR last_at > CAST($1 AS timestamptz))
   AND NOT EXISTS (SELECT 1 FROM inbound t WHERE t.casefile = r.casefile AND t.sequence = r.sequence AND t.state = 'taken')`

// CountAside is how many messages wait for those on duty at a moment (SetAside): for the
// figures of those who look after the machine.
func CountAside(ctx context.Context, db *database.DB, at time.Time) (n int, err error) {
	err = db.Get(ctx, &n, countAside, at.Add(-shownFor))
	return n, err
}

// shownFor is how long a message about no case stays with those on duty: it has no place
// in an order, so nothing tells which one came instead of it.
const shownFor = 30 * 24 * time.Hour

// SetAside are the messages that could not be taken, or not whole, and in whose place no
// other came; those about no case for thirty days.
func SetAside(ctx context.Context, db *database.DB, ask policy.Ask) ([]Aside, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var out []Aside
	err := db.Select(ctx, &out, selectAside, ask.At.Add(-shownFor))
	return out, err
}
