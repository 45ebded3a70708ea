package policy

import (
	"slices"
	"strings"

	"zharia/portal/law"
)

// View is how much of a decision is shown. A greater one holds the smaller.
type View int

const (
	Hidden View = iota // not even that it is there
	Fact               // kind, date, article, how to complain
	Read               // the text, to be read
	Copy               // the text, to be taken away
)

// Views are all of them in order.
var Views = []View{Hidden, Fact, Read, Copy}

// String names the view for tables and logs; schema.sql uses the same words.
func (v View) String() string {
	if v < Hidden || v > Copy {
		return "hidden"
	}
	return [...]string{"hidden", "fact", "read", "copy"}[v]
}

// ViewOf reads a view by its name; Hidden for a word that is none.
func ViewOf(name string) View {
	for _, v := range Views {
		if v.String() == name {
			return v
		}
	}
	return Hidden
}

// Part is what a redacted copy keeps of a decision; schema.sql lists the same.
type Part string

// The parts; Whole is the decision itself.
const (
	Whole        Part = ""
	PersonalData Part = "personal-data" // all but the personal data of others (¹, ³)
	CivilClaim   Part = "civil-claim"   // what concerns the civil claim (P, FP)
)

// Parts are those a copy can be made of.
var Parts = []Part{PersonalData, CivilClaim}

// Ground is why the investigator opens a decision further to one person, or less
// far; schema.sql lists the same.
type Ground string

// The grounds. The first three widen; the others narrow, and only they do: what the
// Code opens is closed by an article of the Code or not at all (law/ROLES).
const (
	ForDefence    Ground = "defence"        // his defence needs it
	ForTruth      Ground = "truth"          // the circumstances become clear with his help, CPC 24
	OnPetition    Ground = "petition"       // he asked for it and was granted it, CPC 99
	ForSecurity   Ground = "security"       // a measure of security, CPC 97
	ForSecret     Ground = "secret"         // a secret that the law protects, CPC 47
	NonDisclosure Ground = "non-disclosure" // data of the investigation that may not be told, CPC 201
)

// Grounds are all of them.
var Grounds = []Ground{ForDefence, ForTruth, OnPetition, ForSecurity, ForSecret, NonDisclosure}

var groundLaw = map[Ground]law.Ref{
	ForDefence: law.CPC(64, 9), ForTruth: law.CPC(24), OnPetition: law.CPC(99),
	ForSecurity: law.CPC(97), ForSecret: law.CPC(47), NonDisclosure: law.CPC(201),
}

// By is the article of the ground.
func (g Ground) By() law.Ref { return groundLaw[g] }

// Narrows says that the ground closes; every other opens. A word that is no ground
// does neither.
func (g Ground) Narrows() bool { return g == ForSecurity || g == ForSecret || g == NonDisclosure }

func (g Ground) widens() bool { return slices.Contains(Grounds, g) && !g.Narrows() }

// Reason is why less than everything is shown. What is Hidden for a reason is for
// the pages that speak of kinds of decisions, never of one decision.
type Reason string

// The reasons. Those of a narrowing are called as its grounds are.
const (
	Open         Reason = ""               // all is shown, with a copy
	Unknown      Reason = "unknown"        // the tables know no such kind or status
	Flagged      Reason = "flagged"        // it carries a secret, CPC 47, CPC 97(3)
	NotYet       Reason = "not-yet"        // what it waits for has not come
	OthersPart   Reason = "others-part"    // it is about another than him, CPC 43(6)
	Never        Reason = "never"          // not for his status
	Unopened     Reason = "unopened"       // only if the investigator opens it
	WithTheFile  Reason = "file"           // with the file, after the end of investigative acts, CPC 294
	FactOnly     Reason = "fact"           // his status is told the fact
	CopyAsked    Reason = "copy-asked"     // the fact now, the copy on petition, CPC 289(2)
	CopyLater    Reason = "copy-later"     // the text now, the copy later
	ToRead       Reason = "to-read"        // the text, and no right to a copy
	NoOthersData Reason = "others-data"    // without the personal data of others
	ClaimOnly    Reason = "claim"          // what concerns the civil claim
	ByPower      Reason = "power"          // who acts for another was not given it
	Security     Reason = "security"       // narrowed, CPC 97
	Secret       Reason = "secret"         // narrowed, CPC 47
	Undisclosed  Reason = "non-disclosure" // narrowed, CPC 201
)

// Reasons are those a person can be told, in the order of a page.
var Reasons = []Reason{
	FactOnly, CopyAsked, ClaimOnly, NoOthersData, Unopened, WithTheFile, Never,
	CopyLater, ToRead, ByPower, Security, Secret, Undisclosed,
}

var reasonLaw = map[Reason]law.Ref{
	Flagged: law.CPC(47), OthersPart: law.CPC(43, 6), Never: law.CPC(201), Unopened: law.CPC(201),
	WithTheFile: law.CPC(294), FactOnly: law.CPC(201), CopyAsked: law.CPC(289, 2), CopyLater: law.CPC(274),
	ToRead: law.CPC(201), ByPower: law.CPC(76), NoOthersData: law.CPC(70, 2, 5), ClaimOnly: law.CPC(73, 2),
	Security: law.CPC(97), Secret: law.CPC(47), Undisclosed: law.CPC(201),
}

// By is the article of the reason, where one stands behind it in every case.
func (r Reason) By() law.Ref { return reasonLaw[r] }

// Sight is how much of a decision somebody is shown.
type Sight struct {
	View View
	// Part is the redacted copy that he is shown in place of the decision: of the
	// decision itself he has no more than the fact. Whole where he is shown the
	// original, or nothing but the fact.
	Part Part
	Why  Reason // why not more; nothing where all is shown with a copy
	// Opened says that he is shown more than his status is, because the investigator
	// opened the decision to him.
	Opened bool
}

// Redacted says that he is shown a redacted copy and not the original.
func (s Sight) Redacted() bool { return s.Part != Whole }

// rank orders sights: the text in full before a copy of a part, that before the
// fact.
func (s Sight) rank() int {
	if s.View <= Fact {
		return int(s.View)
	}
	if s.Redacted() {
		return int(s.View)
	}
	return int(s.View) + 2
}

// Better is the one that shows more.
func (s Sight) Better(other Sight) Sight {
	if other.rank() > s.rank() {
		return other
	}
	return s
}

// Viewer is who looks at a decision, and what the decision is to him. Every field
// is a boolean or one of a short list, so that all combinations can be walked
// (Viewers): the rows of security in PostgreSQL are filled from this very function.
type Viewer struct {
	Role        Role
	Represented Role // the status of the person he stands for; "" for those who stand for themselves

	Concerned bool // the decision names him or the person he stands for
	// OthersOfHisSideOnly: the decision names people of his own side, and not
	// him. One sees one's own part only, CPC 43(6).
	OthersOfHisSideOnly bool
	// BeforeJoining: it was decided in another case before that one was joined to
	// his, or in his before his came. Of that he sees what names him, CPC 43(6).
	BeforeJoining bool
	Reached       bool // what the decision waits for (Precondition) has come
	Flagged       bool // it carries a secret, or a protected or under-age person's data, CPC 47, CPC 97(3)

	Familiarising bool // the file is open to him now, CPC 294
	MaskedCopy    bool // a copy without personal data is signed
	ClaimCopy     bool // a copy of what concerns the civil claim is signed

	// What the investigator signed for this person and this decision: how far, and
	// on what ground. No ground: nothing.
	Exposed View
	Ground  Ground
}

// See says how much of a decision of this kind a viewer is shown: what the matrix
// gives his status, then what the investigator opened further or, on a ground of
// law, less far. Nothing opens past a flag, a precondition, the part of another, or
// a cell that says never (X), with the file (F) or without others' data (¹, ³).
// What the tables do not know is hidden.
func See(kind Kind, viewer Viewer) Sight {
	k, known := kinds[kind]
	columns := columnsOf(viewer)
	switch {
	case !known || len(columns) == 0:
		return Sight{Why: Unknown}
	case viewer.Flagged:
		return Sight{Why: Flagged}
	case !viewer.Reached:
		return Sight{Why: NotYet}
	}
	return look(k.Row, columns, viewer)
}

// look reads the cells of a row; of two columns the lesser counts.
func look(number int, columns []Role, viewer Viewer) Sight {
	row := matrix[number]
	for _, column := range columns {
		if viewer.OthersOfHisSideOnly || !viewer.Concerned && (viewer.BeforeJoining || slices.Contains(row.own, column)) {
			return Sight{Why: OthersPart}
		}
	}
	sight := Sight{View: Copy}
	widens := true
	for _, column := range columns {
		s, w := row.cell(column).see(viewer)
		widens = widens && w
		if s.rank() < sight.rank() {
			sight = s
		}
	}
	switch {
	case viewer.Ground.Narrows() && viewer.Exposed >= Fact && viewer.Exposed < sight.View:
		sight.View, sight.Why = viewer.Exposed, Reason(viewer.Ground)
		if sight.View == Fact {
			sight.Part = Whole
		}
	case viewer.Ground.widens() && widens && (Sight{View: viewer.Exposed}).rank() > sight.rank():
		sight = Sight{View: viewer.Exposed, Opened: true}
		if sight.View == Read {
			sight.Why = ToRead
		} else if sight.View == Fact {
			sight.Why = FactOnly
		}
	}
	return sight
}

// meaning is what a cell says before its number.
type meaning struct {
	view   View
	why    Reason
	part   Part // in place of the original
	file   bool // only while the file is open to him
	widens bool // the investigator may open more
}

var meanings = map[string]meaning{
	"C": {view: Copy}, "REP C": {view: Copy}, "RCD C": {view: Copy}, "LRV/REP C": {view: Copy},
	"V":   {view: Read, why: ToRead, widens: true},
	"V→C": {view: Read, why: CopyLater, widens: true},
	"N":   {view: Fact, why: FactOnly, widens: true},
	"N→C": {view: Fact, why: CopyAsked, widens: true},
	"P":   {view: Copy, why: ClaimOnly, part: CivilClaim, widens: true},
	"F":   {view: Copy, file: true},
	"FP":  {view: Copy, why: ClaimOnly, part: CivilClaim, file: true},
	"I":   {why: Unopened, widens: true},
	"X":   {why: Never},
	"–":   {why: Never},
}

// see reads a cell, and says whether the investigator may open more than it does.
// A redacted copy that nobody has made yet leaves the fact. "Text first, copy
// later" (V→C) and "copy on petition" (N→C) stay at the first step until he takes
// the second.
func (c Cell) see(viewer Viewer) (Sight, bool) {
	letters := strings.TrimRight(string(c), "¹²³⁴⁵⁶⁷⁸⁹⁰")
	m, known := meanings[letters]
	if !known {
		return Sight{Why: Unknown}, false
	}
	switch note := string(c)[len(letters):]; note {
	case "¹", "³":
		m.part, m.why, m.widens = PersonalData, NoOthersData, false
	case "²", "⁴": // his own registration, own recognition: else closed
		if !viewer.Concerned {
			m = meanings["X"]
		}
	case "⁹": // himself examined: else as the investigator decides
		if !viewer.Concerned {
			m = meanings["I"]
		}
	case "⁵", "⁶": // also the plaintiff, also the defendant: else the fact
		if !viewer.Concerned {
			m = meanings["N"]
		}
	case "", "⁷", "⁸", "¹⁰", "¹¹", "¹²":
		// ⁷ closed anyhow; ⁸ and ¹² are the kind's precondition; ¹⁰ and ¹¹ may
		// only widen, by a wording or a petition.
	default:
		return Sight{Why: Unknown}, false
	}
	if m.file && !viewer.Familiarising {
		return Sight{Why: WithTheFile}, false
	}
	if m.part != Whole && !viewer.has(m.part) {
		m.view, m.part = min(m.view, Fact), Whole
	}
	return Sight{View: m.view, Part: m.part, Why: m.why}, m.widens
}

func (v Viewer) has(part Part) bool {
	return part == PersonalData && v.MaskedCopy || part == CivilClaim && v.ClaimCopy
}

// Widest is how far the investigator may open a decision of this kind to a viewer
// further than it is; equal to what he sees where he may not.
func Widest(kind Kind, viewer Viewer) Sight {
	viewer.Exposed, viewer.Ground = Copy, ForDefence
	return See(kind, viewer)
}

// Closing is a row of the matrix that a status does not open, and why.
type Closing struct {
	Number int
	Kinds  []Kind // none: what the portal keeps as no decision
	By     law.Ref
	Sight  Sight
}

// Closed is what the status of a viewer does not open to him, though a decision
// named him and all that it waits for had come: the rows of the matrix by which he
// is shown no text. It knows of no case, so it tells nothing of one.
func Closed(viewer Viewer) []Closing {
	viewer.Concerned, viewer.Reached = true, true
	viewer.OthersOfHisSideOnly, viewer.BeforeJoining, viewer.Flagged = false, false, false
	viewer.MaskedCopy, viewer.ClaimCopy, viewer.Ground = false, false, ""
	columns := columnsOf(viewer)
	if len(columns) == 0 {
		return nil
	}
	var out []Closing
	for _, row := range Matrix() {
		if row.Number == ownFilings || row.Number == representedFilings || matrix[row.Number].cell(columns[0]) == "–" {
			continue
		}
		if s := look(row.Number, columns, viewer); s.View < Read {
			out = append(out, Closing{row.Number, row.Kinds, row.By[0], s})
		}
	}
	return out
}

// The rows of answers to filings: those are read with the filing.
const (
	ownFilings         = 34
	representedFilings = 35
)

// Seats are the statuses as they can be held: by oneself, or for another.
func Seats() []Viewer {
	var out []Viewer
	for _, role := range Roles {
		if roles[role].Represents == nil {
			out = append(out, Viewer{Role: role})
		}
		for _, represented := range roles[role].Represents {
			out = append(out, Viewer{Role: role, Represented: represented})
		}
	}
	return out
}

// Viewers walks everything a viewer of one seat can be to a decision: seven
// circumstances and two copies, and each exposure that can be signed.
func Viewers(seat Viewer, do func(Viewer)) {
	exposures := []Viewer{{}}
	for _, ground := range Grounds {
		for _, view := range Views[1:] {
			exposures = append(exposures, Viewer{Ground: ground, Exposed: view})
		}
	}
	for bits := range 1 << 8 {
		on := func(bit int) bool { return bits&(1<<bit) != 0 }
		for _, x := range exposures {
			do(Viewer{
				Role: seat.Role, Represented: seat.Represented,
				Concerned: on(0), OthersOfHisSideOnly: on(1), BeforeJoining: on(2), Reached: on(3), Flagged: on(4),
				Familiarising: on(5), MaskedCopy: on(6), ClaimCopy: on(7),
				Exposed: x.Exposed, Ground: x.Ground,
			})
		}
	}
}
