package filing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// The limits of what is said against a count, in characters.
const (
	MinCountWords = 20
	MaxCountWords = 2000
)

// CountObjection is "I disagree with the count". Both sides and the prosecutor see it;
// the clock runs on as it was counted.
type CountObjection struct {
	Person uuid.UUID
	Name   string
	Words  string
	DueAt  time.Time // the end it is about
	MadeAt time.Time
}

type countObjectionRow struct {
	ID           uuid.UUID `db:"id"`
	Person       uuid.UUID `db:"person"`
	Name         []byte    `db:"name"`
	OfficialName string    `db:"official_name"`
	Words        []byte    `db:"words"`
	DueAt        time.Time `db:"due_at"`
	MadeAt       time.Time `db:"made_at"`
}

const selectCountObjections = `
SELECT o.id, o.person, coalesce(u.name, '') AS official_name, k.name, o.words, o.due_at, o.made_at
  FROM count_objection o
  JOIN filing f ON f.id = o.filing
  LEFT JOIN known k ON k.casefile = f.casefile AND k.person = o.person
  LEFT JOIN officer u ON u.person = o.person AND o.person <> f.author
 WHERE o.filing = $1
 ORDER BY o.made_at, o.id`

func countWords(home vault.Home, id uuid.UUID) vault.Where {
	return vault.Where{Table: "count_objection", Column: "words", ID: id}.In(home)
}

func objectionsTo(ctx context.Context, db *vault.DB, f Filing) ([]CountObjection, error) {
	var rows []countObjectionRow
	if err := db.Select(ctx, &rows, selectCountObjections, f.ID); err != nil {
		return nil, err
	}
	out := make([]CountObjection, len(rows))
	for i, row := range rows {
		words, err := db.OpenText(ctx, countWords(f.home(), row.ID), row.Words)
		if err != nil {
			return nil, err
		}
		out[i] = CountObjection{Person: row.Person, Words: words, DueAt: row.DueAt, MadeAt: row.MadeAt}
		if out[i].Name = row.OfficialName; row.OfficialName != "" {
			continue
		}
		if out[i].Name, err = f.called(ctx, db, row.Person, row.Name); err != nil { // "" where its reader may not see it
			return nil, err
		}
	}
	return out, nil
}

const insertCountObjection = `
INSERT INTO count_objection (id, filing, person, words, due_at, made_at) VALUES ($1, $2, $3, $4, $5, $6)`

// Disagree puts on record that the author, or the one who must answer, counts the term
// otherwise. Conflict before it was filed, after it was answered, and for a second
// word about the same end.
func Disagree(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, words string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if !f.Status.Open() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		number, err := uuid.NewV7()
		if err != nil {
			return err
		}
		sealed, err := tx.SealText(countWords(f.home(), number), words, f.Author)
		if err != nil {
			return err
		}
		err = tx.Exec(ctx, insertCountObjection, number, f.ID, ask.Person, sealed, f.DueAt, ask.At)
		if database.Violates(err, "count_objection_filing_person_due_at_key") {
			return fault.New(fault.Conflict, "fault.count-objected")
		}
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", f.ID, f.Case, nil)
	})
}
