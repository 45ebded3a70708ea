package words_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"text/template"
	"time"
	"unicode"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	"zharia"
	"zharia/portal/document"
	"zharia/portal/eds"
	"zharia/portal/filing"
	"zharia/portal/guide"
	"zharia/portal/law"
	"zharia/portal/policy"
	"zharia/portal/words"
)

var almaty = time.FixedZone("Almaty", 5*60*60)

// book is the words of the house.
func book(t *testing.T) *words.Book {
	t.Helper()
	files, err := fs.Sub(zharia.Words, "i18n")
	if err != nil {
		t.Fatal(err)
	}
	b, err := words.New(files, almaty)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// small is a book of a few messages: kk and ru are the texts of two files.
func small(kk, ru string) (*words.Book, error) {
	return words.New(fstest.MapFS{
		"a.kk.toml": {Data: []byte(kk)}, "a.ru.toml": {Data: []byte(ru)},
	}, almaty)
}

func said(key, text string) string { return fmt.Sprintf("[%q]\nother = %q\n", key, text) }

// forms are the plural forms of a message by name, those that are written.
func forms(m *i18n.Message) map[string]string {
	all := map[string]string{"one": m.One, "few": m.Few, "many": m.Many, "other": m.Other}
	maps.DeleteFunc(all, func(_, text string) bool { return text == "" })
	return all
}

// each calls look with every form of every message of the house.
func each(t *testing.T, look func(lang, key, form, text string)) {
	t.Helper()
	b := book(t)
	for _, lang := range words.Languages {
		for _, key := range b.Keys(lang) {
			for form, text := range forms(b.Message(lang, key)) {
				look(lang, key, form, text)
			}
		}
	}
}

var action = regexp.MustCompile(`\{\{.*?\}\}`)

func variables(text string) []string {
	found := action.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestBothLanguagesHaveTheSameVariablesInEveryForm(t *testing.T) {
	b := book(t)
	for _, key := range b.Keys("kk") {
		want := variables(b.Message("kk", key).Other)
		for _, lang := range words.Languages {
			for form, text := range forms(b.Message(lang, key)) {
				if got := variables(text); !slices.Equal(got, want) {
					t.Errorf("%s %q, form %s: variables %v, want %v", lang, key, form, got, want)
				}
			}
		}
	}
}

// A count without its forms is an error of go-i18n when the page is shown, not
// when the files are read.
func TestACountedMessageHasEveryPluralFormOfItsLanguage(t *testing.T) {
	need := map[string][]string{"kk": {"one", "other"}, "ru": {"few", "many", "one", "other"}}
	b := book(t)
	for _, lang := range words.Languages {
		for _, key := range b.Keys(lang) {
			m := b.Message(lang, key)
			counted := slices.Contains(variables(m.Other), "{{.n}}")
			got := slices.Sorted(maps.Keys(forms(m)))
			if (counted || len(got) > 1) && !slices.Equal(got, need[lang]) {
				t.Errorf("%s %q: forms %v, want %v", lang, key, got, need[lang])
			}
			if !counted && len(got) > 1 {
				t.Errorf("%s %q has plural forms and no {{.n}}", lang, key)
			}
		}
	}
}

// mistakes of typography, each with the way it is written here.
var mistakes = map[string]*regexp.Regexp{
	"two spaces together":                     regexp.MustCompile(`[ \x{A0}]{2}`),
	"a space at the beginning or end":         regexp.MustCompile(`^\s|\s$|[ \x{A0}]\n|\n[ \x{A0}]`),
	"a space before a mark":                   regexp.MustCompile(`[ \x{A0}][,.;:!?»)]`),
	"a straight quote, «» is used":            regexp.MustCompile(`["'“”„` + "`" + `]`),
	"a hyphen or a long dash, – is used":      regexp.MustCompile(`[ \x{A0}]-[ \x{A0}]|—`),
	"three full stops, … is used":             regexp.MustCompile(`\.\.\.`),
	"HTML":                                    regexp.MustCompile(`[<>]|&[a-z]+;`),
	"№ without a no-break space after it":     regexp.MustCompile(`№[^\x{A0}]`),
	"a unit without a no-break space":         regexp.MustCompile(`[0-9}] (МБ|тәулік|суток|сутки)`),
	"a mark with no space after it":           regexp.MustCompile(`\p{L}[,;!?]\p{L}`),
	"a control or a direction character":      regexp.MustCompile(`[\x00-\x09\x0B-\x1F\x7F\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}]`),
	"an older name of the Code (ҚІЖК, ҚР ІЖ)": regexp.MustCompile(`ҚІЖК|ҚР ІЖ`),
}

func TestTypographyIsTheOneOfTheHouse(t *testing.T) {
	each(t, func(lang, key, form, text string) {
		for name, wrong := range mistakes {
			if found := wrong.FindString(action.ReplaceAllString(text, "}")); found != "" {
				t.Errorf("%s %q, form %s: %s: %q", lang, key, form, name, found)
			}
		}
		if strings.Count(text, "«") != strings.Count(text, "»") {
			t.Errorf("%s %q, form %s: a «quotation» is not closed", lang, key, form)
		}
	})
}

var (
	word  = regexp.MustCompile(`\p{L}+`)
	blank = regexp.MustCompile(`\{\{.*?\}\}|%d|M4A|e-Otinish`) // what a value takes the place of, and names
)

func wordsOf(text string) []string { return word.FindAllString(blank.ReplaceAllString(text, " "), -1) }

func holds(text string, alphabet *unicode.RangeTable) bool {
	return strings.IndexFunc(text, func(r rune) bool { return unicode.Is(alphabet, r) }) >= 0
}

// Latin i and Cyrillic і look alike; official Kazakh texts mix them (law/LAW
// §7a), and then neither search nor a screen reader knows the word.
func TestNoWordMixesLatinAndCyrillicLetters(t *testing.T) {
	each(t, func(lang, key, form, text string) {
		for _, w := range wordsOf(text) {
			latin := holds(w, unicode.Latin)
			if latin && (holds(w, unicode.Cyrillic) || len(w) == 1) {
				t.Errorf("%s %q, form %s: %q has Latin letters", lang, key, form, w)
			}
		}
	})
}

// russian are words and endings that no Kazakh sentence has; kazakh are letters
// that no Russian word has. «Не» and «он» are words of both.
var (
	russian = regexp.MustCompile(`(?i)^(и|или|на|но|в|во|с|со|к|о|об|от|до|из|за|по|при|про|для|без|под|над|что|чтобы|как|это|этот|эта|если|уже|ещё|еще|вы|вас|ваш|ваша|ваши|она|они|был|была|было|быть|нет|есть|можно|нельзя|нужно|только|когда|где|кто|дело|дела|жалоба|жалобы|ходатайство|решение|постановление|следователь|участник|статья|статьи|срок|ответ|подпись|ключ)$|.(ться|ется|ются|ение|ения|ать|ить|ого|ому|ыми|ский|ская)$`)
	kazakh  = regexp.MustCompile(`(?i)[әғқңөұүһі]`)
)

// otherTongue are the messages that speak the other language on purpose: the
// switch of languages names the other one in its own words, and two regions have the
// same name in both.
func otherTongue(key string) bool {
	return strings.HasSuffix(key, "other-language") || key == "region.330000000" || key == "region.620000000"
}

func TestKazakhIsKazakhAndRussianIsRussian(t *testing.T) {
	foreign := map[string]*regexp.Regexp{"kk": russian, "ru": kazakh}
	each(t, func(lang, key, form, text string) {
		if otherTongue(key) {
			return
		}
		for _, w := range wordsOf(text) {
			if lang == "kk" && kazakh.MatchString(w) {
				continue // «ғылыми» ends as a Russian word does
			}
			if foreign[lang].MatchString(w) {
				t.Errorf("%s %q, form %s: %q is of the other language", lang, key, form, w)
			}
		}
	})
}

func TestASentenceIsNotLeftUntranslated(t *testing.T) {
	b := book(t)
	for _, key := range b.Keys("kk") {
		kk, ru := b.Message("kk", key).Other, b.Message("ru", key).Other
		if kk == ru && len(wordsOf(kk)) > 2 {
			t.Errorf("%q says %q in both languages", key, kk)
		}
	}
}

// A refusal says what happened and what to do, so it has at least two sentences.
func TestEveryFaultSaysWhatToDo(t *testing.T) {
	end := regexp.MustCompile(`[.?!](\s|$)`)
	each(t, func(lang, key, form, text string) {
		if strings.HasPrefix(key, "fault.") && !strings.HasSuffix(key, ".title") && len(end.FindAllString(text, -1)) < 2 {
			t.Errorf("%s %q says no way out: %q", lang, key, text)
		}
	})
}

// made are the keys that are put together from our own tables, where a search
// for the key in the sources finds nothing.
func made() (keys []string) {
	add := func(prefix string, names ...string) {
		for _, name := range names {
			keys = append(keys, prefix+name)
		}
	}
	for _, r := range eds.Reasons() {
		add("fault.eds.", string(r))
	}
	for _, r := range []document.Reason{document.TooLarge, document.NotPDF, document.Damaged, document.Encrypted, document.TooManyPages} {
		add("form.bad-pdf.", string(r))
	}
	for _, f := range policy.Flags {
		add("flag.", string(f))
	}
	for _, g := range filing.Grounds {
		add("ground.", string(g))
	}
	for _, s := range filing.StatusWords {
		add("status.word.", string(s))
	}
	for _, s := range filing.Outcomes {
		add("status.", string(s))
		add("paper.", "resolved."+string(s), "point."+string(s))
	}
	for _, k := range filing.Kinds {
		add("filing.", string(k), string(k)+".what")
	}
	for _, f := range []policy.Family{policy.Petition, policy.Complaint, policy.Application, policy.Challenge} {
		family := string(f)
		add("paper.", family+".title", "circumstances."+family, "answer.subtitle."+family, "withdrawal.text."+family, "purpose."+family)
	}
	for _, s := range guide.AllSeats {
		add("paper.", "seat."+string(s), "appeal."+string(s))
	}
	add("paper.", "answer.title", "ruling.title", "receipt.title")
	add("form.", "summary")
	return keys
}

func TestEveryKeyMadeFromATableIsSaid(t *testing.T) {
	b := book(t)
	for _, key := range made() {
		if !b.In("kk").Has(key) {
			t.Errorf("%q is not said", key)
		}
	}
}

var (
	written = regexp.MustCompile(`"((?:fault|form|paper|status|ground|flag|record)\.[a-z0-9.-]*[a-z0-9])"`)
	act     = regexp.MustCompile(`(?m)^\t\w+ +Act = "([a-z-]+)"(?: +//.*)?$`)
)

// sources calls read with every Go file of the portal that is not a test.
func sources(t *testing.T, read func(path, text string)) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		read(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEveryKeyWrittenInGoIsSaid(t *testing.T) {
	b, found := book(t), 0
	sources(t, func(path, text string) {
		for _, m := range written.FindAllStringSubmatch(text, -1) {
			found++
			if !b.In("kk").Has(m[1]) && !strings.HasSuffix(m[1], ".html") && !strings.HasSuffix(m[1], ".pdf") {
				t.Errorf("%s: %q is not said", path, m[1])
			}
		}
	})
	if found < 50 {
		t.Errorf("found only %d keys: the search is broken", found)
	}
}

func TestEveryActHasItsLabelAndEveryLabelItsAct(t *testing.T) {
	b, acts := book(t), map[string]bool{}
	sources(t, func(_, text string) {
		for _, m := range act.FindAllStringSubmatch(text, -1) {
			acts[m[1]] = true
			if !b.In("kk").Has("act." + m[1]) {
				t.Errorf("the act %q has no label", m[1])
			}
		}
	})
	for _, key := range b.Keys("kk") {
		prefix, name, _ := strings.Cut(strings.TrimSuffix(key, ".text"), ".")
		if (prefix == "act" || prefix == "record") && !acts[name] {
			t.Errorf("%q is the word of no act", key)
		}
	}
}

func TestThePageNumberIsAFormatOfTwoNumbers(t *testing.T) {
	b := book(t)
	for _, lang := range words.Languages {
		if text := fmt.Sprintf(b.In(lang).T("paper.page"), 3, 12); strings.Contains(text, "%!") || !strings.Contains(text, "12") {
			t.Errorf("%s: page 3 of 12 prints as %q", lang, text)
		}
	}
}

func TestCountsAreSaidAsPeopleSayThem(t *testing.T) {
	b := book(t)
	for n, want := range map[int]string{
		1: "Нужно исправить 1 ошибку", 2: "Нужно исправить 2 ошибки", 5: "Нужно исправить 5 ошибок",
		11: "Нужно исправить 11 ошибок", 21: "Нужно исправить 21 ошибку",
	} {
		if got := b.In("ru").T("form.summary", "n", n); got != want {
			t.Errorf("%d in Russian: %q, want %q", n, got, want)
		}
		if got, want := b.In("kk").T("form.summary", "n", n), fmt.Sprintf("%d қатені түзету керек", n); got != want {
			t.Errorf("%d in Kazakh: %q, want %q", n, got, want)
		}
	}
}

func TestATermEndsOnItsLastDay(t *testing.T) {
	end := time.Date(2026, 10, 27, 19, 0, 0, 0, time.UTC) // midnight in Almaty
	b := book(t)
	for lang, want := range map[string]string{
		"kk": "2026 жылғы 27 қазан, сейсенбі күнінің соңына дейін",
		"ru": "вторник, 27 октября 2026 года, до 24:00",
	} {
		if got := b.In(lang).Until(end); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
	for lang, want := range map[string][2]string{
		"kk": {"27 қазан, сейсенбі", "2026 жылғы 27 қазан, сейсенбі"},
		"ru": {"27 октября, вторник", "вторник, 27 октября 2026 года"},
	} {
		thisYear, nextYear := b.In(lang).Last(end, end.AddDate(0, 0, 64)), b.In(lang).Last(end, end.AddDate(0, 0, 65)) // the last day of December ends, the year begins
		if thisYear != want[0] || nextYear != want[1] {
			t.Errorf("%s: %q and %q, want %q", lang, thisYear, nextYear, want)
		}
	}
}

func TestATermThatEndsWithinADayHasItsClock(t *testing.T) {
	end := time.Date(2026, 12, 25, 6, 0, 0, 0, time.UTC) // eleven in Almaty
	b := book(t)
	for lang, want := range map[string][3]string{
		"kk": {"2026 жылғы 25 желтоқсан, жұма, сағат 11:00 болғанша", "25 желтоқсан, сағат 11:00", "2026 жылғы 25 желтоқсан, жұма, сағат 11:00 болғанша"},
		"ru": {"пятница, 25 декабря 2026 года, до 11:00", "25 декабря, до 11:00", "пятница, 25 декабря 2026 года, до 11:00"},
	} {
		w := b.In(lang)
		if got := [3]string{w.Until(end), w.Last(end, end), w.Last(end, end.AddDate(0, 0, 7))}; got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

func TestATermInAMessageHasItsClockWhereItEndsWithinADay(t *testing.T) {
	midnight, noon := time.Date(2026, 10, 27, 19, 0, 0, 0, time.UTC), time.Date(2026, 10, 27, 9, 30, 0, 0, time.UTC)
	b := book(t)
	for lang, want := range map[string][2]string{
		"kk": {"27 қазан, сейсенбі", "27 қазан, сағат 14:30"},
		"ru": {"27 октября, вторник", "27 октября, до 14:30"},
	} {
		if got := [2]string{b.In(lang).Ends(midnight), b.In(lang).Ends(noon)}; got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

func TestAReferenceIsSaidArticleFirst(t *testing.T) {
	b := book(t)
	for lang, want := range map[string]string{"kk": "ҚПК-нің 100-бабының 5-бөлігі", "ru": "ч. 5 ст. 100 УПК"} {
		if got := b.In(lang).Law(law.CPC(100, 5)); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
		if got := b.In(lang).Law(law.Ref{}); got != "" {
			t.Errorf("%s: no reference is said as %q", lang, got)
		}
	}
}

func TestABookWithAFlawIsRefused(t *testing.T) {
	hello := said("a.hello", "Сәлем")
	for name, files := range map[string][2]string{
		"a key missing in Russian": {hello + said("a.more", "Тағы"), hello},
		"a key missing in Kazakh":  {hello, hello + said("a.more", "Ещё")},
		"an empty message":         {hello + said("a.more", ""), hello + said("a.more", "Ещё")},
		"text that is not TOML":    {hello, "= ="},
	} {
		if _, err := small(files[0], files[1]); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	twice := fstest.MapFS{
		"a.kk.toml": {Data: []byte(hello)}, "a.ru.toml": {Data: []byte(hello)}, "b.kk.toml": {Data: []byte(hello)},
	}
	if _, err := words.New(twice, almaty); err == nil {
		t.Error("a key said in two files is accepted")
	}
	if _, err := words.New(fstest.MapFS{"a.en.toml": {Data: []byte(hello)}}, almaty); err == nil {
		t.Error("a third language is accepted")
	}
}

func TestAnUnknownKeyShowsAsItselfAndIsAnErrorToSay(t *testing.T) {
	b, err := small(said("a.hello", "Сәлем, {{.name}}"), said("a.hello", "Здравствуйте, {{.name}}"))
	if err != nil {
		t.Fatal(err)
	}
	if got := b.In("kk").T("a.nothing"); got != "a.nothing" {
		t.Errorf("an unknown key shows as %q", got)
	}
	if _, err := b.In("ru").Say("a.nothing"); err == nil {
		t.Error("an unknown key is said without an error")
	}
	if _, err := b.In("ru").Say("a.hello", "name"); err == nil {
		t.Error("a variable without a value is accepted")
	}
	if got := b.In("en").T("a.hello", "name", "Дана"); got != "Сәлем, Дана" {
		t.Errorf("an unknown language says %q, want Kazakh", got)
	}
}

// Say does not ask a template for most messages, and says what a template would say.
func TestWhatIsSaidWithoutATemplateIsWhatATemplateSays(t *testing.T) {
	t.Parallel()
	b := book(t)
	given := regexp.MustCompile(`\{\{[^}]*\}\}`)
	named := regexp.MustCompile(`\.(\w+)`)
	plain := 0
	for _, lang := range words.Languages {
		for _, key := range b.Keys(lang) {
			other := b.Message(lang, key).Other
			data, pairs := map[string]any{}, []any{"nowhere", "nothing"}
			for _, action := range given.FindAllString(other, -1) {
				for i, name := range named.FindAllStringSubmatch(action, -1) {
					if data[name[1]] != nil || name[1] == "n" {
						continue
					}
					data[name[1]] = any("<" + name[1] + " & “{{.no}}”>")
					if (i+len(data))%2 == 0 {
						data[name[1]] = 1204 + i
					}
					pairs = append(pairs, name[1], data[name[1]])
				}
			}
			if strings.Contains(other, ".n}") || strings.Contains(other, ".n ") {
				continue // counted: go-i18n says it in the form of the number
			}
			var want strings.Builder
			if err := template.Must(template.New("").Parse(other)).Execute(&want, data); err != nil {
				t.Fatal(key, err)
			}
			if got, err := b.In(lang).Say(key, pairs...); err != nil || got != want.String() {
				t.Errorf("%s in %s says %q, %v; want %q", key, lang, got, err, &want)
			}
			plain++
		}
	}
	if plain < 1000 {
		t.Errorf("only %d messages were compared", plain)
	}
}

// What a plain text cannot say is left to the template: a variable that is not given, one
// of another type, and a number that chooses a form.
func TestAVariableThatIsNoWordAndNoNumberIsSaidByTheTemplate(t *testing.T) {
	t.Parallel()
	b, err := small(said("a", "x {{.v}} y"), said("a", "x {{.v}} y"))
	if err != nil {
		t.Fatal(err)
	}
	for want, pairs := range map[string][]any{
		"x <no value> y": nil,
		"x 1.5 y":        {"v", 1.5},
		"x [a b] y":      {"v", []string{"a", "b"}},
		"x petition y":   {"v", policy.Petition},
		"x last y":       {"v", "first", "v", "last"},
		"x 3 y":          {"v", 3, "n", 2},
	} {
		if got, err := b.In("kk").Say("a", pairs...); err != nil || got != want {
			t.Errorf("with %v it says %q, %v; want %q", pairs, got, err, want)
		}
	}
}
