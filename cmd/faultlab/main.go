// Command faultlab takes a whole portal (PostgreSQL, keeper, auditor, portal) through
// faults while people file, and compares what those people wrote down with what is there
// afterwards: no accepted filing is lost, none is there twice, nobody was told what is not
// so. It prints a count for each invariant and ends with 0 where all are 0.
//
//	faultlab run     [-faults portal,postmaster] [-cycles 25] [-clients 8] [-seed N]
//	faultlab planted [-only NAME]    builds twelve defects in, one after the other: each must be seen
//	faultlab failover [-cycles 20] [-losses machine,postgres,frozen,switchover]   three nodes of cmd/portal/deploy/ha and two portals;
//	                                 the leader goes, again and again. It needs Debian's patroni and etcd-server
//	faultlab list                    faults and defects
//
// Everything is on this machine, in a folder of its own that goes at the end
// (FAULTLAB_KEEP=1 keeps it), and only what was started here is ever killed. It needs Go
// and PostgreSQL; strace to see in what order the auditor's files are written; for -disk
// the right to mount.
//
// What it cannot do: cut the power. It watches instead that what must be on the disk is
// sent there before somebody relies on it (lasting.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "faultlab:", err)
		stop()
		os.Exit(1)
	}
}

// errFound is a campaign that found something.
var errFound = errors.New("an invariant does not hold")

func run(ctx context.Context, out io.Writer, args []string) error {
	switch {
	case len(args) > 0 && args[0] == "run":
		return runPlan(ctx, out, args[1:])
	case len(args) > 0 && args[0] == "planted":
		return runPlanted(ctx, out, args[1:])
	case len(args) > 0 && args[0] == "failover":
		return runFailover(ctx, out, args[1:])
	case len(args) == 1 && args[0] == "list":
		for _, f := range faults {
			fmt.Fprintf(out, "%-13s %s\n", f.id, f.what)
		}
		fmt.Fprintln(out)
		for _, d := range defects {
			fmt.Fprintf(out, "%-13s %s\n", d.name, d.what)
		}
		return nil
	}
	return errors.New("usage: faultlab run [-faults portal,postmaster] [-cycles 25] [-clients 8] [-seed N] [-disk MB] | planted [-only NAME] | failover [-cycles 20] | list")
}

// maxCycles bounds a campaign: it ends by itself.
const maxCycles = 10_000

func runPlan(ctx context.Context, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	names := flags.String("faults", "portal,postmaster,backend", "which, in turn; 'every' for all of them")
	cycles := flags.Int("cycles", 25, "how many faults")
	clients := flags.Int("clients", maxClients, "how many people file")
	seed := flags.Uint64("seed", drawSeed(), "of what is left to chance: the moments, and who goes home")
	disk := flags.Int("disk", 0, "MB of a file system of its own for PostgreSQL, which the fault 'disk' fills; needs the right to mount")
	wait := flags.Duration("wait", 2*time.Second, "people file for at most so long before the next fault")
	traced := flags.Bool("trace", straced(), "watch the system calls of the auditor, by strace")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *cycles < 1 || *cycles > maxCycles || *clients < 1 || *clients > maxClients || *disk < 0 || *disk > 4096 || *wait <= 0 || *wait > time.Minute {
		return fmt.Errorf("run: 1 to %d cycles, 1 to %d people, a disk of at most 4096 MB, a wait of at most a minute", maxCycles, maxClients)
	}
	p := plan{cycles: *cycles, clients: *clients, seed: *seed, wait: *wait, traced: *traced, tenacity: 3 * time.Minute}
	for _, f := range faults {
		if *names == "every" && (f.id != "disk" || *disk > 0) {
			p.faults = append(p.faults, f.id)
		}
	}
	if *names != "every" {
		p.faults = strings.Split(*names, ",")
	}
	for _, id := range p.faults {
		if _, err := faultOf(id); err != nil {
			return err
		}
	}
	return withFolder(func(dir string) (err error) {
		if *disk > 0 {
			if p.disk, err = mountDisk(dir, *disk); err != nil {
				return err
			}
			defer func() { err = errors.Join(err, unmountDisk(p.disk)) }()
		}
		p.binary = filepath.Join(dir, "portal")
		fmt.Fprintln(out, "faultlab: building the portal")
		if err := build(ctx, p.binary, ""); err != nil {
			return err
		}
		o, err := campaign(ctx, out, p)
		if holds := o.print(out); err == nil && !holds {
			err = errFound
		}
		return err
	})
}

// straced says that strace is here.
func straced() bool {
	_, err := exec.LookPath("strace")
	return err == nil
}

// withFolder gives a folder for as long as something is done.
func withFolder(do func(dir string) error) error {
	dir, err := os.MkdirTemp("", "faultlab-build-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o711); err != nil { // PostgreSQL's user passes through
		return err
	}
	return errors.Join(do(dir), os.RemoveAll(dir))
}
