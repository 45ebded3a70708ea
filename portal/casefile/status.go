package casefile

import (
	"zharia/portal/fault"
	"zharia/portal/policy"
)

// Status is where a participant's status, or a decision, is in its life.
type Status string

// The statuses of a participant and of a decision.
const (
	Unconfirmed Status = "awaiting" // nobody has confirmed it: nothing opens
	Confirmed   Status = "confirmed"
	Ended       Status = "ended"

	Draft     Status = "draft"     // the investigator's alone, a participant's status too; of a request its author's
	Submitted Status = "submitted" // signed, and the prosecutor has not agreed yet
	Published Status = "published"
	Declined  Status = "declined" // the prosecutor did not agree

	Asked     Status = "asked" // of a request: the term runs
	Refused   Status = "refused"
	Withdrawn Status = "withdrawn"
)

type step struct {
	from Status
	act  policy.Act
}

// moves is the whole life of a procedural status and of a decision; what is not
// here cannot happen.
var moves = map[step]Status{
	{Draft, policy.ParticipantGrant}:       Confirmed,
	{Unconfirmed, policy.ParticipantGrant}: Confirmed,
	{Unconfirmed, policy.ParticipantEnd}:   Ended,
	{Confirmed, policy.ParticipantEnd}:     Ended,
	{Ended, policy.ParticipantGrant}:       Confirmed,
	{Confirmed, policy.PowerRevoke}:        Ended,
	{Confirmed, policy.PowerLapse}:         Ended,

	// A request, and with it the status that is asked for.
	{Draft, policy.AccessSubmit}:         Asked,
	{Asked, policy.AccessWithdraw}:       Withdrawn,
	{Asked, policy.ParticipantGrant}:     Confirmed,
	{Asked, policy.ParticipantEnd}:       Refused,
	{Ended, policy.AccessSubmit}:         Unconfirmed,
	{Unconfirmed, policy.AccessWithdraw}: Ended,

	{Draft, policy.DecisionPublish}:     Published,
	{Draft, policy.DecisionSubmit}:      Submitted,
	{Submitted, policy.DecisionAgree}:   Published,
	{Submitted, policy.DecisionDecline}: Declined,
}

func (s Status) after(act policy.Act) (Status, error) {
	next, ok := moves[step{s, act}]
	if !ok {
		return s, fault.New(fault.Conflict, "fault.not-now")
	}
	return next, nil
}
