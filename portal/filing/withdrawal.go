package filing

import (
	"context"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// DraftWithdrawal prints the paper by which an author takes his filing back, for
// him to sign: whoever found his browser open cannot take it back for him.
func DraftWithdrawal(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, language string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := f.takeBack(); err != nil {
			return err
		}
		if _, err := f.Status.after(policy.FilingWithdraw); err != nil {
			return err
		}
		doc, err := document.New(ask, f.Case, document.Withdrawal, language)
		if err != nil {
			return err
		}
		if doc.Content, err = press.Paper(f.withdrawalSheet(press, doc), doc, f.CaseNumber); err != nil {
			return err
		}
		if err := document.Add(ctx, tx, &doc); err != nil {
			return err
		}
		if err := tx.Exec(ctx, setWithdrawal, id, doc.ID); err != nil {
			return err
		}
		if f.Withdrawal != uuid.Nil {
			if err := document.Drop(ctx, tx, f.Withdrawal); err != nil {
				return err
			}
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, doc.Digest)
	})
}

// takeBack refuses a representative whose power is not for it: what he filed for
// somebody is taken back with that one's consent alone, CPC 70(5).
func (f Filing) takeBack() error {
	if !f.mayWithdraw {
		return fault.New(fault.Forbidden, "fault.scope-withdraw").Under(law.CPC(70, 5))
	}
	return nil
}

const setWithdrawal = `
UPDATE filing SET withdrawal = $2 WHERE id = $1`

// WithdrawalOf is the paper of a withdrawal: the draft for its author alone, the
// signed one for all who may read the filing. Another's look at it is kept.
func WithdrawalOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, document.Document, error) {
	var f Filing
	var doc document.Document
	err := db.Within(ctx, func(tx *vault.DB) (err error) {
		if err := opening.Hold(ctx, tx, ask, opening.Withdrawal, id); err != nil {
			return err
		}
		if f, err = Read(ctx, tx, ask, id); err != nil {
			return err
		}
		if f.Withdrawal == uuid.Nil || f.Status != Withdrawn && f.Author != ask.Person {
			return fault.New(fault.NotFound, "fault.not-found")
		}
		if err := f.opened(ctx, tx, ask, opening.Withdrawal, f.Withdrawal); err != nil {
			return err
		}
		doc, err = document.Fetch(ctx, tx, f.Withdrawal)
		return err
	})
	return f, doc, err
}

// Withdraw takes a filing back by the author's signature over the paper that
// says so. It may be filed again while the law lets it (CPC 100(5)).
func Withdraw(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, next, err := move(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := f.takeBack(); err != nil {
			return err
		}
		if f.Withdrawal == uuid.Nil {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		doc, err := document.Sign(ctx, tx, ask, f.Withdrawal, signature)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, stepFiling, id, next, ask.At); err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

// withdrawalSheet is the withdrawal on paper, as it will be signed.
func (f Filing) withdrawalSheet(press document.Press, d document.Document) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, "withdrawal")
	s.To = []string{f.Decider.Body.In(d.Language), w.T("paper.seat."+string(f.Seat), "name", f.Decider.Name)}
	s.From = []string{f.AuthorName, w.T("role." + string(f.Role))}
	if f.Represented != "" {
		s.From = append(s.From, w.T("filings.for", "name", f.Represented))
	}
	s.Facts = []document.Fact{
		{Label: w.T("paper.case"), Value: f.CaseNumber},
		{Label: w.T("paper.filing"), Value: w.T("paper.filing-value", "number", f.Number, "day", w.Day(f.FiledAt))},
	}
	s.Sections = []document.Section{{Text: w.T("paper.withdrawal.text." + string(f.Family()))}}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + f.AuthorName}
	return s
}
