package feed

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// Subscriber is who is told of events.
type Subscriber struct {
	Name string
	URL  string // where events are posted: https, or http on this machine; "" of one that was retired
	Seal []byte // X25519, public: what papers are sealed to; nil: it gets none
}

// Check says what is wrong with where somebody wishes to be told.
func (s Subscriber) Check() error {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(s.URL) > 500 {
		return errors.New("feed: https://host/path is expected")
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Scheme != "https" && !(u.Scheme == "http" && err == nil && ip.IsLoopback()) {
		return errors.New("feed: https:// is expected, or http:// to an address of this machine")
	}
	if s.Seal != nil {
		if _, err := kem().NewPublicKey(s.Seal); err != nil {
			return errors.New("feed: no public key of X25519")
		}
	}
	return nil
}

const (
	holdHerald = `SELECT seq FROM herald FOR UPDATE`

	countTold = `SELECT count(*) FROM subscriber WHERE name = $1 AND url <> ''`

	upsertSubscriber = `
INSERT INTO subscriber (id, name, url, seal, made_at, silent, run_at)
VALUES ($1, $2, $3, $4, $5, 0, $5)
    ON CONFLICT (name) DO UPDATE SET url = excluded.url, seal = excluded.seal, silent = 0, run_at = excluded.run_at`

	insertBacklog = `
INSERT INTO sending (subscriber, seq, line, state, tries, refused, failure, run_at)
SELECT s.id, e.seq, e.line, 'waiting', 0, 0, '', $2
  FROM subscriber s, event e
 WHERE s.name = $1
    ON CONFLICT DO NOTHING`

	selectTook = `SELECT EXISTS (SELECT FROM subscriber WHERE name = $1 AND heard_at IS NOT NULL)`

	retireSubscriber = `UPDATE subscriber SET url = '', seal = NULL WHERE name = $1 AND url <> ''`
)

// Subscribe has somebody told of everything, what is past included; called again, it
// changes where.
func Subscribe(ctx context.Context, db *database.DB, s Subscriber, at time.Time) error {
	if err := s.Check(); err != nil {
		return err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *database.DB) error {
		var cursor int64 // no event is made between the two
		if err := tx.Get(ctx, &cursor, holdHerald); err != nil {
			return err
		}
		var told int // then each event was put on its way when it was made
		if err := tx.Get(ctx, &told, countTold, s.Name); err != nil {
			return err
		}
		if err := tx.Exec(ctx, upsertSubscriber, id, s.Name, s.URL, s.Seal, at); err != nil {
			return fmt.Errorf("subscribe %s: %w", s.Name, err)
		}
		if told > 0 {
			return nil
		}
		return tx.Exec(ctx, insertBacklog, s.Name, at)
	})
}

// Took tells whether somebody has ever taken an event, told now or retired: then he knows
// the key.
func Took(ctx context.Context, db *database.DB, name string) (took bool, err error) {
	if err := db.Get(ctx, &took, selectTook, name); err != nil {
		return false, fmt.Errorf("read whether %s took events: %w", name, err)
	}
	return took, nil
}

// Retire has nothing sent to somebody any more, and nothing sealed for him: what is made
// lies to be fetched. Subscribed again, he is told of all that he was not.
func Retire(ctx context.Context, db *database.DB, name string) error {
	return db.Exec(ctx, retireSubscriber, name)
}

// MaxPage is how many events are read at once.
const MaxPage = 1000

const (
	selectTold = `SELECT seq FROM herald`

	selectEvents = `SELECT body FROM event WHERE seq > $1 ORDER BY seq LIMIT $2`
)

// Events are those after a position, in order, each as it was made; a limit out of
// [1, MaxPage] is MaxPage. They say nothing that people wrote; still they are for
// systems that proved who they are, and for nobody else. fault.Conflict: no act has that
// position yet, so whoever asks has it of another life, or of himself.
func Events(ctx context.Context, db *database.DB, after int64, limit int) ([]string, error) {
	if limit < 1 || limit > MaxPage {
		limit = MaxPage
	}
	var told int64
	if err := db.Get(ctx, &told, selectTold); err != nil {
		return nil, err
	}
	if after > told {
		return nil, fault.New(fault.Conflict, "fault.register-position").At("after")
	}
	out := []string{}
	err := db.Select(ctx, &out, selectEvents, after, limit)
	return out, err
}

// State is how far the sending of an event has come; schema.sql lists the same.
type State string

// The states.
const (
	Waiting State = "waiting"
	Taken   State = "taken"
	Aside   State = "aside" // refused again and again: somebody has to look
)

// Duty is what whoever is on duty sees of one subscriber: counts, and nothing of anybody.
type Duty struct {
	Name    string     `db:"name"`
	Waiting int        `db:"waiting"` // with acts of which no event was made yet
	Since   *time.Time `db:"since"`   // when the oldest of these was made
	Held    int        `db:"held"`    // of these, behind one that was set aside
	Heard   *time.Time `db:"heard_at"`
	Silent  int        `db:"silent"` // tries that nobody answered, since the last answer
	Aside   int        `db:"aside"`  // as many were set aside
	Asides  []SetAside `db:"-"`      // the oldest hundred of these
}

// SetAside is an event that a subscriber does not take.
type SetAside struct {
	Seq     int64     `db:"seq"`
	Failure string    `db:"failure"`
	Tries   int       `db:"tries"`
	At      time.Time `db:"settled_at"`
}

const (
	selectDuty = `
SELECT s.name, s.heard_at, s.silent, count(n.seq) FILTER (WHERE n.state = 'waiting') AS waiting, count(n.seq) FILTER (WHERE n.state = 'aside') AS aside,
       min(e.made_at) FILTER (WHERE n.state = 'waiting') AS since,
       count(n.seq) FILTER (WHERE n.state = 'waiting' AND a.line IS NOT NULL) AS held
  FROM subscriber s
  LEFT JOIN sending n ON n.subscriber = s.id AND n.state <> 'taken'
  LEFT JOIN event e ON e.seq = n.seq
  LEFT JOIN (SELECT DISTINCT subscriber, line FROM sending WHERE state = 'aside') a ON a.subscriber = n.subscriber AND a.line = n.line
 WHERE s.url <> ''
 GROUP BY s.id
 ORDER BY s.name`

	// Of the next ten thousand acts: however far behind it is, the figures come each quarter of a minute.
	selectUnread = `
SELECT count(*) AS waiting, min(r.at) AS since
  FROM (SELECT act, at FROM record WHERE seq > (SELECT seq FROM herald) ORDER BY seq LIMIT 10000) r
 WHERE r.act = ANY ($1::text[])`

	selectAside = `
SELECT n.seq, n.failure, n.tries, n.settled_at
  FROM sending n
  JOIN subscriber s ON s.id = n.subscriber
 WHERE s.name = $1 AND n.state = 'aside'
 ORDER BY n.settled_at, n.seq
 LIMIT 100`
)

// Watch is what the duty page shows.
func Watch(ctx context.Context, db *database.DB, ask policy.Ask) ([]Duty, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	out, _, err := backlog(ctx, db)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if err := db.Select(ctx, &out[i].Asides, selectAside, out[i].Name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Backlog is how much each subscriber was not told yet, without what was set aside one by
// one: for the figures of those who look after the machine, and so for nobody who asks.
// Where nothing is sent to anybody, there is one without a name, with the acts of which no
// event was made.
func Backlog(ctx context.Context, db *database.DB) ([]Duty, error) {
	out, unread, err := backlog(ctx, db)
	if err == nil && len(out) == 0 {
		out = append(out, unread)
	}
	return out, err
}

func backlog(ctx context.Context, db *database.DB) (out []Duty, unread Duty, err error) {
	if err := db.Get(ctx, &unread, selectUnread, pq.Array(acts)); err != nil {
		return nil, unread, err
	}
	if err := db.Select(ctx, &out, selectDuty); err != nil {
		return nil, unread, err
	}
	for i := range out {
		out[i].Waiting += unread.Waiting
		if out[i].Since == nil {
			out[i].Since = unread.Since // what was read for it is older
		}
	}
	return out, unread, nil
}

const (
	reviveSending = `
UPDATE sending SET state = 'waiting', settled_at = NULL, refused = 0, run_at = $3
 WHERE seq = $1 AND state = 'aside' AND subscriber = (SELECT id FROM subscriber WHERE name = $2)`

	selectHash = `SELECT hash FROM record WHERE seq = $1`
)

// Again has an event that was set aside sent anew, and with it all that waits behind it.
// fault.NotFound: it is not set aside.
func Again(ctx context.Context, db *database.DB, ask policy.Ask, subscriber string, seq int64) error {
	if err := ask.Check(0); err != nil {
		return err
	}
	return db.Within(ctx, func(tx *database.DB) error {
		n, err := tx.Change(ctx, reviveSending, seq, subscriber, ask.At)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "fault.not-found")
		}
		var hash []byte
		if err == nil {
			err = tx.Get(ctx, &hash, selectHash, seq)
		}
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx, ask, "event", idOf(hash), uuid.Nil, nil)
	})
}
