package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"zharia/portal/proving"
)

// How long the demonstration may take to be ready, and to end with its database.
const (
	readyTime = 2 * time.Minute
	endTime   = 30 * time.Second
)

// floodedPortal is a demonstration of the portal that runs beside us, in a folder of
// its own that goes when it ends.
type floodedPortal struct {
	url  string
	dir  string
	cmd  *exec.Cmd
	stop context.CancelFunc
}

// built is a portal that is there already: tests build it once.
var built string

// startPortal builds the portal, starts it, with more flags if there are any, and
// waits until it serves.
func startPortal(ctx context.Context, more ...string) (*floodedPortal, error) {
	dir, err := os.MkdirTemp("", "perfbench-")
	if err != nil {
		return nil, err
	}
	p := &floodedPortal{dir: dir, stop: func() {}}
	if err := p.start(ctx, more); err != nil {
		return nil, errors.Join(fmt.Errorf("start the portal: %w", err), p.end())
	}
	return p, nil
}

func (p *floodedPortal) start(ctx context.Context, more []string) error {
	// Run as root the demonstration keeps its database under another user, who has to
	// pass through.
	if err := os.Chmod(p.dir, 0o711); err != nil {
		return err
	}
	binary := built
	if binary == "" {
		binary = filepath.Join(p.dir, "portal")
		fmt.Fprintln(os.Stderr, "perfbench: building the portal")
		if err := proving.Compile(ctx, binary, "zharia/cmd/portal"); err != nil {
			return err
		}
	}
	addr, agent, err := freePair()
	if err != nil {
		return err
	}
	ctx, p.stop = context.WithCancel(ctx)
	p.url = "http://" + addr
	p.cmd = exec.CommandContext(ctx, binary, append([]string{"demo", "-state", p.state(), "-addr", addr, "-agent-addr", agent}, more...)...)
	// SIGTERM, because the demonstration has a database to end first.
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = endTime
	log, err := os.Create(p.log())
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd.Stderr = log
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "perfbench: starting it")
	if err := p.cmd.Start(); err != nil {
		return err
	}
	return p.ready(ctx, out)
}

// ready waits for the line by which the portal says that it serves.
func (p *floodedPortal) ready(ctx context.Context, out io.Reader) error {
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(io.LimitReader(out, 4<<10)).ReadString('\n')
		said <- line
	}()
	select {
	case line := <-said:
		if strings.HasPrefix(line, "ready "+p.url) {
			return nil
		}
		return fmt.Errorf("it said %q\n%s", line, p.lastWords())
	case <-time.After(readyTime):
		return fmt.Errorf("not ready in %s\n%s", readyTime, p.lastWords())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// state is where the demonstration keeps its database and the keys of its people.
func (p *floodedPortal) state() string { return filepath.Join(p.dir, "state") }

func (p *floodedPortal) log() string { return filepath.Join(p.dir, "log") }

// lastWords is the end of what the portal told its log.
func (p *floodedPortal) lastWords() string {
	b, err := os.ReadFile(p.log())
	if err != nil {
		return ""
	}
	return string(b[max(0, len(b)-4<<10):])
}

func (p *floodedPortal) pid() int { return p.cmd.Process.Pid }

// end stops the portal, if it was started, waits for it and removes its folder.
func (p *floodedPortal) end() error {
	var failed error
	p.stop()
	if p.cmd != nil && p.cmd.Process != nil {
		// That we stopped it is no failure; that it did not end well is one.
		if err := p.cmd.Wait(); !p.cmd.ProcessState.Success() {
			failed = fmt.Errorf("the portal did not end cleanly: %w\n%s", err, p.lastWords())
		}
	}
	return errors.Join(failed, os.RemoveAll(p.dir))
}

// freePair gives two addresses of this machine that nobody has.
func freePair() (a, b string, err error) {
	one, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer one.Close()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer other.Close()
	return one.Addr().String(), other.Addr().String(), nil
}

// gauge is what a process has used until now, as Linux tells it.
type gauge struct {
	known bool
	rss   int           // KiB
	spent time.Duration // processor time, user and system
}

const absent = "absent"

// userTick is the unit of /proc/PID/stat, which is 10 ms everywhere.
const userTick = 10 * time.Millisecond

func gaugeOf(pid int) gauge {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return gauge{}
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return gauge{}
	}
	return parseGauge(string(status), string(stat))
}

// parseGauge reads the VmRSS of status, and utime and stime of stat: the 12th and
// 13th field after the name, which stands in parentheses and may hold anything.
func parseGauge(status, stat string) gauge {
	_, rest, _ := strings.Cut(status, "\nVmRSS:")
	line, _, _ := strings.Cut(rest, "\n")
	rss, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(line, "kB")))
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if err != nil || len(fields) < 13 {
		return gauge{}
	}
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	if errors.Join(errUser, errSystem) != nil {
		return gauge{}
	}
	return gauge{true, rss, time.Duration(user+system) * userTick}
}

func (g gauge) memory() string {
	if !g.known {
		return absent
	}
	return fmt.Sprintf("%.1f MiB", float64(g.rss)/1024)
}

// until is the processor time between two looks, of the wall's.
func (g gauge) until(later gauge, length time.Duration) string {
	if !g.known || !later.known {
		return absent
	}
	used := later.spent - g.spent
	return fmt.Sprintf("%.1f s (%.0f %% of one)", used.Seconds(), 100*used.Seconds()/length.Seconds())
}
