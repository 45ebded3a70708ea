package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zharia/portal/law"
	"zharia/portal/policy"
)

// printPolicy prints the matrix of rights for a lawyer to read: in Kazakh, in
// Russian or in English.
func printPolicy(_ context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("policy", flag.ContinueOnError)
	lang := flags.String("lang", "kk", "kk, ru or en")
	if flags.Parse(args) != nil {
		return errMisuse
	}
	if flags.NArg() > 0 || !slices.Contains([]string{"kk", "ru", "en"}, *lang) {
		return misused("policy takes -lang kk, ru or en")
	}
	text, err := policyText(*lang)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}

// tongue is a language the matrix is printed in.
type tongue struct {
	say  func(key string) string
	law  func(law.Ref) string
	row  func(policy.Row) string
	kind func(policy.Kind) string
	role func(policy.Role) string
}

func tongueOf(lang string) (tongue, error) {
	if lang == "en" {
		return tongue{
			say:  func(key string) string { return english["policy."+key] },
			law:  law.Ref.String,
			row:  func(r policy.Row) string { return upper(r.About) },
			kind: func(k policy.Kind) string { return strings.ReplaceAll(string(k), "-", " ") },
			role: func(r policy.Role) string { return englishRoles[r] },
		}, nil
	}
	book, err := book()
	if err != nil {
		return tongue{}, err
	}
	w := book.In(lang)
	return tongue{
		say:  func(key string) string { return w.T("policy." + key) },
		law:  w.Law,
		row:  func(r policy.Row) string { return w.T("policy.row." + strconv.Itoa(r.Number)) },
		kind: func(k policy.Kind) string { return w.T("kind." + string(k)) },
		role: func(r policy.Role) string { return w.T("role." + string(r)) },
	}, nil
}

// cells are what can stand in a cell without its number, and the words for it.
var cells = []struct{ letters, key string }{
	{"C", "cell.C"}, {"V", "cell.V"}, {"V→C", "cell.VC"}, {"N", "cell.N"}, {"N→C", "cell.NC"}, {"P", "cell.P"},
	{"F", "cell.F"}, {"FP", "cell.FP"}, {"I", "cell.I"}, {"X", "cell.X"}, {"–", "cell.none"},
	{"REP C", "cell.rep"}, {"RCD C", "cell.rep"}, {"LRV/REP C", "cell.rep"},
}

var notes = []string{"¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹", "¹⁰", "¹¹", "¹²"}

// meaning is what a cell says, its number included.
func (t tongue) meaning(c policy.Cell) string {
	letters := strings.TrimRight(string(c), "⁰¹²³⁴⁵⁶⁷⁸⁹")
	text := string(c)
	for _, known := range cells {
		if known.letters == letters {
			text = t.say(known.key)
		}
	}
	if i := slices.Index(notes, string(c)[len(letters):]); i >= 0 {
		text += "; " + t.say("note."+strconv.Itoa(i+1))
	}
	return text
}

// policyText is the whole of it: the rules above all others, the legend, the
// matrix as a table, then each row in words.
func policyText(lang string) (string, error) {
	t, err := tongueOf(lang)
	if err != nil {
		return "", err
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n\n%s\n", strings.ToUpper(t.say("title")), wrap(t.say("lead"), ""))
	fmt.Fprintf(&s, "\n%s\n\n", t.say("above"))
	for _, rule := range []string{"flag", "own", "wide", "narrow", "rep"} {
		fmt.Fprintf(&s, "%s\n", wrap("– "+t.say("above."+rule)+".", "  "))
	}
	t.legend(&s)
	t.table(&s)
	fmt.Fprintf(&s, "\n%s\n", t.say("words"))
	for _, row := range policy.Matrix() {
		t.inWords(&s, row)
	}
	return s.String(), nil
}

func (t tongue) legend(s *strings.Builder) {
	fmt.Fprintf(s, "\n%s\n\n", t.say("legend"))
	for _, c := range cells[:11] {
		fmt.Fprintf(s, "%s %s\n", pad(c.letters, 5), t.say(c.key))
	}
	for i, note := range notes {
		fmt.Fprintf(s, "%s %s\n", pad(note, 5), t.say("note."+strconv.Itoa(i+1)))
	}
	for _, role := range policy.Columns {
		rule, _ := policy.RoleOf(role)
		fmt.Fprintf(s, "%s %s (%s)\n", pad(rule.Code, 5), t.role(role), t.law(rule.By))
	}
}

func (t tongue) table(s *strings.Builder) {
	fmt.Fprintf(s, "\n%s\n\n", t.say("table"))
	line := pad("№", 4)
	for _, role := range policy.Columns {
		rule, _ := policy.RoleOf(role)
		line += pad(rule.Code, 10)
	}
	fmt.Fprintf(s, "%s\n", strings.TrimRight(line, " "))
	for _, row := range policy.Matrix() {
		line := pad(strconv.Itoa(row.Number), 4)
		for _, cell := range row.Cells {
			line += pad(string(cell), 10)
		}
		fmt.Fprintf(s, "%s%s\n", line, t.row(row))
	}
}

// inWords is one row: what it is about, the kinds of decision it rules with their
// articles and what they wait for, and who sees what of them.
func (t tongue) inWords(s *strings.Builder, row policy.Row) {
	fmt.Fprintf(s, "\n%d. %s\n", row.Number, t.row(row))
	if len(row.Kinds) > 0 {
		fmt.Fprintf(s, "   %s:\n", t.say("kinds"))
	}
	for _, kind := range row.Kinds {
		rule, _ := policy.KindOf(kind)
		line := t.kind(kind) + " (" + t.law(rule.By) + ")"
		if rule.Needs != policy.Nothing {
			line += "; " + t.say("needs."+string(rule.Needs))
		}
		if rule.Sometimes {
			line += ", " + t.say("sometimes")
		}
		if rule.Answer {
			line += "; " + t.say("answer")
		}
		if rule.Secret {
			line += "; " + t.say("secret")
		}
		fmt.Fprintf(s, "%s\n", wrap("   – "+line, "     "))
	}
	var order []policy.Cell
	who := map[policy.Cell][]string{}
	for i, cell := range row.Cells {
		if who[cell] == nil {
			order = append(order, cell)
		}
		who[cell] = append(who[cell], t.role(policy.Columns[i]))
	}
	for _, cell := range order {
		fmt.Fprintf(s, "%s\n", wrap("   "+string(cell)+": "+strings.Join(who[cell], "; ")+" – "+t.meaning(cell), "     "))
	}
	if len(row.Own) > 0 {
		var names []string
		for _, role := range row.Own {
			names = append(names, t.role(role))
		}
		fmt.Fprintf(s, "%s\n", wrap("   "+t.say("own")+": "+strings.Join(names, "; "), "     "))
	}
	var by []string
	for _, ref := range row.By {
		by = append(by, t.law(ref))
	}
	fmt.Fprintf(s, "%s\n", wrap("   "+t.say("by")+": "+strings.Join(by, ", "), "     "))
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(1, width-utf8.RuneCountInString(text)))
}

// wrap breaks a text into lines of at most 110 characters; those after the first
// begin with indent.
func wrap(text, indent string) string {
	const width = 110
	lead := text[:len(text)-len(strings.TrimLeft(text, " "))]
	line, out := lead, ""
	for i, word := range strings.Split(strings.TrimLeft(text, " "), " ") {
		if i > 0 && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			out, line = out+line+"\n", indent+word
			continue
		}
		if i > 0 {
			line += " "
		}
		line += word
	}
	return out + line
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// english are the words of the matrix in English, which the portal does not speak.
var english = map[string]string{
	"policy.title":            "Which decision of a criminal case opens to whom",
	"policy.lead":             "This table is what the portal works by: nothing opens beyond what stands here. Whoever has no confirmed status does not see the case at all. Articles are those of the Criminal Procedure Code of Kazakhstan (CPC).",
	"policy.legend":           "Signs",
	"policy.cell.C":           "the whole text, with a copy",
	"policy.cell.V":           "the text to be read, without a copy",
	"policy.cell.VC":          "the text to be read first, a copy later",
	"policy.cell.N":           "the fact alone: kind, date, article, how to complain",
	"policy.cell.NC":          "the fact alone; a copy on petition",
	"policy.cell.P":           "the part on the civil claim alone",
	"policy.cell.F":           "only with the file, at familiarisation (CPC 294–296)",
	"policy.cell.FP":          "at familiarisation, the part on the civil claim alone",
	"policy.cell.I":           "only if the investigator opens it",
	"policy.cell.X":           "never through the portal",
	"policy.cell.none":        "cannot be",
	"policy.cell.rep":         "to the representative alone, the whole text with a copy",
	"policy.note.1":           "personal data of the reporter masked",
	"policy.note.2":           "the registration of his own report alone",
	"policy.note.3":           "personal data of the victim masked",
	"policy.note.4":           "only if he himself asked to be recognised",
	"policy.note.5":           "if he is the plaintiff as well; else the fact alone",
	"policy.note.6":           "if he is the defendant as well; else the fact alone",
	"policy.note.7":           "if he becomes a suspect, his status changes first",
	"policy.note.8":           "only after the search or the seizure is completed",
	"policy.note.9":           "if he himself is examined; else only if the investigator opens it",
	"policy.note.10":          "copies of records by technical means may be given too",
	"policy.note.11":          "a copy on petition",
	"policy.note.12":          "after the prosecutor's approval, as the accused",
	"policy.needs.agreement":  "only after the prosecutor agrees",
	"policy.needs.sanction":   "only after the investigating judge allows it",
	"policy.needs.completion": "only after the act is completed",
	"policy.needs.approval":   "only after the prosecutor approves it",
	"policy.sometimes":        "where the Code asks it",
	"policy.answer":           "only as the answer to a petition or a complaint",
	"policy.secret":           "never announced through the portal",
	"policy.own":              "Only what names him (or the one he stands for)",
	"policy.by":               "By",
	"policy.kinds":            "Decisions",
	"policy.table":            "Table",
	"policy.words":            "In words",
	"policy.above":            "Rules above all others",
	"policy.above.flag":       "What bears the flag of a secret opens to no participant (CPC 47, CPC 97)",
	"policy.above.own":        "Of several suspects, of several victims each sees the decisions about himself alone (CPC 43(6))",
	"policy.above.wide":       "The investigator may open more to one person by a signed ruling: past I, N, V and P only, never past X, F, ¹ and ³",
	"policy.above.narrow":     "The investigator may open less only on the ground of CPC 47, CPC 97 or CPC 201; that a decision was made is hidden from nobody",
	"policy.above.rep":        "A representative reads the column of the one he stands for, a private prosecutor the victim's, the accused at trial that of the accused",
}

var englishRoles = map[policy.Role]string{
	policy.Suspect: "Suspect", policy.Accused: "Accused", policy.ProtectedWitness: "Witness with the right to defence",
	policy.Defender: "Defender", policy.Victim: "Victim", policy.CivilPlaintiff: "Civil plaintiff",
	policy.CivilDefendant: "Civil defendant", policy.Applicant: "Applicant", policy.Witness: "Witness",
}
