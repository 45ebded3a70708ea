package deadline

import (
	"slices"
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

	DelayAnswer         Name = "delay-answer"          // a complaint of delay is decided
	SecurityAnswer      Name = "security-answer"       // an application for security measures is considered
	ChallengeAnswer     Name = "challenge-answer"      // a challenge is decided
	FormatAnswer        Name = "format-answer"         // what is said of the format and the language is decided
	RestoreAnswer       Name = "restore-answer"        // a petition to restore a missed term is decided
	FamiliariseAnswer   Name = "familiarise-answer"    // a petition to read the file is decided
	AfterReadingAnswer  Name = "after-reading-answer"  // a petition filed when the file has been read is decided
	CopyAfterRefusal    Name = "copy-after-refusal"    // the refusal of it is handed over
	RefusalAfterReading Name = "refusal-after-reading" // to complain of that refusal to the prosecutor
	CourtAnswer         Name = "court-answer"          // the investigating judge decides alone
	CourtHearing        Name = "court-hearing"         // the same in a hearing
	CourtMaterials      Name = "court-materials"       // officials send the judge what he asks for
	JudgeAnswer         Name = "judge-answer"          // the court above decides
	StatusAppeal        Name = "status-appeal"         // to complain of a refusal to recognise somebody
	StatusSilence       Name = "status-silence"        // after which silence on it may be complained of
	ProsecutorSilence   Name = "prosecutor-silence"    // after which the court takes what the prosecutor left unanswered
	ReportDecision      Name = "report-decision"       // what becomes of a report of an offence is decided
	ReportSending       Name = "report-sending"        // what another state body must look into is sent there
)

// Terms of those who hold a person. What a held person writes is passed on within
// the first two; the others are how long he may be held, and never move.
const (
	CustodyPasses        Name = "custody-passes"        // the place of custody passes a complaint on to the body of the case
	HospitalPasses       Name = "hospital-passes"       // a medical organisation passes a complaint or a petition on
	Detention            Name = "detention"             // without a sanction of the judge
	DetentionListed      Name = "detention-listed"      // the same, in the six listed cases
	DetentionMinor       Name = "detention-minor"       // the same, of a minor
	CustodyQualification Name = "custody-qualification" // who is held before his deed is qualified is told how it is
	CustodyQualifyListed Name = "custody-qualification-listed"
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
	StatusRequest, StatusAppeal, StatusSilence, AfterReading, AfterReadingAnswer, CopyAfterRefusal, RefusalAfterReading,
	DelayAnswer, SecurityAnswer, ChallengeAnswer, FormatAnswer, RestoreAnswer, FamiliariseAnswer,
	CourtAnswer, CourtHearing, CourtMaterials, JudgeAnswer, ProsecutorSilence, ReportDecision, ReportSending,
	CustodyPasses, HospitalPasses, Detention, DetentionListed, DetentionMinor, CustodyQualification, CustodyQualifyListed,
}

// CodeInForce is the day the present Code came into force: nothing that began
// before it is counted by it.
const CodeInForce = "2015-01-01"

const codeInForce = CodeInForce

// Laws that gave an article the wording its number was read in. They changed no
// number that the portal counts; a reader who doubts a row begins with them.
const (
	law2017 = "118-VI of 2017-12-21"
	law2020 = "384-VI of 2020-12-19"
	law2021 = "62-VII of 2021-07-02"
)

// detentionShortened is the day from which 48 and 24 hours stand for certain
// instead of 72: law 118-VI came into force in parts in the winter before it.
const detentionShortened = "2018-03-01"

// terms holds each number with the day it is in force from, the newest last;
// an amendment closes the row before it with Until and adds a row.
var terms = map[Name][]Term{
	PetitionAnswer:    {{Amount: 3, Unit: Days, By: law.CPC(99, 4), Since: codeInForce}},
	ComplaintAnswer:   {{Amount: 7, Unit: Days, By: law.CPC(105, 2), Since: codeInForce, Wording: law2021}},
	ComplaintUrgent:   {{Amount: 3, Unit: Days, By: law.CPC(105, 2), Since: codeInForce, Wording: law2021}},
	ComplaintExtended: {{Amount: 15, Unit: Days, By: law.CPC(105, 2), Since: codeInForce, Wording: law2021}},
	CourtComplaint:    {{Amount: 15, Unit: Days, By: law.CPC(106, 5), Since: codeInForce}},
	JudgeComplaint:    {{Amount: 3, Unit: Days, By: law.CPC(107), Since: codeInForce, Wording: law2020}},
	Termination:       {{Amount: 1, Unit: Years, By: law.CPC(102), Since: codeInForce}},
	AfterReading:      {{Amount: 3, Unit: Days, By: law.CPC(297), Since: codeInForce}},
	AgreeInterruption: {{Amount: 3, Unit: Days, By: law.CPC(45, 8), Since: codeInForce}},
	AgreeAccusation:   {{Amount: 3, Unit: Days, By: law.CPCs("192-2"), Since: codeInForce}},
	AgreeTermination:  {{Amount: 10, Unit: Days, By: law.CPC(290), Since: codeInForce}},
	AgreeIndictment:   {{Amount: 10, Unit: Days, By: law.CPC(302), Since: codeInForce}},
	StatusRequest:     {{Amount: 3, Unit: Days, By: law.CPC(109), Since: codeInForce}},

	DelayAnswer:         {{Amount: 7, Unit: Days, By: law.CPC(105, 2), Since: codeInForce, Wording: law2021}},
	SecurityAnswer:      {{Amount: 24, Unit: Hours, By: law.CPC(96), Since: codeInForce}},
	ChallengeAnswer:     {{Amount: 3, Unit: Days, By: law.CPC(99, 4), Since: codeInForce}},
	FormatAnswer:        {{Amount: 3, Unit: Days, By: law.CPC(99, 4), Since: codeInForce}},
	RestoreAnswer:       {{Amount: 3, Unit: Days, By: law.CPC(99, 4), Since: codeInForce}},
	FamiliariseAnswer:   {{Amount: 3, Unit: Days, By: law.CPC(99, 4), Since: codeInForce}},
	AfterReadingAnswer:  {{Amount: 3, Unit: Days, By: law.CPC(99, 4), Since: codeInForce}},
	CopyAfterRefusal:    {{Amount: 1, Unit: Days, By: law.CPC(297), Since: codeInForce}},
	RefusalAfterReading: {{Amount: 3, Unit: Days, By: law.CPC(297), Since: codeInForce}},
	CourtAnswer:         {{Amount: 3, Unit: Days, By: law.CPC(106, 6), Since: codeInForce}},
	CourtHearing:        {{Amount: 10, Unit: Days, By: law.CPC(106, 6), Since: codeInForce}},
	CourtMaterials:      {{Amount: 3, Unit: Days, By: law.CPC(106, 6), Since: codeInForce}},
	JudgeAnswer:         {{Amount: 3, Unit: Days, By: law.CPC(107, 5), Since: codeInForce, Wording: law2020}},
	StatusAppeal:        {{Amount: 5, Unit: Days, By: law.CPC(109, 2), Since: codeInForce}},
	StatusSilence:       {{Amount: 10, Unit: Days, By: law.CPC(109, 2), Since: codeInForce}},
	ProsecutorSilence:   {{Amount: 15, Unit: Days, By: law.CPC(106, 5), Since: codeInForce}},

	// The Code leaves it to the order of the Prosecutor General (CPC 180(3)): No. 89 of
	// 19 September 2014. Round the clock, days off too.
	ReportDecision: {{Amount: 24, Unit: Hours, By: law.CPC(180, 3), Since: codeInForce, NoShift: true}},
	ReportSending:  {{Amount: 3, Unit: Days, By: law.CPC(179, 4), Since: codeInForce}},

	CustodyPasses:  {{Amount: 1, Unit: Days, By: law.CPC(101, 2), Since: codeInForce}},
	HospitalPasses: {{Amount: 24, Unit: Hours, By: law.CPC(275, 4), Since: codeInForce}},
	Detention: {
		{Amount: 72, Unit: Hours, By: law.CPC(131, 4), Since: codeInForce, Until: detentionShortened, NoShift: true},
		{Amount: 48, Unit: Hours, By: law.CPC(131, 4), Since: detentionShortened, NoShift: true, Wording: law2017},
	},
	DetentionListed: {{Amount: 72, Unit: Hours, By: law.CPC(131, 4), Since: codeInForce, NoShift: true}},
	DetentionMinor: {
		{Amount: 72, Unit: Hours, By: law.CPC(131, 4), Since: codeInForce, Until: detentionShortened, NoShift: true},
		{Amount: 24, Unit: Hours, By: law.CPC(131, 4), Since: detentionShortened, NoShift: true, Wording: law2017},
	},
	CustodyQualification: {{Amount: 10, Unit: Days, By: law.CPC(139, 1), Since: codeInForce, NoShift: true}},
	CustodyQualifyListed: {{Amount: 30, Unit: Days, By: law.CPC(139, 1), Since: codeInForce, NoShift: true}},
}

// Versions are all the numbers a term has had, the oldest first.
func (n Name) Versions() []Term { return slices.Clone(terms[n]) }

// Term is the number in force on the day of the instant; before the first row the
// first. ok is false for None, for a name the table does not have, and for a number
// that was repealed.
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
	return term, term.Until == "" || day < term.Until
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
