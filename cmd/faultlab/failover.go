package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal/country"
	"zharia/portal/database"
	"zharia/portal/ledger"
)

// loss is a way in which the leader of a cluster goes.
type loss struct {
	id, what string
	do       func(ctx context.Context, f *failover, leader *node) error
	mend     func(n *node) error // when another leads
}

var losses = []loss{
	{"machine", "kill -9 of the leader's PostgreSQL, Patroni and etcd", func(_ context.Context, _ *failover, n *node) error {
		return n.signal(syscall.SIGKILL, true)
	}, func(n *node) error {
		n.patroni.end(syscall.SIGKILL, time.Second)
		n.etcd.end(syscall.SIGKILL, time.Second)
		return errors.Join(n.etcd.start(), n.patroni.start())
	}},
	{"postgres", "kill -9 of the leader's PostgreSQL", func(_ context.Context, _ *failover, n *node) error {
		return n.signal(syscall.SIGKILL, false)
	}, nil},
	{"frozen", "the leader's machine stands still, and wakes when another leads", func(_ context.Context, _ *failover, n *node) error {
		return n.signal(syscall.SIGSTOP, true)
	}, func(n *node) error {
		// Its PostgreSQL before its Patroni: for a moment it believes that it leads.
		for _, pid := range n.postgres() {
			if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
				return err
			}
		}
		time.Sleep(time.Second)
		return n.signal(syscall.SIGCONT, true)
	}},
	{"switchover", "an administrator has another lead", func(ctx context.Context, f *failover, n *node) error {
		return f.cluster.change(ctx, n)
	}, nil},
}

// failover is a lab whose database is a cluster, with two portals before it.
type failover struct {
	*lab
	cluster *cluster
	second  *process
	urls    [2]string
	taken   [2]atomic.Int64 // filings, at each of the portals
	gaps    map[string][]time.Duration
}

func runFailover(ctx context.Context, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("failover", flag.ContinueOnError)
	cycles := flags.Int("cycles", 20, "how many leaders go")
	names := flags.String("losses", "machine,postgres,frozen,switchover", "how, in turn")
	clients := flags.Int("clients", maxClients, "how many people file")
	seed := flags.Uint64("seed", drawSeed(), "of what is left to chance")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *cycles < 1 || *cycles > maxCycles || *clients < 2 || *clients > maxClients {
		return fmt.Errorf("failover: 1 to %d cycles, 2 to %d people", maxCycles, maxClients)
	}
	var ways []loss
	for _, name := range strings.Split(*names, ",") {
		i := slices.IndexFunc(losses, func(l loss) bool { return l.id == name })
		if i < 0 {
			return fmt.Errorf("no loss is called %q", name)
		}
		ways = append(ways, losses[i])
	}
	return withFolder(func(dir string) error {
		binary := filepath.Join(dir, "portal")
		fmt.Fprintln(out, "faultlab: building the portal")
		if err := build(ctx, binary, ""); err != nil {
			return err
		}
		o := outcome{found: findings{}, worst: map[string]time.Duration{}}
		f := &failover{gaps: map[string][]time.Duration{}}
		start := time.Now()
		err := f.campaign(ctx, out, plan{binary: binary, cycles: *cycles, clients: *clients, seed: *seed, tenacity: 3 * time.Minute}, ways, &o)
		o.took = time.Since(start)
		holds := o.print(out)
		f.print(out)
		if err == nil && !holds {
			err = errFound
		}
		return err
	})
}

// open starts the cluster, puts the cast on it and starts what serves people.
func (f *failover) open(ctx context.Context, p plan) (err error) {
	l := f.lab
	if l.dir, err = os.MkdirTemp("", "faultlab-"); err != nil {
		return err
	}
	if err = os.Chmod(l.dir, 0o711); err != nil { // the database's user passes through
		return err
	}
	for _, dir := range []string{l.diaries(), l.witness(), filepath.Join(l.dir, "lists"), filepath.Join(l.dir, "lists-2"), filepath.Join(l.dir, "auditor")} {
		if err = os.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	l.say("three nodes are made in %s", l.dir)
	if f.cluster, err = openCluster(ctx, l.dir, p.binary); err != nil {
		return err
	}
	l.say("they run: %s leads", f.cluster.with(ctx, leads).name)
	var secrets []string
	for _, name := range []string{"migrate", "app", "auditor", "backup"} {
		secrets = append(secrets, "-v", name+"="+f.cluster.secret)
	}
	logins, err := os.ReadFile(filepath.Join(filepath.Dir(installed), "database.sql"))
	if err != nil {
		return err
	}
	text := filepath.Join(f.cluster.nodes[0].dir, "database.sql") // where its user can read it
	if err = os.WriteFile(text, logins, 0o644); err != nil {
		return err
	}
	err = f.cluster.psql(ctx, append(secrets, "-f", text, "-c", "CREATE ROLE lab SUPERUSER LOGIN PASSWORD '"+f.cluster.secret+"'")...)
	if err != nil {
		return err
	}
	l.at = func(login string) string {
		if login == "" {
			login = "lab" // puts the cast on, and checks
		}
		return f.cluster.address(login)
	}
	if err = l.stage(ctx, p.binary); err != nil {
		return err
	}
	for _, login := range []string{"zharia", "zharia_auditor"} {
		if err = f.cluster.psql(ctx, "-c", "ALTER ROLE "+login+" PASSWORD '"+f.cluster.secret+"'"); err != nil {
			return err
		}
	}
	if err = l.openCenter(); err != nil {
		return err
	}
	if err = l.openProcesses(ctx, p.binary); err != nil {
		return err
	}
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	f.second = &process{name: "second portal", ready: "ready", log: filepath.Join(l.dir, "portal-2.log"), args: l.portal.args}
	for _, one := range l.portal.env {
		switch name, _, _ := strings.Cut(one, "="); name {
		case "PORTAL_ADDR":
			one = name + "=" + addr
		case "PORTAL_LISTS":
			one += "-2"
		}
		f.second.env = append(f.second.env, one)
	}
	f.urls = [2]string{l.url, "http://" + addr}
	return f.second.start(ctx)
}

func (f *failover) close() error {
	var errs []error
	for _, p := range []*process{f.second, f.portal, f.auditor} {
		if p != nil {
			errs = append(errs, p.kill())
		}
	}
	if f.cluster != nil {
		errs = append(errs, f.cluster.close())
	}
	return errors.Join(append(errs, f.lab.close())...)
}

// campaign has the leader go again and again while people file at both portals.
func (f *failover) campaign(ctx context.Context, out io.Writer, p plan, ways []loss, o *outcome) (err error) {
	f.lab = &lab{out: out, seed: p.seed, tenacity: p.tenacity, began: time.Now(), who: map[string]country.Citizen{}}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := f.open(ctx, p); err != nil {
		return err
	}
	f.say("two portals serve; seed %d", p.seed)
	if f.stagedActs, err = ledger.Size(ctx, f.db); err != nil {
		return err
	}
	soft, stopFiling := context.WithCancel(ctx)
	hard, stopAll := context.WithCancel(ctx)
	defer stopAll()
	defer stopFiling()
	var people sync.WaitGroup
	for i := range p.clients {
		c, err := newClient(i, f.lab)
		if err != nil {
			return err
		}
		c.url, c.acks = f.urls[i%2], &f.taken[i%2]
		people.Go(func() { c.work(soft, hard) })
	}
	draw := rand.New(rand.NewPCG(p.seed, 0))
	if !f.both(ctx, aliveTime) {
		return fmt.Errorf("nobody files at the beginning\n%s\n%s", tail(f.portal.log), tail(f.second.log))
	}
	for i := range p.cycles {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		sleep(ctx, time.Second+time.Duration(draw.Int64N(int64(4*time.Second))))
		if err := f.cycle(ctx, o, ways[i%len(ways)], fmt.Sprintf("%d of %d", i+1, p.cycles)); err != nil {
			return err
		}
		o.cycles++
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
		return ctx.Err()
	}
	return f.end(ctx, o, map[uuid.UUID]bool{})
}

// both waits until something more was filed at each of the portals.
func (f *failover) both(ctx context.Context, most time.Duration) bool {
	first, second := f.taken[0].Load(), f.taken[1].Load()
	for end := time.Now().Add(most); time.Now().Before(end) && ctx.Err() == nil; sleep(ctx, 20*time.Millisecond) {
		if f.taken[0].Load() > first && f.taken[1].Load() > second {
			return true
		}
	}
	return false
}

// silences measures for how long nothing at all was taken at a portal, at worst: until
// stop, whose answer it is for both.
func (f *failover) silences() (stop func() time.Duration) {
	done, answer := make(chan struct{}), make(chan time.Duration)
	go func() {
		var longest time.Duration
		last := [2]time.Time{time.Now(), time.Now()}
		count := [2]int64{f.taken[0].Load(), f.taken[1].Load()}
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				answer <- max(longest, time.Since(last[0]), time.Since(last[1]))
				return
			case now := <-tick.C:
				for i := range last {
					if n := f.taken[i].Load(); n > count[i] {
						longest = max(longest, now.Sub(last[i]))
						last[i], count[i] = now, n
					}
				}
			}
		}
	}()
	return func() time.Duration { close(done); return <-answer }
}

// Bounds of one cycle.
const (
	otherTime = 90 * time.Second // until another leads
	wholeTime = 3 * time.Minute  // until all three are in step again
)

// cycle has the leader go, waits until another leads and people file again, mends what
// went, and compares.
func (f *failover) cycle(ctx context.Context, o *outcome, how loss, which string) error {
	leader := f.cluster.with(ctx, leads)
	if leader == nil {
		return errors.New("nobody leads")
	}
	usual := f.silences()
	sleep(ctx, 3*time.Second)
	before := usual()
	f.crashes++
	stop, begun := f.silences(), time.Now()
	if err := how.do(ctx, f, leader); err != nil {
		return fmt.Errorf("%s: %w", how.id, err)
	}
	var next *node
	for end := time.Now().Add(otherTime); time.Now().Before(end) && ctx.Err() == nil; sleep(ctx, 50*time.Millisecond) {
		if next = f.cluster.with(ctx, leads); next != nil && next != leader {
			break
		}
	}
	if next == nil || next == leader {
		return fmt.Errorf("%s: nobody else leads after %s:\n%s", how.id, otherTime, tail(leader.patroni.log))
	}
	led := time.Since(begun)
	if !f.both(ctx, aliveTime) {
		o.found.add(Live, "%s: nobody files at one of the portals for %s", how.id, aliveTime)
	}
	gap := stop()
	f.gaps[how.id] = append(f.gaps[how.id], gap)
	f.say("%s: %s leads after %.1f s, instead of %s; nothing taken for %.1f s", how.id, next.name, led.Seconds(), leader.name, gap.Seconds())
	if how.mend != nil {
		if err := how.mend(leader); err != nil {
			return err
		}
		if err := f.fenced(ctx, o, leader); err != nil {
			return err
		}
	}
	if err := f.cluster.whole(ctx, wholeTime); err != nil {
		return err
	}
	if err := f.compareBoth(ctx, o); err != nil {
		return err
	}
	f.say("failover %s: %s: nothing taken for %.1f s at worst (%.1f s before it); all three are in step again; %d filed, %d found",
		which, how.what, gap.Seconds(), before.Seconds(), f.taken[0].Load()+f.taken[1].Load(), o.found.count())
	return ctx.Err()
}

// fencedTime is for how long after its return it is tried to write to an old leader.
const fencedTime = 5 * time.Second

// fenced writes to a node that led: that it takes something must not be.
func (f *failover) fenced(ctx context.Context, o *outcome, old *node) error {
	ctx, cancel := context.WithTimeout(ctx, fencedTime)
	defer cancel()
	for ; ctx.Err() == nil; sleep(ctx, 100*time.Millisecond) {
		db, err := database.Open(ctx, f.cluster.addressAt(old.addr, "lab"))
		if err != nil {
			continue // it does not let anybody in yet
		}
		err = db.Exec(ctx, `CREATE TABLE IF NOT EXISTS lab_written (at timestamptz); INSERT INTO lab_written VALUES (now())`)
		db.Close()
		if err == nil {
			o.found.add(I1, "%s, which led before, took something when another led", old.name)
			return nil
		}
	}
	return nil
}

// How many of these were filed, and until where this server has come.
const selectThere = `
SELECT count(*) FROM filing f JOIN document d ON d.id = f.document WHERE f.id = ANY($1) AND f.status <> 'draft' AND d.signed_at IS NOT NULL`

// compareBoth holds the diaries against the leader, and what was acknowledged against the
// standby that is in step as well.
func (f *failover) compareBoth(ctx context.Context, o *outcome) error {
	var told []string
	earlier, err := readDiaries(f.diaries())
	if err != nil {
		return err
	}
	for id, s := range earlier {
		if s.Acked {
			told = append(told, id.String())
		}
	}
	// The first questions may go to connections of the one that has gone.
	var now findings
	for range 5 {
		if now, _, err = f.compare(ctx, false); err == nil || ctx.Err() != nil {
			break
		}
		sleep(ctx, time.Second)
	}
	if err != nil {
		return err
	}
	for i, all := range now {
		for _, text := range all {
			if !slices.Contains(o.found[i], text) {
				f.say("FOUND %s: %s", i, text)
			}
		}
	}
	o.found.join(now)
	standby := f.cluster.with(ctx, inStep)
	if standby == nil {
		o.found.add(Live, "nobody is in step with the leader")
		return nil
	}
	db, err := database.Open(ctx, f.cluster.addressAt(standby.addr, "lab"))
	if err != nil {
		return err
	}
	defer db.Close()
	var there int
	for end := time.Now().Add(10 * time.Second); ; sleep(ctx, 100*time.Millisecond) { // it has it on its disk at once, and shows it soon
		if err := db.Get(ctx, &there, selectThere, pq.Array(told)); err != nil {
			return err
		}
		if there >= len(told) || time.Now().After(end) || ctx.Err() != nil {
			break
		}
	}
	if there < len(told) {
		o.found.add(I1, "of %d acknowledged filings the standby in step, %s, has %d", len(told), standby.name, there)
	}
	return nil
}

// print says for how long nothing was taken.
func (f *failover) print(out io.Writer) {
	var all []time.Duration
	line := func(name string, gaps []time.Duration) {
		slices.Sort(gaps)
		fmt.Fprintf(out, "  %-11s %3d failovers: nothing taken for %5.1f s (median), %5.1f s (worst)\n", name, len(gaps), gaps[len(gaps)/2].Seconds(), gaps[len(gaps)-1].Seconds())
	}
	for _, how := range losses {
		if gaps := f.gaps[how.id]; len(gaps) > 0 {
			line(how.id, gaps)
			all = append(all, gaps...)
		}
	}
	if len(all) > 0 {
		line("all", all)
	}
}
