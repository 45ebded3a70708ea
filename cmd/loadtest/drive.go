package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"time"

	"zharia/portal/cast"
	"zharia/portal/proving"
)

// drive is what comes to a site, how often a second; 0 for nothing of a kind.
type drive struct {
	*proving.Site
	out                                            io.Writer
	length, bench                                  time.Duration
	pages, anew, status, signins, filings, reports float64

	readers, filers []*person
	results         []proving.Result
	ratios          []string
}

// person is a citizen with his browser.
type person struct {
	*proving.Browser
	i     int // his place among the citizens
	path  string
	marks []string // what his page must hold
}

// atOnce is how many prepare at once what is measured later.
const atOnce = 4

// resting is how long a portal may take to come to rest after its start.
const resting = 2 * time.Minute

func (d *drive) run(ctx context.Context) error {
	fmt.Fprintf(d.out, "country: %d filings and as many decisions of nobody, %d participants, %d citizens with keys; made in %s\n",
		d.Plan.Filings, d.Plan.Filings/5, len(d.Citizens), d.Took.Round(time.Second))
	fmt.Fprintf(d.out, "machine: %d processors, load %s; portal at the start: %s\n", runtime.NumCPU(), proving.Load(), d.Memory())
	if err := d.comeIn(ctx); err != nil {
		return err
	}
	d.Rest(ctx, resting)
	walks, err := d.Walks(ctx)
	if err != nil {
		return err
	}
	for _, phase := range []func(context.Context) error{d.readCases, d.readAnew, d.file, d.lookAtFilings, d.signIn, d.report} {
		if err := phase(ctx); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	later, err := d.Walks(ctx)
	if err != nil {
		return err
	}
	d.print()
	if walked := proving.Walked(walks, later); walked != nil {
		fmt.Fprintf(d.out, "read from end to end meanwhile, though it is great: %s\n", strings.Join(walked, ", "))
	}
	return nil
}

// comeIn has everybody sign in and open his page once: what it must hold is learned then.
func (d *drive) comeIn(ctx context.Context) error {
	people := make([]*person, len(d.Citizens))
	r := d.Times(ctx, "first sign-in", len(people), atOnce, func(ctx context.Context, i int) error {
		c := d.Citizens[i]
		p := &person{Browser: d.Browser(i, c.Key), i: i, path: "/kk/cases/" + c.Case.String()}
		people[i] = p
		if err := p.SignIn(ctx); err != nil {
			return err
		}
		page, err := p.Get(ctx, p.path)
		if err != nil {
			return err
		}
		if n := strings.Count(page.Body, "/kk/decisions/"); page.Status != 200 || n < d.Decisions || !strings.Contains(page.Body, c.Number) {
			return fmt.Errorf("%w: the case of citizen %d: %s, %d decisions of %d", proving.ErrWrong, i, page, n, d.Decisions)
		}
		p.marks = []string{c.Number, "/kk/decisions/" + cast.ID("decision", fmt.Sprintf("citizen-%04d/%d", i, d.Decisions-1)).String(), "</html>"}
		return nil
	})
	if err := r.Whole(); err != nil {
		return err
	}
	half := len(people) / 2
	d.readers, d.filers = people[:half], people[half:]
	return nil
}

// read opens somebody's case, under an address that may hold more than the case.
func (p *person) read(ctx context.Context, more string) error {
	page, err := p.Get(ctx, p.path+more)
	if err != nil {
		return err
	}
	for _, mark := range p.marks {
		if page.Status != 200 || !strings.Contains(page.Body, mark) {
			return fmt.Errorf("%w: the page of a case: %s, without %s", proving.ErrWrong, page, mark)
		}
	}
	return nil
}

// note keeps a result; a wrong answer ends everything.
func (d *drive) note(r proving.Result) error {
	d.results = append(d.results, r)
	return r.Wrong()
}

func (d *drive) readCases(ctx context.Context) error {
	if d.pages == 0 {
		return nil
	}
	read := func(ctx context.Context, i int) error { return d.readers[i%len(d.readers)].read(ctx, "") }
	// Connections and plans are there before anything is counted.
	if err := d.Times(ctx, "page before", 20*len(d.readers), atOnce, read).Whole(); err != nil {
		return err
	}
	if err := d.note(d.Rate(ctx, "case pages", d.pages, d.length, read)); err != nil {
		return err
	}
	if d.bench == 0 {
		return nil
	}
	all, err := d.Overhear(ctx, func() error { return d.readers[0].read(ctx, "") })
	if err != nil {
		return err
	}
	b, err := d.Bench(ctx, benchers, d.bench, all)
	return d.beside("case pages", fmt.Sprintf("the same %d statements", len(all)), b, err)
}

// readAnew has the pages of the same cases made each time: under an address that nobody has
// asked for, as a page is that somebody opens for the first time.
func (d *drive) readAnew(ctx context.Context) error {
	if d.anew == 0 {
		return nil
	}
	return d.note(d.Rate(ctx, "case pages, made anew", d.anew, d.length, func(ctx context.Context, i int) error {
		return d.readers[i%len(d.readers)].read(ctx, fmt.Sprintf("?look=%d", i))
	}))
}

// benchers is how many sessions pgbench has.
const benchers = 8

// beside writes down how the last result stands to pgbench.
func (d *drive) beside(what, same string, b proving.Bench, err error) error {
	if errors.Is(err, proving.ErrAbsent) {
		d.ratios = append(d.ratios, what+": pgbench is absent")
		return nil
	}
	if err != nil {
		return err
	}
	r := d.results[len(d.results)-1]
	if len(r.Took) == 0 {
		d.ratios = append(d.ratios, what+": nobody was served, so there is no ratio")
		return nil
	}
	each := func(t time.Duration) float64 { return float64(t.Microseconds()) / 1e3 / float64(len(r.Took)) }
	d.ratios = append(d.ratios, fmt.Sprintf("%s: pgbench, %d sessions, %s: %.0f/s, %.2f ms of PostgreSQL each; ours takes %.2f of that in PostgreSQL and %.2f in all",
		what, benchers, same, b.Rate, float64(b.Each.Microseconds())/1e3, each(r.Spent.Database)/(float64(b.Each.Microseconds())/1e3), each(r.Spent.Served())/(float64(b.Each.Microseconds())/1e3)))
	return nil
}

// prepare has people write and sign n papers before they are counted.
func (d *drive) prepare(ctx context.Context, what string, n int, write func(ctx context.Context, p *person, i int) (proving.Signed, error)) ([]proving.Signed, error) {
	fmt.Fprintf(d.Out, "loadtest: %s: %d are written and signed\n", what, n)
	papers := make([]proving.Signed, n)
	var mu sync.Mutex
	var signing time.Duration
	r := d.Times(ctx, what+", written", n, atOnce, func(ctx context.Context, i int) (err error) {
		papers[i], err = write(ctx, d.filers[i%len(d.filers)], i)
		mu.Lock()
		signing += papers[i].Signing
		mu.Unlock()
		return err
	})
	d.results = append(d.results, r)
	if err := r.Whole(); err != nil {
		return nil, err
	}
	d.ratios = append(d.ratios, fmt.Sprintf("%s: signing one takes the person %.2f ms, which is not counted", what, float64((signing/time.Duration(n)).Microseconds())/1e3))
	d.Rest(ctx, resting) // jobs of what was written
	return papers, nil
}

// sendAll sends papers at a rate; taken are those of which the portal said that it has them.
func (d *drive) sendAll(ctx context.Context, what string, rate float64, papers []proving.Signed) (taken []proving.Signed, err error) {
	var mu sync.Mutex
	r := d.Rate(ctx, what, rate, d.length, func(ctx context.Context, i int) error {
		err := papers[i].Send(ctx)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			taken = append(taken, papers[i])
		}
		return err
	})
	return taken, d.note(r)
}

// count is how many come at a rate.
func (d *drive) count(rate float64) int { return int(rate*d.length.Seconds()) + 1 }

func (d *drive) file(ctx context.Context) error {
	if d.filings == 0 {
		return nil
	}
	papers, err := d.prepare(ctx, "petitions", d.count(d.filings), func(ctx context.Context, p *person, i int) (proving.Signed, error) {
		return p.Petition(ctx, d.Citizens[p.i], i)
	})
	if err != nil {
		return err
	}
	taken, err := d.sendAll(ctx, "signed petitions", d.filings, papers)
	if err != nil {
		return err
	}
	if d.bench > 0 {
		b, err := d.BenchRows(ctx, benchers, d.bench)
		if err := d.beside("signed petitions", "one transaction of rows of as many bytes", b, err); err != nil {
			return err
		}
	}
	d.Rest(ctx, resting)
	seen := map[string]bool{}
	var mu sync.Mutex
	return d.Times(ctx, "number of a petition", len(taken), atOnce, func(ctx context.Context, i int) error {
		n, err := taken[i].Number(ctx)
		mu.Lock()
		defer mu.Unlock()
		if err == nil && seen[n] {
			err = fmt.Errorf("%w: two petitions have the number %s", proving.ErrWrong, n)
		}
		seen[n] = true
		return err
	}).Wrong()
}

// lookAtFilings has each look how the first petition of his that he sent now stands; without
// any, at the list of his own.
func (d *drive) lookAtFilings(ctx context.Context) error {
	if d.status == 0 {
		return nil
	}
	papers, err := d.standing(ctx)
	if err != nil {
		return err
	}
	return d.note(d.Rate(ctx, "status pages", d.status, d.length, func(ctx context.Context, i int) error {
		_, err := papers[i%len(papers)].Number(ctx)
		return err
	}))
}

// standing are petitions that the readers have sent, one of each.
func (d *drive) standing(ctx context.Context) ([]proving.Signed, error) {
	papers := make([]proving.Signed, len(d.readers))
	err := d.Times(ctx, "petition to look at", len(papers), atOnce, func(ctx context.Context, i int) (err error) {
		if papers[i], err = d.readers[i].Petition(ctx, d.Citizens[i], i); err != nil {
			return err
		}
		return papers[i].Send(ctx)
	}).Whole()
	return papers, err
}

// crowdWords are people of the cast who take turns to sign in: the fourth session of
// somebody ends his first, and the citizens' are needed.
var crowdWords = []string{"aigul", "serik", "timur", "dana", "saule", "daniyar", "zhanar", "marat", "asel"}

// elsewhere is where the addresses of those begin who sign in.
const elsewhere = 1000

func (d *drive) signIn(ctx context.Context) error {
	if d.signins == 0 {
		return nil
	}
	var mu sync.Mutex
	var signing time.Duration
	r := d.Rate(ctx, "sign-ins", d.signins, d.length, func(ctx context.Context, i int) error {
		b := d.Browser(elsewhere+i%2000, d.Troupe.Members[crowdWords[i%len(crowdWords)]].Key)
		defer b.Close()
		form, took, err := b.Challenge(ctx)
		if err != nil {
			return err
		}
		mu.Lock()
		signing += took
		mu.Unlock()
		return b.Enter(ctx, form)
	})
	if len(r.Took) > 0 {
		d.ratios = append(d.ratios, fmt.Sprintf("sign-ins: page and signature together; %.2f ms of each are the person's own signing", float64((signing/time.Duration(len(r.Took))).Microseconds())/1e3))
	}
	return d.note(r)
}

func (d *drive) report(ctx context.Context) error {
	if d.reports == 0 {
		return nil
	}
	body := cast.ID("body", "police")
	papers, err := d.prepare(ctx, "reports", d.count(d.reports), func(ctx context.Context, p *person, i int) (proving.Signed, error) {
		return p.Report(ctx, body, i)
	})
	if err != nil {
		return err
	}
	_, err = d.sendAll(ctx, "signed reports", d.reports, papers)
	return err
}
