package report

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/document"
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
}

const selectSlip = `
SELECT status, due_at FROM report WHERE slip_hash = $1 AND status <> 'draft'`

// ReadSlip is the status of a report by the secret on its slip. Nobody need sign in.
func ReadSlip(ctx context.Context, db *vault.DB, ask policy.Ask, token string) (Slip, error) {
	if err := ask.Check(0); err != nil {
		return Slip{}, err
	}
	hash := SlipHash(token)
	var row struct {
		Status Status    `db:"status"`
		DueAt  time.Time `db:"due_at"`
	}
	if err := db.Get(database.HoldingSecret(ctx, hash), &row, selectSlip, hash); err != nil {
		return Slip{}, err
	}
	return Slip{Status: row.Status, DueAt: row.DueAt, Overdue: row.Status.Open() && !ask.At.Before(row.DueAt)}, nil
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
