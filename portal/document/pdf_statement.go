package document

// block is the statement laid out: its heading, then rows of cells.
type block struct {
	heading []line
	rows    []blockRow
	high    float64
}

// blockRow is one fact over the whole width, or two side by side.
type blockRow struct {
	cells []cell
	high  float64
}

// cell is a label and its value, which stands to the right of it.
type cell struct {
	x, value      float64
	label, values []line
}

const (
	blockGap   = 16.0 // over its rule
	blockPad   = 7.0  // between the rule and the heading
	blockLabel = 78.0 // from a label to its value
	blockHalf  = measure * 0.54
	blockMost  = (bottom - nextTop) / 2 // high: the text must have room over it
)

// newBlock lays a statement out. A row goes over the whole width where its value
// would not stand on one line of its half.
func newBlock(st styles, s Statement) block {
	b := block{heading: st.tiny.ragged(s.Heading, measure)}
	for i := 0; i < len(s.Rows); i++ {
		var row blockRow
		first, whole := st.cell(s.Rows[i], left, blockHalf-12)
		row.cells = []cell{first}
		if whole {
			first, _ = st.cell(s.Rows[i], left, measure)
			row.cells[0] = first
		} else if i+1 < len(s.Rows) {
			if second, whole := st.cell(s.Rows[i+1], left+blockHalf, measure-blockHalf); !whole {
				row.cells = append(row.cells, second)
				i++
			}
		}
		for _, c := range row.cells {
			row.high = max(row.high, float64(max(len(c.label), len(c.values)))*st.tiny.leading)
		}
		b.rows = append(b.rows, row)
		b.high += row.high
	}
	b.high += float64(len(b.heading)) * st.tiny.leading
	return b
}

// cell lays one fact out; whole says that its value wants more than this width.
func (st styles) cell(f Fact, x, wide float64) (c cell, whole bool) {
	ink := st.tiny
	ink.ink = 0x22
	c = cell{x: x, value: x + blockLabel, label: st.tiny.ragged(f.Label, blockLabel-6), values: ink.ragged(f.Value, wide-blockLabel)}
	return c, len(c.values) > 1
}

// room is the height the block takes at the foot of a page; none where there is
// nothing to say.
func (b block) room() float64 {
	if b.high == 0 {
		return 0
	}
	return b.high + blockGap + blockPad
}

// block sets the statement just over the foot of the page.
func (p *page) block(st styles, b block) {
	if b.room() == 0 {
		return
	}
	y := bottom - b.high
	p.line(y - blockPad)
	for _, l := range b.heading {
		head := st.tiny
		head.weight, head.ink = st.strong.weight, 0x22
		p.set(head, l, left, y)
		y += st.tiny.leading
	}
	ink := st.tiny
	ink.ink = 0x22
	for _, row := range b.rows {
		for _, c := range row.cells {
			for i, l := range c.label {
				p.set(st.tiny, l, c.x, y+float64(i)*st.tiny.leading)
			}
			for i, l := range c.values {
				p.set(ink, l, c.value, y+float64(i)*st.tiny.leading)
			}
		}
		y += row.high
	}
}
