package filing

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/casefile"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/words"
)

// What can be done after an answer, or when none came: the ways of the Code, each with
// its last day, and the complaint ready to be read over.

// Onward is a way that leads on from a filing.
type Onward struct {
	Way
	Case   uuid.UUID     // in which it is filed: the joint one, where that of the filing was joined
	FileBy time.Time     // the end of the term to file it; zero where the Code sets none, or it has not begun
	Unread deadline.Term // the term that begins when the answer is opened; the zero Term for none
	Late   bool          // it has passed: it is restored on petition, if there is a reason (CPC 50)
}

// Contestable tells that a filing left something to complain of at a moment: a part
// was refused, a point was not answered, the term passed.
func (f Filing) Contestable(at time.Time, disputed int) bool {
	return f.Status == Refused || f.Status == GrantedPart || f.Status == Granted && disputed > 0 || f.Overdue(at)
}

// Onwards are the ways on from a filing that is the asker's own affair, the most proper first; a is its
// answer, the zero Answer while there is none. To whoever is in the case no more, or
// never was, nor in one in which it goes on, the form is closed, and so are they.
func Onwards(ctx context.Context, db *vault.DB, ask policy.Ask, f Filing, a Answer) ([]Onward, error) {
	if f.OfReport() { // the ways on are on the page of the report
		return nil, nil
	}
	c, err := casefile.Present(ctx, db, ask.To(policy.CaseRead), f.Case)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := Ways(ctx, db, ask, c, NewFiling{Kind: policy.FilingComplaintProsecutor, Against: f.ID})
	if err != nil {
		return nil, err
	}
	days, err := calendar.Read(ctx, db.DB)
	if err != nil {
		return nil, err
	}
	var out []Onward
	for _, way := range all {
		if way.Closed {
			continue
		}
		next := Onward{Way: way, Case: c.ID}
		from, term := f.filesFrom(a, way.File, days)
		switch {
		case term == deadline.None:
		case from.IsZero():
			next.Unread, _ = term.Term(ask.At)
		default:
			next.FileBy = days.Running(term, from).Ends
			next.Late = !ask.At.Before(next.FileBy)
		}
		out = append(out, next)
	}
	return out, nil
}

// filesFrom is when a term to complain begins: when its reader first opened the answer; of a
// prosecutor's silence when fifteen сутки after the complaint have passed (CPC 106(5)).
// No other silence begins a term.
func (f Filing) filesFrom(a Answer, term deadline.Name, days calendar.Changes) (time.Time, deadline.Name) {
	switch {
	case f.Status.Answered():
		return a.ReadAt, term
	case term == deadline.CourtComplaint && (f.Seat == guide.Chief || f.Seat == guide.Higher):
		return days.Running(deadline.ProsecutorSilence, f.FiledAt).Ends, term
	}
	return time.Time{}, deadline.None
}

// mostLinks is how many filings back a ready complaint tells of.
const mostLinks = 10

// Ready is a complaint about the answer to a filing, or about silence, as the portal
// has it ready: what was asked, when, of whom, what was said, by how many days it is
// late, back to the first filing of the chain; and each point that was not granted.
// Why he disagrees, its author writes himself. All the filings are his to read.
func Ready(ctx context.Context, db *vault.DB, ask policy.Ask, w *words.Language, id uuid.UUID) (circumstances string, asked []string, err error) {
	var parts []string
	for n := 0; id != uuid.Nil && n < mostLinks; n++ {
		f, err := Read(ctx, db, ask.To(policy.FilingRead), id)
		if n > 0 && errors.Is(err, fault.NotFound) {
			break
		}
		if err != nil {
			return "", nil, err
		}
		if f.Status == Draft || n == 0 && f.Left {
			return "", nil, fault.New(fault.NotFound, "fault.not-found")
		}
		told, err := f.told(ctx, db, ask, w)
		if err != nil {
			return "", nil, err
		}
		if n == 0 {
			if asked, err = f.unmet(ctx, db, w); err != nil {
				return "", nil, err
			}
		}
		parts = append([]string{told}, parts...)
		id = f.Against
	}
	end := w.T("next.ready.disagree")
	for len(parts) > 1 && utf8.RuneCountInString(strings.Join(parts, "\n\n")+end)+2 > MaxText { // the oldest go first
		parts = parts[1:]
	}
	return cut(strings.Join(append(parts, end), "\n\n"), MaxText), asked, nil
}

// told is one filing of the chain in words.
func (f Filing) told(ctx context.Context, db *vault.DB, ask policy.Ask, w *words.Language) (string, error) {
	lines := []string{w.T("next.ready.filed", "number", f.Number, "kind", w.T("filing."+string(f.Kind)), "day", w.Day(f.FiledAt), "name", f.Decider.Name, "body", f.Decider.Body.In(w.Code)), w.T("next.ready.asked")}
	for _, p := range f.Points {
		lines = append(lines, strconv.Itoa(p.N)+". "+p.Text)
	}
	switch {
	case f.Left:
	case f.Status.Answered():
		a, err := AnswerOf(ctx, db, f)
		if err != nil {
			return "", err
		}
		lines = append(lines, w.T("next.ready.answered", "day", w.Day(a.SignedAt), "outcome", words.Low(w.T("status."+string(a.Outcome)))))
		for _, p := range f.Points {
			if p.Resolution == nil || p.Resolution.Outcome == Granted {
				continue
			}
			said := w.T("next.ready.said", "point", strconv.Itoa(p.N), "outcome", words.Low(w.T("status."+string(p.Resolution.Outcome))), "why", p.Resolution.Reasons)
			lines = append(lines, said)
		}
	case f.Overdue(ask.At):
		lines = append(lines, w.T("next.ready.silent", "due", w.Until(f.DueAt), "days", strconv.Itoa(f.DaysLate(ask.At))))
	}
	return strings.Join(lines, "\n"), nil
}

// DaysLate is how many сутки have begun since the term ended; 0 while it runs.
func (f Filing) DaysLate(at time.Time) int {
	if !f.Overdue(at) {
		return 0
	}
	return int(at.Sub(f.DueAt)/(24*time.Hour)) + 1
}

// unmet are the points that were not granted, or not answered, each as a request to
// whoever is complained to.
func (f Filing) unmet(ctx context.Context, db *vault.DB, w *words.Language) ([]string, error) {
	disputed, err := Disputes(ctx, db, f)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, p := range f.Points {
		key := "next.ready.point.silence"
		if p.Resolution != nil {
			if _, said := disputed[p.ID]; said {
				key = "next.ready.point.unanswered"
			} else if p.Resolution.Outcome == Granted {
				continue
			} else {
				key = "next.ready.point.answer"
			}
		}
		out = append(out, cut(w.T(key, "number", f.Number, "point", strconv.Itoa(p.N), "text", p.Text), MaxPointText))
	}
	return out, nil
}

// cut is a text of at most so many characters.
func cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most])
}
