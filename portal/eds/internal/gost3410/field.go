package gost3410

import (
	"encoding/binary"
	"math/bits"
)

// fold is 2^512 modulo p: what overflows the top of an element comes back into
// its bottom multiplied by this. That it fits into one word is what makes the
// reduction modulo p = 2^512 - 569 cheap.
const fold = 569

// element is a residue modulo p, least significant word first. Any value under
// 2^512 stands for its residue, so 569 residues have two forms; equal, isZero and
// reduced are the only ones that need to care.
type element [8]uint64

// setBytes reads 64 octets, least significant first, and says whether they are
// the residue's only proper form, that is under p.
func (z *element) setBytes(b []byte) bool {
	for i := range z {
		z[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return *z == z.reduced()
}

// bytes writes the reduced form, least significant octet first.
func (z *element) bytes() (out [64]byte) {
	for i, word := range z.reduced() {
		binary.LittleEndian.PutUint64(out[8*i:], word)
	}
	return out
}

// reduced is the form under p: adding 569 overflows exactly when the value is at
// least p, and what is left after the overflow is the difference.
func (z *element) reduced() element {
	sum := *z
	var carry uint64
	sum[0], carry = bits.Add64(sum[0], fold, 0)
	for i := 1; i < len(sum); i++ {
		sum[i], carry = bits.Add64(sum[i], 0, carry)
	}
	if carry == 1 {
		return sum
	}
	return *z
}

// isZero looks at the lowest word first: both forms of zero, 0 and p, begin with a
// word that hardly any other element has.
func (z *element) isZero() bool {
	if z[0] != 0 && z[0] != 1<<64-fold {
		return false
	}
	return z.reduced() == element{}
}

func (z *element) equal(x *element) bool {
	return z.reduced() == x.reduced()
}

// add sets z = x + y.
func (z *element) add(x, y *element) {
	z0, c := bits.Add64(x[0], y[0], 0)
	z1, c := bits.Add64(x[1], y[1], c)
	z2, c := bits.Add64(x[2], y[2], c)
	z3, c := bits.Add64(x[3], y[3], c)
	z4, c := bits.Add64(x[4], y[4], c)
	z5, c := bits.Add64(x[5], y[5], c)
	z6, c := bits.Add64(x[6], y[6], c)
	z7, c := bits.Add64(x[7], y[7], c)

	z0, c = bits.Add64(z0, -c&fold, 0)
	// Word by word: a whole element would be put together in memory first, and read
	// from there before it has arrived, which takes longer than the sum.
	z[0], z[1], z[2], z[3] = z0, z1, z2, z3
	z[4], z[5], z[6], z[7] = z4, z5, z6, z7
	if c == 1 {
		z.ripple()
	}
}

// sub sets z = x - y.
func (z *element) sub(x, y *element) {
	z0, c := bits.Sub64(x[0], y[0], 0)
	z1, c := bits.Sub64(x[1], y[1], c)
	z2, c := bits.Sub64(x[2], y[2], c)
	z3, c := bits.Sub64(x[3], y[3], c)
	z4, c := bits.Sub64(x[4], y[4], c)
	z5, c := bits.Sub64(x[5], y[5], c)
	z6, c := bits.Sub64(x[6], y[6], c)
	z7, c := bits.Sub64(x[7], y[7], c)

	z0, c = bits.Sub64(z0, -c&fold, 0)
	z[0], z[1], z[2], z[3] = z0, z1, z2, z3
	z[4], z[5], z[6], z[7] = z4, z5, z6, z7
	if c == 1 {
		z.borrow()
	}
}

// ripple carries a one out of the lowest word upwards. It stands apart because
// adding so small a number needs it hardly ever (once in 2^45 products, more seldom
// after a sum). Should the one leave at the top, it comes back as 569, and stays in
// the lowest word, which has just wrapped around and is small.
func (z *element) ripple() {
	carry := uint64(1)
	for i := 1; i < len(z); i++ {
		z[i], carry = bits.Add64(z[i], 0, carry)
	}
	z[0] += -carry & fold
}

// borrow is the same for a difference: 2^512 borrowed at the top is paid for with
// 569, and the lowest word, having just wrapped around, can afford it.
func (z *element) borrow() {
	borrow := uint64(1)
	for i := 1; i < len(z); i++ {
		z[i], borrow = bits.Sub64(z[i], 0, borrow)
	}
	z[0] -= -borrow & fold
}

// wide is a product before its reduction, least significant word first.
type wide [16]uint64

// fold reduces a product: the upper half, multiplied by 569, is added to the lower
// one, and what overflows by that, at most 569 itself, is folded once more.
func (w *wide) fold(z *element) {
	h0, l0 := bits.Mul64(w[8], fold)
	h1, l1 := bits.Mul64(w[9], fold)
	h2, l2 := bits.Mul64(w[10], fold)
	h3, l3 := bits.Mul64(w[11], fold)
	h4, l4 := bits.Mul64(w[12], fold)
	h5, l5 := bits.Mul64(w[13], fold)
	h6, l6 := bits.Mul64(w[14], fold)
	h7, l7 := bits.Mul64(w[15], fold)

	l1, c := bits.Add64(l1, h0, 0)
	l2, c = bits.Add64(l2, h1, c)
	l3, c = bits.Add64(l3, h2, c)
	l4, c = bits.Add64(l4, h3, c)
	l5, c = bits.Add64(l5, h4, c)
	l6, c = bits.Add64(l6, h5, c)
	l7, c = bits.Add64(l7, h6, c)
	over := h7 + c

	z0, c := bits.Add64(w[0], l0, 0)
	z1, c := bits.Add64(w[1], l1, c)
	z2, c := bits.Add64(w[2], l2, c)
	z3, c := bits.Add64(w[3], l3, c)
	z4, c := bits.Add64(w[4], l4, c)
	z5, c := bits.Add64(w[5], l5, c)
	z6, c := bits.Add64(w[6], l6, c)
	z7, c := bits.Add64(w[7], l7, c)
	over += c

	z0, c = bits.Add64(z0, over*fold, 0)
	z[0], z[1], z[2], z[3] = z0, z1, z2, z3
	z[4], z[5], z[6], z[7] = z4, z5, z6, z7
	if c == 1 {
		z.ripple()
	}
}

// accumulate adds x·y to the three-word column (c2, c1, c0).
func accumulate(c0, c1, c2, x, y uint64) (uint64, uint64, uint64) {
	hi, lo := bits.Mul64(x, y)
	var carry uint64
	c0, carry = bits.Add64(c0, lo, 0)
	c1, carry = bits.Add64(c1, hi, carry)
	c2, _ = bits.Add64(c2, 0, carry)
	return c0, c1, c2
}

// double doubles the three-word column (c2, c1, c0).
func double(c0, c1, c2 uint64) (uint64, uint64, uint64) {
	var carry uint64
	c0, carry = bits.Add64(c0, c0, 0)
	c1, carry = bits.Add64(c1, c1, carry)
	c2, _ = bits.Add64(c2, c2, carry)
	return c0, c1, c2
}

// carry adds the two words a column leaves to the next one.
func carry(c0, c1, c2, in0, in1 uint64) (uint64, uint64, uint64) {
	var over uint64
	c0, over = bits.Add64(c0, in0, 0)
	c1, over = bits.Add64(c1, in1, over)
	return c0, c1, c2 + over
}
