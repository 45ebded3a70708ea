package gost3410

import (
	"math/big"
	"testing"
)

// The reference below is the textbook: affine points over big numbers, one
// division a step. nil is infinity.
type plainPoint struct{ x, y *big.Int }

func (a affine) plain() *plainPoint { return &plainPoint{a.x.big(), a.y.big()} }

func (p *plainPoint) equal(q *plainPoint) bool {
	if p == nil || q == nil {
		return p == q
	}
	return p.x.Cmp(q.x) == 0 && p.y.Cmp(q.y) == 0
}

func (p *plainPoint) plus(q *plainPoint) *plainPoint {
	if p == nil {
		return q
	}
	if q == nil {
		return p
	}
	var top, bottom *big.Int
	if p.x.Cmp(q.x) == 0 {
		if p.y.Cmp(q.y) != 0 {
			return nil
		}
		top = new(big.Int).Mul(p.x, p.x)
		top.Sub(top.Mul(top, big.NewInt(3)), big.NewInt(3))
		bottom = new(big.Int).Lsh(p.y, 1)
	} else {
		top = new(big.Int).Sub(q.y, p.y)
		bottom = new(big.Int).Sub(q.x, p.x)
	}
	bottom.ModInverse(bottom.Mod(bottom, modulus), modulus)
	slope := top.Mul(top, bottom)
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, p.x).Sub(x, q.x).Mod(x, modulus)
	y := new(big.Int).Sub(p.x, x)
	y.Mul(y, slope).Sub(y, p.y).Mod(y, modulus)
	return &plainPoint{x, y}
}

func (p *plainPoint) times(n *big.Int) *plainPoint {
	var sum *plainPoint
	for bit := n.BitLen() - 1; bit >= 0; bit-- {
		sum = sum.plus(sum)
		if n.Bit(bit) == 1 {
			sum = sum.plus(p)
		}
	}
	return sum
}

func (p *point) plain() *plainPoint {
	if p.isInfinity() {
		return nil
	}
	return p.affine().plain()
}

func jacobian(a affine) point { return point{a.x, a.y, element{1}} }

func TestTheCurveIsTheOneOfTheStandard(t *testing.T) {
	// RFC 7836, appendix A, id-tc26-gost-3410-2012-512-paramSetA.
	for _, c := range []struct {
		name string
		got  *big.Int
		want string
	}{
		{"b", coefficient.big(), "E8C2505DEDFC86DDC1BD0B2B6667F1DA34B82574761CB0E879BD081CFD0B6265" +
			"EE3CB090F30D27614CB4574010DA90DD862EF9D4EBEE4761503190785A71C760"},
		{"gx", base.x.big(), "3"},
		{"gy", base.y.big(), "7503CFE87A836AE3A61B8816E25450E6CE5E1C93ACF1ABC1778064FDCBEFA921" +
			"DF1626BE4FD036E93D75E6A50E3A41E98028FE5FC235F5B889A589CB5215F2A4"},
		{"p", modulus, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" +
			"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFDC7"},
		{"q", order, "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF" +
			"27E69532F48D89116FF22B8D4E0560609B4B38ABFAD2B85DCACDB1411F10B275"},
	} {
		if want := number(c.want); c.got.Cmp(want) != 0 {
			t.Errorf("%s is %X instead of %X", c.name, c.got, want)
		}
	}
	if !modulus.ProbablyPrime(20) || !order.ProbablyPrime(20) {
		t.Error("p or q is not prime")
	}
}

func TestTheBasePointHasTheOrderOfTheCurve(t *testing.T) {
	if !base.onCurve() {
		t.Error("the base point is off the curve")
	}
	for _, whole := range []point{combine(newFresh(order, &base)), combine(newCombed(order, baseComb()))} {
		if !whole.isInfinity() {
			t.Error("q times the base point is not infinity")
		}
	}
	opposite := base.negated()
	if last := baseTimes(new(big.Int).Sub(order, big.NewInt(1))); !last.plain().equal(opposite.plain()) {
		t.Error("q-1 times the base point is not its opposite")
	}
}

func TestTheTableHoldsTheOddMultiples(t *testing.T) {
	twice := base.plain().plus(base.plain())
	want := base.plain()
	multiples := base.multiples(8)
	for i, got := range multiples {
		if !got.onCurve() || !got.plain().equal(want) {
			t.Fatalf("entry %d is not %d times the base point", i, 2*i+1)
		}
		want = want.plus(twice)
	}
	if n := len(multiples); n != 64 {
		t.Errorf("%d entries for a window of 8 bits", n)
	}
}

func TestAdditionKnowsEqualOppositeAndInfinitePoints(t *testing.T) {
	five := baseTimes(big.NewInt(5))
	opposite := five.negated()

	// The same point with another z, as it stands in the middle of a computation.
	scaled := jacobian(baseTimes(big.NewInt(4)))
	scaled.add(&base)

	for _, start := range []point{jacobian(five), scaled} {
		sum := start
		if sum.add(&five); !sum.plain().equal(baseTimes(big.NewInt(10)).plain()) {
			t.Error("5G + 5G is not 10G")
		}
		sum = start
		if sum.add(&opposite); !sum.isInfinity() {
			t.Error("5G - 5G is not infinity")
		}
		if sum.double(); !sum.isInfinity() {
			t.Error("twice infinity is not infinity")
		}
		if sum.add(&five); !sum.plain().equal(five.plain()) {
			t.Error("infinity + 5G is not 5G")
		}
	}
}

func TestMultiplesAgreeWithTheTextbook(t *testing.T) {
	want := base.plain()
	for n := int64(1); n <= 40; n++ {
		if got := baseTimes(big.NewInt(n)); !got.plain().equal(want) {
			t.Fatalf("%d times the base point is wrong", n)
		}
		want = want.plus(base.plain())
	}
	other := baseTimes(big.NewInt(1_000_003))
	for range 4 {
		a, b := randomScalar(), randomScalar()
		got := combine(newCombed(a, baseComb()), newFresh(b, &other))
		if !got.plain().equal(base.plain().times(a).plus(other.plain().times(b))) {
			t.Fatalf("%x G + %x Q is wrong", a, b)
		}
	}
}

func TestDigitsAddUpToTheirScalar(t *testing.T) {
	one := big.NewInt(1)
	top := new(big.Int).Sub(new(big.Int).Lsh(one, 512), one)
	scalars := []*big.Int{new(big.Int), one, big.NewInt(255), new(big.Int).Sub(order, one), top,
		new(big.Int).Lsh(one, 511), new(big.Int).Lsh(big.NewInt(0xff), 504), new(big.Int).Lsh(big.NewInt(0x7f), 60)}
	for range 200 {
		scalars = append(scalars, randomScalar())
	}
	for _, n := range scalars {
		for window := 2; window <= 8; window++ {
			checkDigits(t, n, window)
		}
	}
}

func checkDigits(t *testing.T, n *big.Int, window int) {
	t.Helper()
	sum, last := new(big.Int), -window
	for position, digit := range inDigits(n, window) {
		if digit == 0 {
			continue
		}
		limit := 1 << (window - 1)
		if digit%2 == 0 || int(digit) >= limit || int(digit) <= -limit || position-last < window {
			t.Fatalf("window %d of %x: digit %d at %d after one at %d", window, n, digit, position, last)
		}
		last = position
		sum.Add(sum, new(big.Int).Lsh(big.NewInt(int64(digit)), uint(position)))
	}
	if sum.Cmp(n) != 0 {
		t.Fatalf("the digits of %x in windows of %d add up to %x", n, window, sum)
	}
}

func randomScalar() *big.Int {
	e := randomElement()
	n := plain(e)
	return n.Mod(n, order)
}
