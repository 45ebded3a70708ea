package portal_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jmoiron/sqlx"

	"zharia/portal/database"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// watching is a pool that says, of each transaction of reads, from which tables it took.
type watching struct {
	driver.Connector
	saw func(tables []string)
}

func (w watching) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := w.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return watched{conn.(driverConn), w.saw}, nil
}

type watched struct {
	driverConn
	saw func(tables []string)
}

func (w watched) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := w.driverConn.BeginTx(ctx, opts)
	return watchedTx{tx, w}, err
}

// watchedTx is a transaction of its own, of what holds rows while it reads.
type watchedTx struct {
	driver.Tx
	watched
}

func (t watchedTx) Commit() error {
	if err := t.look(context.Background()); err != nil {
		return err
	}
	return t.Tx.Commit()
}

func (t watchedTx) Rollback() error { return t.Tx.Rollback() }

const tablesRead = `SELECT relname FROM pg_stat_xact_user_tables WHERE schemaname = 'public' AND seq_scan + coalesce(idx_scan, 0) > 0 ORDER BY 1`

func (w watched) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if query == "COMMIT" {
		if err := w.look(ctx); err != nil {
			return nil, err
		}
	}
	return w.driverConn.ExecContext(ctx, query, args)
}

func (w watched) look(ctx context.Context) error {
	rows, err := w.driverConn.QueryContext(ctx, tablesRead, nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	var all []string
	for row := make([]driver.Value, 1); ; {
		switch err := rows.Next(row); err {
		case nil:
			all = append(all, fmt.Sprintf("%s", row[0]))
		case io.EOF:
			w.saw(all)
			return nil
		default:
			return err
		}
	}
}

// looks are the pages that are shown again, and by whom they are looked at here.
func (s *stage) looks() []look {
	at := func(pattern, thing string) string { return fmt.Sprintf(pattern, s.objects[thing]) }
	all := []look{
		{who: s.Aigul, path: at("/kk/cases/%s", "theft")},
		{who: s.Serik, path: at("/ru/cases/%s", "theft")},
		{who: s.Dana, path: at("/kk/cases/%s", "theft")},
		{who: s.Aigul, path: at("/kk/filings/%s", "answered")},
		{who: s.Aigul, path: at("/kk/filings/%s", "complaint")},
		{who: s.Aigul, path: at("/kk/filings/%s", "to court")},
	}
	for i := range all {
		all[i].guest = s.as(all[i].who)
	}
	return all
}

type look struct {
	*guest
	who  *portaltest.Actor
	path string
}

// again is what the person is shown, whether made anew or before.
func (l look) again() string { return answered(l.get(l.path)) }

// answered is an answer; of a failure the page names the request, which is another each time.
func answered(a answer) string {
	if a.StatusCode >= http.StatusInternalServerError {
		return fmt.Sprint(a.StatusCode)
	}
	return fmt.Sprint(a.StatusCode, a.body)
}

// anew is what the page would be, made from what the database holds now: under an address
// of its own it was never shown.
func (l look) anew() string {
	asked := "?anew=" + uuid.NewString()
	a := l.get(l.path + asked)
	return strings.NewReplacer(asked, "", url.QueryEscape(asked), "").Replace(answered(a))
}

// rowsTried is how many rows of each table are tried; AGAIN=all (make campaigns): all.
var rowsTried = map[bool]int{false: 1, true: 1 << 30}[os.Getenv("AGAIN") == "all"]

// beside are tables that what is shown again does not depend on through their rows.
var beside = map[string]string{
	"session":        "the page is one session's; what it holds is in the name of the page",
	"sight":          "the law, put there with the program",
	"seat":           "the law, put there with the program",
	"timetable":      "the law, put there with the program",
	"substitution":   "of officials, who are shown nothing again",
	"schema_version": "the program's",
}

// Whichever row of the database goes or comes: what is shown again is what would be made
// anew.
func TestWhatIsShownAgainIsWhatWouldBeMadeAnew(t *testing.T) {
	t.Parallel()
	s := &stage{t: t}
	s.fresh()
	if _, err := s.SQL.Exec(furnish + `; ALTER TABLE supplement DISABLE TRIGGER stays; DELETE FROM supplement WHERE n = 50; ALTER TABLE supplement ENABLE TRIGGER stays`); err != nil { // whose words nobody sealed
		t.Fatal(err)
	}
	looks := s.looks()
	for _, l := range looks {
		for range 2 {
			if got := l.again(); !strings.HasPrefix(got, "200") {
				t.Fatalf("%s: %s", l.path, short(got))
			}
		}
	}
	was := make([]string, len(looks))
	for i, l := range looks {
		was[i] = l.again()
		if now := l.anew(); now != was[i] {
			t.Fatalf("%s: the page names its address otherwise than expected:\n%s", l.path, difference(was[i], now))
		}
	}
	conn, err := s.SQL.Connx(t.Context()) // one that no rule of the schema holds back
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	do := func(query string, args ...any) {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(query, err)
		}
	}
	for _, table := range touching(t, s.SQL) {
		do(`ALTER TABLE ` + table + ` ENABLE ALWAYS TRIGGER touches, ENABLE ALWAYS TRIGGER touches_new`)
	}
	do(`SET session_replication_role = replica`)
	var tables []string
	if err := s.SQL.Select(&tables, `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	tried, changed := 0, 0
	for _, table := range tables {
		if beside[table] != "" {
			continue
		}
		do(`DROP TABLE IF EXISTS pg_temp.aside`)
		do(`CREATE TEMP TABLE aside AS SELECT row_number() OVER (ORDER BY md5(t::text)) AS n, t AS line FROM ` + table + ` t`)
		var rows int
		if err := conn.GetContext(t.Context(), &rows, `SELECT count(*) FROM aside`); err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= min(rows, rowsTried); n++ {
			tried++
			do(`DELETE FROM `+table+` t WHERE t = (SELECT line FROM aside WHERE n = $1)`, n)
			for _, l := range looks {
				got, want := l.again(), l.anew()
				if got != want {
					t.Errorf("%s of %s: a row of %s has gone, and it is shown as it was:\n%s", l.path, l.who.Word, table, difference(want, got))
				}
				l.again() // and without the row it is shown again
			}
			do(`INSERT INTO `+table+` OVERRIDING SYSTEM VALUE SELECT (line).* FROM aside WHERE n = $1`, n)
			for i, l := range looks {
				if got := l.again(); got != was[i] {
					changed++
					if want := l.anew(); got != want {
						t.Errorf("%s of %s: a row of %s came, and it is shown as it was:\n%s", l.path, l.who.Word, table, difference(want, got))
					}
				}
			}
		}
	}
	t.Logf("%d rows of %d tables went and came; %d pages looked otherwise afterwards than at first", tried, len(tables), changed)
	if tried < 45 {
		t.Errorf("only %d rows were tried", tried)
	}
}

// difference is where two pages part.
func difference(want, got string) string {
	i := 0
	for i < min(len(want), len(got)) && want[i] == got[i] {
		i++
	}
	from := max(0, i-80)
	return fmt.Sprintf("  anew: …%s\n  again: …%s", want[from:min(len(want), i+200)], got[from:min(len(got), i+200)])
}

// touching are the tables that say, of each row that comes, changes or goes, what it touches.
func touching(t *testing.T, db *sqlx.DB) (tables []string) {
	t.Helper()
	if err := db.Select(&tables, `SELECT tgrelid::regclass::text FROM pg_trigger
		WHERE (tgname, tgtype) IN (('touches', 25), ('touches_new', 4)) AND tgenabled = 'O' GROUP BY 1 HAVING count(*) = 2`); err != nil {
		t.Fatal(err)
	}
	return tables
}

// Each table that such a page takes from says what it touches, or stands beside for a reason.
func TestEachTableThatAPageShownAgainIsMadeOfSaysWhatItTouches(t *testing.T) {
	t.Parallel()
	s := &stage{t: t}
	s.fresh()
	read := map[string]bool{}
	db, err := database.OpenThrough(t.Context(), s.DB.DSN(), database.App, func(to driver.Connector) driver.Connector {
		return watching{to, func(tables []string) {
			for _, table := range tables {
				read[table] = true
			}
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s.App = vault.New(db, s.App.Keys)
	s.front = openOver(t, s.W, s.Verifier)
	for _, l := range s.looks() {
		l.get(l.path).want(t, l.path, http.StatusOK)
	}
	tells := touching(t, s.SQL)
	for table := range read {
		if tells := slices.Contains(tells, table); tells == (beside[table] != "") {
			t.Errorf("%s: says what is touched: %v; beside for the reason %q", table, tells, beside[table])
		}
	}
	if len(read) < 30 {
		t.Errorf("only %d tables were read: nobody watches", len(read))
	}
}

// A look that is shown again costs one question; a minute later, and to another session of
// the same person, the page is made anew.
func TestAPageIsShownAgainToOneSessionAndForLessThanAMinute(t *testing.T) {
	t.Parallel()
	f, counts, _ := overTally(t)
	g, path := f.as(f.Aigul), "/kk/cases/"+f.Theft.String()
	asks := func(g *guest) int {
		t.Helper()
		counts.take()
		g.get(path).want(t, path, http.StatusOK)
		return len(counts.take())
	}
	for i, again := range []bool{false, false, true, true} { // what it is made of is asked of the second look on
		if n := asks(g); again != (n == 1) {
			t.Errorf("look %d: %d questions", i, n)
		}
	}
	f.At = f.At.Add(30 * time.Second)
	if n := asks(g); n != 1 {
		t.Errorf("after half a minute: %d questions", n)
	}
	f.At = f.At.Add(-31 * time.Second) // a clock that was set back
	if n := asks(g); n == 1 {
		t.Error("what will be made was shown")
	}
	f.At = f.At.Add(time.Minute)
	if n := asks(g); n == 1 {
		t.Error("a minute later it was shown again")
	}
	if n := asks(g); n != 1 {
		t.Errorf("and then again: %d questions", n)
	}
	if n := asks(f.as(f.Aigul)); n == 1 {
		t.Error("another session was shown what was made for this one")
	}
	official := f.as(f.Daniyar)
	for range 4 {
		if n := asks(official); n == 1 {
			t.Error("an official was shown a page again")
		}
	}
}

// A term ends, and the day: at that moment, not within the minute.
func TestWhatIsShownAgainTellsOfATermAtTheMomentItEnds(t *testing.T) {
	t.Parallel()
	f := open(t)
	id := f.Complaint(f.Aigul, f.Theft, "other", "term-extended")
	var due time.Time
	if err := f.SQL.Get(&due, `SELECT due_at FROM filing WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	for _, moment := range []time.Time{due, due.Truncate(24 * time.Hour).Add(19 * time.Hour)} { // midnight in Almaty
		f.At = moment.Add(-10 * time.Second)
		g := f.as(f.Aigul)
		for _, path := range []string{"/kk/cases/" + f.Theft.String(), "/kk/filings/" + id.String()} {
			l := look{guest: g, path: path}
			f.At = moment.Add(-10 * time.Second)
			before := l.again()
			for range 3 {
				l.again()
			}
			for _, after := range []time.Duration{-time.Second, 0, time.Second} {
				f.At = moment.Add(after)
				got, want := l.again(), l.anew()
				if got != want {
					t.Errorf("%s, %v after: it is shown as it was:\n%s", path, after, difference(want, got))
				}
				if moment.Equal(due) && after > 0 && got == before {
					t.Errorf("%s: nothing tells that the term has ended", path)
				}
			}
		}
	}
}

// The status ends: from the commit on the page that was shown is nowhere.
func TestWhatWasShownIsNowhereOnceTheStatusHasEnded(t *testing.T) {
	t.Parallel()
	f := open(t)
	g, path := f.as(f.Aigul), "/kk/cases/"+f.Theft.String()
	for range 3 {
		g.get(path).want(t, "while she is a victim", http.StatusOK)
	}
	if err := f.End(f.Daniyar, f.Participant("aigul@theft")); err != nil {
		t.Fatal(err)
	}
	l := look{guest: g, path: path}
	if got, want := l.again(), l.anew(); got != want || strings.Contains(got, "/kk/decisions/") {
		t.Errorf("it is shown as it was:\n%s", difference(want, got))
	}
}
