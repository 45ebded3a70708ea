// Package sample is the ready petitions and complaints that a citizen begins
// with: what people most often ask for, in both languages, with the facts of his
// case put in and a visible blank wherever only he knows the fact. The texts are
// data (data/*.toml); this package reads them, refuses those with a flaw, and
// fills them.
package sample

import (
	"regexp"
	"slices"
	"strings"

	"zharia/portal/fault"
	"zharia/portal/law"
	"zharia/portal/policy"
)

// Blank stands where a fact is missing. A text that still has one is not ready to
// be signed.
const Blank = "____"

// About is what a filing is about: a kind of decision, an answer, a silence.
type About string

// What is no decision can be contested, too; Nothing is a filing about neither.
const (
	Nothing About = ""
	Answer  About = "answer"
	Silence About = "silence"
)

// Group is what a sample is for, in the list that people read.
type Group string

// Groups are all groups in the order of the list; each is a file of data/.
var Groups = []Group{"evidence", "liberty", "property", "rights", "reading", "course", "against-decision", "against-act", "further"}

// Text is a sample in one language, as it was written.
type Text struct {
	Title         string   // what a citizen calls it
	Hint          string   // what a good ground looks like
	Circumstances string   // with fields and blanks
	Points        []string // what is asked, one by one
}

// Choice is one of the kinds a sample has: which examination, which restraint.
type Choice struct {
	Key   string
	label map[string]string
	words map[string]string
}

// Label is the choice as a list offers it.
func (c Choice) Label(lang string) string { return c.label[lang] }

// Sample is one ready text.
type Sample struct {
	Key     string
	Group   Group
	Kinds   []policy.FilingKind // of the filings it can begin, the usual first
	Roles   []policy.Role       // who needs it; none: whoever may bring such a filing
	About   []About             // what it contests; none: whatever the filing is about
	Law     []law.Ref
	Choices []Choice
	text    map[string]Text
}

// In is the sample in a language; one that is not spoken here gives Kazakh.
func (s Sample) In(lang string) Text {
	if t, ok := s.text[lang]; ok {
		return t
	}
	return s.text["kk"]
}

// Suits says whether the sample begins a filing of this kind, by this status,
// about this. A status or a matter that is not known yet excludes nothing.
func (s Sample) Suits(kind policy.FilingKind, role policy.Role, about About) bool {
	return slices.Contains(s.Kinds, kind) &&
		(role == "" || len(s.Roles) == 0 || slices.Contains(s.Roles, role)) &&
		(about == Nothing || len(s.About) == 0 || slices.Contains(s.About, about))
}

// All are the samples in the order people read them.
func All() []Sample { return slices.Clone(all) }

// For are the samples for one form: those that were written for exactly this
// decision, answer or silence stand first.
func For(kind policy.FilingKind, role policy.Role, about About) []Sample {
	var exact, general []Sample
	for _, s := range all {
		switch {
		case !s.Suits(kind, role, about):
		case about != Nothing && slices.Contains(s.About, about):
			exact = append(exact, s)
		default:
			general = append(general, s)
		}
	}
	return append(exact, general...)
}

// Of is the sample of a key; false for a word that is none.
func Of(key string) (Sample, bool) {
	for _, s := range all {
		if s.Key == key {
			return s, true
		}
	}
	return Sample{}, false
}

// Fields are the facts of a case, each already in the language of the text and in
// the nominative. What is empty becomes a blank.
type Fields struct {
	Case       string // number
	Decision   string // its name
	DecisionOn string // its day
	Official   string // who decides or investigates
	Body       string // where he serves
	Filing     string // number of the filing that was refused or not answered
	FiledOn    string // the day it was filed
	Due        string // the day by which it had to be answered
	Role       string // status of whoever files
	Today      string
}

func (f Fields) values() map[string]string {
	return map[string]string{
		"Case": f.Case, "Decision": f.Decision, "DecisionOn": f.DecisionOn, "Official": f.Official, "Body": f.Body,
		"Filing": f.Filing, "FiledOn": f.FiledOn, "Due": f.Due, "Role": f.Role, "Today": f.Today,
	}
}

// Draft is a filled sample: what goes into the form.
type Draft struct {
	Circumstances string
	Points        []string
	Blanks        int // how many facts the citizen has still to write
}

var (
	field = regexp.MustCompile(`\{\{\.([A-Za-z]+)\}\}`)
	gap   = regexp.MustCompile(`_{3,}`)
)

// Fill puts the facts of a case and one of the choices into the sample; without a
// choice its place is a blank. Errors: fault.NotFound for a choice the sample does
// not have.
func (s Sample) Fill(fields Fields, lang, choice string) (Draft, error) {
	text, values := s.In(lang), fields.values()
	if _, spoken := s.text[lang]; !spoken {
		lang = "kk"
	}
	if choice != "" {
		i := slices.IndexFunc(s.Choices, func(c Choice) bool { return c.Key == choice })
		if i < 0 {
			return Draft{}, fault.New(fault.NotFound, "fault.not-found")
		}
		values["Choice"] = s.Choices[i].words[lang]
	}
	// One pass: what comes from the case is never read as a field again.
	put := func(text string) string {
		return field.ReplaceAllStringFunc(text, func(found string) string {
			name := field.FindStringSubmatch(found)[1]
			if value := strings.Join(strings.Fields(values[name]), " "); value != "" {
				return value
			}
			return blanks[lang][name]
		})
	}
	d := Draft{Circumstances: put(text.Circumstances)}
	for _, p := range text.Points {
		d.Points = append(d.Points, put(p))
	}
	d.Blanks = Blanks(d.Circumstances, d.Points...)
	return d, nil
}

// Blanks counts what is still to be written in a text.
func Blanks(text string, more ...string) int {
	n := len(gap.FindAllString(text, -1))
	for _, t := range more {
		n += len(gap.FindAllString(t, -1))
	}
	return n
}
