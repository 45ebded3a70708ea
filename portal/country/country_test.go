package country

import (
	"strings"
	"testing"
	"time"

	"zharia/portal/cast"
	"zharia/portal/portaltest"
)

func TestWhatIsFilledInAgreesWithItselfAndGoesOnWhereItEnded(t *testing.T) {
	db := portaltest.SQL(t, portaltest.DB(t))
	shape := Shape{Filings: 4, Text: 2}
	told := 0
	for _, cases := range [][2]int{{0, 3}, {3, 5}} {
		if err := Fill(t.Context(), db, cases[0], cases[1], shape, func(n int) { told = n }); err != nil {
			t.Fatal(err)
		}
	}
	if told != 2 {
		t.Errorf("told of %d cases, of 2 in the second filling", told)
	}
	for what, want := range map[string]int{
		`SELECT count(*) FROM casefile`:    5,
		`SELECT count(*) FROM participant`: 20,
		`SELECT count(*) FROM decision d JOIN document o ON o.id = d.document AND o.casefile = d.casefile JOIN casefile c ON c.id = d.casefile`:                               100,
		`SELECT count(*) FROM filing f JOIN participant p ON p.id = f.participant AND p.person = f.author AND p.casefile = f.casefile JOIN officer o ON o.person = f.decider`: 20,
		`SELECT count(*) FROM filing f JOIN document d ON d.id = f.document AND d.casefile = f.casefile AND d.signer = f.author JOIN point p ON p.filing = f.id`:              20,
		`SELECT count(*) FROM filing WHERE (status = 'filed') = (ended_at IS NULL) AND octet_length(circumstances) = 33`:                                                      20,
		`SELECT count(*) FROM answer a JOIN filing f ON f.id = a.filing AND f.ended_at IS NOT NULL JOIN point p ON p.filing = f.id JOIN resolution r ON r.point = p.id`:       19,
		`SELECT count(*) FROM known k JOIN participant p ON p.casefile = k.casefile AND p.person = k.person JOIN person o ON o.id = p.person`:                                 20,
		`SELECT count(*) FROM decision_person d JOIN participant p ON p.id = d.participant JOIN decision e ON e.id = d.decision AND e.casefile = p.casefile`:                  100,
		`SELECT count(*) FROM person WHERE id < 'f0000000-0000-0000-0000-000000000000'`:                                                                                       0,
		`SELECT count(*) FROM record`: 0,
	} {
		var n int
		if err := db.Get(&n, what); err != nil {
			t.Fatal(err)
		}
		if n != want {
			t.Errorf("%s: %d, not %d", what, n, want)
		}
	}
}

func TestEachCitizenIsSomebodyOfHisOwnWithAKeyThatStays(t *testing.T) {
	troupe, err := cast.Keys("", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	first, err := Citizens(dir, troupe, 3, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	again, err := Citizens(dir, troupe, 3, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		if got, want := string(again[i].Key.Certificate()), string(first[i].Key.Certificate()); got != want || first[i].Key.Subject().IIN != first[i].IIN.Reveal() {
			t.Errorf("citizen %d has another key the second time, or another IIN in it", i)
		}
	}
	seen := map[string]bool{}
	for i := range 500 {
		n := iin(i)
		if seen[n.Reveal()] || !n.Valid() {
			t.Errorf("citizen %d: IIN %s", i, n.Reveal())
		}
		seen[n.Reveal()] = true
	}
}

func TestABarSaysHowFarAndHowLong(t *testing.T) {
	since := time.Now().Add(-10 * time.Second)
	if bar := Bar("filings", 50, 200, since); !strings.Contains(bar, "##########..............................") || !strings.Contains(bar, "50 of 200") || !strings.Contains(bar, "30s to go") {
		t.Errorf("a quarter: %q", bar)
	}
	if bar := Bar("filings", 200, 200, since); strings.Contains(bar, ".]") || strings.Contains(bar, "to go") {
		t.Errorf("the end: %q", bar)
	}
}
