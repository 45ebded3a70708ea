package filing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

// The length of what is said of a point that was not answered, in characters.
const (
	MinDispute = 20
	MaxDispute = 2000
)

// Dispute is "this point was not answered". The outcome stands; whoever supervises
// sees it.
type Dispute struct {
	Text string
	At   time.Time
}

func disputeText(home vault.Home, point uuid.UUID) vault.Where {
	return vault.Where{Table: "dispute", Column: "text", ID: point}.In(home)
}

const insertDispute = `
INSERT INTO dispute (point, person, text, at) VALUES ($1, $2, $3, $4)`

// DisputePoint puts on record that the signed answer says nothing to a point, the
// n-th. All that is argued must be looked into (CPC 104(2)). NotFound for a point that
// is not there, Conflict before the answer and for a second word on one point.
func DisputePoint(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, n int, text string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if !f.Status.Answered() {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if n < 1 || n > len(f.Points) || f.Left {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		point := f.Points[n-1].ID
		sealed, err := tx.SealText(disputeText(f.home(), point), text, f.Author)
		if err != nil {
			return err
		}
		err = tx.Exec(ctx, insertDispute, point, ask.Person, sealed, ask.At)
		if database.Violates(err, "dispute_pkey") {
			return fault.New(fault.Conflict, "fault.disputed-already")
		}
		if err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, nil)
	})
}

const selectDisputes = `
SELECT d.point, d.text, d.at FROM dispute d JOIN point p ON p.id = d.point WHERE p.filing = $1`

// Disputes are the points of a filing of which its author says that they were not
// answered, by point; the filing was fetched through the asker.
func Disputes(ctx context.Context, db *vault.DB, f Filing) (map[uuid.UUID]Dispute, error) {
	var rows []struct {
		Point uuid.UUID `db:"point"`
		Text  []byte    `db:"text"`
		At    time.Time `db:"at"`
	}
	if err := db.Select(ctx, &rows, selectDisputes, f.ID); err != nil {
		return nil, err
	}
	out := map[uuid.UUID]Dispute{}
	for _, row := range rows {
		text, err := db.OpenText(ctx, disputeText(f.home(), row.Point), row.Text)
		if err != nil {
			return nil, err
		}
		out[row.Point] = Dispute{text, row.At}
	}
	return out, nil
}

// Unanswered is a filing in which points were left without an answer.
type Unanswered struct {
	Filing  uuid.UUID         `db:"filing"`
	Kind    policy.FilingKind `db:"kind"`
	Number  string            `db:"number"`
	Case    string            `db:"-"` // its number
	Points  int               `db:"points"`
	Last    time.Time         `db:"last"`
	Decider string            `db:"decider"`
}

type unansweredRow struct {
	Unanswered
	Of     uuid.UUID `db:"casefile"`
	Sealed []byte    `db:"case_number"`
}

const selectUnanswered = `
SELECT f.id AS filing, f.kind, f.number, f.casefile, c.number AS case_number, o.name AS decider, count(*) AS points, max(d.at) AS last
  FROM dispute d
  JOIN point p ON p.id = d.point
  JOIN filing f ON f.id = p.filing
  JOIN casefile c ON c.id = f.casefile
  JOIN officer o ON o.person = f.decider
 WHERE f.casefile = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing IN ('supervisor', 'office')))
   AND f.complained IS DISTINCT FROM $1
 GROUP BY f.id, f.kind, f.number, f.casefile, c.number, o.name
 ORDER BY max(d.at) DESC, f.id
 LIMIT 200`

// UnansweredOf are such filings in the cases that the asker supervises, the newest
// first.
func UnansweredOf(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Unanswered, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []unansweredRow
	if err := db.Select(ctx, &rows, selectUnanswered, ask.Person); err != nil {
		return nil, err
	}
	var out []Unanswered
	for _, row := range rows {
		var err error
		if row.Case, err = register.Open(ctx, db, row.Of, row.Sealed); err != nil {
			return nil, err
		}
		out = append(out, row.Unanswered)
	}
	return out, nil
}

// Count is how many points of how many filings a body left without an answer, as
// those who filed say.
type Count struct {
	Body    uuid.UUID `db:"body"`
	Points  int       `db:"points"`
	Filings int       `db:"filings"`
}

const countDisputed = `
SELECT o.body, count(*) AS points, count(DISTINCT f.id) AS filings
  FROM dispute d
  JOIN point p ON p.id = d.point
  JOIN filing f ON f.id = p.filing
  JOIN officer o ON o.person = f.decider
 WHERE d.at >= $1 AND d.at < $2
 GROUP BY o.body
 ORDER BY count(*) DESC, o.body`

// CountUnanswered counts them by the body of the official who decided, since and before two
// moments: as many as the pool that asks may see. For statistics it is the portal's
// own hand that asks.
func CountUnanswered(ctx context.Context, db *database.DB, since, before time.Time) ([]Count, error) {
	var out []Count
	err := db.Select(ctx, &out, countDisputed, since, before)
	return out, err
}
