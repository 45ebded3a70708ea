package tip_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"zharia/portal/fault"
	"zharia/portal/tip"
)

func TestWhoDoesNotGetInIsToldAtOnce(t *testing.T) {
	g := tip.NewGate()
	hold := make(chan struct{})
	var in sync.WaitGroup
	for range tip.AtWork {
		leave, err := g.Enter(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		in.Go(func() { <-hold; leave() })
	}
	type end struct {
		err   error
		after time.Duration
	}
	ends := make(chan end, 3*tip.InLine)
	for range cap(ends) {
		go func() {
			began := time.Now()
			leave, err := g.Enter(t.Context(), true)
			ends <- end{err, time.Since(began)}
			if err == nil {
				leave()
			}
		}()
	}
	refused, room := 0, tip.InLine-tip.AtWork
	for range cap(ends) - room { // all for whom there is no room in the line; the others wait
		e := <-ends
		if refused++; !errors.Is(e.err, fault.TooMany) || e.after > 100*time.Millisecond {
			t.Errorf("the %d. without room: %v after %v", refused, e.err, e.after)
		}
	}
	close(hold)
	in.Wait()
	for range room {
		if e := <-ends; e.err != nil {
			t.Errorf("one who stood in line: %v after %v", e.err, e.after)
		}
	}
}

func TestWhoSolvedNothingTakesNothingFromOthers(t *testing.T) {
	g := tip.NewGate()
	enter := func(solved bool) bool {
		leave, err := g.Enter(t.Context(), solved)
		if err == nil {
			leave()
		}
		return err == nil
	}
	let := 0
	for range 500 {
		if enter(false) {
			let++
		}
	}
	if let < tip.SlowOnce || let > tip.SlowOnce+5 {
		t.Errorf("of 500 that solved nothing %d came in, not about %d", let, tip.SlowOnce)
	}
	if !enter(true) {
		t.Error("one who solved the puzzle stands behind those who did not")
	}
	let = 0
	for range 500 {
		if enter(true) {
			let++
		}
	}
	if let > tip.AtOnce {
		t.Errorf("of 500 that solved it %d came in at once", let)
	}
}

func TestATicketThatWasSentIsRememberedUntilItEnds(t *testing.T) {
	g, k, at := tip.NewGate(), keys(t), time.Unix(1_790_000_000, 0)
	one, other := tip.NewTicket(k, at), tip.NewTicket(k, at)
	g.Use(one, at)
	if !g.Used(one) || g.Used(other) {
		t.Error("it is not known which was sent")
	}
}
