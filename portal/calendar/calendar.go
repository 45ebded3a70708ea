// Package calendar keeps what the Government changed in the days of rest after the
// portal was built: the built-in calendar of portal/deadline, corrected by the table
// day_off. A line there is never changed, so that it can be told by which calendar a
// term was counted.
package calendar

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// Change is one day that was made a day of rest or a working day.
type Change struct {
	ID     uuid.UUID `db:"id"`
	Date   time.Time `db:"date"` // the civil day; only its date counts
	Off    bool      `db:"off"`
	Key    string    `db:"key"`    // why: a word under "law.day-off."
	Source string    `db:"source"` // the act that moved it, for people to read
	MadeAt time.Time `db:"made_at"`
}

// Decree is the reason of a day for which nothing nearer was said.
const Decree = "decree"

// The limits of a source, in characters, and of the years.
const (
	MinSource, MaxSource = 5, 300
	FirstYear, LastYear  = 2025, 2099
)

// day is the civil day in the zone of the portal: a date of the database comes as
// midnight in UTC.
func (c Change) day() time.Time {
	return time.Date(c.Date.Year(), c.Date.Month(), c.Date.Day(), 0, 0, 0, 0, deadline.Zone)
}

// Ends is the first instant after the day: where a term ends whose last day it is.
func (c Change) Ends() time.Time { return c.day().AddDate(0, 0, 1) }

// Changes are all of them, the oldest first.
type Changes []Change

const selectChanges = `
SELECT id, date, off, key, source, made_at FROM day_off ORDER BY made_at, id`

// Read reads them.
func Read(ctx context.Context, db *database.DB) (Changes, error) {
	var all Changes
	err := db.Select(ctx, &all, selectChanges)
	return all, err
}

// Now is the calendar as it stands in a database.
func Now(ctx context.Context, db *database.DB) (deadline.Calendar, error) {
	all, err := Read(ctx, db)
	return all.Calendar(), err
}

// Calendar is the built-in calendar with all changes.
func (all Changes) Calendar() deadline.Calendar {
	off := deadline.Kazakhstan()
	for _, c := range all {
		off = off.With(c.day(), c.Off, c.Key)
	}
	return off
}

// Counted is the working of a term that was kept with its end, and the calendar it was
// counted by: the newest by which it ends so. A day of rest that is taken back shortens
// no running term, and its working is then told by the days of before.
func (all Changes) Counted(name deadline.Name, from, ends time.Time) (deadline.Counting, deadline.Calendar) {
	for n := len(all); n >= 0; n-- {
		off := all[:n].Calendar()
		if count := name.Count(from, off); count.Ends.Equal(ends) {
			return count, off
		}
	}
	off := all.Calendar()
	return name.Count(from, off), off
}

// Running is the working of a term that is not kept with its end: by the calendar of the
// day it began, and moved on by each day that was made a day of rest while it ran. A day of
// rest that was taken back since shortens it no more than a term that is kept (CPC 48(4)).
func (all Changes) Running(name deadline.Name, from time.Time) deadline.Counting {
	known := 0
	for known < len(all) && !all[known].MadeAt.After(from) {
		known++
	}
	count := name.Count(from, all[:known].Calendar())
	for n := known; n < len(all); n++ {
		if !all[n].MadeAt.Before(count.Ends) {
			break // it was over
		}
		if later := name.Count(from, all[:n+1].Calendar()); later.Ends.After(count.Ends) {
			count = later
		}
	}
	return count
}

// Find is one change.
func (all Changes) Find(id uuid.UUID) (Change, bool) {
	i := slices.IndexFunc(all, func(c Change) bool { return c.ID == id })
	if i < 0 {
		return Change{}, false
	}
	return all[i], true
}

const insertChange = `
INSERT INTO day_off (id, date, off, key, source, made_at) VALUES ($1, $2, $3, $4, $5, $6)`

// Set adds a change, as the portal's own act, and gives it its id. Whoever calls it
// sees to the terms that end on that day.
func Set(ctx context.Context, tx *database.DB, c Change) (Change, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return c, err
	}
	c.ID = id
	if err := tx.Exec(ctx, insertChange, c.ID, c.day().Format(time.DateOnly), c.Off, c.Key, c.Source, c.MadeAt); err != nil {
		return c, err
	}
	return c, ledger.Step(ctx, tx, policy.Ask{Act: policy.CalendarSet, At: c.MadeAt}, "day_off", c.ID, uuid.Nil, nil)
}
