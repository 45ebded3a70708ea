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

	Draft     Status = "draft" // the investigator's alone, a participant's status too
	Published Status = "published"
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

	{Draft, policy.DecisionPublish}: Published,
}

func (s Status) after(act policy.Act) (Status, error) {
	next, ok := moves[step{s, act}]
	if !ok {
		return s, fault.New(fault.Conflict, "fault.not-now")
	}
	return next, nil
}
