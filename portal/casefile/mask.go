package casefile

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Mask takes personal data out of a text: every IIN, telephone number and e-mail
// address, and the names given, in whatever case they stand. It masks too much
// rather than too little; the investigator reads what remains before he signs it.
type Mask struct {
	Names []string // whole names, in the nominative

	// What stands in the place of each, in the language of the copy.
	IIN, Phone, Mail, Name string
}

// Of is the text without them.
func (m Mask) Of(text string) string {
	text = visible(text)
	text = mail.ReplaceAllLiteralString(text, m.Mail)
	text = m.numbers(text)
	return m.names(text)
}

// visible composes letters and takes out what nobody sees but a search stumbles
// over: soft hyphens, joiners, direction marks.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, norm.NFC.String(text))
}

var (
	mail = regexp.MustCompile(`[^\s<>()\[\]«»"“”„,;:]+\s?[@＠]\s?[^\s<>()\[\]«»"“”„,;:]+`)

	// Digits may be set apart by a space or a dash; a telephone number by brackets
	// and dots, too.
	iin   = regexp.MustCompile(`^\d(?:[ -]?\d){11}`)
	phone = regexp.MustCompile(`^(?:\+ ?7|[78])(?:[ ().-]{0,3}\d){10}`)
	local = regexp.MustCompile(`^\(?7\d\d\)?[ .-]{0,2}\d{3}[ .-]?\d\d[ .-]?\d\d`)
)

// numbers masks what reads like an IIN or a telephone number of Kazakhstan and is
// no part of a longer number: a case has fifteen digits.
func (m Mask) numbers(text string) string {
	original, plain := []rune(text), []rune(strings.Map(digit, text))
	var out strings.Builder
	for i := 0; i < len(plain); {
		if mask, n := m.number(plain, i); n > 0 {
			out.WriteString(mask)
			i += n
			continue
		}
		out.WriteRune(original[i])
		i++
	}
	return out.String()
}

func (m Mask) number(plain []rune, i int) (string, int) {
	if !isDigit(plain[i]) && plain[i] != '+' && plain[i] != '(' || i > 0 && (isDigit(plain[i-1]) || plain[i-1] == '+') {
		return "", 0
	}
	rest := string(plain[i:min(len(plain), i+60)])
	for _, try := range []struct {
		found *regexp.Regexp
		mask  string
	}{{phone, m.Phone}, {iin, m.IIN}, {local, m.Phone}} {
		n := len(try.found.FindString(rest)) // ASCII alone matches: bytes are runes
		if n > 0 && (i+n == len(plain) || !isDigit(plain[i+n])) {
			return try.mask, n
		}
	}
	return "", 0
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// digit writes the digits, spaces and dashes of all alphabets as ASCII has them.
func digit(r rune) rune {
	switch {
	case unicode.Is(unicode.Nd, r):
		zero := r
		for unicode.Is(unicode.Nd, zero-1) && r-zero < 9 {
			zero--
		}
		return '0' + (r - zero)
	case unicode.Is(unicode.Zs, r), r == '\t':
		return ' '
	case unicode.Is(unicode.Pd, r), r == '\u2212':
		return '-'
	case r == '\uff0b':
		return '+'
	case r > unicode.MaxASCII && r != utf:
		return utf
	}
	return r
}

// utf stands for any other letter, one byte for one rune.
const utf = '\x00'

// piece is a word of a text, or what stands between two.
type piece struct {
	text   []rune
	word   bool
	masked bool
}

func pieces(text string) []piece {
	var out []piece
	for _, r := range text {
		word := inWord(r)
		if n := len(out); n == 0 || out[n-1].word != word {
			out = append(out, piece{word: word})
		}
		last := &out[len(out)-1]
		last.text = append(last.text, r)
	}
	return out
}

// names masks the words that begin as one of the names does, and the initials
// beside them; neighbours that are masked become one mask.
func (m Mask) names(text string) string {
	stems, all := m.stems(), pieces(text)
	for i := range all {
		all[i].masked = all[i].word && stems.has(all[i].text)
	}
	for i := 0; i+2 < len(all); i++ {
		all[i+2].masked = all[i+2].masked || all[i].masked && joins(all[i+1]) && initial(all, i+2)
	}
	for i := len(all) - 1; i >= 2; i-- {
		all[i-2].masked = all[i-2].masked || all[i].masked && joins(all[i-1]) && initial(all, i-2)
	}
	var out strings.Builder
	for i := 0; i < len(all); i++ {
		if !all[i].masked {
			out.WriteString(string(all[i].text))
			continue
		}
		for i+2 < len(all) && all[i+2].masked && joins(all[i+1]) {
			i += 2
		}
		out.WriteString(m.Name)
		if initial(all, i) { // its full stop goes with it
			all[i+1].text = all[i+1].text[1:]
		}
	}
	return out.String()
}

// initial is a single capital with a full stop.
func initial(all []piece, i int) bool {
	return all[i].word && len(all[i].text) == 1 && unicode.IsUpper(all[i].text[0]) && i+1 < len(all) && all[i+1].text[0] == '.'
}

// joins says that nothing but spaces and full stops of initials stands between two
// words on a line.
func joins(gap piece) bool {
	for i, r := range gap.text {
		if r != '.' && (!unicode.IsSpace(r) || r == '\n') || r == '.' && i > 0 {
			return false
		}
	}
	return !gap.word
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}

// stems are what the names begin with in every case, folded.
type stems map[string]bool // true: short, and so only where it begins with a capital

// short is a stem that ordinary words begin with as well.
const short = 4

func (m Mask) stems() stems {
	out := stems{}
	for _, name := range m.Names {
		for _, word := range strings.FieldsFunc(visible(name), func(r rune) bool { return !inWord(r) }) {
			for _, stem := range stemsOf([]rune(fold([]rune(word)))) {
				out[stem] = len([]rune(stem)) < short
			}
		}
	}
	return out
}

// stemsOf takes the ending off and writes the changes that endings make inside a
// word: a vowel that falls out, a consonant that softens.
func stemsOf(word []rune) []string {
	if len(word) < 2 {
		return nil
	}
	end := len(word)
	for end > 3 && strings.ContainsRune(vowels, word[end-1]) && end > len(word)-2 {
		end--
	}
	stem := word[:end]
	out := []string{string(stem)}
	last := len(stem) - 1
	if last >= 3 && strings.ContainsRune(fleeting, stem[last-1]) {
		out = append(out, string(stem[:last-1])+string(stem[last]))
	}
	if soft, ok := softens[stem[last]]; ok && last >= 2 {
		out = append(out, string(stem[:last])+string(soft))
	}
	return out
}

func (s stems) has(word []rune) bool {
	folded := []rune(fold(word))
	for n := 2; n <= len(folded); n++ {
		if small, ok := s[string(folded[:n])]; ok && (!small || unicode.IsUpper(word[0])) {
			return true
		}
	}
	return false
}

// What endings take away or change, in the letters that folding writes.
var (
	vowels   = string([]rune{'а', 'е', 'и', 'о', 'у', 'ы', 'э', 'ю', 'я', 'ь', 'й'})
	fleeting = string([]rune{'е', 'о'})
)

var softens = map[rune]rune{'к': 'г', 'п': 'б'}

// fold writes a word in small letters of one alphabet: capitals, the letters that
// Kazakh has beside the Russian ones, Latin letters and digits that look alike are
// each one letter.
func fold(word []rune) string {
	out := make([]rune, 0, len(word))
	for _, r := range norm.NFKC.String(string(word)) {
		if unicode.Is(unicode.M, r) {
			continue
		}
		r = unicode.ToLower(r)
		if other, ok := alike[r]; ok {
			r = other
		}
		out = append(out, r)
	}
	return string(out)
}

var alike = map[rune]rune{
	'ә': 'а', 'ғ': 'г', 'қ': 'к', 'ң': 'н', 'ө': 'о', 'ұ': 'у', 'ү': 'у', 'һ': 'х', 'і': 'и', 'ё': 'е',
	'a': 'а', 'b': 'в', 'c': 'с', 'e': 'е', 'h': 'н', 'i': 'и', 'k': 'к', 'm': 'м', 'o': 'о', 'p': 'р', 't': 'т', 'x': 'х', 'y': 'у',
	'0': 'о', '3': 'з', 'α': 'а', 'ε': 'е', 'ο': 'о', 'ρ': 'р', 'ѕ': 'с', 'ј': 'й',
}
