package portal_test

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia/portal"
	"zharia/portal/database"
	"zharia/portal/filing"
	"zharia/portal/vault"
)

// errDead is what a process that died would never hear; and what one hears that lives, of
// a PostgreSQL that ends.
var errDead error = &pq.Error{Severity: "FATAL", Code: "57P01"}

// reaper stands between a pool and PostgreSQL, numbers each statement, and ends the
// process at one of them: from then on nothing goes through, and connections are gone.
type reaper struct {
	driver.Connector
	mu    sync.Mutex
	armed bool
	at    int  // the number of the statement
	after bool // PostgreSQL has done it, the process has not heard of it
	dead  bool
	lone  bool // no standby takes what is written: a COMMIT that a crash ended is on one disk
	seen  []string
}

// alive is a connection of lib/pq: all that database/sql makes use of.
type alive interface {
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

type (
	mortal struct {
		alive
		*reaper
	}
	mortalStmt struct {
		driver.Stmt
		query string
		*reaper
	}
	mortalTx struct {
		driver.Tx
		*reaper
	}
)

func (r *reaper) Connect(ctx context.Context) (driver.Conn, error) {
	r.mu.Lock()
	dead := r.dead
	r.mu.Unlock()
	if dead {
		return nil, errDead
	}
	conn, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &mortal{conn.(alive), r}, nil
}

// does is one statement: the process dies before it, after it, or lives on.
func does[T any](r *reaper, query string, do func() (T, error)) (T, error) {
	var none T
	r.mu.Lock()
	if r.dead || r.lone && strings.Contains(query, "pg_logical_emit_message") {
		r.mu.Unlock()
		return none, errDead
	}
	now := false
	if r.armed {
		r.seen = append(r.seen, head(query))
		now = len(r.seen) == r.at
		r.dead = now
	}
	r.mu.Unlock()
	if now && !r.after {
		return none, errDead
	}
	out, err := do()
	if now {
		return none, errDead
	}
	return out, err
}

// head is how a statement begins, without what it carries.
func head(query string) string {
	text := strings.Join(strings.Fields(query), " ")
	if strings.HasPrefix(text, "SET LOCAL portal.person") {
		return "SET LOCAL: who asks"
	}
	if len(text) > 70 {
		text = text[:70] + "…"
	}
	return text
}

func (m *mortal) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	m.mu.Lock()
	dead := m.dead
	m.mu.Unlock()
	if dead {
		return nil, errDead
	}
	st, err := m.alive.PrepareContext(ctx, query)
	return &mortalStmt{st, query, m.reaper}, err
}

func (m *mortal) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return does(m.reaper, "BEGIN", func() (driver.Tx, error) {
		tx, err := m.alive.BeginTx(ctx, opts)
		return &mortalTx{tx, m.reaper}, err
	})
}

func (m *mortal) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return does(m.reaper, query, func() (driver.Result, error) { return m.alive.ExecContext(ctx, query, args) })
}

func (m *mortal) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return does(m.reaper, query, func() (driver.Rows, error) { return m.alive.QueryContext(ctx, query, args) })
}

func (s *mortalStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return does(s.reaper, s.query, func() (driver.Result, error) { return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args) })
}

func (s *mortalStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return does(s.reaper, s.query, func() (driver.Rows, error) { return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args) })
}

func (t *mortalTx) Commit() error {
	_, err := does(t.reaper, "COMMIT", func() (struct{}, error) { return struct{}{}, t.Tx.Commit() })
	return err
}

// IsValid has the pool drop a connection of the dead.
func (m *mortal) IsValid() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.dead && m.alive.IsValid()
}

// revive has the database answer again.
func (r *reaper) revive() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dead, r.armed = false, false
}

// mortal is a portal of its own over the world, whose process dies at a statement of what
// is asked from here on.
func (f *front) mortal(t *testing.T, at int, after bool) (*front, *reaper, func()) {
	t.Helper()
	r := &reaper{at: at, after: after}
	db, err := database.OpenThrough(t.Context(), f.App.DSN(), database.App, func(to driver.Connector) driver.Connector {
		r.Connector = to
		return r
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Await(time.Millisecond)
	front := behind(t, f.W, vault.New(db, f.App.Keys), func(*portal.Portal) {})
	r.mu.Lock()
	r.armed = true
	r.mu.Unlock()
	return front, r, func() { db.Close() }
}

// kept is what stands in the database of one filing: every part of it or none.
func (f *front) kept(t *testing.T, draft uuid.UUID, digest string) (parts int) {
	t.Helper()
	err := f.SQL.Get(&parts, `
		SELECT (status <> 'draft' AND number IS NOT NULL AND filed_at IS NOT NULL)::int
		     + (SELECT count(*) FROM record WHERE object_id = f.id AND act = 'filing-submit' AND encode(digest, 'hex') = $2)::int
		     + (SELECT count(*) FROM document d WHERE d.id = f.document AND d.signed_at IS NOT NULL AND d.cms IS NOT NULL AND encode(d.digest, 'hex') = $2)::int
		     + (SELECT count(*) FROM evidence e WHERE e.document = f.document)::int
		     + (SELECT count(*) FROM submission s WHERE s.document = f.document AND s.of = f.id)::int
		     + (SELECT count(*) FROM job j WHERE j.args->>'filing' = f.id::text)::int
		  FROM filing f WHERE f.id = $1`, draft, digest)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

const inAll = 6 // parts of a filing

// RELIABILITY R04: the process dies before each statement of a filing, and after each
// COMMIT, where PostgreSQL has done it and nobody heard. What stays is all of the filing
// or nothing of it (I3), the same sent again is filed once under one number (I2, I5), and
// what was filed is what was signed (I1). With CRASH=all it dies after each statement, too.
func TestAFilingSurvivesADeathAtAnyOfItsStatements(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	sends := func(over *front, to string, sent url.Values) answer {
		other := &guest{front: over, cookie: g.cookie, home: g.home}
		return other.post(to, sent)
	}

	// Nobody dies: these are the points.
	draft := f.petitionDraft()
	to, sent := g.ready(f.Aigul, draft)
	healthy, counted, end := f.mortal(t, 0, false)
	sends(healthy, to, sent).want(t, "nobody dies", http.StatusSeeOther)
	end()
	points := counted.seen
	golden(t, "crash.txt", strings.Join(points, "\n")+"\n")
	if got := f.kept(t, draft, sent.Get("digest")); got != inAll {
		t.Fatalf("%d parts of a filing, want %d", got, inAll)
	}

	died, lasted := 0, 0
	die := func(at int, after bool) {
		died++
		draft := f.petitionDraft()
		to, sent := g.ready(f.Aigul, draft)
		dying, r, end := f.mortal(t, at, after)
		said := sends(dying, to, sent) // nobody hears the answer, unless it was the database that died
		end()
		if !r.dead {
			t.Fatalf("at %d it did not die", at)
		}
		where := points[at-1]
		if said.StatusCode != http.StatusAccepted {
			said.want(t, fmt.Sprintf("the database ended at %d, %s", at, where), http.StatusServiceUnavailable)
			for name := range sent { // nothing is signed anew
				if said.hidden(t, name) != sent.Get(name) {
					t.Errorf("the database ended at %d, %s: the page to send it again has another %s", at, where, name)
				}
			}
			if !strings.Contains(said.body, `<form method="post" action="`+to+`">`) || said.Header.Get("Retry-After") == "" {
				t.Errorf("the database ended at %d, %s: it cannot be sent again\n%s", at, where, short(said.body))
			}
		}
		switch got := f.kept(t, draft, sent.Get("digest")); got {
		case inAll:
			lasted++
			if !after || where != "COMMIT" {
				t.Errorf("dead at %d, %s: it is filed", at, where)
			}
		case 0:
		default:
			t.Errorf("dead at %d, %s, after it %v: %d of %d parts are there", at, where, after, got, inAll)
		}
		if a := g.post(to, sent); a.StatusCode != http.StatusSeeOther || a.to() != "/kk/filings/"+draft.String() {
			t.Errorf("dead at %d, %s: sent again, status %d to %s", at, where, a.StatusCode, a.to())
		}
		if got := f.kept(t, draft, sent.Get("digest")); got != inAll {
			t.Errorf("dead at %d, %s: sent again, %d of %d parts", at, where, got, inAll)
		}
		paper := g.get("/kk/filings/" + draft.String() + "/document").body
		if sum := sha256.Sum256([]byte(paper)); hex.EncodeToString(sum[:]) != sent.Get("digest") {
			t.Errorf("dead at %d, %s: the paper is another", at, where)
		}
	}
	for i, point := range points {
		die(i+1, false)
		if point == "COMMIT" || os.Getenv("CRASH") == "all" {
			die(i+1, true)
		}
	}
	t.Logf("%d points, %d deaths, %d after the filing was there", len(points), died, lasted)
	if lasted == 0 {
		t.Error("it never died after the COMMIT of the filing")
	}
	var twice int
	if err := f.SQL.Get(&twice, `SELECT count(number) - count(DISTINCT number) FROM filing`); err != nil || twice != 0 {
		t.Errorf("%d numbers were given twice, %v", twice, err)
	}
	f.Sound()
}

// The connection is lost during COMMIT and the database is away: she is told that it is
// being checked, never that it failed; the page asks again, and leads to the filing.
func TestWhoseCommitIsUnknownIsToldThatItIsBeingChecked(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	last := 0
	for i, point := range strings.Split(strings.TrimSpace(crashPoints(t)), "\n") {
		if point == "COMMIT" {
			last = i + 1
		}
	}
	for _, c := range []struct {
		name  string
		after bool
	}{{"it was done", true}, {"it was not", false}} {
		t.Run(c.name, func(t *testing.T) {
			draft := f.Draft(f.Aigul, f.Theft, filing.NewFiling{Kind: "petition", Ground: "other"})
			to, sent := g.ready(f.Aigul, draft)
			dying, r, end := f.mortal(t, last, c.after)
			defer end()
			her := &guest{front: dying, cookie: g.cookie, home: g.home}
			a := her.post(to, sent).want(t, "the database goes away", http.StatusAccepted)
			check := func(a answer, lang string) string {
				t.Helper()
				w := f.Words.In(lang)
				if !strings.Contains(a.body, w.T("submission.lead")) || strings.Contains(a.body, w.T("fault.ours")) || strings.Contains(a.body, f.Aigul.Word) {
					t.Errorf("it says\n%s", a.body)
				}
				seconds, page, _ := strings.Cut(a.Header.Get("Refresh"), "; url=")
				if n, err := strconv.Atoi(seconds); err != nil || n < 20 || !strings.Contains(a.body, strings.ReplaceAll(page, "&", "&amp;")) {
					t.Errorf("it asks again by %q", a.Header.Get("Refresh"))
				}
				return page
			}
			page := check(a, "kk")
			check(her.get(page).want(t, "still away", http.StatusAccepted), "kk")
			check(her.get("/ru"+page[3:]).want(t, "still away, in Russian", http.StatusAccepted), "ru")
			r.revive()
			a = her.get(page)
			if c.after {
				if a.want(t, "known", http.StatusSeeOther); a.to() != "/kk/filings/"+draft.String() {
					t.Errorf("it leads to %s", a.to())
				}
				her.post(to, sent).want(t, "sent again all the same", http.StatusSeeOther)
			} else {
				a.want(t, "known", http.StatusOK)
				if !strings.Contains(a.body, f.Words.In("kk").T("submission.lost.lead")) || !strings.Contains(a.body, `href="/kk/filings/`+draft.String()+`"`) {
					t.Errorf("it says\n%s", a.body)
				}
				if number, acts := f.filed(t, draft); number != "" || acts != 0 {
					t.Errorf("filed as %q, %d acts", number, acts)
				}
				her.post(to, sent).want(t, "sent again", http.StatusSeeOther)
			}
			if number, acts := f.filed(t, draft); number == "" || acts != 1 {
				t.Errorf("filed as %q, %d acts", number, acts)
			}
			for _, wrong := range []string{"?tx=1.00000001-1&act=no-act&of=" + draft.String(), "?tx=x&act=filing-submit&of=" + draft.String(), "?tx=1.00000001-1&act=filing-submit&of=x", ""} {
				her.get("/kk/submissions/"+uuid.NewString()+wrong).want(t, wrong, http.StatusNotFound)
			}
		})
	}
}

// The server crashed while a COMMIT waited for the standby, and shows what was filed: nobody
// is told that it is received before the standby has it too.
func TestWhatOneDiskAloneHasIsNotCalledReceived(t *testing.T) {
	t.Parallel()
	f := open(t)
	g := f.as(f.Aigul)
	draft := f.petitionDraft()
	to, sent := g.ready(f.Aigul, draft)
	g.post(to, sent).want(t, "filed", http.StatusSeeOther)
	front, r, end := f.mortal(t, 0, false)
	defer end()
	her := &guest{front: front, cookie: g.cookie, home: g.home}
	asks := "/kk/submissions/" + sent.Get("key")
	ways := map[string]func() answer{
		"of a life before": func() answer {
			return her.get(asks + f.led(f.Aigul.Person, sent.Get("key"), "1.00000001-1", "filing-submit", draft))
		},
		"by its key": func() answer { return her.get(asks) },
		"sent again": func() answer { return her.post(to, sent) },
	}
	for _, alone := range []bool{true, false} {
		r.mu.Lock()
		r.lone = alone
		r.mu.Unlock()
		for what, way := range ways {
			if a := way(); alone {
				a.want(t, what+", on one disk", http.StatusAccepted)
			} else if a.want(t, what, http.StatusSeeOther); a.to() != "/kk/filings/"+draft.String() {
				t.Errorf("%s: it leads to %s", what, a.to())
			}
		}
	}
}

// crashPoints is the list that the other test holds.
func crashPoints(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/crash.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
