package sample_test

import (
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"zharia"
	"zharia/portal/fault"
	"zharia/portal/filing"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/sample"
	"zharia/portal/words"
)

// full are the facts of a case of which everything is known.
var full = sample.Fields{
	Case: "221900031000047", Decision: "Сараптама", DecisionOn: "27.10.2026", Official: "Даниярова Д.", Body: "Полиция",
	Filing: "Ш-26-000007-1", FiledOn: "20.10.2026", Due: "23.10.2026", Role: "Куә", Today: "30.10.2026",
}

// each fills every sample with and without facts, with every choice and with none.
func each(t *testing.T, look func(s sample.Sample, lang, how string, d sample.Draft)) {
	t.Helper()
	n := 0
	for _, s := range sample.All() {
		choices := []string{""}
		for _, c := range s.Choices {
			choices = append(choices, c.Key)
		}
		for _, lang := range words.Languages {
			for _, choice := range choices {
				for how, fields := range map[string]sample.Fields{"full": full, "empty": {}} {
					d, err := s.Fill(fields, lang, choice)
					if err != nil {
						t.Fatalf("%s %s %q: %v", s.Key, lang, choice, err)
					}
					look(s, lang, how+" "+choice, d)
					n++
				}
			}
		}
	}
	if n < 300 {
		t.Errorf("only %d drafts were looked at", n)
	}
}

func TestThereAreSamplesForWhatPeopleAskMost(t *testing.T) {
	if n := len(sample.All()); n < 44 {
		t.Errorf("there are %d samples", n)
	}
	for _, rule := range policy.Filings {
		if !slices.ContainsFunc(sample.All(), func(s sample.Sample) bool { return slices.Contains(s.Kinds, rule.Kind) }) {
			t.Errorf("no sample begins a %s", rule.Kind)
		}
	}
	for _, group := range sample.Groups {
		if !slices.ContainsFunc(sample.All(), func(s sample.Sample) bool { return s.Group == group }) {
			t.Errorf("the group %s is empty", group)
		}
	}
}

func TestAFilledSampleHasNoDebrisAndFitsTheForm(t *testing.T) {
	each(t, func(s sample.Sample, lang, how string, d sample.Draft) {
		whole := d.Circumstances + strings.Join(d.Points, "\n")
		if strings.ContainsAny(whole, "{}<>") {
			t.Errorf("%s %s %s: something of the template is left: %q", s.Key, lang, how, whole)
		}
		if n := utf8.RuneCountInString(d.Circumstances); n < filing.MinText || n > filing.MaxText {
			t.Errorf("%s %s %s: %d characters", s.Key, lang, how, n)
		}
		for _, p := range d.Points {
			if n := utf8.RuneCountInString(p); n < filing.MinText || n > filing.MaxText {
				t.Errorf("%s %s %s: a point of %d characters", s.Key, lang, how, n)
			}
		}
		if d.Blanks != strings.Count(whole, sample.Blank) {
			t.Errorf("%s %s %s: %d blanks, counted %d", s.Key, lang, how, strings.Count(whole, sample.Blank), d.Blanks)
		}
		if d.Blanks == 0 {
			t.Errorf("%s %s %s could be signed unread: nothing in it is the citizen's own", s.Key, lang, how)
		}
	})
}

func TestWhatIsKnownIsPutInAndWhatIsNotIsABlank(t *testing.T) {
	s, ok := sample.Of("petition-silence")
	if !ok {
		t.Fatal("the sample is gone")
	}
	known, _ := s.Fill(full, "ru", "")
	unknown, _ := s.Fill(sample.Fields{}, "ru", "")
	for _, fact := range []string{full.Filing, full.FiledOn, full.Due, full.Official} {
		if !strings.Contains(known.Circumstances, fact) || strings.Contains(unknown.Circumstances, fact) {
			t.Errorf("%q is not put in", fact)
		}
	}
	if unknown.Blanks != known.Blanks+4 {
		t.Errorf("%d blanks with the facts, %d without four of them", known.Blanks, unknown.Blanks)
	}
	if !strings.Contains(unknown.Circumstances, "____ (номер ходатайства или жалобы)") {
		t.Errorf("a blank does not say what belongs there: %q", unknown.Circumstances)
	}
}

// A name could carry braces: what comes from a case is text and never a field.
func TestAFactIsNeverReadAsAField(t *testing.T) {
	s, _ := sample.Of("petition-silence")
	d, err := s.Fill(sample.Fields{Official: "{{.Due}}", Due: "23.10.2026", Filing: "7\n\n____"}, "ru", "")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(d.Circumstances, "{{.Due}}") || strings.Count(d.Circumstances, "23.10.2026") != 1 {
		t.Errorf("a name was read as a field: %q", d.Circumstances)
	}
	if !strings.Contains(d.Circumstances, "7 ____,") {
		t.Errorf("a fact breaks the line: %q", d.Circumstances)
	}
}

func TestAChoicePutsItsWordsInAndAnUnknownOneIsRefused(t *testing.T) {
	s, _ := sample.Of("restraint")
	for lang, want := range map[string]string{"kk": "кепіл", "ru": "залог"} {
		d, err := s.Fill(full, lang, "bail")
		if err != nil || !strings.Contains(d.Points[0], want) || strings.Contains(d.Points[0], sample.Blank) {
			t.Errorf("%s: %q, %v", lang, d.Points, err)
		}
		if d, _ := s.Fill(full, lang, ""); !strings.Contains(d.Points[0], sample.Blank) {
			t.Errorf("%s: without a choice there is no blank: %q", lang, d.Points[0])
		}
	}
	if _, err := s.Fill(full, "kk", "flogging"); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown choice gives %v", err)
	}
	if d, err := s.Fill(full, "en", "bail"); err != nil || !strings.Contains(d.Points[0], "кепіл") {
		t.Errorf("a third language gives %q, %v, not Kazakh", d.Points, err)
	}
}

// Every choice of every sample belongs to it, reads in both languages and is no
// other choice.
func TestEveryChoiceSaysSomethingOfItsOwn(t *testing.T) {
	for _, s := range sample.All() {
		for _, lang := range words.Languages {
			said := map[string]bool{}
			for _, c := range s.Choices {
				d, err := s.Fill(full, lang, c.Key)
				if err != nil || said[c.Label(lang)] || said["="+d.Points[0]+d.Circumstances] {
					t.Errorf("%s %s: the choice %s is there twice, or %v", s.Key, lang, c.Key, err)
				}
				said[c.Label(lang)], said["="+d.Points[0]+d.Circumstances] = true, true
			}
		}
	}
}

func TestAFormIsOfferedWhatSuitsItAndTheExactFirst(t *testing.T) {
	keys := func(kind policy.FilingKind, role policy.Role, about sample.About) (out []string) {
		for _, s := range sample.For(kind, role, about) {
			out = append(out, s.Key)
		}
		return out
	}
	if got := keys(policy.FilingPetition, policy.Victim, "expertise-done"); len(got) < 10 || got[0] != "expertise-again" || slices.Contains(got, "restraint") || slices.Contains(got, "expert-questions") {
		t.Errorf("a victim with an expert's conclusion is offered %v", got)
	}
	if got := keys(policy.FilingPetition, policy.Suspect, sample.Nothing); !slices.Contains(got, "restraint") || !slices.Contains(got, "witness") {
		t.Errorf("a suspect is offered %v", got)
	}
	if got := keys(policy.FilingComplaintProsecutor, policy.Victim, sample.Silence); got[0] != "petition-silence" || slices.Contains(got, "petition-refused") {
		t.Errorf("after a silence: %v", got)
	}
	if got := keys(policy.FilingComplaintCourt, policy.Victim, sample.Answer); !slices.Contains(got[:2], "court-refused") || slices.Contains(got, "court-silence") {
		t.Errorf("after a refusal the judge gets %v", got)
	}
	if got := keys(policy.FilingChallenge, policy.Witness, sample.Nothing); !slices.Equal(got, []string{"challenge-interpreter"}) {
		t.Errorf("a witness may challenge an interpreter alone and is offered %v", got)
	}
	if got := keys("nothing", policy.Victim, sample.Nothing); got != nil {
		t.Errorf("a kind that is none has %v", got)
	}
	if _, ok := sample.Of("nothing"); ok {
		t.Error("a key that is none has a sample")
	}
}

// Torture goes past the investigator and his head, CPC 101.
func TestTortureIsForTheProsecutorAlone(t *testing.T) {
	s, _ := sample.Of("torture")
	if !slices.Equal(s.Kinds, []policy.FilingKind{policy.FilingComplaintProsecutor}) {
		t.Errorf("a complaint of torture begins %v", s.Kinds)
	}
}

func TestEveryArticleOfASampleIsKnownByItsTitle(t *testing.T) {
	b := bookOf(t)
	for _, s := range sample.All() {
		for _, ref := range s.Law {
			if _, ok := law.InIndex(ref); !ok {
				t.Errorf("%s rests on %s, which the law package does not know", s.Key, ref)
			}
			for _, lang := range words.Languages {
				if !b.In(lang).Has(ref.Title()) {
					t.Errorf("%s: %s has no title in %s", s.Key, ref, lang)
				}
			}
		}
	}
}

func bookOf(t *testing.T) *words.Book {
	t.Helper()
	files, err := fs.Sub(zharia.Words, "i18n")
	if err != nil {
		t.Fatal(err)
	}
	b, err := words.New(files, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// texts are all that people read of the samples.
func texts(t *testing.T, look func(where, lang, text string)) {
	t.Helper()
	for _, s := range sample.All() {
		for _, lang := range words.Languages {
			in := s.In(lang)
			for _, text := range append([]string{in.Title, in.Hint, in.Circumstances}, in.Points...) {
				look(s.Key, lang, text)
			}
			for _, c := range s.Choices {
				d, err := s.Fill(sample.Fields{}, lang, c.Key)
				if err != nil {
					t.Fatal(err)
				}
				for _, text := range append([]string{c.Label(lang), d.Circumstances}, d.Points...) {
					look(s.Key+"/"+c.Key, lang, text)
				}
			}
			d, _ := s.Fill(sample.Fields{}, lang, "")
			look(s.Key+" empty", lang, d.Circumstances)
		}
	}
}

// The mistakes of typography that the words of the portal do not have either.
var mistakes = map[string]*regexp.Regexp{
	"two spaces together":                 regexp.MustCompile(`[ \x{A0}]{2}`),
	"a space at the beginning or end":     regexp.MustCompile(`^\s|\s$|[ \x{A0}]\n|\n[ \x{A0}]`),
	"a space before a mark":               regexp.MustCompile(`[ \x{A0}][,.;:!?»)]`),
	"a straight quote, «» is used":        regexp.MustCompile(`["'“”„` + "`" + `]`),
	"a hyphen or a long dash, – is used":  regexp.MustCompile(`[ \x{A0}]-[ \x{A0}]|—`),
	"three full stops, … is used":         regexp.MustCompile(`\.\.\.`),
	"№ without a no-break space after it": regexp.MustCompile(`№[^\x{A0}]`),
	"a unit without a no-break space":     regexp.MustCompile(`[0-9}] (тәулік|сағат|суток|сутки|часов)`),
	"a mark with no space after it":       regexp.MustCompile(`\p{L}[,;!?]\p{L}`),
	"a control or a direction character":  regexp.MustCompile(`[\x00-\x09\x0B-\x1F\x7F\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}]`),
	"two full stops":                      regexp.MustCompile(`[.:]\.|\.:`),
	"an older name of the Code":           regexp.MustCompile(`ҚІЖК|ҚР ІЖ`),
	"an oddly long blank":                 regexp.MustCompile(`_{5,}|(^|[^_])_{1,3}([^_]|$)`),
}

func TestTypographyIsTheOneOfTheHouse(t *testing.T) {
	texts(t, func(where, lang, text string) {
		for name, wrong := range mistakes {
			if found := wrong.FindString(regexp.MustCompile(`\{\{.*?\}\}`).ReplaceAllString(text, "}")); found != "" {
				t.Errorf("%s in %s: %s: %q in %q", where, lang, name, found, text)
			}
		}
		if strings.Count(text, "«") != strings.Count(text, "»") || strings.Count(text, "(") != strings.Count(text, ")") {
			t.Errorf("%s in %s: something is not closed: %q", where, lang, text)
		}
	})
}

var (
	russian = regexp.MustCompile(`(?i)^(и|или|на|но|в|во|с|со|к|о|об|от|до|из|за|по|при|про|для|без|под|над|что|чтобы|как|это|этот|эта|если|уже|ещё|еще|вы|вас|ваш|ваша|ваши|она|они|был|была|было|быть|нет|есть|можно|нельзя|нужно|только|когда|где|кто|дело|дела|жалоба|жалобы|ходатайство|решение|постановление|следователь|участник|статья|статьи|срок|ответ|подпись|ключ)$|.(ться|ется|ются|ение|ения|ать|ить|ого|ому|ыми|ский|ская)$`)
	kazakh  = regexp.MustCompile(`(?i)[әғқңөұүһі]`)
	word    = regexp.MustCompile(`\p{L}+`)
)

func TestKazakhIsKazakhAndRussianIsRussian(t *testing.T) {
	texts(t, func(where, lang, text string) {
		text = regexp.MustCompile(`\{\{.*?\}\}`).ReplaceAllString(text, " ")
		for _, w := range word.FindAllString(text, -1) {
			own := lang == "kk" && kazakh.MatchString(w) // «ғылыми» ends as a Russian word does
			if lang == "kk" && !own && russian.MatchString(w) || lang == "ru" && kazakh.MatchString(w) {
				t.Errorf("%s in %s: %q is of the other language", where, lang, w)
			}
			if strings.ContainsFunc(w, func(r rune) bool { return unicode.Is(unicode.Latin, r) }) {
				t.Errorf("%s in %s: %q has Latin letters", where, lang, w)
			}
		}
		if lang == "kk" && utf8.RuneCountInString(text) > 60 && !kazakh.MatchString(text) {
			t.Errorf("%s: %q has not one Kazakh letter", where, text)
		}
	})
}

func TestNoSampleIsLeftUntranslatedAndNoTitleIsThereTwice(t *testing.T) {
	titles := map[string]string{}
	for _, s := range sample.All() {
		kk, ru := s.In("kk"), s.In("ru")
		if kk.Title == ru.Title || kk.Circumstances == ru.Circumstances || kk.Hint == ru.Hint {
			t.Errorf("%s says the same in both languages", s.Key)
		}
		if a, b := sample.Blanks(kk.Circumstances, kk.Points...), sample.Blanks(ru.Circumstances, ru.Points...); a != b {
			t.Errorf("%s leaves %d blanks in Kazakh and %d in Russian", s.Key, a, b)
		}
		for _, lang := range words.Languages {
			if other := titles[s.In(lang).Title]; other != "" {
				t.Errorf("%s and %s have one title", s.Key, other)
			}
			titles[s.In(lang).Title] = s.Key
			if n := strings.Count(s.In(lang).Hint, "."); n < 2 || n > 5 {
				t.Errorf("%s in %s: a hint of %d sentences", s.Key, lang, n)
			}
		}
	}
}
