package directory

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

// Cases of his that nobody conducts, or nobody supervises: who did has left his post
// or has moved.
const selectOrphans = `
SELECT id
  FROM (
       SELECT c.id, c.registered_on
         FROM casefile c
        WHERE c.id = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing = 'unit'))
          AND NOT EXISTS (SELECT 1 FROM officer o WHERE o.person = c.investigator AND o.body = c.body AND o.post = 'investigator' AND o.left_at IS NULL)
       UNION
       SELECT c.id, c.registered_on
         FROM casefile c
        WHERE c.id = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing = 'office'))
          AND NOT EXISTS (SELECT 1 FROM officer o WHERE o.person = c.prosecutor AND o.body = c.prosecution AND o.post = 'prosecutor' AND o.left_at IS NULL)) AS orphan
 ORDER BY registered_on DESC, id
 LIMIT 200`

// Orphans are the cases of the asker's unit or office that are nobody's, the newest
// 200: when those have been given to somebody, the next come up.
func Orphans(ctx context.Context, db *vault.DB, ask policy.Ask) (map[uuid.UUID]bool, error) {
	var ids []uuid.UUID
	if err := db.Select(ctx, &ids, selectOrphans, ask.Person); err != nil {
		return nil, err
	}
	out := map[uuid.UUID]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out, nil
}

// Awaiting is somebody in a case of the asker's whose status nobody has confirmed.
type Awaiting struct {
	Name    string
	Role    policy.Role
	Case    uuid.UUID
	Number  string // of the case
	AskedAt time.Time
	DueAt   time.Time // by when it must be answered; zero where no request was signed
}

// Overdue tells that the term has passed and no answer has come.
func (a Awaiting) Overdue(at time.Time) bool { return !a.DueAt.IsZero() && !at.Before(a.DueAt) }

type awaitingRow struct {
	Person  uuid.UUID   `db:"person"`
	Name    []byte      `db:"name"`
	Role    policy.Role `db:"role"`
	Case    uuid.UUID   `db:"casefile"`
	Number  []byte      `db:"number"`
	AskedAt time.Time   `db:"asked_at"`
	DueAt   *time.Time  `db:"due_at"`
}

const selectUnconfirmed = `
SELECT p.person, n.name, p.role, p.casefile, c.number, p.asked_at, r.due_at
  FROM participant p
  JOIN casefile c ON c.id = p.casefile
  LEFT JOIN known n ON n.casefile = p.casefile AND n.person = p.person
  LEFT JOIN request r ON r.participant = p.id AND r.status = 'asked'
 WHERE p.casefile = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing IN ('unit', 'office'))) AND p.status = 'awaiting'
 ORDER BY r.due_at NULLS LAST, p.asked_at, p.id`

// Unconfirmed are those who wait for a status in the cases of the asker's unit or
// office, what is due first on top.
func Unconfirmed(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Awaiting, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var rows []awaitingRow
	if err := db.Select(ctx, &rows, selectUnconfirmed, ask.Person); err != nil {
		return nil, err
	}
	out := make([]Awaiting, len(rows))
	for i, row := range rows {
		name, err := identity.OpenName(ctx, db, row.Case, row.Person, row.Name)
		if err != nil {
			return nil, err
		}
		number, err := register.Open(ctx, db, row.Case, row.Number)
		if err != nil {
			return nil, err
		}
		out[i] = Awaiting{Name: name, Role: row.Role, Case: row.Case, Number: number, AskedAt: row.AskedAt, DueAt: deref(row.DueAt)}
	}
	return out, nil
}
