package materials

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Plea is that a reader asks to have it postponed (CPC 294), and what he was given. What he
// asks later leaves the earlier ones as they are: a refusal is complained of.
type Plea struct {
	Words      string
	MadeAt     time.Time
	Days       int // what he was given; -1 while nobody has answered
	AnsweredAt time.Time
}

// Answered says that the investigator has decided it.
func (p Plea) Answered() bool { return p.Days >= 0 }

func pleaAt(casefile, id uuid.UUID) vault.Where {
	return vault.Where{Table: "plea", Column: "words", ID: id, Case: casefile}
}

type pleaRow struct {
	ID         uuid.UUID  `db:"id"`
	Words      []byte     `db:"words"`
	MadeAt     time.Time  `db:"made_at"`
	Days       *int       `db:"days"`
	AnsweredAt *time.Time `db:"answered_at"`
}

const selectPleas = `
SELECT id, words, made_at, days, answered_at FROM plea WHERE familiarisation = $1 ORDER BY made_at, id`

// Pleas are all of a familiarisation, the oldest first.
func Pleas(ctx context.Context, db *vault.DB, f Familiarisation) ([]Plea, error) {
	var rows []pleaRow
	if err := db.Select(ctx, &rows, selectPleas, f.ID); err != nil {
		return nil, err
	}
	out := make([]Plea, len(rows))
	for i, row := range rows {
		out[i] = Plea{MadeAt: row.MadeAt, Days: -1}
		if row.Days != nil {
			out[i].Days, out[i].AnsweredAt = *row.Days, *row.AnsweredAt
		}
		var err error
		if out[i].Words, err = db.OpenText(ctx, pleaAt(f.Case, row.ID), row.Words); err != nil {
			return nil, err
		}
	}
	return out, nil
}

const insertPlea = `
INSERT INTO plea (id, familiarisation, casefile, words, made_at) VALUES ($1, $2, $3, $4, $5)`

// MaxPleas is how often a reader may ask in one familiarisation.
const MaxPleas = 20

const countPleas = `
SELECT count(*) FROM plea WHERE familiarisation = $1`

// MayPlead says that he may ask to have it postponed: the file is to close to him, he does
// not wait for an answer already, and not all the days are given.
func (f Familiarisation) MayPlead(at time.Time) bool {
	return f.Status == Opened && !f.Unhurried() && !f.Pleading() && f.Postponed < MaxPostponed && !f.over(at)
}

// Plead has the reader ask that the reading be postponed, and why (CPC 294).
func Plead(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, why string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if _, err := f.Status.after(ask.Act); err != nil {
			return err
		}
		if !f.MayPlead(ask.At) {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		var before int
		if err := tx.Get(ctx, &before, countPleas, id); err != nil {
			return err
		}
		if before >= MaxPleas {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		plea, err := uuid.NewV7()
		if err != nil {
			return err
		}
		sealed, err := tx.SealText(pleaAt(f.Case, plea), why)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertPlea, plea, id, f.Case, sealed, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", id, f.Case, nil)
	})
}

const answerPlea = `
UPDATE plea SET days = $2, answered_at = $3 WHERE familiarisation = $1 AND days IS NULL`

const postpone = `
UPDATE familiarisation SET postponed = postponed + $2, until = until + CAST($2 AS int) WHERE id = $1`

// Postpone answers the reader's plea: by so many days, or by none. Altogether no
// more than five (CPC 294).
func Postpone(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, days int) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if _, err := f.Status.after(ask.Act); err != nil {
			return err
		}
		if !f.Pleading() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if days < 0 || days > MaxPostponed-f.Postponed {
			return fault.New(fault.Invalid, "fault.file-postponed").At("days").Under(law.CPC(294))
		}
		if days > 0 && f.Until.AddDate(0, 0, days).Format(time.DateOnly) < today(ask.At) {
			return fault.New(fault.Invalid, "fault.file-postponed-past").At("days")
		}
		if err := tx.Exec(ctx, answerPlea, id, days, ask.At); err != nil {
			return err
		}
		if err := tx.Exec(ctx, postpone, id, days); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "familiarisation", id, f.Case, nil)
	})
}
