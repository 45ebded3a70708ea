package database

import (
	"context"
	"database/sql/driver"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// A standby that was taken for the primary would decide by rights of yesterday.
func TestAnAddressOfSeveralServersSaysThatThePrimaryIsMeant(t *testing.T) {
	for _, dsn := range []string{
		"host=127.0.0.1,127.0.0.2 port=1",
		"host=127.0.0.1,127.0.0.2 port=1 target_session_attrs=any",
		"host=127.0.0.1,127.0.0.2 port=1 target_session_attrs=standby",
		"postgres://zharia@127.0.0.1,127.0.0.2/zharia?target_session_attrs=prefer-standby",
	} {
		if _, err := Open(t.Context(), dsn); !errors.Is(err, ErrNotPrimary) {
			t.Errorf("%s: %v", dsn, err)
		}
	}
	for _, dsn := range []string{"host=127.0.0.1,127.0.0.2 port=1 target_session_attrs=primary sslmode=disable", "host=127.0.0.1 port=1 sslmode=disable"} {
		if _, err := Open(t.Context(), dsn); err == nil || errors.Is(err, ErrNotPrimary) {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

// One of them is gone; the other is found, by its name and in the role that was asked for.
func TestTheServerThatIsThereIsFoundAmongSeveral(t *testing.T) {
	server := started(t, cluster(t))
	put(t, server, `CREATE ROLE portal_app`)
	one := server.DSN("portal")
	several := "host='/nowhere," + server.Socket + "' user=" + localUser + " dbname=portal sslmode=disable target_session_attrs=primary"
	db, err := OpenAs(t.Context(), several, App)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	counts, err := OpenCounts(t.Context(), several) // there is no standby: then the primary
	if err != nil {
		t.Fatal(err)
	}
	defer counts.Close()
	if !counts.Abreast(t.Context(), time.Nanosecond) {
		t.Error("the primary is late")
	}
	for _, pool := range []*DB{db, counts} {
		var is []string
		if err := pool.Select(t.Context(), &is, `
SELECT CAST(current_user AS text) UNION ALL SELECT current_setting('jit') UNION ALL SELECT current_setting('timezone') UNION ALL SELECT current_setting('plan_cache_mode')`); err != nil {
			t.Fatal(err)
		}
		if want := []string{"portal_app", "off", "UTC", "force_generic_plan"}; !slices.Equal(is, want) {
			t.Errorf("a connection works as %q, want %q", is, want)
		}
	}
	if counts, err := OpenCounts(t.Context(), one); counts != nil || err != nil {
		t.Errorf("a single server has a pool of its own for counts: %v", err)
	}
	found, err := db.between(t.Context())
	if err != nil || len(found) != 1 || found[0].Name != "synchronous_standby_names" {
		t.Errorf("several servers and nobody to wait for: %v %v", found, err)
	}
}

const selectHeard = `SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'`

// Whoever led and stands still keeps his connections: who hears alarms on one of them would
// hear nothing of what the next leader tells.
func TestWhoHearsAlarmsGoesToTheNextLeaderToo(t *testing.T) {
	server := started(t, cluster(t))
	put(t, server, `CREATE ROLE portal_app`)
	db, err := OpenAs(t.Context(), "host='/nowhere,"+server.Socket+"' user="+localUser+" dbname=portal sslmode=disable target_session_attrs=primary", App)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx, end := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { db.Heed(ctx); close(over) }()
	defer func() { end(); <-over }()
	hears := func(not int) (pid int) {
		for end := time.Now().Add(10 * time.Second); pid == 0 || pid == not; time.Sleep(20 * time.Millisecond) {
			if pid = number(t, server, "portal", selectHeard); time.Now().After(end) {
				t.Fatal("nobody hears alarms, or still where he was cut")
			}
		}
		return pid
	}
	before := hears(0)
	look := db.dial.(*lookout)
	look.mu.Lock()
	known := slices.Collect(maps.Keys(look.conns))
	look.mu.Unlock()
	for _, w := range known { // another leads
		w.Close()
	}
	hears(before)
	var one int // and whoever asks is there as well
	if err := db.Get(t.Context(), &one, `SELECT 1`); err != nil {
		t.Error(err)
	}
}

// twice gives one connection to PostgreSQL to all who ask, as pgbouncer does in transaction
// mode.
type twice struct {
	driver.Connector
	conn *driver.Conn
}

func (c twice) Connect(ctx context.Context) (driver.Conn, error) {
	if *c.conn != nil {
		return *c.conn, nil
	}
	conn, err := c.Connector.Connect(ctx)
	*c.conn = conn
	return conn, err
}

func TestAPoolerThatSharesConnectionsIsFoundOut(t *testing.T) {
	server := started(t, cluster(t))
	if err := server.Create(t.Context(), "portal"); err != nil {
		t.Fatal(err)
	}
	var conn driver.Conn
	behind, err := OpenThrough(t.Context(), server.DSN("portal"), Owner, func(to driver.Connector) driver.Connector { return twice{to, &conn} })
	if err != nil {
		t.Fatal(err)
	}
	defer behind.Close()
	if found, err := behind.between(t.Context()); err != nil || len(found) != 1 {
		t.Errorf("two of ours are one to PostgreSQL: %v %v", found, err)
	}
	db, err := Open(t.Context(), server.DSN("portal"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if found, err := db.between(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("two of ours are two: %v %v", found, err)
	}
}

// What counts and decides nothing may be asked of a server that follows another.
func TestFiguresAreReadFromAStandby(t *testing.T) {
	private := cluster(t)
	private.Fast = false // a fast one has no standbys
	server := started(t, private)
	put(t, server, `CREATE ROLE portal_app`)
	put(t, server, `CREATE TABLE done (n int)`)
	server.process.Process.Signal(syscall.SIGQUIT) // so that it is played again
	<-server.gone
	if err := os.WriteFile(filepath.Join(server.Data, "standby.signal"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	server = started(t, private)
	counts, err := OpenCounts(t.Context(), "host='/nowhere,"+server.Socket+"' user="+localUser+" dbname=portal sslmode=disable target_session_attrs=primary")
	if err != nil {
		t.Fatal(err)
	}
	defer counts.Close()
	var follows bool
	if err := counts.Get(t.Context(), &follows, `SELECT pg_is_in_recovery()`); err != nil || !follows {
		t.Errorf("a standby answers %v, %v", follows, err)
	}
	// It has no primary any more: an hour later it is an hour late.
	if !counts.Abreast(t.Context(), time.Minute) || counts.Abreast(t.Context(), time.Millisecond) {
		t.Error("it does not say how late it is")
	}
	var backend int
	if err := counts.Get(t.Context(), &backend, selectBackend); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(backend, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(backend, syscall.SIGCONT)
	began := time.Now()
	if counts.Abreast(t.Context(), time.Hour) || time.Since(began) > 5*time.Second {
		t.Errorf("one that stands still is waited for, %s", time.Since(began))
	}
	counts.Limit(1) // those who come later do not wait for who waits there
	if counts.Abreast(t.Context(), time.Hour) || time.Since(began) > 10*time.Second {
		t.Errorf("one that stands still is waited for, %s", time.Since(began))
	}
}

const selectWaiting = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'`

// Somebody ends the wait for the standby: PostgreSQL says that it is done, and it is on one
// disk alone. Nobody is told that it is done before the standby has it.
func TestACommitThatNoStandbyHasIsNotCalledDone(t *testing.T) {
	private := cluster(t)
	private.Fast = false // a fast one has no standbys
	server := started(t, private)
	put(t, server, `CREATE ROLE portal_app`)
	put(t, server, `CREATE TABLE filed (n int); GRANT INSERT ON filed TO portal_app`)
	db, err := OpenAs(t.Context(), server.DSN("portal"), App)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.Await(200 * time.Millisecond)
	watch, err := Open(t.Context(), server.DSN("portal"))
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Close()
	put(t, server, `ALTER SYSTEM SET synchronous_standby_names = 'ghost'`)
	put(t, server, `SELECT pg_reload_conf()`)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var names string
		if err := db.Get(t.Context(), &names, selectStandbys); err != nil || time.Now().After(end) {
			t.Fatal("it waits for nobody", err)
		}
		if names == "ghost" {
			break
		}
	}
	told, filed := make(chan error, 1), 0
	file := func() {
		filed++
		go func() {
			told <- db.Within(t.Context(), func(tx *DB) error { return tx.Exec(t.Context(), `INSERT INTO filed VALUES (1)`) })
		}()
	}
	file()
	var unknown *Unknown
	for end := time.Now().Add(20 * time.Second); unknown == nil; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-told:
			if err == nil && time.Now().Before(end) { // a session waits when the checkpointer, too, has read the setting
				file()
			} else if !errors.As(err, &unknown) {
				t.Fatalf("told %v, want that it is not known", err)
			}
			continue
		default:
		}
		var waiting []int
		if err := watch.Select(t.Context(), &waiting, selectWaiting); err != nil {
			t.Fatal(err)
		}
		for _, pid := range waiting {
			if err := watch.Exec(t.Context(), `SELECT pg_cancel_backend($1)`, pid); err != nil {
				t.Fatal(err)
			}
		}
		if time.Now().After(end) {
			t.Fatal("nothing was told")
		}
	}
	if n := number(t, server, "portal", `SELECT count(*) FROM filed`); n != filed {
		t.Fatalf("%d rows are there of %d: the COMMIT was to be done here", n, filed)
	}
	if out, err := db.Outcome(t.Context(), unknown.Mark); err == nil {
		t.Errorf("without a standby it is called %q", out)
	}
	put(t, server, `ALTER SYSTEM RESET synchronous_standby_names`)
	put(t, server, `SELECT pg_reload_conf()`)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if out, err := db.Outcome(t.Context(), unknown.Mark); err == nil && out == Committed {
			return
		} else if time.Now().After(end) {
			t.Fatalf("when nobody is to be waited for it is %q, %v", out, err)
		}
	}
}
