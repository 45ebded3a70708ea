package main

import (
	"fmt"
	"time"

	"zharia/portal/proving"
)

// goal is what a kind has to keep (security/RELIABILITY §7).
type goal struct {
	what string
	rate float64
	p99  time.Duration
}

var goals = []goal{
	{"signed petitions", 50, 500 * time.Millisecond},
	{"case pages", 800, 150 * time.Millisecond},
}

// mostMemory is what the portal may have in memory meanwhile, in KiB.
const mostMemory = 300 << 10

// enough is the part of a rate that counts as the rate: the last that was due in a slice is
// counted after its end.
const enough = 0.98

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

func (d *drive) print() {
	fmt.Fprintf(d.out, "\n| what | asked for, /s | served, /s | p50, ms | p99, ms | most, ms | gave up | CPU, ms each: portal + keeper + PostgreSQL | RSS, MiB | load |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range d.results {
		memory := "-"
		if r.Memory.RSS > 0 {
			memory = fmt.Sprintf("%.0f", float64(r.Memory.RSS)/1024)
		}
		fmt.Fprintf(d.out, "| %s | %.1f | %.1f | %.1f | %.1f | %.1f | %d | %s | %s | %s |\n",
			r.What, r.Rate, r.Throughput(), ms(r.Quantile(0.5)), ms(r.Quantile(0.99)), ms(r.Quantile(1)), r.Late, r.Spent.Each(len(r.Took)), memory, r.Load)
	}
	fmt.Fprintln(d.out)
	for _, line := range d.ratios {
		fmt.Fprintln(d.out, line)
	}
	fmt.Fprintf(d.out, "portal at the end: %s; keeper: %s\n", d.Memory(), d.KeeperMemory())
	for _, line := range verdict(d.results, d.Memory()) {
		fmt.Fprintln(d.out, line)
	}
}

// verdict says which goals are kept. One whose rate was not asked for is not judged.
func verdict(all []proving.Result, m proving.Memory) (out []string) {
	for _, g := range goals {
		for _, r := range all {
			if r.What != g.what {
				continue
			}
			word := "NOT KEPT"
			switch {
			case r.Rate < g.rate:
				word = "not asked for"
			case r.Throughput() >= enough*g.rate && r.Quantile(0.99) <= g.p99 && r.Failed+r.Late == 0:
				word = "kept"
			}
			out = append(out, fmt.Sprintf("must: %s ≥ %.0f/s, p99 ≤ %s: %.1f/s, %.1f ms: %s", g.what, g.rate, g.p99, r.Throughput(), ms(r.Quantile(0.99)), word))
		}
	}
	word := "kept"
	if m.Peak > mostMemory {
		word = "NOT KEPT"
	}
	return append(out, fmt.Sprintf("must: RSS of the portal ≤ %d MiB: at most %.0f: %s", mostMemory>>10, float64(m.Peak)/1024, word))
}
