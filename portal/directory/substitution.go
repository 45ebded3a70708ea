package directory

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// NewSubstitution is what a head is about to sign: until a day, one official of his
// does the work of another who is away.
type NewSubstitution struct {
	Officer  uuid.UUID
	Deputy   uuid.UUID
	Until    time.Time // the last day
	Language string
}

// Substitution is one official doing the work of another. Signed and not ended, it
// makes the deputy what the other is to his cases (view duty).
type Substitution struct {
	ID       uuid.UUID
	Officer  string // name of who is away
	Deputy   string // name of who does his work
	Head     string // name of who signed it
	Until    time.Time
	Document uuid.UUID
	MadeAt   time.Time
	SignedAt time.Time // zero: a draft of its head's
	EndedAt  time.Time
}

// Runs tells that the deputy stands in now.
func (s Substitution) Runs() bool { return !s.SignedAt.IsZero() && s.EndedAt.IsZero() }

type substitutionRow struct {
	ID          uuid.UUID  `db:"id"`
	Officer     uuid.UUID  `db:"officer"`
	OfficerName string     `db:"officer_name"`
	Deputy      uuid.UUID  `db:"deputy"`
	DeputyName  string     `db:"deputy_name"`
	Head        uuid.UUID  `db:"head"`
	HeadName    string     `db:"head_name"`
	Document    uuid.UUID  `db:"document"`
	Until       time.Time  `db:"until"`
	MadeAt      time.Time  `db:"made_at"`
	SignedAt    *time.Time `db:"signed_at"`
	EndedAt     *time.Time `db:"ended_at"`
}

const selectAnySubstitution = `
SELECT s.id, s.officer, p.name AS officer_name, s.deputy, d.name AS deputy_name, s.head, h.name AS head_name,
       s.document, s.until, s.made_at, s.signed_at, s.ended_at
  FROM substitution s
  JOIN officer p ON p.person = s.officer
  JOIN officer d ON d.person = s.deputy
  JOIN officer h ON h.person = s.head`

// A head finds those of his own body; a draft only he who made it.
const selectSubstitutions = selectAnySubstitution + `
  JOIN officer o ON o.person = s.officer
  JOIN officer m ON m.person = $1 AND m.left_at IS NULL AND m.body = o.body
                AND o.post = CASE m.post WHEN 'head' THEN 'investigator' WHEN 'chief-prosecutor' THEN 'prosecutor' END
 WHERE (s.signed_at IS NOT NULL OR s.head = $1)`

const selectSubstitution = selectSubstitutions + `
   AND s.id = $2`

const lockSubstitution = selectSubstitution + `
   FOR UPDATE OF s`

const selectRunning = selectSubstitutions + `
   AND s.ended_at IS NULL
 ORDER BY s.made_at, s.id`

// For the two whom it is about.
const selectConcerning = selectAnySubstitution + `
 WHERE (s.deputy = $1 OR s.officer = $1) AND s.signed_at IS NOT NULL AND s.ended_at IS NULL
 ORDER BY s.signed_at, s.id`

func (row substitutionRow) substitution() Substitution {
	return Substitution{
		ID: row.ID, Officer: row.OfficerName, Deputy: row.DeputyName, Head: row.HeadName,
		Until: row.Until, Document: row.Document, MadeAt: row.MadeAt, SignedAt: deref(row.SignedAt), EndedAt: deref(row.EndedAt),
	}
}

func substitutions(rows []substitutionRow) []Substitution {
	out := make([]Substitution, len(rows))
	for i, row := range rows {
		out[i] = row.substitution()
	}
	return out
}

// Running are the substitutions in the asker's body that have not ended, and his
// drafts of one.
func Running(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Substitution, error) {
	var rows []substitutionRow
	if err := db.Select(ctx, &rows, selectRunning, ask.Person); err != nil {
		return nil, err
	}
	return substitutions(rows), nil
}

// Concerning are the substitutions that run now and in which the asker is one of the
// two.
func Concerning(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Substitution, error) {
	var rows []substitutionRow
	if err := db.Select(ctx, &rows, selectConcerning, ask.Person); err != nil {
		return nil, err
	}
	return substitutions(rows), nil
}

// ReadSubstitution is one substitution with its paper, for the head of the body.
func ReadSubstitution(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Substitution, document.Document, error) {
	if err := ask.Check(0); err != nil {
		return Substitution{}, document.Document{}, err
	}
	var row substitutionRow
	if err := db.Get(ctx, &row, selectSubstitution, ask.Person, id); err != nil {
		return Substitution{}, document.Document{}, err
	}
	s := row.substitution()
	doc, err := document.Fetch(ctx, db, s.Document)
	return s, doc, err
}

// Replaceable are the asker's own whom he may have replaced, and who may replace them.
func Replaceable(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Official, error) {
	if err := ask.Check(0); err != nil {
		return nil, err
	}
	of, ok := headed(ask)
	if !ok {
		return nil, fault.New(fault.NotFound, "fault.not-found")
	}
	return officers(ctx, db, ask, of)
}

const insertSubstitution = `
INSERT INTO substitution (id, officer, deputy, head, document, until, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO NOTHING`

// DraftSubstitution prints the paper for the head to check and to sign. The id is the
// page's, so that a double click makes one.
func DraftSubstitution(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, n NewSubstitution) error {
	if err := lastDay(n.Until, ask.At, "until"); err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		all, err := Replaceable(ctx, tx, ask)
		if err != nil {
			return err
		}
		var officer, deputy Official
		for _, o := range all {
			if o.ID == n.Officer {
				officer = o
			}
			if o.ID == n.Deputy {
				deputy = o
			}
		}
		switch {
		case officer.ID == uuid.Nil:
			return fault.New(fault.Invalid, "form.choose").At("officer")
		case deputy.ID == uuid.Nil:
			return fault.New(fault.Invalid, "form.choose").At("deputy")
		case officer.ID == deputy.ID:
			return fault.New(fault.Invalid, "fault.substitution-self").At("deputy")
		}
		if err := free(ctx, tx, n.Officer, n.Deputy); err != nil {
			return err
		}
		head, err := identity.Read(ctx, tx, ask.Person, ask.At)
		if err != nil {
			return err
		}
		doc, err := document.New(ask, uuid.Nil, document.Substitution, n.Language)
		if err != nil {
			return err
		}
		if doc.Content, err = press.Paper(n.sheet(press, doc, officer, deputy, head), doc, ""); err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		c, err := tx.Change(ctx, insertSubstitution, id, n.Officer, n.Deputy, ask.Person, doc.ID, n.Until, ask.At)
		if err != nil {
			return err
		}
		if c == 0 {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		of, _ := headed(ask)
		return of.record(ctx, tx, ask, "substitution", id, uuid.Nil, doc.Digest)
	})
}

const selectAway = `
SELECT count(*) FROM substitution WHERE officer = $1 AND signed_at IS NOT NULL AND ended_at IS NULL`

const selectDeputises = `
SELECT count(*) FROM substitution WHERE deputy = $1 AND signed_at IS NOT NULL AND ended_at IS NULL`

// free refuses what would leave cases with nobody: one away cannot stand in, and one
// who stands in cannot be away, for the work of a third is not passed on.
func free(ctx context.Context, tx *vault.DB, officer, deputy uuid.UUID) error {
	var away, busy, standsIn int
	if err := tx.Get(ctx, &away, selectAway, officer); err != nil {
		return err
	}
	if err := tx.Get(ctx, &busy, selectAway, deputy); err != nil {
		return err
	}
	if err := tx.Get(ctx, &standsIn, selectDeputises, officer); err != nil {
		return err
	}
	switch {
	case away > 0:
		return fault.New(fault.Invalid, "fault.substitution-twice").At("officer")
	case standsIn > 0:
		return fault.New(fault.Invalid, "fault.substitution-chain").At("officer")
	case busy > 0:
		return fault.New(fault.Invalid, "fault.substitution-away").At("deputy")
	}
	return nil
}

const signSubstitution = `
UPDATE substitution SET signed_at = $2 WHERE id = $1`

// Substitute signs it: from here the deputy does the other's work.
func Substitute(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		row, err := lockOwn(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if row.SignedAt != nil || row.Until.Before(today(ask.At)) {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		of, _ := headed(ask)
		for _, officer := range []uuid.UUID{row.Officer, row.Deputy} {
			if err := inPost(ctx, tx, ask, of, officer); err != nil {
				return err
			}
		}
		if err := free(ctx, tx, row.Officer, row.Deputy); err != nil {
			return fault.New(fault.Conflict, "fault.not-now").Because(err)
		}
		doc, err := document.Sign(ctx, tx, ask, row.Document, signature)
		if err != nil {
			return err
		}
		err = tx.Exec(ctx, signSubstitution, id, ask.At)
		if database.Violates(err, "substitution_now") {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err != nil {
			return err
		}
		return of.record(ctx, tx, ask, "substitution", id, uuid.Nil, doc.Digest)
	})
}

func lockOwn(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (substitutionRow, error) {
	var row substitutionRow
	if err := ask.Check(0); err != nil {
		return row, err
	}
	err := tx.Get(ctx, &row, lockSubstitution, ask.Person, id)
	return row, err
}

const endSubstitution = `
UPDATE substitution SET ended_at = $2 WHERE id = $1`

// EndSubstitution ends it before its last day: the official is back. It only takes
// away, so it needs no signature.
func EndSubstitution(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		row, err := lockOwn(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if row.SignedAt == nil || row.EndedAt != nil {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := tx.Exec(ctx, endSubstitution, id, ask.At); err != nil {
			return err
		}
		of, _ := headed(ask)
		return of.record(ctx, tx, ask, "substitution", id, uuid.Nil, nil)
	})
}

const deleteSubstitution = `
DELETE FROM substitution WHERE id = $1 AND signed_at IS NULL`

// DiscardSubstitution gives a draft up.
func DiscardSubstitution(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		row, err := lockOwn(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if row.SignedAt != nil {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if err := tx.Exec(ctx, deleteSubstitution, id); err != nil {
			return err
		}
		if err := document.Drop(ctx, tx, row.Document); err != nil {
			return err
		}
		of, _ := headed(ask)
		return of.record(ctx, tx, ask, "substitution", id, uuid.Nil, nil)
	})
}
