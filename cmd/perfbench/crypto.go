package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

var begin = time.Now()

// test is one thing measured.
type test struct {
	name      string
	yardstick string // its test of the C program, or none
	times     int    // how many of those ours is held against
	ours      func(i int) error
}

// crypto runs all tests, after what is measured has been shown to be right.
func crypto(ctx context.Context, out io.Writer, rounds int, slice time.Duration) error {
	y, err := newYardstick(ctx)
	switch {
	case errors.Is(err, errAbsent):
		fmt.Fprintln(out, err)
	case err != nil:
		return err
	}
	if y != nil {
		defer y.close()
	}
	tests, err := cryptoTests(ctx, out, y)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d slices of %s each, ours and the yardstick in turn; µs of processor time, medians\n\n", rounds, slice)
	fmt.Fprintf(out, "%-44s %10s %10s   %-22s load\n", "", "ours", "yardstick", "ours ÷ yardstick")
	for _, t := range tests {
		if err := t.measure(ctx, out, y, rounds, slice); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return nil
}

// measure runs one test and prints its line.
func (t test) measure(ctx context.Context, out io.Writer, y *yardstick, rounds int, slice time.Duration) error {
	var ours, theirs, ratios []float64
	var loads []string
	// The first of all fills tables and caches, which is done once in a life.
	if err := t.ours(0); err != nil {
		return err
	}
	for range rounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		one, err := t.run(slice)
		if err != nil {
			return err
		}
		ours = append(ours, micros(one))
		loads = append(loads, load())
		if y == nil || t.yardstick == "" {
			continue
		}
		other, err := y.run(t.yardstick, slice)
		if err != nil {
			return err
		}
		theirs = append(theirs, micros(other)*float64(t.times))
		ratios = append(ratios, ours[len(ours)-1]/theirs[len(theirs)-1])
	}
	compared := fmt.Sprintf("%10s   %-22s", "-", "yardstick absent")
	if len(ratios) > 0 {
		slices.Sort(ratios)
		compared = fmt.Sprintf("%10.1f   %-22s", median(theirs),
			fmt.Sprintf("%.3f [%.3f–%.3f]", median(ratios), ratios[0], ratios[len(ratios)-1]))
	}
	_, err := fmt.Fprintf(out, "%-44s %10.1f %s %s\n", t.name, median(ours), compared, strings.Join(loads, " "))
	return err
}

// run repeats ours for a slice of processor time and says how long one takes.
func (t test) run(slice time.Duration) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := spent() - apart
	for n := 1; ; n++ {
		if err := t.ours(n); err != nil {
			return 0, err
		}
		if used := spent() - apart - start; used >= slice {
			return used / time.Duration(n), nil
		}
	}
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// load is the load average of the last minute, or a dash where nobody says.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "-"
	}
	first, _, _ := strings.Cut(string(b), " ")
	return first
}
