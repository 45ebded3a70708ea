package notice

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/policy"
)

// Tally is how telling goes: counts, and nothing of anybody.
type Tally struct {
	Waits     int        `db:"waits"`      // to be sent now
	Late      int        `db:"late"`       // of these for five minutes or longer, and acts that nobody was told of for as long
	LateSince *time.Time `db:"late_since"` // since when the oldest of them
	Month     int        `db:"month"`      // due in the last thirty days
	InTime    int        `db:"in_time"`    // of these sent within five minutes
	CountedAt *time.Time `db:"counted_at"`
}

// Percent is how many of a hundred were sent in time, rounded down.
func (t Tally) Percent() int {
	if t.Month == 0 {
		return 100
	}
	return t.InTime * 100 / t.Month
}

const (
	countLate = `
SELECT (SELECT count(*) FROM delivery WHERE state = 'queued' AND run_at <= $1) AS waits,
       (SELECT count(*) FROM delivery WHERE state = 'queued' AND due_at <= $2) + (SELECT count(*) FROM untold) AS late,
       least((SELECT min(due_at) FROM delivery WHERE state = 'queued' AND due_at <= $2), (SELECT min(at) FROM untold)) AS late_since
  FROM (SELECT 1) AS one`

	// Of the chain of one notice the first that was sent counts.
	countMonth = `
SELECT count(*) AS month,
       count(*) FILTER (WHERE EXISTS (SELECT FROM delivery x WHERE x.notice = d.notice AND x.sent_at <= d.due_at + interval '5 minutes')) AS in_time
  FROM delivery d
 WHERE d.notice IS NOT NULL AND d.previous IS NULL AND NOT d.again AND d.made_at > $1 AND d.due_at <= $2`

	selectUntold = `
WITH untold AS (
    SELECT r.at FROM record r, courier c WHERE r.seq > c.seq AND r.at <= $2)` + countLate

	// The one before comes back with it: whoever sees the change tells of it, once.
	setLate = `
UPDATE courier c
   SET waits = $1, late = $2, late_since = $3, counted_at = $4
  FROM (SELECT late FROM courier FOR UPDATE) AS before
RETURNING before.late`

	setMonth = `UPDATE courier SET month = $1, in_time = $2`

	// A relay that is none for us refuses everybody as if each of them took no messages; and what
	// another channel took over is not late any more. Neither waits, and the channel is dead.
	countVain = `
SELECT c.channel, (SELECT count(*)
                     FROM delivery d
                    WHERE d.channel = c.channel AND d.notice IS NOT NULL AND d.sent_at IS NULL
                      AND d.settled_at > greatest($2, (SELECT max(sent_at) FROM delivery x WHERE x.channel = c.channel))) AS running
  FROM unnest(CAST($1 AS text[])) WITH ORDINALITY AS c (channel, place)
 ORDER BY c.place`

	selectTally = `SELECT waits, late, late_since, month, in_time, counted_at FROM courier`
)

// Tend hands on what no receipt came for, and looks whether something is late: that is an
// alarm, told to the log once and to the duty page as long as it lasts.
func (w *Worker) Tend(ctx context.Context) error {
	at := w.now()
	var t Tally
	if err := w.DB.Get(ctx, &t, selectUntold, at, at.Add(-Late)); err != nil {
		return fmt.Errorf("look for notices that are late: %w", err)
	}
	var before []int
	if err := w.DB.Select(ctx, &before, setLate, t.Waits, t.Late, t.LateSince, at); err != nil {
		return fmt.Errorf("write how telling goes: %w", err)
	}
	switch {
	case t.Late > 0 && before[0] == 0:
		w.log().ErrorContext(ctx, "alarm: notices are unsent for five minutes", "late", t.Late, "since", t.LateSince)
	case t.Late == 0 && before[0] > 0:
		w.log().InfoContext(ctx, "no notice is late any more")
	}
	vain, err := InVain(ctx, w.DB.DB, at)
	if err != nil {
		return err
	}
	for _, v := range vain {
		w.takesNothing(ctx, v)
	}
	return w.Chase(ctx)
}

// Vain is how many notices over one channel came to nothing since it took one, in a week.
type Vain struct {
	Channel Channel `db:"channel"`
	Running int     `db:"running"`
}

// enough in vain, one after the other, are no chance.
const enough = 5

// InVain is that of each channel.
func InVain(ctx context.Context, db *database.DB, at time.Time) (all []Vain, err error) {
	if err := db.Select(ctx, &all, countVain, pq.Array(Outward), at.Add(-lives)); err != nil {
		return nil, fmt.Errorf("count the notices that came to nothing: %w", err)
	}
	return all, nil
}

// takesNothing tells the log of a channel that takes nothing for anybody, once.
func (w *Worker) takesNothing(ctx context.Context, v Vain) {
	w.mu.Lock()
	before := w.alarm[v.Channel]
	now := w.has(v.Channel) && (v.Running >= enough || before && v.Running > 0)
	if w.alarm == nil {
		w.alarm = map[Channel]bool{}
	}
	w.alarm[v.Channel] = now
	w.mu.Unlock()
	switch {
	case now && !before:
		w.log().ErrorContext(ctx, "alarm: a channel takes no notices", "channel", v.Channel, "in vain", v.Running)
	case before && !now:
		w.log().InfoContext(ctx, "a channel takes notices again", "channel", v.Channel)
	}
}

// Count counts the last thirty days for everybody to see.
func Count(ctx context.Context, db *database.DB, at time.Time) error {
	var t Tally
	if err := db.Get(ctx, &t, countMonth, at.AddDate(0, 0, -30), at.Add(-Late)); err != nil {
		return fmt.Errorf("count the notices of a month: %w", err)
	}
	return db.Exec(ctx, setMonth, t.Month, t.InTime)
}

// Duty is how telling goes, for whoever keeps watch.
func Duty(ctx context.Context, db *database.DB, ask policy.Ask) (Tally, error) {
	if err := ask.Check(0); err != nil {
		return Tally{}, err
	}
	return Public(ctx, db)
}

// Public is what everybody may know of it.
func Public(ctx context.Context, db *database.DB) (t Tally, err error) {
	err = db.Get(ctx, &t, selectTally)
	return t, err
}
