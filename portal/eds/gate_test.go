package eds

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
)

func TestTheGateLetsFewThroughBoundsWhoWaitsAndTurnsTheRestAway(t *testing.T) {
	var g gate
	places := max(1, runtime.GOMAXPROCS(0)-1)
	hold := make(chan struct{})
	var inside, most atomic.Int64
	work := func() error {
		if n := inside.Add(1); n > most.Load() {
			most.Store(n)
		}
		<-hold
		inside.Add(-1)
		return nil
	}
	const beyond = 25
	all := places + maxWaiting + beyond
	answers := make(chan error, all)
	for range all {
		go func() { answers <- g.through(t.Context(), work) }()
	}
	for range beyond { // only those beyond the bound are answered while all others wait
		var refusal *Refusal
		if err := <-answers; !errors.As(err, &refusal) || refusal.Reason != Busy {
			t.Fatalf("turned away with %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	close(hold)
	for range all - beyond {
		if err := <-answers; err != nil {
			t.Fatalf("one that waited: %v", err)
		}
	}
	if int(most.Load()) > places {
		t.Errorf("%d at once, %d places", most.Load(), places)
	}
	if err := g.through(t.Context(), func() error { return nil }); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	// Who gives up while waiting is let go and leaves his place to others.
	hold = make(chan struct{})
	started := make(chan struct{}, places)
	for range places {
		go func() { answers <- g.through(t.Context(), func() error { started <- struct{}{}; <-hold; return nil }) }()
	}
	for range places {
		<-started
	}
	if err := g.through(ctx, work); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	close(hold)
	for range places {
		if err := <-answers; err != nil {
			t.Errorf("held: %v", err)
		}
	}
}
