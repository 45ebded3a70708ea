package casefile

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/register"
	"zharia/portal/vault"
)

// Unsigned is a paper of the investigator's that waits for his signature.
type Unsigned struct {
	Act        policy.Act // that signing it does
	Of         uuid.UUID  // the decision or the participant
	CaseNumber string
	Kind       policy.Kind // of a decision
	Nobody     bool        // a decision that is shown to whom it names, and names nobody
	Name       string      // of a participant
	Digest     []byte      // SHA-256 of the paper
	Size       int         // bytes
	MadeAt     time.Time
}

type unsignedRow struct {
	Of     uuid.UUID   `db:"of"`
	Case   uuid.UUID   `db:"casefile"`
	Number []byte      `db:"number"`
	Kind   policy.Kind `db:"kind"`
	Named  bool        `db:"named"`
	Ends   bool        `db:"ends"`
	Person uuid.UUID   `db:"person"`
	Name   []byte      `db:"name"`
	Digest []byte      `db:"digest"`
	Size   int         `db:"size"`
	MadeAt time.Time   `db:"made_at"`
}

const selectUnsignedDecisions = `
SELECT d.id AS of, c.id AS casefile, c.number, d.kind, EXISTS (SELECT FROM decision_person x WHERE x.decision = d.id) AS named, o.digest, o.size, o.made_at
  FROM decision d
  JOIN casefile c ON c.id = d.casefile
  JOIN document o ON o.id = d.document
 WHERE c.id = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing = 'charge')) AND o.author = $1 AND d.status = 'draft'`

const selectUnsignedConfirmations = `
SELECT p.id AS of, c.id AS casefile, c.number, f.ends, p.person, n.name, o.digest, o.size, o.made_at
  FROM confirmation f
  JOIN participant p ON p.id = f.participant
  JOIN casefile c ON c.id = p.casefile
  LEFT JOIN known n ON n.casefile = p.casefile AND n.person = p.person
  JOIN document o ON o.id = f.document
 WHERE c.id = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing = 'charge')) AND o.author = $1 AND f.signed_at IS NULL`

// Drafts are the decisions and the papers about statuses that the asker has
// prepared in his cases and not signed, oldest first.
func Drafts(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Unsigned, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	var decisions, confirmations []unsignedRow
	if err := db.Select(ctx, &decisions, selectUnsignedDecisions, ask.Person); err != nil {
		return nil, err
	}
	if err := db.Select(ctx, &confirmations, selectUnsignedConfirmations, ask.Person); err != nil {
		return nil, err
	}
	var out []Unsigned
	for _, row := range decisions {
		u, err := row.unsigned(ctx, db, signs(row.Kind))
		if err != nil {
			return nil, err
		}
		u.Nobody = policy.Names(row.Kind) && !row.Named
		out = append(out, u)
	}
	for _, row := range confirmations {
		u, err := row.unsigned(ctx, db, Confirmation{Ends: row.Ends}.Act())
		if err != nil {
			return nil, err
		}
		if u.Name, err = identity.OpenName(ctx, db, row.Case, row.Person, row.Name); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	slices.SortStableFunc(out, func(a, b Unsigned) int { return a.MadeAt.Compare(b.MadeAt) })
	return out, nil
}

func (row unsignedRow) unsigned(ctx context.Context, db *vault.DB, act policy.Act) (Unsigned, error) {
	number, err := register.Open(ctx, db, row.Case, row.Number)
	return Unsigned{Act: act, Of: row.Of, CaseNumber: number, Kind: row.Kind, Digest: row.Digest, Size: row.Size, MadeAt: row.MadeAt}, err
}
