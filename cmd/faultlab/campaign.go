package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"zharia/portal/ledger"
)

// plan is what one campaign does.
type plan struct {
	binary   string
	planted  string                            // the defect that the binary was built with; "": none
	prepare  func(context.Context, *lab) error // done to the stage; nil: nothing
	settings []string                          // of PostgreSQL
	disk     string                            // a small file system of its own for PostgreSQL; "": beside everything else
	traced   bool                              // the system calls of the auditor are written down
	faults   []string                          // taken in turn
	cycles   int
	clients  int
	seed     uint64
	until    invariant     // ends when this one does not hold; "": with the last cycle
	wait     time.Duration // at most, before a fault
	most     time.Duration // when so long has passed no further fault is begun; 0: it does not matter
	tenacity time.Duration // how long people go on with one filing
}

// maxClients is how many people there are, each the victim in a case of his own: the keeper
// counts what each of them opens in a minute, and a list of one case grows with all of it.
const maxClients = 8

// outcome is what a campaign found and measured.
type outcome struct {
	found                 findings
	cycles, filed, proved int
	sent, silent, refused int
	worst                 map[string]time.Duration // until the portal served again, by fault
	again                 map[string]time.Duration // and until two more filings had been taken
	took, cpu             time.Duration            // cpu: of the lab and of all that it started, as far as it has ended
}

// settleTime is how long clients may take at the end to settle what they began.
const settleTime = 90 * time.Second

// aliveTime is how long after a fault a filing must have been taken, on a machine that may
// be as busy as it likes: people wait patience for one answer. How long it was is printed.
const aliveTime = 3 * patience

// campaign runs a plan in a lab of its own.
func campaign(ctx context.Context, out io.Writer, p plan) (o outcome, err error) {
	o = outcome{found: findings{}, worst: map[string]time.Duration{}, again: map[string]time.Duration{}}
	start, used := time.Now(), processorTime()
	defer func() { o.took, o.cpu = time.Since(start), processorTime()-used }()
	l, err := open(ctx, out, p)
	if l != nil {
		defer func() { err = errors.Join(err, l.close()) }()
	}
	if err != nil {
		return o, err
	}
	l.say("everything runs in %s; seed %d", l.dir, p.seed)
	if l.stagedActs, err = ledger.Size(ctx, l.db); err != nil {
		return o, err
	}
	if p.prepare != nil {
		if err := p.prepare(ctx, l); err != nil {
			return o, err
		}
	}
	soft, stopFiling := context.WithCancel(ctx)
	hard, stopAll := context.WithCancel(ctx)
	defer stopAll()
	defer stopFiling()
	var people sync.WaitGroup
	for i := range p.clients {
		c, err := newClient(i, l)
		if err != nil {
			return o, err
		}
		people.Go(func() { c.work(soft, hard) })
	}
	seen := map[uuid.UUID]bool{}
	draw := rand.New(rand.NewPCG(p.seed, 0))
	if err := l.alive(ctx, o.found, "at the beginning"); err != nil {
		return o, err
	}
	for i, first := 0, time.Now(); i < p.cycles; i++ {
		if p.most > 0 && time.Since(first) > p.most {
			l.say("%s have passed: that is enough", p.most)
			break
		}
		if ctx.Err() != nil || len(o.found[p.until]) > 0 {
			break
		}
		f, err := faultOf(p.faults[i%len(p.faults)])
		if err != nil {
			return o, err
		}
		sleep(ctx, time.Duration(draw.Int64N(int64(p.wait))))
		if err := l.cycle(ctx, &o, f); err != nil {
			return o, err
		}
		if p.until == I6 { // else at the end: it takes its time
			if err := l.told(ctx, o.found); err != nil {
				return o, err
			}
		}
		o.cycles++
		l.say("cycle %d of %d: %s; %d filed, %d found", i+1, p.cycles, f.what, l.acks.Load(), o.found.count())
	}
	stopFiling()
	settled := make(chan struct{})
	go func() { people.Wait(); close(settled) }()
	select {
	case <-settled:
	case <-time.After(settleTime):
		o.found.add(I3, "what people began is not settled after %s", settleTime)
		stopAll()
		<-settled
	case <-ctx.Done():
		<-settled
		return o, ctx.Err()
	}
	err = l.end(ctx, &o, seen)
	return o, err
}

// cycle does one fault and looks at what is there afterwards.
func (l *lab) cycle(ctx context.Context, o *outcome, f fault) error {
	if err := f.do(ctx, l); err != nil {
		return fmt.Errorf("%s: %w", f.id, err)
	}
	took, err := l.healthy(ctx, readyTime)
	if err != nil {
		o.found.add(Live, "%s: %v", f.id, err)
		return ctx.Err()
	}
	o.worst[f.id] = max(o.worst[f.id], took)
	back := time.Now()
	if err := l.alive(ctx, o.found, f.id); err != nil {
		return err
	}
	o.again[f.id] = max(o.again[f.id], time.Since(back))
	now, _, err := l.compare(ctx, false)
	for i, all := range now {
		for _, text := range all {
			if !slices.Contains(o.found[i], text) {
				l.say("FOUND %s: %s", i, text)
			}
		}
	}
	o.found.join(now)
	return err
}

// alive waits until people file again.
func (l *lab) alive(ctx context.Context, out findings, after string) error {
	before := l.acks.Load()
	for end := time.Now().Add(aliveTime); time.Now().Before(end); sleep(ctx, 20*time.Millisecond) {
		if l.acks.Load() > before+1 || ctx.Err() != nil {
			return ctx.Err()
		}
	}
	out.add(Live, "%s: nobody files for %s", after, aliveTime)
	return nil
}

// end is the great check, when nobody files any more.
func (l *lab) end(ctx context.Context, o *outcome, seen map[uuid.UUID]bool) error {
	l.say("nobody files any more: everything is compared")
	now, stories, err := l.compare(ctx, true)
	if err != nil {
		return err
	}
	o.found.join(now)
	for _, why := range l.troubles() {
		o.found.add(Live, "%v", why)
	}
	if err := l.told(ctx, o.found); err != nil {
		return err
	}
	if err := l.readAll(ctx, o.found, stories, seen); err != nil {
		o.found.add(I1, "it cannot be read: %v", err)
	}
	if err := l.grown(ctx, o.found, stories); err != nil {
		return err
	}
	if err := l.lasting(ctx, o.found); err != nil {
		return err
	}
	for _, s := range stories {
		if s.Acked {
			o.filed++
		}
		o.proved += len(s.Receipts)
		for _, line := range s.Lines {
			switch line.What {
			case intends, sends:
				o.sent++
			case silence:
				o.silent++
			case failed, checking:
				o.refused++
			}
		}
	}
	return nil
}

// print says what came of it; it holds only with nothing found and something filed.
func (o outcome) print(out io.Writer) bool {
	fmt.Fprintf(out, "\n%d cycles in %s, %s of processor time: %d filings acknowledged, %d receipts; %d times sent, %d without an answer, %d refused\n",
		o.cycles, o.took.Round(time.Second), o.cpu.Round(time.Second), o.filed, o.proved, o.sent, o.silent, o.refused)
	var ids []string
	for id := range o.worst {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(out, "  served again after %-12s %6d ms at worst, from when the processes ran; %6d ms later somebody had filed\n", id, o.worst[id].Milliseconds(), o.again[id].Milliseconds())
	}
	for _, i := range invariants {
		fmt.Fprintf(out, "  %-5s %d violations\n", i, len(o.found[i]))
		for n, text := range o.found[i] {
			if n == 10 {
				fmt.Fprintf(out, "          and %d more\n", len(o.found[i])-n)
				break
			}
			fmt.Fprintf(out, "          %s\n", text)
		}
	}
	if o.filed == 0 {
		fmt.Fprintln(out, "  nothing was filed: this proves nothing")
	}
	return o.found.count() == 0 && o.filed > 0
}
