package job

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// Given are the jobs of one name that were given up for one kind of failure: what
// whoever is on duty has to look at. It says nothing of anybody.
type Given struct {
	Name  string    `db:"name"`
	Error string    `db:"error"` // the kind, never the words
	Count int       `db:"count"`
	First time.Time `db:"first"` // when the oldest of them was given up
	Last  time.Time `db:"last"`
}

// maxAgain is how many jobs are tried again at once: each is an act of its own in the
// record.
const maxAgain = 100

const selectGiven = `
SELECT name, coalesce(last_error, '') AS error, count(*) AS count, min(dead_at) AS first, max(dead_at) AS last
  FROM job
 WHERE dead_at IS NOT NULL
 GROUP BY name, coalesce(last_error, '')
 ORDER BY min(dead_at), name, error
 LIMIT 200`

// GivenUp are all that were given up, the oldest first.
func GivenUp(ctx context.Context, db *database.DB, ask policy.Ask) ([]Given, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var out []Given
	err := db.Select(ctx, &out, selectGiven)
	return out, err
}

const lockGiven = `
SELECT id FROM job
 WHERE dead_at IS NOT NULL AND name = $1 AND coalesce(last_error, '') = $2
 ORDER BY dead_at, id
 LIMIT $3
   FOR UPDATE SKIP LOCKED`

const reviveJob = `
UPDATE job SET dead_at = NULL, attempts = 0, run_at = $2 WHERE id = $1`

// Again has jobs that were given up tried anew, a hundred at most; what was mended
// meanwhile they tell by themselves. fault.NotFound: there are none of these.
func Again(ctx context.Context, db *database.DB, ask policy.Ask, name, kind string) (n int, err error) {
	if err := ask.Check(0); err != nil {
		return 0, err
	}
	err = db.Within(ctx, func(tx *database.DB) error {
		var ids []uuid.UUID
		if err := tx.Select(ctx, &ids, lockGiven, name, kind, maxAgain); err != nil {
			return err
		}
		if len(ids) == 0 {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		for _, id := range ids {
			if err := tx.Exec(ctx, reviveJob, id, ask.At); err != nil {
				return err
			}
			if err := ledger.Step(ctx, tx, ask, "job", id, uuid.Nil, nil); err != nil {
				return err
			}
		}
		n = len(ids)
		return tx.Exec(ctx, notify)
	})
	return n, err
}
