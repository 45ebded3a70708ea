package report

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/document"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// tokenSize is how many bytes of a keyed fingerprint the secret of a slip is.
const tokenSize = 16

// Token is the secret in the code on the slip of a report. It is computed anew each
// time the slip is printed, and nothing of it is kept but its hash.
func Token(db *vault.DB, id uuid.UUID) string {
	tag := db.Tag("report.slip", id.String())
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(tag[:tokenSize]))
}

// SlipHash is what is kept of such a secret.
func SlipHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Slip is what whoever holds the slip of a report is told: nothing but its status.
type Slip struct {
	Status  Status
	DueAt   time.Time
	Overdue bool
	Became  *Became // nil where it goes on in no other
	Upheld  *Upheld // a complaint about it that was granted; nil for none
}

// Became is how it stands with what a report goes on in: the earlier one it was joined to,
// or the one that another body registered.
type Became struct {
	Status    Status
	DecidedAt time.Time // zero while nothing is decided
	Overdue   bool
	Body      identity.Body
}

// Upheld is that a complaint about what became of a report was granted, since it was decided.
type Upheld struct {
	Filing uuid.UUID
	Number string
	Part   bool   // in part alone
	Remedy string // what it brings about, filing.Remedy
	Body   identity.Body
	At     time.Time
}

const selectUpheld = `
SELECT u.filing, u.number, u.status = 'granted-part' AS part, coalesce(u.remedy, '') AS remedy, b.name_kk AS "names.body_kk", b.name_ru AS "names.body_ru", u.at
  FROM fence.upheld($1) u JOIN body b ON b.id = u.body`

// upheld is the complaint about a report that was granted last; nil for none. The fence tells
// it to the author of the report, to those who keep its book and to whoever holds its slip.
func upheld(ctx context.Context, db *vault.DB, id uuid.UUID) (*Upheld, error) {
	var row struct {
		Filing uuid.UUID     `db:"filing"`
		Number string        `db:"number"`
		Part   bool          `db:"part"`
		Remedy string        `db:"remedy"`
		Names  identity.Body `db:"names"`
		At     time.Time     `db:"at"`
	}
	err := db.Get(ctx, &row, selectUpheld, id)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	return &Upheld{row.Filing, row.Number, row.Part, row.Remedy, row.Names, row.At}, err
}

// UpheldOf is the complaint about a report of the asker's that was granted last; nil for none.
func UpheldOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (*Upheld, error) {
	if _, err := Read(ctx, db, ask, id); err != nil {
		return nil, err
	}
	return upheld(ctx, db, id)
}

// UpheldInBook is the same for those who keep the book.
func UpheldInBook(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (*Upheld, error) {
	if _, _, err := inBook(ctx, db, ask, id); err != nil {
		return nil, err
	}
	return upheld(ctx, db, id)
}

const selectSlip = `
SELECT id, status, due_at FROM report WHERE slip_hash = $1 AND status <> 'draft'`

const selectBecame = `
SELECT w.status, w.due_at, w.decided_at, b.name_kk AS "names.body_kk", b.name_ru AS "names.body_ru"
  FROM fence.became($1) w JOIN body b ON b.id = w.body`

// became is how it stands with what a report of the asker's goes on in, or one whose slip he
// holds; nil for none.
func became(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (*Became, error) {
	var row struct {
		Status    Status        `db:"status"`
		DueAt     time.Time     `db:"due_at"`
		DecidedAt *time.Time    `db:"decided_at"`
		Names     identity.Body `db:"names"`
	}
	err := db.Get(ctx, &row, selectBecame, id)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	return &Became{row.Status, deref(row.DecidedAt), row.Status.Open() && !ask.At.Before(row.DueAt), row.Names}, err
}

// BecameOf is how it stands with what a report of the asker's goes on in; nil for none.
func BecameOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (*Became, error) {
	if _, err := Read(ctx, db, ask, id); err != nil {
		return nil, err
	}
	return became(ctx, db, ask, id)
}

// ReadSlip is the status of a report by the secret on its slip. Nobody need sign in.
func ReadSlip(ctx context.Context, db *vault.DB, ask policy.Ask, token string) (Slip, error) {
	if err := ask.Check(0); err != nil {
		return Slip{}, err
	}
	hash := SlipHash(token)
	var row struct {
		ID     uuid.UUID `db:"id"`
		Status Status    `db:"status"`
		DueAt  time.Time `db:"due_at"`
	}
	ctx = database.HoldingSecret(ctx, hash)
	if err := db.Get(ctx, &row, selectSlip, hash); err != nil {
		return Slip{}, err
	}
	s := Slip{Status: row.Status, DueAt: row.DueAt, Overdue: row.Status.Open() && !ask.At.Before(row.DueAt)}
	var err error
	if s.Became, err = became(ctx, db, ask, row.ID); err != nil {
		return s, err
	}
	s.Upheld, err = upheld(ctx, db, row.ID)
	return s, err
}

// PrintSlip is the slip of a registered report (талон): what its author shows wherever he
// is asked whether he reported. It says nothing of what he reported.
func PrintSlip(press document.Press, r Report, token, language string) ([]byte, error) {
	w := press.Words.In(language)
	officer := r.OfficerName
	if officer == "" {
		officer = cmp.Or(r.Head, w.T("paper.slip.officer.none"))
	}
	s := document.Sheet{
		Language: language, ID: r.ID.String(), Purpose: "zharia/slip/1", Made: r.RegisteredAt.UTC().Truncate(time.Second),
		Title: w.T("paper.slip.title"), Subtitle: w.T("paper.slip.subtitle", "number", r.Number),
		Facts: []document.Fact{
			{Label: w.T("paper.slip.number"), Value: w.T("report.number", "number", r.Number)},
			{Label: w.T("paper.slip.at"), Value: w.Second(r.RegisteredAt)},
			{Label: w.T("paper.slip.body"), Value: r.Body.In(language)},
			{Label: w.T("paper.slip.officer"), Value: officer},
			{Label: w.T("paper.slip.due"), Value: w.Moment(r.DueAt)},
			{Label: w.T("paper.slip.by"), Value: w.Law(deadlineOf(r).By)},
			{Label: w.T("paper.slip.contacts"), Value: w.T("paper.slip.contacts-value", "origin", press.Origin)},
		},
		Sections: []document.Section{{Text: w.T("paper.slip.text")}},
		Note:     w.T("paper.slip.note"), VerifyURL: press.Origin + "/" + language + "/slip/" + token, VerifyText: w.T("paper.slip.verify"),
		PageText: w.T("paper.page"),
	}
	return document.Print(s)
}

func deadlineOf(r Report) deadline.Term { return r.Counting().Term }
