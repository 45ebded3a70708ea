package clock

import (
	"context"
	"errors"
	"testing"
	"time"
)

// hands are a machine's clock, which a test sets, and its counter, which nobody can.
type hands struct {
	wall time.Time
	gone time.Duration
}

// passes is time going by on both.
func (h *hands) passes(d time.Duration) { h.wall, h.gone = h.wall.Add(d), h.gone+d }

func watched(floor time.Time) (*hands, *Watched) {
	h := &hands{wall: time.Date(2026, time.October, 22, 9, 30, 0, 0, time.UTC)}
	return h, Of(func() time.Time { return h.wall }, func() time.Duration { return h.gone }, floor)
}

// RELIABILITY R11. The machine's clock is set to and fro; what Now gives never goes back.
func TestTheClockNeverRunsBackwardHoweverItIsSet(t *testing.T) {
	h, w := watched(time.Time{})
	last := w.Now()
	for _, set := range []time.Duration{
		-500 * time.Millisecond, -999 * time.Millisecond, -time.Second, -2 * time.Second, -time.Hour, 3 * 24 * time.Hour, -3 * 24 * time.Hour, time.Hour, -1,
	} {
		h.wall = h.wall.Add(set)
		for range 5 {
			now := w.Now()
			if now.Before(last) {
				t.Errorf("set by %v, it gave %v after %v", set, now, last)
			}
			last = now
			h.passes(10 * time.Millisecond)
		}
	}
	// Nor before the last act that others wrote.
	floor := time.Date(2027, time.January, 1, 0, 0, 0, 0, time.UTC)
	if _, w := watched(floor); !w.Now().Equal(floor) {
		t.Errorf("it gave %v before the last act", w.Now())
	}
}

// A second is what a time service mends; more stops acts at the next look, and they go on
// when the clock is set right.
func TestALeapBackStopsActsUntilItIsMended(t *testing.T) {
	h, w := watched(time.Time{})
	for _, c := range []struct {
		back  time.Duration
		sound bool
	}{{time.Millisecond, true}, {time.Second, true}, {time.Second + 1, false}, {time.Hour, false}} {
		h.wall = h.wall.Add(-c.back)
		if w.Sound() != c.sound {
			t.Errorf("set back by %v: sound %v", c.back, !c.sound)
		}
		h.passes(time.Second)
		if w.Sound() != c.sound {
			t.Errorf("a second after it was set back by %v: sound %v", c.back, !c.sound)
		}
		h.wall = h.wall.Add(c.back)
		if !w.Sound() {
			t.Errorf("set back by %v and right again: not sound", c.back)
		}
	}
	// Small steps back add up.
	for range 11 {
		h.wall = h.wall.Add(-100 * time.Millisecond)
	}
	if w.Sound() {
		t.Error("set back by 1.1 s in small steps, and sound")
	}
}

// A clock that was wrongly ahead and is right again is past all that it gave only later.
func TestAClockThatWasAheadIsTakenAgainWhenItComesToWhatItGave(t *testing.T) {
	h, w := watched(time.Time{})
	agrees := func(context.Context) (time.Duration, error) { return 0, nil }
	h.wall = h.wall.Add(time.Hour)
	w.compare(t.Context(), agrees)
	ahead := w.Now()
	h.wall = h.wall.Add(-time.Hour)
	w.compare(t.Context(), agrees)
	if w.Sound() {
		t.Error("back by an hour, before what it gave, and sound")
	}
	h.passes(time.Hour + time.Second)
	if w.compare(t.Context(), agrees); !w.Sound() || w.Now().Before(ahead) {
		t.Error("past what it gave, agreeing with the database's, and not sound")
	}
}

// A leap forward is true after a sleep and false after a hand: who knows is the database.
// Till it is asked no act bears that time, and nothing ends by it.
func TestALeapForwardIsNotBelievedBeforeTheDatabaseConfirmsIt(t *testing.T) {
	for name, c := range map[string]struct {
		skew  time.Duration
		err   error
		sound bool
	}{
		"the database's has gone as far": {0, nil, true},
		"the database's has not":         {-72 * time.Hour, nil, false},
		"the database is away":           {0, errors.New("away"), false},
	} {
		h, w := watched(time.Time{})
		before := w.Now()
		h.wall = h.wall.Add(72 * time.Hour)
		if w.Sound() {
			t.Errorf("%s: an act would bear a time that nobody confirmed", name)
		}
		h.passes(time.Second)
		if now := w.Now(); !now.Equal(before.Add(time.Second)) {
			t.Errorf("%s: a second later it gave %v after %v", name, now, before)
		}
		w.compare(t.Context(), func(context.Context) (time.Duration, error) { return c.skew, c.err })
		if w.Sound() != c.sound {
			t.Errorf("%s: sound %v", name, !c.sound)
		}
		if now := w.Now(); c.sound != now.Equal(h.wall) {
			t.Errorf("%s: it gave %v, and the machine %v", name, now, h.wall)
		}
		if h.wall = h.wall.Add(-72 * time.Hour); !c.sound {
			w.compare(t.Context(), func(context.Context) (time.Duration, error) { return 0, nil })
			if !w.Sound() || !w.Now().Equal(h.wall) {
				t.Errorf("%s: set right, and it gives %v, sound %v", name, w.Now(), w.Sound())
			}
		}
	}
	h, w := watched(time.Time{})
	h.wall = h.wall.Add(MaxLeap) // as a time service does
	if !w.Sound() || !w.Now().Equal(h.wall) {
		t.Error("a step of a second forward stopped acts")
	}
}

func TestAClockThatIsNotTheDatabasesStopsActs(t *testing.T) {
	_, w := watched(time.Time{})
	for _, c := range []struct {
		apart time.Duration
		err   error
		sound bool
	}{
		{0, nil, true}, {MaxSkew, nil, true}, {-MaxSkew, nil, true}, {MaxSkew + 1, nil, false}, {0, errors.New("away"), false},
		{-MaxSkew - 1, nil, false}, {time.Second, nil, true}, {0, errors.New("away"), true},
	} {
		w.compare(t.Context(), func(context.Context) (time.Duration, error) { return c.apart, c.err })
		if w.Sound() != c.sound {
			t.Errorf("%v apart, %v: sound %v", c.apart, c.err, !c.sound)
		}
	}
}
