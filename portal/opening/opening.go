// Package opening keeps who opened what of a case, and why. Every view of a
// document of a case writes a line in the transaction of the view itself; the
// people of the case read the lines, and ask the prosecutor about one that looks
// wrong. An official who is not at work in the case says first why he opens it.
package opening

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/ledger"
	"zharia/portal/policy"
	"zharia/portal/vault"
)

// Object is what was opened; schema.sql lists the same.
type Object string

// The objects.
const (
	Decision   Object = "decision"
	Redaction  Object = "redaction"
	Filing     Object = "filing"
	Answer     Object = "answer"
	Withdrawal Object = "withdrawal"
	Material   Object = "material"
	Request    Object = "request"
	Attachment Object = "attachment" // its id is that of the filing it lies beside
)

// Reason is why somebody opened it; schema.sql lists the same.
type Reason string

// The first three are known without a question: the right of a participant, the
// duty of the one who conducts the case, an answer that is awaited. Of the others
// an official chooses.
const (
	Own         Reason = "own"
	Duty        Reason = "duty"
	Answering   Reason = "answer"
	Supervision Reason = "supervision"
	Complaint   Reason = "complaint"
	Control     Reason = "control"
	Covert      Reason = "covert"
	Other       Reason = "other"
)

// Asked are the reasons an official chooses from.
var Asked = []Reason{Supervision, Complaint, Control, Covert, Other}

// Opening is a view of a document, about to be shown.
type Opening struct {
	Case     uuid.UUID
	As       policy.Standing // of the one who opens, to the case and to the thing
	Role     policy.Role     // of a participant
	Object   Object
	ObjectID uuid.UUID
	Document uuid.UUID // zero for none
	Owner    uuid.UUID // the person whose paper it is: of the participants only he sees the line; zero for a paper of the case
}

// Needed is the error of Keep for an official who has not said why he opens this
// case. The portal turns it into the page that asks him.
type Needed struct{ Case uuid.UUID }

func (n *Needed) Error() string { return "a reason is needed for case " + n.Case.String() }

// again is how long a second look of the same person at the same thing is still
// the first one: a page and the document in it are one view. A new day is a new
// view at any rate.
const again = 10 * time.Minute

// Keep writes down that the asker opens something, in the transaction that opens
// it: no view without its line, no line without its view. Forbidden, because of
// Needed, where an official must say first why. The act that shows it answers for
// the line (ledger.Step); where that leaves no act, Show is the way.
func Keep(ctx context.Context, tx *vault.DB, ask policy.Ask, o Opening) error {
	_, err := keep(ctx, tx, ask, o)
	return err
}

// Show is Keep for a page that is no act in the record but for the line it keeps: the
// first look is one, a second look soon after none.
func Show(ctx context.Context, tx *vault.DB, ask policy.Ask, o Opening) error {
	kept, err := keep(ctx, tx, ask, o)
	if err != nil || !kept {
		return err
	}
	return ledger.Step(ctx, tx.DB, ask, string(o.Object), o.ObjectID, o.Case, nil)
}

func keep(ctx context.Context, tx *vault.DB, ask policy.Ask, o Opening) (bool, error) {
	why, err := reason(ctx, tx, ask, o)
	if err != nil {
		return false, err
	}
	since := max(ask.At.Add(-again).UnixMicro(), today(ask.At).UnixMicro())
	var kept int
	if err := tx.Get(ctx, &kept, countKept, ask.Person, o.Object, o.ObjectID, why.Reason, time.UnixMicro(since).UTC(), nullable(o.Document)); err != nil || kept > 0 {
		return false, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return false, err
	}
	var words *string
	if why.Words != "" {
		words = &why.Words
	}
	sealed, err := tx.SealMaybe(wordsAt(o.Case, id), words)
	if err != nil {
		return false, err
	}
	return true, tx.Exec(ctx, insertOpening, id, o.Case, ask.Person, o.standing(), o.Object, o.ObjectID, nullable(o.Document), nullable(o.Owner),
		why.Reason, sealed, nullDay(why.OpensOn), ask.At)
}

// today is the beginning of the civil day in Kazakhstan.
func today(at time.Time) time.Time {
	at = at.In(deadline.Zone)
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, deadline.Zone)
}

// dutyWords are how a line calls an official; the first that fits counts.
var dutyWords = []policy.Standing{policy.Charge, policy.Decider, policy.Addressee, policy.Supervisor, policy.Unit, policy.Office, policy.Author, policy.Counsel}

// standing is the word a line keeps for what the opener was.
func (o Opening) standing() string {
	if o.Role != "" {
		return string(o.Role)
	}
	for _, s := range dutyWords {
		if o.As&s != 0 {
			return s.Names()[0]
		}
	}
	return "party"
}

// reason is why the asker opens this: known from what he is, or said by him today.
// A participant of the case opens by his own right, whatever else he is. Who
// conducts a case only while another is away, and who supervises it or heads those
// who do, has no paper of his own before him: he says why.
func reason(ctx context.Context, tx *vault.DB, ask policy.Ask, o Opening) (Pretext, error) {
	if o.As&(policy.Decider|policy.Addressee) != 0 {
		return Pretext{Reason: Answering}, nil
	}
	if o.As&(policy.Party|policy.Author|policy.Counsel) != 0 || o.As&policy.OnDuty == 0 {
		return Pretext{Reason: Own}, nil
	}
	if o.As&policy.Charge != 0 {
		var his bool
		if err := tx.Get(ctx, &his, selectConducts, o.Case, ask.Person); err != nil {
			return Pretext{}, err
		}
		if his {
			return Pretext{Reason: Duty}, nil
		}
	}
	said, ok, err := saidToday(ctx, tx, ask, o.Case)
	if err == nil && !ok {
		err = fault.New(fault.Forbidden, "fault.reason-first").Because(&Needed{o.Case})
	}
	return said, err
}
