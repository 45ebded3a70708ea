package portal

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"zharia/portal/fault"
	"zharia/portal/register/inbound"
)

// How much of what machines send is in hand at the same time. Nobody knows whose a message
// is before all of it is there, so what comes is counted by its bytes and takes no place:
// a thousand strangers who send a line that does not end hold a thousand short lines.
const (
	atOnce    = 4                        // messages that are judged
	mostHeld  = atOnce * inbound.MaxLine // bytes of bodies on their way in, of each kind of network
	lineHeld  = 64 << 10                 // bytes of a batch, for reading its lines
	placeTime = 10 * time.Second
)

// door is where machines are heard. Networks from which the register came lately have
// bytes of their own: strangers who fill the others' hold up each other.
type door struct {
	places           chan struct{}
	patience         time.Duration // that a message waits to be judged
	register, others atomic.Int64  // bytes in hand
}

func newDoor() *door { return &door{places: make(chan struct{}, atOnce), patience: placeTime} }

// hold is what one request has in hand, beginning with nothing.
func (d *door) hold(register bool) hold {
	if register {
		return hold{of: &d.register}
	}
	return hold{of: &d.others}
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
	of   *atomic.Int64
	held int64
}

func (h *hold) add(n int) error {
	h.held += int64(n)
	if h.of.Add(int64(n)) > mostHeld {
		return fault.New(fault.TooMany, "fault.too-many")
	}
	return nil
}

// free lets go of all of it.
func (h *hold) free() {
	h.of.Add(-h.held)
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
