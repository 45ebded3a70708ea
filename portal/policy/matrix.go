package policy

import (
	"slices"

	"zharia/portal/law"
)

// Role is the procedural status a person holds in a case.
type Role string

// The statuses, in the order of the Code.
const (
	Suspect           Role = "suspect"
	Accused           Role = "accused"
	TrialDefendant    Role = "trial-defendant" // the accused, once his trial is appointed
	ProtectedWitness  Role = "wrd"             // the witness with the right to defence
	Defender          Role = "defender"
	Victim            Role = "victim"
	PrivateProsecutor Role = "private-prosecutor"
	CivilPlaintiff    Role = "civil-plaintiff"
	CivilDefendant    Role = "civil-defendant"
	SuspectsLegalRep  Role = "legal-rep-suspect"
	VictimsLegalRep   Role = "legal-rep-victim"
	Representative    Role = "representative"
	DefendantsRep     Role = "representative-defendant"
	Applicant         Role = "applicant" // reported the offence; not a participant
	Witness           Role = "witness"
)

// Roles lists the statuses in that order.
var Roles = []Role{
	Suspect, Accused, TrialDefendant, ProtectedWitness, Defender, Victim, PrivateProsecutor, CivilPlaintiff, CivilDefendant,
	SuspectsLegalRep, VictimsLegalRep, Representative, DefendantsRep, Applicant, Witness,
}

// RoleRule is what the Code says of a status.
type RoleRule struct {
	Code       string  // how the matrix heads its column
	By         law.Ref // the rights of the status
	Represents []Role  // whose place the holder stands in; the column of that status is his
}

var roles = map[Role]RoleRule{
	Suspect:           {"SUS", law.CPC(64, 9), nil},
	Accused:           {"ACC", law.CPC(65, 5), nil},
	TrialDefendant:    {"TDF", law.CPC(65, 5), nil},
	ProtectedWitness:  {"WRD", law.CPCs("65-1", 2), nil},
	Defender:          {"DEF", law.CPC(70, 2), []Role{Suspect, Accused, TrialDefendant, ProtectedWitness}},
	Victim:            {"VIC", law.CPC(71, 6), nil},
	PrivateProsecutor: {"PRP", law.CPC(72, 3), nil},
	CivilPlaintiff:    {"CPL", law.CPC(73, 2), nil},
	CivilDefendant:    {"CDF", law.CPC(74, 2), nil},
	SuspectsLegalRep:  {"LRS", law.CPC(75), []Role{Suspect, Accused, TrialDefendant}},
	VictimsLegalRep:   {"LRV", law.CPC(76, 2), []Role{Victim, CivilPlaintiff}},
	Representative:    {"REP", law.CPC(76, 3), []Role{Victim, PrivateProsecutor, CivilPlaintiff}},
	DefendantsRep:     {"RCD", law.CPC(77, 2), []Role{CivilDefendant}},
	Applicant:         {"APL", law.CPC(181), nil},
	Witness:           {"WIT", law.CPC(78, 3), nil},
}

// RoleOf is what the Code says of a status; false for a word that is none.
func RoleOf(role Role) (RoleRule, bool) {
	r, ok := roles[role]
	return r, ok
}

// Cell is what a status may see of a kind of decision, as the matrix writes it:
//
//	C      the whole text, with a copy           F   only after the end of the investigation
//	V      the whole text, to be read            I   only if the investigator opens it
//	N      the fact: what, when, by what law     X   never through the portal
//	P      a part: what concerns the civil claim –   cannot be
//	V→C    the text first, a copy later          N→C the fact first, a copy on petition
//
// A raised number is a condition; see (sight.go) has its meaning.
type Cell string

// Columns are the statuses the matrix has columns for, in its order. A private
// prosecutor reads the victim's column; who stands for another, the other's.
var Columns = [9]Role{
	Suspect, Accused, ProtectedWitness, Defender, Victim, CivilPlaintiff, CivilDefendant, Applicant, Witness,
}

// columnsOf finds the column a viewer reads; nobody reads one by a status that
// the Code does not let him hold. The Code writes the defender's list out for
// himself, CPC 70(2)(5); yet behind a witness with the right to defence he is
// shown no more than the witness, whose list is narrower, CPC 65-1(2)(11):
// that case reads two columns and takes the lesser.
func columnsOf(viewer Viewer) []Role {
	rule, known := roles[viewer.Role]
	switch {
	case !known:
		return nil
	case viewer.Represented != "" && !slices.Contains(rule.Represents, viewer.Represented):
		return nil
	case viewer.Role == Defender && viewer.Represented == ProtectedWitness:
		return []Role{Defender, ProtectedWitness}
	case viewer.Role == Defender:
		return []Role{Defender}
	case rule.Represents != nil && viewer.Represented == "":
		return nil
	case rule.Represents != nil:
		return []Role{column(viewer.Represented)}
	}
	return []Role{column(viewer.Role)}
}

// column gives the private prosecutor the victim's rights, CPC 72(3), and the
// accused whose trial is appointed those of the accused, who he still is, CPC 65.
func column(role Role) Role {
	switch role {
	case PrivateProsecutor:
		return Victim
	case TrialDefendant:
		return Accused
	}
	return role
}

// CellOf is the cell of the matrix for a kind of decision and a status that has
// a column of its own; "X" for anything else.
func CellOf(kind Kind, role Role) Cell {
	k, known := kinds[kind]
	if !known {
		return "X"
	}
	return matrix[k.Row].cell(column(role))
}

// Names says that a decision of a kind is shown to those of a side whom it names, and to
// nobody of that side where it names none.
func Names(kind Kind) bool {
	k, known := kinds[kind]
	return known && len(matrix[k.Row].own) > 0
}

func (r row) cell(role Role) Cell {
	if i := slices.Index(Columns[:], role); i >= 0 && r.cells[i] != "" {
		return r.cells[i]
	}
	return "X"
}

// row is one line of the matrix.
type row struct {
	about string // for printing; people read the words of the kinds
	own   []Role // in these columns only what names the viewer is shown, another's not at all
	cells [9]Cell
	by    []law.Ref
}

// Row is one line of the matrix with its number, for printing.
type Row struct {
	Number int
	About  string
	Cells  [9]Cell // in the order of Columns
	By     []law.Ref
	Kinds  []Kind // the kinds of decision it rules
	Own    []Role // in these columns only what names the viewer is shown
}

// Matrix is the whole matrix in order, for printing.
func Matrix() []Row {
	rows := make([]Row, 0, len(matrix))
	for number := 1; number <= len(matrix); number++ {
		r := matrix[number]
		var ruled []Kind
		for _, kind := range Kinds {
			if kinds[kind].Row == number {
				ruled = append(ruled, kind)
			}
		}
		rows = append(rows, Row{number, r.about, r.cells, slices.Clone(r.by), ruled, r.own})
	}
	return rows
}

// A ruling on a suspect is for him and those who stand for him, on a victim for
// the victim: of several, each sees his own, CPC 43(6). So in these columns a
// decision must name the viewer; one that names nobody is shown to nobody.
var (
	allColumns = Columns[:]
	theDefence = []Role{Suspect, Accused, Defender}
	bothSides  = []Role{Suspect, Accused, Defender, Victim}
)

// matrix says who sees what, and by what law. The rows are numbered as in the
// research on roles; a test compares them when it is there.
//
//	SUS ACC WRD DEF VIC CPL CDF APL WIT
var matrix = map[int]row{
	1:  {"registration of a report", nil, [9]Cell{"I", "F", "V¹", "V¹", "N", "N", "N", "C²", "X"}, []law.Ref{law.CPC(185, 1), law.CPC(70, 2, 5), law.CPCs("65-1", 2, 11)}},
	2:  {"transfer by jurisdiction, to court, to another body", nil, [9]Cell{"N", "N", "N", "N", "N", "I", "I", "N", "X"}, []law.Ref{law.CPC(179, 4), law.CPC(179, 5), law.CPC(186)}},
	3:  {"acceptance of the case", nil, [9]Cell{"I", "F", "X", "C", "F", "X", "X", "X", "X"}, []law.Ref{law.CPC(70, 2, 5)}},
	4:  {"investigative group", nil, [9]Cell{"V", "V", "X", "C", "V", "V", "V", "X", "X"}, []law.Ref{law.CPC(194, 1)}},
	5:  {"language of proceedings", nil, [9]Cell{"N", "N", "N", "C", "N", "N", "N", "X", "N"}, []law.Ref{law.CPC(70, 2, 5), law.CPC(30)}},
	6:  {"electronic format", nil, [9]Cell{"C", "C", "N", "C", "C", "C", "C", "X", "N"}, []law.Ref{law.CPCs("42-1", 2)}},
	7:  {"victim: recognition, refusal, end", []Role{Victim}, [9]Cell{"I", "F", "X", "C³", "C", "X", "X", "C⁴", "X"}, []law.Ref{law.CPC(71, 6, 13), law.CPC(70, 2, 5), law.CPC(109, 1)}},
	8:  {"recognition as civil plaintiff", []Role{CivilPlaintiff}, [9]Cell{"N", "N", "X", "C", "C⁵", "C", "N", "X", "X"}, []law.Ref{law.CPC(70, 2, 5), law.CPC(73, 2, 10), law.CPC(74, 2, 8)}},
	9:  {"recognition as civil defendant", []Role{CivilDefendant}, [9]Cell{"C⁶", "C", "X", "C", "N", "C", "C", "X", "X"}, []law.Ref{law.CPC(64, 9, 7), law.CPC(73, 2, 10), law.CPC(74, 2, 8)}},
	10: {"admission of a representative", allColumns, [9]Cell{"C", "C", "X", "C", "C", "C", "C", "X", "X"}, []law.Ref{law.CPC(75), law.CPC(77)}},
	11: {"recognition as suspect", theDefence, [9]Cell{"C", "C", "X⁷", "C", "N", "N", "N", "X", "X"}, []law.Ref{law.CPC(64, 9, 7), law.CPC(202, 2), law.CPC(70, 2, 3), law.CPC(71, 6, 1), law.CPC(73, 2, 1), law.CPC(74, 2, 1), law.CPC(202, 1).Dash(1)}},
	12: {"detention and release", theDefence, [9]Cell{"C", "C", "X", "C", "N", "X", "X", "X", "X"}, []law.Ref{law.CPC(64, 9, 7), law.CPC(131), law.CPC(70, 2, 9)}},
	13: {"qualification of the act", theDefence, [9]Cell{"C", "C", "X", "C", "N", "N", "N", "X", "X"}, []law.Ref{law.CPC(64, 9, 7), law.CPC(203), law.CPC(70, 2, 3), law.CPC(71, 6, 1), law.CPC(203, 1).Dash(2)}},
	14: {"measure of restraint", theDefence, [9]Cell{"C", "C", "X", "C", "N", "X", "X", "X", "X"}, []law.Ref{law.CPC(64, 9, 7), law.CPC(140, 2), law.CPC(70, 2, 5)}},
	15: {"ban on approach", bothSides, [9]Cell{"C", "C", "X", "C", "C", "X", "X", "X", "X"}, []law.Ref{law.CPC(165), law.CPC(71, 6, 12)}},
	16: {"removal from office", theDefence, [9]Cell{"C", "C", "X", "C", "X", "X", "X", "X", "X"}, []law.Ref{law.CPC(64, 9, 23)}},
	17: {"seizure of property", theDefence, [9]Cell{"C", "C", "X", "C", "N", "P", "P", "X", "X"}, []law.Ref{law.CPC(70, 2, 5), law.CPC(64, 9, 23), law.CPC(73, 2), law.CPC(74, 2)}},
	18: {"search, taking of things", theDefence, [9]Cell{"C⁸", "C", "I", "C⁸", "F", "X", "X", "X", "X"}, []law.Ref{law.CPC(70, 2, 5), law.CPC(64, 9, 23)}},
	19: {"appointment of an expert examination", nil, [9]Cell{"V→C", "C", "V⁹", "C", "V", "I", "I", "X", "V⁹"}, []law.Ref{law.CPC(274, 1), law.CPC(274, 2), law.CPC(64, 9, 20), law.CPCs("65-1", 2, 3), law.CPC(70, 2, 5)}},
	20: {"conclusion of an expert", nil, [9]Cell{"V→C", "C", "V⁹", "C", "V", "FP", "FP", "X", "V⁹"}, []law.Ref{law.CPC(274, 1, 6), law.CPC(286, 1)}},
	21: {"specialist, samples, experiment", nil, [9]Cell{"N", "F", "X", "C", "F", "X", "X", "X", "X"}, []law.Ref{law.CPC(70, 2, 5), law.CPC(64, 9, 23)}},
	22: {"record of an act the viewer took part in", allColumns, [9]Cell{"V", "V", "V", "V", "V¹⁰", "V", "V", "X", "V"}, []law.Ref{law.CPC(64, 9, 17), law.CPCs("65-1", 2, 12), law.CPC(70, 2, 5), law.CPC(71, 6, 9), law.CPC(73, 2, 7), law.CPC(199, 6)}},
	23: {"record of an act with others", nil, [9]Cell{"F", "F", "X", "F", "F", "FP", "FP", "X", "X"}, []law.Ref{law.CPC(296), law.CPC(295)}},
	24: {"covert, operative, counter-intelligence acts", nil, [9]Cell{"X", "X", "X", "X", "X", "X", "X", "X", "X"}, []law.Ref{law.CPC(64, 9, 23), law.CPCs("65-1", 2, 11), law.CPC(70, 2, 5)}},
	25: {"interruption of the terms", nil, [9]Cell{"C", "C", "N", "C", "C", "N", "N", "N", "X"}, []law.Ref{law.CPC(45, 8).Dash(1), law.CPC(70, 2, 5), law.CPC(106, 1)}},
	26: {"resumption of the terms", nil, [9]Cell{"N", "N", "N", "N", "N", "N", "N", "X", "X"}, []law.Ref{law.CPC(45, 9)}},
	27: {"extension of the investigation", nil, [9]Cell{"C", "C", "N", "C", "N", "N", "N", "X", "X"}, []law.Ref{law.CPC(64, 9, 23), law.CPC(192, 8)}},
	28: {"joinder", nil, [9]Cell{"C", "C", "X", "C", "N", "I", "I", "X", "X"}, []law.Ref{law.CPC(43, 3), law.CPC(43, 6)}},
	29: {"severance", nil, [9]Cell{"N", "N", "X", "N", "N", "I", "I", "X", "X"}, []law.Ref{law.CPC(44, 5)}},
	30: {"termination", nil, [9]Cell{"C", "C", "N", "C", "C", "N→C¹¹", "N→C¹¹", "N", "X"}, []law.Ref{law.CPC(64, 9, 7), law.CPC(70, 2, 5), law.CPC(71, 6, 13), law.CPC(289, 2), law.CPC(290)}},
	31: {"re-opening after termination", nil, [9]Cell{"N", "N", "N", "C", "N", "N", "N", "N", "X"}, []law.Ref{law.CPC(291, 2), law.CPC(70, 2, 5)}},
	32: {"wanted notice", nil, [9]Cell{"X", "X", "X", "I", "X", "X", "X", "X", "X"}, []law.Ref{law.CPC(292)}},
	33: {"restoration of a lost case", nil, [9]Cell{"N", "N", "X", "N", "N", "N", "N", "X", "X"}, []law.Ref{law.CPC(293)}},
	34: {"decision on one's own petition or complaint", allColumns, [9]Cell{"C", "C", "C", "C", "C", "C", "C", "C", "C"}, []law.Ref{law.CPC(99, 6), law.CPC(105, 4), law.CPC(106), law.CPC(109, 1), law.CPC(185, 2)}},
	35: {"decision on the filing of the person stood for", allColumns, [9]Cell{"–", "–", "–", "C", "LRV/REP C", "REP C", "RCD C", "–", "–"}, []law.Ref{law.CPC(70, 2, 5), law.CPC(76, 3)}},
	36: {"petitions and complaints of others", nil, [9]Cell{"X", "X", "X", "X", "X", "X", "X", "X", "X"}, []law.Ref{law.CPC(201)}},
	37: {"plea agreement", theDefence, [9]Cell{"C", "C", "X", "C", "V", "P", "P", "X", "X"}, []law.Ref{law.CPC(64, 9, 16), law.CPC(65, 5, 5), law.CPC(71, 6, 22)}},
	38: {"order procedure", theDefence, [9]Cell{"C", "C", "X", "C", "V", "V", "V", "X", "X"}, []law.Ref{law.CPC(64, 9, 16).Dash(1), law.CPC(71, 6, 8).Dash(1), law.CPC(73, 2, 8).Dash(1), law.CPC(74, 2, 6).Dash(1)}},
	39: {"notice of the end of investigative acts", nil, [9]Cell{"C", "–", "X", "C", "C", "C", "C", "X", "X"}, []law.Ref{law.CPC(294, 1)}},
	40: {"all materials of the case", nil, [9]Cell{"F", "–", "X", "F", "F", "FP", "FP", "X", "X"}, []law.Ref{law.CPC(295), law.CPC(296), law.CPC(64, 9, 21), law.CPC(70, 2, 5), law.CPC(71, 6, 11), law.CPC(73, 2, 9), law.CPC(74, 2, 7), law.CPC(289, 2), law.CPC(290, 3)}},
	41: {"report on the completion of the investigation", nil, [9]Cell{"I", "I", "X", "I", "I", "X", "X", "X", "X"}, []law.Ref{law.CPC(298), law.CPC(300)}},
	42: {"misdemeanour, accelerated, accusation record", nil, [9]Cell{"C¹²", "C", "X", "C", "C", "P", "P", "X", "X"}, []law.Ref{law.CPC(65, 5, 2), law.CPC(71, 6, 13), law.CPCs("192-2", 4), law.CPC(190)}},
	43: {"indictment", nil, [9]Cell{"–", "C", "X", "C", "C", "N", "N", "X", "X"}, []law.Ref{law.CPC(304, 1), law.CPC(304, 4), law.CPC(65, 5, 2), law.CPC(71, 6, 13)}},
	44: {"prosecution's list of people to be summoned", nil, [9]Cell{"X", "X", "X", "X", "X", "X", "X", "X", "X"}, []law.Ref{law.CPC(296, 1), law.CPC(299, 3), law.CPCs("302-1", 7), law.CPC(70, 2, 5)}},
	45: {"return for additional investigation", nil, [9]Cell{"N", "N", "X", "N", "N", "N", "N", "X", "X"}, []law.Ref{law.CPC(302, 1, 3)}},
	46: {"case sent to court", nil, [9]Cell{"–", "N", "X", "N", "N", "N", "N", "N", "X"}, []law.Ref{law.CPC(305), law.CPC(305, 3)}},
	47: {"security measures for the viewer", allColumns, [9]Cell{"C", "C", "C", "C", "C", "C", "C", "X", "C"}, []law.Ref{law.CPC(96, 4)}},
	48: {"real data of a protected person", nil, [9]Cell{"X", "X", "X", "X", "X", "X", "X", "X", "X"}, []law.Ref{law.CPC(97, 3)}},
	49: {"civil claim and replies", nil, [9]Cell{"C", "C", "X", "C", "C", "C", "C", "X", "X"}, []law.Ref{law.CPC(73), law.CPC(74)}},
	50: {"representation on causes", nil, [9]Cell{"X", "X", "X", "F", "F", "X", "X", "X", "X"}, []law.Ref{law.CPC(200)}},
	51: {"summons to the viewer", allColumns, [9]Cell{"C", "C", "C", "C", "C", "C", "C", "C", "C"}, []law.Ref{law.CPC(208)}},
}
