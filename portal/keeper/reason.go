package keeper

import "fmt"

// Reason says why the keeper refused: in its record of decisions, and to the portal's
// log. No person is told.
type Reason string

// Every reason there is. The first ones are about whether somebody asks at all.
const (
	LoginUnknown    Reason = "login-unknown" // not proved to this process yet: it is sent again
	LoginStrange    Reason = "login-strange"
	LoginElsewhere  Reason = "login-elsewhere" // signed for another site
	LoginOld        Reason = "login-old"
	LoginUnsigned   Reason = "login-unsigned"
	LoginEnded      Reason = "login-ended" // its owner has left
	RequestUnsigned Reason = "request-unsigned"
	RequestStale    Reason = "request-stale"
	RequestAgain    Reason = "request-again"
	SlipStrange     Reason = "slip-strange"
	SlipOld         Reason = "slip-old"
	SlipElsewhere   Reason = "slip-elsewhere" // it does not name this object
	NotTheirs       Reason = "not-theirs"     // another person's own text
	NoPapers        Reason = "no-papers"      // nothing signed is known of this case: papers are sent, and it is asked again
	NoStanding      Reason = "no-standing"
	TooManyObjects  Reason = "too-many-objects"
	TooManyCases    Reason = "too-many-cases"
	Crowded         Reason = "crowded" // the keeper's own memory is full
	PaperStrange    Reason = "paper-strange"
	PaperLater      Reason = "paper-later" // the authority is silent about its signer: it is shown again
)

// refusal is a no of the keeper.
type refusal struct {
	reason Reason
	cause  error // for the keeper's own log; it names nobody
}

func refuse(reason Reason) *refusal { return &refusal{reason: reason} }

func (r *refusal) because(err error) *refusal { r.cause = err; return r }

func (r *refusal) Error() string {
	if r.cause != nil {
		return fmt.Sprintf("keeper: refused: %s: %v", r.reason, r.cause)
	}
	return "keeper: refused: " + string(r.reason)
}

func (r *refusal) Unwrap() error { return r.cause }
