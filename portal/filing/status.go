package filing

import (
	"context"
	"time"

	"github.com/google/uuid"

	"zharia/portal/database"
	"zharia/portal/deadline"
	"zharia/portal/fault"
	"zharia/portal/law"
	"zharia/portal/ledger"
	"zharia/portal/policy"
)

// Status is where a filing is in its life.
type Status string

// The statuses. None says that a filing was turned away: refusing to accept and
// register one is prohibited (CPC 105).
const (
	Draft       Status = "draft"
	Filed       Status = "filed"
	Considered  Status = "considered"
	Asked       Status = "waiting" // for what its author was asked to add; the clock runs on
	Granted     Status = "granted"
	GrantedPart Status = "granted-part"
	Refused     Status = "refused"
	Withdrawn   Status = "withdrawn"
)

// Statuses lists them in the order of a life; schema.sql has the same.
var Statuses = []Status{Draft, Filed, Considered, Asked, Granted, GrantedPart, Refused, Withdrawn}

// Open tells that an answer is still owed.
func (s Status) Open() bool { return s == Filed || s == Considered || s == Asked }

// Answered tells that there is an answer to read.
func (s Status) Answered() bool { return s == Granted || s == GrantedPart || s == Refused }

type step struct {
	from Status
	act  policy.Act
}

// moves is the whole life of a filing; what is not here cannot happen. An answer
// may come at once: a petition is decided at once where that is possible.
var moves = map[step]Status{
	{Draft, policy.FilingSubmit}: Filed,

	{Filed, policy.FilingWithdraw}:      Withdrawn,
	{Considered, policy.FilingWithdraw}: Withdrawn,
	{Asked, policy.FilingWithdraw}:      Withdrawn,

	// In whose interest it was filed, he must consent to its being taken back.
	{Filed, policy.WithdrawalAsk}:          Filed,
	{Considered, policy.WithdrawalAsk}:     Considered,
	{Asked, policy.WithdrawalAsk}:          Asked,
	{Filed, policy.WithdrawalConsent}:      Withdrawn,
	{Considered, policy.WithdrawalConsent}: Withdrawn,
	{Asked, policy.WithdrawalConsent}:      Withdrawn,
	{Filed, policy.WithdrawalDecline}:      Filed,
	{Considered, policy.WithdrawalDecline}: Considered,
	{Asked, policy.WithdrawalDecline}:      Asked,

	// What is added or corrected starts no new term.
	{Filed, policy.SupplementSign}:      Filed,
	{Considered, policy.SupplementSign}: Considered,
	{Asked, policy.SupplementSign}:      Asked,

	{Filed, policy.FilingConsider}: Considered,

	// Whoever gets it next has not begun. A longer term changes nothing else. While he
	// waits for an addition the official may decide all the same.
	{Filed, policy.FilingForward}:      Filed,
	{Considered, policy.FilingForward}: Filed,
	{Asked, policy.FilingForward}:      Filed,
	{Filed, policy.FilingExtend}:       Filed,
	{Considered, policy.FilingExtend}:  Considered,
	{Asked, policy.FilingExtend}:       Asked,
	{Filed, policy.FilingAsk}:          Asked,
	{Considered, policy.FilingAsk}:     Asked,
	{Asked, policy.FilingReply}:        Considered,

	{Filed, policy.FilingGrant}:          Granted,
	{Filed, policy.FilingGrantPart}:      GrantedPart,
	{Filed, policy.FilingRefuse}:         Refused,
	{Considered, policy.FilingGrant}:     Granted,
	{Considered, policy.FilingGrantPart}: GrantedPart,
	{Considered, policy.FilingRefuse}:    Refused,
	{Asked, policy.FilingGrant}:          Granted,
	{Asked, policy.FilingGrantPart}:      GrantedPart,
	{Asked, policy.FilingRefuse}:         Refused,
}

// article is the place of the Code a step rests on, where the kind of filing has its
// own; the zero Ref where the table of rights says it for all.
func article(kind policy.FilingKind, act policy.Act) law.Ref {
	rule, _ := policy.FilingOf(kind)
	switch act {
	case policy.FilingSubmit:
		return rule.By
	case policy.FilingConsider, policy.FilingOverdue:
		return rule.Answer
	case policy.FilingForward:
		if rule.Family != policy.Complaint {
			return rule.Answer
		}
	case policy.FilingGrant, policy.FilingGrantPart, policy.FilingRefuse:
		switch {
		case kind == policy.FilingComplaintCourt:
			return law.CPC(106, 8)
		case kind == policy.FilingComplaintJudge:
			return law.CPC(107, 7)
		case rule.Family == policy.Complaint:
			return law.CPC(105, 3)
		case rule.Answer != law.CPC(99, 4):
			return rule.Answer
		case act == policy.FilingGrant:
			return law.CPC(99, 5)
		}
		return law.CPC(99, 6)
	}
	return law.Ref{}
}

// record writes a step down with the article that fits the kind of filing.
func record(ctx context.Context, tx *database.DB, ask policy.Ask, kind policy.FilingKind, id, casefile uuid.UUID, digest []byte) error {
	by := article(kind, ask.Act)
	if by.IsZero() {
		return ledger.Step(ctx, tx, ask, "filing", id, casefile, digest)
	}
	return ledger.Record(ctx, tx, ledger.Entry{
		At: ask.At, Who: ask.Person, Act: string(ask.Act), Object: "filing", ID: id, Casefile: casefile, By: by.String(), Digest: digest,
	})
}

func (s Status) after(act policy.Act) (Status, error) {
	next, ok := moves[step{s, act}]
	if !ok {
		return s, fault.New(fault.Conflict, "fault.not-now")
	}
	return next, nil
}

// outcomes are the acts by which a filing is decided, and what each makes of it.
var outcomes = map[Status]policy.Act{
	Granted:     policy.FilingGrant,
	GrantedPart: policy.FilingGrantPart,
	Refused:     policy.FilingRefuse,
}

// Outcomes are the ways a filing can be decided, in the order of a form.
var Outcomes = []Status{Granted, GrantedPart, Refused}

// Act is the act by which a filing comes to this outcome; "" where it is none.
func (s Status) Act() policy.Act { return outcomes[s] }

// Ground is what a complaint is about, as CPC 105 sorts complaints by urgency.
type Ground string

// Grounds are all of them; all but the first have the short term. schema.sql has
// the same.
var Grounds = []Ground{"other", "detention", "suspect", "qualification", "removal", "search", "property"}

// clocks are the terms in which each kind is decided.
var clocks = map[policy.FilingKind]deadline.Name{
	policy.FilingPetition:            deadline.PetitionAnswer,
	policy.FilingComplaintHead:       deadline.ComplaintAnswer,
	policy.FilingComplaintProsecutor: deadline.ComplaintAnswer,
	policy.FilingComplaintHigher:     deadline.ComplaintAnswer,
	policy.FilingComplaintCourt:      deadline.CourtAnswer,
	policy.FilingComplaintJudge:      deadline.JudgeAnswer,
	policy.FilingRegistration:        deadline.ComplaintAnswer,
	policy.FilingDelay:               deadline.DelayAnswer,
	policy.FilingRecognise:           deadline.StatusRequest,
	policy.FilingSecurity:            deadline.SecurityAnswer,
	policy.FilingFamiliarise:         deadline.FamiliariseAnswer,
	policy.FilingAfterReading:        deadline.AfterReadingAnswer,
	policy.FilingFormat:              deadline.FormatAnswer,
	policy.FilingRestore:             deadline.RestoreAnswer,
	policy.FilingChallenge:           deadline.ChallengeAnswer,
}

// term is the clock a filing runs by: what CPC 105(2) lists has the short one.
func term(kind policy.FilingKind, ground Ground) deadline.Name {
	if ground != "other" {
		return deadline.ComplaintUrgent
	}
	return clocks[kind]
}

// Within is the term in which it is answered if it is filed at a moment.
func (f Filing) Within(at time.Time) deadline.Term {
	t, _ := term(f.Kind, f.Ground).Term(at)
	return t
}

// grounded are the kinds that CPC 105(2) sorts by what they are about.
var grounded = map[policy.FilingKind]bool{
	policy.FilingComplaintHead: true, policy.FilingComplaintProsecutor: true, policy.FilingComplaintHigher: true,
}

// Sorted says that a kind asks what CPC 105(2) sorts complaints by.
func Sorted(kind policy.FilingKind) bool { return grounded[kind] }

// Grounded says that its author chose what it is about.
func (f Filing) Grounded() bool {
	return Sorted(f.Kind) && !f.OfAccess() && !f.OfReport() && !f.Affected
}
