package document

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// style is how a text looks: the typeface, its size in points, the distance
// from line to line and the ink, 0 black to 255 white.
type style struct {
	weight  weight
	size    float64
	leading float64
	ink     int
}

// width of the text in points.
func (s style) width(text string) float64 { return s.weight.width(text) * s.size }

// piece is what no line break divides: a word, or the part of a compound up to
// its hyphen. gap says that a space follows.
type piece struct {
	text string
	wide float64
	gap  bool
}

// line is a row of pieces with the width they take, and the space between them.
type line struct {
	pieces []piece
	wide   float64
	space  float64
}

// pieces cuts one paragraph into words that fit the measure. An over-long word
// is cut where the line ends: a long number or address must stay whole on paper.
func (s style) pieces(text string, measure float64) (all []piece) {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' }) {
		for part := range hyphenated(word) {
			all = append(all, s.fit(part, measure)...)
		}
		if len(all) > 0 {
			all[len(all)-1].gap = true
		}
	}
	return all
}

// hyphenated yields the parts of a word after which a line may end: a hyphen
// between letters, the slash of an address; never the hyphen that ties an ending
// to a number, and never so that two letters are left alone.
func hyphenated(word string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, letters, before := 0, 0, ' '
		for i, r := range word {
			end := i + utf8.RuneLen(r)
			letters++
			may := r == '/' || strings.ContainsRune("-–—", r) && unicode.IsLetter(before)
			if may && letters > 2 && utf8.RuneCountInString(word[end:]) > 2 {
				if !yield(word[start:end]) {
					return
				}
				start, letters = end, 0
			}
			before = r
		}
		yield(word[start:])
	}
}

// fit cuts a word into pieces no wider than the measure.
func (s style) fit(word string, measure float64) (parts []piece) {
	start, wide := 0, 0.0
	for i, r := range word {
		_, _, lw := s.weight.find(r)
		if lw *= s.size; wide+lw > measure && i > start {
			parts = append(parts, piece{text: word[start:i], wide: wide})
			start, wide = i, 0
		}
		wide += lw
	}
	if start == len(word) {
		return parts
	}
	return append(parts, piece{text: word[start:], wide: wide})
}

// How far the spaces of a justified line may go from their natural width.
const (
	shrink  = 0.12 // narrower by this part at most
	stretch = 4    // wider by this many; a line that would need more is left ragged
)

// breaks cuts a paragraph into lines of the measure, the first of them shorter
// by indent. It weighs the paragraph as a whole, so that one long Kazakh word
// does not leave holes in the line above it: the breaks with the least sum of
// cubed distances from natural spacing win.
func (s style) breaks(text string, measure, indent float64) []line {
	words := s.pieces(text, measure-indent)
	space := s.width(" ")
	best := make([]float64, len(words)+1) // the least cost of setting the first n pieces
	from := make([]int, len(words)+1)     // where the last of those lines begins
	for i := range best[1:] {
		best[i+1] = math.Inf(1)
	}
	for start := range words {
		room := measure
		if start == 0 {
			room -= indent
		}
		wide, gaps := 0.0, 0
		for end := start + 1; end <= len(words); end++ {
			if end-1 > start && words[end-2].gap {
				gaps++
			}
			wide += words[end-1].wide
			slack := room - wide - float64(gaps)*space
			if slack < -shrink*space*float64(gaps) && end > start+1 {
				break
			}
			cost := best[start] + badness(slack, space, gaps, end == len(words))
			if end < len(words) {
				cost += reluctance(words[end-1].text, words[end].text)
			}
			if cost < best[end] {
				best[end], from[end] = cost, start
			}
		}
	}
	return justify(words, from, space, measure, indent)
}

// badness says how ugly a line is: 0 when its spaces are natural, 1 when they
// are as tight as allowed or stretched to twice their width.
func badness(slack, space float64, gaps int, last bool) float64 {
	ratio := slack / (space * float64(max(gaps, 1)))
	switch {
	case ratio < 0:
		ratio /= -shrink
	case last:
		return 0
	}
	return ratio*ratio*ratio + 0.1 // the constant prefers fewer lines
}

// reluctance is the cost of a break where readers of Kazakh and Russian do not
// expect one: before a dash, after an initial, a number sign or a short number
// (the day of a date, the number of an article).
func reluctance(before, after string) float64 {
	first, _ := utf8.DecodeRuneInString(before)
	switch letters := utf8.RuneCountInString(before); {
	case after == "—" || after == "–":
		return 5
	case before == "№" || letters == 2 && before[len(before)-1] == '.' && unicode.IsUpper(first):
		return 5
	case letters < 4 && unicode.IsDigit(first) && strings.TrimLeft(before, "0123456789") == "":
		return 1
	}
	return 0
}

// justify follows the chosen breaks back and shares the slack of every line but
// the last among its spaces.
func justify(words []piece, from []int, space, measure, indent float64) (lines []line) {
	for end := len(words); end > 0; end = from[end] {
		l := line{pieces: words[from[end]:end], space: space}
		gaps := 0
		for i, p := range l.pieces {
			l.wide += p.wide
			if p.gap && i < len(l.pieces)-1 {
				gaps++
			}
		}
		room := measure
		if from[end] == 0 {
			room -= indent
		}
		ideal := (room - l.wide) / float64(max(gaps, 1))
		if ideal < space || end < len(words) && ideal <= (1+stretch)*space {
			l.space = ideal
		}
		l.wide += float64(gaps) * l.space
		lines = append(lines, l)
	}
	for i, j := 0, len(lines)-1; i < j; i, j = i+1, j-1 {
		lines[i], lines[j] = lines[j], lines[i]
	}
	return lines
}

// ragged cuts text into lines of natural spacing; every \n ends a line.
func (s style) ragged(text string, measure float64) (lines []line) {
	space := s.width(" ")
	for row := range strings.SplitSeq(text, "\n") {
		now := line{space: space}
		for _, p := range s.pieces(row, measure) {
			wide := now.wide + p.wide
			if n := len(now.pieces); n > 0 && now.pieces[n-1].gap {
				wide += space
			}
			if len(now.pieces) > 0 && wide > measure {
				lines = append(lines, now)
				now, wide = line{space: space}, p.wide
			}
			now.pieces, now.wide = append(now.pieces, p), wide
		}
		if len(now.pieces) > 0 {
			lines = append(lines, now)
		}
	}
	return lines
}
