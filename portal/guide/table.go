package guide

import (
	"slices"

	"zharia/portal/deadline"
	"zharia/portal/law"
	"zharia/portal/policy"
)

// seats are those that decide each kind at all. Complaints are decided by heads of
// prosecutor's offices only (CPC 193(2)(6)); petitions go to who conducts the case,
// and to the prosecutor (CPC 99(1)).
var seats = map[policy.FilingKind][]Seat{
	policy.FilingPetition:            {Investigator, Prosecutor},
	policy.FilingComplaintHead:       {Head},
	policy.FilingComplaintProsecutor: {Chief},
	policy.FilingComplaintHigher:     {Higher},
	policy.FilingComplaintCourt:      {Judge},
	policy.FilingComplaintJudge:      {Appeal},
	policy.FilingRegistration:        {Chief},
	policy.FilingDelay:               {Chief},
	policy.FilingRecognise:           {Investigator},
	policy.FilingSecurity:            {Investigator},
	policy.FilingFamiliarise:         {Investigator},
	policy.FilingAfterReading:        {Investigator},
	policy.FilingFormat:              {Investigator},
	policy.FilingRestore:             {Investigator},
	policy.FilingChallenge:           {Head, Chief, Higher, Judge, Investigator},
}

// above are the seats a filing climbs to when nobody of its own is left.
var above = map[Seat][]Seat{
	Investigator: {Prosecutor, Head, Chief, Higher},
	Head:         {Chief, Higher},
	Prosecutor:   {Chief, Higher},
	Chief:        {Higher},
	Judge:        {Appeal},
}

// below are the seats that nothing done from this one is complained of to: those
// under it, and itself.
var below = map[Seat][]Seat{
	Investigator: {Investigator},
	Head:         {Investigator, Head},
	Prosecutor:   {Investigator, Head, Prosecutor, Chief},
	Chief:        {Investigator, Head, Prosecutor, Chief},
	Higher:       {Investigator, Head, Prosecutor, Chief},
	Judge:        {Investigator, Head, Prosecutor, Chief, Higher, Judge},
	Appeal:       {Investigator, Head, Prosecutor, Chief, Higher, Judge, Appeal},
}

// last is where a filing lies when every seat of the Code is empty or interested: the
// highest that is left, who hands it on (CPC 105(1-1)).
var last = []Seat{Higher, Chief, Appeal, Judge, Head, Prosecutor, Investigator}

type way struct {
	what   []What
	posts  []Seat // from which seats it was done; "" is from none of them, or not known
	ground string // only for this ground; "": for those that have no row of their own
	kind   policy.FilingKind
	seat   Seat
	by     law.Ref
	answer deadline.Name
	file   deadline.Name
	why    string
	closed bool // the Code closes it here
}

var (
	contested = []What{Decision, Deed, Silence, Answer}
	rulings   = []What{Decision, Answer}
	doings    = []What{Deed, Silence}
	asked     = []What{Nothing}

	lower      = []Seat{Investigator, Head, ""}             // whose acts go to the prosecutor
	prosecutor = []Seat{Prosecutor, Chief, Higher}          // whose acts go to the higher prosecutor
	pursuing   = append(slices.Clone(lower), prosecutor...) // whose acts the court checks by CPC 106
	untimed    = append(slices.Clone(lower), Prosecutor)    // whose silence begins no term: that after a complaint to a head of an office does (CPC 106(5))
	judges     = []Seat{Judge, Appeal}
)

// ways is the whole routing. Of the rows that fit a contest the first is the most
// proper: a ruling goes first to the prosecutor, who may cancel it himself, a deed or
// silence to the head, who is nearest. What is not here is closed.
var ways = []way{
	// Complaints out of court (CPC 105), and to the investigating judge (CPC 106).
	{rulings, lower, "", policy.FilingComplaintProsecutor, Chief, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.None, "prosecutor-cancels", false},
	{contested, []Seat{Investigator}, "", policy.FilingComplaintHead, Head, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.None, "head", false},
	{doings, lower, "", policy.FilingComplaintProsecutor, Chief, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.None, "prosecutor", false},
	{contested, prosecutor, "", policy.FilingComplaintHigher, Higher, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.None, "higher", false},
	{[]What{Decision, Deed, Answer}, pursuing, "", policy.FilingComplaintCourt, Judge, law.CPC(106, 5), deadline.CourtAnswer, deadline.CourtComplaint, "court", false},
	{silence, untimed, "", policy.FilingComplaintCourt, Judge, law.CPC(106, 5), deadline.CourtAnswer, deadline.None, "court", false},
	{silence, []Seat{Chief, Higher}, "", policy.FilingComplaintCourt, Judge, law.CPC(106, 5), deadline.CourtAnswer, deadline.CourtComplaint, "court", false},

	// The end of a case may be complained of for a year (CPC 102).
	{decisions, lower, "termination", policy.FilingComplaintProsecutor, Chief, law.CPC(102), deadline.ComplaintAnswer, deadline.Termination, "termination", false},
	{decisions, []Seat{Investigator}, "termination", policy.FilingComplaintHead, Head, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.Termination, "head", false},
	{decisions, prosecutor, "termination", policy.FilingComplaintHigher, Higher, law.CPC(102), deadline.ComplaintAnswer, deadline.Termination, "higher", false},
	{decisions, pursuing, "termination", policy.FilingComplaintCourt, Judge, law.CPC(106, 5), deadline.CourtAnswer, deadline.CourtComplaint, "court", false},

	// A refusal to recognise somebody (CPC 109(2)), and of security measures (CPC 96(5)): the
	// prosecutor or the court. Of silence about recognition they are told without a copy to
	// count from; of silence about security as of any other.
	{refusals, lower, "recognise", policy.FilingComplaintProsecutor, Chief, law.CPC(109, 2), deadline.ComplaintAnswer, deadline.StatusAppeal, "recognise", false},
	{refusals, prosecutor, "recognise", policy.FilingComplaintHigher, Higher, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.StatusAppeal, "higher", false},
	{refusals, pursuing, "recognise", policy.FilingComplaintCourt, Judge, law.CPC(109, 2), deadline.CourtAnswer, deadline.StatusAppeal, "court", false},
	{silence, lower, "recognise", policy.FilingComplaintProsecutor, Chief, law.CPC(109, 2), deadline.ComplaintAnswer, deadline.None, "recognise-silence", false},
	{silence, prosecutor, "recognise", policy.FilingComplaintHigher, Higher, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.None, "higher", false},
	{silence, pursuing, "recognise", policy.FilingComplaintCourt, Judge, law.CPC(109, 2), deadline.CourtAnswer, deadline.None, "recognise-silence", false},
	{refusals, lower, "security", policy.FilingComplaintProsecutor, Chief, law.CPC(96, 5), deadline.ComplaintAnswer, deadline.None, "security-refused", false},
	{refusals, prosecutor, "security", policy.FilingComplaintHigher, Higher, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.None, "higher", false},
	{refusals, pursuing, "security", policy.FilingComplaintCourt, Judge, law.CPC(96, 5), deadline.CourtAnswer, deadline.CourtComplaint, "court", false},

	// A petition refused when the file has been read: the case does not go to court
	// before the prosecutor has decided (CPC 297).
	{refusals, lower, "after-familiarisation", policy.FilingComplaintProsecutor, Chief, law.CPC(297), deadline.ComplaintAnswer, deadline.RefusalAfterReading, "after-reading", false},
	{refusals, prosecutor, "after-familiarisation", policy.FilingComplaintHigher, Higher, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.None, "higher", false},
	{refusals, pursuing, "after-familiarisation", policy.FilingComplaintCourt, Judge, law.CPC(106, 5), deadline.CourtAnswer, deadline.CourtComplaint, "court", false},

	// A report that was not taken; an investigation that drags on.
	{[]What{NoRegistration}, lower, "", policy.FilingRegistration, Chief, law.CPC(185, 2), deadline.ComplaintAnswer, deadline.None, "registration", false},
	{[]What{NoRegistration}, prosecutor, "", policy.FilingComplaintHigher, Higher, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.None, "higher", false},
	{[]What{NoRegistration}, pursuing, "", policy.FilingComplaintCourt, Judge, law.CPC(185, 2), deadline.CourtAnswer, deadline.CourtComplaint, "court", false},
	{[]What{Delay}, lower, "", policy.FilingDelay, Chief, law.CPC(192, 8), deadline.DelayAnswer, deadline.None, "delay", false},
	{[]What{Delay}, prosecutor, "", policy.FilingComplaintHigher, Higher, law.CPC(105, 1), deadline.ComplaintAnswer, deadline.None, "higher", false},
	{[]What{Delay}, pursuing, "", policy.FilingComplaintCourt, Judge, law.CPC(192, 8), deadline.CourtAnswer, deadline.CourtComplaint, "court", false},

	// What an investigating judge allowed or decided; what the court above says of it
	// is the last word (CPC 107).
	{[]What{Ruling}, pursuing, "", policy.FilingComplaintJudge, Appeal, law.CPC(107, 2), deadline.JudgeAnswer, deadline.JudgeComplaint, "judge", false},
	{[]What{Ruling, Decision, Answer}, []Seat{Judge}, "", policy.FilingComplaintJudge, Appeal, law.CPC(107, 2), deadline.JudgeAnswer, deadline.JudgeComplaint, "judge", false},
	{doings, []Seat{Judge}, "", policy.FilingComplaintJudge, Appeal, law.CPC(100, 1), deadline.JudgeAnswer, deadline.None, "judge-deed", false},
	{[]What{NoRegistration, Delay}, []Seat{Judge}, "", policy.FilingComplaintJudge, Appeal, law.CPC(100, 1), deadline.JudgeAnswer, deadline.None, "judge-deed", false},

	// What is asked for contests nobody.
	{asked, nil, "", policy.FilingPetition, Investigator, law.CPC(99, 1), deadline.PetitionAnswer, deadline.None, "petition", false},
	{asked, nil, "", policy.FilingPetition, Prosecutor, law.CPC(99, 1), deadline.PetitionAnswer, deadline.None, "petition-prosecutor", false},
	{asked, nil, "", policy.FilingRecognise, Investigator, law.CPC(109, 1), deadline.StatusRequest, deadline.None, "recognise-me", false},
	{asked, nil, "", policy.FilingSecurity, Investigator, law.CPC(96), deadline.SecurityAnswer, deadline.None, "security", false},
	{asked, nil, "", policy.FilingFamiliarise, Investigator, law.CPC(295), deadline.FamiliariseAnswer, deadline.None, "familiarise", false},
	{asked, nil, "", policy.FilingAfterReading, Investigator, law.CPC(297), deadline.AfterReadingAnswer, deadline.AfterReading, "after-reading-petition", false},
	{asked, nil, "", policy.FilingFormat, Investigator, law.CPCs("42-1", 2), deadline.FormatAnswer, deadline.None, "format", false},
	{asked, nil, "", policy.FilingRestore, Investigator, law.CPC(50), deadline.RestoreAnswer, deadline.None, "restore", false},

	// A challenge. Whoever is none of the officials (an expert, an interpreter) is put
	// out by the one who conducts the case.
	{asked, []Seat{Investigator}, "", policy.FilingChallenge, Head, law.CPC(89, 3), deadline.ChallengeAnswer, deadline.None, "challenge-head", false},
	{asked, []Seat{Investigator, Head}, "", policy.FilingChallenge, Chief, law.CPC(89, 3), deadline.ChallengeAnswer, deadline.None, "challenge-prosecutor", false},
	{asked, prosecutor, "", policy.FilingChallenge, Higher, law.CPC(88, 3), deadline.ChallengeAnswer, deadline.None, "challenge-higher", false},
	{asked, []Seat{Judge}, "", policy.FilingChallenge, Judge, law.CPC(87, 11), deadline.ChallengeAnswer, deadline.None, "challenge-judge", false},
	{asked, []Seat{Appeal}, "", policy.FilingChallenge, Appeal, law.CPC(87, 11), deadline.ChallengeAnswer, deadline.None, "challenge-court", false},
	{asked, []Seat{""}, "", policy.FilingChallenge, Investigator, law.CPC(86, 2), deadline.ChallengeAnswer, deadline.None, "challenge-other", false},

	// What is closed, and why.
	{contested, []Seat{Head}, "", policy.FilingComplaintHead, Head, law.CPC(105, 1), "", "", "closed-himself", true},
	{contested, prosecutor, "", policy.FilingComplaintHead, Head, law.CPC(105, 1), "", "", "closed-prosecutors", true},
	{contested, prosecutor, "", policy.FilingComplaintProsecutor, Chief, law.CPC(105, 1), "", "", "closed-prosecutors", true},
	{contested, lower, "", policy.FilingComplaintHigher, Higher, law.CPC(105, 1), "", "", "closed-later", true},
	{[]What{Ruling, Decision, Answer, Deed, Silence}, judges, "", policy.FilingComplaintProsecutor, Chief, law.CPC(107, 2), "", "", "closed-court", true},
	{[]What{Ruling, Decision, Answer, Deed, Silence}, judges, "", policy.FilingComplaintCourt, Judge, law.CPC(107, 2), "", "", "closed-same-court", true},
	{[]What{Ruling, Decision, Answer, Deed, Silence}, []Seat{Appeal}, "", policy.FilingComplaintJudge, Appeal, law.CPC(107, 4), "", "", "closed-final", true},
	{[]What{Ruling}, pursuing, "", policy.FilingComplaintProsecutor, Chief, law.CPC(107, 2), "", "", "closed-court", true},
	{refusals, judges, "challenge", policy.FilingComplaintJudge, Appeal, law.CPC(87, 12), "", "", "closed-challenge", true},
	{refusals, lower, "after-familiarisation", policy.FilingComplaintHead, Head, law.CPC(297), "", "", "closed-prosecutor-only", true},
	{refusals, lower, "recognise", policy.FilingComplaintHead, Head, law.CPC(109, 2), "", "", "closed-prosecutor-only", true},
	{refusals, lower, "security", policy.FilingComplaintHead, Head, law.CPC(96, 5), "", "", "closed-prosecutor-only", true},
}

var (
	decisions = []What{Decision}
	answered  = []What{Answer, Silence}
	refusals  = []What{Answer}
	silence   = []What{Silence}
)

// grounds are those that have rows of their own, and of what. The year for the end of
// a case, a refusal to recognise or silence, a refusal of security, of what was asked after
// reading, a judge's word on a challenge.
var grounds = map[string][]What{
	"termination":           decisions,
	"recognise":             answered,
	"security":              refusals,
	"after-familiarisation": refusals,
	"challenge":             refusals,
}

// Urgent are the matters of CPC 105(2) that have the short term.
var Urgent = []string{"detention", "suspect", "qualification", "removal", "search", "property"}

// fits tells that the row is about this contest.
func (w way) fits(c Contest) bool {
	return slices.Contains(w.what, c.What) && w.ground == c.row() && (w.posts == nil || slices.Contains(w.posts, c.ByPost))
}

// row is the ground of the contest where it has rows of its own, else "": that of a
// challenge for what judges decide, the others for what everybody else does.
func (c Contest) row() string {
	if slices.Contains(grounds[c.Ground], c.What) && slices.Contains(judges, c.ByPost) == (c.Ground == "challenge") {
		return c.Ground
	}
	return ""
}

// Line is a contest and its ways, for printing.
type Line struct {
	What   What
	By     Seat
	Ground string
	Ways   []Way
}

// Table is the whole routing by the Code: what is contested, from which seat it was
// done, on what ground, and the ways.
func Table() []Line {
	var out []Line
	for _, what := range Whats {
		for _, by := range append(slices.Clone(AllSeats), "") {
			for _, ground := range []string{"", "termination", "recognise", "security", "after-familiarisation", "challenge"} {
				c := Contest{What: what, ByPost: by, Ground: ground}
				if what == Nothing {
					c.Ground = string(policy.FilingChallenge)
				}
				if all := Ways(c); len(all) > 0 && (ground == "" || what != Nothing && c.row() == ground) {
					out = append(out, Line{what, by, c.Ground, all})
				}
			}
		}
	}
	return append(out, Line{What: Nothing, Ways: slices.DeleteFunc(Ways(Contest{What: Nothing}), func(w Way) bool { return w.Kind == policy.FilingChallenge })})
}

// Whys are the reasons a Way may give.
func Whys() []string {
	out := []string{"higher-instead", "closed-did", "closed-approved"}
	for _, w := range ways {
		if !slices.Contains(out, w.why) {
			out = append(out, w.why)
		}
	}
	return out
}

// Files are the terms to file that a Way may have.
func Files() []deadline.Name {
	var out []deadline.Name
	for _, w := range ways {
		if w.file != deadline.None && !slices.Contains(out, w.file) {
			out = append(out, w.file)
		}
	}
	return out
}
