package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"
)

// The one query of a page, by its name: what no page could do without.
const (
	floorOfCase   = "case"
	floorOfFiling = "filing"
)

var floorQueries = map[string]string{
	floorOfCase:   `SELECT id, kind, decided_on AS day FROM decision WHERE casefile = $1 AND status = 'published' ORDER BY decided_on DESC LIMIT 20`,
	floorOfFiling: `SELECT id, status AS kind, filed_at AS day FROM filing WHERE id = $1`,
}

// floorRow is what is scanned of each row.
type floorRow struct {
	ID   uuid.UUID
	Kind string
	Day  time.Time
}

// runFloor is the least that a page can cost: net/http, one prepared query, its rows scanned,
// and bytes that lie ready. It has no sessions, no rights and no words.
func runFloor(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("floor", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:0", "where it answers")
	dsn := flags.String("database", "", "of the portal")
	query := flags.String("query", floorOfCase, "case or filing")
	length := flags.Int("length", 10_000, "bytes of a page")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || *dsn == "" || floorQueries[*query] == "" || *length < 1 || *length > 8<<20 {
		return errors.New("floor is started by page and status")
	}
	handler, err := newFloor(ctx, *dsn, floorQueries[*query], *length)
	if err != nil {
		return err
	}
	return (&http.Server{Addr: *addr, Handler: handler, ReadHeaderTimeout: 5 * time.Second}).ListenAndServe()
}

func newFloor(ctx context.Context, dsn, query string, length int) (http.Handler, error) {
	db, err := sqlx.ConnectContext(ctx, "postgres", dsn+" options='-c role=portal_work'")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20)
	prepared, err := db.PreparexContext(ctx, query)
	if err != nil {
		return nil, err
	}
	page := bytes.Repeat([]byte{'x'}, length)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var rows []floorRow
		if err := prepared.SelectContext(r.Context(), &rows, strings.TrimPrefix(r.URL.Path, "/")); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page) // who has gone does not read it
	}), nil
}
