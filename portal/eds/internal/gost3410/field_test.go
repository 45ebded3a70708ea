package gost3410

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// edges are the values at which carries, borrows and the two forms of a residue
// are met: around 0, 569, p and 2^512, and single words of ones.
func edges() []element {
	out := []element{
		{}, {1}, {2}, {fold - 1}, {fold}, {fold + 1}, {1<<64 - fold}, {1<<64 - 1},
		{0, 1}, {0, 0, 0, 0, 0, 0, 0, 1 << 63},
	}
	top := element{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}
	for _, below := range []uint64{0, 1, fold - 2, fold - 1, fold, fold + 1, 1<<64 - 1} {
		e := top
		e[0] -= below // 2^512 - 1 - below; p is 2^512 - 569
		out = append(out, e)
	}
	for i := range top {
		var only, without element
		without = top
		only[i], without[i] = 1<<64-1, 0
		out = append(out, only, without)
	}
	return out
}

func randomElement() (e element) {
	for i := range e {
		e[i] = rand.Uint64()
	}
	return e
}

func TestFieldArithmeticAgreesWithBigNumbers(t *testing.T) {
	values := edges()
	for range 30 {
		values = append(values, randomElement())
	}
	for _, x := range values {
		for _, y := range values {
			checkArithmetic(t, x, y)
		}
	}
	for range 5000 {
		checkArithmetic(t, randomElement(), randomElement())
	}
}

// A product that is congruent to a small number leaves, when its upper half has been
// folded, a number just under 2^512, and the second folding carries through all words.
// That happens to random factors hardly ever, so factors are solved for.
func TestTheCarryThatHardlyEverHappensIsRight(t *testing.T) {
	for _, small := range []uint64{0, 1, fold - 1, fold, fold + 1, 2 * fold, 5000, fold*fold - 1, fold * fold} {
		for range 100 {
			y := randomElement()
			x, inverse := element{small}, y.inverse()
			x.mul(&x, &inverse)
			checkArithmetic(t, x, y)
		}
		if root := new(big.Int).ModSqrt(new(big.Int).SetUint64(small), modulus); root != nil {
			var x element
			x.setBytes(octets(root))
			checkArithmetic(t, x, x)
		}
	}
}

func checkArithmetic(t *testing.T, x, y element) {
	t.Helper()
	bigX, bigY := plain(x), plain(y)
	for _, op := range []struct {
		name string
		do   func(z, x, y *element)
		want *big.Int
	}{
		{"x+y", (*element).add, new(big.Int).Add(bigX, bigY)},
		{"x-y", (*element).sub, new(big.Int).Sub(bigX, bigY)},
		{"x*y", (*element).mul, new(big.Int).Mul(bigX, bigY)},
		{"x*x", func(z, x, _ *element) { z.sqr(x) }, new(big.Int).Mul(bigX, bigX)},
	} {
		op.want.Mod(op.want, modulus)
		var z element
		op.do(&z, &x, &y)
		intoX, intoY := x, y
		op.do(&intoX, &intoX, &y)
		op.do(&intoY, &x, &intoY)
		for _, got := range []element{z, intoX, intoY} {
			if got.big().Cmp(op.want) != 0 {
				t.Fatalf("%s of %x and %x is %x instead of %x", op.name, bigX, bigY, got.big(), op.want)
			}
		}
	}
}

// plain reads the words as they are, without reduction.
func plain(e element) *big.Int {
	n := new(big.Int)
	for i := len(e) - 1; i >= 0; i-- {
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(e[i]))
	}
	return n
}

func TestBothFormsOfAResidueAreOne(t *testing.T) {
	for small := uint64(0); small < fold; small++ {
		proper, other := element{small}, element{}
		for i := range other {
			other[i] = 1<<64 - 1
		}
		other[0] -= fold - 1 - small // p + small
		if !proper.equal(&other) || other.isZero() != (small == 0) || other.reduced() != proper {
			t.Fatalf("p + %d is not taken for %d", small, small)
		}
		b := other.bytes()
		var read element
		if !read.setBytes(b[:]) || read != proper {
			t.Fatalf("p + %d is not written as %d", small, small)
		}
	}
}

func TestAnInverseTimesItsElementIsOne(t *testing.T) {
	for _, e := range append(edges(), randomElement(), randomElement()) {
		if e.isZero() {
			continue
		}
		inverse := e.inverse()
		if inverse.mul(&inverse, &e); !inverse.equal(&element{1}) {
			t.Errorf("%x times its inverse is %x", plain(e), inverse.big())
		}
	}
}

func BenchmarkMul(b *testing.B) {
	x := base.y
	for b.Loop() {
		x.mul(&x, &base.y)
	}
}

func BenchmarkSqr(b *testing.B) {
	x := base.y
	for b.Loop() {
		x.sqr(&x)
	}
}
