package deadline

import (
	_ "embed"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the zone must not depend on what the machine has installed
)

// Zone is the one civil zone of Kazakhstan: UTC+5 since 1 March 2024. All
// counting is done in it, whatever zone the instants come in.
var Zone = almaty()

// almaty prefers the tz database, which knows the years before 2024, and
// refuses a database too old to know of the change: an hour's error there
// would move midnight, and with midnight the last day of a term.
func almaty() *time.Location {
	const fiveHours = 5 * 60 * 60
	zone, err := time.LoadLocation("Asia/Almaty")
	if err == nil {
		_, offset := time.Date(2024, time.June, 1, 0, 0, 0, 0, zone).Zone()
		if offset == fiveHours {
			return zone
		}
	}
	return time.FixedZone("Asia/Almaty", fiveHours)
}

// Weekend is the reason a Saturday or a Sunday is off; the other reasons are
// the keys of holidays.csv. Each has its words under "law.day-off.".
const Weekend = "weekend"

//go:embed holidays.csv
var holidays string

// Calendar knows which days state bodies do not work: the five-day week, the
// holidays, and the days the Government moved. It is a value to be handed to
// the counting, because the days are decided each year anew. The zero
// Calendar knows Saturdays and Sundays only.
type Calendar struct {
	days map[string]special // by date, "2026-10-26"

	// years are those somebody listed whole, known by their New Year; true says that
	// the Government published it. Of other years the rule tells.
	years map[int]bool
}

// special is a day that differs from its weekday.
type special struct {
	off     bool
	why     string
	certain bool // published by the Government, not worked out or estimated
}

// Kazakhstan is the calendar the portal was built with (Labour Code art. 84,
// 85; Law on holidays art. 5), 2025 to 2027.
var Kazakhstan = sync.OnceValue(func() Calendar {
	calendar, err := ReadCalendar(holidays)
	if err != nil {
		panic("deadline: the built-in holidays.csv: " + err.Error()) // a broken build, never input
	}
	return calendar
})

// ReadCalendar reads lines of "date;off|work;key;official|computed|estimate";
// empty lines and lines with # are passed over. A line it does not understand,
// and a day named twice, are errors that name the line.
func ReadCalendar(text string) (Calendar, error) {
	calendar := Calendar{days: map[string]special{}, years: map[int]bool{}}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		date, day, err := readDay(line)
		if err != nil {
			return Calendar{}, fmt.Errorf("line %d: %w", i+1, err)
		}
		key := date.Format(time.DateOnly)
		if _, twice := calendar.days[key]; twice {
			return Calendar{}, fmt.Errorf("line %d: %s stands there twice", i+1, key)
		}
		calendar.days[key] = day
		if date.YearDay() == 1 {
			calendar.years[date.Year()] = day.certain
		}
	}
	return calendar, nil
}

func readDay(line string) (time.Time, special, error) {
	fields := strings.Split(line, ";")
	if len(fields) != 4 {
		return time.Time{}, special{}, fmt.Errorf("%.60q has not four fields", line)
	}
	date, err := time.ParseInLocation(time.DateOnly, fields[0], Zone)
	if err != nil {
		return time.Time{}, special{}, fmt.Errorf("%.20q is not a date", fields[0])
	}
	off, known := map[string]bool{"off": true, "work": false}[fields[1]]
	if !known {
		return time.Time{}, special{}, fmt.Errorf("%.20q is neither off nor work", fields[1])
	}
	certain, known := map[string]bool{"official": true, "computed": false, "estimate": false}[fields[3]]
	if !known || fields[2] == "" {
		return time.Time{}, special{}, fmt.Errorf("%.60q has no reason or no known standing", line)
	}
	return date, special{off: off, why: fields[2], certain: certain}, nil
}

// With is the calendar with one day corrected: the Government moves days of rest
// within the year. What it announces is certain. The calendar itself stays as it was.
func (c Calendar) With(date time.Time, off bool, why string) Calendar {
	days := maps.Clone(c.days)
	if days == nil {
		days = map[string]special{}
	}
	days[date.In(Zone).Format(time.DateOnly)] = special{off: off, why: why, certain: true}
	return Calendar{days: days, years: c.years}
}

// Off says whether state bodies rest on the civil day of the instant.
func (c Calendar) Off(at time.Time) bool { return c.Why(at) != "" }

// Why is the reason the civil day of the instant is off: Weekend or the key of
// a holiday; "" for a working day.
func (c Calendar) Why(at time.Time) string {
	at = at.In(Zone)
	if day, listed := c.days[at.Format(time.DateOnly)]; listed {
		if day.off {
			return day.why
		}
		return ""
	}
	if why := c.byRule(at); why != "" {
		return why
	}
	if weekend(at) {
		return Weekend
	}
	return ""
}

// byRule is the holiday of a day in a year that the calendar does not list yet: the
// law names the dates for good, and a day of rest moves by the same rule each year.
// Of the years before the first that is listed nothing is said, their holidays were
// others.
func (c Calendar) byRule(at time.Time) string {
	if _, listed := c.years[at.Year()]; listed || len(c.years) == 0 || at.Year() < firstByRule {
		return ""
	}
	return rested(at.Year())[at.Format(time.DateOnly)]
}

// firstByRule is the first year with the present holidays (Constitution Day on 15 March).
const firstByRule = 2027

// fixed are the holidays of each year. Christmas is a day off that is never moved;
// Kurban Ait has no fixed date and is not foreseen.
var fixed = []struct {
	month time.Month
	day   int
	key   string
	moves bool
}{
	{time.January, 1, "ny", true}, {time.January, 2, "ny", true}, {time.January, 7, "xmas", false}, {time.March, 8, "women", true},
	{time.March, 15, "const", true}, {time.March, 21, "nauryz", true}, {time.March, 22, "nauryz", true}, {time.March, 23, "nauryz", true},
	{time.May, 1, "unity", true}, {time.May, 7, "def", true}, {time.May, 9, "vic", true}, {time.July, 6, "cap", true},
	{time.October, 25, "rep", true}, {time.December, 16, "ind", true},
}

// rested are the working days of the week that are off in a year by the rule: the
// holidays, and for each that falls on a day off the next working day after it
// (Labour Code art. 85).
func rested(year int) map[string]string {
	days := map[string]string{}
	for _, holiday := range fixed {
		days[time.Date(year, holiday.month, holiday.day, 0, 0, 0, 0, Zone).Format(time.DateOnly)] = holiday.key
	}
	for _, holiday := range fixed {
		date := time.Date(year, holiday.month, holiday.day, 0, 0, 0, 0, Zone)
		if !holiday.moves || !weekend(date) {
			continue
		}
		for weekend(date) || days[date.Format(time.DateOnly)] != "" {
			date = midnight(date, 1)
		}
		days[date.Format(time.DateOnly)] = holiday.key + "_transfer"
	}
	return days
}

func weekend(at time.Time) bool {
	return at.Weekday() == time.Saturday || at.Weekday() == time.Sunday
}

// Certain says that what the calendar tells of this day was published by the
// Government. A day we worked out ourselves, and any working day of a year not
// listed or listed only by our own reckoning, is not certain: a page should
// say so when a term ends there.
func (c Calendar) Certain(at time.Time) bool {
	at = at.In(Zone)
	if day, listed := c.days[at.Format(time.DateOnly)]; listed {
		return day.certain
	}
	return c.years[at.Year()]
}
