package policy

import (
	"slices"

	"zharia/portal/law"
)

// Receipt is how the Code has it proved that a decision was handed over.
type Receipt string

// The receipts. A paper file has a written receipt for both, CPC 49(2); here the
// portal itself can prove an opening, and a signature is asked for only where the
// Code wants the person's own hand.
const (
	ByOpening   Receipt = "opened" // the person opened it himself, and the moment is kept
	BySignature Receipt = "signed" // the person signs that he has received it
)

// Handing is what the Code says of handing a decision over to somebody.
type Handing struct {
	By      law.Ref // that he must be told, or must have it
	Receipt Receipt
	Term    string // the row of deadline/table.go that begins with it; "" for none
}

// handing is a line of the table: to which columns of the matrix.
type handing struct {
	to []Role
	Handing
}

// The terms that begin when a decision is handed over: to go to the investigating
// judge, CPC 106(5), and against what he himself allowed, CPC 107.
const (
	courtTerm = "court-complaint"
	judgeTerm = "judge-complaint"
)

var (
	suspected = []Role{Suspect, Accused}
	defending = handing{[]Role{Defender}, Handing{law.CPC(70, 2, 5), ByOpening, courtTerm}}
	defended  = handing{[]Role{Defender}, Handing{law.CPC(70, 2, 5), ByOpening, judgeTerm}}
)

// served is what must be handed over, to whom, by which article and by what
// receipt. Only what starts a term, or needs a receipt, is here: the rest opens
// without a question. That somebody is shown a decision, the matrix says.
var served = map[Kind][]handing{
	"suspect-recognised": {{suspected, Handing{law.CPC(202, 2), BySignature, courtTerm}}, defending},
	"detained":           {{suspected, Handing{law.CPC(131), BySignature, courtTerm}}, defending},
	"qualified":          {{suspected, Handing{law.CPC(203), BySignature, courtTerm}}, defending},
	"requalified":        {{suspected, Handing{law.CPC(203), BySignature, courtTerm}}, defending},
	"restraint-set":      {{suspected, Handing{law.CPC(140, 2), BySignature, courtTerm}}, defending},
	"restraint-extended": {{suspected, Handing{law.CPC(140, 2), BySignature, courtTerm}}, defending},
	"restraint-changed":  {{suspected, Handing{law.CPC(140, 2), BySignature, courtTerm}}, defending},
	"approach-ban":       {{[]Role{Suspect, Accused, Victim}, Handing{law.CPC(165), ByOpening, judgeTerm}}, defended},
	"office-removal":     {{suspected, Handing{law.CPC(158), ByOpening, judgeTerm}}, defended},
	"property-arrest":    {{suspected, Handing{law.CPC(161), ByOpening, judgeTerm}}, defended},
	"search-done":        {{suspected, Handing{law.CPC(252), ByOpening, courtTerm}}, defending},
	"seizure-done":       {{suspected, Handing{law.CPC(253), ByOpening, courtTerm}}, defending},

	"victim-refused":       {{[]Role{Victim}, Handing{law.CPC(109), ByOpening, courtTerm}}},
	"victim-ended":         {{[]Role{Victim}, Handing{law.CPC(71, 3), ByOpening, courtTerm}}},
	"defendant-recognised": {{[]Role{CivilDefendant}, Handing{law.CPC(74), ByOpening, courtTerm}}},

	"term-extended":    {{suspected, Handing{law.CPC(64, 9, 23), ByOpening, courtTerm}}},
	"term-interrupted": {{[]Role{Suspect, Accused, Defender, Victim}, Handing{law.CPC(45, 8).Dash(1), ByOpening, courtTerm}}},

	"terminated-full":        {{[]Role{Suspect, Accused, Defender, Victim}, Handing{law.CPC(289, 2), ByOpening, courtTerm}}},
	"terminated-part":        {{[]Role{Suspect, Accused, Defender, Victim}, Handing{law.CPC(289, 2), ByOpening, courtTerm}}},
	"prosecution-terminated": {{[]Role{Suspect, Accused, Defender, Victim}, Handing{law.CPC(289, 2), ByOpening, courtTerm}}},

	// No term of complaint begins with these: what follows is the file, or the court.
	"accelerated-protocol":  {{[]Role{Suspect, Accused, Victim}, Handing{law.CPC(190), ByOpening, ""}}},
	"misdemeanour-protocol": {{[]Role{Suspect, Accused, Victim}, Handing{law.CPC(527), ByOpening, ""}}},
	"accusation-protocol":   {{[]Role{Suspect, Accused, Victim}, Handing{law.CPCs("192-2"), ByOpening, ""}}},
	"end-notice":            {{[]Role{Suspect, Defender, Victim, CivilPlaintiff, CivilDefendant}, Handing{law.CPC(294, 1), ByOpening, ""}}},
	"indictment": {
		{[]Role{Accused}, Handing{law.CPC(304, 1), BySignature, ""}},
		{[]Role{Defender, Victim}, Handing{law.CPC(304, 1), ByOpening, ""}},
	},
}

// HandedTo says how a decision of a kind is handed over to one who reads a column
// of the matrix; false where nothing is. A representative has his own: what is
// handed to him is not handed to the one he acts for. A signature is asked of the
// person himself and never of who acts for him. sanctioned tells that a judge
// allowed it: then his own court is complained to.
func HandedTo(kind Kind, viewer Viewer, sanctioned bool) (Handing, bool) {
	columns := columnsOf(viewer)
	for _, h := range served[kind] {
		if len(columns) == 0 || !slices.Contains(h.to, columns[0]) {
			continue
		}
		handing := h.Handing
		if viewer.Represented != "" {
			handing.Receipt = ByOpening
		}
		if k := kinds[kind]; sanctioned && k.Needs == Sanction && handing.Term != "" {
			handing.Term = judgeTerm
		}
		return handing, true
	}
	return Handing{}, false
}

// Served lists the kinds that are handed over, in the order of a case.
func Served() []Kind {
	return slices.DeleteFunc(slices.Clone(Kinds), func(k Kind) bool { return served[k] == nil })
}

// HandingRow is one line of what is handed over, for printing and for tests.
type HandingRow struct {
	Kind Kind
	To   []Role
	Handing
}

// Handings are all lines, in the order of Served.
func Handings() []HandingRow {
	var out []HandingRow
	for _, kind := range Served() {
		for _, h := range served[kind] {
			out = append(out, HandingRow{kind, slices.Clone(h.to), h.Handing})
		}
	}
	return out
}
