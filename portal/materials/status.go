package materials

import (
	"zharia/portal/fault"
	"zharia/portal/policy"
)

// Status is where a familiarisation is in its life.
type Status string

// The statuses of a familiarisation; schema.sql lists the same.
const (
	Draft    Status = "draft" // the notice is not signed: the investigator's alone
	Opened   Status = "open"
	Recorded Status = "recorded" // the reader has signed the record
	Closed   Status = "closed"   // and the investigator, too
	Lapsed   Status = "lapsed"   // its last day passed without a record, and a new notice opened the file again
	Ended    Status = "ended"    // who opened it took it back, or the investigation goes on (casefile.reopen)
)

// Statuses are all of them in order.
var Statuses = []Status{Draft, Opened, Recorded, Closed, Lapsed, Ended}

type step struct {
	from Status
	act  policy.Act
}

// moves is the whole life of a familiarisation; what is not here cannot happen, but that
// Begin of a new one lets the one before lapse, and an investigation that goes on ends it.
var moves = map[step]Status{
	{Draft, policy.FamiliarisationDraft}:     Draft,
	{Draft, policy.FamiliarisationOpen}:      Opened,
	{Opened, policy.FamiliarisationPlead}:    Opened,
	{Opened, policy.FamiliarisationPostpone}: Opened,
	{Opened, policy.FamiliarisationEnd}:      Ended,
	{Opened, policy.RecordDraft}:             Opened,
	{Opened, policy.RecordSign}:              Recorded,
	{Recorded, policy.RecordAssent}:          Recorded,
	{Recorded, policy.FamiliarisationClose}:  Closed,
}

func (s Status) after(act policy.Act) (Status, error) {
	next, ok := moves[step{s, act}]
	if !ok {
		return s, fault.New(fault.Conflict, "fault.not-now")
	}
	return next, nil
}
