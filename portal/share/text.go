package share

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// A share as people have it is words of five characters of Crockford's base32
// (no I, L, O, U; what looks alike is read alike). Four characters of a word carry
// the share, the fifth proves the word and its place in the line, so a slip of the
// pen is found and the word is named. The whole ends with four bytes of its SHA-256.
//
// The bytes are: version and lock, set, index, threshold, of a locked one its salt,
// value, SHA-256.

const (
	alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	word     = 5 // characters of a word, its proof included
	head     = 1 + 4 + 1 + 1
	sumSize  = 4

	openVersion   = 1
	lockedVersion = 2

	openSize   = head + Size + sumSize
	lockedSize = head + saltSize + Size + tagSize + sumSize

	// MaxText bounds what Parse reads: a locked share with spaces and dashes.
	MaxText = 1 << 10
)

// Errors of a share as it was typed.
var (
	ErrText    = errors.New("this is not a share")
	ErrVersion = errors.New("a share of a form this program does not know")
)

// TypoError names the word that was typed wrong.
type TypoError struct {
	Word int // counted from 1
}

func (e *TypoError) Error() string {
	return fmt.Sprintf("word %d is not as it was printed: look at its characters, and that no word before it is missing or twice", e.Word)
}

// Text is the share in words, for paper.
func (s Share) Text() string {
	version := byte(openVersion)
	if s.Locked() {
		version = lockedVersion
	}
	data := append([]byte{version}, s.Set[:]...)
	data = append(data, s.Index, s.Threshold)
	data = append(data, s.salt...)
	data = append(data, s.value...)
	sum := sha256.Sum256(data)
	return words(append(data, sum[:sumSize]...))
}

// Parse reads a share that was typed: small letters, spaces, dashes and new lines
// do not matter, O is 0, I and L are 1. The errors are a TypoError, ErrText and
// ErrVersion.
func Parse(text string) (Share, error) {
	data, err := bytesOf(text)
	if err != nil {
		return Share{}, err
	}
	switch {
	case data[0] == openVersion && len(data) == openSize, data[0] == lockedVersion && len(data) == lockedSize:
	case data[0] == openVersion || data[0] == lockedVersion:
		return Share{}, fmt.Errorf("%w: it has %d words, and should have %d", ErrText, wordsOf(len(data)), wordsOf(map[byte]int{openVersion: openSize, lockedVersion: lockedSize}[data[0]]))
	default:
		return Share{}, fmt.Errorf("%w: %d", ErrVersion, data[0])
	}
	body, end := data[:len(data)-sumSize], data[len(data)-sumSize:]
	if sum := sha256.Sum256(body); string(sum[:sumSize]) != string(end) {
		return Share{}, fmt.Errorf("%w: each word is good, and together they are not: words of two shares", ErrText)
	}
	s := Share{Set: Set(body[1:5]), Index: body[5], Threshold: body[6]}
	body = body[head:]
	if data[0] == lockedVersion {
		s.salt, body = body[:saltSize:saltSize], body[saltSize:]
	}
	s.value = body[:len(body):len(body)]
	if s.Index == 0 || s.Index > Most || s.Threshold < 2 || s.Threshold > Most {
		return Share{}, fmt.Errorf("%w: %v", ErrText, ErrShape)
	}
	return s, nil
}

// wordsOf is how many words so many bytes take.
func wordsOf(size int) int { return (size*8 + 5*(word-1) - 1) / (5 * (word - 1)) }

// words writes bytes in words; the bits that are left over are zero.
func words(data []byte) string {
	var out strings.Builder
	var bits, have uint
	next := 0
	five := func() byte {
		for have < 5 {
			bits <<= 8
			if next < len(data) {
				bits |= uint(data[next])
			}
			next++
			have += 8
		}
		have -= 5
		return byte(bits >> have & 31)
	}
	for w := range wordsOf(len(data)) {
		if w > 0 {
			out.WriteByte(' ')
		}
		var values [word - 1]byte
		for i := range values {
			values[i] = five()
			out.WriteByte(alphabet[values[i]])
		}
		out.WriteByte(alphabet[proof(w, values)])
	}
	return out.String()
}

// bytesOf is the way back. It gives at least one byte, or an error.
func bytesOf(text string) ([]byte, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("%w: too long", ErrText)
	}
	var typed []byte
	for _, r := range text {
		switch {
		case strings.ContainsRune(" -\t\r\n", r):
		case valueOf(r) < 0:
			return nil, &TypoError{Word: len(typed)/word + 1}
		default:
			typed = append(typed, byte(valueOf(r)))
		}
	}
	if len(typed) == 0 {
		return nil, fmt.Errorf("%w: nothing was typed", ErrText)
	}
	var data []byte
	var bits, have uint
	for w := 0; w*word < len(typed); w++ {
		if len(typed) < (w+1)*word {
			return nil, &TypoError{Word: w + 1}
		}
		values := [word - 1]byte(typed[w*word:])
		if typed[w*word+word-1] != proof(w, values) {
			return nil, &TypoError{Word: w + 1}
		}
		for _, v := range values {
			bits = bits<<5 | uint(v)
			if have += 5; have >= 8 {
				have -= 8
				data = append(data, byte(bits>>have))
			}
		}
	}
	// What fills the last word is zero, and less than a word: one text for a share.
	for _, size := range []int{openSize, lockedSize} {
		if wordsOf(size)*word != len(typed) {
			continue
		}
		if data = data[:size]; words(data) != spell(typed) {
			return nil, fmt.Errorf("%w: the last word has more in it than was printed", ErrText)
		}
	}
	return data, nil
}

// spell writes values as they would have been printed.
func spell(values []byte) string {
	var out strings.Builder
	for i, v := range values {
		if i > 0 && i%word == 0 {
			out.WriteByte(' ')
		}
		out.WriteByte(alphabet[v])
	}
	return out.String()
}

// valueOf reads one character, or gives -1.
func valueOf(r rune) int {
	switch r {
	case 'o', 'O':
		return 0
	case 'i', 'I', 'l', 'L':
		return 1
	}
	if r >= 'a' && r <= 'z' {
		r -= 'a' - 'A'
	}
	return strings.IndexRune(alphabet, r)
}

// proof is the last character of a word: over GF(32) the sum of its characters,
// each with another factor, and the number of the word. One wrong character, or two
// neighbours exchanged, always change it, and so does the word in another place.
func proof(number int, values [word - 1]byte) byte {
	sum := byte(number+1) & 31
	for i, v := range values {
		for range i + 1 {
			v = v<<1 ^ 0x25&-(v>>4) // by x, modulo x^5+x^2+1
		}
		sum ^= v & 31
	}
	return sum
}
