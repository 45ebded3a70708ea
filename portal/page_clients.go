package portal

import (
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/agenda"
	"zharia/portal/calendar"
	"zharia/portal/deadline"
	"zharia/portal/policy"
	"zharia/portal/web"
)

// termsPage is what ends when for somebody, over all his cases and all for whom he
// acts: a list, and a month.
type termsPage struct {
	Terms         []termLine
	Late          int
	Month         termMonth
	Before, After string // the months beside it: "2026-09"; "" past the ends
	Advocate      bool
}

// termLine is a term in the list.
type termLine struct {
	agenda.Term
	Late     bool
	DaysLeft int
	URL      string
	Day      string // where a day of the calendar leads to, "2026-10-27"; "" for all but the first of a day
}

// termMonth is a month of the calendar.
type termMonth struct {
	First time.Time
	Month string // a word under count.month.
	Weeks [][7]termDay
}

// termDay is one square.
type termDay struct {
	Date  time.Time // zero for a square of another month
	Day   string
	Off   string
	Today bool
	Terms int // that end on it
	Late  bool
}

// The months a calendar of terms may be turned to: no term is older or longer.
const firstMonth, lastMonth = "2015-01", "2099-12"

func (p *Portal) clientTerms(c echo.Context, ask policy.Ask) error {
	ctx := c.Request().Context()
	all, err := agenda.Gather(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	var page termsPage
	seen := map[string]bool{}
	for _, t := range agenda.Running(all) {
		line := termLine{Term: t, Late: t.Late(ask.At), DaysLeft: deadline.DaysLeft(t.DueAt, ask.At), URL: p.pathOf(web.Lang(c), t, ask.Acting)}
		if line.Late {
			page.Late++
		}
		if day := deadline.LastDay(t.DueAt).Format(time.DateOnly); !seen[day] {
			line.Day, seen[day] = day, true
		}
		page.Terms = append(page.Terms, line)
	}
	off, err := calendar.Now(ctx, p.DB.DB)
	if err != nil {
		return err
	}
	first := monthAsked(c.QueryParam("month"), ask.At)
	page.Month = termsOf(first, page.Terms, ask.At, off)
	if before := first.AddDate(0, -1, 0).Format("2006-01"); before >= firstMonth {
		page.Before = before
	}
	if after := first.AddDate(0, 1, 0).Format("2006-01"); after <= lastMonth {
		page.After = after
	}
	return p.show(c, "client_terms", page)
}

// monthAsked is the first day of a month that was asked for, or of this one.
func monthAsked(text string, at time.Time) time.Time {
	first, err := time.ParseInLocation("2006-01", text, deadline.Zone)
	if err != nil || text < firstMonth || text > lastMonth {
		now := at.In(deadline.Zone)
		return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, deadline.Zone)
	}
	return first
}

func termsOf(first time.Time, terms []termLine, at time.Time, off deadline.Calendar) termMonth {
	ends, late := map[string]int{}, map[string]bool{}
	for _, t := range terms {
		day := deadline.LastDay(t.DueAt).Format(time.DateOnly)
		ends[day]++
		late[day] = late[day] || t.Late
	}
	today := at.In(deadline.Zone).Format(time.DateOnly)
	month := termMonth{First: first, Month: monthWord(first)}
	for _, week := range monthOf(first, nil, off).Weeks {
		var line [7]termDay
		for i, square := range week {
			if square.Date.IsZero() {
				continue
			}
			day := square.Date.Format(time.DateOnly)
			line[i] = termDay{Date: square.Date, Day: day, Off: square.Off, Today: day == today, Terms: ends[day], Late: late[day]}
		}
		month.Weeks = append(month.Weeks, line)
	}
	return month
}
