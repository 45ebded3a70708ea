package report

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/vault"
)

// Entry is a line in a body's book of reports.
type Entry struct {
	Number  string // its code, the year, the place in the year: 750301-26-000417
	At      time.Time
	Officer uuid.UUID // who deals with it; zero where nobody is in post who may
	Raw     time.Time // the term of the decision: before days off are moved
	Due     time.Time
}

// The row stays locked until the transaction ends, so numbers follow one another without
// a gap, and the times with them.
const nextEntry = `
INSERT INTO report_book AS b (body, year, last, last_at) VALUES ($1, $2, 1, $3)
    ON CONFLICT (body, year) DO UPDATE SET last = b.last + 1, last_at = greatest($3, b.last_at + interval '1 microsecond')
RETURNING last, last_at`

const selectOnDuty = `
SELECT fence.on_duty($1, $2)`

// Register gives a report its line in the book of a body; author, zero for none, never deals
// with it himself. The transaction that calls it
// holds the book until it ends: it goes before the step that is recorded, and a transaction
// that writes in two books takes them before any step.
func Register(ctx context.Context, tx *vault.DB, body Body, author uuid.UUID, at time.Time) (Entry, error) {
	var row struct {
		Last   int       `db:"last"`
		LastAt time.Time `db:"last_at"`
	}
	year := at.In(deadline.Zone).Year()
	if err := tx.Get(ctx, &row, nextEntry, body.ID, year, at); err != nil {
		return Entry{}, err
	}
	e := Entry{Number: fmt.Sprintf("%s-%02d-%06d", body.Code, year%100, row.Last), At: row.LastAt.UTC()}
	count := deadline.ReportDecision.Count(e.At, deadline.Kazakhstan())
	e.Raw, e.Due = count.Raw, count.Ends
	var officer uuid.NullUUID
	if err := tx.Get(ctx, &officer, selectOnDuty, body.ID, author); err != nil {
		return Entry{}, err
	}
	e.Officer = officer.UUID
	return e, nil
}
