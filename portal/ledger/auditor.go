package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"zharia/portal/database"
	"zharia/portal/fault"
)

// How often the auditor looks for news, and how often it looks at what it signed last
// even if there is none: somebody may have cut the end off.
const (
	newsEvery = 500 * time.Millisecond
	lookEvery = time.Minute
)

// Auditor signs checkpoints and gives them to the witnesses. It signs a tree only if it
// computed it from the acts and it grew out of the one that it signed before. Where it
// did not, it signs no more and says so, loudly and again; people are served all the
// same, for their terms run, and what is at hand of evidence stays as it is.
type Auditor struct {
	DB        *database.DB // as database.Audit: nobody else adds a checkpoint
	Key       Key
	Witnesses []Witness
	Memory    string // file of the last one that it signed, where nobody has it who has the database; "": it forgets when it ends

	Patience time.Duration // for how long a witness may take nothing before somebody is woken; 0: an hour

	mu    sync.Mutex
	state State
	kept  int64 // the size of the one in Memory
}

// State is what an auditor has to tell, for a page of health and for alarms.
type State struct {
	Leads  bool              // this process signs
	Newest Checkpoint        // that it signed or found
	Wrong  error             // why it signs no more: a *Fork or a *Broken
	Failed map[string]string // witnesses whose last drop went wrong, with the reason
	Forks  int64             // how many times it shouted
}

// State is what it has to tell now.
func (a *Auditor) State() State {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.state
	s.Failed = map[string]string{}
	for name, why := range a.state.Failed {
		s.Failed[name] = why
	}
	return s
}

func (a *Auditor) note(change func(*State)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.state)
}

// lockAuditor lets one process at a time sign. The number is arbitrary; only the
// auditor uses it.
const (
	lockAuditor = `SELECT pg_try_advisory_xact_lock(7310009)`
	stillThere  = `SELECT 1`
)

// Run signs and drops until ctx ends. Of several processes one does; when that ends or
// loses the database, another takes over.
func (a *Auditor) Run(ctx context.Context) {
	for ctx.Err() == nil {
		// The transaction does nothing but hold the lock.
		err := a.DB.Within(ctx, func(tx *database.DB) error {
			var mine bool
			if err := tx.Get(ctx, &mine, lockAuditor); err != nil || !mine {
				return err
			}
			a.note(func(s *State) { s.Leads = true })
			defer a.note(func(s *State) { s.Leads = false })
			return a.lead(ctx, tx)
		})
		if err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "the auditor begins again", "error", err)
		}
		wait(ctx, newsEvery)
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// lead does the work while the lock is held.
func (a *Auditor) lead(ctx context.Context, lock *database.DB) error {
	ctx, end := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer end()
	for _, w := range a.Witnesses {
		all.Go(func() { a.attend(ctx, w) })
	}
	var looked time.Time
	for ctx.Err() == nil {
		var one int
		if err := lock.Get(ctx, &one, stillThere); err != nil {
			return err
		}
		if a.State().Wrong == nil || time.Since(looked) >= lookEvery {
			again := time.Since(looked) >= lookEvery
			if again {
				looked = time.Now()
			}
			if _, err := a.Sign(ctx, again); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				if a.State().Wrong == nil { // the database, not the ledger
					return err
				}
			}
		}
		wait(ctx, newsEvery)
	}
	return nil
}

// Sign signs what came since the last checkpoint, if anything did, and returns the
// newest. again has it look at the last one even if nothing came. A *Fork or a *Broken
// is shouted.
func (a *Auditor) Sign(ctx context.Context, again bool) (Checkpoint, error) {
	newest, err := a.sign(ctx, again)
	if err == nil && newest.Size != a.State().Newest.Size { // no witness is given what a failover takes back
		err = a.DB.Everywhere(ctx)
	}
	var fork *Fork
	var broken *Broken
	switch {
	case errors.As(err, &fork) || errors.As(err, &broken):
		slog.ErrorContext(ctx, "alarm: the ledger is not what it was: nothing more is signed", "why", err)
		a.note(func(s *State) { s.Wrong, s.Forks = err, s.Forks+1 })
	case err == nil:
		a.note(func(s *State) { s.Newest, s.Wrong = newest, nil })
		err = a.keep(newest)
	}
	return newest, err
}

// keep puts the newest checkpoint into the auditor's own memory.
func (a *Auditor) keep(newest Checkpoint) error {
	if a.Memory == "" || newest.Size == a.kept {
		return nil
	}
	if err := put(a.Memory, newest.Note); err != nil {
		return fmt.Errorf("remember the newest checkpoint: %w", err)
	}
	a.kept = newest.Size
	return nil
}

// known is what this auditor signed last, in this process or in one before: nobody can
// take that out of the database.
func (a *Auditor) known() (Checkpoint, error) {
	if c := a.State().Newest; c.Size > 0 || a.Memory == "" {
		return c, nil
	}
	text, err := os.ReadFile(a.Memory)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, nil
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("what the auditor remembers: %w", err)
	}
	c, err := ParseCheckpoint(text, a.Key.Verifier)
	if err != nil {
		return c, fmt.Errorf("what the auditor remembers, %s: %w", a.Memory, err)
	}
	return c, nil
}

func (a *Auditor) sign(ctx context.Context, again bool) (Checkpoint, error) {
	last, err := Newest(ctx, a.DB)
	if errors.Is(err, fault.Unavailable) {
		err = nil
	}
	if err != nil {
		return Checkpoint{}, err
	}
	known, err := a.known()
	if err != nil {
		return Checkpoint{}, err
	}
	if known.Size > 0 && a.State().Newest.Size == 0 { // it began anew, perhaps over what was put back
		lost, err := ReadLost(ctx, a.DB)
		if err != nil {
			return Checkpoint{}, err
		}
		if _, given := lost.Has(known.Size, known.Root); given {
			known = Checkpoint{}
		}
	}
	if known.Size > last.Size {
		return Checkpoint{}, &Fork{"the auditor", known.Size, "its checkpoint is gone"}
	}
	if known.Size > 0 && known.Size == last.Size && known.Root != last.Root {
		return Checkpoint{}, &Fork{"the auditor", known.Size, "the checkpoint has another root"}
	}
	size, err := Size(ctx, a.DB)
	if err != nil {
		return Checkpoint{}, err
	}
	if size == last.Size && !again && known.Size == last.Size {
		return last, nil
	}
	if size < last.Size {
		return Checkpoint{}, &Fork{"a checkpoint", last.Size, fmt.Sprintf("only %d acts are left of those", size)}
	}
	if last.Size > 0 {
		if err := last.signed(a.Key.Verifier); err != nil {
			return Checkpoint{}, &Fork{"a checkpoint", last.Size, err.Error()}
		}
	}
	tree, err := EdgeAt(last.Size, stored(ctx, a.DB))
	if err != nil {
		return Checkpoint{}, err
	}
	if last.Size > 0 && tree.Root() != last.Root {
		return Checkpoint{}, &Fork{"a checkpoint", last.Size, "the root is another"}
	}
	if known.Size > 0 && known.Size < last.Size { // another process signed in between
		if err := contains(ctx, a.DB, "the auditor", known, last.Size, last.Root); err != nil {
			return Checkpoint{}, err
		}
	}
	if size == last.Size {
		return last, nil
	}
	if err := tree.grow(ctx, a.DB, size); err != nil {
		return Checkpoint{}, err
	}
	c, err := sign(a.Key.Signer, size, tree.Root())
	if err != nil {
		return Checkpoint{}, err
	}
	c.At = time.Now().UTC().Truncate(time.Microsecond)
	if err := a.DB.Exec(ctx, insertCheckpoint, c.Size, c.Root[:], c.At, string(c.Note)); err != nil {
		return Checkpoint{}, fmt.Errorf("keep a checkpoint: %w", err)
	}
	return c, nil
}

// attend gives one witness the newest checkpoint, again and again. Where it is not to be
// reached it gets a newer one the next time.
func (a *Auditor) attend(ctx context.Context, w Witness) {
	var given int64
	var at, since time.Time // of the last drop; of the first of those that went wrong
	var why error
	alarmed := false
	for ; ctx.Err() == nil; wait(ctx, newsEvery) {
		if why != nil && !alarmed && time.Since(since) >= cmp.Or(a.Patience, time.Hour) {
			alarmed = true
			slog.ErrorContext(ctx, "alarm: a witness has not taken a checkpoint for long", "witness", w.String(), "since", since.UTC(), "why", why)
		}
		newest := a.State().Newest
		if newest.Size == given || time.Since(at) < w.Every {
			continue
		}
		at = time.Now()
		err := a.give(ctx, w, newest)
		if err == nil {
			given, alarmed = newest.Size, false
		} else if why == nil {
			since = at
		}
		why = err
		var fork *Fork
		switch {
		case errors.As(err, &fork):
			slog.ErrorContext(ctx, "alarm: a witness holds another ledger", "witness", w.String(), "why", err)
			a.note(func(s *State) { s.Forks++ })
		case err != nil && ctx.Err() == nil:
			slog.WarnContext(ctx, "a witness did not take a checkpoint", "witness", w.String(), "why", err)
		}
		a.note(func(s *State) {
			if s.Failed == nil {
				s.Failed = map[string]string{}
			}
			delete(s.Failed, w.String())
			if err != nil {
				s.Failed[w.String()] = err.Error()
			}
		})
	}
}

// give drops a checkpoint, if what the witness holds is the beginning of it.
func (a *Auditor) give(ctx context.Context, w Witness, c Checkpoint) error {
	lost, err := ReadLost(ctx, a.DB)
	if err != nil {
		return err
	}
	held, ok, err := w.newest(a.Key.Verifier, lost)
	if err != nil {
		return err
	}
	if w.Folder != "" && lost.at(c) { // one that was given up lies in its place: the next has another
		return nil
	}
	if ok && held.Size > c.Size {
		return &Fork{w.String(), held.Size, fmt.Sprintf("the newest here is of %d acts", c.Size)}
	}
	if ok {
		if err := contains(ctx, a.DB, w.String(), held, c.Size, c.Root); err != nil {
			return err
		}
	}
	return w.Drop(ctx, c)
}

// contains proves that a tree begins with that of a checkpoint.
func contains(ctx context.Context, db *database.DB, where string, c Checkpoint, size int64, root tlog.Hash) error {
	if c.Size > size {
		return &Fork{where, c.Size, fmt.Sprintf("only %d acts are left of those", size)}
	}
	proof, err := Consistency(ctx, db, c.Size, size)
	if err != nil {
		return err
	}
	if tlog.CheckTree(proof, size, root, c.Size, c.Root) != nil {
		return &Fork{where, c.Size, "the acts are not those"}
	}
	return nil
}

// Proven says that the record begins with the newest checkpoint of this database and
// with the newest that each folder among the witnesses holds, signed with that key. A
// *Fork says which of them it contradicts: then a portal does not start. A folder that
// cannot be read proves nothing, and is an error too. What was given up with a restored
// copy (backup.GiveUp) contradicts nothing.
func Proven(ctx context.Context, db *database.DB, v note.Verifier, witnesses ...Witness) error {
	size, err := Size(ctx, db)
	if err != nil {
		return err
	}
	root, err := Root(ctx, db, size)
	if err != nil {
		return err
	}
	own, err := Newest(ctx, db)
	if err != nil && !errors.Is(err, fault.Unavailable) {
		return err
	}
	if err == nil {
		if err := own.signed(v); err != nil {
			return &Fork{"the table of checkpoints", own.Size, err.Error()}
		}
		if err := contains(ctx, db, "the table of checkpoints", own, size, root); err != nil {
			return err
		}
	}
	lost, err := ReadLost(ctx, db)
	if err != nil {
		return err
	}
	for _, w := range witnesses {
		held, ok, err := w.newest(v, lost)
		if err != nil {
			return fmt.Errorf("read what a witness holds: %w", err)
		}
		if !ok {
			continue
		}
		if err := contains(ctx, db, w.String(), held, size, root); err != nil {
			return err
		}
	}
	return nil
}
