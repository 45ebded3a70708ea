package tip

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"zharia/portal/fault"
)

// Gate bounds what the lane costs, whoever asks: it knows nobody, so it keeps no address
// to count by. Who does not get in is told at once, and his page keeps what he typed.
type Gate struct {
	work   chan struct{} // those at work: each takes the memory of one code
	line   chan struct{} // those at work and those who wait
	budget *rate.Limiter // of all together
	slow   *rate.Limiter // of those who solved nothing: a flood of them takes nothing from others

	mu   sync.Mutex
	used map[[sha256.Size]byte]time.Time // tickets that were sent, by when they end; in memory alone
}

// What the gate lets through. Each costs twenty milliseconds of one core, and only one is
// at work: the other cores are for those who sign. The line is short, so that whoever
// stands in it gets through, and whoever does not is told at once and not seconds later.
const (
	atWork    = 1
	inLine    = 6
	perSecond = 8
	atOnce    = 40
	slowRate  = 2
	slowOnce  = 20
	patience  = 10 * time.Second // of the line, when the machine has no time for us
	maxUsed   = 50_000
)

// NewGate is an open one.
func NewGate() *Gate {
	return &Gate{
		work: make(chan struct{}, atWork), line: make(chan struct{}, inLine),
		budget: rate.NewLimiter(perSecond, atOnce), slow: rate.NewLimiter(slowRate, slowOnce),
		used: map[[sha256.Size]byte]time.Time{},
	}
}

// Busy says that the lane is full: try again a little later.
func Busy() error { return fault.New(fault.TooMany, "fault.tip-busy") }

// Enter lets one through, or says at once that there is no room. leave must be called,
// and before anything is shown: whoever reads slowly would hold the place for as long.
// Leaving twice is as once. solved tells that he paid with a puzzle.
func (g *Gate) Enter(ctx context.Context, solved bool) (leave func(), err error) {
	if !solved && !g.slow.Allow() {
		return nil, Busy()
	}
	select {
	case g.line <- struct{}{}:
	default:
		return nil, Busy()
	}
	if !g.budget.Allow() {
		<-g.line
		return nil, Busy()
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case g.work <- struct{}{}:
		return sync.OnceFunc(func() { <-g.work; <-g.line }), nil
	case <-timer.C:
	case <-ctx.Done():
	}
	<-g.line
	return nil, Busy()
}

// Used tells whether a ticket was sent already: then its tip is there, and there is no
// need to look.
func (g *Gate) Used(t Ticket) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, ok := g.used[sha256.Sum256([]byte(t))]
	return ok
}

// Use remembers a ticket until it ends.
func (g *Gate) Use(t Ticket, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.used) >= maxUsed {
		for old, ends := range g.used {
			if ends.Before(at) {
				delete(g.used, old)
			}
		}
	}
	if len(g.used) < maxUsed { // past that the database finds it: the code is the same
		g.used[sha256.Sum256([]byte(t))] = at.Add(Life)
	}
}
