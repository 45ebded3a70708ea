// Command perfbench measures the portal beside a yardstick: ours and another's, in turn, in
// short slices of one run, because on a busy machine only the ratio of neighbours
// means anything. It prints the median, the least and the greatest ratio, and fails
// only on a wrong answer, never on a slow one.
//
//	perfbench crypto [-slices 9] [-slice 200ms]
//	perfbench flood  [-rate 200] [-for 30s]
//	perfbench signin [-rate 40] [-for 30s] [-responder 100ms]
//	perfbench scale  [-small 10000] [-large 1000000] [-times 40]
//	perfbench ledger [-acts 1000000] [-day 10000]
//	perfbench reports [-rate 500] [-filings 5] [-seconds 60]
//	perfbench page|status|file [-pairs 7] [-slice 3s] [-size 10000] [-clients 4] [-keep DIR]
//
// The yardstick of crypto is OpenSSL with gost-engine, driven by a C program that is
// built when asked (gcc, libssl-dev, libengine-gost-openssl). Without them ours is
// measured alone.
//
// Flood measures the portal under forged signatures: it starts a demonstration of its
// own, posts sign-ins to it whose signatures are wrong by one bit, and asks it every
// 20 ms how it is.
//
// Signin measures the portal under people who sign in with good keys, one after
// another at a steady rate, while the responder that is asked about each key takes
// its time.
//
// Ledger fills a ledger with acts and their papers and audits it: everything, and what is
// new in a day.
//
// Reports measures what signed petitions wait, and how they are told of, while the portal
// is flooded with anonymous reports: half of them with a solved puzzle, half without.
//
// Page and status measure a page of the portal beside its floor, net/http with one prepared
// query and bytes that lie ready, and beside pgbench with all that the page asks; file, the
// filing of what is signed, beside the rows it leaves and OpenSSL. Each in turn, in one run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "perfbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	switch {
	case len(args) > 0 && args[0] == "crypto":
		return runCrypto(ctx, args[1:])
	case len(args) > 0 && args[0] == "flood":
		return runFlood(ctx, args[1:])
	case len(args) > 0 && args[0] == "signin":
		return runSignIns(ctx, args[1:])
	case len(args) > 0 && args[0] == "scale":
		return runScale(ctx, args[1:])
	case len(args) > 0 && args[0] == "ledger":
		return runLedger(ctx, args[1:])
	case len(args) > 0 && args[0] == "reports":
		return runReports(ctx, args[1:])
	case len(args) > 0 && slices.Contains([]string{"page", "status", "file"}, args[0]):
		return runBeside(ctx, args[0], args[1:])
	case len(args) > 0 && args[0] == "floor":
		return runFloor(ctx, args[1:])
	}
	return errors.New("usage: perfbench crypto [-slices 9] [-slice 200ms] | flood [-rate 200] [-for 30s] | signin [-rate 40] [-for 30s] [-responder 100ms] | scale [-small 10000] [-large 1000000] [-times 40] | ledger [-acts 1000000] [-day 10000] | reports [-rate 500] [-filings 5] [-seconds 60] | page|status|file [-pairs 7] [-slice 3s] [-size 10000] [-clients 4] [-keep DIR]")
}

func runCrypto(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("crypto", flag.ContinueOnError)
	slices := flags.Int("slices", 9, "how many times each test is run, ours and the yardstick in turn")
	slice := flags.Duration("slice", 200*time.Millisecond, "how long each of them takes, of processor time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *slices < 1 || *slices > 1000 || *slice < time.Millisecond || *slice > time.Minute {
		return errors.New("slices: 1 to 1000, of a millisecond to a minute")
	}
	return crypto(ctx, os.Stdout, *slices, *slice)
}

func runFlood(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("flood", flag.ContinueOnError)
	rate := flags.Int("rate", 200, "forged signatures a second")
	length := flags.Duration("for", 30*time.Second, "how long the flood takes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *rate < 1 || *rate > 2000 || *length < time.Second || *length > 10*time.Minute {
		return errors.New("flood: 1 to 2000 a second, of a second to ten minutes")
	}
	return flood(ctx, os.Stdout, *rate, *length)
}

func runSignIns(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("signin", flag.ContinueOnError)
	rate := flags.Int("rate", 40, "sign-ins a second")
	length := flags.Duration("for", 30*time.Second, "how long people come")
	responder := flags.Duration("responder", 100*time.Millisecond, "how long the responder takes over an answer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *rate < 1 || *rate > 500 || *length < time.Second || *length > 10*time.Minute || *responder < 0 || *responder > 10*time.Second {
		return errors.New("signin: 1 to 500 a second, of a second to ten minutes, with a responder of at most ten seconds")
	}
	return signIns(ctx, os.Stdout, *rate, *length, *responder)
}

func runScale(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	small := flags.Int("small", 10_000, "decisions at first")
	large := flags.Int("large", 1_000_000, "decisions at last; a fifth as many participants")
	times := flags.Int("times", 40, "how often each page is asked for")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *small < 1000 || *large <= *small || *large > 10_000_000 || *times < 5 || *times > 1000 {
		return errors.New("scale: 1000 decisions or more at first, more at last, ten million at most; each page 5 to 1000 times")
	}
	return scale(ctx, os.Stdout, *small, *large, *times)
}
