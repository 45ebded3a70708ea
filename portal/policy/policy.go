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
type Standing uint32

const (
	Visitor       Standing = 1 << iota // not signed in
	Citizen                            // signed in
	Investigator                       // an official who conducts investigations
	Prosecutor                         // an official who supervises them
	Party                              // to the case: a participant whose status is confirmed
	Charge                             // to the case: conducts its investigation
	Supervisor                         // to the case: its prosecutor
	Author                             // to the filing: signed or is writing it
	Counsel                            // to the filing: represents its author in the case
	Decider                            // to the filing: must answer it
	Head                               // an official: heads an investigating unit or an inquiry body
	Chief                              // an official: heads a prosecutor's office
	Judge                              // an official of a court's office
	Registrar                          // an official of the duty office
	Administrator                      // keeps the directory of officials; sees nothing of any case
	Auditor                            // reads who opened what; sees nothing of any case
	Unit                               // to the case: heads the unit that conducts it
	Office                             // to the case: heads the prosecutor's office that supervises it
	Addressee                          // to a paper: it waits for his assent
	Client                             // to the filing: the one for whom its author acts
)

// Everyone is anybody at all.
const Everyone = Visitor | Citizen

// atPortal are the standings known before anything is fetched.
const atPortal = Visitor | Citizen | Official

// Official is anybody of the directory.
const Official = Investigator | Prosecutor | Head | Chief | Judge | Registrar | Administrator | Auditor

// OnDuty is whoever of the officials may know what is in a case: all who conduct or
// supervise it.
const OnDuty = Charge | Supervisor | Unit | Office

// names are the words the view "standing" of schema.sql and the printed tables use.
var names = []struct {
	bit  Standing
	name string
}{
	{Visitor, "visitor"}, {Citizen, "citizen"}, {Investigator, "investigator"}, {Prosecutor, "prosecutor"},
	{Party, "party"}, {Charge, "charge"}, {Supervisor, "supervisor"},
	{Author, "author"}, {Counsel, "counsel"}, {Decider, "decider"},
	{Head, "head"}, {Chief, "chief-prosecutor"}, {Judge, "judge"}, {Registrar, "registrar"},
	{Administrator, "administrator"}, {Auditor, "auditor"}, {Unit, "unit"}, {Office, "office"}, {Addressee, "addressee"}, {Client, "client"},
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
	if a.Is&Head == 0 {
		s &^= Unit
	}
	if a.Is&Chief == 0 {
		s &^= Office
	}
	if a.Is&(Investigator|Prosecutor|Head|Chief|Judge) == 0 {
		s &^= Decider
	}
	return s
}

// OfPost is what a post of the directory makes of somebody; nothing for a word that
// is none.
func OfPost(post string) Standing {
	for _, n := range names {
		if n.name == post && n.bit&Official != 0 {
			return n.bit
		}
	}
	return 0
}

// Posts are the words of the directory; schema.sql lists the same.
var Posts = []string{"investigator", "head", "prosecutor", "chief-prosecutor", "judge", "registrar", "administrator", "auditor"}

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
	Acting uuid.UUID // the participant he acts as, where he chose one of several; else zero
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
