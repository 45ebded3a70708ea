// Package job is work for later: a queue of things to do once, and a timetable
// of things to do again and again. Both are tables (schema.sql), so that work is
// added in the transaction of the act that asks for it, survives the process,
// and is shared by as many processes as run.
//
// A job does its work and is ticked off in one transaction: both happen or
// neither. That it was tried is counted outside, before the work begins, so
// that a job which kills its process does not do so for ever.
package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zharia/portal/database"
	"zharia/portal/slip"
	"zharia/portal/vault"

	"github.com/google/uuid"
)

// Args are what a job is about: ids by name, and nothing but ids, for the queue
// is kept in clear. Whatever else the job needs it reads when it runs.
type Args map[string]uuid.UUID

// Job is one piece of work in hand.
type Job struct {
	ID      uuid.UUID
	Name    string
	Args    Args
	Attempt int       // 1 the first time
	At      time.Time // now, for all that the job does
	slip    []byte
}

// Bear is ctx in which the job opens the texts that its author let it (AddFor).
func (j Job) Bear(ctx context.Context, keys *vault.Keys) (context.Context, error) {
	return slip.Bear(ctx, keys, "job", j.ID, j.slip)
}

// Func does a job within tx, in which the job is also ticked off. An error or a
// panic leaves nothing of it behind and has it tried again, later each time.
// What reaches outside the database (an SMS) may so be done twice.
type Func func(ctx context.Context, tx *database.DB, j Job) error

// attempts is how often a job is tried. With the waits between (backoff) the last attempt
// comes 21 hours and 41 minutes after the first: within keeper.SlipLife.
const attempts = 17

// channel is where PostgreSQL tells waiting runners of new work.
const channel = "job"

const (
	// Runners are told at the commit, once.
	insertJob = `
WITH added AS (
     INSERT INTO job (id, name, args, key, run_at, max, slip)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (key) DO NOTHING
     RETURNING id)
SELECT pg_notify('job', '') FROM added`

	notify = `SELECT pg_notify('job', '')`
)

// Add puts a job into the queue, in the caller's transaction: if that fails,
// the job was never there. It runs at the given time or soon after.
func Add(ctx context.Context, tx *database.DB, name string, at time.Time, args Args) error {
	return add(ctx, tx, uuid.Nil, nil, name, at, args, nil)
}

// AddOnce is Add, unless a job with the same key is in the queue, was given up,
// or was done in the last 30 days: then nothing is added, and that is no error.
// The key is kept in clear, so it is made of names, ids and dates.
func AddOnce(ctx context.Context, tx *database.DB, key, name string, at time.Time, args Args) error {
	if key == "" {
		return fmt.Errorf("job: %s without a key", name)
	}
	return add(ctx, tx, uuid.Nil, &key, name, at, args, nil)
}

// New is a job that opens texts.
type New struct {
	Key   string // as in AddOnce; "" for none
	Name  string
	At    time.Time // when it runs
	Args  Args
	Opens []vault.Where
}

// AddFor puts a job into the queue that opens texts in the name of whoever asks for it:
// he signs for these alone, and for a day. asked is now.
func AddFor(ctx context.Context, tx *vault.DB, asked time.Time, n New) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("job: make an id: %w", err)
	}
	sealed, err := slip.Make(ctx, tx.Keys, "job", id, asked, n.Opens...)
	if err != nil {
		return err
	}
	var key *string
	if n.Key != "" {
		key = &n.Key
	}
	return add(ctx, tx.DB, id, key, n.Name, n.At, n.Args, sealed)
}

func add(ctx context.Context, tx *database.DB, id uuid.UUID, key *string, name string, at time.Time, args Args, sealed []byte) error {
	if name == "" || at.IsZero() {
		return errors.New("job: a job without a name or a time")
	}
	if args == nil {
		args = Args{}
	}
	text, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("job: write the arguments of %s: %w", name, err)
	}
	if id == uuid.Nil {
		if id, err = uuid.NewV7(); err != nil {
			return fmt.Errorf("job: make an id: %w", err)
		}
	}
	// As text: with binary_parameters PostgreSQL takes no []byte for jsonb.
	err = tx.Within(ctx, func(tx *database.DB) error {
		return tx.Exec(ctx, insertJob, id, name, string(text), key, at.UTC(), attempts, sealed)
	})
	if err != nil {
		return fmt.Errorf("add the job %s: %w", name, err)
	}
	return nil
}
