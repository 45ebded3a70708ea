package portal

import (
	"context"
	"io"
	"sync"
	"time"

	"zharia/portal/fault"
	"zharia/portal/register/inbound"
)

// How much of what machines send is in hand at the same time. Nobody knows whose a message
// is before all of it is there, so what comes is counted by its bytes and takes no place:
// a thousand strangers who send a line that does not end hold a thousand short lines.
const (
	atOnce    = 4                            // messages that are judged
	mostHeld  = atOnce * inbound.MaxLine     // bytes of bodies on their way in, of each kind of network
	lineHeld  = 64 << 10                     // bytes of a batch, for reading its lines
	eachHeld  = inbound.MaxLine + 2*lineHeld // of that, for one network of strangers: one line as long as any, in a batch
	placeTime = 10 * time.Second
)

// door is where machines are heard. Networks from which the register came lately have
// bytes of their own: strangers who fill the others' hold up each other. And no network of
// strangers has all of those: after a start nobody knows yet which one is the register's.
type door struct {
	places   chan struct{}
	patience time.Duration // that a message waits to be judged

	mu               sync.Mutex
	register, others int64            // bytes in hand
	each             map[string]int64 // of the others', by network
}

func newDoor() *door {
	return &door{places: make(chan struct{}, atOnce), patience: placeTime, each: map[string]int64{}}
}

// hold is what one request of a network has in hand, beginning with nothing.
func (d *door) hold(who string, register bool) hold {
	return hold{at: d, who: who, register: register}
}

// take counts bytes in hand, if they are not too many.
func (d *door) take(who string, register bool, n int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if register {
		if d.register+n > mostHeld {
			return false
		}
		d.register += n
		return true
	}
	if d.others+n > mostHeld || d.each[who]+n > eachHeld {
		return false
	}
	d.others += n
	if d.each[who] += n; d.each[who] == 0 {
		delete(d.each, who)
	}
	return true
}

// judge waits for one of the places of those whose message is all there.
func (d *door) judge(ctx context.Context) (done func(), err error) {
	late, cancel := context.WithTimeout(ctx, d.patience)
	defer cancel()
	select {
	case d.places <- struct{}{}:
		return func() { <-d.places }, nil
	case <-late.Done():
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fault.New(fault.TooMany, "fault.too-many")
	}
}

// hold counts bytes in hand.
type hold struct {
	at       *door
	who      string
	register bool
	held     int64
}

func (h *hold) add(n int) error {
	if !h.at.take(h.who, h.register, int64(n)) {
		return fault.New(fault.TooMany, "fault.too-many")
	}
	h.held += int64(n)
	return nil
}

// free lets go of all of it.
func (h *hold) free() {
	h.at.take(h.who, h.register, -h.held)
	h.held = 0
}

// coming is a body on its way in.
type coming struct {
	from io.Reader
	hold
}

func (b *coming) Read(into []byte) (int, error) {
	n, err := b.from.Read(into)
	if b.held > inbound.MaxLine { // longer than anything is: it is read on to its end, and kept no more
		return n, err
	}
	if full := b.add(n); full != nil {
		return n, full
	}
	return n, err
}
