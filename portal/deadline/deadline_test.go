package deadline_test

import (
	"testing"
	"time"

	"zharia/portal/deadline"
	"zharia/portal/law"
)

// at reads a moment of Almaty; "24:00" is understood as the Code writes it.
func at(t *testing.T, s string) time.Time {
	t.Helper()
	day, clock := s, "00:00"
	if len(s) > len(time.DateOnly) {
		day, clock = s[:10], s[11:]
	}
	date, err := time.ParseInLocation(time.DateOnly, day, deadline.Zone)
	if err != nil {
		t.Fatal(err)
	}
	if clock == "24:00" {
		return date.AddDate(0, 0, 1)
	}
	of, err := time.Parse("15:04", clock)
	if err != nil {
		t.Fatal(err)
	}
	return date.Add(of.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)))
}

var (
	day24    = deadline.Term{Amount: 24, Unit: deadline.Hours, By: law.CPC(96)}
	month    = deadline.Term{Amount: 1, Unit: deadline.Months, By: law.CPC(48, 4)}
	year     = deadline.Term{Amount: 1, Unit: deadline.Years, By: law.CPC(102)}
	held48   = deadline.Term{Amount: 48, Unit: deadline.Hours, By: law.CPC(131), NoShift: true}
	heldDays = deadline.Term{Amount: 3, Unit: deadline.Days, By: law.CPC(48, 4), NoShift: true}
)

func term(t *testing.T, n deadline.Name, on string) deadline.Term {
	t.Helper()
	term, ok := n.Term(at(t, on))
	if !ok {
		t.Fatalf("%s is no term", n)
	}
	return term
}

func TestEveryWorkedExampleOfTheCodeComesOutAtItsDate(t *testing.T) {
	petition := term(t, deadline.PetitionAnswer, "2026-10-22")
	complaint := term(t, deadline.ComplaintAnswer, "2026-10-22")
	for _, row := range []struct {
		proves    string // the sentence of the Code the date proves
		term      deadline.Term
		from      string
		raw, ends string
	}{
		// CPC 48(2), (3), (4): the worked examples of the research on the law.
		{"the last day is off (Sunday, Republic Day), the next is the day off moved from it: the next working day, 48(4)",
			petition, "2026-10-22 14:30", "2026-10-25 24:00", "2026-10-27 24:00"},
		{"days are calendar days; the ones off inside the term are counted, 48(3)",
			complaint, "2026-10-22 14:30", "2026-10-29 24:00", "2026-10-29 24:00"},
		{"31 August 2026 is an ordinary Monday: the old Constitution Day is a holiday no more",
			complaint, "2026-08-24 09:00", "2026-08-31 24:00", "2026-08-31 24:00"},
		{"a month that has no such date ends on its last day, and that is a Sunday, 48(4)",
			month, "2027-01-31 10:00", "2027-02-28 24:00", "2027-03-01 24:00"},
		{"a year ends on the same date of the last year, 48(4)",
			year, "2028-02-28 10:00", "2029-02-28 24:00", "2029-02-28 24:00"},
		{"the hour in which the term starts is not counted, 48(2)",
			day24, "2026-12-24 10:20", "2026-12-25 11:00", "2026-12-25 11:00"},

		// Edges.
		{"the day of the start is not counted, even its first minute, 48(2)",
			petition, "2026-11-09 00:00", "2026-11-12 24:00", "2026-11-12 24:00"},
		{"nor is it even when it is the last minute, 48(2)",
			petition, "2026-11-09 23:59", "2026-11-12 24:00", "2026-11-12 24:00"},
		{"an hour that has just struck is the started hour",
			day24, "2026-12-24 10:00", "2026-12-25 11:00", "2026-12-25 11:00"},
		{"a term in hours is not moved: it has no last day",
			day24, "2026-10-24 10:20", "2026-10-25 11:00", "2026-10-25 11:00"},
		{"29 February and a year: the last day of a month that has no such date, 48(4)",
			year, "2028-02-29 10:00", "2029-02-28 24:00", "2029-02-28 24:00"},
		{"a leap month ends on the 29th; it is a Tuesday",
			month, "2028-01-31 10:00", "2028-02-29 24:00", "2028-02-29 24:00"},
		{"December and a month: the next year; 31 January 2027 is a Sunday",
			month, "2026-12-31 10:00", "2027-01-31 24:00", "2027-02-01 24:00"},
		{"Nauryz 2026: Saturday, Sunday, Monday and two days moved from them",
			petition, "2026-03-18 12:00", "2026-03-21 24:00", "2026-03-26 24:00"},
		{"Orthodox Christmas is off though nobody moves it",
			petition, "2027-01-04 12:00", "2027-01-07 24:00", "2027-01-08 24:00"},
		{"a Sunday the Ministry made a working day is one",
			petition, "2025-01-02 12:00", "2025-01-05 24:00", "2025-01-05 24:00"},
		{"detention runs from the minute of restraint and ends to the minute, on a Sunday too, 48(2), 48(5)",
			held48, "2026-10-23 14:37", "2026-10-25 14:37", "2026-10-25 14:37"},
		{"the first day of being held counts and the end never moves, 48(2), 48(4)",
			heldDays, "2026-10-23 14:37", "2026-10-25 24:00", "2026-10-25 24:00"},
	} {
		from := at(t, row.from)
		if got, want := row.term.Raw(from), at(t, row.raw); !got.Equal(want) {
			t.Errorf("%s: %s counts to %s, want %s", row.proves, row.from, got, want)
		}
		if got, want := row.term.Ends(from, deadline.Kazakhstan()), at(t, row.ends); !got.Equal(want) {
			t.Errorf("%s: %s ends %s, want %s", row.proves, row.from, got, want)
		}
	}
}

func TestTheTermsOfThePortalAreThoseOfTheCode(t *testing.T) {
	for name, want := range map[deadline.Name]deadline.Term{
		deadline.PetitionAnswer:    {Amount: 3, Unit: deadline.Days, By: law.CPC(99, 4), Since: "2015-01-01"},
		deadline.ComplaintAnswer:   {Amount: 7, Unit: deadline.Days, By: law.CPC(105, 2), Since: "2015-01-01", Wording: "62-VII of 2021-07-02"},
		deadline.ComplaintUrgent:   {Amount: 3, Unit: deadline.Days, By: law.CPC(105, 2), Since: "2015-01-01", Wording: "62-VII of 2021-07-02"},
		deadline.ComplaintExtended: {Amount: 15, Unit: deadline.Days, By: law.CPC(105, 2), Since: "2015-01-01", Wording: "62-VII of 2021-07-02"},
		deadline.CourtComplaint:    {Amount: 15, Unit: deadline.Days, By: law.CPC(106, 5), Since: "2015-01-01"},
		deadline.Termination:       {Amount: 1, Unit: deadline.Years, By: law.CPC(102), Since: "2015-01-01"},
		deadline.AgreeInterruption: {Amount: 3, Unit: deadline.Days, By: law.CPC(45, 8), Since: "2015-01-01"},
		deadline.AgreeAccusation:   {Amount: 3, Unit: deadline.Days, By: law.CPCs("192-2"), Since: "2015-01-01"},
		deadline.AgreeTermination:  {Amount: 10, Unit: deadline.Days, By: law.CPC(290), Since: "2015-01-01"},
		deadline.AgreeIndictment:   {Amount: 10, Unit: deadline.Days, By: law.CPC(302), Since: "2015-01-01"},
		deadline.AfterReading:      {Amount: 3, Unit: deadline.Days, By: law.CPC(297), Since: "2015-01-01"},
		deadline.JudgeComplaint:    {Amount: 3, Unit: deadline.Days, By: law.CPC(107), Since: "2015-01-01", Wording: "384-VI of 2020-12-19"},
	} {
		if got := term(t, name, "2026-11-21"); got != want {
			t.Errorf("%s is %+v, want %+v", name, got, want)
		}
	}
	for _, name := range deadline.Names {
		term(t, name, "2026-11-21")
	}
}

func TestNoTermAndAnUnknownTermHaveNoEnd(t *testing.T) {
	now := at(t, "2026-11-21 12:00")
	for _, name := range []deadline.Name{deadline.None, "no-such-term"} {
		c := name.Count(now, deadline.Kazakhstan())
		if !name.Ends(now, deadline.Kazakhstan()).IsZero() || !name.Raw(now).IsZero() || !c.Ends.IsZero() || c.Days != nil {
			t.Errorf("%q has an end", name)
		}
	}
	if got := (deadline.Term{Amount: 3, Unit: "fortnights"}).Count(now, deadline.Kazakhstan()); !got.Ends.IsZero() {
		t.Errorf("an unknown unit was counted to %s", got.Ends)
	}
}

func TestTheDayIsThatOfAlmatyInWhateverZoneTheInstantCame(t *testing.T) {
	// 19:30 in UTC is already the next day, 00:30, in Almaty.
	late := time.Date(2026, time.November, 9, 19, 30, 0, 0, time.UTC)
	want := at(t, "2026-11-13 24:00")
	for _, zone := range []*time.Location{time.UTC, deadline.Zone, time.FixedZone("far", -11*60*60)} {
		if got := deadline.PetitionAnswer.Ends(late.In(zone), deadline.Kazakhstan()); !got.Equal(want) {
			t.Errorf("in %s it ends %s, want %s", zone, got, want)
		}
	}
}

func TestTheZoneIsFiveHoursSinceMarch2024AndHasNoSummerTime(t *testing.T) {
	for month := time.March; month <= time.December; month++ {
		_, offset := time.Date(2024, month, 2, 12, 0, 0, 0, deadline.Zone).Zone()
		_, later := time.Date(2027, month, 2, 12, 0, 0, 0, deadline.Zone).Zone()
		if offset != 5*60*60 || later != offset {
			t.Errorf("the offset in month %d is %d and %d seconds", month, offset, later)
		}
	}
}

func TestDaysLeftIsCountedInDaysOfTheCalendar(t *testing.T) {
	ends := at(t, "2026-10-27 24:00")
	for now, want := range map[string]int{
		"2026-10-22 23:59": 5, "2026-10-26 00:00": 1, "2026-10-27 00:00": 0, "2026-10-27 23:59": 0, "2026-10-28 00:00": -1,
	} {
		if got := deadline.DaysLeft(ends, at(t, now)); got != want {
			t.Errorf("at %s %d days are left, want %d", now, got, want)
		}
	}
	if got := deadline.LastDay(ends); !got.Equal(at(t, "2026-10-27")) {
		t.Errorf("the last day is %s", got)
	}
	if got := deadline.LastDay(at(t, "2026-12-25 11:00")); !got.Equal(at(t, "2026-12-25")) {
		t.Errorf("the last day of an hour is %s", got)
	}
}
