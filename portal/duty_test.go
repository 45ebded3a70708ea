package portal_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/job"
	"zharia/portal/portaltest"
)

// poison puts jobs into the queue that were given up.
func (f *front) poison(t testing.TB, n int, name, kind string) {
	t.Helper()
	_, err := f.SQL.ExecContext(t.Context(), `
		INSERT INTO job (id, name, args, run_at, attempts, max, last_error, dead_at)
		SELECT gen_random_uuid(), $2, jsonb_build_object('filing', gen_random_uuid()), $4, 12, 12, $3, $4::timestamptz - n * interval '1 hour' FROM generate_series(1, $1) n`,
		n, name, kind, f.At)
	if err != nil {
		t.Fatal(err)
	}
}

// Whoever may look at what is stuck comes there from the page that he works on, without
// knowing the address; to others no page speaks of it.
func TestWhoeverIsOnDutyFindsTheWayThere(t *testing.T) {
	t.Parallel()
	f := open(t)
	for page, actors := range map[string]map[*portaltest.Actor]bool{
		"/kk/book": {f.Actor("zhandos"): true, f.Marat: false}, "/kk/directory": {f.Bolat: true, f.Marat: false},
	} {
		for actor, may := range actors {
			g := f.as(actor)
			body := g.get(page).want(t, page, http.StatusOK).body
			if strings.Contains(body, `href="/kk/duty"`) != may {
				t.Errorf("%s of %s leads to the duty page: %v", page, actor.FullName(), !may)
			}
			if got := g.get("/kk/duty").StatusCode == http.StatusOK; got != may {
				t.Errorf("%s opens the duty page: %v", actor.FullName(), got)
			}
		}
	}
}

// RELIABILITY R19: whoever is on duty sees what was given up, by kinds and ages and nothing
// of anybody, and has it tried again; each is an act in the record. For everybody else
// there is no such page.
func TestWhatWasGivenUpIsSeenOnDutyAndTriedAgain(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.poison(t, 30, "filing-overdue", "SQLSTATE 40001")
	f.poison(t, 19, "attachment-scan", "took too long")
	f.poison(t, 1, "attachment-scan", "panic")
	g := f.as(f.Bolat)
	for _, lang := range []string{"kk", "ru"} {
		page := g.get("/"+lang+"/duty").want(t, "the duty page", http.StatusOK)
		for _, said := range []string{"filing-overdue", "SQLSTATE 40001", "attachment-scan", "took too long", "panic", "<dd>30</dd>", "<dd>19</dd>", "<dd>1</dd>"} {
			if !strings.Contains(page.body, said) {
				t.Errorf("%s: the page does not say %s", lang, said)
			}
		}
		main := page.body[strings.Index(page.body, "<main"):]
		if regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}`).MatchString(main) {
			t.Errorf("%s: the page names things of people\n%s", lang, main)
		}
	}
	again := url.Values{"name": {"filing-overdue"}, "failure": {"SQLSTATE 40001"}}
	for who, actor := range map[string]*portaltest.Actor{"a citizen": f.Aigul, "an investigator": f.Daniyar, "a prosecutor": f.Zhanar} {
		for what, a := range map[string]answer{"sees": f.as(actor).get("/kk/duty"), "tries again": f.as(actor).post("/kk/duty/jobs", again)} {
			if a.StatusCode != http.StatusForbidden && a.StatusCode != http.StatusNotFound || strings.Contains(a.body, "filing-overdue") {
				t.Errorf("%s %s: %d", who, what, a.StatusCode)
			}
		}
	}
	for what, wrong := range map[string]url.Values{
		"nothing": nil, "another name": {"name": {"no job"}, "failure": {"panic"}}, "another kind": {"name": {"filing-overdue"}, "failure": {"panic"}},
		"too long": {"name": {strings.Repeat("x", 101)}, "failure": {""}},
	} {
		g.post("/kk/duty/jobs", wrong).want(t, what, http.StatusNotFound)
	}
	given := func() (n int) {
		if err := f.SQL.Get(&n, `SELECT count(*) FROM job WHERE dead_at IS NOT NULL`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if given() != 50 {
		t.Fatalf("%d are given up before anybody asked", given())
	}
	g.post("/kk/duty/jobs", again).want(t, "try again", http.StatusSeeOther)
	var due, acts int
	if err := f.SQL.Get(&due, `SELECT count(*) FROM job WHERE name = 'filing-overdue' AND dead_at IS NULL AND attempts = 0 AND run_at = $1`, f.At); err != nil {
		t.Fatal(err)
	}
	if err := f.SQL.Get(&acts, `SELECT count(DISTINCT object_id) FROM record WHERE act = 'job-again' AND object = 'job' AND who = $1`, f.Bolat.Person); err != nil {
		t.Fatal(err)
	}
	if due != 30 || acts != 30 || given() != 20 {
		t.Errorf("%d are due, %d acts, %d still given up", due, acts, given())
	}
	g.post("/kk/duty/jobs", again).want(t, "nothing is left of these", http.StatusNotFound)
	f.Sound()

	// The workers do them, beside new work.
	var done atomic.Int32
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	runner := job.Runner{DB: f.DB.DB, Workers: 2, Poll: 10 * time.Millisecond, Now: func() time.Time { return f.At.Add(time.Second) }, Jobs: map[string]job.Func{
		"filing-overdue": func(_ context.Context, _ *database.DB, j job.Job) error {
			if j.Args["filing"] != uuid.Nil {
				done.Add(1)
			}
			return nil
		},
	}}
	go func() { ended <- runner.Run(ctx) }()
	for end := time.Now().Add(20 * time.Second); done.Load() < 30 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	if err := <-ended; err != nil || done.Load() != 30 {
		t.Errorf("%d were done, %v", done.Load(), err)
	}
}
