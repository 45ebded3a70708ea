package opening_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/portaltest"
	"zharia/portal/vault"
)

// opens has an actor open a decision of the cast.
func opens(t *testing.T, w *portaltest.W, a *portaltest.Actor, decision string) error {
	t.Helper()
	_, _, err := casefile.CopyOf(t.Context(), w.DB, a.Asks(policy.DecisionCopy), w.Decision(decision))
	return err
}

// says has an official say why he opens the theft.
func says(t *testing.T, w *portaltest.W, a *portaltest.Actor, p opening.Pretext) error {
	t.Helper()
	return opening.Give(t.Context(), w.DB, a.Asks(policy.ReasonGive), w.Theft, p)
}

// list is what an actor is told of who opened the theft.
func list(t *testing.T, w *portaltest.W, a *portaltest.Actor) []opening.Line {
	t.Helper()
	lines, _, err := opening.Of(t.Context(), w.DB, a.Asks(policy.OpeningList), w.Theft, uuid.Nil)
	if err != nil {
		t.Fatalf("%s: %v", a.Word, err)
	}
	return lines
}

func told(lines []opening.Line) string {
	return portaltest.Lines(lines, func(l opening.Line) string {
		name, _, _ := strings.Cut(l.Name, " ")
		return fmt.Sprintf("%s | %s | %s | %s | %v", l.Standing, name, l.Object, l.Reason, l.Mine)
	})
}

const kept = `
	SELECT person, standing, object, object_id, reason, opens_on FROM opening ORDER BY at, id`

func TestEveryOpeningLeavesALineInItsOwnTransaction(t *testing.T) {
	w := portaltest.World(t)
	for _, step := range []error{opens(t, w, w.Aigul, "victim-recognised"), opens(t, w, w.Daniyar, "victim-recognised")} {
		if step != nil {
			t.Fatal(step)
		}
	}
	w.Want(t, kept, `
		person  | standing | object   | object_id         | reason | opens_on
		aigul   | victim   | decision | victim-recognised | own    |
		daniyar | charge   | decision | victim-recognised | duty   |`)
	w.Sound()
}

func TestASecondLookWithinTenMinutesIsTheFirstAndANewDayIsNew(t *testing.T) {
	w := portaltest.World(t)
	w.At = time.Date(2026, time.October, 22, 18, 56, 0, 0, time.UTC) // 23:56 in Almaty
	for _, later := range []time.Duration{0, 3 * time.Minute, 2 * time.Minute /* after midnight */, 11 * time.Minute} {
		w.At = w.At.Add(later)
		if err := opens(t, w, w.Aigul, "victim-recognised"); err != nil {
			t.Fatal(err)
		}
	}
	w.Want(t, `SELECT at FROM opening ORDER BY at`, `
		at
		2026-10-22 23:56:00
		2026-10-23 00:01:00
		2026-10-23 00:12:00`)
}

func TestWhoSupervisesOrHeadsSaysWhyFirst(t *testing.T) {
	w := portaltest.World(t)
	for _, a := range []*portaltest.Actor{w.Zhanar, w.Marat, w.Gulnar} {
		err := opens(t, w, a, "victim-recognised")
		var needed *opening.Needed
		if !errors.As(err, &needed) || needed.Case != w.Theft || !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", a.Word, err)
		}
	}
	w.Want(t, kept, `person | standing | object | object_id | reason | opens_on`)
	for a, r := range map[*portaltest.Actor]opening.Reason{w.Zhanar: opening.Supervision, w.Marat: opening.Control} {
		if err := says(t, w, a, opening.Pretext{Reason: r}); err != nil {
			t.Fatalf("%s: %v", a.Word, err)
		}
		w.At = w.At.Add(time.Minute)
		if err := opens(t, w, a, "victim-recognised"); err != nil {
			t.Errorf("%s has said why: %v", a.Word, err)
		}
	}
	w.Want(t, `SELECT person, standing, reason, body IS NOT NULL AS of_a_body FROM opening ORDER BY person`, `
		person | standing   | reason      | of_a_body
		`+strings.Join(sorted(w, "marat | unit | control | true", "zhanar | supervisor | supervision | true"), "\n"))
	w.At = w.At.AddDate(0, 0, 1)
	if err := opens(t, w, w.Zhanar, "victim-recognised"); !errors.Is(err, fault.Forbidden) {
		t.Errorf("a reason of yesterday opens today: %v", err)
	}
	w.Sound()
}

// sorted puts the lines of two officials in the order of their ids.
func sorted(w *portaltest.W, marat, zhanar string) []string {
	if w.Marat.Person.String() < w.Zhanar.Person.String() {
		return []string{marat, zhanar}
	}
	return []string{zhanar, marat}
}

func TestADeputySaysWhyAndTheOneWhoConductsTheCaseDoesNot(t *testing.T) {
	w := portaltest.World(t)
	if _, err := w.SQL.Exec(`UPDATE casefile SET investigator = $1 WHERE id = $2`, w.Ermek.Person, w.Theft); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SQL.Exec(`
		INSERT INTO substitution (id, officer, deputy, head, document, until, made_at, signed_at)
		SELECT gen_random_uuid(), $1, $2, $3, id, '2026-12-31', now(), now() FROM document LIMIT 1`, w.Ermek.Person, w.Daniyar.Person, w.Marat.Person); err != nil {
		t.Fatal(err)
	}
	if err := opens(t, w, w.Ermek, "victim-recognised"); err != nil {
		t.Error(err)
	}
	if err := opens(t, w, w.Daniyar, "victim-recognised"); !errors.As(err, new(*opening.Needed)) {
		t.Errorf("the deputy opens without a word: %v", err)
	}
	if err := says(t, w, w.Daniyar, opening.Pretext{Reason: opening.Other, Words: portaltest.Reasons}); err != nil {
		t.Fatal(err)
	}
	if err := opens(t, w, w.Daniyar, "victim-recognised"); err != nil {
		t.Error(err)
	}
}

func TestAReasonThatCannotBeGivenIsRefusedAtItsField(t *testing.T) {
	w := portaltest.World(t)
	day := func(days int) time.Time { return w.At.AddDate(0, 0, days) }
	for _, c := range []struct {
		who     *portaltest.Actor
		said    opening.Pretext
		field   string
		message string
	}{
		{w.Zhanar, opening.Pretext{}, "reason", "form.choose"},
		{w.Zhanar, opening.Pretext{Reason: opening.Duty}, "reason", "form.choose"},
		{w.Zhanar, opening.Pretext{Reason: opening.Other}, "words", "fault.reason-words"},
		{w.Zhanar, opening.Pretext{Reason: opening.Control, OpensOn: day(9)}, "opens_on", "fault.reason-no-day"},
		{w.Marat, opening.Pretext{Reason: opening.Covert, OpensOn: day(9)}, "reason", "fault.reason-covert"},
		{w.Zhanar, opening.Pretext{Reason: opening.Covert}, "opens_on", "fault.reason-day"},
		{w.Zhanar, opening.Pretext{Reason: opening.Covert, OpensOn: day(0)}, "opens_on", "fault.reason-day"},
		{w.Zhanar, opening.Pretext{Reason: opening.Covert, OpensOn: day(366)}, "opens_on", "fault.reason-day"},
	} {
		err := says(t, w, c.who, c.said)
		var fa *fault.Fault
		if !errors.As(err, &fa) || fa.Kind != fault.Invalid || fa.Field != c.field || fa.Message != c.message {
			t.Errorf("%s says %+v: %v", c.who.Word, c.said, err)
		}
	}
	for _, a := range []*portaltest.Actor{w.Aigul, w.Stranger} {
		if err := says(t, w, a, opening.Pretext{Reason: opening.Control}); err == nil {
			t.Errorf("%s gives a reason", a.Word)
		}
	}
	w.Want(t, `SELECT count(*) FROM pretext`, "count\n0")
}

func TestEachIsToldAsMuchOfALookAsIsHisToKnow(t *testing.T) {
	w := portaltest.World(t)
	if err := says(t, w, w.Zhanar, opening.Pretext{Reason: opening.Supervision, Words: portaltest.Reasons}); err != nil {
		t.Fatal(err)
	}
	for i, look := range []struct {
		who      *portaltest.Actor
		decision string
	}{{w.Aigul, "victim-recognised"}, {w.Saule, "plaintiff-recognised"}, {w.Daniyar, "expertise-done"}, {w.Zhanar, "expertise-done"}} {
		w.At = w.At.Add(time.Duration(i) * time.Minute)
		if err := opens(t, w, look.who, look.decision); err != nil {
			t.Fatalf("%s: %v", look.who.Word, err)
		}
	}
	// Officials by name, other participants by what they are.
	portaltest.WantText(t, "what the victim is told", told(list(t, w, w.Aigul)), `
		supervisor      | Төлегенова | decision | supervision | false
		charge          | Есімов     | decision | duty        | false
		civil-plaintiff |            | decision | own         | false
		victim          | Оспанова   | decision | own         | true`)
	portaltest.WantText(t, "what the investigator is told", told(list(t, w, w.Daniyar)), `
		supervisor      | Төлегенова | decision | supervision | false
		charge          | Есімов     | decision | duty        | true
		civil-plaintiff | Бекова     | decision | own         | false
		victim          | Оспанова   | decision | own         | false`)
	if _, _, err := opening.Of(t.Context(), w.DB, w.Stranger.Asks(policy.OpeningList), w.Theft, uuid.Nil); !errors.Is(err, fault.NotFound) {
		t.Errorf("a stranger is answered %v", err)
	}
	if got := list(t, w, w.Aigul)[0]; got.Words != portaltest.Reasons || got.Body.NameKK == "" {
		t.Errorf("of the prosecutor she is told %+v", got)
	}
}

func TestOwnCounselIsKnownByName(t *testing.T) {
	w := portaltest.World(t)
	if err := opens(t, w, w.Dana, "accepted"); err != nil {
		t.Fatal(err)
	}
	portaltest.WantText(t, "the suspect", told(list(t, w, w.Serik)), `defender | Ахметова | decision | own | false`)
	portaltest.WantText(t, "the victim", told(list(t, w, w.Aigul)), `defender | | decision | own | false`)
}

func TestWhoOpenedAFilingIsForItsAuthorAndTheOfficials(t *testing.T) {
	w := portaltest.World(t)
	petition, complaint := w.Petition(w.Aigul, w.Theft), w.Complaint(w.Aigul, w.Theft, "other", "")
	if err := says(t, w, w.Zhanar, opening.Pretext{Reason: opening.Complaint}); err != nil {
		t.Fatal(err)
	}
	for _, look := range []struct {
		who *portaltest.Actor
		id  uuid.UUID
	}{{w.Daniyar, petition}, {w.Zhanar, petition}, {w.Gulnar, complaint}} {
		w.At = w.At.Add(time.Minute)
		if _, err := filing.Open(t.Context(), w.DB, look.who.Asks(policy.FilingRead), look.id); err != nil {
			t.Fatalf("%s: %v", look.who.Word, err)
		}
	}
	for a, want := range map[*portaltest.Actor]string{
		w.Aigul:  "answer complaint answer",
		w.Saule:  "",
		w.Serik:  "",
		w.Zhanar: "answer complaint answer",
		// A complaint about him is none of his, nor who read it.
		w.Daniyar: "complaint answer",
	} {
		var got []string
		for _, l := range list(t, w, a) {
			got = append(got, string(l.Reason))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is told %q, want %q", a.Word, got, want)
		}
	}
}

func TestACovertLookIsSealedUntilItsDay(t *testing.T) {
	w := portaltest.World(t)
	until := w.At.AddDate(0, 3, 0)
	if err := says(t, w, w.Zhanar, opening.Pretext{Reason: opening.Covert, OpensOn: until}); err != nil {
		t.Fatal(err)
	}
	if err := opens(t, w, w.Zhanar, "accepted"); err != nil {
		t.Fatal(err)
	}
	sealed := func(a *portaltest.Actor) string {
		days, err := opening.Sealed(t.Context(), w.DB, a.Asks(policy.OpeningList), w.Theft)
		if err != nil {
			t.Fatal(err)
		}
		return portaltest.Lines(days, func(d time.Time) string { return d.Format(time.DateOnly) })
	}
	for _, a := range []*portaltest.Actor{w.Aigul, w.Daniyar, w.Marat} {
		if got := list(t, w, a); len(got) != 0 || sealed(a) != "2027-01-22" {
			t.Errorf("%s is told %v, and sealed %q", a.Word, got, sealed(a))
		}
	}
	for _, a := range []*portaltest.Actor{w.Zhanar, w.Gulnar} {
		if got := list(t, w, a); len(got) != 1 || sealed(a) != "" {
			t.Errorf("%s is told %v", a.Word, got)
		}
	}
	// The line cannot be asked about, for nobody knows of it.
	var id uuid.UUID
	if err := w.SQL.Get(&id, `SELECT id FROM opening`); err != nil {
		t.Fatal(err)
	}
	if _, err := opening.Raise(t.Context(), w.DB, w.Aigul.Asks(policy.ObjectionFile), id, portaltest.Reasons); !errors.Is(err, fault.NotFound) {
		t.Errorf("a sealed line is found: %v", err)
	}
	w.At = until.Add(-24 * time.Hour)
	if got := list(t, w, w.Aigul); len(got) != 0 {
		t.Errorf("the day before she is told %v", got)
	}
	w.At = until
	portaltest.WantText(t, "on the day", told(list(t, w, w.Aigul)), `supervisor | Төлегенова | decision | covert | false`)
	if got := sealed(w.Aigul); got != "" {
		t.Errorf("still sealed: %s", got)
	}
}

func TestWhatLooksWrongIsAnsweredByTheProsecutorAndAboutHerByHerChief(t *testing.T) {
	w := portaltest.World(t)
	if err := says(t, w, w.Zhanar, opening.Pretext{Reason: opening.Control}); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*portaltest.Actor{w.Daniyar, w.Zhanar} {
		w.At = w.At.Add(time.Minute)
		if err := opens(t, w, a, "victim-recognised"); err != nil {
			t.Fatal(err)
		}
	}
	waiting := func(a *portaltest.Actor) []opening.Question {
		all, err := opening.Questions(t.Context(), w.DB, a.Asks(policy.ObjectionList))
		if err != nil {
			t.Fatalf("%s: %v", a.Word, err)
		}
		return all
	}
	for i, who := range []*portaltest.Actor{w.Zhanar, w.Gulnar} { // the prosecutor of the investigator's look, her chief of her own
		line := list(t, w, w.Aigul)[1-i]
		if _, err := opening.Raise(t.Context(), w.DB, w.Aigul.Asks(policy.ObjectionFile), line.ID, portaltest.Circumstances); err != nil {
			t.Fatal(err)
		}
		if _, err := opening.Raise(t.Context(), w.DB, w.Aigul.Asks(policy.ObjectionFile), line.ID, portaltest.Circumstances); !errors.Is(err, fault.Conflict) {
			t.Errorf("asked twice: %v", err)
		}
		got := waiting(who)
		if len(got) != 1 || got[0].Words != portaltest.Circumstances || got[0].Line.ID != line.ID || got[0].Name != w.Aigul.FullName() {
			t.Fatalf("%s is asked %+v", who.Word, got)
		}
		other := []*portaltest.Actor{w.Gulnar, w.Zhanar}[i]
		for _, a := range []*portaltest.Actor{other, w.Daniyar, w.Aigul, w.Stranger} {
			if err := opening.Reply(t.Context(), w.DB, a.Asks(policy.ObjectionAnswer), got[0].ID, portaltest.Reasons); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s answers: %v", a.Word, err)
			}
		}
		if err := opening.Reply(t.Context(), w.DB, who.Asks(policy.ObjectionAnswer), got[0].ID, portaltest.Reasons); err != nil {
			t.Fatal(err)
		}
		if err := opening.Reply(t.Context(), w.DB, who.Asks(policy.ObjectionAnswer), got[0].ID, portaltest.Reasons); !errors.Is(err, fault.Conflict) {
			t.Errorf("answered twice: %v", err)
		}
		if answered := list(t, w, w.Aigul)[1-i].Question; answered.Answer != portaltest.Reasons || answered.AnsweredAt.IsZero() {
			t.Errorf("she is answered %+v", answered)
		}
		if len(waiting(who)) != 0 {
			t.Errorf("%s is still asked", who.Word)
		}
	}
	if _, err := opening.Raise(t.Context(), w.DB, w.Stranger.Asks(policy.ObjectionFile), list(t, w, w.Aigul)[0].ID, portaltest.Reasons); !errors.Is(err, fault.NotFound) {
		t.Errorf("a stranger asks: %v", err)
	}
	w.Want(t, `SELECT who, act FROM record WHERE object = 'objection' ORDER BY seq`, `
		who    | act
		aigul  | objection-file
		zhanar | objection-answer
		aigul  | objection-file
		gulnar | objection-answer`)
	w.Sound()
}

func TestALongListComesInPagesAndNoLineIsLost(t *testing.T) {
	w := portaltest.World(t)
	for range 2*opening.Page + 7 {
		w.At = w.At.Add(11 * time.Minute)
		if err := opens(t, w, w.Aigul, "victim-recognised"); err != nil {
			t.Fatal(err)
		}
	}
	seen, before := map[uuid.UUID]bool{}, uuid.Nil
	for pages := 1; ; pages++ {
		lines, more, err := opening.Of(t.Context(), w.DB, w.Aigul.Asks(policy.OpeningList), w.Theft, before)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			seen[l.ID] = true
			before = l.ID
		}
		if more != (len(lines) == opening.Page && pages < 3) {
			t.Fatalf("page %d has %d lines, more %v", pages, len(lines), more)
		}
		if !more {
			break
		}
	}
	if len(seen) != 2*opening.Page+7 {
		t.Errorf("%d lines", len(seen))
	}
}

func TestNoLineIsChangedOrTakenAway(t *testing.T) {
	w := portaltest.World(t)
	if err := opens(t, w, w.Aigul, "victim-recognised"); err != nil {
		t.Fatal(err)
	}
	for _, order := range []string{`DELETE FROM opening`, `UPDATE opening SET reason = 'duty'`} {
		if _, err := w.SQL.Exec(order); err == nil {
			t.Errorf("%s goes through", order)
		}
	}
}

// An official in whose name more cases are opened than work explains is told of, once a
// day; by night fewer suffice, and of a citizen, who opens his own, never.
func TestWhoOpensMoreCasesThanWorkExplainsRaisesAnAlarmOnceADay(t *testing.T) {
	w := portaltest.World(t)
	at := func(hour int) time.Time { return time.Date(2026, time.October, 22, hour-5, 0, 0, 0, time.UTC) }
	// So many cases, each opened once on duty in the hour before.
	look := func(a *portaltest.Actor, many int, until time.Time, official bool) {
		t.Helper()
		if _, err := w.SQL.ExecContext(t.Context(), `
			WITH made AS (
			    INSERT INTO casefile (id, number, number_tag, offence_kk, offence_ru, registered_on, investigator, prosecutor, body, prosecution, made_at)
			    SELECT gen_random_uuid(), number, sha256(convert_to(gen_random_uuid()::text, 'UTF8')), offence_kk, offence_ru, registered_on, investigator, prosecutor, body, prosecution, made_at
			      FROM casefile, generate_series(1, $2) n WHERE id = $5
			 RETURNING id, body)
			INSERT INTO opening (id, casefile, person, standing, body, object, object_id, reason, at)
			SELECT gen_random_uuid(), id, $1, 'charge', CASE WHEN $4 THEN body END, 'decision', gen_random_uuid(), CASE WHEN $4 THEN 'duty' ELSE 'own' END,
			       $3::timestamptz - random() * interval '50 minutes'
			  FROM made`, a.Person, many, until, official, w.Theft); err != nil {
			t.Fatal(err)
		}
	}
	alarms := func() int {
		t.Helper()
		var n int
		if err := w.SQL.GetContext(t.Context(), &n, `SELECT count(*) FROM job WHERE name = 'opening-alarm'`); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, step := range []struct {
		what     string
		who      *portaltest.Actor
		many     int
		at       time.Time
		official bool
		alarms   int
	}{
		{"as many as work explains", w.Daniyar, opening.ManyByDay, at(12), true, 0},
		{"a citizen, whatever he opens", w.Aigul, opening.ManyByDay * 2, at(14), false, 0},
		{"by night as many as work explains", w.Zhanar, opening.ManyByNight, at(23), true, 0},
		{"one more by night", w.Zhanar, 1, at(23), true, 1},
		{"and again the same night", w.Zhanar, 5, at(23).Add(20 * time.Minute), true, 1},
		{"one more by day", w.Daniyar, opening.ManyByDay + 1, at(16), true, 2},
	} {
		look(step.who, step.many, step.at, step.official)
		if err := opening.Watch(t.Context(), w.DB.DB, step.at); err != nil {
			t.Fatal(err)
		}
		if n := alarms(); n != step.alarms {
			t.Errorf("%s: %d alarms, want %d", step.what, n, step.alarms)
		}
	}
	if err := w.DB.DB.Within(t.Context(), func(tx *database.DB) error {
		return opening.Alarm(t.Context(), tx, w.Daniyar.Person, w.At)
	}); err != nil {
		t.Fatal(err)
	}
	w.Want(t, `SELECT who, act, object, object_id FROM record WHERE act = 'opening-alarm'`, `
		who | act           | object  | object_id
		    | opening-alarm | officer | daniyar`)
}

// What somebody's right to a look rests on does not change while he looks: a substitution that
// ends, a filing that is handed on, wait for him (security/THREATS T32).
func TestWhatALookRestsOnWaitsForIt(t *testing.T) {
	w := portaltest.World(t)
	if _, err := w.Substitute(w.Marat, w.Daniyar, w.Ermek, w.At.AddDate(0, 0, 5)); err != nil {
		t.Fatal(err)
	}
	id := w.Petition(w.Aigul, w.Theft)
	err := w.DB.Within(w.Ermek.As(t.Context()), func(tx *vault.DB) error {
		if err := opening.Hold(t.Context(), tx, w.Ermek.Asks(policy.FilingRead), opening.Filing, id); err != nil {
			return err
		}
		for _, change := range []string{
			`UPDATE substitution SET ended_at = now()`,
			`UPDATE filing SET seat = 'head' WHERE status = 'filed'`,
			`UPDATE officer SET left_at = now() WHERE person = (SELECT deputy FROM substitution)`,
		} {
			if _, err := w.SQL.ExecContext(t.Context(), `SET lock_timeout = '100ms'; `+change); err == nil || !strings.Contains(err.Error(), "lock timeout") {
				t.Errorf("%s beside a look: %v", change, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
