package filing

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/fault"
	"zharia/portal/identity"
	"zharia/portal/law"
	"zharia/portal/opening"
	"zharia/portal/policy"
	"zharia/portal/vault"
	"zharia/portal/warrant"
)

// Taking is how somebody takes a filing back.
type Taking int

// The ways. Only the first two can be done by one signature.
const (
	NotHis      Taking = iota // it is not his to take back
	Freely                    // by his signature alone
	ByPower                   // by his signature, where his power says so (CPC 76(4))
	WithConsent               // by his signature and the consent of the one it was filed for
)

// taking is one row of the table: who, what it was filed as, and in whose place.
type taking struct {
	who   policy.Standing // Author, or Client: the one in whose place it was filed
	filed []policy.Role   // as which its author filed it; nil: as anything
	of    []policy.Role   // the status of the one in whose place; nil: whatever it is
	own   bool            // filed for nobody but himself
	how   Taking
	by    law.Ref
}

var (
	defended  = []policy.Role{policy.Suspect, policy.Accused, policy.TrialDefendant}
	claimants = []policy.Role{policy.Victim, policy.PrivateProsecutor, policy.CivilPlaintiff, policy.CivilDefendant}
	hired     = []policy.Role{policy.Representative, policy.DefendantsRep}
	parents   = []policy.Role{policy.SuspectsLegalRep, policy.VictimsLegalRep}
)

// takings is who may take back what whom filed (CPC 100(5)); the first row that fits
// counts, and what is not here is nobody's to take back. A defender takes nothing back
// of his client's (CPC 70(5)); whose parents file for him, takes nothing of theirs.
var takings = []taking{
	{who: policy.Author, own: true, how: Freely, by: law.CPC(100, 5)},
	{who: policy.Author, filed: []policy.Role{policy.Defender}, how: WithConsent, by: law.CPC(70, 5)},
	{who: policy.Author, of: defended, how: WithConsent, by: law.CPC(100, 5)},
	{who: policy.Author, filed: hired, how: ByPower, by: law.CPC(76, 4)},
	{who: policy.Author, filed: parents, how: ByPower, by: law.CPC(76, 4)},
	{who: policy.Client, filed: []policy.Role{policy.Defender}, how: Freely, by: law.CPC(100, 5)},
	{who: policy.Client, filed: hired, of: claimants, how: Freely, by: law.CPC(100, 5)},
}

// TakingOf says how somebody may take a filing back: its Author, or the Client in
// whose place it was filed. filed is what it was filed as, of the status of the one in
// whose place, "" for nobody's.
func TakingOf(who policy.Standing, filed, of policy.Role) (Taking, law.Ref) {
	for _, row := range takings {
		if row.who&who != 0 && row.own == (of == "") && (row.filed == nil || slices.Contains(row.filed, filed)) && (row.of == nil || slices.Contains(row.of, of)) {
			return row.how, row.by
		}
	}
	return NotHis, law.CPC(100, 5)
}

// how is how the reader of the filing takes it back.
func (f Filing) how() (Taking, law.Ref) {
	who := policy.Client
	if f.Standing&policy.Author != 0 {
		who = policy.Author
	}
	return TakingOf(who, f.Role, f.InPlaceOf)
}

// taking tells whether the reader may do an act of taking back to this filing; every
// other act is none of its business.
func (f Filing) taking(act policy.Act) bool {
	how, _ := f.how()
	switch act {
	case policy.FilingWithdraw:
		return how == Freely || how == ByPower && f.mayWithdraw
	case policy.WithdrawalAsk:
		return how == WithConsent && !f.ConsentWaits
	case policy.WithdrawalConsent, policy.WithdrawalDecline:
		return f.ConsentWaits
	}
	return true
}

// takeBack refuses the one whose it is not to take back, and him whose power is not
// for it.
func (f Filing) takeBack(how ...Taking) error {
	is, by := f.how()
	switch {
	case is == ByPower && !f.mayWithdraw:
		return fault.New(fault.Forbidden, "fault.scope-withdraw").Under(by)
	case !slices.Contains(how, is):
		return fault.New(fault.Forbidden, "fault.not-to-withdraw").Under(by)
	}
	return nil
}

// DraftWithdrawal prints the paper by which a filing is taken back, for who does it to
// sign: whoever found his browser open cannot take it back for him.
func DraftWithdrawal(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, language string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := f.takeBack(Freely, ByPower, WithConsent); err != nil {
			return err
		}
		if _, err := f.Status.after(policy.FilingWithdraw); err != nil {
			return err
		}
		if f.ConsentWaits {
			return fault.New(fault.Conflict, "fault.consent-waits")
		}
		doc, err := printed(ctx, tx, press, ask, f.of(), []uuid.UUID{f.Author}, document.Withdrawal, language, func(d document.Document, signer identity.Person) document.Sheet {
			return f.withdrawalSheet(press, d, signer.Name)
		})
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, setWithdrawal, id, nullable(doc.ID)); err != nil {
			return err
		}
		if err := dropOwn(ctx, tx, ask, f.Withdrawal); err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

const setWithdrawal = `
UPDATE filing SET withdrawal = $2 WHERE id = $1`

// WithdrawalOf is the paper of a withdrawal: the draft for who wrote it alone, the
// signed one for all who may read the filing. Another's look at it is kept.
func WithdrawalOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, document.Document, error) {
	return openPaper(ctx, db, ask, opening.Withdrawal, id, func(_ *vault.DB, f Filing) (uuid.UUID, error) { return f.Withdrawal, nil })
}

// Withdraw takes a filing back by a signature over the paper that says so. It may be
// filed again while the law lets it (CPC 100(5)). By the act it is taken back at once,
// or waits for the consent of the one it was filed for.
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
		how := []Taking{Freely, ByPower}
		if ask.Act == policy.WithdrawalAsk {
			how = []Taking{WithConsent}
		}
		if err := f.takeBack(how...); err != nil {
			return err
		}
		if f.Withdrawal == uuid.Nil {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		doc, err := document.Sign(ctx, tx, ask, f.Withdrawal, signature)
		if err != nil {
			return err
		}
		if next == Withdrawn {
			if err := tx.Exec(ctx, stepFiling, id, next, ask.At); err != nil {
				return err
			}
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

// DraftConsent prints what the one a filing was filed for says of its being taken
// back: that he agrees, or that it stays. Saying it again changes the one draft.
func DraftConsent(ctx context.Context, db *vault.DB, press document.Press, ask policy.Ask, id uuid.UUID, agrees bool, language string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, paper, err := consented(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		client, err := authorOf(ctx, tx, ask)
		if err != nil {
			return err
		}
		w := press.Words.In(language)
		draft := document.AssentDraft{
			About: paper, Number: f.CaseNumber, Agrees: agrees, Language: language, From: client.Name, Signer: client.Name,
			What: append(f.facts(w), document.Fact{Label: w.T("paper.withdrawal.of"), Value: f.AuthorName}),
		}
		if !agrees {
			draft.Reasons = w.T("paper.withdrawal.stays")
		}
		doc, err := document.DraftAssent(ctx, tx, press, ask, draft)
		if err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

// consented locks a filing whose withdrawal waits for the asker's word, with the paper
// it is about.
func consented(ctx context.Context, tx *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, document.Document, error) {
	f, err := lock(ctx, tx, ask, id)
	if err != nil {
		return f, document.Document{}, err
	}
	if !f.ConsentWaits {
		return f, document.Document{}, fault.New(fault.Conflict, "fault.not-now")
	}
	paper, err := document.Fetch(ctx, tx, f.Withdrawal)
	return f, paper, err
}

// ConsentOf is the unsigned word of the asker on a withdrawal, to check and to sign.
func ConsentOf(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, document.Assent, document.Document, error) {
	f, err := Read(ctx, db, ask, id)
	if err == nil && !f.ConsentWaits {
		err = fault.New(fault.Conflict, "fault.not-now")
	}
	if err != nil {
		return f, document.Assent{}, document.Document{}, err
	}
	said, err := document.OwnAssent(ctx, db, ask, f.Withdrawal)
	if err != nil {
		return f, said, document.Document{}, err
	}
	doc, err := document.Fetch(ctx, db, said.Document)
	return f, said, doc, err
}

// ConsentPaper is that paper: the draft for who writes it, the signed consent for all
// who may read the filing.
func ConsentPaper(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID) (Filing, document.Document, error) {
	return openPaper(ctx, db, ask, opening.Withdrawal, id, func(tx *vault.DB, f Filing) (uuid.UUID, error) {
		said, err := document.AssentTo(ctx, tx, f.Withdrawal)
		if errors.Is(err, fault.NotFound) {
			said, err = document.OwnAssent(ctx, tx, ask, f.Withdrawal)
		}
		return said.Document, err
	})
}

// Consent signs that word. By the act the filing is taken back, or it stays and its
// clock was never stopped.
func Consent(ctx context.Context, db *vault.DB, v *eds.Verifier, ask policy.Ask, id uuid.UUID, cms, digest []byte) error {
	signature, err := document.Verify(ctx, db, v, ask, cms, digest)
	if err != nil {
		return err
	}
	return db.Within(ctx, func(tx *vault.DB) error {
		f, _, err := consented(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		next, err := f.Status.after(ask.Act)
		if err != nil {
			return err
		}
		said, doc, err := document.SettleAssent(ctx, tx, ask, f.Withdrawal, signature)
		if err != nil {
			return err
		}
		if said.Agrees != (ask.Act == policy.WithdrawalConsent) {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		if said.Agrees {
			err = tx.Exec(ctx, stepFiling, id, next, ask.At)
		} else {
			err = tx.Exec(ctx, setWithdrawal, id, nil)
		}
		if err != nil {
			return err
		}
		return record(ctx, tx.DB, ask, f.Kind, id, f.Case, doc.Digest)
	})
}

// withdrawalSheet is the withdrawal on paper, as it will be signed.
func (f Filing) withdrawalSheet(press document.Press, d document.Document, signer string) document.Sheet {
	w := press.Words.In(d.Language)
	s := press.Sheet(d, "withdrawal")
	s.To, s.From, s.Facts = seated(w, f.Decider, f.Seat), f.from(w), f.facts(w)
	if f.Standing&policy.Author == 0 {
		s.From = []string{signer, w.T("role." + string(f.InPlaceOf))}
		s.Facts = append(s.Facts, document.Fact{Label: w.T("paper.withdrawal.filed"), Value: f.AuthorName})
	}
	s.Sections = []document.Section{{Text: w.T("paper.withdrawal.text." + string(f.Family()))}}
	if how, _ := f.how(); how == WithConsent {
		s.Sections = append(s.Sections, document.Section{Text: w.T("paper.withdrawal.consent")})
	}
	s.Closing = []string{w.Day(d.MadeAt) + "\t" + signer}
	s.States = &warrant.Fact{Kind: warrant.Withdrawal, Filing: f.ID}
	return s
}
