package notice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/deadline"
)

// State is how far a delivery has come.
type State string

// The states.
const (
	Queued    State = "queued"
	Taken     State = "sent"      // the other side took it; that it arrived is not known
	Delivered State = "delivered" // it arrived
	Failed    State = "failed"
	Fallback  State = "fallback" // another channel took over
)

// States are all of them; schema.sql lists the same.
var States = []State{Queued, Taken, Delivered, Failed, Fallback}

// Outward are the channels that leave the portal, in the order in which one takes over
// from another: what costs nothing and is there at once, then what every telephone has,
// then what waits longest for its reader.
var Outward = []Channel{Push, SMS, Email}

// How long things may take.
const (
	Late        = 5 * time.Minute    // unsent for longer: somebody is told (alarm.go)
	patience    = 15 * time.Minute   // the line of a channel is silent: the next one is tried
	receiptTime = 30 * time.Minute   // a channel with receipts has sent none: the next one is tried
	sendTime    = 30 * time.Second   // one sending, at most
	leaseTime   = 2 * time.Minute    // longer than one sending: whoever has it in hand then is dead
	most        = 10 * time.Minute   // between two tries, at most
	lives       = 7 * 24 * time.Hour // of what the Code demands
	livesPlain  = 2 * 24 * time.Hour // of what it does not
	hands       = 8                  // sendings of one channel at once, in one process
)

// manner is how somebody wishes to be told.
type manner struct {
	Language string  `db:"language"`
	Channel  Channel `db:"channel"`
	Silent   bool    `db:"silent"`
	From     int     `db:"night_begins"`
	To       int     `db:"night_ends"`
	Discreet bool    `db:"discreet"`
}

// usual is the manner of whoever has said nothing.
var usual = manner{Language: "kk", From: 22, To: 8}

// line is one confirmed address of somebody, with his manner.
type line struct {
	Contact uuid.UUID `db:"contact"`
	Person  uuid.UUID `db:"person"`
	Channel Channel   `db:"to_channel"`
	Safe    bool      `db:"safe"`
	manner
	Since time.Time  `db:"confirmed_at"`
	Ended *time.Time `db:"ended_at"`
	Said  *time.Time `db:"saved_at"` // his manner, of a discreet one since when; nil: he said nothing
}

// stood tells that it was his when something was done, or until that very act.
func (l line) stood(at time.Time) bool {
	return !l.Since.After(at) && (l.Ended == nil || !l.Ended.Before(at))
}

// muted tells that others read there, as he had said before something was done.
func (l line) muted(at time.Time) bool { return l.Discreet && !l.Safe && l.Said.Before(at) }

// The defaults stand in the query as they stand in usual; a test compares. Those that were
// ended since $2 are there as well.
const selectLines = `
SELECT c.id AS contact, c.person, c.channel AS to_channel, c.safe, c.confirmed_at, c.ended_at,
       coalesce(m.language, 'kk') AS language, coalesce(m.channel, '') AS channel, coalesce(m.silent, false) AS silent,
       coalesce(m.night_begins, 22) AS night_begins, coalesce(m.night_ends, 8) AS night_ends, coalesce(m.discreet, false) AS discreet, m.saved_at
  FROM contact c
  LEFT JOIN manner m ON m.person = c.person
 WHERE c.person = ANY ($1::uuid[]) AND c.confirmed_at IS NOT NULL AND (c.ended_at IS NULL OR c.ended_at >= $2::timestamptz)
 ORDER BY c.person, c.id`

// choose is the address of somebody's that is taken next: his own channel first, then
// the order of the house. has says which channels can be sent over now; without are the
// addresses that were tried: one that took the place of such an address was not.
func choose(lines []line, has func(Channel) bool, without ...uuid.UUID) (line, bool) {
	rank := func(l line) int {
		if l.Channel == l.manner.Channel {
			return -1
		}
		return slices.Index(Outward, l.Channel)
	}
	lines = slices.DeleteFunc(slices.Clone(lines), func(l line) bool {
		return !has(l.Channel) || slices.Contains(without, l.Contact) || l.Discreet && !l.Safe
	})
	if len(lines) == 0 {
		return line{}, false
	}
	return slices.MinFunc(lines, func(a, b line) int { return cmp.Compare(rank(a), rank(b)) }), true
}

// awake is the first moment at or after at that is not in the person's night. No term of
// the Code begins with our message, so what the Code demands waits for the morning too:
// waking somebody would do him harm and bring him nothing. What is urgent does not wait.
func (m manner) awake(at time.Time, urgency Urgency) time.Time {
	if urgency == Urgent || m.From == m.To {
		return at
	}
	local := at.In(deadline.Zone)
	hour := local.Hour()
	night := m.From < m.To && hour >= m.From && hour < m.To || m.From > m.To && (hour >= m.From || hour < m.To)
	if !night {
		return at
	}
	day := local.Day()
	if hour >= m.To {
		day++
	}
	return time.Date(local.Year(), local.Month(), day, m.To, 0, 0, 0, deadline.Zone).UTC()
}

// lifeOf is after when a notice is of no use any more.
func lifeOf(u Urgency) time.Duration {
	if u == Plain {
		return livesPlain
	}
	return lives
}

const insertDelivery = `
INSERT INTO delivery (id, notice, person, contact, channel, state, previous, again, due_at, run_at, until, made_at)
VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $8, $9, $10, $11)`

func (w *Worker) has(c Channel) bool { return w.Senders[c] != nil }

// queue puts notices on their way out, where their person has an address for it.
func (w *Worker) queue(ctx context.Context, tx *database.DB, all []news, at time.Time) error {
	if len(all) == 0 || len(w.Senders) == 0 {
		return nil
	}
	var people []uuid.UUID
	var since *time.Time
	for _, n := range all {
		people = append(people, n.person)
		if n.kind == Contacts && (since == nil || n.at.Before(*since)) {
			since = &n.at
		}
	}
	slices.SortFunc(people, func(a, b uuid.UUID) int { return cmp.Compare(a.String(), b.String()) })
	var rows []line
	if err := tx.Select(ctx, &rows, selectLines, pq.Array(slices.Compact(people)), since); err != nil {
		return fmt.Errorf("read where people are told: %w", err)
	}
	lines := map[uuid.UUID][]line{}
	for _, l := range rows {
		lines[l.Person] = append(lines[l.Person], l)
	}
	for _, n := range all {
		for _, l := range w.ways(n, lines[n.person]) {
			id, err := uuid.NewV7()
			if err != nil {
				return err
			}
			due := l.awake(at, n.urgency)
			until := due.Add(lifeOf(n.urgency))
			if n.due != nil && n.due.Before(until) {
				until = *n.due
			}
			if !due.Before(until) { // the night is longer than the term: his list has it
				continue
			}
			if err := tx.Exec(ctx, insertDelivery, id, n.id, n.person, l.Contact, l.Channel, nil, false, due, due, until, at); err != nil {
				return fmt.Errorf("queue a delivery: %w", err)
			}
		}
	}
	return nil
}

// ways are where a notice goes first. That addresses were changed goes to each that stood
// until then, with the one that was taken away, replaced or silenced: whoever did it may
// have the new one in his hand, and may have said since that others read at the old.
func (w *Worker) ways(n news, lines []line) []line {
	if n.kind == Contacts {
		return slices.DeleteFunc(slices.Clone(lines), func(l line) bool {
			fresh := l.Contact == n.of && (l.Ended == nil || l.Ended.After(n.at))
			return !w.has(l.Channel) || fresh || !l.stood(n.at) || l.muted(n.at)
		})
	}
	lines = slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return l.Ended != nil })
	l, ok := choose(lines, w.has)
	if !ok || n.urgency == Plain && l.Silent {
		return nil
	}
	return []line{l}
}

const (
	// What is due and nobody has in hand.
	claimDeliveries = `
UPDATE delivery
   SET tries = tries + 1, leased_until = $3
 WHERE id IN (SELECT id
                FROM delivery
               WHERE state = 'queued' AND channel = $1 AND run_at <= $2 AND (leased_until IS NULL OR leased_until <= $2)
               ORDER BY run_at, id
               LIMIT $4
                 FOR UPDATE SKIP LOCKED)
RETURNING id, notice, person, contact, channel, tries, due_at, until, previous, coalesce((SELECT n.urgency FROM notice n WHERE n.id = delivery.notice), 'urgent') AS urgency`

	selectContents = `
SELECT d.id, coalesce(n.kind, '') AS kind, coalesce(n.urgency, 'urgent') AS urgency, coalesce(n.number, '') AS number, n.due_at AS ends_at, c.address, c.code,
       coalesce(m.language, 'kk') AS language, coalesce(m.discreet, false) AS discreet,
       c.ended_at IS NOT NULL AND n.kind IS DISTINCT FROM 'contacts' OR d.notice IS NULL AND c.code IS NULL
       OR d.notice IS NOT NULL AND coalesce(m.discreet, false) AND NOT c.safe AND (n.kind <> 'contacts' OR m.saved_at < n.at) AS gone
  FROM delivery d
  JOIN contact c ON c.id = d.contact
  LEFT JOIN notice n ON n.id = d.notice
  LEFT JOIN manner m ON m.person = d.person
 WHERE d.id = ANY ($1::uuid[])`

	// Ours still? After a lease ran out another process may have it, which shows in tries.
	setSent = `
UPDATE delivery
   SET state = $3, ref = $4, sent_at = $5, settled_at = $6, leased_until = NULL
 WHERE id = $1 AND tries = $2 AND state = 'queued'`

	setAgain = `UPDATE delivery SET run_at = $3, leased_until = NULL WHERE id = $1 AND tries = $2 AND state = 'queued'`

	setSettled = `
UPDATE delivery
   SET state = $3, settled_at = $4, leased_until = NULL
 WHERE id = $1 AND tries = $2 AND state IN ('queued', 'sent')`

	// The addresses that a chain of deliveries has tried.
	selectTried = `
WITH RECURSIVE chain AS (
    SELECT id, contact, previous FROM delivery WHERE id = $1
    UNION
    SELECT d.id, d.contact, d.previous FROM delivery d JOIN chain ON d.id = chain.previous)
SELECT contact FROM chain`

	endContact = `UPDATE contact SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`
)

// parcel is a delivery in hand.
type parcel struct {
	ID       uuid.UUID     `db:"id"`
	Notice   uuid.NullUUID `db:"notice"`
	Person   uuid.UUID     `db:"person"`
	Contact  uuid.UUID     `db:"contact"`
	Channel  Channel       `db:"channel"`
	Tries    int           `db:"tries"`
	Due      time.Time     `db:"due_at"`
	Until    time.Time     `db:"until"`
	Previous uuid.NullUUID `db:"previous"`
	Urgency  Urgency       `db:"urgency"`
}

// content is what a delivery says and where it goes, as they stand when it goes.
type content struct {
	ID       uuid.UUID  `db:"id"`
	Kind     Kind       `db:"kind"`
	Urgency  Urgency    `db:"urgency"`
	Number   string     `db:"number"`
	Ends     *time.Time `db:"ends_at"` // of a reminder: its term
	Address  []byte     `db:"address"`
	Code     []byte     `db:"code"`
	Language string     `db:"language"`
	Discreet bool       `db:"discreet"`
	Gone     bool       `db:"gone"` // nothing may go there any more
}

// Send takes what is due over one channel and sends it, several at once; it answers how
// many it had in hand. It is counted before it is sent, so whoever dies over one has
// another try it when the lease is over: twice perhaps, under the same ID, lost never.
func (w *Worker) Send(ctx context.Context, over Channel) (int, error) {
	at := w.now()
	var taken []parcel
	if err := w.DB.Select(ctx, &taken, claimDeliveries, over, at, at.Add(leaseTime), hands); err != nil {
		return 0, fmt.Errorf("take deliveries of %s: %w", over, err)
	}
	if len(taken) == 0 {
		return 0, nil
	}
	ids := make([]uuid.UUID, len(taken))
	for i, p := range taken {
		ids[i] = p.ID
	}
	var rows []content
	if err := w.DB.Select(ctx, &rows, selectContents, pq.Array(ids)); err != nil {
		return 0, fmt.Errorf("read what is to be sent over %s: %w", over, err)
	}
	contents := map[uuid.UUID]content{}
	for _, c := range rows {
		contents[c.ID] = c
	}
	errs := make([]error, len(taken))
	var all sync.WaitGroup
	for i, p := range taken {
		all.Go(func() { errs[i] = w.deliver(ctx, p, contents[p.ID]) })
	}
	all.Wait()
	return len(taken), errors.Join(errs...)
}

// deliver sends one and writes down what came of it.
func (w *Worker) deliver(ctx context.Context, p parcel, c content) error {
	at := w.now()
	switch {
	case !at.Before(p.Until):
		return w.DB.Exec(ctx, setSettled, p.ID, p.Tries, Failed, at)
	case c.Gone: // he took the address away meanwhile, or others read there: he is told where he is now
		return w.overtake(ctx, p, at, false)
	}
	message, err := w.message(p, c)
	if err != nil { // nobody can send what nobody can read
		w.log().ErrorContext(ctx, "a notice cannot be written", "delivery", p.ID, "error", err)
		return w.DB.Exec(ctx, setSettled, p.ID, p.Tries, Failed, at)
	}
	sent, err := w.send(ctx, message, p.Channel)
	if err != nil && ctx.Err() == nil {
		w.complain(ctx, p.Channel, err)
	}
	// The end of ctx may be why it failed; what came of it is still written down.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	at = w.now()
	switch {
	case err == nil && sent.Delivered:
		return w.DB.Exec(ctx, setSent, p.ID, p.Tries, Delivered, sent.Ref, at, at)
	case err == nil:
		return w.DB.Exec(ctx, setSent, p.ID, p.Tries, Taken, sent.Ref, at, nil)
	case errors.Is(err, ErrRefused):
		return w.overtake(ctx, p, at, true)
	case at.Sub(p.Due) >= patience:
		if over, err := w.takesOver(ctx, p, at); over || err != nil {
			return err
		}
	}
	next := at.Add(backoff(p.Tries))
	if next.After(p.Until) {
		next = p.Until
	}
	return w.DB.Exec(ctx, setAgain, p.ID, p.Tries, next)
}

// send asks the sender; a panic of his is a failure of this one message.
func (w *Worker) send(ctx context.Context, m Message, over Channel) (sent Sent, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("notice: the sender of %s panicked", over)
			w.log().ErrorContext(ctx, "a sender panicked", "channel", string(over))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	return w.Senders[over].Send(ctx, m)
}

// backoff is the wait after the given try: 10 s, 20 s, 40 s, … and at most ten minutes.
func backoff(try int) time.Duration { return min(10*time.Second<<min(try-1, 10), most) }

// overtake settles a delivery that came to nothing: another channel takes over, or it
// has failed. A browser that unsubscribed is gone for good.
func (w *Worker) overtake(ctx context.Context, p parcel, at time.Time, refused bool) error {
	if refused && p.Channel == Push {
		if err := w.DB.Exec(ctx, endContact, p.Contact, at); err != nil {
			return err
		}
	}
	over, err := w.takesOver(ctx, p, at)
	if over || err != nil {
		return err
	}
	return w.DB.Exec(ctx, setSettled, p.ID, p.Tries, Failed, at)
}

// takesOver hands a delivery to the next address that its person has and that was not
// tried for it; false where there is none, or somebody else settled it meanwhile.
func (w *Worker) takesOver(ctx context.Context, p parcel, at time.Time) (over bool, err error) {
	if !p.Notice.Valid { // a code goes to the address that it proves, and nowhere else
		return false, nil
	}
	err = w.DB.DB.Within(ctx, func(tx *database.DB) error {
		var tried []uuid.UUID
		var lines []line
		if err := tx.Select(ctx, &tried, selectTried, p.ID); err != nil {
			return err
		}
		if err := tx.Select(ctx, &lines, selectLines, pq.Array([]uuid.UUID{p.Person}), nil); err != nil {
			return err
		}
		l, ok := choose(lines, w.has, tried...)
		if !ok {
			return nil
		}
		changed, err := tx.Change(ctx, setSettled, p.ID, p.Tries, Fallback, at)
		if err != nil || changed == 0 {
			return err
		}
		over = true
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		// It stays due when the first one was: who waits does not care over what.
		run, due := l.awake(at, p.Urgency), p.Due
		if run.After(at) {
			due = run
		}
		return tx.Exec(ctx, insertDelivery, id, p.Notice, p.Person, l.Contact, l.Channel, p.ID, false, due, run, p.Until, at)
	})
	return over, err
}

const (
	receiveDelivered = `
UPDATE delivery SET state = 'delivered', settled_at = $3
 WHERE channel = $1 AND ref = $2 AND ref <> '' AND (state = 'sent' OR state = 'fallback' AND sent_at IS NOT NULL)`

	// An operator may give a number anew after a while: what is settled is not meant.
	selectTaken = `
SELECT id, notice, person, contact, channel, tries, due_at, until, previous,
       coalesce((SELECT n.urgency FROM notice n WHERE n.id = delivery.notice), 'urgent') AS urgency
  FROM delivery
 WHERE channel = $1 AND ref = $2 AND ref <> '' AND state = 'sent'`

	knowsRef = `SELECT EXISTS (SELECT FROM delivery WHERE channel = $1 AND ref = $2 AND ref <> '')`
)

// ErrNoSuchRef says that a receipt names nothing that was sent.
var ErrNoSuchRef = errors.New("notice: a receipt of what was not sent")

// Receive writes down what came of a message that was taken. A receipt may overtake the
// answer to the sending itself, so one that names nothing is looked for a moment longer;
// where another process sent it, or nobody, only as long as the answer takes to be written down.
func (w *Worker) Receive(ctx context.Context, r Receipt) error {
	if r.Ref == "" {
		return ErrNoSuchRef
	}
	most := 2 * time.Second
	if r.Elsewhere {
		most = 100 * time.Millisecond
	}
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		known, err := w.receive(ctx, r)
		if known || err != nil {
			return err
		}
		if wait > most {
			return ErrNoSuchRef
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// receive asks first whether the number is known: asked last, the answer to the sending
// could be written down between the two, and the receipt would be let go as one that came
// twice.
func (w *Worker) receive(ctx context.Context, r Receipt) (known bool, err error) {
	if err := w.DB.Get(ctx, &known, knowsRef, r.Channel, r.Ref); err != nil || !known {
		return false, err
	}
	at := w.now()
	if r.Delivered {
		return true, w.DB.Exec(ctx, receiveDelivered, r.Channel, r.Ref, at)
	}
	var lost []parcel
	if err := w.DB.Select(ctx, &lost, selectTaken, r.Channel, r.Ref); err != nil {
		return false, err
	}
	for _, p := range lost {
		if err := w.overtake(ctx, p, at, false); err != nil {
			return true, err
		}
	}
	return true, nil
}

// Only those whose person has an address that was not tried: the others would stand before
// them for a week.
const selectUnreceipted = `
SELECT d.id, d.notice, d.person, d.contact, d.channel, d.tries, d.due_at, d.until, d.previous, n.urgency
  FROM delivery d
  JOIN notice n ON n.id = d.notice AND n.urgency <> 'plain' AND n.read_at IS NULL
 WHERE d.state = 'sent' AND d.ref <> '' AND d.sent_at <= $1 AND d.sent_at > $2
   AND EXISTS (SELECT FROM contact c LEFT JOIN manner m ON m.person = c.person
                WHERE c.person = d.person AND c.confirmed_at IS NOT NULL AND c.ended_at IS NULL AND c.channel = ANY ($3::text[])
                  AND (c.safe OR NOT coalesce(m.discreet, false))
                  AND NOT EXISTS (SELECT FROM delivery x WHERE x.notice = d.notice AND x.contact = c.id))
 ORDER BY d.sent_at, d.id
 LIMIT 200`

// Chase hands what the Code demands, was sent and is not known to have arrived to the
// next channel: unless its person has read it in the portal meanwhile.
func (w *Worker) Chase(ctx context.Context) error {
	at := w.now()
	var silent []parcel
	offered := slices.DeleteFunc(slices.Clone(Outward), func(c Channel) bool { return !w.has(c) })
	if err := w.DB.Select(ctx, &silent, selectUnreceipted, at.Add(-receiptTime), at.Add(-lives), pq.Array(offered)); err != nil {
		return fmt.Errorf("look for receipts that did not come: %w", err)
	}
	var errs error
	for _, p := range silent {
		_, err := w.takesOver(ctx, p, at)
		errs = errors.Join(errs, err)
	}
	return errs
}
