package directory

import (
	"zharia/portal/fault"
	"zharia/portal/policy"
)

// Status is where an entry is on its way into the directory.
type Status string

const (
	Draft     Status = "draft"    // its proposer's alone
	Proposed  Status = "proposed" // signed by one; it changes nothing yet
	Effective Status = "effective"
	Declined  Status = "declined"
)

type step struct {
	from Status
	act  policy.Act
}

// moves is the whole life of an entry; what is not here cannot happen.
var moves = map[step]Status{
	{Draft, policy.AppointmentPropose}:    Proposed,
	{Proposed, policy.AppointmentAgree}:   Effective,
	{Proposed, policy.AppointmentDecline}: Declined,
}

func (s Status) after(act policy.Act) (Status, error) {
	next, ok := moves[step{s, act}]
	if !ok {
		return s, fault.New(fault.Conflict, "fault.not-now")
	}
	return next, nil
}
