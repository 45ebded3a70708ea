package portaltest_test

import (
	"testing"
	"time"

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
