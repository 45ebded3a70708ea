// Package policy is the law of access on one page: who may do each act, and by
// which article (table.go), and which decisions the Code opens to which status
// (matrix.go). It decides; it fetches nothing.
package policy

import (
	"time"

	"github.com/google/uuid"

	"zharia/portal/fault"
	"zharia/portal/law"
)

// Act names what somebody does. It is the address in routes.go, the rule in
// table.go, the move in a status.go, the record in the ledger and the label of a
// button in both languages.
type Act string

// Standing is a set of things somebody is: to the portal, and to the case or
// filing at hand.
type Standing uint16

const (
	Visitor      Standing = 1 << iota // not signed in
	Citizen                           // signed in
	Investigator                      // an official who conducts investigations
	Prosecutor                        // an official who supervises them
	Party                             // to the case: a participant whose status is confirmed
	Charge                            // to the case: conducts its investigation
	Supervisor                        // to the case: its prosecutor
	Author                            // to the filing: signed or is writing it
	Counsel                           // to the filing: represents its author in the case
	Decider                           // to the filing: must answer it
)

// Everyone is anybody at all.
const Everyone = Visitor | Citizen

// atPortal are the standings known before anything is fetched.
const atPortal = Visitor | Citizen | Investigator | Prosecutor

// names are the words the view "standing" of schema.sql and the printed tables use.
var names = []struct {
	bit  Standing
	name string
}{
	{Visitor, "visitor"}, {Citizen, "citizen"}, {Investigator, "investigator"}, {Prosecutor, "prosecutor"},
	{Party, "party"}, {Charge, "charge"}, {Supervisor, "supervisor"},
	{Author, "author"}, {Counsel, "counsel"}, {Decider, "decider"},
}

// Standing reads what a query found the asker to be to a thing; an unknown name
// gives nothing. What an official is to a case counts only while he is in post:
// who has left his post has left his cases.
func (a Ask) Standing(words []string) Standing {
	var s Standing
	for _, w := range words {
		for _, n := range names {
			if n.name == w {
				s |= n.bit
			}
		}
	}
	if a.Is&Investigator == 0 {
		s &^= Charge
	}
	if a.Is&Prosecutor == 0 {
		s &^= Supervisor
	}
	if a.Is&(Investigator|Prosecutor) == 0 {
		s &^= Decider
	}
	return s
}

// Names spells the set out.
func (s Standing) Names() []string {
	var out []string
	for _, n := range names {
		if s&n.bit != 0 {
			out = append(out, n.name)
		}
	}
	return out
}

// Ask is who asks, to do what, and when. Nothing is fetched without one.
type Ask struct {
	Person uuid.UUID // zero for a visitor, and for the portal itself at work
	Is     Standing  // to the portal
	Act    Act
	At     time.Time // UTC; the one "now" of a request
}

// To is the same asker with another act, for the steps a page offers.
func (a Ask) To(act Act) Ask { a.Act = act; return a }

// Check refuses the act to anyone the table does not name; to is what the person
// is to the thing fetched. An act that is not in the table is refused to everyone.
func (a Ask) Check(to Standing) error {
	r := table[a.Act]
	if r.who&(a.Is|to) != 0 {
		return nil
	}
	return fault.New(fault.Forbidden, "fault.forbidden").Under(r.by)
}

// Closed tells that the act is refused to this asker whatever he asks for:
// nothing he could be to the thing would help.
func (a Ask) Closed() bool { return table[a.Act].who&(a.Is|^atPortal) == 0 }

// Rule is one row of the table, for printing.
type Rule struct {
	Who Standing
	By  law.Ref
}

// RuleOf is what the table says of an act; false when it says nothing.
func RuleOf(act Act) (Rule, bool) {
	r, ok := table[act]
	return Rule{r.who, r.by}, ok
}

// Flag is what closes a document to every participant, whatever the matrix says
// (law/ROLES §1.4).
type Flag string

// Flags are all of them; schema.sql lists the same.
var Flags = []Flag{"state-secret", "protected-person", "covert", "operative", "counterintel", "minor-privacy", "other-secret"}
