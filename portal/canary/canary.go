// Package canary looks for words where no word may be: in files, dumps, logs and
// backups. A test has people type words that stand nowhere else in the world, and
// then a Net is drawn through everything that the machines have kept. What it
// catches was written in clear (security/ADMINBLIND A01, A14, A16).
//
// It is used by tests alone, knows nothing of the portal, and would serve anybody
// who wants to know whether a text has leaked out of something.
package canary

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"
)

// Canary is one such word.
type Canary struct {
	Name   string // what a report calls it; the word itself may be somebody's
	Text   string // the word, as it is typed; of a binary one, its bytes
	Binary bool   // no text: it is looked for byte by byte only
}

// letters are what words are made of, by kind. Left out are the last of the alphabet:
// the second byte of two of them in UTF-16 is a bracket, before which PDF puts a stroke.
var letters = map[string][]rune{
	"kk":    append(span(0x0430, 0x0447), 0x04D9, 0x0493, 0x049B, 0x04A3, 0x04E9, 0x04B1, 0x04AF, 0x04BB, 0x0456),
	"ru":    span(0x0430, 0x0447),
	"latin": span('a', 'z'),
}

func span(from, to rune) (out []rune) {
	for r := from; r <= to; r++ {
		out = append(out, r)
	}
	return out
}

// length is how many letters a word has: no two are alike by chance, and no text of
// people holds one.
const length = 24

// Hatch is a brood that is the same for the same seed, so that what a test found can be
// looked for again.
func Hatch(seed uint64) *Brood {
	return &Brood{random: rand.New(rand.NewPCG(seed, 0x63616e617279))}
}

// Brood makes canaries one after another and remembers them all: words in the letters
// of both languages and in Latin, numbers shaped like those of people, telephones and
// cases, and bytes.
type Brood struct {
	random *rand.Rand
	All    []Canary
}

func (b *Brood) keep(name, text string, binary bool) string {
	b.All = append(b.All, Canary{name, text, binary})
	return text
}

// Word is a new word of twenty-four letters: of "kk", "ru" or "latin".
func (b *Brood) Word(name, kind string) string { return b.keep(name, string(b.letters(kind)), false) }

// Name is Word with a great letter in front, as names are written.
func (b *Brood) Name(name, kind string) string {
	word := b.letters(kind)
	word[0] = unicode.ToUpper(word[0])
	return b.keep(name, string(word), false)
}

func (b *Brood) letters(kind string) []rune {
	from, word := letters[kind], make([]rune, length)
	for i := range word {
		word[i] = from[b.random.IntN(len(from))]
	}
	return word
}

// Bytes are twenty-four bytes that are no text.
func (b *Brood) Bytes(name string) []byte {
	bytes := make([]byte, length)
	for i := range bytes {
		bytes[i] = byte(b.random.IntN(128) + 128)
	}
	return []byte(b.keep(name, string(bytes), true))
}

// Phone is a mobile number as people write it, from the plus on.
func (b *Brood) Phone(name string) string { return b.keep(name, "+77"+b.digits(9), false) }

// Case is a number of the register: fifteen digits, the year first. Twelve digits or
// more stand somewhere by chance once in a terabyte.
func (b *Brood) Case(name string) string { return b.keep(name, "26"+b.digits(13), false) }

// IIN is a number of somebody born in the last century, with the digit that checks it.
func (b *Brood) IIN(name string) string {
	for {
		born := fmt.Sprintf("%02d%02d%02d%d", 60+b.random.IntN(40), 1+b.random.IntN(12), 1+b.random.IntN(28), 3+b.random.IntN(2))
		first := born + b.digits(4)
		if check, ok := control(first); ok {
			return b.keep(name, first+strconv.Itoa(check), false)
		}
	}
}

// control is the twelfth digit of eleven, or none: such numbers are not given out.
func control(first string) (int, bool) {
	for shift := range 2 {
		sum := 0
		for i, r := range first {
			weight := i + 1 + 2*shift
			if weight > 11 {
				weight -= 11
			}
			sum += int(r-'0') * weight
		}
		if sum %= 11; sum < 10 {
			return sum, true
		}
	}
	return 0, false
}

func (b *Brood) digits(n int) string {
	var out strings.Builder
	for range n {
		out.WriteByte(byte('0' + b.random.IntN(10)))
	}
	return out.String()
}

// Known adds a text that is there already: the name of somebody, the number of a case.
func (b *Brood) Known(name, text string) { b.keep(name, text, false) }

// Called is the canary of a name, for tests that plant it again.
func (b *Brood) Called(name string) (Canary, bool) {
	for _, c := range b.All {
		if c.Name == name {
			return c, true
		}
	}
	return Canary{}, false
}

// String is for reports: never the word, which may be a name.
func (c Canary) String() string {
	if c.Binary {
		return c.Name + " (bytes " + hex.EncodeToString([]byte(c.Text[:2])) + "…)"
	}
	return c.Name
}
