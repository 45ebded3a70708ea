package tip

import (
	"zharia/portal/fault"
	"zharia/portal/policy"
)

// Status is where a tip is in its life.
type Status string

// The statuses.
const (
	Sent   Status = "sent"   // nobody of the body has looked yet
	Opened Status = "opened" // somebody has
	Closed Status = "closed" // the body has said what came of it, and reads no more
)

// Statuses lists them in the order of a life; schema.sql has the same.
var Statuses = []Status{Sent, Opened, Closed}

type step struct {
	from Status
	act  policy.Act
}

// moves is the whole life of a tip; what is not here cannot happen.
var moves = map[step]Status{
	{Sent, policy.TipOpen}:   Opened,
	{Opened, policy.TipOpen}: Opened,
	{Closed, policy.TipOpen}: Closed,

	{Sent, policy.TipWrite}:   Sent,
	{Opened, policy.TipWrite}: Opened,

	{Opened, policy.TipAnswer}: Opened,
	{Opened, policy.TipClose}:  Closed,
}

// after is where an act leads.
func (s Status) after(act policy.Act) (Status, error) {
	to, ok := moves[step{s, act}]
	if !ok {
		return s, fault.New(fault.Conflict, "fault.tip-moved")
	}
	return to, nil
}
