package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// readyTime is how long a process may take until it says that it is ready.
const readyTime = time.Minute

// process is one of the portal's processes, that we start, kill and start again. Nothing
// is ever killed but what was started here.
type process struct {
	name  string
	ready string // begins the line by which it says that it serves
	args  []string
	env   []string
	log   string // what it writes to its standard error, of all its lives

	// When it was being started: what is sent to it then waits in the system until it is ready.
	starts []span

	cmd  *exec.Cmd
	gone chan struct{} // closed when it has ended
	said string        // its line of readiness
}

// span is a time from one moment to another.
type span struct{ from, to time.Time }

// start starts it and waits until it is ready: by itself it waits for a PostgreSQL that is
// not there yet, or recovers.
func (p *process) start(ctx context.Context) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Env, cmd.Stderr = p.env, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches us alone
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	p.cmd, p.gone = cmd, make(chan struct{})
	said, gone := make(chan string, 1), p.gone
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), p.ready) {
				said <- lines.Text()
				break
			}
		}
		_, _ = io.Copy(io.Discard, out) // ends with the process
		_ = cmd.Wait()                  // how it ended is no concern: we kill it
		close(gone)
	}()
	select {
	case p.said = <-said:
		p.starts = append(p.starts, span{begun, time.Now()})
		return nil
	case <-gone:
		return fmt.Errorf("%s ended before it was ready:\n%s", p.name, tail(p.log))
	case <-time.After(readyTime):
		return errors.Join(fmt.Errorf("%s is not ready after %s:\n%s", p.name, readyTime, tail(p.log)), p.kill())
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.kill())
	}
}

// kill is kill -9, and waits for the end.
func (p *process) kill() error { return p.signal(syscall.SIGKILL) }

// stop lets it finish.
func (p *process) stop() error { return p.signal(syscall.SIGTERM) }

func (p *process) signal(s syscall.Signal) error {
	if p.cmd == nil {
		return nil
	}
	select {
	case <-p.gone:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.gone:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill() // it has been asked
		<-p.gone
	}
	return nil
}

// tail is the end of a log.
func tail(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(b[max(0, len(b)-3<<10):])
}

// processorTime is what this process and those that it started, and that have ended, took
// of the processors.
func processorTime() (all time.Duration) {
	for _, whose := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(whose, &u) == nil {
			all += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return all
}
