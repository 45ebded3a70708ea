package database_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/portaltest"
)

const (
	whoReads   = `SELECT coalesce(nullif(current_setting('portal.person', true), ''), 'nobody')`
	whichOne   = `SELECT CAST(pg_backend_pid() AS text) || ' ' || CAST(extract(epoch FROM now()) AS text)`
	halfOfNull = `SELECT 1 / CAST($1 AS int)`
	beginSome  = `INSERT INTO session (token_hash, id, made_at, seen_at, ends_at, told) VALUES ($1, $2, now(), now(), now() + interval '1 hour', true)`
	countSome  = `SELECT count(*) FROM session WHERE id = $1`
)

func reader(t *testing.T) *database.DB {
	t.Helper()
	db, err := database.OpenAs(t.Context(), portaltest.DSN(t), database.App)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func one(t *testing.T, ctx context.Context, db *database.DB) (said string) {
	t.Helper()
	if err := db.Get(ctx, &said, whichOne); err != nil {
		t.Fatal(err)
	}
	return said
}

func person(t *testing.T, ctx context.Context, db *database.DB) (said string) {
	t.Helper()
	if err := db.Get(ctx, &said, whoReads); err != nil {
		t.Fatal(err)
	}
	return said
}

func TestTheQuestionsOfAReadingShareOneTransactionAndItsEndGivesItBack(t *testing.T) {
	t.Parallel()
	db := reader(t)
	ctx, end := db.Reading(t.Context())
	first := one(t, ctx, db)
	if got := one(t, ctx, db); got != first {
		t.Errorf("the second question is of %s, the first of %s", got, first)
	}
	if used := db.Stats().InUse; used != 1 {
		t.Errorf("%d connections are held", used)
	}
	database.Rest(ctx)
	if used := db.Stats().InUse; used != 0 {
		t.Errorf("%d connections are held at rest", used)
	}
	if got := one(t, ctx, db); got == first {
		t.Error("after the rest it goes on in the same transaction")
	}
	end()
	end()
	one(t, ctx, db) // alone, as if there had been no reading
	if used := db.Stats().InUse; used != 0 {
		t.Errorf("%d connections are held after the end", used)
	}
}

// Twenty who each hold one and ask for another would wait for one another.
func TestWhoHoldsAConnectionAsksForNoSecondOne(t *testing.T) {
	t.Parallel()
	db := reader(t)
	db.Limit(1)
	ctx, end := db.Reading(t.Context())
	defer end()
	one(t, ctx, db)
	if err := db.Everywhere(ctx); err != nil {
		t.Errorf("the wait for the standby: %v", err)
	}
	one(t, ctx, db)
	mark, _ := database.ParseMark("1.00000001-1")
	if _, err := db.Outcome(ctx, mark); err != nil {
		t.Errorf("what became of a transaction: %v", err)
	}
}

func TestAReadingTellsWhoAsksAtEachQuestionAndNobodyAfterwards(t *testing.T) {
	t.Parallel()
	db := reader(t)
	db.Limit(1) // the next one gets the same connection
	ctx, end := db.Reading(t.Context())
	if got := person(t, ctx, db); got != "nobody" {
		t.Errorf("before anybody asks it is %s", got)
	}
	for range 2 {
		who := uuid.New()
		if got := person(t, database.As(ctx, who, uuid.Nil, time.Now()), db); got != who.String() {
			t.Errorf("%s asks as %s", who, got)
		}
	}
	if got := person(t, ctx, db); got != "nobody" {
		t.Errorf("nobody asks as %s", got)
	}
	person(t, database.As(ctx, uuid.New(), uuid.Nil, time.Now()), db)
	end()
	if got := person(t, t.Context(), db); got != "nobody" {
		t.Errorf("the next one on that connection asks as %s", got)
	}
}

func TestAChangeInTheMiddleOfAReadingIsMadeAndSeen(t *testing.T) {
	t.Parallel()
	db := reader(t)
	db.Limit(1) // who held one connection while he waits for another would wait for ever
	ctx, end := db.Reading(t.Context())
	defer end()
	first := one(t, ctx, db)
	id := uuid.New()
	if err := db.Exec(ctx, beginSome, append(id[:], id[:]...), id); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.Get(ctx, &n, countSome, id); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
	if one(t, ctx, db) == first {
		t.Error("the reading outlived the change")
	}
	if err := db.Within(ctx, func(tx *database.DB) error { return tx.Get(ctx, &n, countSome, id) }); err != nil {
		t.Error(err)
	}
}

func TestAQuestionThatFailsSpoilsNoOtherAndALockIsTakenInATransactionOfItsOwn(t *testing.T) {
	t.Parallel()
	db := reader(t)
	ctx, end := db.Reading(t.Context())
	defer end()
	var n int
	if err := db.Get(ctx, &n, halfOfNull, 0); err == nil {
		t.Error("a half of nothing is something")
	}
	if err := db.Get(ctx, &n, countSome, uuid.New()); err != nil || n != 0 {
		t.Errorf("after a failure: %d, %v", n, err)
	}
	var s string
	if err := db.Get(ctx, &s, `SELECT token_hash FROM session WHERE id = $1`, uuid.New()); !errors.Is(err, fault.NotFound) {
		t.Errorf("what is not there: %v", err)
	}
	id := uuid.New()
	if err := db.Exec(ctx, beginSome, append(id[:], id[:]...), id); err != nil {
		t.Fatal(err)
	}
	one(t, ctx, db)
	var there bool
	if err := db.Get(ctx, &there, `SELECT true FROM session WHERE id = $1 FOR UPDATE`, id); err != nil || !there {
		t.Errorf("a row that is held: %v, %v", there, err)
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := db.Get(gone, &n, countSome, id); !errors.Is(err, context.Canceled) {
		t.Errorf("of somebody who has gone: %v", err)
	}
	if err := db.Get(ctx, &n, countSome, id); err != nil || n != 1 {
		t.Errorf("after he has gone: %d, %v", n, err)
	}
}
