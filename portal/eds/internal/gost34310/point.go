package gost34310

import "math/big"

// onCurve says whether y² = x³ - 3x + b.
func onCurve(x, y *big.Int) bool {
	right := square(x)
	right.Sub(right, big.NewInt(3)).Mul(right, x).Add(right, constB).Mod(right, modulus)
	return square(y).Cmp(right) == 0
}

// point is a point in Jacobian coordinates: x = X/Z², y = Y/Z³, and infinity
// where Z is zero. Points are never changed once they are made.
type point struct {
	x, y, z *big.Int
}

var infinity = point{big.NewInt(1), big.NewInt(1), new(big.Int)}

func newPoint(x, y *big.Int) point { return point{x, y, big.NewInt(1)} }

func (p point) isInfinity() bool { return p.z.Sign() == 0 }

// affineX gives the x coordinate; infinity has none.
func (p point) affineX() (*big.Int, bool) {
	if p.isInfinity() {
		return nil, false
	}
	inverse := new(big.Int).ModInverse(p.z, modulus)
	return product(p.x, square(inverse)), true
}

// double is the doubling for a = -3 ("dbl-2001-b" of the explicit formulas
// database). No point of a curve of odd order has y = 0.
func (p point) double() point {
	if p.isInfinity() {
		return infinity
	}
	delta, gamma := square(p.z), square(p.y)
	beta := product(p.x, gamma)
	alpha := product(difference(p.x, delta), sum(p.x, delta))
	alpha = multiple(3, alpha)

	x := difference(square(alpha), multiple(8, beta))
	z := difference(square(sum(p.y, p.z)), sum(gamma, delta))
	y := product(alpha, difference(multiple(4, beta), x))
	return point{x, difference(y, multiple(8, square(gamma))), z}
}

// add is the general addition ("add-2007-bl"), with the cases it does not cover
// taken apart: infinity, a point and itself, a point and its opposite.
func (p point) add(q point) point {
	if p.isInfinity() {
		return q
	}
	if q.isInfinity() {
		return p
	}
	pz, qz := square(p.z), square(q.z)
	u1, u2 := product(p.x, qz), product(q.x, pz)
	s1, s2 := product(p.y, product(q.z, qz)), product(q.y, product(p.z, pz))
	h, r := difference(u2, u1), difference(s2, s1)
	if h.Sign() == 0 {
		if r.Sign() == 0 {
			return p.double()
		}
		return infinity
	}
	i := square(multiple(2, h))
	j, v := product(h, i), product(u1, i)
	r = multiple(2, r)

	x := difference(square(r), sum(j, multiple(2, v)))
	y := difference(product(r, difference(v, x)), multiple(2, product(s1, j)))
	z := difference(square(sum(p.z, q.z)), sum(pz, qz))
	return point{x, y, product(z, h)}
}

// combine gives m·G + n·q. Both numbers are walked together, two bits at a
// time, over the sixteen sums of small multiples.
func combine(m, n *big.Int, q point) point {
	var sums [4][4]point
	base := newPoint(baseX, baseY)
	for i := range sums {
		for j := range sums[i] {
			switch {
			case i == 0 && j == 0:
				sums[i][j] = infinity
			case j > 0:
				sums[i][j] = sums[i][j-1].add(q)
			default:
				sums[i][j] = sums[i-1][j].add(base)
			}
		}
	}
	out := infinity
	for bit := max(m.BitLen(), n.BitLen()) &^ 1; bit >= 0; bit -= 2 {
		out = out.double().double().add(sums[pair(m, bit)][pair(n, bit)])
	}
	return out
}

func pair(n *big.Int, bit int) uint { return n.Bit(bit+1)<<1 | n.Bit(bit) }

// The arithmetic of the field; results are new numbers, reduced.

func product(a, b *big.Int) *big.Int {
	z := new(big.Int).Mul(a, b)
	return z.Mod(z, modulus)
}

func square(a *big.Int) *big.Int { return product(a, a) }

func sum(a, b *big.Int) *big.Int {
	z := new(big.Int).Add(a, b)
	return z.Mod(z, modulus)
}

func difference(a, b *big.Int) *big.Int {
	z := new(big.Int).Sub(a, b)
	return z.Mod(z, modulus)
}

func multiple(n int64, a *big.Int) *big.Int { return product(big.NewInt(n), a) }
