package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"zharia/portal/cast"
	"zharia/portal/database"
	"zharia/portal/eds/key"
)

// view is a page that somebody of the cast asks for.
type view struct{ who, page string }

// views are the lists and the case pages of a citizen, counsel, an investigator, the
// head of his unit and a prosecutor.
var views = []view{
	{"aigul", "/kk/cases"},
	{"aigul", "/kk/cases/" + cast.ID("casefile", "theft").String()},
	{"aigul", "/kk/filings"},
	{"dana", "/kk/cases"},
	{"daniyar", "/kk/desk"},
	{"daniyar", "/kk/cases/" + cast.ID("casefile", "theft").String()},
	{"marat", "/kk/unit"},
	{"zhanar", "/kk/oversight"},
}

// flushTime is how long PostgreSQL may keep what it has counted to itself.
const flushTime = 11 * time.Second

// scale starts a portal of its own, puts other people's cases around those of the
// cast, few and then many, and measures the same pages in between. The cast's own
// cases stay as they are: what grows is what its queries must not look at.
func scale(ctx context.Context, out io.Writer, small, large, times int) error {
	p, err := startPortal(ctx)
	if err != nil {
		return errors.Join(ctx.Err(), err)
	}
	err = grow(ctx, out, p, small, large, times)
	if errors.Is(err, errWrong) {
		fmt.Fprintf(os.Stderr, "perfbench: the portal's last words:\n%s", p.lastWords())
	}
	return errors.Join(err, p.end())
}

func grow(ctx context.Context, out io.Writer, p *floodedPortal, small, large, times int) error {
	server, err := database.StartLocal(ctx, database.Local{Dir: filepath.Join(p.state(), "pg")})
	if err != nil {
		return err
	}
	db, err := sqlx.ConnectContext(ctx, "postgres", server.DSN("portal"))
	if err != nil {
		return err
	}
	defer db.Close()
	browsers, err := p.browsers(ctx)
	if err != nil {
		return err
	}
	var before, after []measured
	if err := fill(ctx, db, 0, small); err != nil {
		return err
	}
	if before, err = look(ctx, db, browsers, times); err != nil {
		return err
	}
	if err := fill(ctx, db, small, large); err != nil {
		return err
	}
	if after, err = look(ctx, db, browsers, times); err != nil {
		return err
	}
	fmt.Fprintf(out, "pages among %d and %d decisions, %d and %d participants of other cases; each page %d times; load %s\n", small, large, small/5, large/5, times, load())
	fmt.Fprintf(out, "%-10s %-52s %10s %10s %6s   %10s %10s %6s\n", "who", "page", "query", "query", "ratio", "page p50", "page p50", "ratio")
	var wrong []string
	for i, v := range views {
		b, a := before[i], after[i]
		fmt.Fprintf(out, "%-10s %-52s %10s %10s %6.2f   %10s %10s %6.2f\n", v.who, v.page, b.query, a.query, float64(a.query)/float64(b.query), b.page, a.page, float64(a.page)/float64(b.page))
		for _, table := range a.walked {
			wrong = append(wrong, fmt.Sprintf("%s %s reads %s from end to end", v.who, v.page, table))
		}
	}
	if wrong != nil {
		return fmt.Errorf("%w: %s", errWrong, strings.Join(wrong, "; "))
	}
	fmt.Fprintln(out, "no table of more than 5000 rows was read from end to end")
	return nil
}

// browsers are those of the people in the views, signed in.
func (p *floodedPortal) browsers(ctx context.Context) (map[string]*forger, error) {
	troupe, err := cast.Keys(filepath.Join(p.state(), "cast"), time.Now())
	if err != nil {
		return nil, err
	}
	browsers := map[string]*forger{}
	for _, v := range views {
		if browsers[v.who] != nil {
			continue
		}
		if browsers[v.who], _, err = newCrowd(p.url, []*key.Key{troupe.Members[v.who].Key}).letIn(ctx, 0, time.Now()); err != nil {
			return nil, err
		}
	}
	return browsers, nil
}

// measured is what a page took.
type measured struct {
	query  time.Duration // of the database, the mean of one page
	page   time.Duration // from request to answer, the median
	walked []string      // great tables that were read from end to end
}

const (
	selectActive = `SELECT active_time FROM pg_stat_database WHERE datname = current_database()` // ms
	selectWalked = `
SELECT relname, seq_scan FROM pg_stat_user_tables WHERE n_live_tup > 5000 ORDER BY relname`
)

// settle is longer than PostgreSQL keeps the statistics of an idle session to itself
// (10 s): what the filling took must not be counted to the first page.
const settle = 12 * time.Second

// look asks for every page again and again, one after another. The first times fill
// plans and caches and are not measured.
func look(ctx context.Context, db *sqlx.DB, browsers map[string]*forger, times int) ([]measured, error) {
	for _, v := range views {
		if _, err := v.ask(ctx, browsers[v.who], 5); err != nil {
			return nil, err
		}
	}
	all := make([]measured, len(views))
	time.Sleep(settle)
	start, err := counted(ctx, db)
	if err != nil {
		return nil, err
	}
	for i, v := range views {
		fmt.Fprintf(os.Stderr, "perfbench: %s %s\n", v.who, v.page)
		took, err := v.ask(ctx, browsers[v.who], times)
		if err != nil {
			return nil, err
		}
		end, err := counted(ctx, db)
		if err != nil {
			return nil, err
		}
		all[i] = measured{query: (end.active - start.active) / time.Duration(times), page: took[len(took)/2].Round(10 * time.Microsecond)}
		for table, n := range end.walked {
			if n > start.walked[table] {
				all[i].walked = append(all[i].walked, table)
			}
		}
		slices.Sort(all[i].walked)
		start = end
	}
	return all, nil
}

// ask asks for a page so many times; it gives how long each took, shortest first.
func (v view) ask(ctx context.Context, browser *forger, times int) ([]time.Duration, error) {
	var took []time.Duration
	for range times {
		start := time.Now()
		status, _, err := browser.ask(ctx, http.MethodGet, v.page, nil)
		if err != nil || status != http.StatusOK {
			return nil, fmt.Errorf("%w: %s %s: status %d, %w", errWrong, v.who, v.page, status, err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took, nil
}

// counters are what PostgreSQL has counted.
type counters struct {
	active time.Duration
	walked map[string]int64
}

// counted waits until PostgreSQL has told what it counted.
func counted(ctx context.Context, db *sqlx.DB) (counters, error) {
	select {
	case <-time.After(flushTime):
	case <-ctx.Done():
		return counters{}, ctx.Err()
	}
	var ms float64
	if err := db.GetContext(ctx, &ms, selectActive); err != nil {
		return counters{}, err
	}
	var rows []struct {
		Table string `db:"relname"`
		Scans int64  `db:"seq_scan"`
	}
	if err := db.SelectContext(ctx, &rows, selectWalked); err != nil {
		return counters{}, err
	}
	c := counters{time.Duration(ms * float64(time.Millisecond)).Round(time.Microsecond), map[string]int64{}}
	for _, row := range rows {
		c.walked[row.Table] = row.Scans
	}
	return c, nil
}
