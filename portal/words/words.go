// Package words is what the portal says, in both languages: the messages of
// i18n/, dates, references to the law. Everything a person reads comes from here.
//
// go-i18n falls back to the default language in silence, so New refuses a key
// that is missing in one of the two.
package words

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"zharia/portal/law"
)

// Languages are the two the portal speaks, Kazakh first.
var Languages = []string{"kk", "ru"}

// Other is the other language.
func Other(lang string) string {
	if lang == "kk" {
		return "ru"
	}
	return "kk"
}

// Book holds all messages.
type Book struct {
	langs map[string]*Language
	keys  map[string]map[string]*i18n.Message // language → key → message
}

// Language is one language of the book. It is safe for concurrent use.
type Language struct {
	Code      string
	localizer *i18n.Localizer
	has       map[string]*i18n.Message
	pieces    map[string][]piece // of messages that are text and variables, and no more
	zone      *time.Location
}

// piece is a text or, where it has a name, a variable of a message.
type piece struct{ text, name string }

var variable = regexp.MustCompile(`\{\{ *\.(\w+) *\}\}`)

// cut parts a message where its variables stand; nil where it asks for more than them.
func cut(message string) []piece {
	out := []piece{}
	rest := 0
	for _, at := range variable.FindAllStringSubmatchIndex(message, -1) {
		out = append(out, piece{text: message[rest:at[0]]}, piece{name: message[at[2]:at[3]]})
		rest = at[1]
	}
	out = append(out, piece{text: message[rest:]})
	if slices.ContainsFunc(out, func(p piece) bool { return strings.Contains(p.text, "{{") }) {
		return nil
	}
	return out
}

// New reads every NAME.{kk,ru}.toml of a folder. zone is the civil time in which
// people are told dates.
func New(files fs.FS, zone *time.Location) (*Book, error) {
	bundle := i18n.NewBundle(language.Kazakh)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	paths, err := fs.Glob(files, "*.toml")
	if err != nil {
		return nil, err
	}
	book := &Book{langs: map[string]*Language{}, keys: map[string]map[string]*i18n.Message{}}
	for _, lang := range Languages {
		book.keys[lang] = map[string]*i18n.Message{}
	}
	for _, path := range paths {
		if err := book.load(bundle, files, path); err != nil {
			return nil, fmt.Errorf("words %s: %w", path, err)
		}
	}
	if err := book.parity(); err != nil {
		return nil, err
	}
	for _, lang := range Languages {
		pieces := map[string][]piece{}
		for key, message := range book.keys[lang] {
			if cut := cut(message.Other); cut != nil {
				pieces[key] = cut
			}
		}
		book.langs[lang] = &Language{lang, i18n.NewLocalizer(bundle, lang), book.keys[lang], pieces, zone}
	}
	return book, nil
}

func (b *Book) load(bundle *i18n.Bundle, files fs.FS, path string) error {
	text, err := fs.ReadFile(files, path)
	if err != nil {
		return err
	}
	file, err := bundle.ParseMessageFileBytes(text, path)
	if err != nil {
		return err
	}
	keys, ok := b.keys[file.Tag.String()]
	if !ok {
		return fmt.Errorf("unknown language %s", file.Tag)
	}
	for _, m := range file.Messages {
		if keys[m.ID] != nil {
			return fmt.Errorf("%q is said twice", m.ID)
		}
		if m.Other == "" {
			return fmt.Errorf("%q says nothing", m.ID)
		}
		keys[m.ID] = m
	}
	return nil
}

func (b *Book) parity() error {
	var missing []error
	for _, lang := range Languages {
		for key := range b.keys[Other(lang)] {
			if b.keys[lang][key] == nil {
				missing = append(missing, fmt.Errorf("%q is not said in %s", key, lang))
			}
		}
	}
	return errors.Join(missing...)
}

// In is the book in one language; an unknown code gives Kazakh, the state language.
func (b *Book) In(lang string) *Language {
	if l := b.langs[lang]; l != nil {
		return l
	}
	return b.langs["kk"]
}

// Keys are all keys of a language, sorted; for the tests of the house.
func (b *Book) Keys(lang string) []string { return slices.Sorted(maps.Keys(b.keys[lang])) }

// Message is the message of a key as it was written; for the tests of the house.
func (b *Book) Message(lang, key string) *i18n.Message { return b.keys[lang][key] }

// Has tells whether the key exists.
func (l *Language) Has(key string) bool { return l.has[key] != nil }

// Say is the message of a key with its variables, given as name, value, name,
// value. The variable "n", if given, chooses the plural form.
func (l *Language) Say(key string, pairs ...any) (string, error) {
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("words: %q: a variable without a value", key)
	}
	if l.has[key] == nil {
		return "", fmt.Errorf("words: no message %q in %s", key, l.Code)
	}
	if text, ok := l.plain(key, pairs); ok {
		return text, nil
	}
	data := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		data[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	if n, ok := data["n"]; ok {
		config.PluralCount = n
	}
	return l.localizer.Localize(config)
}

// plain is Say where nothing is to be counted and all variables are words or numbers:
// almost all of a page, for which a template would take ten times as long.
func (l *Language) plain(key string, pairs []any) (string, bool) {
	pieces, ok := l.pieces[key]
	if !ok {
		return "", false
	}
	if len(pieces) == 1 && len(pairs) == 0 {
		return pieces[0].text, true
	}
	var out strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); !ok || name == "n" {
			return "", false
		}
	}
	for _, p := range pieces {
		if p.name == "" {
			out.WriteString(p.text)
			continue
		}
		given := false
		for i := len(pairs) - 2; i >= 0 && !given; i -= 2 { // the last of one name counts
			if pairs[i] != p.name {
				continue
			}
			given = true
			switch value := pairs[i+1].(type) {
			case string:
				out.WriteString(value)
			case int:
				out.WriteString(strconv.Itoa(value))
			default:
				return "", false
			}
		}
		if !given {
			return "", false
		}
	}
	return out.String(), true
}

// T is Say for words that are known to be there: keys written in Go or made from
// our own tables. A missing one shows as its key, and a test finds it.
func (l *Language) T(key string, pairs ...any) string {
	text, err := l.Say(key, pairs...)
	if err != nil {
		return key
	}
	return text
}

// Law says a reference in words, article first named as people name it.
func (l *Language) Law(ref law.Ref) string {
	if ref.IsZero() {
		return ""
	}
	return l.T(ref.Words(), "article", ref.Article(), "part", ref.Part(), "item", ref.Item())
}

// Day is a date with the month in words: 27 October 2026.
func (l *Language) Day(t time.Time) string { return l.dated("date.day", t.In(l.zone)) }

// LongDay is a date with its weekday.
func (l *Language) LongDay(t time.Time) string { return l.dated("date.long", t.In(l.zone)) }

// ShortDay is a day of this year with its weekday, for tables.
func (l *Language) ShortDay(t time.Time) string { return l.dated("date.short", t.In(l.zone)) }

// Moment is a date and the clock to the minute.
func (l *Language) Moment(t time.Time) string { return l.dated("date.moment", t.In(l.zone)) }

// Second is a date and the clock to the second, for receipts.
func (l *Language) Second(t time.Time) string { return l.dated("date.second", t.In(l.zone)) }

// Until says the end of a term: its last day, where it ends with the first instant after
// it (CPC 48(4): a term ends at 24:00 of its last day), else the day and the clock.
func (l *Language) Until(end time.Time) string {
	end = end.In(l.zone)
	if withinDay(end) {
		return l.dated("date.until-clock", end)
	}
	return l.dated("date.until", end.Add(-time.Second))
}

// Last is the end of a term for a table: its last day, or its day and the clock, short, and
// of another year than now in full.
func (l *Language) Last(end, now time.Time) string {
	end = end.In(l.zone)
	day := end.Add(-time.Second)
	switch other := day.Year() != now.In(l.zone).Year(); {
	case withinDay(end) && other:
		return l.dated("date.until-clock", end)
	case withinDay(end):
		return l.dated("date.short-clock", end)
	case other:
		return l.dated("date.long", day)
	}
	return l.dated("date.short", day)
}

// Ends is the last day of a term for a message: short, and with the clock where the term
// ends within a day.
func (l *Language) Ends(end time.Time) string {
	end = end.In(l.zone)
	if withinDay(end) {
		return l.dated("date.short-clock", end)
	}
	return l.dated("date.short", end.Add(-time.Second))
}

// withinDay tells that a term ends at an hour, and not with a day: one that is counted in
// hours does.
func withinDay(end time.Time) bool {
	hour, minute, _ := end.Clock()
	return hour != 0 || minute != 0
}

func (l *Language) dated(key string, t time.Time) string {
	return l.T(key, "year", t.Year(), "day", t.Day(),
		"month", l.T("date.month."+strings.ToLower(t.Month().String())),
		"weekday", l.T("date.weekday."+strings.ToLower(t.Weekday().String())),
		"clock", t.Format("15:04"), "second", t.Format("15:04:05"))
}

// Low is a name of our own tables within a sentence: its first letter is small.
func Low(name string) string {
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}

// Hex is a fingerprint in groups that two people can compare aloud.
func (l *Language) Hex(digest []byte) string {
	var groups []string
	for part := range slices.Chunk(digest, 4) {
		groups = append(groups, fmt.Sprintf("%x", part))
	}
	return strings.Join(groups, " ")
}
