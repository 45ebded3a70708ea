package deadline_test

import (
	"fmt"
	"strings"
	"testing"

	"zharia/portal/deadline"
)

// lines is the working as a person would read it.
func lines(c deadline.Counting) string {
	var s strings.Builder
	for _, day := range c.Days {
		fmt.Fprintf(&s, "%s %s %d %s\n", day.Date.Format("02.01.2006"), day.Mark, day.N, day.Off)
	}
	return s.String()
}

func TestAPersonCanCheckTheCountDayByDay(t *testing.T) {
	c := deadline.PetitionAnswer.Count(at(t, "2026-10-22 14:30"), deadline.Kazakhstan())
	want := `22.10.2026 start 0 
23.10.2026 counted 1 
24.10.2026 counted 2 weekend
25.10.2026 moved 3 weekend
26.10.2026 moved 0 rep_transfer
27.10.2026 end 0 
`
	if got := lines(c); got != want {
		t.Errorf("the count reads\n%swant\n%s", got, want)
	}
	if !c.Moved || c.Provisional || !c.Last.Equal(at(t, "2026-10-27")) || c.Name != deadline.PetitionAnswer ||
		!c.Ends.Equal(at(t, "2026-10-27 24:00")) || !c.Raw.Equal(at(t, "2026-10-25 24:00")) {
		t.Errorf("the count is %+v", c)
	}
}

func TestACountThatDoesNotMoveEndsOnItsLastCountedDay(t *testing.T) {
	c := deadline.PetitionAnswer.Count(at(t, "2026-11-09 10:00"), deadline.Kazakhstan())
	want := `09.11.2026 start 0 
10.11.2026 counted 1 
11.11.2026 counted 2 
12.11.2026 end 3 
`
	if got := lines(c); got != want || c.Moved {
		t.Errorf("the count reads\n%swant\n%s", got, want)
	}
}

func TestALongTermShowsOnlyTheDaysThatDecide(t *testing.T) {
	c := deadline.Termination.Count(at(t, "2025-11-21 10:00"), deadline.Kazakhstan())
	want := `21.11.2025 start 0 
21.11.2026 moved 0 weekend
22.11.2026 moved 0 weekend
23.11.2026 end 0 
`
	if got := lines(c); got != want {
		t.Errorf("the count reads\n%swant\n%s", got, want)
	}
}

func TestATermInHoursShowsItsDays(t *testing.T) {
	c := day24.Count(at(t, "2026-12-24 10:20"), deadline.Kazakhstan())
	if got, want := lines(c), "24.12.2026 start 0 \n25.12.2026 end 0 \n"; got != want || c.Moved {
		t.Errorf("the count reads\n%swant\n%s", got, want)
	}
}

func TestTheFirstDayOfBeingHeldIsCounted(t *testing.T) {
	c := heldDays.Count(at(t, "2026-10-23 14:37"), deadline.Kazakhstan())
	want := `23.10.2026 counted 1 
24.10.2026 counted 2 weekend
25.10.2026 end 3 weekend
`
	if got := lines(c); got != want {
		t.Errorf("the count reads\n%swant\n%s", got, want)
	}
}

func TestAnEndThatRestsOnDaysNotYetPublishedIsSaidToBeProvisional(t *testing.T) {
	for from, want := range map[string]bool{
		"2026-11-09": false, // all of it in a published year
		"2026-12-30": true,  // ends on 4 January 2027, a day off we worked out
		"2028-06-05": true,  // a year nobody has listed
	} {
		if got := deadline.PetitionAnswer.Count(at(t, from), deadline.Kazakhstan()).Provisional; got != want {
			t.Errorf("a petition of %s: provisional is %t, want %t", from, got, want)
		}
	}
}

// No day off moves an hour, nor how long a person may be held: what the Government has not
// published yet changes nothing of their ends.
func TestWhatNoDayOffMovesIsNotProvisional(t *testing.T) {
	for name, want := range map[deadline.Name]bool{
		deadline.SecurityAnswer: false, deadline.ReportDecision: false, deadline.Detention: false, deadline.CustodyQualification: false,
		deadline.PetitionAnswer: true, deadline.Termination: true,
	} {
		if got := name.Count(at(t, "2028-05-03 10:20"), deadline.Kazakhstan()).Provisional; got != want { // a year nobody has listed
			t.Errorf("%s: provisional %v", name, got)
		}
	}
}
