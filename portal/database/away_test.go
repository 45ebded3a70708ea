package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"

	"zharia/portal/fault"
)

func TestADatabaseThatDoesNotAnswerIsNoMistakeOfOurs(t *testing.T) {
	_, timeout := (&net.Dialer{Timeout: time.Nanosecond}).Dial("tcp", "127.0.0.1:1")
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		want bool
	}{
		{"it is being started or recovers", nil, said("57P03"), true},
		{"an administrator ends it", nil, said("57P01"), true},
		{"another backend crashed", nil, said("57P02"), true},
		{"the connection failed", nil, said("08006"), true},
		{"too many ask", nil, said("53300"), true},
		{"it is a standby", nil, said("25006"), true},
		{"it took longer than a page may", nil, said("57014"), true},
		{"a refused connection", nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, true},
		{"a time limit", nil, timeout, true},
		{"no socket", nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENOENT)}, true},
		{"a connection that was lost", nil, driver.ErrBadConn, true},
		{"it ended in the middle", nil, io.ErrUnexpectedEOF, true},
		{"as above, told on the way", nil, fmt.Errorf("read a case: %w", said("57P01")), true},
		{"the password is wrong", nil, said("28P01"), false},
		{"the disk is full", nil, said("53100"), false},
		{"a constraint", nil, said("23505"), false},
		{"a mistake in a query", nil, said("42601"), false},
		{"another error", nil, errors.New("x"), false},
		{"the asker has gone", ended, said("57014"), false},
		{"none", nil, nil, false},
	} {
		ctx := c.ctx
		if ctx == nil {
			ctx = t.Context()
		}
		err := away(ctx, c.err)
		if errors.As(err, new(*Away)) != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
		var told *fault.Fault
		if errors.As(err, &told) != c.want || c.want && (told.Kind != fault.Unavailable || told.Message != "fault.away") {
			t.Errorf("%s: the asker is told %v", c.name, told)
		}
	}
}

func TestADatabaseThatRecoversIsWaitedFor(t *testing.T) {
	down, other := &Away{said("57P03")}, errors.New("the schema is another program's")
	for _, c := range []struct {
		name         string
		most         time.Duration
		answers      []error
		want         error
		asked, waits int
	}{
		{"it comes", time.Minute, []error{down, down, nil}, nil, 3, 2},
		{"it does not come", 250 * time.Millisecond, []error{down, down, down, down}, down, 2, 1},
		{"something else is wrong", time.Minute, []error{down, other}, other, 2, 1},
	} {
		asked, waits := 0, 0
		err := Patiently(t.Context(), c.most, func(error) { waits++ }, func() error { asked++; return c.answers[asked-1] })
		if !errors.Is(err, c.want) || asked != c.asked || waits != c.waits {
			t.Errorf("%s: %v after %d tries and %d waits", c.name, err, asked, waits)
		}
	}
	ended, end := context.WithCancel(t.Context())
	asked := 0
	if err := Patiently(ended, time.Hour, func(error) { end() }, func() error { asked++; return down }); !errors.Is(err, down) || asked != 1 {
		t.Errorf("told to end it says %v after %d tries", err, asked)
	}
}

func said(code pq.ErrorCode) error { return &pq.Error{Severity: "FATAL", Code: code} }
