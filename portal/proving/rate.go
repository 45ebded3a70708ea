package proving

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"sync"
	"time"
)

// Result is what came of something that was done at a rate.
type Result struct {
	What   string
	Rate   float64 // asked for, a second
	Length time.Duration
	Took   []time.Duration // from when each was due, sorted; of those that went well
	Late   int             // who gave up: too slow is not wrong
	Failed int
	First  error // the first failure
	Spent  Spent // of all that ran meanwhile
	Memory Memory
	Load   string
}

// Throughput is how many went well a second.
func (r Result) Throughput() float64 { return float64(len(r.Took)) / r.Length.Seconds() }

// Quantile is the time that this part of the answers did not exceed.
func (r Result) Quantile(part float64) time.Duration {
	if len(r.Took) == 0 {
		return 0
	}
	return r.Took[max(0, int(math.Ceil(part*float64(len(r.Took))))-1)]
}

// Wrong is the first failure, if there was any.
func (r Result) Wrong() error {
	if r.Failed > 0 {
		return fmt.Errorf("%w: %s failed %d times of %d, at first: %w", ErrWrong, r.What, r.Failed, r.Failed+len(r.Took), r.First)
	}
	if len(r.Took)+r.Late == 0 {
		return fmt.Errorf("%w: no %s was asked for", ErrWrong, r.What)
	}
	return nil
}

// Whole is Wrong for what the rest is built upon: nobody may have given up either.
func (r Result) Whole() error {
	if err := r.Wrong(); err != nil {
		return err
	}
	if r.Late > 0 {
		return fmt.Errorf("%s: %d of %d gave up after %s: nothing more can be measured", r.What, r.Late, r.Late+len(r.Took), patience)
	}
	return nil
}

// count notes how something ended. mu is held.
func (r *Result) count(took time.Duration, err error) {
	var slow net.Error
	switch {
	case err == nil:
		r.Took = append(r.Took, took)
	case errors.Is(err, errCrowd), errors.Is(err, ErrBusy), errors.As(err, &slow) && slow.Timeout():
		r.Late++
	default:
		if r.Failed++; r.First == nil {
			r.First = err
		}
	}
}

// errCrowd is that more wait already than anybody would join.
var errCrowd = errors.New("too many wait already")

// crowd is the most who wait at the same time: a portal that is behind by more has lost,
// and those who come then go home.
const crowd = 5000

// Rate does something so many times a second for a while, without waiting for the one
// before: the i-th is due at its moment, and its time counts from then.
func (s *Site) Rate(ctx context.Context, what string, rate float64, length time.Duration, do func(ctx context.Context, i int) error) Result {
	r := Result{What: what, Rate: rate, Length: length, Load: Load()}
	watch, stop := context.WithCancel(ctx)
	var watching, sent sync.WaitGroup
	most := s.peaks(watch, &watching)
	before := s.Spent()
	var mu sync.Mutex
	waiting := make(chan struct{}, crowd)
	every := time.Duration(float64(time.Second) / rate)
	start := time.Now()
	for i := range int(math.Round(rate * length.Seconds())) {
		due := start.Add(time.Duration(i) * every)
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(due)):
		}
		if ctx.Err() != nil {
			break
		}
		note := func(err error) {
			took := time.Since(due)
			mu.Lock()
			defer mu.Unlock()
			r.count(took, err)
		}
		select {
		case waiting <- struct{}{}:
			sent.Go(func() {
				note(do(ctx, i))
				<-waiting
			})
		default:
			note(errCrowd)
		}
	}
	sent.Wait()
	r.Length = max(length, time.Since(start)) // a portal that is behind serves at its own rate
	r.Spent = before.Until(s.Spent())
	stop()
	watching.Wait()
	r.Memory = *most
	slices.Sort(r.Took)
	return r
}

// Times does something n times, by so many at once, each after the one before: as fast as
// it goes.
func (s *Site) Times(ctx context.Context, what string, n, atOnce int, do func(ctx context.Context, i int) error) Result {
	return s.closed(ctx, what, atOnce, do, func(i int) bool { return i < n })
}

// For is Times for as long as it says.
func (s *Site) For(ctx context.Context, what string, length time.Duration, atOnce int, do func(ctx context.Context, i int) error) Result {
	end := time.Now().Add(length)
	return s.closed(ctx, what, atOnce, do, func(int) bool { return time.Now().Before(end) })
}

func (s *Site) closed(ctx context.Context, what string, atOnce int, do func(ctx context.Context, i int) error, more func(i int) bool) Result {
	r := Result{What: what, Load: Load()}
	before, start := s.Spent(), time.Now()
	var mu sync.Mutex
	var all sync.WaitGroup
	next := 0
	for range atOnce {
		all.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if !more(i) {
					return
				}
				began := time.Now()
				err := do(ctx, i)
				mu.Lock()
				r.count(time.Since(began), err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	r.Length = time.Since(start)
	r.Spent = before.Until(s.Spent())
	r.Rate = r.Throughput()
	slices.Sort(r.Took)
	return r
}
