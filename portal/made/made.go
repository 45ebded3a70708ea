// Package made says what a page that a person comes back to is made of, so that it is made
// anew only when something of that has changed (portal/again.go).
package made

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/vault"
)

// Of is what a page was made of at a moment. While these things are not touched again
// (identity.AskAbout) and Lapses has not come, it would be made the same.
type Of struct {
	Things  string    `db:"things"`  // the hashes of their ids, an array as PostgreSQL writes it; "": not known
	Touches string    `db:"touches"` // how they were touched of late (fence.touches)
	Lapses  time.Time `db:"lapses"`  // when a term of it ends, or the day
}

// Case is what the page of a case is made of that somebody is shown. It may be asked only
// about one that he was shown: it takes longer for a case that is there.
func Case(ctx context.Context, db *vault.DB, of, who uuid.UUID, at time.Time) (m Of, err error) {
	err = db.Glance(ctx, &m, selectOfCase, of, who, at)
	return m, err
}

const selectOfCase = `
SELECT things, fence.touches(things) AS touches, lapses FROM fence.made_of_case($1, $2, $3)`

// Filing is the same for the page of a filing; nothing for one without a case.
func Filing(ctx context.Context, db *vault.DB, of, who uuid.UUID, at time.Time) (m Of, err error) {
	err = db.Glance(ctx, &m, selectOfFiling, of, who, at)
	return m, err
}

const selectOfFiling = `
SELECT coalesce(things::text, '') AS things, coalesce(fence.touches(things), '') AS touches, coalesce(lapses, $3) AS lapses FROM fence.made_of_filing($1, $2, $3)`

// Drop takes away what was touched so long ago that no page from before is shown any more,
// for the timetable. No transaction of the portal lasts as long.
func Drop(ctx context.Context, db *database.DB, _ time.Time) error {
	return db.Exec(ctx, deleteTouched)
}

const deleteTouched = `
DELETE FROM touched WHERE at < now() - interval '1 hour'`
