package filing

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/guide"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Remedy is what a complaint that is granted, if only in part, brings about; schema.sql
// lists the same.
type Remedy string

// The remedies. A head cannot cancel a ruling himself: he asks the prosecutor, or
// gives binding instructions (CPC 105(3)). The judge has three, and leaves a complaint
// unsatisfied by refusing it (CPC 106(8)).
const (
	RemedyAsk      Remedy = "ask-prosecutor"
	RemedyInstruct Remedy = "instruct"
	RemedyCancel   Remedy = "cancel"
	RemedyChange   Remedy = "change"
	RemedyUnlawful Remedy = "unlawful"          // an act or an omission was unlawful: to be cured
	RemedyOblige   Remedy = "oblige-prosecutor" // the prosecutor cures the breach
)

// AllRemedies are all of them.
var AllRemedies = []Remedy{RemedyAsk, RemedyInstruct, RemedyCancel, RemedyChange, RemedyUnlawful, RemedyOblige}

// Remedies are those open to the one who must decide, in the order of a form; none
// where the filing is no complaint.
func (f Filing) Remedies() []Remedy {
	if f.Family() != policy.Complaint {
		return nil
	}
	if f.OfReport() { // a refusal is cancelled; of silence there is nothing to cancel
		if f.Seat == guide.Judge || f.Seat == guide.Appeal {
			return []Remedy{RemedyUnlawful, RemedyCancel, RemedyOblige}
		}
		return []Remedy{RemedyInstruct, RemedyCancel}
	}
	paper := slices.Contains([]guide.What{guide.Decision, guide.Answer, guide.Ruling}, f.What)
	switch f.Seat {
	case guide.Head:
		if paper {
			return []Remedy{RemedyAsk, RemedyInstruct}
		}
		return []Remedy{RemedyInstruct}
	case guide.Judge:
		if paper {
			return []Remedy{RemedyCancel, RemedyUnlawful, RemedyOblige}
		}
		return []Remedy{RemedyUnlawful, RemedyOblige}
	case guide.Prosecutor, guide.Chief, guide.Higher, guide.Appeal:
		if paper {
			return []Remedy{RemedyCancel, RemedyChange}
		}
		return []Remedy{RemedyInstruct}
	}
	return nil
}

// remedied holds the remedy against what was decided: what is granted, if only in
// part, has one of those that are open; what is refused has none.
func (n NewAnswer) remedied(f Filing) error {
	open := f.Remedies()
	switch refused := n.outcome() == Refused; {
	case refused && n.Remedy != "", !refused && len(open) > 0 && !slices.Contains(open, n.Remedy), len(open) == 0 && n.Remedy != "":
		return fault.New(fault.Invalid, "fault.remedy").At("remedy")
	}
	return nil
}

// Cancelling is a head's request that the prosecutor cancel a ruling.
type Cancelling struct {
	Filing    uuid.UUID
	Settled   bool // he said what he did
	Cancelled bool
	Words     string
	SettledAt time.Time
}

const selectCancellation = `
SELECT filing, cancelled, words, settled_at FROM cancellation WHERE filing = $1`

const selectRemedy = `
SELECT coalesce(remedy, '') FROM answer WHERE filing = $1 AND signed_at IS NOT NULL`

// CancellingOf is what became of the request of a filing that was fetched through the
// asker; NotFound where the answer asks for nothing.
func CancellingOf(ctx context.Context, db *vault.DB, f Filing) (Cancelling, error) {
	none := fault.New(fault.NotFound, "fault.not-found")
	if !f.Status.Answered() {
		return Cancelling{}, none
	}
	var remedy Remedy
	if err := db.Get(ctx, &remedy, selectRemedy, f.ID); err != nil {
		return Cancelling{}, err
	}
	if remedy != RemedyAsk {
		return Cancelling{}, none
	}
	var row struct {
		Filing    uuid.UUID `db:"filing"`
		Cancelled bool      `db:"cancelled"`
		Words     []byte    `db:"words"`
		SettledAt time.Time `db:"settled_at"`
	}
	err := db.Get(ctx, &row, selectCancellation, f.ID)
	if errors.Is(err, fault.NotFound) {
		return Cancelling{Filing: f.ID}, nil
	}
	if err != nil {
		return Cancelling{}, err
	}
	text, err := db.OpenText(ctx, cancellationWords(f.home(), f.ID), row.Words)
	return Cancelling{Filing: f.ID, Settled: true, Cancelled: row.Cancelled, Words: text, SettledAt: row.SettledAt}, err
}

func cancellationWords(home vault.Home, id uuid.UUID) vault.Where {
	return vault.Where{Table: "cancellation", Column: "words", ID: id}.In(home)
}

// Those that wait longest first, at most 200.
const selectToCancel = selectFilings + `
 WHERE f.id = ANY (ARRAY(
       SELECT l.id FROM filing l
         JOIN answer w ON w.filing = l.id AND w.remedy = 'ask-prosecutor' AND w.signed_at IS NOT NULL
        WHERE l.casefile = ANY (ARRAY(SELECT casefile FROM duty WHERE person = $1 AND standing IN ('supervisor', 'office')))
          AND $1 <> ALL (l.interested) AND NOT EXISTS (SELECT 1 FROM cancellation n WHERE n.filing = l.id)
        ORDER BY w.signed_at, l.id
        LIMIT 200))
 ORDER BY f.ended_at, f.id`

// ToCancel are the filings in the cases the asker supervises whose answer asks him to
// cancel a ruling; none that he himself made or agreed with.
func ToCancel(ctx context.Context, db *vault.DB, ask policy.Ask) ([]Filing, error) {
	return list(ctx, db, ask, func(rows *[]filingRow) error { return db.Select(ctx, rows, selectToCancel, ask.Person) })
}

const insertCancellation = `
INSERT INTO cancellation (filing, author, cancelled, words, settled_at) VALUES ($1, $2, $3, $4, $5)`

// MaySettle refuses whoever made the ruling or agreed with it: nobody judges his own
// act, CPC 104(1).
func (f Filing) MaySettle(ask policy.Ask) error {
	if slices.Contains(f.Interested, ask.Person) {
		return fault.New(fault.Forbidden, "fault.forbidden").Under(law.CPC(104, 1))
	}
	return nil
}

// SettleCancelling is the prosecutor's word on such a request: he has cancelled the
// ruling, or leaves it standing and says why. Conflict where he said it already.
func SettleCancelling(ctx context.Context, db *vault.DB, ask policy.Ask, id uuid.UUID, cancelled bool, words string) error {
	return db.Within(ctx, func(tx *vault.DB) error {
		f, err := lock(ctx, tx, ask, id)
		if err != nil {
			return err
		}
		if err := f.MaySettle(ask); err != nil {
			return err
		}
		c, err := CancellingOf(ctx, tx, f)
		if err != nil {
			return err
		}
		if c.Settled {
			return fault.New(fault.Conflict, "fault.not-now")
		}
		sealed, err := tx.SealText(cancellationWords(f.home(), id), words, f.Author)
		if err != nil {
			return err
		}
		if err := tx.Exec(ctx, insertCancellation, id, ask.Person, cancelled, sealed, ask.At); err != nil {
			return err
		}
		return ledger.Step(ctx, tx.DB, ask, "filing", id, f.Case, nil)
	})
}
