package document

import (
	"errors"
	"fmt"
	"strings"
)

// The page, in points: A4 with 25 mm for the binding and 20 mm on the right.
const (
	pageWide, pageHigh = 595.28, 841.89
	left, right        = 71.0, pageWide - 57.0
	measure            = right - left
	firstTop           = 57.0 // of the first page, which has no running head
	nextTop            = 74.0
	bottom             = pageHigh - 78.0
)

const (
	grey = 0x55 // of small print: 7.5:1 on white, readable after a photocopy
	pale = 0xB4 // of rules
)

// placed is text at its place; x and y are of the baseline, from the top left.
type placed struct {
	run
	x, y, size float64
	ink        int
}

// rule is a straight hairline.
type rule struct{ x1, y1, x2, y2 float64 }

// code is a QR code: dark modules by row, its upper left corner and its side.
type code struct {
	dark       [][]bool
	x, y, side float64
}

// page is what is drawn on one sheet of paper.
type page struct {
	texts []placed
	rules []rule
	code  *code
}

// flow fills page after page; y is how far down the last one is filled. foot is
// the height kept free at the foot of the first page.
type flow struct {
	pages []*page
	y     float64
	foot  float64
}

func (f *flow) page() *page { return f.pages[len(f.pages)-1] }

func (f *flow) turn() {
	f.pages = append(f.pages, &page{})
	f.y = nextTop
}

// floor is how far down the page at hand may be filled.
func (f *flow) floor() float64 {
	if len(f.pages) == 1 {
		return bottom - f.foot
	}
	return bottom
}

// need turns the page when less than this height is left, unless a fresh page
// would not hold it either.
func (f *flow) need(high float64) {
	if f.y+high > f.floor()+0.01 && f.y > nextTop && high <= bottom-nextTop {
		f.turn()
	}
}

// put sets one line with its left end at x and moves down past it.
func (f *flow) put(s style, l line, x float64) {
	f.need(s.leading)
	f.page().set(s, l, x, f.y)
	f.y += s.leading
}

// set places a line on the page; y is the top of the line.
func (p *page) set(s style, l line, x, y float64) {
	base := y + s.leading/2 + s.size*0.35 // the middle of capitals stands in the middle of the line
	for i, piece := range l.pieces {
		runs, _ := s.weight.set(piece.text)
		for _, r := range runs {
			p.texts = append(p.texts, placed{run: r, x: x, y: base, size: s.size, ink: s.ink})
			x += r.wide * s.size
		}
		if piece.gap && i < len(l.pieces)-1 {
			p.texts[len(p.texts)-1].text += " " // unseen, for those who copy or listen to the text
			x += l.space
		}
	}
}

// row sets a text on one line, shrunk if it would be wider than allowed.
func (p *page) row(s style, text string, x, y, allowed float64, toRight bool) {
	if wide := s.width(text); wide > allowed {
		s.size *= allowed / wide
	}
	if toRight {
		x -= s.width(text)
	}
	runs, _ := s.weight.set(text)
	base := y + s.leading/2 + s.size*0.35
	for _, r := range runs {
		p.texts = append(p.texts, placed{run: r, x: x, y: base, size: s.size, ink: s.ink})
		x += r.wide * s.size
	}
}

func (p *page) line(y float64) { p.rules = append(p.rules, rule{left, y, right, y}) }

// styles of the sheet. Air is 1 for a letter that breathes, less for one that is
// set tighter to fit its page; it scales the leading and every gap.
type styles struct {
	air                                               float64
	text, strong, title, subtitle, label, small, tiny style
}

func newStyles(air float64) styles {
	t := typefaces()
	return styles{
		air:      air,
		text:     style{t.regular, 11, 16 * air, 0},
		strong:   style{t.bold, 11, 16 * air, 0},
		title:    style{t.bold, 14, 20, 0},
		subtitle: style{t.regular, 10.5, 15, 0x33},
		label:    style{t.regular, 9.5, 15 * air, grey},
		small:    style{t.regular, 9, 12.5, 0x22},
		tiny:     style{t.regular, 7.5, 10, grey},
	}
}

// compose lays a clean sheet out. A second page that would hold little more than
// the signature is won back by setting the first one tighter.
func compose(s Sheet) ([]*page, error) {
	pages, err := layOut(s, newStyles(1))
	if err != nil || len(pages) != 2 {
		return pages, err
	}
	if tight, err := layOut(s, newStyles(0.88)); err == nil && len(tight) == 1 {
		return tight, nil
	}
	return pages, nil
}

func layOut(s Sheet, st styles) ([]*page, error) {
	said := newBlock(st, s.Statement)
	if said.high > blockMost {
		return nil, errors.New("the statement takes more than half of the page")
	}
	f := &flow{pages: []*page{{}}, y: firstTop, foot: said.room()}
	f.parties(st, s)
	f.title(st, s)
	f.facts(st, s.Facts)
	for _, part := range s.Sections {
		f.section(st, part)
	}
	end := newPanel(st, s)
	f.closing(st, s.Closing, end.room())
	if err := f.panel(st, end); err != nil {
		return nil, err
	}
	f.pages[0].block(st, said)
	f.margins(st, s)
	return f.pages, nil
}

// parties sets the addressee and the author in the right half, as the head of a
// petition is written.
func (f *flow) parties(st styles, s Sheet) {
	const x = left + measure*0.48
	for _, l := range s.To {
		f.lines(st.strong, l, x, right-x)
	}
	if len(s.To) > 0 && len(s.From) > 0 {
		f.y += 8
	}
	for _, l := range s.From {
		f.lines(st.text, l, x, right-x)
	}
}

func (f *flow) lines(s style, text string, x, wide float64) {
	for _, l := range s.ragged(text, wide) {
		f.put(s, l, x)
	}
}

func (f *flow) title(st styles, s Sheet) {
	if f.y > firstTop {
		f.y += 34 * st.air
	}
	f.centred(st.title, s.Title)
	if s.Subtitle != "" {
		f.y += 2
		f.centred(st.subtitle, s.Subtitle)
	}
	f.y += 16 * st.air
}

func (f *flow) centred(s style, text string) {
	for _, l := range s.ragged(text, measure*0.9) {
		f.put(s, l, left+(measure-l.wide)/2)
	}
}

// facts sets the table: labels on the left, values on the right, a hairline
// over each row and under the last. A row moves to the next page whole.
func (f *flow) facts(st styles, facts []Fact) {
	const column, gutter, pad = measure * 0.34, 14.0, 3.5
	value := st.text
	value.size, value.leading = 10.5, st.label.leading
	for _, fact := range facts {
		names := st.label.ragged(fact.Label, column-gutter)
		values := value.ragged(fact.Value, measure-column)
		rows := max(len(names), len(values))
		f.need(float64(rows)*value.leading + 2*pad)
		f.page().line(f.y)
		f.y += pad
		for i := range rows {
			f.need(value.leading)
			if i < len(names) {
				f.page().set(st.label, names[i], left, f.y)
			}
			if i < len(values) {
				f.page().set(value, values[i], left+column, f.y)
			}
			f.y += value.leading
		}
		f.y += pad
	}
	if len(facts) > 0 {
		f.page().line(f.y)
		f.y += 18 * st.air
	}
}

// section sets a heading and its paragraphs. The heading stays with the first
// two lines of what it heads.
func (f *flow) section(st styles, part Section) {
	const indent = 28.35 // 1 cm
	if part.Heading != "" {
		head := st.strong.ragged(part.Heading, measure)
		f.need(float64(len(head)+2) * st.strong.leading)
		for _, l := range head {
			f.put(st.strong, l, left)
		}
		f.y += 3
	}
	blank := false
	for text := range strings.SplitSeq(part.Text, "\n") {
		lines := st.text.breaks(text, measure, indent)
		if len(lines) == 0 {
			blank = true
			continue
		}
		if blank {
			f.y += 6
			blank = false
		}
		f.paragraph(st.text, lines, indent)
	}
	f.y += 12 * st.air
}

// paragraph sets justified lines and leaves neither the first alone at the foot
// of a page nor the last alone at the head of the next.
func (f *flow) paragraph(s style, lines []line, indent float64) {
	for i, l := range lines {
		rest := len(lines) - i
		if i == 0 && rest > 1 || rest == 2 {
			f.need(2 * s.leading)
		}
		x := left
		if i == 0 {
			x += indent
		}
		f.put(s, l, x)
	}
}

// closing sets the date and the signers together, on the page that also has room
// for the panel; what follows a tab stands at the right edge.
func (f *flow) closing(st styles, lines []string, panel float64) {
	if len(lines) == 0 {
		return
	}
	f.y += 10 * st.air
	f.need(float64(len(lines))*(st.text.leading+2) + panel)
	for _, l := range lines {
		text, end, _ := strings.Cut(l, "\t")
		over := st.text.ragged(end, measure*0.48)
		under := st.text.ragged(text, measure*0.48)
		if end == "" {
			under = st.text.ragged(text, measure)
		}
		for i := range max(len(over), len(under)) {
			f.need(st.text.leading)
			if i < len(under) {
				f.page().set(st.text, under[i], left, f.y)
			}
			if i < len(over) {
				f.page().set(st.text, over[i], right-over[i].wide, f.y)
			}
			f.y += st.text.leading
		}
		f.y += 2
	}
}

// panel stands at the foot of the last page: the code on the left, beside it
// the note, what the code is for, and the address in letters. The address is no
// live link: the library writes links in a way the standard forbids (ISO 32000-1,
// table 30), and a paper that is signed has no moving parts.
type panel struct {
	x, high             float64
	note, text, address []line
	url                 string
}

const (
	codeSide = 70.0 // of the QR code, 25 mm
	panelGap = 18.0 // over the panel
	panelPad = 10.0 // between its rule and the code, whose white border is four modules
)

func newPanel(st styles, s Sheet) panel {
	p := panel{x: left, url: s.VerifyURL}
	if p.url != "" {
		p.x, p.high = left+codeSide+16, codeSide
	}
	p.note = st.small.ragged(s.Note, right-p.x)
	p.text = st.small.ragged(s.VerifyText, right-p.x)
	p.address = st.tiny.ragged(s.VerifyURL, right-p.x)
	words := float64(len(p.note)+len(p.text))*st.small.leading + float64(len(p.address))*st.tiny.leading
	if words > 0 {
		p.high = max(p.high, words+6)
	}
	return p
}

// room is the height the panel takes at most.
func (p panel) room() float64 {
	if p.high == 0 {
		return 0
	}
	return p.high + panelGap
}

func (f *flow) panel(st styles, p panel) error {
	if p.high == 0 {
		return nil
	}
	f.need(p.room())
	top := max(f.y+panelGap, f.floor()-p.high)
	f.page().line(top - panelPad)
	if p.url != "" {
		dark, err := modules(p.url)
		if err != nil {
			return fmt.Errorf("code of the verification page: %w", err)
		}
		f.page().code = &code{dark, left, top, codeSide}
	}
	f.y = top - 2
	f.rows(st.small, p.note, p.x)
	if len(p.note) > 0 {
		f.y += 4
	}
	f.rows(st.small, p.text, p.x)
	f.y += 2
	f.rows(st.tiny, p.address, p.x)
	return nil
}

func (f *flow) rows(s style, lines []line, x float64) {
	for _, l := range lines {
		f.put(s, l, x)
	}
}

// margins sets what stands on every page: at the foot the purpose, the id and
// the number of the page; at the head of all but the first, the title.
func (f *flow) margins(st styles, s Sheet) {
	title := oneLine(s.Title)
	for i, p := range f.pages {
		if i > 0 {
			p.row(st.tiny, shorten(st.tiny, title, measure), left, 48, measure, false)
			p.line(61)
		}
		foot := pageHigh - 58.0
		p.line(foot)
		p.row(st.tiny, s.Purpose, left, foot+5, measure*0.7, false)
		p.row(st.tiny, s.ID, left, foot+15, measure*0.7, false)
		number := st.tiny
		number.size, number.ink = 8.5, 0x22
		p.row(number, oneLine(fmt.Sprintf(s.PageText, i+1, len(f.pages))), right, foot+5, measure*0.28, true)
	}
}

// shorten cuts a running title that does not fit.
func shorten(s style, text string, wide float64) string {
	if s.width(text) <= wide {
		return text
	}
	letters := []rune(text)
	for len(letters) > 0 && s.width(string(letters)+"…") > wide {
		letters = letters[:len(letters)-1]
	}
	return string(letters) + "…"
}
