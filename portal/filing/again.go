package filing

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"zharia/portal/casefile"
	"zharia/portal/fault"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// What was taken back may be filed again while CPC 102 lets it (CPC 100(5)), and what
// is filed twice by oversight is told before it is signed.

// again holds that what is brought again is a filing of the writer's own, in this
// case, that was taken back.
func (n NewFiling) again(ctx context.Context, tx *vault.DB, ask policy.Ask, c casefile.Case) error {
	if n.Previous == uuid.Nil {
		return nil
	}
	old, err := Read(ctx, tx, ask.To(policy.FilingRead), n.Previous)
	if err != nil || old.Case != c.ID || old.Author != ask.Person || old.Status != Withdrawn {
		return fault.New(fault.Invalid, "fault.not-taken-back").At("previous").Because(err)
	}
	return nil
}

// Told is a filing that another names: what it brings again, or what brings it again.
type Told struct {
	ID      uuid.UUID         `db:"id"`
	Kind    policy.FilingKind `db:"kind"`
	Number  string            `db:"number"`
	Status  Status            `db:"status"`
	FiledAt time.Time         `db:"filed_at"`
}

const selectBefore = `
SELECT id, kind, number, status, filed_at FROM filing WHERE id = $1 AND status <> 'draft'`

const selectAfter = `
SELECT id, kind, number, status, filed_at FROM filing WHERE previous = $1 AND status <> 'draft'
 ORDER BY filed_at, id`

// Twins are the filing that this one brings again, and those that bring this one
// again; the filing was fetched through the asker.
func Twins(ctx context.Context, db *vault.DB, f Filing) (before, after []Told, err error) {
	if f.Previous != uuid.Nil {
		if err := db.Select(ctx, &before, selectBefore, f.Previous); err != nil {
			return nil, nil, err
		}
	}
	if f.Status == Withdrawn {
		err = db.Select(ctx, &after, selectAfter, f.ID)
	}
	return before, after, err
}

// sameFor is how long an answered filing is remembered as the same thing.
const sameFor = 30 * 24 * time.Hour

// alike is how much of two texts must be the same for a warning: of all runs of three
// words of both, the share that both have.
const alike = 0.6

// Same are the asker's filings in the same case that look like his draft, and are open
// or were answered in the last thirty days, of the twenty that are likeliest. It is a
// warning: nobody is kept from filing twice (CPC 99, 105).
func Same(ctx context.Context, db *vault.DB, ask policy.Ask, draft Filing) ([]Filing, error) {
	all, err := listWhole(ctx, db, ask, func(rows *[]filingRow) error {
		return db.Select(ctx, rows, selectSame, ask.Person, draft.ID, ask.At.Add(-sameFor))
	})
	if err != nil {
		return nil, err
	}
	mine := runs(draft.said())
	var out []Filing
	for _, f := range all {
		if f.Points, err = f.points(ctx, db, ask); err != nil {
			return nil, err
		}
		matter := f.Kind == draft.Kind && (f.About != uuid.Nil && f.About == draft.About || f.Against != uuid.Nil && f.Against == draft.Against)
		if matter || near(mine, runs(f.said())) {
			out = append(out, f)
		}
	}
	return out, nil
}

// said is all that a filing says.
func (f Filing) said() string {
	return f.Circumstances + "\n" + strings.Join(f.Requests(), "\n")
}

// runs are all runs of three words of a text, whatever stands between the words.
func runs(text string) map[string]bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	out := map[string]bool{}
	for i := range words {
		out[strings.Join(words[i:min(i+3, len(words))], " ")] = true
	}
	return out
}

func near(a, b map[string]bool) bool {
	both := 0
	for run := range a {
		if b[run] {
			both++
		}
	}
	return float64(both) >= alike*float64(len(a)+len(b)-both) && both > 0
}

// Retake is a filing that was taken back as its author would file it again.
func Retake(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, error) {
	f, err := Read(ctx, db, ask.To(policy.FilingRead), id)
	if err == nil && (f.Author != ask.Person || f.Status != Withdrawn || !slices.Contains(Kinds, f.Kind)) {
		err = fault.New(fault.NotFound, "fault.not-found")
	}
	return f, err
}
