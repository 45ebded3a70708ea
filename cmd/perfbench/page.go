package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"zharia/portal/country"
	"zharia/portal/proving"
)

// besides are how page, file and status are measured.
type besides struct {
	pairs  int
	slice  time.Duration
	size   int
	dir    string
	atOnce int
}

// runBeside reads the flags of page, file and status, which are the same.
func runBeside(ctx context.Context, what string, args []string) error {
	flags := flag.NewFlagSet(what, flag.ContinueOnError)
	var b besides
	flags.IntVar(&b.pairs, "pairs", 7, "how often ours and the yardsticks are measured, in turn")
	flags.DurationVar(&b.slice, "slice", 3*time.Second, "how long each of them takes")
	flags.IntVar(&b.size, "size", 10_000, "filings of others in the database")
	flags.IntVar(&b.atOnce, "clients", 4, "how many ask at once")
	flags.StringVar(&b.dir, "keep", "", "keep the country in this folder, or use the one that is there")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || b.pairs < 1 || b.pairs > 100 || b.slice < time.Second || b.slice > time.Minute || b.size < 0 || b.size > 10_000_000 || b.atOnce < 1 || b.atOnce > 64 {
		return errors.New("pairs: 1 to 100, of slices of a second to a minute; at most ten million filings; 1 to 64 clients")
	}
	return b.run(ctx, os.Stdout, what)
}

// The people of a proving ground that is measured beside its floor.
const (
	besideCitizens  = 16
	besideDecisions = 20
)

// run has a portal of its own served, and measures in turn: ours, the floor, pgbench.
func (b besides) run(ctx context.Context, out io.Writer, what string) error {
	size := b.size / country.Crowded.Filings * country.Crowded.Filings
	s, err := proving.Open(ctx, proving.Plan{Dir: b.dir, Filings: size, Citizens: besideCitizens, Decisions: besideDecisions, Out: os.Stderr})
	if err != nil {
		return err
	}
	g := &ground{Site: s, besides: b}
	switch what {
	case "page":
		err = g.page(ctx, out)
	case "status":
		err = g.status(ctx, out)
	case "file":
		err = g.file(ctx, out)
	}
	if errors.Is(err, proving.ErrWrong) {
		fmt.Fprintf(os.Stderr, "perfbench: the portal's last words:\n%s", s.LastWords())
		err = fmt.Errorf("%w: %w", errWrong, err)
	}
	return errors.Join(err, g.endFloor(), s.Close())
}

// ground is a site with the floor beside it.
type ground struct {
	*proving.Site
	besides
	people []*proving.Browser
	floor  *exec.Cmd
	floorP *proving.Browser
}

func (g *ground) comeIn(ctx context.Context) error {
	g.people = make([]*proving.Browser, len(g.Citizens))
	return g.Times(ctx, "sign-in", len(g.people), g.atOnce, func(ctx context.Context, i int) error {
		g.people[i] = g.Browser(i, g.Citizens[i].Key)
		return g.people[i].SignIn(ctx)
	}).Whole()
}

// casePage is the address of a citizen's case.
func (g *ground) casePage(i int) string { return "/kk/cases/" + g.Citizens[i].Case.String() }

// page measures a case with its decisions: row 2b of the goals.
func (g *ground) page(ctx context.Context, out io.Writer) error {
	if err := g.comeIn(ctx); err != nil {
		return err
	}
	return g.bothWays(ctx, out, "case page", floorOfCase, func(i int) string { return g.Citizens[i].Case.String() }, g.casePage,
		func(i int) string { return g.Citizens[i].Number })
}

// bothWays measures a page that people come back to, and the same page made anew each time:
// under an address that nobody has asked for it is shown to nobody again.
func (g *ground) bothWays(ctx context.Context, out io.Writer, what, query string, of, path, must func(i int) string) error {
	err := g.compare(ctx, out, what+", looked at again", query, of, func(ctx context.Context, i int) (proving.Answer, error) {
		return g.people[i].Get(ctx, path(i))
	}, must)
	if err != nil {
		return err
	}
	var looks atomic.Int64
	return g.compare(ctx, out, what+", made anew", query, of, func(ctx context.Context, i int) (proving.Answer, error) {
		return g.people[i].Get(ctx, path(i)+"?look="+strconv.FormatInt(looks.Add(1), 10))
	}, must)
}

// status measures the page of a petition that was filed: row 4.
func (g *ground) status(ctx context.Context, out io.Writer) error {
	if err := g.comeIn(ctx); err != nil {
		return err
	}
	sent, numbers := make([]proving.Signed, len(g.people)), make([]string, len(g.people))
	err := g.Times(ctx, "petition", len(sent), g.atOnce, func(ctx context.Context, i int) (err error) {
		if sent[i], err = g.people[i].Petition(ctx, g.Citizens[i], i); err != nil {
			return err
		}
		if err = sent[i].Send(ctx); err != nil {
			return err
		}
		numbers[i], err = sent[i].Number(ctx)
		return err
	}).Whole()
	if err != nil {
		return err
	}
	return g.bothWays(ctx, out, "status page", floorOfFiling, func(i int) string { return filepath.Base(sent[i].To) },
		func(i int) string { return sent[i].To }, func(i int) string { return numbers[i] })
}

// three is what one answer took of processor time, in milliseconds, in one round.
type three struct{ ours, floor, bench float64 }

// compare measures a page in rounds of slices: the portal; the floor, which is net/http with
// the one prepared query and ready bytes of equal length; and pgbench with all that the page
// asks. must gives what the page of somebody has to hold.
func (g *ground) compare(ctx context.Context, out io.Writer, what, query string, of func(i int) string, ask func(ctx context.Context, i int) (proving.Answer, error), must func(i int) string) error {
	read := func(ctx context.Context, i int) error {
		i %= len(g.people)
		page, err := ask(ctx, i)
		if err == nil && (page.Status != 200 || !strings.Contains(page.Body, must(i)) || !strings.Contains(page.Body, "</html>")) {
			err = fmt.Errorf("%w: the %s: %s", proving.ErrWrong, what, page)
		}
		return err
	}
	first, err := ask(ctx, 0)
	if err != nil {
		return err
	}
	if err := g.startFloor(ctx, query, len(first.Body)); err != nil {
		return err
	}
	ready := func(ctx context.Context, i int) error {
		page, err := g.floorP.Get(ctx, "/"+of(i%len(g.people)))
		if err == nil && (page.Status != 200 || len(page.Body) != len(first.Body)) {
			err = fmt.Errorf("%w: the floor: %s", proving.ErrWrong, page)
		}
		return err
	}
	for _, warm := range []func(context.Context, int) error{read, ready} {
		if err := g.Times(ctx, what, 30*len(g.people), g.atOnce, warm).Whole(); err != nil {
			return err
		}
	}
	asked, err := g.Overhear(ctx, func() error { return read(ctx, 0) })
	if err != nil {
		return err
	}
	g.Rest(ctx, time.Minute)
	fmt.Fprintf(out, "%s of %d bytes, %d statements, among %d filings of others; %d at once, slices of %s; processor time of one, ms\n", what, len(first.Body), len(asked), g.Plan.Filings, g.atOnce, g.slice)
	var all []three
	for range g.pairs {
		t, line, err := g.round(ctx, what, read, ready, asked)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, line)
		all = append(all, t)
	}
	ratio(out, what+" ÷ floor", all, func(t three) float64 { return t.ours / t.floor })
	ratio(out, what+" ÷ pgbench, PostgreSQL alone", all, func(t three) float64 { return t.ours / t.bench })
	return g.endFloor()
}

func (g *ground) round(ctx context.Context, what string, read, ready func(context.Context, int) error, asked []proving.Statement) (t three, line string, err error) {
	r := g.For(ctx, what, g.slice, g.atOnce, read)
	if err = r.Whole(); err != nil {
		return t, "", err
	}
	n := float64(len(r.Took))
	t.ours = millis(r.Spent.Served()) / n
	before := proving.TimeOf(g.floor.Process.Pid)
	f := g.For(ctx, "floor", g.slice, g.atOnce, ready)
	if err = f.Whole(); err != nil {
		return t, "", err
	}
	t.floor = millis(proving.TimeOf(g.floor.Process.Pid)-before+f.Spent.Database) / float64(len(f.Took))
	b, err := g.Bench(ctx, g.atOnce, g.slice, asked)
	if err != nil && !errors.Is(err, proving.ErrAbsent) {
		return t, "", err
	}
	t.bench = millis(b.Each)
	return t, fmt.Sprintf("  ours %.2f (portal + keeper + PostgreSQL: %s), p50 %.1f ms; floor %.2f; pgbench %.2f; load %s",
		t.ours, r.Spent.Each(len(r.Took)), millis(r.Quantile(0.5)), t.floor, t.bench, proving.Load()), nil
}

func millis(d time.Duration) float64 { return micros(d) / 1e3 }

// ratio prints the median, the least and the greatest of all rounds.
func ratio(out io.Writer, what string, all []three, of func(three) float64) {
	var list []float64
	for _, t := range all {
		list = append(list, of(t))
	}
	slices.Sort(list)
	fmt.Fprintf(out, "%-44s %6.2f  [%.2f to %.2f, %d rounds]\n", what, list[len(list)/2], list[0], list[len(list)-1], len(list))
}

// file measures filing what is signed already, beside the rows that it leaves (pgbench) and
// what OpenSSL takes to verify a signature like it: row 3c.
func (g *ground) file(ctx context.Context, out io.Writer) error {
	if err := g.comeIn(ctx); err != nil {
		return err
	}
	yardstick, err := newYardstick(ctx)
	if err != nil && !errors.Is(err, errAbsent) {
		return err
	}
	if err == nil {
		defer yardstick.close()
	} else {
		fmt.Fprintln(out, err)
	}
	const inOneSlice = 100
	papers := make([]proving.Signed, inOneSlice*(g.pairs+1))
	fmt.Fprintf(os.Stderr, "perfbench: writing and signing %d petitions\n", len(papers))
	err = g.Times(ctx, "petition, written", len(papers), g.atOnce, func(ctx context.Context, i int) (err error) {
		papers[i], err = g.people[i%len(g.people)].Petition(ctx, g.Citizens[i%len(g.people)], i)
		return err
	}).Whole()
	if err != nil {
		return err
	}
	send := func(from int) proving.Result {
		return g.Times(ctx, "filing", inOneSlice, g.atOnce, func(ctx context.Context, i int) error { return papers[from+i].Send(ctx) })
	}
	if err := send(0).Whole(); err != nil { // fills pools and plans
		return err
	}
	// Plans for what was empty a minute ago are made anew, as autovacuum has them be.
	if _, err := g.DB.ExecContext(ctx, `ANALYZE`); err != nil {
		return err
	}
	g.Rest(ctx, time.Minute)
	fmt.Fprintf(out, "filing what is signed, among %d filings of others; %d at once, %d in a round; processor time of one, ms\n", g.Plan.Filings, g.atOnce, inOneSlice)
	var all []three
	for n := range g.pairs {
		r := send((n + 1) * inOneSlice)
		if err := r.Whole(); err != nil {
			return err
		}
		t := three{ours: millis(r.Spent.Served()) / float64(len(r.Took))}
		b, err := g.BenchRows(ctx, 2*g.atOnce, g.slice)
		if err != nil {
			return err
		}
		t.bench = millis(b.Each)
		if yardstick != nil {
			took, err := yardstick.run("signin-gost", 500*time.Millisecond)
			if err != nil {
				return err
			}
			t.floor = millis(took)
		}
		fmt.Fprintf(out, "  ours %.2f (portal + keeper + PostgreSQL: %s), p50 %.1f ms; pgbench, the rows alone %.2f; OpenSSL, a signature with its chain and answer %.2f; load %s\n",
			t.ours, r.Spent.Each(len(r.Took)), millis(r.Quantile(0.5)), t.bench, t.floor, proving.Load())
		all = append(all, t)
	}
	ratio(out, "filing ÷ pgbench, the rows alone", all, func(t three) float64 { return t.ours / t.bench })
	if yardstick != nil {
		ratio(out, "filing ÷ (pgbench + OpenSSL)", all, func(t three) float64 { return t.ours / (t.bench + t.floor) })
	}
	return nil
}

// startFloor builds this very program and starts it as the floor: a process of its own, so
// that its processor time can be told from ours.
func (g *ground) startFloor(ctx context.Context, query string, length int) error {
	binary := filepath.Join(g.Dir, "perfbench")
	if err := proving.Compile(ctx, binary, "zharia/cmd/perfbench"); err != nil {
		return err
	}
	addr, err := proving.FreeAddress()
	if err != nil {
		return err
	}
	g.floor = exec.CommandContext(ctx, binary, "floor", "-addr", addr, "-database", g.Login("zharia"), "-query", query, "-length", strconv.Itoa(length))
	g.floor.Stderr = os.Stderr
	if err := g.floor.Start(); err != nil {
		return err
	}
	g.floorP = proving.Elsewhere("http://" + addr)
	for range 200 {
		if _, err = g.floorP.Get(ctx, "/"+g.Citizens[0].Case.String()); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("the floor does not serve: %w", err)
}

func (g *ground) endFloor() error {
	if g.floor == nil || g.floor.Process == nil {
		return nil
	}
	err := g.floor.Process.Kill()
	_ = g.floor.Wait() // killed
	g.floor = nil
	return err
}
