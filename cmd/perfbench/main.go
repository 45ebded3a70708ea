// Perfbench measures the portal beside a yardstick: ours and another's, in turn, in
// short slices of one run, because on a busy machine only the ratio of neighbours
// means anything. It prints the median, the least and the greatest ratio, and fails
// only on a wrong answer, never on a slow one.
//
//	perfbench crypto [-slices 9] [-slice 200ms]
//
// The yardstick of crypto is OpenSSL with gost-engine, driven by a C program that is
// built when asked (gcc, libssl-dev, libengine-gost-openssl). Without them ours is
// measured alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "perfbench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "crypto" {
		return errors.New("usage: perfbench crypto [-slices 9] [-slice 200ms]")
	}
	flags := flag.NewFlagSet("crypto", flag.ContinueOnError)
	slices := flags.Int("slices", 9, "how many times each test is run, ours and the yardstick in turn")
	slice := flags.Duration("slice", 200*time.Millisecond, "how long each of them takes, of processor time")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if *slices < 1 || *slices > 1000 || *slice < time.Millisecond || *slice > time.Minute {
		return errors.New("slices: 1 to 1000, of a millisecond to a minute")
	}
	return crypto(ctx, os.Stdout, *slices, *slice)
}
