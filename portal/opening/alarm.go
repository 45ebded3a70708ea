package opening

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/job"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// How many cases an official opens on duty within an hour before somebody asks why: work
// explains fewer. At night, in Kazakhstan, it explains fewer still (ASVS 8.1.3, 8.2.4).
const (
	ManyByDay   = 30
	ManyByNight = 10

	nightFrom, nightTo = 22, 6 // hours
)

// AlarmJob is the name of the job that raises the alarm about an official.
const AlarmJob = "opening-alarm"

// many is the bound at a moment.
func many(at time.Time) int {
	if hour := at.In(deadline.Zone).Hour(); hour >= nightFrom || hour < nightTo {
		return ManyByNight
	}
	return ManyByDay
}

const selectMany = `
SELECT person, count(DISTINCT casefile) AS cases
  FROM opening
 WHERE body IS NOT NULL AND at > $1 AND at <= $2
 GROUP BY person
HAVING count(DISTINCT casefile) > $3`

// Watch looks who opened more cases in the last hour than work explains, for the
// timetable. Each is told of once a day: whoever must ask has begun to.
func Watch(ctx context.Context, db *database.DB, at time.Time) error {
	var found []struct {
		Person uuid.UUID `db:"person"`
		Cases  int       `db:"cases"`
	}
	if err := db.Select(ctx, &found, selectMany, at.Add(-time.Hour), at, many(at)); err != nil {
		return err
	}
	for _, f := range found {
		key := AlarmJob + "/" + f.Person.String() + "/" + at.In(deadline.Zone).Format(time.DateOnly)
		if err := job.AddOnce(ctx, db, key, AlarmJob, at, job.Args{"officer": f.Person}); err != nil {
			return err
		}
	}
	return nil
}

// Alarm writes the alarm about an official into the record; his superiors are told of it
// as of every act (portal/notice). The line of the log names nobody.
func Alarm(ctx context.Context, tx *database.DB, officer uuid.UUID, at time.Time) error {
	slog.ErrorContext(ctx, "alarm: an official opens more cases than work explains")
	return ledger.Step(ctx, tx, policy.Ask{Act: policy.OpeningAlarm, At: at}, "officer", officer, uuid.Nil, nil)
}
