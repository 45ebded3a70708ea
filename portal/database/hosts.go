package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
)

// ErrNotPrimary refuses an address of several servers that does not say which of them.
var ErrNotPrimary = errors.New("the address of the database names several servers: write target_session_attrs=primary after them, for on a standby rights may be those of yesterday")

const (
	// hostTimeout is how long one of several servers has to let us in, before the next is asked.
	hostTimeout = 3 * time.Second
	// deaf is how long a server may leave unconfirmed that it received what we sent: a machine
	// that has lost its current sends no good-bye. One that thinks for long confirms all the same.
	deaf = 10 * time.Second
)

// several says that an address names more than one server.
func several(config pq.Config) bool { return len(config.Multi) > 0 }

// leading has an address lead to the primary alone. What decides about rights, terms and
// what is filed is never asked of a standby.
func leading(config *pq.Config) error {
	if !several(*config) {
		return nil
	}
	switch config.TargetSessionAttrs {
	case pq.TargetSessionAttrsPrimary, pq.TargetSessionAttrsReadWrite:
	default:
		return ErrNotPrimary
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = hostTimeout
	}
	return nil
}

// OpenCounts is a pool of App that may read a standby, for figures that count and decide
// nothing: they are as of some moments ago. nil where the address names one server: there is
// nobody else to ask. It is no place for rights, terms, or what somebody has just filed.
func OpenCounts(ctx context.Context, dsn string) (*DB, error) {
	config, err := addressed(dsn)
	if err != nil || !several(config) {
		return nil, err
	}
	db, err := open(ctx, dsn, App, pq.TargetSessionAttrsPreferStandby, plainly)
	if err == nil {
		db.Limit(Counting)
	}
	return db, err
}

// Counting is how many connections the pool of OpenCounts may hold.
const Counting = 4

// On the primary nothing is replayed, but what it was told before it led is remembered. Every
// minute something is committed: a portal at rest looks what is due.
const selectAbreast = `
SELECT CASE WHEN pg_is_in_recovery() THEN coalesce(clock_timestamp() - pg_last_xact_replay_timestamp() < make_interval(secs => $1), false) ELSE true END`

// answerTime is how long a standby may take to say how far it is.
const answerTime = time.Second

// Abreast tells that a pool of OpenCounts reads what stood at the primary no longer ago than
// that. A standby that lost the primary goes on answering, for days; one that stands still
// does not answer, and nobody must wait for it.
func (db *DB) Abreast(ctx context.Context, late time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	said := make(chan bool, 1)
	go func() { // lib/pq does not leave a read when its time is over
		defer cancel()
		var is bool
		err := db.pool.GetContext(ctx, &is, selectAbreast, late.Seconds())
		said <- err == nil && is
	}()
	select {
	case is := <-said:
		return is
	case <-ctx.Done():
		return false
	}
}

// plainly puts nothing between a pool and PostgreSQL.
func plainly(to driver.Connector) driver.Connector { return to }

// dialer is how servers are reached.
var dialer = &netDialer{net.Dialer{
	Timeout:         connectTimeout, // who listens says no time of his own
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3},
	Control: func(network, _ string, c syscall.RawConn) (err error) {
		if !strings.HasPrefix(network, "tcp") {
			return nil
		}
		return errors.Join(c.Control(func(fd uintptr) { err = confirmed(fd, deaf) }), err)
	},
}}

// netDialer is a net.Dialer as lib/pq wants one.
type netDialer struct{ net.Dialer }

// DialTimeout is Dial that takes at most so long.
func (d netDialer) DialTimeout(network, address string, most time.Duration) (net.Conn, error) {
	d.Timeout = most
	return d.Dial(network, address)
}

// settled is a connector whose connections have said who they are before anybody has them.
// It is said in a statement and not in the greeting: pgbouncer lets no such greeting pass,
// or would forget it.
type settled struct {
	driver.Connector
	says string
	on   *lives // nil: nobody asks which life of the server it is
}

func (s settled) Connect(ctx context.Context) (driver.Conn, error) {
	to, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn := &session{whole: to.(whole), tx: to.(driver.Tx), on: s.on}
	pq.SetNoticeHandler(to, conn.hear)
	_, err = conn.ExecContext(ctx, s.says, nil)
	if err == nil && s.on != nil {
		err = s.on.look(ctx, conn)
	}
	if err != nil {
		to.Close()
		return nil, err
	}
	return conn, nil
}

// errAlone is a COMMIT that did not wait until the standby had it: somebody ended the wait.
// It is done here, and lost if this server is.
var errAlone = errors.New("the wait for the standby was ended before it had this")

// session is a connection that hears when a COMMIT was not waited for. PostgreSQL answers
// such a one as done and warns, and a warning is no error to lib/pq.
type session struct {
	whole
	tx    driver.Tx // lib/pq's connection ends its transaction itself
	on    *lives    // or nil
	alone bool
	empty bool // what is asked leaves nothing, so whose wait is ended matters to nobody
}

// waits is the function of PostgreSQL that gives the warning: its words are in the language
// of the server.
const waits = "SyncRepWaitForLSN"

func (s *session) hear(notice *pq.Error) {
	if notice.Routine == waits {
		s.alone = true
		if !s.empty {
			s.on.doubt()
		}
	}
}

// ExecContext is that of lib/pq, whose success is one on the standby too.
func (s *session) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s.alone, s.empty = false, query == writeNothing
	defer func() { s.empty = false }()
	result, err := s.whole.ExecContext(ctx, query, args)
	if err == nil && s.alone {
		return nil, errAlone
	}
	return result, err
}

// BeginTx begins a transaction whose COMMIT is one on the standby too, and tells the
// database in the same message who asks (telling).
func (s *session) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	begin := "BEGIN;" // not READ WRITE, which a standby refuses
	switch opts {
	case driver.TxOptions{}:
	case driver.TxOptions{Isolation: driver.IsolationLevel(sql.LevelRepeatableRead), ReadOnly: true}:
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
	default:
		return nil, fmt.Errorf("database: no such transaction: %+v", opts)
	}
	told, _ := ctx.Value(telling{}).(string)
	if _, err := s.whole.ExecContext(ctx, begin+told, nil); err != nil {
		_ = s.tx.Rollback() // of one that has not begun it is refused, and the connection is thrown away
		return nil, err
	}
	return certain{s.tx, s}, nil
}

// telling is the key under which the context of BeginTx has what to tell first.
type telling struct{}

// certain is a transaction of a session.
type certain struct {
	driver.Tx
	on *session
}

func (k certain) Commit() error {
	k.on.alone = false
	if err := k.Tx.Commit(); err != nil {
		return err
	}
	if k.on.alone {
		return errAlone
	}
	return nil
}

// writeNothing is a transaction of its own that leaves nothing, but is written to the log
// and so waits for the standby, which then has all that was written before.
const writeNothing = `SELECT pg_logical_emit_message(true, 'portal', '')`

// Everywhere waits a moment until the standby has whatever is committed here now. A server
// that crashed while a COMMIT waited shows it as done when it is back, standby or not: so
// nobody who asks what became of what he sent is told that it was received before this. In a
// transaction it is its COMMIT that waits, though nothing else be written there.
func (db *DB) Everywhere(ctx context.Context) error {
	if db.tx != nil {
		return db.Exec(ctx, writeNothing)
	}
	Rest(ctx) // who holds one connection never waits for another
	ctx, cancel := context.WithTimeout(ctx, once)
	defer cancel()
	_, err := db.pool.ExecContext(ctx, writeNothing)
	return err
}

const (
	selectStandbys = `SHOW synchronous_standby_names`
	selectBackend  = `SELECT pg_backend_pid()`
)

// between finds what is wrong between us and the servers: nobody is waited for, or somebody
// hands our connections to others.
func (db *DB) between(ctx context.Context) ([]Trouble, error) {
	var found []Trouble
	config, err := addressed(db.dsn)
	if err != nil {
		return nil, err
	}
	if several(config) {
		var names string
		if err := db.Get(ctx, &names, selectStandbys); err != nil {
			return nil, err
		}
		if names == "" {
			found = append(found, Trouble{"synchronous_standby_names", "empty", "a standby, or * (synchronous_mode_strict of Patroni): else the loss of one machine loses filings"})
		}
	}
	shared, err := db.shared(ctx)
	if err == nil && shared {
		found = append(found, Trouble{"the pooler before PostgreSQL", "handing one connection to several of ours", "pool_mode = session: else one works in the role of another"})
	}
	return found, err
}

// shared says that two of our connections are one to PostgreSQL, as behind pgbouncer in
// transaction mode: it gives the second what the first has just let go of.
func (db *DB) shared(ctx context.Context) (bool, error) {
	first, err := db.pool.Connx(ctx)
	if err != nil {
		return false, err
	}
	defer first.Close()
	second, err := db.pool.Connx(ctx)
	if err != nil {
		return false, err
	}
	defer second.Close()
	var one, other int
	err = errors.Join(first.GetContext(ctx, &one, selectBackend), second.GetContext(ctx, &other, selectBackend))
	return one == other, err
}
