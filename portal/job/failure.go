package job

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"

	"zharia/portal/fault"

	"github.com/lib/pq"
)

var (
	errUnknown = errors.New("job: nobody knows a job of that name")
	errArgs    = errors.New("job: its arguments are not ids")
	errLost    = errors.New("job: its process died at the last attempt")
)

// panicked is a panic of a job, with where it was.
type panicked struct {
	value any
	stack []byte
}

func (p panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// guard turns a panic into an error: one job's mistake must not stop the others.
func guard(do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked{value, debug.Stack()}
		}
	}()
	return do()
}

// kindOf is the one word of an error that is kept in the table. The words of
// an error may name a person; its kind does not.
func kindOf(err error) string {
	var f *fault.Fault
	var p panicked
	switch refusal := pq.As(err); {
	case errors.As(err, &p):
		return "panic"
	case errors.Is(err, errUnknown):
		return "unknown job"
	case errors.Is(err, errArgs):
		return "bad arguments"
	case errors.Is(err, errLost):
		return "process lost"
	case errors.Is(err, context.DeadlineExceeded):
		return "took too long"
	case errors.Is(err, context.Canceled):
		return "cut off"
	case errors.As(err, &f):
		return string(f.Kind)
	case refusal != nil:
		return "SQLSTATE " + string(refusal.Code)
	}
	return clip(innermost(err))
}

// innermost is the type of the error everything began with.
func innermost(err error) string {
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return reflect.TypeOf(err).String()
}

// clip keeps to what the column takes.
func clip(s string) string { return s[:min(len(s), 100)] }
