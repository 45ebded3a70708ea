// Package clock is the portal's time. The moment of a receipt decides about terms, so it
// comes from a clock that is watched: one that never runs backward for whoever asks, and
// that says so when the machine's clock was set, or is not the database's. While it is in
// doubt nothing that bears a legal time is taken (security/RELIABILITY R11).
package clock

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// MaxLeap is how far the machine's clock may be set before it is in doubt. Less is what a
// time service corrects: back, it is waited out.
const MaxLeap = time.Second

// MaxSkew is how far it may be from the database's clock.
const MaxSkew = 2 * time.Second

// Watched is a clock under guard. It is safe for concurrent use.
type Watched struct {
	wall func() time.Time     // what the machine says
	gone func() time.Duration // how long it has run, by a counter that nobody can set

	mu    sync.Mutex
	last  time.Time     // the latest moment it gave
	base  time.Duration // wall less gone, when the two were last found sound
	skew  time.Duration // from the database's, when last asked
	leapt bool          // it was set, and nobody has confirmed it
}

// New watches the machine's clock. Nothing it gives is before the floor, the moment of
// the last act in the record.
func New(floor time.Time) *Watched {
	start := time.Now()
	return Of(func() time.Time { return time.Now().Round(0) }, func() time.Duration { return time.Since(start) }, floor)
}

// Of watches a clock of two sources, for tests: wall can be set, gone cannot.
func Of(wall func() time.Time, gone func() time.Duration, floor time.Time) *Watched {
	return &Watched{wall: wall, gone: gone, last: floor, base: ahead(wall(), gone())}
}

func ahead(wall time.Time, gone time.Duration) time.Duration {
	return wall.Sub(time.Unix(0, 0)) - gone
}

// Now is the time, never before one that it gave already.
func (w *Watched) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.look()
	if now.Before(w.last) {
		now = w.last
	}
	w.last = now
	return now
}

// look asks the machine, and holds its clock against the counter.
func (w *Watched) look() time.Time {
	now, gone := w.wall(), w.gone()
	base := ahead(now, gone)
	by := base - w.base
	switch {
	case by.Abs() > MaxLeap:
		if !w.leapt {
			slog.Error("the clock was set: acts that are signed are stopped", "by", by)
		}
		w.leapt = true
		if by > 0 { // sessions would end and texts be dropped by it: till the database's says the same, the counter is believed
			now = now.Add(-by)
		}
	case w.leapt:
		slog.Info("the clock is as it was before it was set")
		w.leapt = false
	case by > 0:
		w.base = base
	}
	return now
}

// Sound says whether the time may stand under an act. After a leap it may again when the
// clock is set right, or is past the last moment it gave and agrees with the database's, as
// after a machine that slept.
func (w *Watched) Sound() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look()
	return !w.leapt && w.skew.Abs() <= MaxSkew
}

// every is how often the database's clock is asked for.
const every = 10 * time.Second

// Compare holds the clock against the database's until ctx ends; skew asks it. While
// the database does not answer the last answer is good.
func (w *Watched) Compare(ctx context.Context, skew func(context.Context) (time.Duration, error)) {
	for {
		w.compare(ctx, skew)
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
	}
}

func (w *Watched) compare(ctx context.Context, skew func(context.Context) (time.Duration, error)) {
	by, err := skew(ctx)
	if err != nil {
		if ctx.Err() == nil {
			slog.WarnContext(ctx, "the database's clock is not known", "error", err.Error())
		}
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if by.Abs() > MaxSkew != (w.skew.Abs() > MaxSkew) {
		slog.ErrorContext(ctx, "the clock and the database's", "apart", by, "sound", by.Abs() <= MaxSkew)
	}
	w.skew = by
	w.look()
	if now := w.wall(); w.leapt && by.Abs() <= MaxSkew && !now.Before(w.last) {
		slog.InfoContext(ctx, "the clock was set, agrees with the database's, and is past all that it gave: taken as it is")
		w.base, w.leapt = ahead(now, w.gone()), false
	}
}
