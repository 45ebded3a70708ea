package filing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/calendar"
	"zharia/portal/guide"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// StatusWord is where a filing is, in the few words that people are told: the same in
// lists, on pages, on paper and in calendars.
type StatusWord string

// The words, in the order of a life. A filing has its number the moment it is sent,
// so "sent" is only ever a step that is behind.
const (
	WordDraft      StatusWord = "draft"
	WordSent       StatusWord = "sent"
	WordRegistered StatusWord = "registered"
	WordConsidered StatusWord = "considered"
	WordNeedsYou   StatusWord = "needs-you" // its author was asked to add something
	WordAnswered   StatusWord = "answered"
	WordOverdue    StatusWord = "overdue"
	WordWithdrawn  StatusWord = "withdrawn"
)

// StatusWords are all of them.
var StatusWords = []StatusWord{WordDraft, WordSent, WordRegistered, WordConsidered, WordNeedsYou, WordAnswered, WordOverdue, WordWithdrawn}

// Word tells its reader where a filing is at a moment. "You" of WordNeedsYou is its
// author and whoever acts for him: to everybody else it is being considered.
func Word(f Filing, at time.Time) StatusWord {
	switch {
	case f.Status == Draft:
		return WordDraft
	case f.Status == Withdrawn:
		return WordWithdrawn
	case f.Status.Answered():
		return WordAnswered
	case f.Overdue(at):
		return WordOverdue
	case f.Status == Asked && f.Standing&(policy.Author|policy.Counsel) != 0 && !f.Left:
		return WordNeedsYou
	case f.Status == Filed:
		return WordRegistered
	}
	return WordConsidered
}

// Stage is one of the four steps of a filing that a strip shows.
type Stage struct {
	Word StatusWord
	At   time.Time // when it was reached; zero: not yet
	Now  bool
}

// Stages are sent, registered, considered, and answered or taken back. None for a
// draft: it has not begun.
func Stages(f Filing) []Stage {
	if f.Status == Draft {
		return nil
	}
	last := Stage{Word: WordAnswered, At: f.EndedAt, Now: f.Status.Answered()}
	if f.Status == Withdrawn {
		last.Word, last.Now = WordWithdrawn, true
	}
	return []Stage{
		{Word: WordSent, At: f.FiledAt},
		{Word: WordRegistered, At: f.FiledAt, Now: f.Status == Filed},
		{Word: WordConsidered, At: f.ConsideredAt, Now: f.Status == Considered || f.Status == Asked},
		last,
	}
}

// Since is from when a filing is where it is.
func (f Filing) Since() time.Time {
	switch {
	case !f.EndedAt.IsZero():
		return f.EndedAt
	case !f.ConsideredAt.IsZero():
		return f.ConsideredAt
	}
	return f.FiledAt
}

// Shifted is by how many whole days the end of its term stands after the plain count
// of its kind: a calendar numbers the changes of an event by it, for an end is only
// ever moved on.
func (f Filing) Shifted() int {
	raw := term(f.Kind, f.Ground).Raw(f.FiledAt)
	if raw.IsZero() {
		return 0
	}
	return max(0, int(f.DueAt.Sub(raw)/(24*time.Hour)))
}

// Touched is when the last thing happened to it that changes where it is.
func (f Filing) Touched() time.Time {
	last := f.MadeAt
	for _, at := range []time.Time{f.FiledAt, f.ConsideredAt, f.OverdueAt, f.EndedAt} {
		if at.After(last) {
			last = at
		}
	}
	return last
}

const selectReadAnswers = `
SELECT a.filing, f.kind, f.seat, f.status, a.read_at
  FROM answer a
  JOIN filing f ON f.id = a.filing
 WHERE f.author = $1 AND a.signed_at IS NOT NULL AND a.read_at IS NOT NULL AND a.outcome <> 'granted'`

// Begun are the terms to complain of answers that the asker's own filings began when he
// read them, by filing.
func Begun(ctx context.Context, db *vault.DB, ask policy.Ask, days calendar.Changes) (map[uuid.UUID][]OnwardTerm, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []struct {
		Filing uuid.UUID         `db:"filing"`
		Kind   policy.FilingKind `db:"kind"`
		Seat   guide.Seat        `db:"seat"`
		Status Status            `db:"status"`
		ReadAt time.Time         `db:"read_at"`
	}
	if err := db.Select(ctx, &rows, selectReadAnswers, ask.Person); err != nil {
		return nil, err
	}
	out := map[uuid.UUID][]OnwardTerm{}
	for _, row := range rows {
		out[row.Filing] = Filing{Kind: row.Kind, Seat: row.Seat, Status: row.Status}.OnwardTerms(row.ReadAt, days, ask.At)
	}
	return out, nil
}
