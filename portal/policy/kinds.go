package policy

import "zharia/portal/law"

// Kind is a kind of procedural decision or event.
type Kind string

// Precondition is what a decision waits for before anyone is shown it.
type Precondition string

// The preconditions; Nothing is for decisions that stand as soon as they are
// signed.
const (
	Nothing    Precondition = ""
	Agreement  Precondition = "agreement"  // the prosecutor agrees
	Sanction   Precondition = "sanction"   // the investigating judge allows it
	Completion Precondition = "completion" // the act itself has been done
	Approval   Precondition = "approval"   // the prosecutor approves or draws up
)

// KindRule is what the tables know of a kind of decision.
type KindRule struct {
	Row   int     // its row in the matrix
	By    law.Ref // the article the decision is made under
	Needs Precondition

	// Sometimes says that only some decisions of the kind wait: a written
	// undertaking not to leave needs no judge, custody does. The official says
	// which it is.
	Sometimes bool

	// Answer is a decision on somebody's filing: it is made by answering the
	// filing, never by publishing.
	Answer bool

	// Secret must not be announced through the portal: it would defeat itself.
	Secret bool

	// Reopens says that the investigation goes on after its end: what the end had opened
	// of the file is closed until it ends anew (CPC 201, 294).
	Reopens bool
}

// KindOf is what the tables know of a kind; false for a word that is none.
func KindOf(kind Kind) (KindRule, bool) {
	k, ok := kinds[kind]
	return k, ok
}

// Publishable says that an investigator may place a decision of this kind in
// the portal by hand.
func (k KindRule) Publishable() bool { return !k.Answer && !k.Secret }

// Kinds lists the kinds in the order of a case: report, status, restraint,
// acts, terms, end.
var Kinds = []Kind{
	"kui-registered", "erdr-registered", "erdr-not-registered", "transfer-admin", "transfer-private",
	"transfer-jurisdiction", "accepted", "group", "language", "eformat-on", "eformat-off",
	"victim-recognised", "victim-refused", "victim-ended", "plaintiff-recognised", "defendant-recognised",
	"rep-admitted", "defender-in",
	"suspect-recognised", "detained", "released", "qualified", "requalified",
	"restraint-petition", "restraint-set", "restraint-extended", "restraint-changed", "restraint-cancelled",
	"approach-ban", "office-removal", "property-arrest",
	"search-done", "seizure-done", "expertise-set", "expertise-done", "specialist", "samples", "experiment",
	"joined", "severed", "term-extended", "term-interrupted", "term-resumed",
	"terminated-full", "terminated-part", "prosecution-terminated", "pti-reopened", "wanted", "lost-restored",
	"petition-result", "complaint-result", "plea-petition", "plea-signed", "order-procedure",
	"misdemeanour-protocol", "accelerated-protocol", "accusation-protocol",
	"end-notice", "familiarised", "report-done", "indictment", "returned", "sent-court", "reconciled",
}

var kinds = map[Kind]KindRule{
	"kui-registered":         {Row: 1, By: law.CPC(185, 1)},
	"erdr-registered":        {Row: 1, By: law.CPC(179, 1)},
	"erdr-not-registered":    {Row: 2, By: law.CPC(179, 1)},
	"transfer-admin":         {Row: 2, By: law.CPC(179, 4)},
	"transfer-private":       {Row: 2, By: law.CPC(179, 5)},
	"transfer-jurisdiction":  {Row: 2, By: law.CPC(186), Needs: Agreement},
	"accepted":               {Row: 3, By: law.CPC(180, 1)},
	"group":                  {Row: 4, By: law.CPC(194)},
	"language":               {Row: 5, By: law.CPC(30)},
	"eformat-on":             {Row: 6, By: law.CPCs("42-1", 2)},
	"eformat-off":            {Row: 6, By: law.CPCs("42-1", 2)},
	"victim-recognised":      {Row: 7, By: law.CPC(71, 3)},
	"victim-refused":         {Row: 7, By: law.CPC(109)},
	"victim-ended":           {Row: 7, By: law.CPC(71, 3)},
	"plaintiff-recognised":   {Row: 8, By: law.CPC(73)},
	"defendant-recognised":   {Row: 9, By: law.CPC(74)},
	"rep-admitted":           {Row: 10, By: law.CPC(76)},
	"defender-in":            {Row: 10, By: law.CPC(68, 8)},
	"suspect-recognised":     {Row: 11, By: law.CPC(202), Needs: Agreement},
	"detained":               {Row: 12, By: law.CPC(131)},
	"released":               {Row: 12, By: law.CPC(133)},
	"qualified":              {Row: 13, By: law.CPC(203), Needs: Agreement},
	"requalified":            {Row: 13, By: law.CPC(203), Needs: Agreement},
	"restraint-petition":     {Row: 14, By: law.CPC(140), Needs: Agreement},
	"restraint-set":          {Row: 14, By: law.CPC(140), Needs: Sanction, Sometimes: true},
	"restraint-extended":     {Row: 14, By: law.CPC(140), Needs: Sanction, Sometimes: true},
	"restraint-changed":      {Row: 14, By: law.CPC(153), Needs: Sanction, Sometimes: true},
	"restraint-cancelled":    {Row: 14, By: law.CPC(153), Needs: Sanction, Sometimes: true},
	"approach-ban":           {Row: 15, By: law.CPC(165), Needs: Sanction},
	"office-removal":         {Row: 16, By: law.CPC(158), Needs: Sanction},
	"property-arrest":        {Row: 17, By: law.CPC(161), Needs: Sanction},
	"search-done":            {Row: 18, By: law.CPC(252), Needs: Completion},
	"seizure-done":           {Row: 18, By: law.CPC(253), Needs: Completion},
	"expertise-set":          {Row: 19, By: law.CPC(272)},
	"expertise-done":         {Row: 20, By: law.CPC(283)},
	"specialist":             {Row: 21, By: law.CPC(80)},
	"samples":                {Row: 21, By: law.CPC(70, 2, 5)},
	"experiment":             {Row: 21, By: law.CPC(70, 2, 5)},
	"joined":                 {Row: 28, By: law.CPC(43)},
	"severed":                {Row: 29, By: law.CPC(44)},
	"term-extended":          {Row: 27, By: law.CPC(192, 4), Needs: Agreement},
	"term-interrupted":       {Row: 25, By: law.CPC(45, 7), Needs: Agreement},
	"term-resumed":           {Row: 26, By: law.CPC(45, 9)},
	"terminated-full":        {Row: 30, By: law.CPC(288), Needs: Approval},
	"terminated-part":        {Row: 30, By: law.CPC(288), Needs: Approval},
	"prosecution-terminated": {Row: 30, By: law.CPC(288), Needs: Approval},
	"pti-reopened":           {Row: 31, By: law.CPC(291), Reopens: true},
	"wanted":                 {Row: 32, By: law.CPC(292), Secret: true},
	"lost-restored":          {Row: 33, By: law.CPC(293)},
	"petition-result":        {Row: 34, By: law.CPC(99, 6), Answer: true},
	"complaint-result":       {Row: 34, By: law.CPC(105, 4), Answer: true},
	"plea-petition":          {Row: 37, By: law.CPC(64, 9, 16), Needs: Agreement},
	"plea-signed":            {Row: 37, By: law.CPC(612), Needs: Agreement},
	"order-procedure":        {Row: 38, By: law.CPCs("629-1"), Needs: Approval},
	"misdemeanour-protocol":  {Row: 42, By: law.CPC(527), Needs: Approval},
	"accelerated-protocol":   {Row: 42, By: law.CPC(190), Needs: Approval},
	"accusation-protocol":    {Row: 42, By: law.CPCs("192-2"), Needs: Approval},
	"end-notice":             {Row: 39, By: law.CPC(294)},
	"familiarised":           {Row: 22, By: law.CPC(294, 4)},
	"report-done":            {Row: 41, By: law.CPC(298)},
	"indictment":             {Row: 43, By: law.CPC(302), Needs: Approval},
	"returned":               {Row: 45, By: law.CPC(302, 1, 3), Reopens: true},
	"sent-court":             {Row: 46, By: law.CPC(305)},
	"reconciled":             {Row: 30, By: law.CPC(35), Needs: Approval},
}

// Basis is the ground on which a person holds a status.
type Basis struct {
	Key string // its words are under "basis."
	By  law.Ref

	// Rests is the kind of decision that the ground stands on until the prosecutor
	// has agreed with it: he refuses, and the status ends at once, by FallsBy.
	// "" is a ground that stands by itself: who is detained is a suspect whatever
	// becomes of the ruling.
	Rests   Kind
	FallsBy law.Ref
}

// Waits says that a decision of this kind waits for the prosecutor: he agrees with
// it, or approves it, by a signature of his own, and nobody of the parties is shown
// it before.
func (k KindRule) Waits() bool { return k.Needs == Agreement || k.Needs == Approval }

// Falls says that a status held on a ground ends when the prosecutor refuses a
// decision of a kind, and by which article.
func Falls(role Role, basis string, kind Kind) (law.Ref, bool) {
	for _, b := range Bases[role] {
		if b.Key == basis && b.Rests == kind && kind != "" {
			return b.FallsBy, true
		}
	}
	return law.Ref{}, false
}

// Relative is the ground of a defender who is no advocate: a spouse, close relative
// or guardian, who is admitted only beside one, CPC 66(2).
const Relative = "relative"

// Bases are the grounds each status can be held on. The suspect's matter most:
// in an urgent case a person is a suspect from the questioning, and stops being
// one at once if the prosecutor does not agree, CPC 202(1-2).
var Bases = map[Role][]Basis{
	Suspect: {
		{Key: "ruling", By: law.CPC(64, 1, 1), Rests: "suspect-recognised", FallsBy: law.CPC(202, 1).Dash(2)},
		{Key: "urgent-questioning", By: law.CPC(64, 1, 1).Dash(1), Rests: "suspect-recognised", FallsBy: law.CPC(202, 1).Dash(2)},
		{Key: "detention", By: law.CPC(64, 1, 2)},
		{Key: "qualification", By: law.CPC(64, 1, 3), Rests: "qualified", FallsBy: law.CPC(203, 1).Dash(2)},
		{Key: "misdemeanour-questioning", By: law.CPC(64, 1, 4)},
	},
	Accused: {
		{Key: "indictment", By: law.CPC(65, 1, 1)},
		{Key: "protocol", By: law.CPC(65, 1, 2)},
		{Key: "plea-agreement", By: law.CPC(65, 1, 3)},
	},
	TrialDefendant:    {{Key: "trial-appointed", By: law.CPC(65)}},
	ProtectedWitness:  {{Key: "law", By: law.CPCs("65-1", 1)}},
	Defender:          {{Key: "defence-notice", By: law.CPC(68, 8)}, {Key: Relative, By: law.CPC(66, 2)}},
	Victim:            {{Key: "ruling", By: law.CPC(71, 3)}, {Key: "successor", By: law.CPC(71, 11)}},
	PrivateProsecutor: {{Key: "private-complaint", By: law.CPC(72)}},
	CivilPlaintiff:    {{Key: "ruling", By: law.CPC(73)}, {Key: "claim", By: law.CPC(73)}},
	CivilDefendant:    {{Key: "ruling", By: law.CPC(74)}, {Key: "claim", By: law.CPC(74)}},
	SuspectsLegalRep:  {{Key: "admitted", By: law.CPC(75)}},
	VictimsLegalRep:   {{Key: "admitted", By: law.CPC(76, 2)}},
	Representative:    {{Key: "admitted", By: law.CPC(76)}},
	DefendantsRep:     {{Key: "admitted", By: law.CPC(77)}},
	Applicant:         {{Key: "report", By: law.CPC(181)}},
	Witness:           {{Key: "law", By: law.CPC(78)}},
}

// BasisLaw is the article of a ground; zero for a ground the status does not have.
func BasisLaw(role Role, basis string) law.Ref {
	for _, b := range Bases[role] {
		if b.Key == basis {
			return b.By
		}
	}
	return law.Ref{}
}
