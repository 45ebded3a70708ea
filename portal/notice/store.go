package notice

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Notice is one thing that somebody was told, and how it went.
type Notice struct {
	ID         uuid.UUID     `db:"id"`
	Kind       Kind          `db:"kind"`
	Urgency    Urgency       `db:"urgency"`
	Object     string        `db:"object"`
	Of         uuid.UUID     `db:"object_id"`
	Case       uuid.NullUUID `db:"casefile"`
	Number     string        `db:"number"`
	At         time.Time     `db:"at"`
	Due        *time.Time    `db:"due_at"` // of a reminder: when the term ends
	ReadAt     *time.Time    `db:"read_at"`
	Decision   policy.Kind   `db:"decision"` // what was decided, where that is open to him now; else ""
	Deliveries []Delivery
}

// Delivery is one sending of it.
type Delivery struct {
	Notice    uuid.UUID  `db:"notice"`
	Channel   Channel    `db:"channel"`
	State     State      `db:"state"`
	Again     bool       `db:"again"`
	MadeAt    time.Time  `db:"made_at"`
	RunAt     time.Time  `db:"run_at"`
	SentAt    *time.Time `db:"sent_at"`
	SettledAt *time.Time `db:"settled_at"`
}

// When is the moment its state is of.
func (d Delivery) When() time.Time {
	switch {
	case d.SettledAt != nil:
		return *d.SettledAt
	case d.SentAt != nil:
		return *d.SentAt
	}
	return d.RunAt
}

// How often one notice is sent once more, and how soon.
const (
	Resends     = 3
	ResendsDay  = 20 // of one person's, of all his notices
	ResendPause = 5 * time.Minute
)

// CanResend tells that it may be sent once more.
func (n Notice) CanResend(at time.Time) bool {
	if n.Due != nil && !at.Before(*n.Due) { // of what is over nobody is reminded
		return false
	}
	again := 0
	for _, d := range n.Deliveries {
		if d.State == Queued || at.Before(d.MadeAt.Add(ResendPause)) {
			return false
		}
		if d.Again {
			again++
		}
	}
	return again < Resends
}

// Page is how many notices are shown at once.
const perPage = 30

const (
	// Of a decision that is not open to the asker now the fence shows no row, so it is told
	// of in the words that go outside. Officials' notices are of kind "work".
	selectNotices = `
SELECT n.id, n.kind, n.urgency, n.object, n.object_id, n.casefile, n.number, n.at, n.due_at, n.read_at, coalesce(d.kind, '') AS decision
  FROM (SELECT * FROM notice
         WHERE person = $1 AND ($2::timestamptz IS NULL OR (at, id) < ($2, $3))
         ORDER BY at DESC, id DESC
         LIMIT $4) n` + whatWasDecided + `
 ORDER BY n.at DESC, n.id DESC`

	whatWasDecided = `
  LEFT JOIN LATERAL (SELECT kind FROM decision WHERE id = n.object_id LIMIT 1) d ON n.kind = 'decision' AND n.object = 'decision'`

	selectDeliveries = `
SELECT notice, channel, state, again, made_at, run_at, sent_at, settled_at
  FROM delivery
 WHERE notice = ANY ($1::uuid[])
 ORDER BY made_at, id`

	selectNotice = `
SELECT n.id, n.kind, n.urgency, n.object, n.object_id, n.casefile, n.number, n.at, n.due_at, n.read_at, coalesce(d.kind, '') AS decision
  FROM notice n` + whatWasDecided + `
 WHERE n.id = $1 AND n.person = $2`

	countUnread = `SELECT count(*) FROM (SELECT FROM notice WHERE person = $1 AND read_at IS NULL LIMIT 100) AS unread`

	countResends = `SELECT count(*) FROM delivery WHERE person = $1 AND again AND made_at > $2`

	readNotice = `UPDATE notice SET read_at = $3 WHERE id = $1 AND person = $2 AND read_at IS NULL`
	readAll    = `UPDATE notice SET read_at = $2 WHERE person = $1 AND read_at IS NULL AND made_at <= $2`
)

// List is what the asker was told, the newest first; before is the last one of the page
// above, or zero. more tells that there are older ones.
func List(ctx context.Context, db *vault.DB, ask policy.Ask, before uuid.UUID) (out []Notice, more bool, err error) {
	if err := ask.Check(0); err != nil {
		return nil, false, err
	}
	var from *time.Time
	if before != uuid.Nil {
		var last Notice
		if err := db.Get(ctx, &last, selectNotice, before, ask.Person); err != nil {
			return nil, false, err
		}
		from = &last.At
	}
	if err := db.Select(ctx, &out, selectNotices, ask.Person, from, before, perPage+1); err != nil {
		return nil, false, err
	}
	if more = len(out) > perPage; more {
		out = out[:perPage]
	}
	return out, more, fill(ctx, db, out)
}

// fill adds how each went.
func fill(ctx context.Context, db *vault.DB, all []Notice) error {
	ids := make([]uuid.UUID, len(all))
	for i, n := range all {
		ids[i] = n.ID
	}
	var rows []Delivery
	if err := db.Select(ctx, &rows, selectDeliveries, pq.Array(ids)); err != nil {
		return err
	}
	for _, d := range rows {
		i := slices.Index(ids, d.Notice)
		all[i].Deliveries = append(all[i].Deliveries, d)
	}
	return nil
}

// Unread is how many the person has not read; more than 99 are not counted.
func Unread(ctx context.Context, db *vault.DB, person uuid.UUID) (n int, err error) {
	err = db.Get(ctx, &n, countUnread, person)
	return n, err
}

// Read marks one as read, and gives it back: its page is where it leads.
func Read(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (n Notice, err error) {
	if err := ask.Check(0); err != nil {
		return n, err
	}
	err = db.Within(ctx, func(tx *vault.DB) error {
		if err := tx.Get(ctx, &n, selectNotice, id, ask.Person); err != nil {
			return err
		}
		return tx.Exec(ctx, readNotice, id, ask.Person, ask.At)
	})
	return n, err
}

// ReadAll marks all of them that were there by now.
func ReadAll(ctx context.Context, db *vault.DB, ask policy.Ask) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return db.Exec(ctx, readAll, ask.Person, ask.At)
}

// Resend sends a notice of the asker's once more, over the channel that is first now; has
// says which channels the portal can send over. Not in silence and not at night: he is
// awake and wants it.
func Resend(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, has func(Channel) bool) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		var locked []uuid.UUID
		if err := tx.Select(ctx, &locked, lockPerson, ask.Person); err != nil {
			return err
		}
		var n Notice
		if err := tx.Get(ctx, &n, selectNotice, id, ask.Person); err != nil {
			return err
		}
		again := 0
		if err := tx.Get(ctx, &again, countResends, ask.Person, ask.At.Add(-day)); err != nil {
			return err
		}
		one := []Notice{n}
		if err := fill(ctx, tx, one); err != nil {
			return err
		}
		if again >= ResendsDay || !one[0].CanResend(ask.At) {
			return fault.New(fault.TooMany, "fault.resent")
		}
		var lines []line
		if err := tx.Select(ctx, &lines, selectLines, pq.Array([]uuid.UUID{ask.Person}), nil); err != nil {
			return err
		}
		l, ok := choose(lines, has)
		if !ok {
			return fault.New(fault.Conflict, "fault.no-contact")
		}
		delivery, err := uuid.NewV7()
		if err != nil {
			return err
		}
		until := ask.At.Add(livesPlain)
		if n.Due != nil && n.Due.Before(until) {
			until = *n.Due
		}
		return tx.Exec(ctx, insertDelivery, delivery, id, ask.Person, l.Contact, l.Channel, nil, true, ask.At, ask.At, until, ask.At)
	})
}
