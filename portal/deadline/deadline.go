// Package deadline counts the terms of the Criminal Procedure Code: when they
// start, how they are counted, when they end (CPC 48). It is pure: no
// database and no clock; the days off come in as a Calendar.
//
// The rules, each of which a test proves with a date:
//
//   - the hour or day in which a term starts is not counted, CPC 48(2);
//   - non-working days inside a term count like any other, CPC 48(3);
//   - a term in days ends at 24:00 of its last day; in months and years on the
//     same date, or on the last day of a month that has no such date, CPC 48(4);
//   - a last day that is not worked moves to the next working day, CPC 48(4);
//   - detention and its kin are different: their first hour and day count, and
//     they never move, CPC 48(2), CPC 48(4).
//
// "24:00 of the last day" is an instant, and Go has no 24:00: it is returned as
// 00:00 of the next day in Asia/Almaty. To act in time is to act before that
// instant. What people are shown is LastDay, the day itself.
package deadline

import (
	"time"

	"zharia/portal/law"
)

// Unit is what a term is counted in.
type Unit string

// The four units of CPC 48(1). Days are calendar days, worked or not.
const (
	Hours  Unit = "hours"
	Days   Unit = "days"
	Months Unit = "months"
	Years  Unit = "years"
)

// Term is how long something may take, and by what law.
type Term struct {
	Amount int
	Unit   Unit
	By     law.Ref

	// Since is the first day the number is in force, "2015-01-01". Numbers
	// change by amendment; a term is counted by the law of the day it started
	// on, CPC 5(1).
	Since string

	// Until is the first day the number is in force no more; "" while it is. Wording
	// is the law that gave the article the words the number was read in, where it is
	// not the first edition: "91-VI of 2017-07-11".
	Until, Wording string

	// NoShift is for detention, custody, house arrest and placement in a
	// medical organisation: the first hour or day counts and the end never
	// moves, because a person is being held. CPC 48(2), CPC 48(4).
	NoShift bool
}

// Raw is the end as the plain count gives it, before a day off moves it. Staff
// are warned by it; nobody is late by it.
func (t Term) Raw(from time.Time) time.Time {
	from = from.In(Zone)
	switch t.Unit {
	case Hours:
		return t.rawHours(from)
	case Days:
		if t.NoShift {
			return midnight(from, t.Amount)
		}
		return midnight(from, t.Amount+1)
	case Months:
		return t.rawMonths(from, t.Amount)
	case Years:
		return t.rawMonths(from, 12*t.Amount)
	}
	return time.Time{}
}

// rawMonths ends with the same date; where the first day counts, with the day
// before it, or a month held would be a month and a day. A month without such a
// date ends the term with its last day either way. CPC 48(4), CPC 48(5).
func (t Term) rawMonths(from time.Time, months int) time.Time {
	last := monthsOn(from, months)
	if t.NoShift && last.Day() == from.Day() {
		return last
	}
	return midnight(last, 1)
}

// rawHours leaves the started hour out, so the count begins with the next full
// hour; the hours of detention run from the minute of restraint. CPC 48(2),
// CPC 48(5).
func (t Term) rawHours(from time.Time) time.Time {
	amount := time.Duration(t.Amount) * time.Hour
	if t.NoShift {
		return from.Truncate(time.Minute).Add(amount)
	}
	started := time.Date(from.Year(), from.Month(), from.Day(), from.Hour(), 0, 0, 0, Zone)
	return started.Add(time.Hour + amount)
}

// Ends is the legal end: the instant by which it must be done. A term in hours
// is not moved: the Code moves a last day, and an hour has none.
func (t Term) Ends(from time.Time, off Calendar) time.Time {
	return t.Moved(t.Raw(from), off)
}

// Moved is the legal end of a plain count that is known.
func (t Term) Moved(raw time.Time, off Calendar) time.Time {
	if raw.IsZero() || t.NoShift || t.Unit == Hours {
		return raw
	}
	last := LastDay(raw)
	for off.Off(last) {
		last = midnight(last, 1)
	}
	return midnight(last, 1)
}

// LastDay is the civil day a person should be shown for an end: the day whose
// 24:00 it is, or the day it falls in when it is an hour. The time of the
// result is 00:00 in Zone.
func LastDay(ends time.Time) time.Time {
	return midnight(ends.Add(-time.Nanosecond), 0)
}

// DaysLeft is how many civil days lie between the day of at and the last day:
// 0 on the last day itself, negative when the term is over.
func DaysLeft(ends, at time.Time) int {
	last, today := LastDay(ends), midnight(at, 0)
	// Whole days as if every day had 24 hours, whatever the zone did meanwhile.
	return int(utc(last).Sub(utc(today)) / (24 * time.Hour))
}

// midnight is 00:00 in Zone, so many days after the civil day of the instant.
func midnight(at time.Time, days int) time.Time {
	at = at.In(Zone)
	return time.Date(at.Year(), at.Month(), at.Day()+days, 0, 0, 0, 0, Zone)
}

// monthsOn is the same date so many months later, or the last day of the month
// if it has no such date (31 January and a month: 28 February). CPC 48(4).
func monthsOn(from time.Time, months int) time.Time {
	first := time.Date(from.Year(), from.Month()+time.Month(months), 1, 0, 0, 0, 0, Zone)
	lastDay := time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, Zone).Day()
	return time.Date(first.Year(), first.Month(), min(from.Day(), lastDay), 0, 0, 0, 0, Zone)
}

func utc(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
}
