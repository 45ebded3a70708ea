// Command loadtest makes a synthetic country, fills the portal with its filings, and has its
// people come at a steady rate, from a process of its own: they read their cases, come back to them, look how
// their filings stand, sign in, file what they signed, report offences. It prints how many
// were served, how long they waited, what it took of processor and memory, and the ratio to
// pgbench, which runs the same SQL in the same minute.
//
//	loadtest [-size 10000] [-citizens 64] [-keep DIR] [-for 60s]
//	         [-pages 800] [-anew 100] [-status 200] [-signins 20] [-filings 50] [-reports 2] [-bench 10s]
//
// It fails only on a wrong answer, never on a slow one: whether the goals are kept, its last
// lines say. The portal is built with the tag lab, as cmd/faultlab builds it: it takes the
// keys of an invented authority, which runs in this process and so is not counted to it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"zharia/portal/country"
	"zharia/portal/proving"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "loadtest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("loadtest", flag.ContinueOnError)
	var d drive
	var p proving.Plan
	flags.IntVar(&p.Filings, "size", 10_000, "filings of the country, a twentieth as many cases, a fifth as many participants")
	flags.IntVar(&p.Citizens, "citizens", 64, "people with keys and cases of their own: half read, half file")
	flags.IntVar(&p.Decisions, "decisions", 20, "decisions in each of these cases")
	flags.StringVar(&p.Dir, "keep", "", "keep the country in this folder, or use the one that is there")
	flags.StringVar(&p.Binary, "portal", "", "the portal, built with the tag lab; none: it is built")
	flags.DurationVar(&d.length, "for", time.Minute, "how long each kind of them comes")
	flags.Float64Var(&d.pages, "pages", 800, "pages of cases a second")
	flags.Float64Var(&d.anew, "anew", 100, "of them a second, under addresses that nobody has asked for")
	flags.Float64Var(&d.status, "status", 200, "pages of filings a second")
	flags.Float64Var(&d.signins, "signins", 20, "sign-ins a second")
	flags.Float64Var(&d.filings, "filings", 50, "signed petitions a second")
	flags.Float64Var(&d.reports, "reports", 2, "signed reports of offences a second")
	flags.DurationVar(&d.bench, "bench", 10*time.Second, "how long pgbench runs beside each; 0: not")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || p.Filings < 0 || p.Filings > 10_000_000 || p.Filings%country.Crowded.Filings != 0 {
		return fmt.Errorf("-size is at most ten million, in steps of %d", country.Crowded.Filings)
	}
	if p.Citizens < 2 || p.Citizens > 500 || p.Decisions < 1 || p.Decisions > 100 {
		return errors.New("-citizens: 2 to 500 (the portal remembers the keys of some 20,000 texts); -decisions: 1 to 100")
	}
	for _, rate := range []float64{d.pages, d.anew, d.status, d.signins, d.filings, d.reports} {
		if rate < 0 || rate > 10_000 {
			return errors.New("a rate is from 0, for none, to 10000 a second")
		}
	}
	if d.length < time.Second || d.length > time.Hour || d.bench < 0 || d.bench > 10*time.Minute || d.bench > 0 && d.bench < time.Second {
		return errors.New("-for is from a second to an hour, -bench from a second to ten minutes, or 0")
	}
	p.Out = progress
	s, err := proving.Open(ctx, p)
	if err != nil {
		return err
	}
	d.Site, d.out = s, out
	err = d.run(ctx)
	if errors.Is(err, proving.ErrWrong) {
		fmt.Fprintf(progress, "loadtest: the portal's last words:\n%s", s.LastWords())
	}
	return errors.Join(err, s.Close())
}
