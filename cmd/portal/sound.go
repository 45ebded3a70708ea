package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"zharia/portal/clock"
	"zharia/portal/database"
)

// listening are the connections of a process beside its pools: it hears of jobs, of
// anonymous messages, and for both pools that show something of a COMMIT that stands alone.
const listening = 4

// errUnsafe stops a start.
var errUnsafe = errors.New("an accepted filing could be lost here, or bear a wrong time (PORTAL_UNSAFE=development serves all the same)")

// needs are what the portal cannot do without.
func needs(c config) database.Need {
	return database.Need{Connections: database.Pools(3) + laneConnections + database.Counting + listening, Disks: []string{c.Lists, os.TempDir()}, Now: time.Now}
}

// sound looks at the server of the database and at this machine before anybody is served,
// and gives the clock that is watched from here on. Where development is allowed to go on,
// it names what was found.
func sound(ctx context.Context, db *database.DB, c config) (watched *clock.Watched, found string, err error) {
	troubles, err := database.Check(ctx, db, needs(c))
	if err != nil {
		return nil, "", err
	}
	var all []error
	for _, t := range troubles {
		all = append(all, errors.New(t.String()))
	}
	if len(all) > 0 && c.Unsafe != development {
		return nil, "", fmt.Errorf("%w:\n%w", errUnsafe, errors.Join(all...))
	}
	for _, t := range troubles {
		slog.WarnContext(ctx, "serving although a filing could be lost", "what", t.Name, "is", t.Is, "wanted", t.Want)
	}
	last, err := database.LastAct(ctx, db)
	if err != nil {
		return nil, "", err
	}
	watched = clock.New(last)
	go watched.Compare(ctx, func(ctx context.Context) (time.Duration, error) { return database.Skew(ctx, db, time.Now) })
	return watched, database.Names(troubles), nil
}
