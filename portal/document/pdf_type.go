package document

import (
	"encoding/binary"
	"strings"
	"sync"
	"unicode"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"golang.org/x/text/unicode/norm"
)

// missing stands for a letter that none of the typefaces has.
const missing = '□'

// face is a typeface: its file and the width of every letter it has.
type face struct {
	family, style string // by which the PDF library knows it
	ttf           []byte
	widths        []int16 // by letter, in thousandths of the size; -1 where there is none
}

// weight is a typeface and where to look for the letters it lacks.
type weight []*face

// typefaces are read once. Liberation Sans has every Kazakh letter but not the
// tenge sign; DejaVu Sans has both and much more, and is drawn wider.
var typefaces = sync.OnceValue(func() (t struct {
	all           []*face
	regular, bold weight
}) {
	sans := readFace("LiberationSans", "", liberationsansregular.TTF)
	sansBold := readFace("LiberationSans", "B", liberationsansbold.TTF)
	other := readFace("DejaVuSans", "", dejavusans.TTF)
	otherBold := readFace("DejaVuSans", "B", dejavusansbold.TTF)
	t.all = []*face{sans, sansBold, other, otherBold}
	t.regular = weight{sans, other}
	t.bold = weight{sansBold, otherBold, other}
	return t
})

// readFace reads the letters and widths of a TrueType file (OpenType 1.9: cmap
// format 4, head, hhea, hmtx). The files are compiled in, so their tables are
// taken to be well formed. The widths are rounded as the PDF library rounds
// them, or the lines would not end where we think they do.
func readFace(family, style string, ttf []byte) *face {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(ttf[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(ttf[at:])) }
	tables := map[string]int{}
	for i := range u16(4) {
		at := 12 + 16*i
		tables[string(ttf[at:at+4])] = u32(at + 8)
	}
	em, last := u16(tables["head"]+18), u16(tables["hhea"]+34)-1
	f := &face{family: family, style: style, ttf: ttf, widths: make([]int16, 1<<16)}
	for r := range f.widths {
		f.widths[r] = -1
	}
	eachGlyph(ttf, tables["cmap"], func(letter, glyph int) {
		advance := u16(tables["hmtx"] + 4*min(glyph, last))
		f.widths[letter] = int16((2*1000*advance + em) / (2 * em))
	})
	return f
}

// eachGlyph walks the Unicode character map of format 4, the one for the Basic
// Multilingual Plane; the PDF library knows no letters beyond it either.
func eachGlyph(ttf []byte, cmap int, do func(letter, glyph int)) {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(ttf[at:])) }
	at := 0
	for i := range u16(cmap + 2) {
		record := cmap + 4 + 8*i
		sub := cmap + int(binary.BigEndian.Uint32(ttf[record+4:]))
		if u16(record) == 3 && u16(record+2) == 1 && u16(sub) == 4 {
			at = sub
		}
	}
	if at == 0 {
		return
	}
	span := u16(at + 6) // twice the number of segments
	for i := 0; i < span; i += 2 {
		end, start := u16(at+14+i), u16(at+16+span+i)
		delta, offset := u16(at+16+2*span+i), at+16+3*span+i
		for letter := start; letter <= end && letter < 0xFFFF; letter++ {
			glyph := letter + delta
			if u16(offset) != 0 {
				if glyph = u16(offset + u16(offset) + 2*(letter-start)); glyph != 0 {
					glyph += delta
				}
			}
			if glyph &= 0xFFFF; glyph != 0 {
				do(letter, glyph)
			}
		}
	}
}

// width of a letter at size 1, and whether the face has it.
func (f *face) width(r rune) (float64, bool) {
	if int(r) >= len(f.widths) || f.widths[r] < 0 {
		return 0, false
	}
	return float64(f.widths[r]) / 1000, true
}

// find returns the first face with the letter, or the sign for a missing one.
func (w weight) find(r rune) (*face, rune, float64) {
	for _, letter := range []rune{r, missing} {
		for _, f := range w {
			if wide, ok := f.width(letter); ok {
				return f, letter, wide
			}
		}
	}
	return w[0], ' ', 0 // not reached: DejaVu Sans has the sign
}

// run is a piece of text in one face; wide is its width at size 1.
type run struct {
	face *face
	text string
	wide float64
}

// set turns text into runs and gives their whole width at size 1.
func (w weight) set(text string) (runs []run, wide float64) {
	var b strings.Builder
	var now run
	flush := func() {
		if b.Len() > 0 {
			now.text = b.String()
			runs = append(runs, now)
			b.Reset()
		}
	}
	for _, r := range text {
		f, letter, lw := w.find(r)
		if f != now.face {
			flush()
			now = run{face: f}
		}
		b.WriteRune(letter)
		now.wide += lw
		wide += lw
	}
	flush()
	return runs, wide
}

// width of the text at size 1.
func (w weight) width(text string) (wide float64) {
	for _, r := range text {
		_, _, lw := w.find(r)
		wide += lw
	}
	return wide
}

// clean makes text fit for print: composed letters, lines ended by \n, and
// nothing that could make the paper read otherwise than its letters say: no
// controls, no direction marks, no invisible characters, no towers of accents.
func clean(text string) string {
	text = strings.ToValidUTF8(text, string(missing))
	text = strings.ReplaceAll(norm.NFC.String(text), "\r\n", "\n")
	marks := 0
	return strings.Map(func(r rune) rune {
		if !unicode.Is(unicode.M, r) {
			marks = 0
			return plain(r)
		}
		if marks++; marks > 2 || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, text)
}

// plain maps a character to the one that is printed for it, -1 for none.
func plain(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
		return '\n'
	case r == 0xA0 || r == 0x2007 || r == 0x202F:
		return 0xA0 // the spaces at which a line must not break
	case unicode.Is(unicode.Zs, r):
		return ' '
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point):
		return -1
	case unicode.In(r, unicode.Co, unicode.Cs):
		return missing
	}
	return r
}

// oneLine is clean text without line ends.
func oneLine(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }
