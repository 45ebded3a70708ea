package proving

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

// How long a process may take until it says that it is ready, and to end.
const (
	readyTime = 2 * time.Minute
	endTime   = 30 * time.Second
)

// process is one that we started.
type process struct {
	name  string
	ready string // begins the line by which it says that it serves
	args  []string
	env   []string
	log   string // what it writes to its standard error

	cmd  *exec.Cmd
	gone chan struct{} // closed when it has ended
	said string        // its line of readiness
}

// start starts it and waits until it is ready.
func (p *process) start(ctx context.Context) error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Env, cmd.Stderr = p.env, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches us alone, and we end it
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
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
		_ = cmd.Wait()                  // how it ended its log says
		close(gone)
	}()
	select {
	case p.said = <-said:
		return nil
	case <-gone:
		return fmt.Errorf("%s ended before it was ready:\n%s", p.name, tail(p.log))
	case <-time.After(readyTime):
		return errors.Join(fmt.Errorf("%s is not ready after %s:\n%s", p.name, readyTime, tail(p.log)), p.stop())
	case <-ctx.Done():
		return errors.Join(ctx.Err(), p.stop())
	}
}

// stop lets it finish what it has in hand.
func (p *process) stop() error {
	if p == nil || p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.gone:
		return nil
	case <-time.After(endTime):
		_ = p.cmd.Process.Kill() // it has been asked
		<-p.gone
		return fmt.Errorf("%s did not end in %s", p.name, endTime)
	}
}

// pid is its number; 0 while it does not run.
func (p *process) pid() int {
	if p == nil || p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// tail is the end of a log.
func tail(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(b[max(0, len(b)-3<<10):])
}
