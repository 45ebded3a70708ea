package portal_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// tally counts what the pool that serves people asks of PostgreSQL.
type tally struct {
	mu    sync.Mutex
	asked []string // each statement as it goes over the network, to be made ready or to be run
	also  func(query string)
}

func (y *tally) hear(query string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.also != nil {
		y.also(query)
	}
	y.asked = append(y.asked, query)
}

// take is what was asked since it was called last.
func (y *tally) take() []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	asked := y.asked
	y.asked = nil
	return asked
}

// driverConn is what a connection of the portal does (portal/database).
type driverConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type counting struct {
	driver.Connector
	*tally
}

func (c counting) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return counted{conn.(driverConn), c.tally}, nil
}

// counted is a connection; each call of it is a round trip.
type counted struct {
	driverConn
	*tally
}

func (c counted) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.hear(query)
	return c.driverConn.ExecContext(ctx, query, args)
}

func (c counted) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.hear(query)
	return c.driverConn.QueryContext(ctx, query, args)
}

func (c counted) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	c.hear("PREPARE " + query)
	stmt, err := c.driverConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return countedStmt{stmt.(ready), query, c.tally}, nil
}

func (c counted) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.hear("BEGIN")
	tx, err := c.driverConn.BeginTx(ctx, opts)
	return countedTx{tx, c.tally}, err
}

// ready is a statement that PostgreSQL keeps.
type ready interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type countedStmt struct {
	ready
	query string
	*tally
}

func (s countedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.hear(s.query)
	return s.ready.ExecContext(ctx, args)
}

func (s countedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.hear(s.query)
	return s.ready.QueryContext(ctx, args)
}

type countedTx struct {
	driver.Tx
	*tally
}

func (t countedTx) Commit() error   { t.hear("COMMIT"); return t.Tx.Commit() }
func (t countedTx) Rollback() error { t.hear("ROLLBACK"); return t.Tx.Rollback() }

// chief is a page that people open most, and who opens it.
type chief struct {
	name  string
	who   *portaltest.Actor
	path  string
	again bool // it is looked at under the same address, so it may be shown as it was made before
}

// look is the address of one look at it.
func (c chief) look() string {
	if c.again {
		return c.path
	}
	return c.path + "?look=" + uuid.NewString()
}

// overTally is a portal whose questions are counted, and its chief pages.
func overTally(t testing.TB) (*front, *tally, []chief) {
	t.Helper()
	w := portaltest.World(t)
	counts := &tally{}
	db, err := database.OpenThrough(t.Context(), w.DB.DSN(), database.App, func(to driver.Connector) driver.Connector { return counting{to, counts} })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w.App = vault.New(db, w.App.Keys)
	f := openOver(t, w, w.Verifier)
	petition := f.Petition(f.Aigul, f.Theft).String()
	report := f.Report(f.Aigul, f.Story()).String()
	theft := f.Theft.String()
	return f, counts, []chief{
		{"home", nil, "/kk/", false},
		{"home of a person", f.Aigul, "/kk/", false},
		{"cases", f.Aigul, "/kk/cases", false},
		{"case of a victim", f.Aigul, "/kk/cases/" + theft, false},
		{"case of a victim, looked at again", f.Aigul, "/kk/cases/" + theft, true},
		{"case of a defender", f.Dana, "/kk/cases/" + theft, false},
		{"case of its investigator", f.Daniyar, "/kk/cases/" + theft, false},
		{"decision", f.Aigul, "/kk/decisions/" + f.Decision("victim-recognised").String(), false},
		{"filing", f.Aigul, "/kk/filings/" + petition, false},
		{"filing, looked at again", f.Aigul, "/kk/filings/" + petition, true},
		{"filing to its decider", f.Daniyar, "/kk/filings/" + petition, false},
		{"form of a filing", f.Aigul, "/kk/cases/" + theft + "/filings/new", false},
		{"status of a report", f.Aigul, "/kk/reports/" + report, false},
		{"desk", f.Daniyar, "/kk/desk", false},
		{"notices", f.Aigul, "/kk/notices", false},
	}
}

// What each chief page asks of PostgreSQL once the portal is warm: one that asks more
// than before shows in review.
func TestTheChiefPagesAskTheDatabaseWhatTheGoldenFileSays(t *testing.T) {
	t.Parallel()
	f, counts, pages := overTally(t)
	guests := map[*portaltest.Actor]*guest{nil: f.visitor()}
	lines := []string{fmt.Sprintf("%-35s%12s%13s", "page", "statements", "round trips")}
	for _, page := range pages {
		if guests[page.who] == nil {
			guests[page.who] = f.as(page.who)
		}
		g := guests[page.who]
		for range 3 { // the first looks leave traces, and make statements ready
			g.get(page.look()).want(t, page.name, http.StatusOK)
		}
		counts.take()
		g.get(page.look()).want(t, page.name, http.StatusOK)
		asked, statements := counts.take(), 0
		for _, query := range asked {
			if strings.HasPrefix(query, "PREPARE ") {
				t.Errorf("%s: a statement is made ready anew: %s", page.name, query)
			}
			switch strings.TrimSuffix(strings.Fields(query)[0], ";") {
			case "BEGIN", "COMMIT", "ROLLBACK", "SET":
			default:
				statements++
			}
		}
		lines = append(lines, fmt.Sprintf("%-35s%12d%13d", page.name, statements, len(asked)))
	}
	golden(t, "statements.golden", strings.Join(lines, "\n")+"\n")
}

// BenchmarkPages is what each chief page costs: milliseconds of CPU here and in
// PostgreSQL, whatever else the machine does. The time on the clock says little.
func BenchmarkPages(b *testing.B) {
	f, counts, pages := overTally(b)
	if _, err := f.SQL.Exec(`VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
	for _, page := range pages {
		b.Run(strings.ReplaceAll(page.name, " ", "-"), func(b *testing.B) {
			g := f.visitor()
			if page.who != nil {
				g = f.as(page.who)
			}
			for range 5 {
				g.get(page.look()).want(b, page.name, http.StatusOK)
			}
			counts.take()
			here, there := cpuHere(b), cpuOfServer(b, f)
			n := 0
			for b.Loop() {
				g.get(page.look())
				n++
			}
			asked := len(counts.take())
			spent := cpuOfServer(b, f)
			var server time.Duration
			for pid, now := range spent {
				if was, known := there[pid]; known {
					server += now - was
				}
			}
			per := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(n) }
			b.ReportMetric(per(cpuHere(b)-here), "portal-cpu-ms/page")
			b.ReportMetric(per(server), "postgres-cpu-ms/page")
			b.ReportMetric(float64(asked)/float64(n), "trips/page")
		})
	}
}

func cpuHere(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// cpuOfServer is what each process of PostgreSQL that serves this database has used;
// the one that answers this question is not among those that are compared, as it comes
// from another pool and works between the pages only.
func cpuOfServer(b *testing.B, f *front) map[int]time.Duration {
	b.Helper()
	var pids []int
	if err := f.SQL.Select(&pids, `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		b.Fatal(err)
	}
	used := map[int]time.Duration{}
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
		if err != nil {
			b.Skip("no /proc on this machine: ", err)
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		used[pid] = time.Duration(ns)
	}
	return used
}

// BenchmarkStatements is what each statement of the victim's case page costs PostgreSQL,
// the dearest first: microseconds of CPU in a page. go test ./portal -run XXX -bench Statements
func BenchmarkStatements(b *testing.B) {
	f, counts, pages := overTally(b)
	if _, err := f.SQL.Exec(`VACUUM ANALYZE`); err != nil {
		b.Fatal(err)
	}
	page := pages[slices.IndexFunc(pages, func(c chief) bool { return c.name == "case of a victim" })]
	g := f.as(page.who)
	for range 5 {
		g.get(page.look()).want(b, page.name, http.StatusOK)
	}
	spent, before, last := map[string]time.Duration{}, time.Duration(0), ""
	counts.also = func(query string) { // one page at a time has one connection
		now := sum(cpuOfServer(b, f))
		if last != "" {
			spent[last] += now - before
		}
		before, last = now, strings.Join(strings.Fields(query), " ")
	}
	n := 0
	for b.Loop() {
		g.get(page.look())
		n++
	}
	counts.also = nil
	for _, query := range slices.SortedFunc(maps.Keys(spent), func(a, b string) int { return int(spent[b] - spent[a]) }) {
		b.Logf("%7d µs  %.140s", spent[query].Microseconds()/int64(n), query)
	}
}

func sum(used map[int]time.Duration) (all time.Duration) {
	for _, d := range used {
		all += d
	}
	return all
}
