package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// surge is a flood of anonymous reports, with filings that come all the while.
type surge struct {
	reports int // a second
	filings int // a second
	length  time.Duration
}

func runReports(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("reports", flag.ContinueOnError)
	rate := flags.Int("rate", 500, "anonymous reports a second")
	filings := flags.Int("filings", 5, "signed petitions a second")
	seconds := flags.Int("seconds", 60, "how long both come")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *rate < 2 || *rate > 5000 || *filings < 1 || *filings > 50 || *seconds < 1 || *seconds > 600 {
		return errors.New("reports: 2 to 5000 a second beside 1 to 50 petitions a second, for a second to ten minutes")
	}
	return reports(ctx, os.Stdout, surge{*rate, *filings, time.Duration(*seconds) * time.Second})
}

// reports starts a portal of its own and measures what signed petitions wait while it is
// flooded with anonymous reports. A petition that is lost or refused, a report that was
// taken and does not open, an answer that is none, somebody who was not told: these are
// its only failures.
func reports(ctx context.Context, out io.Writer, s surge) error {
	p, err := startPortal(ctx)
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	err = s.come(ctx, out, p)
	if errors.Is(err, errWrong) {
		fmt.Fprintf(os.Stderr, "perfbench: the portal's last words:\n%s", p.lastWords())
	}
	return errors.Join(err, p.end())
}

// The gate lets some reports a second through, and some more at first (portal/tip): who
// solved a puzzle needs a new one only then.
const (
	takenPerSecond = 8
	takenAtOnce    = 40
	spareTickets   = 60
)

func (s surge) come(ctx context.Context, out io.Writer, p *floodedPortal) error {
	people, err := comesIn(ctx, p, append(filerWords, official)...)
	if err != nil {
		return err
	}
	for _, who := range people {
		if err := who.takesMail(ctx); err != nil {
			return err
		}
	}
	seconds := int(s.length / time.Second)
	fmt.Fprintf(os.Stderr, "perfbench: writing and signing %d petitions\n", s.filings*seconds)
	filings, err := prepareFilings(ctx, people[:len(filerWords)], s.filings*seconds)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "perfbench: solving puzzles")
	half := (s.reports*seconds + 1) / 2
	crowd, err := newReporters(ctx, p.url, min(half, takenPerSecond*seconds+takenAtOnce+spareTickets), min(half, slow))
	if err != nil {
		return err
	}
	db, err := p.database(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	watchman := newWatchman(p.url)
	quiet := watchman.watch(ctx, watchQuiet)
	fmt.Fprintf(os.Stderr, "perfbench: flooding for %s\n", s.length)
	before, start := gaugeOf(p.pid()), load()
	watched, answered := make(chan health, 1), make(chan outcome, 1)
	go func() { watched <- watchman.watch(ctx, s.length) }()
	go func() { answered <- crowd.flood(ctx, s.reports, s.length) }()
	filed, refused := sendAll(ctx, filings, time.Second/time.Duration(s.filings))
	o, busy := <-answered, <-watched
	after, end := gaugeOf(p.pid()), load()
	if err := ctx.Err(); err != nil {
		return err
	}
	fmt.Fprintf(out, "anonymous reports: %d posts in %s, %d a second asked for, %d held back; load %s before, %s after\n", o.sent(), s.length, s.reports, o.held, start, end)
	for _, line := range o.list() {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "reports taken: %s\n", o.taken)
	fmt.Fprintf(out, "retry pages, from when the report was due: %s\n", o.retries)
	fmt.Fprintf(out, "retry pages, from when it was sent: %s\n", o.line)
	fmt.Fprintf(out, "signed petitions, %d a second: %s; %d refused\n", s.filings, filed, refused)
	fmt.Fprintf(out, "health before: %s\nhealth during: %s\n", quiet, busy)
	fmt.Fprintf(out, "portal, without its database: memory %s before, %s after; processor %s\n", before.memory(), after.memory(), before.until(after, s.length))
	t, err := everybodyTold(ctx, db, filings)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "notices of the petitions: %s\n", t)
	var tips int
	if err := db.Get(ctx, &tips, countTips); err != nil {
		return err
	}
	if tips < len(o.codes) {
		return fmt.Errorf("%w: %d reports were taken, and %d are kept", errWrong, len(o.codes), tips)
	}
	if filed.failed != nil {
		return fmt.Errorf("%w to a signed petition, %d times: %w", errWrong, refused, filed.failed)
	}
	for _, f := range filings {
		if err := f.kept(ctx); err != nil {
			return err
		}
	}
	return errors.Join(o.wrong(), quiet.wrong(), busy.wrong(), t.wrong(), crowd.open(ctx, o.codes))
}
