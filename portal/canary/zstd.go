package canary

import (
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
)

// errDamaged says that a stream goes on no further: cut, or none after all.
var errDamaged = errors.New("canary: no such stream, or a damaged one")

// zstd opens a stream of Zstandard (RFC 8878), in which backups and dumps may be kept.
// It checks no sums and takes no dictionaries.
type zstd struct {
	from    io.Reader
	opened  bool
	last    bool
	history []byte // what was made, as far back as copies may reach
	next    []byte
	reps    [3]int
	huffman *huffman
	tables  [3]*fse // of literal lengths, offsets, match lengths, for "the same again"
	err     error
}

func newZstd(from io.Reader) *zstd { return &zstd{from: from, reps: [3]int{1, 4, 8}} }

// reach is how far back a copy may reach here.
const reach = 8 << 20

// biggest is the most that one block makes.
const biggest = 128 << 10

func (z *zstd) Read(p []byte) (int, error) {
	for len(z.next) == 0 {
		if z.err != nil {
			return 0, z.err
		}
		z.err = z.block()
	}
	n := copy(p, z.next)
	z.next = z.next[n:]
	return n, nil
}

func (z *zstd) take(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(z.from, b)
	return b, err
}

func (z *zstd) open() error {
	z.opened = true
	head, err := z.take(5)
	if err != nil {
		return err
	}
	flags := head[4]
	single := flags>>5&1 == 1
	if flags&0x08 != 0 {
		return errDamaged
	}
	more := []int{0, 1, 2, 4}[flags&3]
	if !single {
		more++
	}
	switch flags >> 6 {
	case 0:
		if single {
			more++
		}
	default:
		more += 1 << (flags >> 6)
	}
	_, err = z.take(more)
	return err
}

func (z *zstd) block() error {
	if !z.opened {
		if err := z.open(); err != nil {
			return err
		}
	}
	if z.last {
		return io.EOF
	}
	head, err := z.take(3)
	if err != nil {
		return err
	}
	word := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	z.last = word&1 == 1
	kind, size := word>>1&3, word>>3
	if size > biggest {
		return errDamaged
	}
	known := len(z.history)
	switch kind {
	case 0:
		b, err := z.take(size)
		if err != nil {
			return err
		}
		z.history = append(z.history, b...)
	case 1:
		b, err := z.take(1)
		if err != nil {
			return err
		}
		for range size {
			z.history = append(z.history, b[0])
		}
	case 2:
		b, err := z.take(size)
		if err != nil {
			return err
		}
		if err := z.compressed(b); err != nil {
			// What was made before the damage is looked at all the same.
			z.next = append([]byte(nil), z.history[known:]...)
			return err
		}
	default:
		return errDamaged
	}
	z.next = append([]byte(nil), z.history[known:]...)
	z.history = append([]byte(nil), z.history[max(0, len(z.history)-reach):]...)
	return nil
}

func (z *zstd) compressed(b []byte) error {
	literals, b, err := z.literals(b)
	if err != nil {
		return err
	}
	return z.sequences(literals, b)
}

// literals are the letters that are not copied from before.
func (z *zstd) literals(b []byte) (out, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, errDamaged
	}
	kind, format := b[0]&3, b[0]>>2&3
	word := func(n int) (v uint64, ok bool) {
		if len(b) < n {
			return 0, false
		}
		for i := range n {
			v |= uint64(b[i]) << (8 * i)
		}
		b = b[n:]
		return v, true
	}
	if kind < 2 {
		n, shift := 1, 3
		if format&1 == 1 {
			n, shift = int(format+3)/2, 4
		}
		v, ok := word(n)
		size := int(v >> shift)
		if !ok || size > biggest {
			return nil, nil, errDamaged
		}
		if kind == 1 {
			if len(b) == 0 {
				return nil, nil, errDamaged
			}
			for range size {
				out = append(out, b[0])
			}
			return out, b[1:], nil
		}
		if len(b) < size {
			return nil, nil, errDamaged
		}
		return b[:size], b[size:], nil
	}
	n, wide := []int{3, 3, 4, 5}[format], []int{10, 10, 14, 18}[format]
	v, ok := word(n)
	mask := uint64(1)<<wide - 1
	size, packed := int(v>>4&mask), int(v>>(4+wide)&mask)
	if !ok || size > biggest || packed > len(b) {
		return nil, nil, errDamaged
	}
	streams, rest := b[:packed], b[packed:]
	if kind == 2 {
		if z.huffman, streams, err = newHuffman(streams); err != nil {
			return nil, nil, err
		}
	}
	if z.huffman == nil {
		return nil, nil, errDamaged
	}
	if format == 0 {
		out, err = z.huffman.read(streams, size)
		return out, rest, err
	}
	if len(streams) < 6 {
		return nil, nil, errDamaged
	}
	var sizes [4]int
	left := len(streams) - 6
	for i := range 3 {
		sizes[i] = int(binary.LittleEndian.Uint16(streams[2*i:]))
		left -= sizes[i]
	}
	if sizes[3] = left; left < 0 {
		return nil, nil, errDamaged
	}
	streams = streams[6:]
	for i, packed := range sizes {
		part := (size + 3) / 4
		if i == 3 {
			part = size - 3*part
		}
		if part < 0 {
			return nil, nil, errDamaged
		}
		one, err := z.huffman.read(streams[:packed], part)
		if err != nil {
			return nil, nil, err
		}
		out, streams = append(out, one...), streams[packed:]
	}
	return out, rest, nil
}

// The three kinds of codes of a sequence, in the order of their modes.
const (
	literalLengths = iota
	offsets
	matchLengths
)

var usual = [3]struct {
	log    int
	counts []int
}{
	{6, []int{4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1}},
	{5, []int{1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1}},
	{6, []int{1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1}},
}

// span of a code: where it begins, and how many bits say where in it.
type extent struct{ from, bits int }

// extents are those of the codes beyond the plain ones.
func extents(plain, first int, widths []int) (out []extent) {
	for i := range plain {
		out = append(out, extent{first + i, 0})
	}
	at := first + plain
	for _, w := range widths {
		out = append(out, extent{at, w})
		at += 1 << w
	}
	return out
}

var (
	literalExtents = extents(16, 0, []int{1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	matchExtents   = extents(32, 3, []int{1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
)

// sequences put literals and copies together.
func (z *zstd) sequences(literals, b []byte) error {
	if len(b) == 0 {
		return errDamaged
	}
	count := int(b[0])
	switch {
	case count < 128:
		b = b[1:]
	case count < 255 && len(b) > 1:
		count, b = (count-128)<<8+int(b[1]), b[2:]
	case len(b) > 2:
		count, b = int(b[1])+int(b[2])<<8+0x7f00, b[3:]
	default:
		return errDamaged
	}
	if count == 0 {
		z.history = append(z.history, literals...)
		return nil
	}
	if len(b) == 0 {
		return errDamaged
	}
	modes := b[0]
	b = b[1:]
	for i := range 3 {
		var err error
		if z.tables[i], b, err = table(int(modes>>(6-2*i)&3), i, z.tables[i], b); err != nil {
			return err
		}
	}
	r, err := newBack(b)
	if err != nil {
		return err
	}
	ll, of, ml := z.tables[literalLengths], z.tables[offsets], z.tables[matchLengths]
	ls, os, ms := r.read(ll.log), r.read(of.log), r.read(ml.log)
	known := len(z.history)
	for i := range count {
		lc, oc, mc := int(ll.rows[ls].symbol), int(of.rows[os].symbol), int(ml.rows[ms].symbol)
		if oc > 31 || lc >= len(literalExtents) || mc >= len(matchExtents) {
			return errDamaged
		}
		offset := 1<<oc + r.read(oc)
		match := matchExtents[mc].from + r.read(matchExtents[mc].bits)
		length := literalExtents[lc].from + r.read(literalExtents[lc].bits)
		if i < count-1 {
			ls, ms, os = ll.step(ls, r), ml.step(ms, r), of.step(os, r)
		}
		offset = z.offset(offset, length)
		if r.left < 0 || length > len(literals) {
			return errDamaged
		}
		z.history, literals = append(z.history, literals[:length]...), literals[length:]
		if offset <= 0 || offset > len(z.history) || len(z.history)-known+match > 2*biggest {
			return errDamaged
		}
		for range match {
			z.history = append(z.history, z.history[len(z.history)-offset])
		}
	}
	z.history = append(z.history, literals...)
	return nil
}

// offset is how far back a value means: the first three mean one of the last.
func (z *zstd) offset(value, length int) int {
	if value > 3 {
		z.reps = [3]int{value - 3, z.reps[0], z.reps[1]}
		return z.reps[0]
	}
	if length == 0 {
		value++
	}
	switch value {
	case 1:
	case 2:
		z.reps[0], z.reps[1] = z.reps[1], z.reps[0]
	case 3:
		z.reps = [3]int{z.reps[2], z.reps[0], z.reps[1]}
	default:
		z.reps = [3]int{z.reps[0] - 1, z.reps[0], z.reps[1]}
	}
	return z.reps[0]
}

func table(mode, kind int, before *fse, b []byte) (*fse, []byte, error) {
	switch mode {
	case 0:
		return newFSE(usual[kind].log, usual[kind].counts), b, nil
	case 1:
		if len(b) == 0 {
			return nil, nil, errDamaged
		}
		return &fse{rows: []fseRow{{symbol: b[0]}}}, b[1:], nil
	case 2:
		log, counts, used, err := readCounts(b, []int{9, 8, 9}[kind])
		if err != nil {
			return nil, nil, err
		}
		return newFSE(log, counts), b[used:], nil
	default:
		if before == nil {
			return nil, nil, errDamaged
		}
		return before, b, nil
	}
}

// fse is a table of finite state entropy: which symbol a state means, and which comes
// after it.
type fse struct {
	log  int
	rows []fseRow
}

type fseRow struct {
	symbol byte
	bits   uint8
	base   uint16
}

func (f *fse) step(state int, r *back) int {
	row := f.rows[state]
	return int(row.base) + r.read(int(row.bits))
}

func newFSE(log int, counts []int) *fse {
	size := 1 << log
	f := &fse{log, make([]fseRow, size)}
	next, high := make([]int, len(counts)), size
	for s, c := range counts {
		if c == -1 {
			high--
			f.rows[high].symbol, next[s] = byte(s), 1
		}
	}
	at, step := 0, size>>1+size>>3+3
	for s, c := range counts {
		if c <= 0 {
			continue
		}
		next[s] = c
		for range c {
			f.rows[at].symbol = byte(s)
			for at = (at + step) & (size - 1); at >= high; {
				at = (at + step) & (size - 1)
			}
		}
	}
	for i := range f.rows {
		s := f.rows[i].symbol
		state := next[s]
		next[s]++
		width := log - (bits.Len(uint(state)) - 1)
		f.rows[i].bits, f.rows[i].base = uint8(width), uint16(state<<width-size)
	}
	return f
}

// readCounts reads how often each symbol is, and how many bytes that took.
func readCounts(b []byte, most int) (log int, counts []int, used int, err error) {
	at := 0
	read := func(n int) int {
		v := 0
		for i := range n {
			if at>>3 < len(b) {
				v |= int(b[at>>3]>>(at&7)&1) << i
			}
			at++
		}
		return v
	}
	if log = read(4) + 5; log > most {
		return 0, nil, 0, errDamaged
	}
	for left := 1 << log; left > 0; {
		if at>>3 > len(b) || len(counts) > 255 {
			return 0, nil, 0, errDamaged
		}
		n := bits.Len(uint(left + 1))
		v, low := read(n), 1<<(n-1)-1
		edge := 1<<n - 1 - (left + 1)
		if v&low < edge {
			at--
			v &= low
		} else if v > low {
			v -= edge
		}
		count := v - 1
		counts = append(counts, count)
		if count < 0 {
			left--
			continue
		}
		left -= count
		for again := count == 0; again; {
			zeros := read(2)
			for range zeros {
				counts = append(counts, 0)
			}
			again = zeros == 3 && len(counts) < 256
		}
		if left < 0 {
			return 0, nil, 0, errDamaged
		}
	}
	if used = (at + 7) / 8; used > len(b) || len(counts) > 256 {
		return 0, nil, 0, errDamaged
	}
	return log, counts, used, nil
}

// back reads bits from the end of a stream to its beginning.
type back struct {
	b    []byte
	left int // bits that are not read yet; below zero, they were none
}

func newBack(b []byte) (*back, error) {
	if len(b) == 0 || b[len(b)-1] == 0 {
		return nil, errDamaged
	}
	return &back{b, 8*len(b) - (9 - bits.Len8(b[len(b)-1]))}, nil
}

func (r *back) read(n int) int {
	r.left -= n
	return r.peek(n)
}

// peek is the n bits above left; those before the beginning are zeros.
func (r *back) peek(n int) (v int) {
	for i := range n {
		if at := r.left + i; at >= 0 {
			v |= int(r.b[at>>3]>>(at&7)&1) << i
		}
	}
	return v
}

// huffman is a table of letters by the next bits.
type huffman struct {
	bits int
	rows []huffmanRow
}

type huffmanRow struct{ symbol, bits byte }

func newHuffman(b []byte) (*huffman, []byte, error) {
	if len(b) == 0 {
		return nil, nil, errDamaged
	}
	head := int(b[0])
	b = b[1:]
	var weights []int
	if head >= 128 {
		count := head - 127
		if len(b) < (count+1)/2 {
			return nil, nil, errDamaged
		}
		for i := range count {
			weights = append(weights, int(b[i/2]>>(4*(1-i&1))&15))
		}
		b = b[(count+1)/2:]
	} else {
		if len(b) < head {
			return nil, nil, errDamaged
		}
		var err error
		if weights, err = readWeights(b[:head]); err != nil {
			return nil, nil, err
		}
		b = b[head:]
	}
	sum := 0
	for _, w := range weights {
		if w > 12 {
			return nil, nil, errDamaged
		}
		if w > 0 {
			sum += 1 << (w - 1)
		}
	}
	wide := bits.Len(uint(sum))
	left := 1<<wide - sum
	if sum == 0 || wide > 12 || left&(left-1) != 0 || len(weights) > 255 {
		return nil, nil, errDamaged
	}
	weights = append(weights, bits.Len(uint(left)))
	h := &huffman{bits: wide}
	for w := 1; w <= wide; w++ {
		for s, of := range weights {
			if of == w {
				for range 1 << (w - 1) {
					h.rows = append(h.rows, huffmanRow{byte(s), byte(wide + 1 - w)})
				}
			}
		}
	}
	if len(h.rows) != 1<<wide {
		return nil, nil, errDamaged
	}
	return h, b, nil
}

// readWeights reads weights that are written with finite state entropy: two states
// take turns until the bits are at their end.
func readWeights(b []byte) ([]int, error) {
	log, counts, used, err := readCounts(b, 6)
	if err != nil {
		return nil, err
	}
	f := newFSE(log, counts)
	r, err := newBack(b[used:])
	if err != nil {
		return nil, err
	}
	var out []int
	one, two := r.read(log), r.read(log)
	for len(out) < 256 {
		out = append(out, int(f.rows[one].symbol))
		one = f.step(one, r)
		if r.left < 0 {
			return append(out, int(f.rows[two].symbol)), nil
		}
		one, two = two, one
	}
	return nil, errDamaged
}

func (h *huffman) read(b []byte, size int) ([]byte, error) {
	r, err := newBack(b)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, size)
	for range size {
		r.left -= h.bits
		row := h.rows[r.peek(h.bits)]
		r.left += h.bits - int(row.bits)
		if r.left < 0 {
			return nil, errDamaged
		}
		out = append(out, row.symbol)
	}
	return out, nil
}
