//go:build linux

package database

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"

	"zharia/portal/fault"
)

// checked is what Check finds, by name.
func checked(t *testing.T, dsn string, need Need) (names []string) {
	t.Helper()
	db, err := Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := Check(t.Context(), db, need)
	if err != nil {
		t.Fatal(err)
	}
	for _, trouble := range found {
		names = append(names, trouble.Name)
		if trouble.Is == "" || trouble.Want == "" || !strings.Contains(trouble.String(), trouble.Name) {
			t.Errorf("it does not say what is wrong: %q", trouble)
		}
	}
	return names
}

const (
	makeRecord = `CREATE TABLE record (seq int PRIMARY KEY, at timestamptz)`
	addRecord  = `INSERT INTO record VALUES (1, now() + interval '1 hour')`
)

// RELIABILITY 2.3 and 2.10: a server that is as it must be, and one thing wrong after
// another.
func TestAServerThatCouldLoseAFilingIsFoundOut(t *testing.T) {
	t.Parallel()
	l := cluster(t)
	l.Fast = false
	server := started(t, l)
	put(t, server, makeRecord)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	if out, err := server.command("pg_checksums", "--enable", "-D", server.Data).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	need := Need{Connections: 97, Disks: []string{filepath.Join(t.TempDir(), "not there")}, Now: time.Now}

	server = started(t, l)
	dsn := server.DSN("portal")
	if got := checked(t, dsn, need); len(got) > 0 {
		t.Errorf("nothing is wrong, and found is %v", got)
	}
	for setting, name := range map[string]string{"synchronous_commit=off": "synchronous_commit", "synchronous_commit=local": "synchronous_commit"} {
		if got := checked(t, dsn+" "+setting, need); !slices.Equal(got, []string{name}) {
			t.Errorf("%s: found %v", setting, got)
		}
	}
	for name, wrong := range map[string]Need{
		"max_connections less those reserved": {Connections: 98, Now: time.Now},
		"clock":                               {Now: func() time.Time { return time.Now().Add(-MaxSkew - time.Second/2) }},
	} {
		if got := checked(t, dsn, wrong); !slices.Equal(got, []string{name}) {
			t.Errorf("%s: found %v", name, got)
		}
	}
	ahead := Need{Now: func() time.Time { return time.Now().Add(MaxSkew + time.Second/2) }}
	if got := checked(t, dsn, ahead); !slices.Equal(got, []string{"clock"}) {
		t.Errorf("a clock ahead: found %v", got)
	}
	put(t, server, addRecord)
	if got := checked(t, dsn, need); !slices.Equal(got, []string{"clock"}) {
		t.Errorf("the last act is in an hour: found %v", got)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	l.Settings = []string{"fsync=off", "full_page_writes=off"}
	if got := checked(t, started(t, l).DSN("portal"), need); !slices.Equal(got, []string{"fsync", "full_page_writes", "clock"}) {
		t.Errorf("nothing is written for sure: found %v", got)
	}
}

func TestTheFreePartOfADiskIsMeasured(t *testing.T) {
	percent, known, err := free(t.TempDir())
	if err != nil || !known || percent < 0 || percent > 100 {
		t.Errorf("%d %% free, known %v, %v", percent, known, err)
	}
	if _, _, err := free("/proc"); err != nil {
		t.Errorf("a folder of no disk: %v", err)
	}
	if _, _, err := free(filepath.Join(t.TempDir(), "gone")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// What COMMIT answers: an ERROR was not done, and whatever ends the connection may have
// been.
func TestOnlyAnErrorOfPostgreSQLSaysThatACommitWasNotDone(t *testing.T) {
	for err, want := range map[error]bool{
		sql.ErrTxDone:                               false,
		pq.ErrInFailedTransaction:                   false,
		&pq.Error{Severity: "ERROR", Code: "23514"}: false,
		&pq.Error{Severity: "ERROR", Code: "40001"}: false,
		&pq.Error{Severity: "FATAL", Code: "57P01"}: true,
		&pq.Error{Severity: "PANIC", Code: "53100"}: true,
		driver.ErrBadConn:                           true, io.EOF: true, io.ErrUnexpectedEOF: true, syscall.ECONNRESET: true, os.ErrDeadlineExceeded: true,
	} {
		if got := uncertain(fmt.Errorf("commit: %w", err)); got != want {
			t.Errorf("%v leaves open whether it was done: %v", err, got)
		}
	}
}

// A full disk is an answer of its own; any other error stays what it is.
func TestAFullDiskIsAnAnswer(t *testing.T) {
	var said *fault.Fault
	if err := full(&pq.Error{Severity: "ERROR", Code: "53100"}); !errors.As(err, &said) || said.Message != "fault.full" || !errors.Is(err, fault.Unavailable) {
		t.Errorf("a full disk is %v", err)
	}
	for _, err := range []error{nil, io.EOF, &pq.Error{Code: "23505"}} {
		if full(err) != err {
			t.Errorf("%v became %v", err, full(err))
		}
	}
}
