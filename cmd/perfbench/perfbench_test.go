package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zharia/portal/proving"
)

// TestMain builds the portal once for all tests that start it.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "perfbench-")
	if err == nil {
		err = os.Chmod(dir, 0o711) // run as root, the demonstration starts it as another user, too
	}
	if err == nil {
		built = filepath.Join(dir, "portal")
		err = proving.Compile(context.Background(), built, "zharia/cmd/portal")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func TestAShortRunMeasuresEverythingAndAnswersRight(t *testing.T) {
	var out bytes.Buffer
	if err := crypto(t.Context(), &out, 1, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"new key", "known key", "Streebog-512", "RSA-2048 verify", "sign-in, GOST-512", "sign-in, RSA-2048"} {
		if !strings.Contains(out.String(), name) {
			t.Errorf("nothing about %s", name)
		}
	}
	t.Log("\n" + out.String())
}

func TestAWrongAnswerIsFoundOut(t *testing.T) {
	list, err := ownVectors()
	if err != nil {
		t.Fatal(err)
	}
	good := list[0]
	for name, spoil := range map[string]func(v *vector){
		"another digest":    func(v *vector) { v.digest = bytes.Clone(list[1].digest) },
		"another signature": func(v *vector) { v.signature = bytes.Clone(list[1].signature) },
		"another key":       func(v *vector) { v.key = list[1].key },
		"no key":            func(v *vector) { v.key = nil },
	} {
		v := good
		if spoil(&v); v.check() == nil {
			t.Errorf("%s goes unnoticed", name)
		}
	}
	failing := test{ours: func(int) error { return errWrong }}
	if _, err := failing.run(time.Millisecond); !errors.Is(err, errWrong) {
		t.Errorf("a wrong answer while measuring: %v", err)
	}
}

func TestWithoutYardstickOursIsMeasuredAlone(t *testing.T) {
	var out bytes.Buffer
	alone := test{name: "nothing", yardstick: "verify", times: 1, ours: func(int) error { return nil }}
	if err := alone.measure(t.Context(), &out, nil, 2, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "yardstick absent") {
		t.Errorf("it says %q", out.String())
	}
	t.Setenv("PATH", "")
	if _, err := newYardstick(t.Context()); !errors.Is(err, errAbsent) {
		t.Errorf("without a compiler: %v", err)
	}
}

func TestTheMedianIsInTheMiddle(t *testing.T) {
	for _, c := range []struct {
		list []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 3}, 2.5}} {
		if got := median(c.list); got != c.want {
			t.Errorf("of %v it is %v", c.list, got)
		}
	}
}

func TestOnlyKnownCommandsAndSensibleSlicesRun(t *testing.T) {
	for _, args := range [][]string{nil, {"web"}, {"crypto", "-slices", "0"}, {"crypto", "-slice", "1ns"}, {"crypto", "-slice", "1h"}, {"crypto", "-other"},
		{"flood", "-rate", "0"}, {"flood", "-rate", "2001"}, {"flood", "-for", "1ms"}, {"flood", "-for", "1h"}, {"flood", "now"}} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%v runs", args)
		}
	}
}
