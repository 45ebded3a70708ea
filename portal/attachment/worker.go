package attachment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// A file of others is taken apart in a process of its own: this very program, started
// again with one setting that makes it read a file, say what it is and end (init).
// It has nothing of our environment, no database and no keys, and an end to its time
// and memory. A picture of fifty million points, or a file made to break its reader,
// costs that process and not the portal, which passes pieces through.

// workSetting makes this program a worker: its value is the work.
const workSetting = "ZHARIA_ATTACHMENT_WORK"

const (
	workTime   = 60 * time.Second
	workCPU    = 50        // seconds of the processor
	workMemory = 3 << 30   // bytes of addresses: a Go program reserves more than it uses
	workHeap   = 900 << 20 // bytes that it tries to keep below
	workAside  = 2         // files that are examined at the same time
	maxVerdict = 4 << 10
)

// verdict is what a worker says of a file, on its standard error.
type verdict struct {
	Refused  Reason `json:",omitempty"`
	Copy     Kind   `json:",omitempty"` // what kind its output is; "" for no output
	Disarmed bool   `json:",omitempty"`
}

var errWorker = errors.New("attachment: the examination came to no end")

// init is the whole program of a worker.
func init() {
	work := os.Getenv(workSetting)
	if work == "" {
		return
	}
	debug.SetMemoryLimit(workHeap)
	v := func() (v verdict) {
		defer func() {
			if recover() != nil {
				v = verdict{Refused: Damaged} // made by whoever sent it
			}
		}()
		if work == albumWork {
			return bind(os.Stdin, os.Stdout)
		}
		if kind, ok := strings.CutPrefix(work, stripWork); ok {
			return strip(Kind(kind), os.Stdin, os.Stdout)
		}
		return examine(Kind(work), os.Stdin, os.Stdout)
	}()
	if err := json.NewEncoder(os.Stderr).Encode(v); err != nil {
		os.Exit(2)
	}
	os.Exit(0)
}

// places holds a token for each worker: those above wait. Files of nobody have a place
// apart: a flood of them keeps no filing waiting.
var (
	places = make(chan struct{}, workAside)
	apart  = make(chan struct{}, 1)
)

// employ has a worker read in; what it gives goes to out. A worker that ends without
// a word was ended by its bounds: the file is too complex.
func employ(ctx context.Context, work string, in io.Reader, out io.Writer) (verdict, error) {
	free := places
	if strings.HasPrefix(work, stripWork) {
		free = apart
	}
	select {
	case free <- struct{}{}:
		defer func() { <-free }()
	case <-ctx.Done():
		return verdict{}, ctx.Err()
	}
	limited, cancel := context.WithTimeout(ctx, workTime)
	defer cancel()
	program, err := os.Executable()
	if err != nil {
		return verdict{}, err
	}
	var args []string
	if limits, err := exec.LookPath("prlimit"); err == nil {
		args = []string{"--as=" + strconv.Itoa(workMemory), "--cpu=" + strconv.Itoa(workCPU), "--core=0", "--fsize=0", program}
		program = limits
	}
	cmd := exec.CommandContext(limited, program, args...)
	cmd.Env = []string{workSetting + "=" + work, "GOMAXPROCS=2", "GOTRACEBACK=none", "PATH=" + os.Getenv("PATH")}
	cmd.Dir = os.TempDir()
	cmd.WaitDelay = time.Second
	said := &head{most: maxVerdict}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, said
	ended := cmd.Run()
	if ctx.Err() != nil {
		return verdict{}, ctx.Err()
	}
	var v verdict
	if err := json.Unmarshal(said.bytes, &v); err != nil {
		if limited.Err() != nil || errors.As(ended, new(*exec.ExitError)) {
			return verdict{Refused: TooComplex}, nil
		}
		return v, fmt.Errorf("%w: %v", errWorker, ended)
	}
	// A worker that has refused does not read on, so our writing to it may fail.
	if ended != nil && v.Refused == "" {
		return v, fmt.Errorf("%w: %w", errWorker, ended)
	}
	return v, nil
}

// head keeps the beginning of what is written to it.
type head struct {
	bytes []byte
	most  int
}

func (h *head) Write(p []byte) (int, error) {
	h.bytes = append(h.bytes, p[:min(len(p), h.most-len(h.bytes))]...)
	return len(p), nil
}
