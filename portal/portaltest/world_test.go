package portaltest_test

import (
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"zharia/portal/policy"
	"zharia/portal/portaltest"
)

func TestWorldsHaveTheSamePeopleAndNothingElseInCommon(t *testing.T) {
	one, other := portaltest.World(t), portaltest.World(t)
	if one.Aigul.Person != other.Aigul.Person || one.Aigul.Key.Serial() != other.Aigul.Key.Serial() {
		t.Error("there are two Aiguls")
	}
	one.Petition(one.Aigul, one.Theft)
	other.Want(t, `SELECT count(*) FROM filing`, "count\n0")
	one.Sound()
	other.Sound()
}

func TestAWorldStandsStillUntilATestMovesIt(t *testing.T) {
	w := portaltest.World(t)
	if at := w.Daniyar.Asks(policy.DeskRead).At; !at.Equal(portaltest.Afternoon) {
		t.Errorf("it is %v", at)
	}
	w.At = w.At.Add(time.Hour)
	ask := w.Daniyar.Asks(policy.DeskRead)
	if ask.At.Sub(portaltest.Afternoon) != time.Hour || ask.Is != policy.Citizen|policy.Investigator || ask.Person != w.Daniyar.Person {
		t.Errorf("Daniyar asks %+v", ask)
	}
}

func TestATableShowsIdsAsWordsAndTimesAsInAlmaty(t *testing.T) {
	w := portaltest.World(t)
	w.Want(t, `SELECT casefile, investigator, p.id, registered_on, asked_at, ended_at
		FROM participant p JOIN casefile c ON c.id = casefile WHERE p.id = '`+w.Participant("serik@theft").String()+`'`, `
		casefile | investigator | id          | registered_on | asked_at            | ended_at
		theft    | daniyar      | serik@theft | 2026-09-11    | 2026-09-18 09:12:00 |`)
}

func TestAFurnishedSetIsPutUpOnceAndItsWorldsHaveNothingElseInCommon(t *testing.T) {
	times, filed := 0, uuid.Nil
	set := portaltest.Set{Furnish: func(_ testing.TB, w *portaltest.W) {
		times++
		filed = w.Petition(w.Aigul, w.Theft)
	}}
	one, other := set.World(t), set.World(t)
	one.Want(t, `SELECT count(*) FROM filing WHERE id = '`+filed.String()+`' AND status = 'filed'`, "count\n1")
	if err := one.Withdraw(one.Aigul, filed); err != nil {
		t.Fatal(err)
	}
	one.Petition(one.Aigul, one.Theft)
	other.Want(t, `SELECT status, count(*) FROM filing GROUP BY status`, `
		status | count
		filed  | 1`)
	if times != 1 {
		t.Errorf("furnished %d times", times)
	}
	one.Sound()
	other.Sound()
}

func TestMain(m *testing.M) {
	code := m.Run()
	portaltest.Strike()
	os.Exit(code)
}
