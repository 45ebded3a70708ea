package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed yardstick/ossl.c
var yardstickSource []byte

// errAbsent says that the yardstick cannot be had on this machine, and why.
var errAbsent = errors.New("yardstick absent")

// yardstick is the running C program. What it understands stands in its source.
type yardstick struct {
	folder  string
	program *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
}

// newYardstick builds and starts the program. The error is errAbsent where a part
// of it is not installed.
func newYardstick(ctx context.Context) (*yardstick, error) {
	folder, err := os.MkdirTemp("", "perfbench")
	if err != nil {
		return nil, err
	}
	y := &yardstick{folder: folder}
	if err := y.prepare(ctx); err != nil {
		return nil, errors.Join(err, y.close())
	}
	return y, nil
}

// prepare compiles the source and waits until the program is ready.
func (y *yardstick) prepare(ctx context.Context) error {
	source, program := filepath.Join(y.folder, "ossl.c"), filepath.Join(y.folder, "ossl")
	if err := os.WriteFile(source, yardstickSource, 0o600); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "gcc", "-O2", "-o", program, source, "-lcrypto").CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(string(out), "\n")
		return fmt.Errorf("%w: gcc with libssl-dev: %v %s", errAbsent, err, first)
	}
	if err := y.start(ctx, program); err != nil {
		return err
	}
	if line, err := y.line(); err != nil || line != "ready" {
		return fmt.Errorf("%w: OpenSSL has no engine gost (libengine-gost-openssl)", errAbsent)
	}
	return nil
}

func (y *yardstick) start(ctx context.Context, program string) error {
	command := exec.CommandContext(ctx, program)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	y.program, y.in, y.out = command, in, bufio.NewScanner(out)
	return nil
}

// close ends the program, by the end of its input, and removes it.
func (y *yardstick) close() error {
	var ended error
	if y.program != nil {
		y.in.Close()
		ended = y.program.Wait()
	}
	return errors.Join(ended, os.RemoveAll(y.folder))
}

// line reads a line of the answer; an end in the middle is a failure, whose cause
// the program has written to stderr.
func (y *yardstick) line() (string, error) {
	if y.out.Scan() {
		return y.out.Text(), nil
	}
	return "", errors.Join(errors.New("the yardstick ended"), y.out.Err())
}

// run runs a test for a slice of processor time and says how long one takes.
func (y *yardstick) run(test string, slice time.Duration) (time.Duration, error) {
	if _, err := fmt.Fprintf(y.in, "%s %d\n", test, slice.Milliseconds()); err != nil {
		return 0, err
	}
	line, err := y.line()
	if err != nil {
		return 0, err
	}
	count, spent, _ := strings.Cut(line, " ")
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("the yardstick answers %q", line)
	}
	ns, err := strconv.ParseInt(spent, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the yardstick answers %q", line)
	}
	return time.Duration(ns / n), nil
}

// vectors asks for signatures made by gost-engine.
func (y *yardstick) vectors(n int) ([]vector, error) {
	if _, err := fmt.Fprintf(y.in, "vectors %d\n", n); err != nil {
		return nil, err
	}
	var list []vector
	for {
		line, err := y.line()
		if err != nil {
			return nil, err
		}
		if line == "end" {
			return list, nil
		}
		v, err := readVector(line)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}
