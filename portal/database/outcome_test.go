package database_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/portaltest"
)

// cutter stands on TCP between a pool and PostgreSQL and cuts a connection exactly where a
// COMMIT is on its way.
type cutter struct {
	net.Listener
	to   string
	mode atomic.Int32 // what is done to the next COMMIT
	cuts atomic.Int32
	down atomic.Bool // nothing new is let through

	mu   sync.Mutex
	held []net.Conn // their COMMIT waits at the server, and they were cut off
}

// What is done to a COMMIT.
const (
	pass   = int32(iota)
	before // PostgreSQL never hears of it
	after  // PostgreSQL does it, and its answer is lost
	hold   // PostgreSQL hears of it later
)

func newCutter(t *testing.T, dsn string) (c *cutter, through string) {
	t.Helper()
	config, err := pq.NewConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	c = &cutter{}
	if strings.HasPrefix(config.Host, "/") {
		c.to = config.Host + "/.s.PGSQL." + strconv.Itoa(int(config.Port))
	} else {
		c.to = net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	}
	if c.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		for {
			conn, err := c.Accept()
			if err != nil {
				return
			}
			go c.carry(conn)
		}
	}()
	_, port, _ := net.SplitHostPort(c.Addr().String())
	return c, "host=127.0.0.1 port=" + port + " user=" + config.User + " dbname=" + config.Database + " sslmode=disable"
}

func (c *cutter) carry(client net.Conn) {
	defer client.Close()
	if c.down.Load() {
		return
	}
	network := "tcp"
	if strings.HasPrefix(c.to, "/") {
		network = "unix"
	}
	server, err := net.Dial(network, c.to)
	if err != nil {
		return
	}
	var deaf atomic.Bool // the answers of the server are lost
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, err := server.Read(buf)
			if deaf.Load() || err != nil {
				client.Close()
				return
			}
			client.Write(buf[:n])
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := client.Read(buf)
		if err != nil {
			server.Close()
			return
		}
		if mode := c.mode.Load(); mode != pass && n >= 12 && string(buf[:12]) == "Q\x00\x00\x00\x0bCOMMIT\x00" && c.mode.CompareAndSwap(mode, pass) {
			c.cuts.Add(1)
			switch mode {
			case before:
				server.Close()
				return
			case after:
				deaf.Store(true)
				server.Write(buf[:n])
				return // server stays until it answers
			case hold:
				deaf.Store(true)
				c.mu.Lock()
				c.held = append(c.held, server)
				c.mu.Unlock()
				return
			}
		}
		server.Write(buf[:n])
	}
}

// release lets the COMMITs go that were held.
func (c *cutter) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, server := range c.held {
		server.Write([]byte("Q\x00\x00\x00\x0bCOMMIT\x00"))
	}
	c.held = nil
}

// cuts is how many COMMITs are cut: CUTS in a campaign, fifty otherwise.
func cuts() int {
	if n, err := strconv.Atoi(os.Getenv("CUTS")); err == nil {
		return n
	}
	return 50
}

const countTitled = `SELECT count(*) FROM book WHERE title = $1`

// RELIABILITY R08: the connection is cut at COMMIT, before PostgreSQL hears of it and
// after. Whoever is told that it was done finds it once, whoever is told that it was not
// finds nothing, and nobody hears anything else.
func TestACommitThatIsCutIsNeitherLostNorDoubledNorFalselyFailed(t *testing.T) {
	t.Parallel()
	db := shelf(t)
	c, dsn := newCutter(t, db.DSN())
	through, err := database.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer through.Close()
	kept, not := 0, 0
	for i := range cuts() {
		mode := before + int32(i%2)
		c.mode.Store(mode)
		title := "book " + strconv.Itoa(i)
		err := through.Within(t.Context(), func(tx *database.DB) error { return tx.Exec(t.Context(), insertBook, i, title, nil) })
		var n int
		if err := db.Get(t.Context(), &n, countTitled, title); err != nil {
			t.Fatal(err)
		}
		switch {
		case err == nil && n == 1 && mode == after:
			kept++
		case errors.Is(err, fault.Unavailable) && n == 0 && mode == before:
			not++
		default:
			t.Errorf("cut %d in mode %d: told %v, and there are %d", i, mode, err, n)
		}
	}
	t.Logf("%d cuts at COMMIT: %d were done and said to be, %d were not and said not to be", c.cuts.Load(), kept, not)
	if int(c.cuts.Load()) != cuts() {
		t.Errorf("only %d of %d COMMITs were cut", c.cuts.Load(), cuts())
	}
}

// While PostgreSQL itself does not know, nobody says that it failed; and what was said to
// be unknown is found out by its mark.
func TestACommitOfWhichNobodyKnowsIsNotCalledFailed(t *testing.T) {
	t.Parallel()
	db := shelf(t)
	c, dsn := newCutter(t, db.DSN())
	through, err := database.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer through.Close()
	through.Await(300 * time.Millisecond)
	c.mode.Store(hold)
	err = through.Within(t.Context(), func(tx *database.DB) error { return tx.Exec(t.Context(), insertBook, 1, "held", nil) })
	var unknown *database.Unknown
	if !errors.As(err, &unknown) {
		t.Fatalf("told %v, want that it is not known", err)
	}
	if got, err := through.Outcome(t.Context(), unknown.Mark); err != nil || got != database.Pending {
		t.Errorf("it is %q, %v", got, err)
	}
	c.release()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got, err := db.Outcome(t.Context(), unknown.Mark)
		if got == database.Committed {
			break
		}
		if err != nil || time.Now().After(end) {
			t.Fatalf("after it went through it is %q, %v", got, err)
		}
	}
	if books(t, db) != 1 {
		t.Error("the book is not there")
	}
	if mark, ok := database.ParseMark(unknown.Mark.String()); !ok || mark != unknown.Mark {
		t.Errorf("%s is read as %s", unknown.Mark, mark)
	}
	for _, none := range []string{"", "7", "7.", "7.00000001", "7.0000000G-1", "x.00000001-1", "7.00000001-", "7.00000001-1; DROP TABLE book", "99999999999999999999.00000001-1"} {
		if mark, ok := database.ParseMark(none); ok {
			t.Errorf("%q is the mark %s", none, mark)
		}
	}
	for _, none := range []string{"99999999999999999.00000001-1", "7.000000FF-1", "7.00000001-1"} {
		mark, ok := database.ParseMark(none)
		if got, err := db.Outcome(t.Context(), mark); !ok || got != database.Forgotten || err != nil {
			t.Errorf("the outcome of %q is %q, %v", none, got, err)
		}
	}
}

// A database that is away while it is asked is not a failure either.
func TestACommitIsUnknownWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	db := shelf(t)
	c, dsn := newCutter(t, db.DSN())
	through, err := database.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer through.Close()
	through.Await(300 * time.Millisecond)
	c.mode.Store(after)
	err = through.Within(t.Context(), func(tx *database.DB) error {
		c.down.Store(true)
		return tx.Exec(t.Context(), insertBook, 1, "away", nil)
	})
	var unknown *database.Unknown
	var said *fault.Fault
	if !errors.As(err, &unknown) || !errors.As(err, &said) || said.Message != "fault.unknown" {
		t.Fatalf("told %v, want that it is not known", err)
	}
	c.down.Store(false)
	if got, err := through.Outcome(t.Context(), unknown.Mark); got != database.Committed || err != nil {
		t.Errorf("it is %q, %v", got, err)
	}
}

// Who goes away before COMMIT takes all with him; once it is on its way nothing ends it,
// and no time limit either.
func TestTheEndOfWhoAsksEndsATransactionButNeverItsCommit(t *testing.T) {
	t.Parallel()
	db := shelf(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Within(ctx, func(tx *database.DB) error {
		if err := tx.Exec(ctx, insertBook, 1, "gone", nil); err != nil {
			return err
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || books(t, db) != 0 {
		t.Errorf("told %v with %d books", err, books(t, db))
	}
	// A COMMIT that takes a second, under a limit of a fifth of it: a deferred trigger
	// runs in it, as the wait for a standby does.
	sql := portaltest.SQL(t, db)
	if _, err := sql.Exec(`
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON book DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`); err != nil {
		t.Fatal(err)
	}
	hasty, err := database.Open(t.Context(), db.DSN()+" statement_timeout=200")
	if err != nil {
		t.Fatal(err)
	}
	defer hasty.Close()
	short, end := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer end()
	if err := hasty.Within(short, func(tx *database.DB) error { return tx.Exec(short, insertBook, 2, "slow", nil) }); err != nil || short.Err() == nil {
		t.Errorf("a slow COMMIT: %v, its asker %v", err, short.Err())
	}
	if books(t, db) != 1 {
		t.Error("the COMMIT was ended")
	}
}
