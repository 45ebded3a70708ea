package deadline

import (
	"time"

	"zharia/portal/law"
)

// Name is a term by what it is for. None is no term at all.
type Name string

// The terms the portal counts.
const (
	None              Name = ""
	PetitionAnswer    Name = "petition-answer"    // a petition is decided
	ComplaintAnswer   Name = "complaint-answer"   // a complaint is decided and the complainant told
	ComplaintUrgent   Name = "complaint-urgent"   // the same, for detention, suspicion, search and the like
	ComplaintExtended Name = "complaint-extended" // the longest a complaint may take, with a notice of extension
	CourtComplaint    Name = "court-complaint"    // to go to the investigating judge
	Termination       Name = "termination"        // to complain of the termination of a case
	JudgeComplaint    Name = "judge-complaint"    // to complain of what the investigating judge allowed
	AfterReading      Name = "after-reading"      // to file petitions when the file has been read
	StatusRequest     Name = "status-request"     // a demand to be recognised as a participant is decided
)

// Terms within which the prosecutor agrees with a decision, or approves it.
const (
	AgreeInterruption Name = "agree-interruption"
	AgreeAccusation   Name = "agree-accusation"
	AgreeTermination  Name = "agree-termination"
	AgreeIndictment   Name = "agree-indictment"
)

// Names are all terms, in the order a reader of the Code meets them.
var Names = []Name{
	PetitionAnswer, Termination, ComplaintAnswer, ComplaintUrgent, ComplaintExtended, CourtComplaint, JudgeComplaint,
	AgreeInterruption, AgreeAccusation, AgreeTermination, AgreeIndictment,
	StatusRequest, AfterReading,
}

// codeInForce is the day the present Code came into force.
const codeInForce = "2015-01-01"

// terms holds each number with the day it is in force from, the newest last;
// an amendment adds a row and changes none.
var terms = map[Name][]Term{
	PetitionAnswer:    {{Amount: 3, Unit: Days, By: law.CPC(99, 4), Since: codeInForce}},
	ComplaintAnswer:   {{Amount: 7, Unit: Days, By: law.CPC(105, 2), Since: codeInForce}},
	ComplaintUrgent:   {{Amount: 3, Unit: Days, By: law.CPC(105, 2), Since: codeInForce}},
	ComplaintExtended: {{Amount: 15, Unit: Days, By: law.CPC(105, 2), Since: codeInForce}},
	CourtComplaint:    {{Amount: 15, Unit: Days, By: law.CPC(106, 5), Since: codeInForce}},
	JudgeComplaint:    {{Amount: 3, Unit: Days, By: law.CPC(107), Since: codeInForce}},
	Termination:       {{Amount: 1, Unit: Years, By: law.CPC(102), Since: codeInForce}},
	AfterReading:      {{Amount: 3, Unit: Days, By: law.CPC(297), Since: codeInForce}},
	AgreeInterruption: {{Amount: 3, Unit: Days, By: law.CPC(45, 8), Since: codeInForce}},
	AgreeAccusation:   {{Amount: 3, Unit: Days, By: law.CPCs("192-2"), Since: codeInForce}},
	AgreeTermination:  {{Amount: 10, Unit: Days, By: law.CPC(290), Since: codeInForce}},
	AgreeIndictment:   {{Amount: 10, Unit: Days, By: law.CPC(302), Since: codeInForce}},
	StatusRequest:     {{Amount: 3, Unit: Days, By: law.CPC(109), Since: codeInForce}},
}

// Term is the number in force on the day of the instant; ok is false for None
// and for a name the table does not have.
func (n Name) Term(at time.Time) (term Term, ok bool) {
	versions := terms[n]
	if len(versions) == 0 {
		return Term{}, false
	}
	term = versions[0]
	day := at.In(Zone).Format(time.DateOnly)
	for _, version := range versions[1:] {
		if version.Since <= day {
			term = version
		}
	}
	return term, true
}

// Ends is the legal end of the term started at from; the zero time for None.
func (n Name) Ends(from time.Time, off Calendar) time.Time {
	term, ok := n.Term(from)
	if !ok {
		return time.Time{}
	}
	return term.Ends(from, off)
}

// Raw is the end before a day off moves it; the zero time for None.
func (n Name) Raw(from time.Time) time.Time {
	term, ok := n.Term(from)
	if !ok {
		return time.Time{}
	}
	return term.Raw(from)
}
