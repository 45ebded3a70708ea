package opening

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// The length of what an official says in words of his own, in characters.
const (
	MinWords = 10
	MaxWords = 1000
)

// longest is how far ahead a covert look may be sealed, in years.
const longest = 1

// Pretext is why an official opens a case that is not on his own desk. It is good
// for the rest of the working day.
type Pretext struct {
	Reason  Reason
	Words   string    // his own; needed where the reason is Other
	OpensOn time.Time // of a covert look: the day it shows; else zero
}

// LatestSeal is the last day until which a covert look may be sealed.
func LatestSeal(at time.Time) time.Time { return today(at).AddDate(longest, 0, 0) }

// Give says why the asker opens a case, for today; a second saying takes the place
// of the first for what he opens from then on. NotFound for whom the case is not
// there, Invalid where the law lets the reason not be given by him.
func Give(ctx context.Context, db *vault.DB, ask policy.Ask, casefile uuid.UUID, p Pretext) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		is, err := standing(ctx, tx, ask, casefile)
		if err != nil {
			return err
		}
		if err := p.check(is, ask.At); err != nil {
			return err
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		var words *string
		if p.Words != "" {
			words = &p.Words
		}
		sealed, err := tx.SealMaybe(pretextAt(id, ask.Person), words)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, upsertPretext, id, ask.Person, casefile, p.Reason, sealed, nullDay(p.OpensOn), ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "pretext", id, casefile, nil)
	})
}

// pretextAt is the official's own: the lines he leaves in the case have a copy of it.
func pretextAt(id, person uuid.UUID) vault.Where {
	return vault.Where{Table: "pretext", Column: "words", ID: id, Person: person}
}

// check holds a reason against the law. A covert measure is known to those who
// supervise it; it is kept from the participants for a year at the longest.
func (p Pretext) check(is policy.Standing, at time.Time) error {
	switch {
	case !slices.Contains(Asked, p.Reason):
		return fault.New(fault.Invalid, "form.choose").At("reason")
	case p.Reason == Other && p.Words == "":
		return fault.New(fault.Invalid, "fault.reason-words").At("words")
	case p.Reason != Covert && !p.OpensOn.IsZero():
		return fault.New(fault.Invalid, "fault.reason-no-day").At("opens_on")
	case p.Reason != Covert:
		return nil
	case is&(policy.Supervisor|policy.Office) == 0:
		return fault.New(fault.Invalid, "fault.reason-covert").At("reason")
	case p.OpensOn.IsZero() || !day(p.OpensOn).After(today(at)) || day(p.OpensOn).After(LatestSeal(at)):
		return fault.New(fault.Invalid, "fault.reason-day").At("opens_on")
	}
	return nil
}

// day is the civil day of a date as forms and the database give it.
func day(d time.Time) time.Time {
	return time.Date(d.Year(), d.Month(), d.Day(), 0, 0, 0, 0, deadline.Zone)
}

// Said is the reason the asker gave today for a case; false where he has given none.
func Said(ctx context.Context, db *vault.DB, ask policy.Ask, casefile uuid.UUID) (Pretext, bool, error) {
	if _, err := standing(ctx, db, ask, casefile); err != nil {
		return Pretext{}, false, err
	}
	return saidToday(ctx, db, ask, casefile)
}

func saidToday(ctx context.Context, db *vault.DB, ask policy.Ask, casefile uuid.UUID) (Pretext, bool, error) {
	var rows []pretextRow
	if err := db.Select(ctx, &rows, selectPretext, ask.Person, casefile, today(ask.At)); err != nil || len(rows) == 0 {
		return Pretext{}, false, err
	}
	row := rows[0]
	words, err := db.OpenMaybe(ctx, pretextAt(row.ID, ask.Person), row.Words)
	if err != nil {
		return Pretext{}, false, err
	}
	p := Pretext{Reason: row.Reason}
	if words != nil {
		p.Words = *words
	}
	if row.OpensOn != nil {
		p.OpensOn = *row.OpensOn
		if !day(p.OpensOn).After(today(ask.At)) {
			return Pretext{}, false, nil
		}
	}
	return p, true, nil
}
