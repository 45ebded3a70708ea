package database

import (
	"syscall"
	"testing"
	"time"
)

// A process of PostgreSQL dies before the log of its transaction is written, and the server
// comes back and gives the same number to another. The first is lost, whatever became of the
// second: to take one for the other would acknowledge what is nowhere.
func TestATransactionThatACrashTookIsNotTakenForAnotherOfItsNumber(t *testing.T) {
	l := cluster(t)
	l.Fast = false
	server := started(t, l)
	put(t, server, kept)
	dsn := server.DSN("portal")
	open := func() *DB {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			db, err := Open(t.Context(), dsn)
			if err == nil {
				return db
			}
			if time.Now().After(end) {
				t.Fatal(err)
			}
		}
	}
	db := open()
	for _, q := range []query{`ALTER SYSTEM SET wal_writer_delay = '10s'`, `SELECT pg_reload_conf()`} {
		if err := db.Exec(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	db.Close()
	for range 20 {
		lost, err := crash(t, open())
		if err != nil { // the server was not back yet from the crash before
			continue
		}
		db := open()
		defer db.Close()
		var number string
		err = db.Get(t.Context(), &number, `INSERT INTO kept VALUES (44) RETURNING pg_current_xact_id()::text`)
		if err != nil || number != lost.number { // its log was written in time
			continue
		}
		if out, err := db.Outcome(t.Context(), lost); out != Forgotten || err != nil {
			t.Errorf("the one that was lost is %q, %v", out, err)
		}
		var there int
		if err := db.Get(t.Context(), &there, `SELECT count(*) FROM kept WHERE n = 43 AND xmin = (SELECT xmin FROM kept WHERE n = 44 ORDER BY xmin::text::bigint DESC LIMIT 1)`); err != nil || there != 0 {
			t.Errorf("%d rows of it are there, %v", there, err)
		}
		return
	}
	t.Fatal("no number was given again in twenty crashes: this shows nothing")
}

// crash has a transaction end with the process that does it, and gives its mark.
func crash(t *testing.T, db *DB) (lost Mark, err error) {
	defer db.Close()
	tx, err := db.pool.BeginTxx(t.Context(), nil)
	if err != nil {
		return lost, err
	}
	defer tx.Rollback()
	var pid int
	if err := tx.Get(&pid, `INSERT INTO kept VALUES (43) RETURNING pg_backend_pid()`); err != nil {
		return lost, err
	}
	var limit string
	if err := tx.QueryRowx(selectMark).Scan(&limit, &lost.number, &lost.life); err != nil {
		return lost, err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err == nil {
		t.Fatal("who was killed committed")
	}
	return lost, nil
}
