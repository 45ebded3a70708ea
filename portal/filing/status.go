package filing

import (
	"context"

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
	Granted     Status = "granted"
	GrantedPart Status = "granted-part"
	Refused     Status = "refused"
	Withdrawn   Status = "withdrawn"
)

// Statuses lists them in the order of a life; schema.sql has the same.
var Statuses = []Status{Draft, Filed, Considered, Granted, GrantedPart, Refused, Withdrawn}

// Open tells that an answer is still owed.
func (s Status) Open() bool { return s == Filed || s == Considered }

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

	{Filed, policy.FilingConsider}: Considered,

	{Filed, policy.FilingGrant}:          Granted,
	{Filed, policy.FilingGrantPart}:      GrantedPart,
	{Filed, policy.FilingRefuse}:         Refused,
	{Considered, policy.FilingGrant}:     Granted,
	{Considered, policy.FilingGrantPart}: GrantedPart,
	{Considered, policy.FilingRefuse}:    Refused,
}

// articles are the places of chapter 13 that a step rests on where petitions and
// complaints differ; elsewhere the table of rights says it.
var articles = map[policy.FilingKind]map[policy.Act]law.Ref{
	policy.FilingPetition: {
		policy.FilingSubmit:    law.CPC(99, 1),
		policy.FilingConsider:  law.CPC(99, 4),
		policy.FilingGrant:     law.CPC(99, 5),
		policy.FilingGrantPart: law.CPC(99, 6),
		policy.FilingRefuse:    law.CPC(99, 6),
		policy.FilingOverdue:   law.CPC(99, 4),
	},
	policy.FilingComplaintProsecutor: {
		policy.FilingSubmit:    law.CPC(100, 1),
		policy.FilingConsider:  law.CPC(105, 2),
		policy.FilingGrant:     law.CPC(105, 3),
		policy.FilingGrantPart: law.CPC(105, 3),
		policy.FilingRefuse:    law.CPC(105, 3),
		policy.FilingOverdue:   law.CPC(105, 2),
	},
}

// record writes a step down with the article that fits the kind of filing.
func record(ctx context.Context, tx *database.DB, ask policy.Ask, kind policy.FilingKind, id, casefile uuid.UUID, digest []byte) error {
	by, ok := articles[kind][ask.Act]
	if !ok {
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

// term is the clock a filing runs by.
func term(kind policy.FilingKind, ground Ground) deadline.Name {
	switch {
	case kind == policy.FilingPetition:
		return deadline.PetitionAnswer
	case ground == "other":
		return deadline.ComplaintAnswer
	}
	return deadline.ComplaintUrgent
}
