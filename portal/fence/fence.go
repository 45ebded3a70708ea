// Package fence puts the second fence up: the row-level security of schema.sql
// decides by tables that are written here from portal/policy, so that the law stands
// in one place and PostgreSQL asks the same one.
package fence

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/policy"
)

// Raise brings the database to the schema and its fences to the policy of this
// program. It is the owner's work, before the pools of the roles are opened.
func Raise(ctx context.Context, db *database.DB, schema string) error {
	if err := MakeRoles(ctx, db); err != nil {
		return err
	}
	err := db.Within(ctx, func(tx *database.DB) error {
		fresh := errors.Is(database.Present(ctx, tx, schema), database.ErrNoSchema)
		if err := database.Migrate(ctx, tx, schema); err != nil {
			return err
		}
		if err := giveUp(ctx, tx); err != nil || !fresh {
			return err
		}
		return Settle(ctx, tx)
	})
	if err != nil {
		return err
	}
	return fill(ctx, db)
}

// Text is all that the fences take from the policy, and to whom things belong: two
// programs with the same text see the same.
func Text() string { return sights().text() + seats().text() + makeRoles + own }

// list is the rows of a table, each column a string.
type list [][]string

func (l list) text() string {
	lines := make([]string, len(l))
	for i, row := range l {
		lines[i] = strings.Join(row, " ")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (l list) digest() string {
	sum := md5.Sum([]byte(l.text())) // it tells programs apart, and guards nothing
	return hex.EncodeToString(sum[:])
}

// column is one of them, for unnest.
func (l list) column(i int) pq.StringArray {
	out := make(pq.StringArray, len(l))
	for n, row := range l {
		out[n] = row[i]
	}
	return out
}

func word(b bool) string {
	if b {
		return "t"
	}
	return "f"
}

// sights is policy.See for everybody who is not refused by a rule that the function
// fence.sight of schema.sql has itself: a flag, a condition that has not come, the
// part of another, what was decided before the cases were joined.
func sights() list {
	var out list
	for _, kind := range policy.Kinds {
		rule, _ := policy.KindOf(kind)
		for _, seat := range policy.Seats() {
			for bits := range 1 << 4 {
				on := func(bit int) bool { return bits&(1<<bit) != 0 }
				viewer := seat
				viewer.Reached = true
				viewer.Concerned, viewer.Familiarising, viewer.MaskedCopy, viewer.ClaimCopy = on(0), on(1), on(2), on(3)
				sight, widens := policy.See(kind, viewer), policy.Widest(kind, viewer).Opened
				if sight.View == policy.Hidden && !widens {
					continue
				}
				out = append(out, []string{
					string(kind), string(seat.Role), string(seat.Represented), word(on(0)), word(on(1)), word(on(2)), word(on(3)),
					fmt.Sprint(int(sight.View)), string(sight.Part), word(widens), word(rule.Needs != policy.Nothing),
				})
			}
		}
	}
	return out
}

// seats is policy.File, policy.Side and policy.Unhurried for every status as it can be held.
func seats() list {
	var out list
	for _, seat := range policy.Seats() {
		out = append(out, []string{
			string(seat.Role), string(seat.Represented), string(policy.File(seat.Role, seat.Represented)), policy.Side(seat.Role), word(slices.Contains(policy.Unhurried, seat.Role)),
		})
	}
	return out
}

const (
	// Two processes that start at once write one after the other. The number is
	// arbitrary; nothing else in the portal uses it.
	lockFences = `SELECT pg_advisory_xact_lock(7310003)`

	digestSights = `
SELECT md5(coalesce(string_agg(line, E'\n' ORDER BY line COLLATE "C"), ''))
  FROM (SELECT concat_ws(' ', kind, role, represented, left(CAST(concerned AS text), 1), left(CAST(familiarising AS text), 1), left(CAST(masked AS text), 1),
               left(CAST(claim AS text), 1), view, part, left(CAST(widens AS text), 1), left(CAST(waits AS text), 1)) AS line FROM sight) AS l`

	digestSeats = `
SELECT md5(coalesce(string_agg(line, E'\n' ORDER BY line COLLATE "C"), ''))
  FROM (SELECT concat_ws(' ', role, represented, part, side, left(CAST(unhurried AS text), 1)) AS line FROM seat) AS l`

	deleteSights = `DELETE FROM sight`
	deleteSeats  = `DELETE FROM seat`

	insertSights = `
INSERT INTO sight (kind, role, represented, concerned, familiarising, masked, claim, view, part, widens, waits)
SELECT * FROM unnest(CAST($1 AS text[]), CAST($2 AS text[]), CAST($3 AS text[]), CAST($4 AS boolean[]), CAST($5 AS boolean[]), CAST($6 AS boolean[]),
       CAST($7 AS boolean[]), CAST($8 AS smallint[]), CAST($9 AS text[]), CAST($10 AS boolean[]), CAST($11 AS boolean[]))`

	insertSeats = `
INSERT INTO seat (role, represented, part, side, unhurried)
SELECT * FROM unnest(CAST($1 AS text[]), CAST($2 AS text[]), CAST($3 AS text[]), CAST($4 AS text[]), CAST($5 AS boolean[]))`
)

// fill writes the tables anew where they are not those of this program.
func fill(ctx context.Context, db *database.DB) error {
	return db.Within(ctx, func(tx *database.DB) error {
		if err := tx.Exec(ctx, lockFences); err != nil {
			return fmt.Errorf("wait for the fences: %w", err)
		}
		oldSights, oldSeats, err := old(ctx, tx)
		if err != nil {
			return err
		}
		if l := sights(); oldSights {
			if err := tx.Exec(ctx, deleteSights); err != nil {
				return err
			}
			if err := tx.Exec(ctx, insertSights, l.column(0), l.column(1), l.column(2), l.column(3), l.column(4), l.column(5), l.column(6),
				l.column(7), l.column(8), l.column(9), l.column(10)); err != nil {
				return err
			}
		}
		if l := seats(); oldSeats {
			if err := tx.Exec(ctx, deleteSeats); err != nil {
				return err
			}
			return tx.Exec(ctx, insertSeats, l.column(0), l.column(1), l.column(2), l.column(3), l.column(4))
		}
		return nil
	})
}

// old says which of the two tables are not those of this program.
func old(ctx context.Context, db *database.DB) (oldSights, oldSeats bool, err error) {
	var got string
	if err := db.Get(ctx, &got, digestSights); err != nil {
		return false, false, err
	}
	oldSights = sights().digest() != got
	if err := db.Get(ctx, &got, digestSeats); err != nil {
		return false, false, err
	}
	return oldSights, seats().digest() != got, nil
}
