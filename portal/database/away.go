package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"io/fs"
	"net"
	"slices"
	"time"

	"github.com/lib/pq"

	"zharia/portal/fault"
)

// Away is a database that did not answer: it is down, it is being started, it recovers, it
// has handed over to another, or it cut the connection. What was asked in a transaction, as
// for people everything is, was not done, and may be asked again. (A COMMIT without an
// answer is an Unknown.)
type Away struct{ Cause error }

func (a *Away) Error() string { return a.Cause.Error() }
func (a *Away) Unwrap() error { return a.Cause }

// As is the answer to whoever asked: later, and nothing is lost.
func (a *Away) As(target any) bool {
	f, ok := target.(**fault.Fault)
	if ok {
		*f = fault.New(fault.Unavailable, "fault.away").Because(a.Cause)
	}
	return ok
}

// Lost says that an error is that of a database that was away, and so no answer to what was
// asked: whoever takes an error for "no" asks this first.
func Lost(err error) bool { return errors.As(err, new(*Away)) }

// gone are what PostgreSQL says when it cannot go on with anybody now (PostgreSQL, appendix
// A): it is told to end, it has crashed, it starts or recovers, too many ask, it is a
// standby by now; and that a query took longer than a page may wait for.
var gone = []pq.ErrorCode{"57P01", "57P02", "57P03", "57P05", "53300", "25006", "57014"}

const connectionLost = "08" // class

// away marks an error that is one of a database that does not answer. Of a query whose
// asker has gone nothing is said of the database.
func away(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || Lost(err) {
		return err
	}
	if said := pq.As(err); said != nil {
		if said.Code.Class() == connectionLost || slices.Contains(gone, said.Code) {
			return &Away{err}
		}
		return err
	}
	var network net.Error // a refused connection, a reset one, a time limit of the network
	switch {
	case errors.As(err, &network), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, fs.ErrNotExist): // no socket
		return &Away{err}
	}
	return err
}

// Between two looks for a database that is away.
const (
	firstLook = 100 * time.Millisecond
	lastLook  = 2 * time.Second
)

// Patiently does what needs a database, and while that is away does it again, for at most
// so long: a server that recovers answers nobody for a while. waits is told each time
// what it waits for. Every other error ends it at once.
func Patiently(ctx context.Context, most time.Duration, waits func(error), do func() error) error {
	end := time.Now().Add(most)
	for pause := firstLook; ; pause = min(2*pause, lastLook) {
		err := do()
		if err == nil || !Lost(err) || ctx.Err() != nil || time.Now().Add(pause).After(end) {
			return err
		}
		waits(err)
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}
