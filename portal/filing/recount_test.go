package filing_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// rest has the Government make a day one of rest, or a working day, and the portal do
// what follows from it.
func rest(t *testing.T, w *portaltest.W, date string, off bool, at time.Time) {
	t.Helper()
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		t.Fatal(err)
	}
	change := calendar.Change{Date: day, Off: off, Key: calendar.Decree, Source: "Decree 100 of the Government", MadeAt: at}
	err = w.DB.Within(t.Context(), func(tx *vault.DB) error { // with no more rights than the portal's own hand has
		if err := tx.Exec(t.Context(), `SET LOCAL ROLE portal_work`); err != nil {
			return err
		}
		if err := filing.MoveDay(t.Context(), tx.DB, change); err != nil {
			return err
		}
		all, err := calendar.Read(t.Context(), tx.DB)
		if err != nil {
			return err
		}
		return filing.Recount(t.Context(), tx.DB, all[len(all)-1].ID, at)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// clockOf is the count as a person finds it behind the fence of the database.
func clockOf(t *testing.T, w *portaltest.W, a *portaltest.Actor, id uuid.UUID) filing.Clock {
	t.Helper()
	ctx := database.As(t.Context(), a.Person, uuid.Nil, w.At)
	f, err := filing.Read(ctx, w.App, a.Asks(policy.FilingRead), id)
	if err != nil {
		t.Fatalf("%s: %v", a.Word, err)
	}
	clock, err := filing.ClockOf(ctx, w.App, f)
	if err != nil {
		t.Fatalf("%s: %v", a.Word, err)
	}
	return clock
}

func TestALastDayMadeADayOfRestMovesTheEndForBothSides(t *testing.T) {
	w := portaltest.World(t)
	petition := w.Petition(w.Aigul, w.Theft) // 22.10.2026, ends on Tuesday the 27th
	answered := w.Petition(w.Aigul, w.Theft)
	w.Answer(w.Daniyar, answered, filing.Granted)
	at := almaty("2026-10-23 09:00")
	rest(t, w, "2026-10-28", true, at) // not the last day of anything
	w.Want(t, `SELECT count(*) FROM recount`, "count\n0")
	rest(t, w, "2026-10-27", true, at)
	w.Want(t, `SELECT number, status, due_raw, due_at FROM filing ORDER BY number`, `
		number      | status  | due_raw             | due_at
		2026-000001 | filed   | 2026-10-26 00:00:00 | 2026-10-30 00:00:00
		2026-000002 | granted | 2026-10-26 00:00:00 | 2026-10-28 00:00:00`)
	w.Want(t, `SELECT was_due, recount.due_at, recount.made_at, date, source FROM recount JOIN day_off ON day_off.id = day_off`, `
		was_due             | due_at              | made_at             | date       | source
		2026-10-28 00:00:00 | 2026-10-30 00:00:00 | 2026-10-23 09:00:00 | 2026-10-27 | Decree 100 of the Government`)
	w.Want(t, `SELECT who, act, casefile, law FROM record WHERE act IN ('filing-recount', 'calendar-set') ORDER BY seq`, `
		who | act            | casefile | law
		    | calendar-set   |          | CPC 48(4)
		    | calendar-set   |          | CPC 48(4)
		    | filing-recount | theft    | CPC 48(4)`)
	// Both sides see the new count, told by the calendar that gives it.
	for _, a := range []*portaltest.Actor{w.Aigul, w.Daniyar, w.Zhanar} {
		clock := clockOf(t, w, a, petition)
		if len(clock.Recounts) != 1 || !clock.Count.Ends.Equal(almaty("2026-10-30 00:00")) || clock.Calendar.Why(almaty("2026-10-27 12:00")) != calendar.Decree {
			t.Errorf("%s sees the end %s and %+v", a.Word, clock.Count.Ends, clock.Recounts)
		}
	}
	// The watch moved along: at the old end nobody is late, at the new one he is.
	w.Want(t, `SELECT run_at FROM job WHERE name = 'filing-overdue' AND args->>'filing' = '`+petition.String()+`' ORDER BY run_at`,
		"run_at\n2026-10-28 00:00:00\n2026-10-30 00:00:00")
	for _, clock := range []string{"2026-10-28 00:00", "2026-10-30 00:00"} {
		if err := filing.MarkOverdue(t.Context(), w.DB.DB, petition, almaty(clock)); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT overdue_at FROM filing WHERE id = '`+petition.String()+`'`, "overdue_at\n2026-10-30 00:00:00")
	w.Sound()
}

func TestATermThatIsOverDoesNotBeginToRunAgain(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	if err := filing.MarkOverdue(t.Context(), w.DB.DB, id, almaty("2026-10-28 00:00")); err != nil {
		t.Fatal(err)
	}
	seen := w.Petition(w.Aigul, w.Theft) // its end has come and nobody has looked yet
	rest(t, w, "2026-10-27", true, almaty("2026-10-28 10:00"))
	w.Want(t, `SELECT due_at, overdue_at FROM filing ORDER BY number`, `
		due_at              | overdue_at
		2026-10-28 00:00:00 | 2026-10-28 00:00:00
		2026-10-28 00:00:00 |`)
	if err := filing.MarkOverdue(t.Context(), w.DB.DB, seen, almaty("2026-10-28 10:01")); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM filing WHERE overdue_at IS NULL`, "count\n0")
	w.Sound()
}

func TestADayOfRestTakenBackShortensNoRunningTerm(t *testing.T) {
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	rest(t, w, "2026-10-26", false, almaty("2026-10-23 09:00")) // the holiday is worked after all
	w.Want(t, `SELECT due_at FROM filing`, "due_at\n2026-10-28 00:00:00")
	if clock := clockOf(t, w, w.Aigul, id); !clock.Count.Ends.Equal(almaty("2026-10-28 00:00")) || clock.Calendar.Why(almaty("2026-10-26 12:00")) != "rep_transfer" {
		t.Errorf("the count is told as %+v", clock.Count)
	}
	w.Petition(w.Aigul, w.Theft) // what begins now is counted by the new calendar
	w.Want(t, `SELECT number, due_at FROM filing ORDER BY number`, `
		number      | due_at
		2026-000001 | 2026-10-28 00:00:00
		2026-000002 | 2026-10-27 00:00:00`)
	w.Sound()
}

func TestTheSameRecountTwiceChangesNothing(t *testing.T) {
	w := portaltest.World(t)
	w.Petition(w.Aigul, w.Theft)
	rest(t, w, "2026-10-27", true, almaty("2026-10-23 09:00"))
	all, err := calendar.Read(t.Context(), w.DB.DB)
	if err != nil {
		t.Fatal(err)
	}
	if err := filing.Recount(t.Context(), w.DB.DB, all[0].ID, almaty("2026-10-23 09:05")); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT count(*) FROM recount`, "count\n1")
	if err := filing.Recount(t.Context(), w.DB.DB, w.Theft, almaty("2026-10-23 09:05")); err == nil {
		t.Error("a recount for no change was done")
	}
	w.Want(t, `SELECT name, run_at FROM job WHERE name = 'filing-recount'`, "name | run_at\nfiling-recount | 2026-10-23 09:00:00")
}

func TestWhoDisagreesWithTheCountIsHeardAndTheClockRunsOn(t *testing.T) {
	const his, hers = "Мерзім дүйсенбіде аяқталады деп ойлаймын.", "Демалыс күні есепке кірмеуі тиіс деп санаймын."
	w := portaltest.World(t)
	id := w.Petition(w.Aigul, w.Theft)
	object := func(a *portaltest.Actor, words string) error {
		return filing.Disagree(database.As(t.Context(), a.Person, uuid.Nil, w.At), w.App, a.Asks(policy.CountObject), id, words)
	}
	if err := object(w.Aigul, hers); err != nil {
		t.Fatal(err)
	}
	if err := object(w.Daniyar, his); err != nil {
		t.Fatal(err)
	}
	wantKind(t, "a second word on one end", fault.Conflict, object(w.Aigul, hers))
	wantKind(t, "a stranger", fault.NotFound, object(w.Stranger, hers))
	wantKind(t, "a defender of another", fault.NotFound, object(w.Dana, hers))
	wantKind(t, "who only supervises", fault.Forbidden, object(w.Zhanar, hers))
	for _, a := range []*portaltest.Actor{w.Aigul, w.Daniyar, w.Zhanar} {
		clock := clockOf(t, w, a, id)
		if len(clock.Objections) != 2 || clock.Objections[0].Words != hers || clock.Objections[1].Words != his ||
			clock.Objections[0].Name != w.Aigul.FullName() || clock.Objections[1].Name != w.Daniyar.FullName() {
			t.Errorf("%s sees %+v", a.Word, clock.Objections)
		}
	}
	w.Want(t, `SELECT person, due_at, position('ойлаймын' IN encode(words, 'escape')) AS clear FROM count_objection ORDER BY made_at, person`, `
		person  | due_at              | clear
		aigul   | 2026-10-28 00:00:00 | 0
		daniyar | 2026-10-28 00:00:00 | 0`)
	w.Want(t, `SELECT who, act, law FROM record WHERE act = 'count-object' ORDER BY seq`, "who | act | law\naigul | count-object | CPC 48\ndaniyar | count-object | CPC 48")
	rest(t, w, "2026-10-27", true, almaty("2026-10-23 09:00"))
	if err := object(w.Aigul, hers); err != nil { // of the new end she may speak anew
		t.Error(err)
	}
	w.Answer(w.Daniyar, id, filing.Granted)
	wantKind(t, "after the answer", fault.Conflict, object(w.Daniyar, his))
	w.Sound()
}

func TestTheEndOfAFilingIsWhatItsCountSays(t *testing.T) {
	w := portaltest.World(t)
	rest(t, w, "2026-10-27", true, w.At)
	id := w.Petition(w.Aigul, w.Theft)
	f := mustRead(t, w, w.Aigul, id)
	clock := clockOf(t, w, w.Aigul, id)
	if !clock.Count.Ends.Equal(f.DueAt) || !f.DueAt.Equal(almaty("2026-10-29 00:00")) || len(clock.Recounts) != 0 || clock.Count.Name != deadline.PetitionAnswer {
		t.Errorf("it ends %s, and its count says %+v", f.DueAt, clock.Count)
	}
}

// What was handed over, a request that is asked and a decision that waits for the prosecutor
// have terms as well, and none of them ends on a day of rest.
func TestEveryTermThatRunsMovesWithItsLastDay(t *testing.T) {
	w := portaltest.World(t)
	w.Receive(w.Serik, "term-extended") // 22.10.2026: to the court until 6 November
	id := w.Request(w.Stranger, w.Theft, casefile.NewRequest{Role: policy.Victim})
	w.SQL.MustExec(`ALTER TABLE decision DISABLE TRIGGER is_final`)
	if _, err := w.SQL.ExecContext(t.Context(), `UPDATE decision SET status = 'submitted', published_at = NULL, ready_on = NULL, submitted_at = $2, term = 'agree-termination', due_raw = $3, due_at = $3 WHERE id = $1`,
		w.Decision("expertise-done"), w.At, almaty("2026-11-03 00:00")); err != nil {
		t.Fatal(err)
	}
	ends := `SELECT (SELECT max(due_at) FROM service) AS service, (SELECT due_at FROM request WHERE id = '` + id.String() + `') AS request, (SELECT max(due_at) FROM decision) AS decision`
	w.Want(t, ends, `
		service             | request             | decision
		2026-11-07 00:00:00 | 2026-10-28 00:00:00 | 2026-11-03 00:00:00`)
	at := almaty("2026-10-23 09:00")
	for _, day := range []string{"2026-10-27", "2026-11-02", "2026-11-06"} {
		rest(t, w, day, true, at)
	}
	w.Want(t, ends, `
		service             | request             | decision
		2026-11-10 00:00:00 | 2026-10-29 00:00:00 | 2026-11-04 00:00:00`)
	w.Want(t, `SELECT object, act, law FROM record WHERE act = 'term-recount' ORDER BY object`, `
		object   | act          | law
		decision | term-recount | CPC 48(4)
		request  | term-recount | CPC 48(4)
		service  | term-recount | CPC 48(4)`)
	w.Want(t, `SELECT run_at FROM job WHERE name = 'access-overdue' ORDER BY run_at`, "run_at\n2026-10-28 00:00:00\n2026-10-29 00:00:00")
}

// A term that is not kept with its end is told by the days that were moved while it ran.
func TestATermThatIsCountedWhenItIsShownKnowsTheDaysThatWereMoved(t *testing.T) {
	day := func(date string, off bool, made string) calendar.Change {
		at, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		return calendar.Change{Date: at, Off: off, Key: calendar.Decree, MadeAt: almaty(made)}
	}
	from := almaty("2026-11-02 10:00") // fifteen сутки end on Tuesday the 17th
	for name, row := range map[string]struct {
		all  calendar.Changes
		want string
	}{
		"nothing moved":      {nil, "2026-11-17"},
		"made a day of rest": {calendar.Changes{day("2026-11-17", true, "2026-11-10 09:00")}, "2026-11-18"},
		"and taken back":     {calendar.Changes{day("2026-11-17", true, "2026-11-10 09:00"), day("2026-11-17", false, "2026-11-12 09:00")}, "2026-11-18"},
		"known before":       {calendar.Changes{day("2026-11-17", true, "2026-10-01 09:00")}, "2026-11-18"},
		"taken back before":  {calendar.Changes{day("2026-11-17", true, "2026-10-01 09:00"), day("2026-11-17", false, "2026-10-02 09:00")}, "2026-11-17"},
		"when it was over":   {calendar.Changes{day("2026-11-17", true, "2026-11-20 09:00")}, "2026-11-17"},
	} {
		f := filing.Filing{Kind: policy.FilingPetition, Seat: guide.Investigator, Status: filing.Refused}
		if got := deadline.LastDay(f.OnwardTerms(from, row.all, from)[0].Due).Format(time.DateOnly); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}
