package report

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"zharia/portal/policy"
	"zharia/portal/vault"
)

// How much is looked at for reports that are like one.
const (
	similarDays = 90
	similarMost = 60 // the latest: each must be opened
	similarTop  = 5
	similarFrom = 35 // of a hundred: less is chance
	similarVery = 60
)

// Alike is an earlier report of the same body that may be about the same. It says nothing
// of who reported it and of what he wrote.
type Alike struct {
	ID           uuid.UUID
	Number       string
	RegisteredAt time.Time
	Category     Category
	Region       Region
	Place        string // "" where it is somebody's home
	Very         bool
	Joinable     bool // the other may be joined to it
	score        int
}

const selectNear = selectReports + `
 WHERE r.body = $2 AND r.status <> 'draft' AND r.id <> $3 AND r.registered_at < $4 AND r.registered_at >= $5
 ORDER BY r.registered_at DESC
 LIMIT $6`

// Similar are the reports of the last ninety days in the same book that are most like
// one, compared by words, place, kind and days. They are opened with the asker's own
// right and only here; the page shows what Alike has and no more. It is an act in the
// record.
func Similar(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (r Report, out []Alike, err error) {
	err = db.Within(ctx, func(tx *vault.DB) error {
		var row reportRow
		if row, r, err = inBook(ctx, tx, ask, id); err != nil {
			return err
		}
		var near []reportRow
		since := r.RegisteredAt.AddDate(0, 0, -similarDays)
		if err := tx.Select(ctx, &near, selectNear, ask.Person, r.Body.ID, id, r.RegisteredAt, since, similarMost); err != nil {
			return err
		}
		sealed := []vault.Sealed{{Where: AnswersOf(id, r.Body.ID), Bytes: row.Answers}}
		for _, n := range near {
			sealed = append(sealed, vault.Sealed{Where: AnswersOf(n.ID, r.Body.ID), Bytes: n.Answers})
		}
		if err := tx.Ahead(ctx, sealed...); err != nil { // one question to the keeper, not one a report
			return err
		}
		a, err := row.answers(ctx, tx)
		if err != nil {
			return err
		}
		for _, n := range near {
			b, err := n.answers(ctx, tx)
			if err != nil {
				return err
			}
			if score := a.like(b); score >= similarFrom {
				one := Alike{ID: n.ID, Number: deref(n.Number), RegisteredAt: deref(n.RegisteredAt), Category: b.Category, Region: b.Region, Very: score >= similarVery, Joinable: n.Status.joinable(), score: score}
				if !b.Shielded() {
					one.Place = b.Place
				}
				out = append(out, one)
			}
		}
		return look(ctx, tx, ask, id)
	})
	slices.SortStableFunc(out, func(x, y Alike) int { return cmp.Compare(y.score, x.score) })
	return r, out[:min(len(out), similarTop)], err
}

// like is how much two reports are alike, of a hundred.
func (a Answers) like(b Answers) int {
	score := 40 * common(a.What+" "+a.Who, b.What+" "+b.Who) / 100
	if a.Region == b.Region {
		score += 25 * common(a.Place, b.Place) / 100
	}
	if a.Category == b.Category {
		score += 15
	}
	if !a.Unknown && !b.Unknown && near(a, b) {
		score += 20
	}
	return score
}

// near tells that the days of two reports meet, or miss each other by one.
func near(a, b Answers) bool {
	const day = 24 * time.Hour
	end := func(a Answers) time.Time {
		if a.To.IsZero() {
			return a.From
		}
		return a.To
	}
	return !a.From.After(end(b).Add(day)) && !b.From.After(end(a).Add(day))
}

// common is how many of the words of the shorter of two texts are in the other, of a
// hundred. Endings differ in both languages, so the beginnings of words count.
func common(a, b string) int {
	one, other := stems(a), stems(b)
	if len(one) > len(other) {
		one, other = other, one
	}
	if len(one) == 0 {
		return 0
	}
	n := 0
	for stem := range one {
		if other[stem] {
			n++
		}
	}
	return 100 * n / len(one)
}

// stemSize is how many letters of a word count.
const stemSize = 5

func stems(text string) map[string]bool {
	out := map[string]bool{}
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		letters := []rune(word)
		if len(letters) < 3 && !unicode.IsDigit(letters[0]) { // the little words are in every text
			continue
		}
		out[string(letters[:min(len(letters), stemSize)])] = true
	}
	return out
}
