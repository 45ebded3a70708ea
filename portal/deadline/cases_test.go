package deadline_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"zharia/portal/deadline"
	"zharia/portal/law"
)

// dated is one row of testdata/cases.tsv.
type dated struct {
	line            int
	term            deadline.Term
	name            string
	from, raw, ends string
	article, proves string
}

func cases(t *testing.T) []dated {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var rows []dated
	for i, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 6 || f[5] == "" {
			t.Fatalf("line %d has not six fields: %s", i+1, line)
		}
		row := dated{line: i + 1, name: f[0], from: f[1], raw: f[2], ends: f[3], article: f[4], proves: f[5]}
		if spec, unnamed := strings.CutPrefix(f[0], "="); unnamed {
			row.term.NoShift = strings.HasSuffix(spec, " held")
			if _, err := fmt.Sscanf(spec, "%d %s", &row.term.Amount, &row.term.Unit); err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
			if row.term.By, err = law.Parse(row.article); err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
		} else {
			row.term = term(t, deadline.Name(f[0]), f[1])
		}
		rows = append(rows, row)
	}
	return rows
}

func TestEveryDatedCaseEndsOnItsDay(t *testing.T) {
	rows := cases(t)
	named := map[string]bool{}
	for _, row := range rows {
		from := at(t, row.from)
		if got, want := row.term.Raw(from), at(t, row.raw); !got.Equal(want) {
			t.Errorf("line %d, %s from %s (%s): the plain count ends %s, want %s", row.line, row.name, row.from, row.proves, got, row.raw)
		}
		if got, want := row.term.Ends(from, deadline.Kazakhstan()), at(t, row.ends); !got.Equal(want) {
			t.Errorf("line %d, %s from %s (%s): it ends %s, want %s", row.line, row.name, row.from, row.proves, got, row.ends)
		}
		if got := row.term.By.String(); got != row.article {
			t.Errorf("line %d: %s is by %s, want %s", row.line, row.name, got, row.article)
		}
		named[row.name] = true
	}
	for _, name := range deadline.Names {
		if !named[string(name)] {
			t.Errorf("no dated case proves %s", name)
		}
	}
	if len(rows) < 200 {
		t.Errorf("%d dated cases, want 200 at least", len(rows))
	}
}

// slow counts a term a second time, by walking: minute by minute would do, day by day
// is enough. It shares nothing with the portal but the question whether a day is off.
func slow(term deadline.Term, from time.Time, off func(time.Time) bool) (raw, ends time.Time) {
	from = from.In(deadline.Zone)
	day := func(at time.Time, n int) time.Time {
		return time.Date(at.Year(), at.Month(), at.Day()+n, 0, 0, 0, 0, deadline.Zone)
	}
	var last time.Time
	switch term.Unit {
	case deadline.Hours:
		begin := from.Add(-time.Duration(from.Second())*time.Second - time.Duration(from.Nanosecond()))
		if !term.NoShift { // wait for the hour to be over
			for begin = begin.Add(time.Minute); begin.Minute() != 0; begin = begin.Add(time.Minute) {
			}
		}
		for range term.Amount {
			begin = begin.Add(time.Hour)
		}
		return begin, begin
	case deadline.Days:
		last = day(from, 0)
		for n := map[bool]int{true: 1, false: 0}[term.NoShift]; n < term.Amount; n++ {
			last = day(last, 1)
		}
	default:
		months := term.Amount
		if term.Unit == deadline.Years {
			months *= 12
		}
		first := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, deadline.Zone)
		for range months {
			first = first.AddDate(0, 1, 0)
		}
		last = first
		for n := 1; n < from.Day() && day(last, 1).Month() == first.Month(); n++ {
			last = day(last, 1)
		}
		if term.NoShift && last.Day() == from.Day() {
			last = day(last, -1)
		}
	}
	raw = day(last, 1)
	for !term.NoShift && off(last) {
		last = day(last, 1)
	}
	return raw, day(last, 1)
}

// holds says what is true of every term from every moment by every calendar.
func holds(t *testing.T, term deadline.Term, from time.Time, off deadline.Calendar) {
	t.Helper()
	raw, ends := term.Raw(from), term.Ends(from, off)
	fixed := term.NoShift || term.Unit == deadline.Hours
	slowRaw, slowEnds := slow(term, from, off.Off)
	switch {
	case !raw.Equal(slowRaw) || !ends.Equal(slowEnds):
		t.Fatalf("%+v from %s: %s and %s; counted again, %s and %s", term, from, raw, ends, slowRaw, slowEnds)
	case !raw.After(from.Truncate(time.Minute)):
		t.Fatalf("%+v from %s is over when it begins", term, from)
	case ends.Before(raw):
		t.Fatalf("%+v from %s ends before its plain count", term, from)
	case fixed && !ends.Equal(raw):
		t.Fatalf("%+v from %s was moved", term, from)
	case !fixed && off.Off(deadline.LastDay(ends)):
		t.Fatalf("%+v from %s ends on a day off", term, from)
	}
	c := term.Count(from, off)
	days, counted := c.EachDay(off), 0
	for i, day := range days {
		if i > 0 && deadline.DaysLeft(day.Date.AddDate(0, 0, 1), days[i-1].Date) != 1 {
			t.Fatalf("%+v from %s: a day is left out of the working", term, from)
		}
		if day.N > 0 {
			counted++
		}
	}
	if !days[len(days)-1].Date.Equal(deadline.LastDay(ends)) || term.Unit == deadline.Days && counted != term.Amount {
		t.Fatalf("%+v from %s: the working has %d counted days and ends %s", term, from, counted, days[len(days)-1].Date)
	}
	for n := range 3 { // one more day off, wherever it falls, never shortens
		more := off.With(deadline.LastDay(ends).AddDate(0, 0, -n), true, "decree")
		if term.Ends(from, more).Before(ends) {
			t.Fatalf("%+v from %s ends earlier for one more day off", term, from)
		}
	}
}

func TestEveryTermFromEveryDayOfThreeYearsIsTheSameCountedTwice(t *testing.T) {
	for _, name := range deadline.Names {
		for day := at(t, "2024-12-01 13:20"); day.Year() < 2028; day = day.AddDate(0, 0, 1) {
			holds(t, term(t, name, "2026-01-01"), day, deadline.Kazakhstan())
		}
	}
}

func FuzzATermNeverEndsEarlyNorOnADayOff(f *testing.F) {
	f.Add(int64(1792661400), uint8(3), uint8(1), false, int16(2))
	f.Add(int64(1801360800), uint8(1), uint8(2), true, int16(-9))
	f.Fuzz(func(t *testing.T, second int64, amount, unit uint8, held bool, moved int16) {
		from := time.Unix(1420070400+(second&0x7fffffffffffffff)%(80*365*24*60*60), 0) // 2015 to 2094
		units := []deadline.Unit{deadline.Hours, deadline.Days, deadline.Months, deadline.Years}
		term := deadline.Term{Amount: int(amount%60) + 1, Unit: units[unit%4], NoShift: held}
		off := deadline.Kazakhstan().With(from.AddDate(0, 0, int(moved)), moved%2 == 0, "decree")
		holds(t, term, from, off)
	})
}

func TestANumberThatWasChangedCountsFromTheDayOfTheChange(t *testing.T) {
	for day, want := range map[string]int{"2016-05-05": 72, "2018-02-28": 72, "2018-03-01": 48, "2026-11-09": 48} {
		if got := term(t, deadline.Detention, day); got.Amount != want {
			t.Errorf("on %s a person was held %d hours, want %d", day, got.Amount, want)
		}
	}
	for _, name := range deadline.Names {
		versions := name.Versions()
		for i, version := range versions {
			if i > 0 && version.Since != versions[i-1].Until || version.Since < deadline.CodeInForce || version.By.IsZero() || version.Amount < 1 {
				t.Errorf("%s: version %d is %+v", name, i, version)
			}
			if _, known := law.InIndex(version.By); !known {
				t.Errorf("%s is by %s, which is not in the index", name, version.By)
			}
		}
		if len(versions) == 0 || versions[len(versions)-1].Until != "" {
			t.Errorf("%s is not in force", name)
		}
	}
}

func TestAKindOfFilingFindsItsTerms(t *testing.T) {
	for key, want := range map[string]deadline.Name{
		"petition": deadline.PetitionAnswer, "complaint_head": deadline.ComplaintAnswer, "complaint_head/urgent": deadline.ComplaintUrgent,
		"complaint_prosecutor": deadline.ComplaintAnswer, "complaint-prosecutor/extended": deadline.ComplaintExtended,
		"complaint_prosecutor/silence": deadline.ProsecutorSilence, "complaint_higher_prosecutor/urgent": deadline.ComplaintUrgent,
		"complaint-higher": deadline.ComplaintAnswer, "complaint_court": deadline.CourtAnswer, "complaint_court/hearing": deadline.CourtHearing,
		"complaint_court/to-file": deadline.CourtComplaint, "complaint-judge": deadline.JudgeAnswer, "complaint-judge/to-file": deadline.JudgeComplaint,
		"complaint_no_registration": deadline.ComplaintAnswer, "complaint_no_registration/court": deadline.CourtAnswer,
		"recognise_me": deadline.StatusRequest, "recognise_me/appeal": deadline.StatusAppeal, "recognise_me/no_answer": deadline.StatusSilence,
		"security": deadline.SecurityAnswer, "delay": deadline.DelayAnswer, "familiarise": deadline.FamiliariseAnswer,
		"after_familiarisation": deadline.AfterReadingAnswer, "after_familiarisation/copy": deadline.CopyAfterRefusal,
		"format_language": deadline.FormatAnswer, "restore_term": deadline.RestoreAnswer, "challenge": deadline.ChallengeAnswer,
		"court-materials": deadline.CourtMaterials, "court_materials": deadline.CourtMaterials,
	} {
		if got, ok := deadline.Lookup(key); !ok || got != want {
			t.Errorf("%s is %q, want %s", key, got, want)
		}
	}
	for _, key := range []string{"", "withdrawal", "petition/urgent", "complaint_head/", "complaint_head/hearing", "/urgent", "complaint"} {
		if got, ok := deadline.Lookup(key); ok {
			t.Errorf("%q was taken for %s", key, got)
		}
	}
	for _, name := range deadline.Names {
		for _, key := range name.Keys() {
			if got, ok := deadline.Lookup(key); !ok || got != name {
				t.Errorf("%s is said to be found by %s, which finds %q", name, key, got)
			}
		}
	}
	if !slices.Contains(deadline.ComplaintUrgent.Keys(), "complaint-prosecutor/urgent") {
		t.Error("the urgent complaint is found by no kind of filing")
	}
}

func TestADayTheGovernmentMovedChangesTheCountAndNothingElse(t *testing.T) {
	plain := deadline.Kazakhstan()
	moved := plain.With(at(t, "2026-11-12 15:00"), true, "decree").With(at(t, "2026-11-14"), false, "")
	if moved.Why(at(t, "2026-11-12")) != "decree" || moved.Off(at(t, "2026-11-14")) || !moved.Certain(at(t, "2026-11-14")) || plain.Off(at(t, "2026-11-12")) {
		t.Error("the calendar was not corrected, or the one it came from was")
	}
	c := deadline.PetitionAnswer.Count(at(t, "2026-11-09 10:00"), moved)
	if !c.Ends.Equal(at(t, "2026-11-13 24:00")) || !c.Raw.Equal(at(t, "2026-11-12 24:00")) || c.Provisional {
		t.Errorf("the petition ends %s", c.Ends)
	}
	var bare deadline.Calendar
	if got := bare.With(at(t, "2026-11-12"), true, "decree"); !got.Off(at(t, "2026-11-12")) || bare.Off(at(t, "2026-11-12")) {
		t.Error("a calendar without lists cannot be corrected")
	}
}

// The rule is the one the research worked 2027 out by: of 2027 it says what is listed.
func TestTheHolidaysOfALaterYearFollowTheRule(t *testing.T) {
	off := deadline.Kazakhstan()
	for day, want := range map[string]string{
		"2028-01-01": "ny", "2028-01-02": "ny", "2028-01-03": "ny_transfer", "2028-01-04": "ny_transfer", "2028-01-05": "", "2028-01-07": "xmas",
		"2028-03-08": "women", "2028-03-15": "const", "2028-03-21": "nauryz", "2028-07-06": "cap", "2028-12-16": "ind", "2028-12-18": "ind_transfer",
		"2029-05-07": "def", "2033-05-09": "vic", "2033-05-07": "def", "2033-05-10": "def_transfer", "2024-12-16": "", "2023-01-02": "",
	} {
		if got := off.Why(at(t, day)); got != want {
			t.Errorf("%s is off by %q, want %q", day, got, want)
		}
		if off.Certain(at(t, day)) {
			t.Errorf("%s is said to be published", day)
		}
	}
	text, err := os.ReadFile("holidays.csv")
	if err != nil {
		t.Fatal(err)
	}
	var only2026 strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "2026") {
			only2026.WriteString(line)
		}
	}
	ruled, err := deadline.ReadCalendar(only2026.String())
	if err != nil {
		t.Fatal(err)
	}
	for day := at(t, "2027-01-01"); day.Year() == 2027; day = day.AddDate(0, 0, 1) {
		if got, want := ruled.Why(day), off.Why(day); (got == "") != (want == "") {
			t.Errorf("%s is off by %q, and listed as %q", day.Format(time.DateOnly), got, want)
		}
	}
}
