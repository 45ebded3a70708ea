package casefile

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Unsigned is a paper of the investigator's that waits for his signature.
type Unsigned struct {
	Act        policy.Act // that signing it does
	Of         uuid.UUID  // the decision or the participant
	CaseNumber string
	Kind       policy.Kind // of a decision
	Name       string      // of a participant
	Digest     []byte      // SHA-256 of the paper
	Size       int         // bytes
	MadeAt     time.Time
}

type unsignedRow struct {
	Of     uuid.UUID   `db:"of"`
	Number string      `db:"number"`
	Kind   policy.Kind `db:"kind"`
	Ends   bool        `db:"ends"`
	Person uuid.UUID   `db:"person"`
	Name   []byte      `db:"name"`
	Digest []byte      `db:"digest"`
	Size   int         `db:"size"`
	MadeAt time.Time   `db:"made_at"`
}

const selectUnsignedDecisions = `
SELECT d.id AS of, c.number, d.kind, o.digest, o.size, o.made_at
  FROM decision d
  JOIN casefile c ON c.id = d.casefile
  JOIN document o ON o.id = d.document
 WHERE c.id = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing = 'charge')) AND o.author = $1 AND d.status = 'draft'`

const selectUnsignedConfirmations = `
SELECT p.id AS of, c.number, f.ends, n.id AS person, n.name, o.digest, o.size, o.made_at
  FROM confirmation f
  JOIN participant p ON p.id = f.participant
  JOIN person n ON n.id = p.person
  JOIN casefile c ON c.id = p.casefile
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
		out = append(out, row.unsigned(signs(row.Kind)))
	}
	for _, row := range confirmations {
		u := row.unsigned(Confirmation{Ends: row.Ends}.Act())
		var err error
		if u.Name, err = identity.OpenName(db, row.Person, row.Name); err != nil {
			return nil, err
		}
		out = append(out, u)
	}
	slices.SortStableFunc(out, func(a, b Unsigned) int { return a.MadeAt.Compare(b.MadeAt) })
	return out, nil
}

func (row unsignedRow) unsigned(act policy.Act) Unsigned {
	return Unsigned{Act: act, Of: row.Of, CaseNumber: row.Number, Kind: row.Kind, Digest: row.Digest, Size: row.Size, MadeAt: row.MadeAt}
}
