package portal

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"zharia/portal/calendar"
	"zharia/portal/deadline"
	"zharia/portal/filing"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/web"
)

// termGroup are the terms of the calculator that belong together: who must keep them.
type termGroup struct {
	Key   string // words under term.group.
	Names []deadline.Name
}

// termGroups are all terms of the portal, each once.
var termGroups = []termGroup{
	{"answer", []deadline.Name{
		deadline.PetitionAnswer, deadline.ComplaintAnswer, deadline.ComplaintUrgent, deadline.ComplaintExtended, deadline.DelayAnswer,
		deadline.CourtAnswer, deadline.CourtHearing, deadline.JudgeAnswer, deadline.StatusRequest, deadline.SecurityAnswer,
		deadline.FamiliariseAnswer, deadline.AfterReadingAnswer, deadline.CopyAfterRefusal, deadline.FormatAnswer, deadline.RestoreAnswer, deadline.ChallengeAnswer,
	}},
	{"own", []deadline.Name{
		deadline.CourtComplaint, deadline.JudgeComplaint, deadline.StatusAppeal, deadline.AfterReading, deadline.RefusalAfterReading,
		deadline.Termination, deadline.ProsecutorSilence, deadline.StatusSilence,
	}},
	{"held", []deadline.Name{
		deadline.Detention, deadline.DetentionListed, deadline.DetentionMinor, deadline.CustodyQualification, deadline.CustodyQualifyListed,
		deadline.CustodyPasses, deadline.HospitalPasses,
	}},
	{"officials", []deadline.Name{
		deadline.CourtMaterials, deadline.AgreeInterruption, deadline.AgreeAccusation, deadline.AgreeTermination, deadline.AgreeIndictment, deadline.ReportDecision, deadline.ReportSending,
	}},
}

// termPage is the calculator of terms: the same count as everywhere in the portal, for
// anybody and without signing in.
type termPage struct {
	Form   *web.Form
	Groups []termGroup
	Chosen string
	Counted
	Changed []calendar.Change // days of rest on which the end rests and that were moved after the calendar was made
}

// term counts what the address asks for. It is a GET: the answer can be kept as a
// bookmark and sent to somebody, and it changes nothing.
func (p *Portal) term(c echo.Context, ask policy.Ask) error {
	query := c.QueryParams()
	form := formOf("term", query, "what", "on", "clock")
	page := termPage{Form: form, Groups: termGroups, Chosen: form.Value("what")}
	if len(query) == 0 {
		form.Set("on", ask.At.In(deadline.Zone).Format(time.DateOnly))
		return p.show(c, "term", page)
	}
	changes, err := calendar.Read(c.Request().Context(), p.DB.DB)
	if err != nil {
		return err
	}
	name := web.OneOf(form, "what", deadline.Names...)
	from := started(form, name)
	if form.Bad() {
		frame := p.frame(c)
		frame.Problem = true
		return p.pages.Show(c, http.StatusUnprocessableEntity, "term", frame, page)
	}
	off := changes.Calendar()
	page.Counted = countedBy(name.Count(from, off), off)
	for _, change := range changes {
		if at := change.Ends().Add(-time.Hour); change.Off && !at.Before(page.Count.From) && at.Before(page.Count.Ends) {
			page.Changed = append(page.Changed, change)
		}
	}
	return p.show(c, "term", page)
}

// formOf is a form that came in the query of an address: the named fields of it.
func formOf(name string, query url.Values, fields ...string) *web.Form {
	form := web.NewForm(name)
	for _, field := range fields {
		for _, value := range query[field] {
			form.Fill(field, value)
		}
	}
	return form
}

// started is the moment a term began: its day, and for a term in hours the time too.
func started(form *web.Form, name deadline.Name) time.Time {
	day := form.Date("on", time.Date(calendar.LastYear, time.December, 31, 0, 0, 0, 0, time.UTC))
	if !day.IsZero() && day.Format(time.DateOnly) < deadline.CodeInForce {
		form.Wrong("on", "term.too-early")
	}
	clock, hour := form.Line("clock", 0, 5), time.Time{}
	term, _ := name.Term(day)
	switch {
	case clock == "" && term.Unit == deadline.Hours:
		form.Wrong("clock", "term.clock-needed")
	case clock != "":
		var err error
		if hour, err = time.Parse("15:04", clock); err != nil {
			form.Wrong("clock", "term.clock-wrong")
		}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), hour.Hour(), hour.Minute(), 0, 0, deadline.Zone)
}

// Counted is a count with its calendar, as part_count.html shows it.
type Counted struct {
	Count  deadline.Counting
	Months []countMonth
	Hours  bool // the end is an hour, not a day
}

// countMonth is a page of the calendar; Skipped says that months before it are left out.
type countMonth struct {
	First   time.Time
	Month   string // a word under count.month.
	Weeks   [][7]countDay
	Skipped bool
}

// countDay is one square. Mark is "" for a day outside the term.
type countDay struct {
	Date time.Time // zero for a square of another month
	Mark deadline.Mark
	N    int
	Off  string
}

// shownMonths is how many pages a count has at most: the first, and the last ones. In
// between a long term has nothing to tell.
const shownMonths = 3

func countedBy(count deadline.Counting, off deadline.Calendar) Counted {
	out := Counted{Count: count, Hours: count.Term.Unit == deadline.Hours}
	days := map[string]deadline.Day{}
	for _, day := range count.EachDay(off) {
		days[day.Date.Format(time.DateOnly)] = day
	}
	if len(days) == 0 {
		return out
	}
	for first := time.Date(count.From.Year(), count.From.Month(), 1, 0, 0, 0, 0, deadline.Zone); !first.After(count.Last); first = first.AddDate(0, 1, 0) {
		out.Months = append(out.Months, monthOf(first, days, off))
	}
	if n := len(out.Months); n > shownMonths {
		out.Months = append(out.Months[:1], out.Months[n-shownMonths+1:]...)
		out.Months[1].Skipped = true
	}
	return out
}

func monthOf(first time.Time, days map[string]deadline.Day, off deadline.Calendar) countMonth {
	month := countMonth{First: first, Month: monthWord(first)}
	var week [7]countDay
	for date := first; date.Month() == first.Month(); date = date.AddDate(0, 0, 1) {
		column := (int(date.Weekday()) + 6) % 7 // weeks begin on Monday
		square := countDay{Date: date, Off: off.Why(date)}
		if day, in := days[date.Format(time.DateOnly)]; in {
			square.Mark, square.N = day.Mark, day.N
		}
		week[column] = square
		if next := date.AddDate(0, 0, 1); column == 6 || next.Month() != first.Month() {
			month.Weeks = append(month.Weeks, week)
			week = [7]countDay{}
		}
	}
	return month
}

// monthWords are the months by their words under count.month.
var monthWords = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

func monthWord(at time.Time) string { return monthWords[at.Month()-1] }

// filingCountPage is the count of one filing: the calendar, what moved it, and who
// counts otherwise.
type filingCountPage struct {
	Form   *web.Form
	Filing filing.Filing
	Counted
	Clock filing.Clock
	May   bool // the reader may say that he disagrees
	Max   int
}

func (p *Portal) showFilingCount(c echo.Context, ask policy.Ask, form *web.Form) error {
	ctx := c.Request().Context()
	f, err := filing.Open(ctx, p.DB, ask.To(policy.FilingCount), id(c, "filing")) // people's words stand there: a look leaves a line
	if err != nil {
		return err
	}
	if f.Status == filing.Draft { // nothing is counted yet
		return p.redirect(c, policy.FilingRead, f.ID)
	}
	page := filingCountPage{Form: form, Filing: f, Max: filing.MaxCountWords}
	if page.Clock, err = filing.ClockOf(ctx, p.DB, f); err != nil {
		return err
	}
	page.Counted = countedBy(page.Clock.Count, page.Clock.Calendar)
	said := slices.ContainsFunc(page.Clock.Objections, func(o filing.CountObjection) bool {
		return o.Person == ask.Person && o.DueAt.Equal(f.DueAt)
	})
	page.May = f.Status.Open() && !said && ask.To(policy.CountObject).Check(f.Standing) == nil && !f.Left
	return p.form(c, form, "filing_count", page, policy.CountObject, f.ID)
}

func (p *Portal) filingCount(c echo.Context, ask policy.Ask) error {
	return p.showFilingCount(c, ask, web.NewForm("filing_count"))
}

func (p *Portal) countObject(c echo.Context, ask policy.Ask) error {
	number := id(c, "filing")
	if _, err := filing.Read(c.Request().Context(), p.DB, ask, number); err != nil { // found first, then read what he wrote
		return err
	}
	form := web.ReadForm(c, "filing_count")
	words := form.Text("words", filing.MinCountWords, filing.MaxCountWords)
	p.hereIs(c, policy.FilingCount, number)
	if form.Bad() {
		return p.showFilingCount(c, ask, form)
	}
	err := p.sent(c, form, func(tx *vault.DB) error {
		return filing.Disagree(c.Request().Context(), tx, ask, number, words)
	})
	if err != nil {
		return err
	}
	return p.redirect(c, policy.FilingCount, number)
}
