package fence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"zharia"
	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/fence"
	"zharia/portal/materials"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

// unfenced are the tables without row security, each for a reason.
var unfenced = map[string]string{
	"body":           "the names of state bodies are public",
	"session":        "found by the hash of a token that only its browser has; ids and times",
	"challenge":      "found by its session; random bytes",
	"phone_request":  "found by the hash of a token that only the page has; what it holds is sealed",
	"record":         "ids, acts and digests: each act reads the head of the chain and adds to it",
	"trace":          "digests of rows; portal_app may not read it",
	"touched":        "hashes of ids, and times; portal_app may not read it",
	"tree":           "hashes over the record",
	"checkpoint":     "given out to everybody",
	"restoration":    "checkpoints that others hold",
	"job":            "names of work and ids",
	"timetable":      "names of work and times",
	"day_off":        "days of rest, with the act of the Government that moved them",
	"report_book":    "how many reports each body has registered: their numbers say so",
	"courier":        "how far the worker is, and counts",
	"sight":          "the law",
	"seat":           "the law",
	"schema_version": "the digest of the schema",
	"home":           "numbers of this server and database",
	"inbound":        "ids, kinds and codes of messages; what they brought stands in its own tables",
	"event":          "ids and kinds of acts, as the record has them",
	"herald":         "a number",
	"subscriber":     "an address of the register",
	"sending":        "how sendings went",
	"event_paper":    "sealed to a key that the portal has not",
}

func TestEveryTableThatHoldsSomethingOfAPersonIsBehindTheFence(t *testing.T) {
	w := portaltest.World(t)
	var tables []struct {
		Name   string `db:"name"`
		On     bool   `db:"on"`
		Forced bool   `db:"forced"`
	}
	if err := w.SQL.Select(&tables, `SELECT relname AS name, relrowsecurity AS on, relforcerowsecurity AS forced
		FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	if len(tables) < 35 {
		t.Fatalf("found only %d tables: the search is broken", len(tables))
	}
	for _, table := range tables {
		why, open := unfenced[table.Name]
		if open == (table.On && table.Forced) {
			t.Errorf("%s: row security %v, forced %v, and among those without it: %q", table.Name, table.On, table.Forced, why)
		}
	}
}

// everybodys are the tables of which a person who is nobody in any case sees rows all
// the same: himself and the officials.
var everybodys = map[string]string{
	"person":   `SELECT count(*) FROM person p WHERE p.id <> CAST(nullif(current_setting('portal.person'), '') AS uuid) AND NOT EXISTS (SELECT FROM officer o WHERE o.person = p.id)`,
	"officer":  `SELECT count(*) FROM officer WHERE false`,
	"evidence": `SELECT count(*) FROM evidence WHERE person <> CAST(nullif(current_setting('portal.person'), '') AS uuid)`,
}

// count asks as the pool that serves people does, with a query that is no constant.
func count(t testing.TB, w *portaltest.W, person uuid.UUID, query string, args ...any) (n int) {
	t.Helper()
	err := asApp(t, w, person, func(tx execer) error { return tx.GetContext(t.Context(), &n, query, args...) })
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestAStrangerSeesNoRowOfAnybodyAndNobodySeesNone(t *testing.T) {
	c := gather(t, []policy.Kind{"victim-recognised", "suspect-recognised", "group"})
	c.Petition(c.Aigul, c.Theft)
	var tables []string
	if err := c.SQL.Select(&tables, `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relforcerowsecurity AND has_table_privilege('portal_app', oid, 'SELECT') ORDER BY 1`); err != nil {
		t.Fatal(err)
	}
	filled := 0
	for _, table := range tables {
		var all int
		if err := c.SQL.Get(&all, `SELECT count(*) FROM `+table); err != nil {
			t.Fatal(err)
		}
		if all > 0 {
			filled++
		}
		query := `SELECT count(*) FROM ` + table
		if n := count(t, c.W, uuid.Nil, query); n != 0 {
			t.Errorf("nobody sees %d of %d rows of %s", n, all, table)
		}
		if other := everybodys[table]; other != "" {
			query = other
		}
		if n := count(t, c.W, c.Stranger.Person, query); n != 0 {
			t.Errorf("a stranger sees %d of %d rows of %s", n, all, table)
		}
		for _, s := range c.people {
			if s.duty == "administrator" || s.duty == "auditor" || s.duty == "registrar" || s.duty == "judge" {
				if slices.Contains([]string{"appointment", "substitution", "person", "officer", "evidence"}, table) {
					continue
				}
				if n := count(t, c.W, s.person, query); n != 0 {
					t.Errorf("a %s sees %d rows of %s", s.duty, n, table)
				}
			}
		}
	}
	if filled < 12 {
		t.Errorf("only %d of these tables hold anything: the test tells little", filled)
	}
}

func TestWhatACitizenMayNotWriteIsRefusedByTheDatabaseItself(t *testing.T) {
	w := portaltest.World(t)
	filed := w.Petition(w.Aigul, w.Theft)
	before := w.Rows(t, `SELECT id, status, role, person FROM participant ORDER BY id`) + w.Rows(t, `SELECT id, status, decider FROM filing`) +
		w.Rows(t, `SELECT id, kind, status FROM decision ORDER BY id`) + w.Rows(t, `SELECT person, post, left_at FROM officer ORDER BY person`)
	aigul, serik := w.Aigul.Person, w.Serik.Person
	tries := []struct {
		who   uuid.UUID
		query string
	}{
		{aigul, `UPDATE participant SET status = 'confirmed' WHERE person = '` + aigul.String() + `'`},
		{aigul, `UPDATE participant SET status = 'confirmed'`},
		{aigul, `UPDATE participant SET role = 'suspect', status = 'confirmed'`},
		{aigul, `UPDATE participant SET status = 'ended', ended_at = now() WHERE person = '` + serik.String() + `'`},
		{aigul, `DELETE FROM participant`},
		{aigul, `INSERT INTO participant (id, casefile, person, role, basis, status, asked_at, since, confirmed_at, confirmed_by)
			SELECT gen_random_uuid(), '` + w.Theft.String() + `', '` + aigul.String() + `', 'accused', 'law', 'confirmed', now(), now(), now(), '` + w.Daniyar.Person.String() + `'`},
		{serik, `UPDATE filing SET status = 'withdrawn'`},
		{serik, `UPDATE filing SET status = 'refused', ended_at = now() WHERE id = '` + filed.String() + `'`},
		{serik, `DELETE FROM filing`},
		{aigul, `INSERT INTO decision (id, casefile, kind, status, author, decided_on, document, made_at)
			SELECT gen_random_uuid(), '` + w.Theft.String() + `', 'group', 'draft', '` + aigul.String() + `', now(), document, now() FROM filing LIMIT 1`},
		{aigul, `UPDATE decision SET status = 'draft', published_at = NULL`},
		{aigul, `UPDATE decision SET flags = '{}'`},
		{aigul, `DELETE FROM decision`},
		{aigul, `UPDATE officer SET left_at = now()`},
		{aigul, `INSERT INTO officer (person, post, body) SELECT '` + aigul.String() + `', 'investigator', id FROM body LIMIT 1`},
		{aigul, `UPDATE casefile SET investigator = prosecutor`},
		{aigul, `UPDATE person SET name = 'x' WHERE id <> '` + aigul.String() + `'`},
		{aigul, `UPDATE document SET signed_at = NULL, cms = NULL, signer = NULL WHERE author <> '` + aigul.String() + `'`},
		{aigul, `INSERT INTO answer (filing, author, outcome, reasons, language, document, made_at)
			SELECT id, '` + aigul.String() + `', 'granted', 'x', 'kk', document, now() FROM filing`},
		{aigul, `INSERT INTO opening (id, casefile, person, standing, object, object_id, reason, at)
			SELECT gen_random_uuid(), '` + w.Theft.String() + `', '` + serik.String() + `', 'suspect', 'decision', gen_random_uuid(), 'own', now()`},
		{aigul, `DELETE FROM opening`},
		{aigul, `DELETE FROM record`},
		{aigul, `UPDATE record SET who = NULL`},
		{aigul, `DELETE FROM evidence`},
		{aigul, `UPDATE evidence SET revocation = 'good'`},
		{aigul, `UPDATE sight SET view = 3`},
		{w.Ermek.Person, `UPDATE casefile SET investigator = '` + w.Ermek.Person.String() + `'`},
		{w.Ermek.Person, `UPDATE participant SET status = 'ended', ended_at = now()`},
		{w.Bolat.Person, `UPDATE casefile SET investigator = prosecutor`},
		{w.Bolat.Person, `UPDATE participant SET status = 'ended', ended_at = now()`},
	}
	for _, try := range tries {
		var changed int64
		err := asApp(t, w, try.who, func(tx execer) error {
			result, err := tx.ExecContext(t.Context(), try.query)
			if err == nil {
				changed, err = result.RowsAffected()
			}
			return err
		})
		if err == nil && changed > 0 {
			t.Errorf("%d rows: %s", changed, try.query)
		}
		if refusal := pq.As(err); err != nil && (refusal == nil || refusal.Code != "42501" && !strings.Contains(refusal.Message, "does not change")) {
			t.Errorf("refused, and not for want of right: %v\n%s", err, try.query)
		}
	}
	after := w.Rows(t, `SELECT id, status, role, person FROM participant ORDER BY id`) + w.Rows(t, `SELECT id, status, decider FROM filing`) +
		w.Rows(t, `SELECT id, kind, status FROM decision ORDER BY id`) + w.Rows(t, `SELECT person, post, left_at FROM officer ORDER BY person`)
	portaltest.WantText(t, "what stands in the database", after, before)
}

func TestThePoolThatServesPeopleOwnsNothingAndCannotStepOverTheFence(t *testing.T) {
	w := portaltest.World(t)
	w.Want(t, `SELECT rolname, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname LIKE 'portal\_%' ORDER BY 1`, `
		rolname      | rolsuper | rolbypassrls | rolcanlogin | rolcreaterole | rolcreatedb
		portal_app    | false    | false        | false       | false         | false
		portal_audit  | false    | false        | false       | false         | false
		portal_backup | false    | false        | false       | false         | false
		portal_fence  | false    | false        | false       | false         | false
		portal_owner  | false    | false        | false       | false         | false
		portal_read   | false    | false        | false       | false         | false
		portal_rotate | false    | false        | false       | false         | false
		portal_work   | false    | false        | false       | false         | false`)
	w.Want(t, `SELECT count(*) AS owned FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE r.rolname IN ('portal_app', 'portal_work')`, "owned\n0")
	w.Want(t, `SELECT count(*) AS owned FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner WHERE r.rolname IN ('portal_app', 'portal_work')`, "owned\n0")
	for _, query := range []string{
		`TRUNCATE filing`, `TRUNCATE typed`, `ALTER TABLE filing DISABLE ROW LEVEL SECURITY`, `ALTER TABLE filing NO FORCE ROW LEVEL SECURITY`,
		`DROP TABLE note`, `DROP POLICY seen ON filing`, `CREATE POLICY mine ON filing USING (true)`, `CREATE TABLE loot (id int)`,
		`CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'`, `CREATE SCHEMA mine`, `ALTER TABLE record DISABLE TRIGGER record_grows`,
		`SET LOCAL session_replication_role = replica`, `ALTER FUNCTION fence.me() OWNER TO portal_app`,
		`CREATE OR REPLACE FUNCTION fence.duty(of uuid) RETURNS boolean LANGUAGE sql AS 'SELECT true'`, `COPY filing TO PROGRAM 'cat'`,
	} {
		err := asApp(t, w, w.Daniyar.Person, func(tx execer) error {
			_, err := tx.ExecContext(t.Context(), query)
			return err
		})
		if refusal := pq.As(err); refusal == nil || refusal.Code != "42501" && !strings.Contains(refusal.Message, "must be owner") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

const (
	countParticipants = `SELECT count(*) FROM participant`
	lockParticipants  = `SELECT count(*) FROM (SELECT id FROM participant FOR SHARE) AS locked`
)

// What one transaction said of its asker holds no longer than it, and no longer than
// its context says so.
func TestTheDatabaseForgetsWhoAskedWhenTheTransactionEnds(t *testing.T) {
	w := portaltest.World(t)
	see := func(db *database.DB, ctx context.Context) (n int) {
		t.Helper()
		if err := db.Get(ctx, &n, countParticipants); err != nil {
			t.Fatal(err)
		}
		return n
	}
	aigul := database.As(t.Context(), w.Aigul.Person, uuid.Nil, w.At)
	daniyar := database.As(t.Context(), w.Daniyar.Person, uuid.Nil, w.At)
	if err := w.App.DB.Within(aigul, func(tx *database.DB) error {
		hers, his, hersAgain, nobodys := see(tx, aigul), see(tx, daniyar), see(tx, aigul), see(tx, t.Context())
		if hers == 0 || his <= hers || hersAgain != hers || nobodys != 0 {
			t.Errorf("in one transaction: Aigul %d, Daniyar %d, Aigul again %d, nobody %d", hers, his, hersAgain, nobodys)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for range 40 { // more than there are connections
		if n := see(w.App.DB, t.Context()); n != 0 {
			t.Fatalf("a query that names nobody sees %d rows", n)
		}
	}
}

func TestTheFencesAreWrittenFromThePolicyAndWrittenAnewWhenItIsAnother(t *testing.T) {
	w := portaltest.World(t)
	before := w.Rows(t, `SELECT * FROM sight ORDER BY 1, 2, 3, 4, 5, 6, 7`)
	if strings.Count(before, "\n") < 1000 {
		t.Fatalf("the law is %d rows", strings.Count(before, "\n"))
	}
	for _, query := range []string{`UPDATE sight SET view = 3`, `DELETE FROM seat WHERE role = 'victim'`} {
		if _, err := w.SQL.Exec(query); err != nil {
			t.Fatal(err)
		}
	}
	if err := fence.Raise(t.Context(), w.DB.DB, zharia.Schema); err != nil {
		t.Fatal(err)
	}
	portaltest.WantText(t, "the law in the database", w.Rows(t, `SELECT * FROM sight ORDER BY 1, 2, 3, 4, 5, 6, 7`), before)
	w.Want(t, `SELECT part, side FROM seat WHERE role = 'victim'`, "part | side\ncase | victims")
}

// Of what the investigator signed for one person PostgreSQL makes the same as the
// policy, for every combination there is.
func TestExposuresAreReckonedInTheDatabaseAsInThePolicy(t *testing.T) {
	w := portaltest.World(t)
	type asked struct{ view, part, widens, exposed, narrows pq.StringArray }
	var a asked
	var want []int
	code := func(s policy.Sight) int {
		part := slices.Index([]policy.Part{policy.Whole, policy.PersonalData, policy.CivilClaim}, s.Part)
		switch {
		case s.View <= policy.Fact:
			return int(s.View) * 10
		case part > 0:
			return int(s.View)*10 + part
		}
		return int(s.View)*10 + 20
	}
	seen := map[string]bool{}
	for _, kind := range policy.Kinds {
		for _, seat := range policy.Seats() {
			policy.Viewers(seat, func(v policy.Viewer) {
				if v.Ground == "" || !v.Reached || v.Flagged || v.OthersOfHisSideOnly || v.BeforeJoining {
					return
				}
				plain := v
				plain.Ground, plain.Exposed = "", policy.Hidden
				base, widens := policy.See(kind, plain), policy.Widest(kind, plain).Opened
				if base.View == policy.Hidden && !widens {
					if got := policy.See(kind, v); got.View != policy.Hidden {
						t.Fatalf("%s %+v: opens, and the database has no row for it", kind, v)
					}
					return
				}
				got := code(policy.See(kind, v))
				key := fmt.Sprint(base.View, base.Part, widens, v.Exposed, v.Ground.Narrows(), got)
				if seen[key] {
					return
				}
				seen[key] = true
				a.view = append(a.view, fmt.Sprint(int(base.View)))
				a.part = append(a.part, string(base.Part))
				a.widens = append(a.widens, fmt.Sprint(widens))
				a.exposed = append(a.exposed, fmt.Sprint(int(v.Exposed)))
				a.narrows = append(a.narrows, fmt.Sprint(v.Ground.Narrows()))
				want = append(want, got)
			})
		}
	}
	if len(want) < 30 {
		t.Fatalf("only %d combinations", len(want))
	}
	var got []int
	if err := w.SQL.Select(&got, `SELECT fence.exposed(v, p, w, x, n) FROM unnest(CAST($1 AS int[]), CAST($2 AS text[]), CAST($3 AS boolean[]),
		CAST($4 AS int[]), CAST($5 AS boolean[])) WITH ORDINALITY AS u(v, p, w, x, n, i) ORDER BY i`, a.view, a.part, a.widens, a.exposed, a.narrows); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("view %s part %q widens %s exposed %s narrows %s: %d, the policy %d", a.view[i], a.part[i], a.widens[i], a.exposed[i], a.narrows[i], got[i], want[i])
		}
	}
	t.Logf("%d combinations", len(want))
}

func TestAPersonIsFoundByHisIINAndByNothingElse(t *testing.T) {
	w := portaltest.World(t)
	serik := `SELECT count(*) FROM person WHERE id = '` + w.Serik.Person.String() + `'`
	if n := count(t, w, w.Aigul.Person, serik); n != 0 {
		t.Errorf("the victim sees the row of the suspect")
	}
	if n := count(t, w, w.Dana.Person, serik); n != 1 {
		t.Errorf("his defender does not see his")
	}
	if n := count(t, w, w.Daniyar.Person, serik); n != 1 {
		t.Errorf("the investigator of his case does not see his")
	}
	if n := count(t, w, w.Ermek.Person, serik); n != 0 {
		t.Errorf("an investigator of no case of his sees his")
	}
	if n := count(t, w, w.Bolat.Person, serik); n != 0 {
		t.Errorf("an administrator sees his")
	}
	var tag []byte
	if err := w.SQL.Get(&tag, `SELECT iin_tag FROM person WHERE id = $1`, w.Serik.Person); err != nil {
		t.Fatal(err)
	}
	var found int
	if err := w.App.Get(database.KnowingIIN(t.Context(), tag), &found, `SELECT count(*) FROM person`); err != nil || found != 1 {
		t.Errorf("who knows the IIN finds %d people, %v", found, err)
	}
}

func TestWhoMaySeeARowMayLockItAndNobodyElse(t *testing.T) {
	w := portaltest.World(t)
	see, lock := 0, 0
	ctx := database.As(t.Context(), w.Dana.Person, uuid.Nil, w.At)
	if err := w.App.Get(ctx, &see, countParticipants); err != nil {
		t.Fatal(err)
	}
	if err := w.App.Get(ctx, &lock, lockParticipants); err != nil || lock != see || see == 0 {
		t.Errorf("sees %d, locks %d, %v", see, lock, err)
	}
}

const takeParticipants = `UPDATE participant SET status = 'confirmed' WHERE status = 'awaiting'`

// To the program a refusal of the fence is what is not there, as everything forbidden.
func TestWhatTheFenceRefusesLooksLikeWhatIsNotThere(t *testing.T) {
	w := portaltest.World(t)
	ctx := database.As(t.Context(), w.Aigul.Person, uuid.Nil, w.At)
	if err := w.App.Exec(ctx, takeParticipants); !errors.Is(err, fault.NotFound) {
		t.Errorf("she confirms herself: %v", err)
	}
	w.Want(t, `SELECT status FROM participant WHERE id = '`+w.Participant("aigul@fraud").String()+`'`, "status\nawaiting")
}

// A list asks for all places of the asker at once, a decision alone for those in its case:
// both show the same, to everybody, and both keep the wall of one who acts for several.
func TestAListShowsTheDecisionsThatEachAloneWouldBeShownAs(t *testing.T) {
	w := portaltest.World(t)
	plaintiff, second := uuid.Nil, uuid.New()
	if err := w.SQL.Get(&plaintiff, `SELECT id FROM participant WHERE casefile = $1 AND role = 'civil-plaintiff'`, w.Theft); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`INSERT INTO participant (id, casefile, person, role, represents, basis, status, asked_at, since, confirmed_at, confirmed_by)
		VALUES ($1, $2, $3, 'representative', $4, 'contract', 'confirmed', $5, '2026-10-01', $5, $6)`, second, w.Theft, w.Dana.Person, plaintiff, w.At, w.Daniyar.Person); err != nil {
		t.Fatal(err)
	}
	var all []string
	if err := w.SQL.Select(&all, `SELECT id FROM decision ORDER BY id`); err != nil {
		t.Fatal(err)
	}
	var who []struct{ Person, Acting string }
	if err := w.SQL.Select(&who, `SELECT id AS person, '' AS acting FROM person UNION ALL SELECT person, id::text FROM participant
		UNION ALL SELECT $1, id::text FROM participant WHERE person <> $1`, w.Dana.Person); err != nil {
		t.Fatal(err)
	}
	shown := map[string]int{}
	for _, one := range who {
		err := asApp(t, w, uuid.MustParse(one.Person), func(tx execer) error {
			if _, err := tx.ExecContext(t.Context(), `SELECT set_config('portal.acting', $1, true)`, one.Acting); err != nil {
				return err
			}
			var listed, alone pq.StringArray
			if err := tx.GetContext(t.Context(), &listed, `SELECT coalesce(array_agg(id::text ORDER BY id), '{}') FROM decision WHERE NOT coalesce(fence.disputed(id), false)`); err != nil {
				return err
			}
			if err := tx.GetContext(t.Context(), &alone, `SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM unnest(CAST($1 AS text[])) AS d(id)
				WHERE fence.decision(CAST(id AS uuid)) > 0 AND NOT coalesce(fence.disputed(CAST(id AS uuid)), false)`, pq.StringArray(all)); err != nil {
				return err
			}
			if !slices.Equal(listed, alone) {
				t.Errorf("%s acting as %q: a list shows %v, one by one %v", one.Person, one.Acting, listed, alone)
			}
			var here int
			if err := tx.GetContext(t.Context(), &here, `SELECT count(*) FROM decision WHERE casefile = $1`, w.Theft); err != nil {
				return err
			}
			shown[one.Person+one.Acting] = here
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	dana := w.Dana.Person.String()
	if shown[dana+second.String()] == 0 || shown[dana] != 0 {
		t.Errorf("behind the wall she is shown %d, and %d before she said for whom", shown[dana+second.String()], shown[dana])
	}
	if shown[w.Aigul.Person.String()] == 0 || shown[w.Daniyar.Person.String()] == 0 {
		t.Error("neither the victim nor the investigator is shown a decision: nothing was compared")
	}
}

// The last day of a reading closes the sheets in the database too, but not to those whom the
// Code does not hurry (CPC 296(3)); to them, too, nothing opens before the first. The list
// of the file stays for the record.
func TestTheLastDayOfAReadingIsTheDatabasesToo(t *testing.T) {
	w := portaltest.World(t)
	w.Material(materials.New{}, "Бір парақ.")
	w.EndNotice()
	w.Opened("serik@theft")
	w.Opened("dana@theft")
	w.Opened("aigul@theft")
	for _, c := range []struct {
		who   *portaltest.Actor
		days  int
		reads bool
	}{
		{w.Serik, -1, false}, {w.Serik, 9, true}, {w.Serik, 40, true},
		{w.Dana, -1, false}, {w.Dana, 9, true}, {w.Dana, 40, true},
		{w.Aigul, -1, false}, {w.Aigul, 9, true}, {w.Aigul, 10, false}, {w.Aigul, 40, false},
	} {
		ctx := database.As(t.Context(), c.who.Person, uuid.Nil, w.At.AddDate(0, 0, c.days))
		var sheets, pages int
		var file bool // what opens with the file opens with it
		if err := w.App.Get(ctx, &sheets, `SELECT count(*) FROM material WHERE casefile = $1`, w.Theft); err != nil {
			t.Fatal(err)
		}
		if err := w.App.Get(ctx, &pages, `SELECT count(*) FROM material_page`); err != nil {
			t.Fatal(err)
		}
		if err := w.App.Get(ctx, &file, `SELECT coalesce(bool_or(p.reads), false) FROM unnest(fence.places($1)) AS p`, w.Theft); err != nil {
			t.Fatal(err)
		}
		if (sheets > 0) != (c.days >= 0) || (pages > 0) != c.reads || file != c.reads {
			t.Errorf("%s on day %d: a list of %d, %d pages, with the file %v", c.who.Word, c.days, sheets, pages, file)
		}
	}
}
