package policy

import (
	"slices"

	"zharia/portal/law"
)

// FilingKind is what a person may bring under chapter 13 of the Code and the articles
// beside it. Taking one back is no kind: it is a paper on a filing.
type FilingKind string

// The filings the portal takes.
const (
	FilingPetition            FilingKind = "petition"
	FilingComplaintHead       FilingKind = "complaint-head"
	FilingComplaintProsecutor FilingKind = "complaint-prosecutor"
	FilingComplaintHigher     FilingKind = "complaint-higher"
	FilingComplaintCourt      FilingKind = "complaint-court"
	FilingComplaintJudge      FilingKind = "complaint-judge"
	FilingRegistration        FilingKind = "complaint-registration"
	FilingDelay               FilingKind = "delay"
	FilingRecognise           FilingKind = "recognise"
	FilingSecurity            FilingKind = "security"
	FilingFamiliarise         FilingKind = "familiarise"
	FilingAfterReading        FilingKind = "after-familiarisation"
	FilingFormat              FilingKind = "format-language"
	FilingRestore             FilingKind = "restore-term"
	FilingChallenge           FilingKind = "challenge"
)

// Family is what a filing is called on paper.
type Family string

// The families. A challenge is decided like a petition and is none.
const (
	Petition    Family = "petition"
	Complaint   Family = "complaint"
	Application Family = "application"
	Challenge   Family = "challenge"
)

// FilingRule is what the tables know of a kind of filing.
type FilingRule struct {
	Kind   FilingKind
	Family Family
	By     law.Ref  // the right to bring it
	Answer law.Ref  // the duty to decide it
	Posts  Standing // of the officials who may decide it: others only hand it on

	none []Role           // who may not bring it
	own  map[Role]law.Ref // whose right is written elsewhere
}

// Filings are all kinds in the order they are offered. ROLES §7 says who brings
// what; a complaint is decided by the heads of prosecutor's offices alone,
// CPC 193(2)(6).
var Filings = []FilingRule{
	{FilingPetition, Petition, law.CPC(99, 1), law.CPC(99, 4), Investigator | Prosecutor | Chief | Judge,
		[]Role{Applicant}, map[Role]law.Ref{ProtectedWitness: law.CPCs("65-1", 2, 13), Witness: law.CPC(78, 3, 6)}},
	{FilingComplaintHead, Complaint, law.CPC(105, 1), law.CPC(105, 2), Head, nil, complainants},
	{FilingComplaintProsecutor, Complaint, law.CPC(105, 1), law.CPC(105, 2), Chief, nil, complainants},
	{FilingComplaintHigher, Complaint, law.CPC(105, 1), law.CPC(105, 2), Chief, nil, complainants},
	{FilingComplaintCourt, Complaint, law.CPC(106, 1), law.CPC(106, 6), Judge, nil, nil},
	{FilingComplaintJudge, Complaint, law.CPC(107, 1), law.CPC(107, 5), Judge,
		[]Role{ProtectedWitness, CivilPlaintiff, CivilDefendant, DefendantsRep, Witness}, nil},
	{FilingRegistration, Complaint, law.CPC(185, 2), law.CPC(105, 2), Chief | Judge, nil, nil},
	{FilingDelay, Complaint, law.CPC(192, 8), law.CPC(105, 2), Chief | Judge,
		[]Role{ProtectedWitness, CivilPlaintiff, CivilDefendant, DefendantsRep, Witness, Applicant}, nil},
	{FilingRecognise, Application, law.CPC(109, 1), law.CPC(109, 1), Investigator,
		[]Role{Suspect, Accused, TrialDefendant, Defender, CivilPlaintiff, CivilDefendant}, nil},
	{FilingSecurity, Application, law.CPC(96), law.CPC(96), Investigator, nil, nil},
	{FilingFamiliarise, Petition, law.CPC(295), law.CPC(99, 4), Investigator,
		[]Role{ProtectedWitness, Witness, Applicant}, nil},
	{FilingAfterReading, Petition, law.CPC(297), law.CPC(99, 4), Investigator,
		[]Role{ProtectedWitness, Witness, Applicant}, nil},
	{FilingFormat, Petition, law.CPCs("42-1", 2), law.CPC(99, 4), Investigator, []Role{Applicant}, nil},
	{FilingRestore, Petition, law.CPC(50), law.CPC(99, 4), Investigator | Head | Prosecutor | Chief | Judge, nil, nil},
	{FilingChallenge, Challenge, law.CPC(86, 1), law.CPC(89, 3), Head | Chief | Judge,
		[]Role{Applicant}, map[Role]law.Ref{Witness: law.CPC(78, 3, 4)}},
}

// complainants are those whose right to complain has an article of its own. An
// applicant is no participant, yet may complain of what affects him.
var complainants = map[Role]law.Ref{
	ProtectedWitness: law.CPCs("65-1", 2, 16), Witness: law.CPC(78, 3, 6), Applicant: law.CPC(100, 1),
}

// FilingOf is the rule of a kind; false for a word that is none.
func FilingOf(kind FilingKind) (FilingRule, bool) {
	i := slices.IndexFunc(Filings, func(r FilingRule) bool { return r.Kind == kind })
	if i < 0 {
		return FilingRule{}, false
	}
	return Filings[i], true
}

// MayFile says whether a status lets its holder bring a filing, and the article to
// say so by. Who represents somebody has the rights of that one: represented is his
// role, "" for rights of one's own.
func MayFile(role, represented Role, kind FilingKind) (law.Ref, bool) {
	rule, known := FilingOf(kind)
	if _, is := roles[role]; !known || !is {
		return law.Ref{}, false
	}
	if slices.Contains(rule.none, role) || role == Representative && slices.Contains(rule.none, represented) {
		return law.Ref{}, false
	}
	if by, special := rule.own[role]; special {
		return by, true
	}
	return rule.By, true
}

// MayDecide says whether an official may decide a filing that has come to him, and
// the article that says who may.
func (r FilingRule) MayDecide(is Standing) bool { return r.Posts&is != 0 }
