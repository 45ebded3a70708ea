package proving

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// userTick is the unit of /proc/PID/stat, which is 10 ms everywhere.
const userTick = 10 * time.Millisecond

// Spent is the processor time that the processes of a site have used until now, user and
// system; zero where there is no /proc.
type Spent struct {
	Portal, Keeper, Database, Auditor time.Duration
	Own                               time.Duration // of whoever asks: it signs, asks and is the authority
}

// Spent looks.
func (s *Site) Spent() Spent {
	return Spent{Portal: TimeOf(s.portal.pid()), Keeper: TimeOf(s.keeper.pid()), Auditor: TimeOf(s.auditor.pid()), Database: s.databaseTime(), Own: TimeOf(os.Getpid())}
}

// Until is what was used between two looks.
func (a Spent) Until(b Spent) Spent {
	return Spent{b.Portal - a.Portal, b.Keeper - a.Keeper, b.Database - a.Database, b.Auditor - a.Auditor, b.Own - a.Own}
}

// Served is what it costs to serve people: all but the auditor, who works beside them,
// and whoever measures.
func (a Spent) Served() time.Duration { return a.Portal + a.Keeper + a.Database }

// Each is the part of one of so many, in milliseconds: the portal, its keeper, PostgreSQL.
func (a Spent) Each(n int) string {
	if n == 0 {
		return "-"
	}
	ms := func(d time.Duration) float64 { return d.Seconds() * 1e3 / float64(n) }
	return fmt.Sprintf("%.2f + %.2f + %.2f", ms(a.Portal), ms(a.Keeper), ms(a.Database))
}

// fieldsOf are those of /proc/PID/stat after the name, which stands in parentheses and may
// hold anything: the state is the first.
func fieldsOf(pid int) []string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
}

// ticks is the sum of so many fields from one on: utime is 11, stime 12, then those of the
// children that were waited for.
func ticks(fields []string, from, n int) (sum time.Duration) {
	if len(fields) < from+n {
		return 0
	}
	for _, field := range fields[from : from+n] {
		count, err := strconv.Atoi(field)
		if err != nil {
			return 0
		}
		sum += time.Duration(count) * userTick
	}
	return sum
}

// TimeOf is the processor time of a process, zero where there is none or no /proc.
func TimeOf(pid int) time.Duration { return ticks(fieldsOf(pid), 11, 2) }

// databaseTime is that of the postmaster, of the children that it has and of those it had.
func (s *Site) databaseTime() time.Duration {
	postmaster := s.postmaster()
	if postmaster == 0 {
		return 0
	}
	sum := ticks(fieldsOf(postmaster), 11, 4)
	for _, child := range childrenOf(postmaster) {
		sum += TimeOf(child)
	}
	return sum
}

func (s *Site) postmaster() int {
	if s.server == nil {
		return 0
	}
	text, err := os.ReadFile(filepath.Join(s.server.Data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(first) // 0: none
	return pid
}

func childrenOf(pid int) (out []int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	for _, field := range strings.Fields(string(text)) {
		if child, err := strconv.Atoi(field); err == nil {
			out = append(out, child)
		}
	}
	return out
}

// Memory is that of a process, in KiB.
type Memory struct {
	RSS, Peak, PSS int // now; the most of all its life; what it shares counted in part
}

// Memory looks at the portal.
func (s *Site) Memory() Memory { return memoryOf(s.portal.pid()) }

// KeeperMemory looks at the keeper.
func (s *Site) KeeperMemory() Memory { return memoryOf(s.keeper.pid()) }

func memoryOf(pid int) Memory {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))       // "" is 0
	rollup, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)) // likewise
	return Memory{kib(string(status), "VmRSS:"), kib(string(status), "VmHWM:"), kib(string(rollup), "Pss:")}
}

func kib(text, name string) int {
	_, rest, found := strings.Cut("\n"+text, "\n"+name)
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(fields[0])
	return n
}

func (m Memory) String() string {
	return fmt.Sprintf("RSS %.0f MiB (peak %.0f), PSS %.0f MiB", float64(m.RSS)/1024, float64(m.Peak)/1024, float64(m.PSS)/1024)
}

// peaks watches the portal's memory until the context ends: the most of each.
func (s *Site) peaks(ctx context.Context, all *sync.WaitGroup) *Memory {
	var most Memory
	all.Go(func() {
		for {
			m := s.Memory()
			most.RSS, most.PSS, most.Peak = max(most.RSS, m.RSS), max(most.PSS, m.PSS), max(most.Peak, m.Peak)
			select {
			case <-ctx.Done():
				return
			case <-time.After(500 * time.Millisecond):
			}
		}
	})
	return &most
}

// busy is the part of a core that the portal and PostgreSQL may use while they rest.
const busy = 0.10

// Rest waits until portal and PostgreSQL are at rest: what a start or a filling left to do
// must not be counted to those who come. It gives up after a while, and says so.
func (s *Site) Rest(ctx context.Context, most time.Duration) {
	const look = 2 * time.Second
	for end := time.Now().Add(most); time.Now().Before(end) && ctx.Err() == nil; {
		before := s.Spent()
		select {
		case <-ctx.Done():
		case <-time.After(look):
		}
		if before.Until(s.Spent()).Served() < time.Duration(busy*float64(look)) {
			return
		}
	}
	s.say("portal and PostgreSQL are not at rest after %s: what they do besides is counted, too", most)
}

// Load is how many wait for a processor, as the system says; "?" where it does not.
func Load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "?"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
