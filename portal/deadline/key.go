package deadline

import (
	"slices"
	"strings"
)

// spelling is how a kind of filing asks for its terms: by its own name, and by the
// name with a variant after a slash. The first word of each list is the way the
// portal writes it, the others are how the law books of the project do.
type spelling struct {
	kinds    []string
	variants []variant // the first is the one meant when none is named
}

type variant struct {
	name string
	term Name
}

// outOfCourt are the terms of a complaint that a head or a prosecutor decides.
var outOfCourt = []variant{
	{"ordinary", ComplaintAnswer}, {"urgent", ComplaintUrgent}, {"extended", ComplaintExtended},
	{"silence", ProsecutorSilence}, {"to-court", CourtComplaint},
}

var inCourt = []variant{{"alone", CourtAnswer}, {"hearing", CourtHearing}, {"to-file", CourtComplaint}, {"materials", CourtMaterials}}

var spellings = []spelling{
	{[]string{"petition"}, []variant{{"answer", PetitionAnswer}}},
	{[]string{"complaint-head"}, outOfCourt[:3]},
	{[]string{"complaint-prosecutor"}, outOfCourt},
	{[]string{"complaint-higher", "complaint-higher-prosecutor"}, outOfCourt},
	{[]string{"complaint-court"}, inCourt},
	{[]string{"complaint-judge"}, []variant{{"answer", JudgeAnswer}, {"to-file", JudgeComplaint}}},
	{[]string{"complaint-registration", "complaint-no-registration"}, []variant{
		{"prosecutor", ComplaintAnswer}, {"urgent", ComplaintUrgent}, {"extended", ComplaintExtended},
		{"court", CourtAnswer}, {"hearing", CourtHearing}, {"to-court", CourtComplaint},
	}},
	{[]string{"recognise", "recognise-me"}, []variant{{"answer", StatusRequest}, {"appeal", StatusAppeal}, {"no-answer", StatusSilence}}},
	{[]string{"security"}, []variant{{"answer", SecurityAnswer}}},
	{[]string{"delay"}, []variant{{"ordinary", DelayAnswer}, {"extended", ComplaintExtended}, {"court", CourtAnswer}, {"hearing", CourtHearing}}},
	{[]string{"familiarise"}, []variant{{"answer", FamiliariseAnswer}}},
	{[]string{"after-familiarisation"}, []variant{
		{"answer", AfterReadingAnswer}, {"write", AfterReading}, {"copy", CopyAfterRefusal}, {"appeal", RefusalAfterReading},
	}},
	{[]string{"format-language"}, []variant{{"answer", FormatAnswer}}},
	{[]string{"restore-term"}, []variant{{"answer", RestoreAnswer}}},
	{[]string{"challenge"}, []variant{{"answer", ChallengeAnswer}}},
}

// Lookup finds a term by its name, or by a kind of filing: "complaint-prosecutor"
// and "complaint_prosecutor/urgent" are both understood. A kind without a variant is
// its ordinary term, the one its answer is due by. What takes a filing back starts
// no term, and is not found.
func Lookup(key string) (Name, bool) {
	key = strings.ReplaceAll(key, "_", "-")
	if slices.Contains(Names, Name(key)) {
		return Name(key), true
	}
	kind, wanted, named := strings.Cut(key, "/")
	for _, s := range spellings {
		if !slices.Contains(s.kinds, kind) {
			continue
		}
		for _, v := range s.variants {
			if !named || v.name == wanted {
				return v.term, true
			}
		}
	}
	return None, false
}

// Keys are the kinds of filing, with their variants, that lead to a term: how else
// Lookup finds it.
func (n Name) Keys() []string {
	var keys []string
	for _, s := range spellings {
		for i, v := range s.variants {
			switch {
			case v.term != n:
			case i == 0:
				keys = append(keys, s.kinds[0])
			default:
				keys = append(keys, s.kinds[0]+"/"+v.name)
			}
		}
	}
	return keys
}
