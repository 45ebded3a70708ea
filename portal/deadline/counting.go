package deadline

import "time"

// Counting is a term worked out day by day, so that a person can check it.
type Counting struct {
	Name  Name
	Term  Term
	From  time.Time // the moment it started, in Zone
	Days  []Day     // for a term in days every day; for the others only start, last and moved days
	Raw   time.Time // the end before a day off moved it
	Ends  time.Time // the legal end: 24:00 of the last day, written as 00:00 of the next
	Last  time.Time // the last day, 00:00 in Zone: what is shown to people
	Moved bool      // a day off moved the end

	// Provisional says that a day off on which the end rests was worked out by
	// us and not yet published by the Government.
	Provisional bool
}

// Mark is what a day is to the count.
type Mark string

// The marks. A term whose plain count ends on a day off has its last counted
// day marked Counted, the days off it moves over Moved, and then its End.
const (
	Start   Mark = "start"   // not counted, CPC 48(2)
	Counted Mark = "counted" // counted, whether worked or not, CPC 48(3)
	Moved   Mark = "moved"   // the count is over, but the day is off: moved on, CPC 48(4)
	End     Mark = "end"     // ends at 24:00 of this day
)

// Day is one line of the working.
type Day struct {
	Date time.Time // 00:00 in Zone
	Mark Mark
	N    int    // which counted day it is, from 1; 0 when it is not counted or the term is not in days
	Off  string // why the day is off (a key of the calendar), or ""
}

// Count works the term out for people. For None everything is zero.
func (n Name) Count(from time.Time, off Calendar) Counting {
	term, ok := n.Term(from)
	if !ok {
		return Counting{}
	}
	counting := term.Count(from, off)
	counting.Name = n
	return counting
}

// Count is Name.Count for a term that has no name.
func (t Term) Count(from time.Time, off Calendar) Counting {
	c := Counting{Term: t, From: from.In(Zone), Raw: t.Raw(from), Ends: t.Ends(from, off)}
	if c.Raw.IsZero() {
		return Counting{}
	}
	c.Last = LastDay(c.Ends)
	c.Moved = !c.Ends.Equal(c.Raw)
	for _, day := range c.EachDay(off) {
		if t.Unit == Days || t.Unit == Hours || day.Mark != Counted {
			c.Days = append(c.Days, day)
		}
	}
	if t.NoShift || t.Unit == Hours {
		return c // no day off moves it
	}
	for day := LastDay(c.Raw); !day.After(c.Last); day = midnight(day, 1) {
		c.Provisional = c.Provisional || !off.Certain(day)
	}
	return c
}

// EachDay is every civil day from the start to the legal end, whatever the term is
// counted in. The calendar is the one it was counted by.
func (c Counting) EachDay(off Calendar) []Day {
	if c.Raw.IsZero() {
		return nil
	}
	t := c.Term
	start, rawLast := midnight(c.From, 0), LastDay(c.Raw)
	startMark := Start
	if t.NoShift {
		startMark = Counted
	}
	var days []Day
	for date, n := start, 0; !date.After(c.Last); date = midnight(date, 1) {
		day := Day{Date: date, Mark: Counted, Off: off.Why(date)}
		switch {
		case date.Equal(start) && startMark == Start && !date.Equal(c.Last):
			day.Mark = Start
		case date.Equal(c.Last):
			day.Mark = End
		case date.After(rawLast) || c.Moved && date.Equal(rawLast):
			day.Mark = Moved
		}
		if t.Unit == Days && day.Mark != Start && !date.After(rawLast) {
			n++
			day.N = n
		}
		days = append(days, day)
	}
	return days
}
