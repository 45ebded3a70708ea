package eds

import (
	"context"
	"runtime"
	"sync"
)

// maxWaiting is how many questions may wait for a place at once. With a
// question of half a millisecond the last of them waits a fifth of a second;
// who comes after is told at once to come again.
const maxWaiting = 256

// gate lets as many verifications through at once as there are processors but
// one, so that a flood of forged signatures leaves the rest of the portal its
// processor, and bounds how many wait. The zero value is ready.
type gate struct {
	once   sync.Once
	places chan struct{} // one for each that runs
	queue  chan struct{} // one for each that runs or waits
}

func (g *gate) open() {
	g.places = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))
	g.queue = make(chan struct{}, cap(g.places)+maxWaiting)
}

// through does one piece of arithmetic when its turn comes. Nobody waits for
// the network inside.
func (g *gate) through(ctx context.Context, do func() error) error {
	g.once.Do(g.open)
	select {
	case g.queue <- struct{}{}:
	default:
		return refuse(Busy, "%d questions are waiting", maxWaiting)
	}
	defer func() { <-g.queue }()
	select {
	case g.places <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-g.places }()
	return do()
}
