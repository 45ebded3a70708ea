package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"sync"
	"time"
)

// How the watchman asks: often enough that 30 seconds give 1,500 answers, and with a
// patience after which a portal counts as not answering.
const (
	watchEvery = 20 * time.Millisecond
	watchQuiet = 2 * time.Second // before the flood, for comparison
	patience   = 10 * time.Second
)

// memoryFrom is when the memory is looked at first: by then all pools are open.
const memoryFrom = 5 * time.Second

// flood starts a portal of its own and posts forged sign-ins to it, while a watchman
// asks it how it is. Wrong answers are its only failures.
func flood(ctx context.Context, out io.Writer, rate int, length time.Duration) error {
	p, err := startPortal(ctx)
	if err != nil {
		return errors.Join(ctx.Err(), err) // killed because we were, or by itself
	}
	err = storm(ctx, out, p.url, p.pid(), rate, length)
	if errors.Is(err, errWrong) {
		fmt.Fprintf(os.Stderr, "perfbench: the portal's last words:\n%s", p.lastWords())
	}
	return errors.Join(err, p.end())
}

// storm floods the portal at an address and prints what came of it. The process is
// the portal's, 0 where nobody knows it.
func storm(ctx context.Context, out io.Writer, url string, pid, rate int, length time.Duration) error {
	fmt.Fprintln(os.Stderr, "perfbench: preparing forgers")
	forgers, err := newForgers(ctx, url, min(max(rate, 32), maxForgers))
	if err != nil {
		return err
	}
	watchman := newWatchman(url)
	quiet := watchman.watch(ctx, watchQuiet)
	fmt.Fprintf(os.Stderr, "perfbench: flooding for %s\n", length)
	before, early := gaugeOf(pid), make(chan gauge, 1)
	go func() {
		select {
		case <-time.After(min(memoryFrom, length)):
		case <-ctx.Done():
		}
		early <- gaugeOf(pid)
	}()
	watched := make(chan health, 1)
	go func() { watched <- watchman.watch(ctx, length) }()
	posts := forgers.flood(ctx, rate, length)
	after, busy := gaugeOf(pid), <-watched
	if err := ctx.Err(); err != nil {
		return err
	}
	fmt.Fprintf(out, "forged sign-ins with GOST-512: %d posts in %s, %d a second asked for, %d held back; load %s\n",
		posts.sent(), length, rate, posts.held, load())
	for _, answer := range slices.Sorted(maps.Keys(posts.answers)) {
		fmt.Fprintf(out, "  %6d  %s\n", posts.answers[answer], answer)
	}
	fmt.Fprintf(out, "health before: %s\nhealth during: %s\n", quiet, busy)
	first := <-early
	fmt.Fprintf(out, "portal, without its database: memory %s after %s, %s at the end; processor %s\n",
		first.memory(), min(memoryFrom, length), after.memory(), before.until(after, length))
	return errors.Join(posts.wrong(), quiet.wrong(), busy.wrong())
}

// tally is how the portal answered, by the name of the answer.
type tally struct {
	answers map[string]int
	held    int // posts for which no forger was free: all waited for an answer
}

func (t tally) sent() (n int) {
	for _, count := range t.answers {
		n += count
	}
	return n
}

// wrong is an answer that a forged signature must not have. Without a single
// refusal of a signature the arithmetic was not reached and nothing was measured.
func (t tally) wrong() error {
	for answer := range t.answers {
		if answer != answerRefused && answer != answerBusy && answer != answerNone {
			return fmt.Errorf("%w to a forged signature: %s", errWrong, answer)
		}
	}
	if t.answers[answerRefused] == 0 {
		return fmt.Errorf("%w: no forged signature was refused as wrong", errWrong)
	}
	return nil
}

// flood sends posts at a rate that does not wait for the answers, each by a forger
// who is not waiting himself, and collects all answers.
func (fs forgers) flood(ctx context.Context, rate int, length time.Duration) tally {
	free := make(chan *forger, len(fs))
	for _, f := range fs {
		free <- f
	}
	t := tally{answers: map[string]int{}}
	var mu sync.Mutex
	var posts sync.WaitGroup
	for range beats(ctx, time.Second/time.Duration(rate), length) {
		select {
		case f := <-free:
			posts.Go(func() {
				answer := f.post(ctx)
				mu.Lock()
				t.answers[answer]++
				mu.Unlock()
				free <- f
			})
		default:
			t.held++
		}
	}
	posts.Wait()
	return t
}

// beats yields the moments of a steady rhythm. One that comes late does not shift
// those after it.
func beats(ctx context.Context, every, length time.Duration) func(yield func(time.Time) bool) {
	return func(yield func(time.Time) bool) {
		start := time.Now()
		for at := start; at.Sub(start) < length; at = at.Add(every) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Until(at)):
			}
			if !yield(at) {
				return
			}
		}
	}
}

// health is how long the answers to a watchman took, and the first failure.
type health struct {
	took   []time.Duration // sorted
	failed error
}

func (h health) wrong() error {
	if h.failed != nil {
		return fmt.Errorf("%w: the portal does not say how it is: %w", errWrong, h.failed)
	}
	if len(h.took) == 0 {
		return fmt.Errorf("%w: nobody asked the portal how it is", errWrong)
	}
	return nil
}

// quantile is the duration that this part of the answers did not exceed.
func (h health) quantile(part float64) time.Duration {
	if len(h.took) == 0 {
		return 0
	}
	return h.took[max(0, int(math.Ceil(part*float64(len(h.took))))-1)]
}

func (h health) String() string {
	ms := func(d time.Duration) float64 { return micros(d) / 1e3 }
	return fmt.Sprintf("%d answers, p50 %.1f ms, p99 %.1f ms, max %.1f ms", len(h.took), ms(h.quantile(0.50)), ms(h.quantile(0.99)), ms(h.quantile(1)))
}
