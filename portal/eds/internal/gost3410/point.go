package gost3410

import "math/big"

// coefficient is b of the curve y² = x³ - 3x + b, RFC 7836, appendix A.
var coefficient = element{
	0x503190785a71c760, 0x862ef9d4ebee4761, 0x4cb4574010da90dd, 0xee3cb090f30d2761,
	0x79bd081cfd0b6265, 0x34b82574761cb0e8, 0xc1bd0b2b6667f1da, 0xe8c2505dedfc86dd,
}

// base is the point every key is a multiple of.
var base = affine{
	x: element{3},
	y: element{
		0x89a589cb5215f2a4, 0x8028fe5fc235f5b8, 0x3d75e6a50e3a41e9, 0xdf1626be4fd036e9,
		0x778064fdcbefa921, 0xce5e1c93acf1abc1, 0xa61b8816e25450e6, 0x7503cfe87a836ae3,
	},
}

// affine is a point by its two coordinates. Infinity has no such form.
type affine struct{ x, y element }

// onCurve says whether y² = x³ - 3x + b. The group has the prime order q and no
// cofactor, so a point on the curve is in the group.
func (a *affine) onCurve() bool {
	var left, right element
	left.sqr(&a.y)
	right.sqr(&a.x)
	right.sub(&right, &element{3})
	right.mul(&right, &a.x)
	right.add(&right, &coefficient)
	return left.equal(&right)
}

// negated is the opposite point.
func (a *affine) negated() affine {
	out := affine{x: a.x}
	out.y.sub(&element{}, &a.y)
	return out
}

// point is a point in Jacobian coordinates, (x/z², y/z³); z = 0 is infinity, and
// so is the zero value.
type point struct{ x, y, z element }

func (p *point) isInfinity() bool { return p.z.isZero() }

// double sets p = 2p, by the formulas for curves with a = -3 (3M + 5S). Infinity
// stays infinity: z' = (y+z)² - y² - z² is zero with z. No point has y = 0, the
// order being odd.
func (p *point) double() {
	var delta, gamma, beta, alpha, t, u element
	delta.sqr(&p.z)
	gamma.sqr(&p.y)
	beta.mul(&p.x, &gamma)

	// alpha = 3(x - delta)(x + delta)
	t.sub(&p.x, &delta)
	u.add(&p.x, &delta)
	t.mul(&t, &u)
	alpha.add(&t, &t)
	alpha.add(&alpha, &t)

	// z' = (y + z)² - gamma - delta
	t.add(&p.y, &p.z)
	t.sqr(&t)
	t.sub(&t, &gamma)
	p.z.sub(&t, &delta)

	// x' = alpha² - 8 beta
	beta.add(&beta, &beta)
	beta.add(&beta, &beta) // 4 beta from here on
	t.sqr(&alpha)
	u.add(&beta, &beta)
	p.x.sub(&t, &u)

	// y' = alpha (4 beta - x') - 8 gamma²
	t.sub(&beta, &p.x)
	t.mul(&t, &alpha)
	gamma.add(&gamma, &gamma)
	gamma.sqr(&gamma)
	gamma.add(&gamma, &gamma)
	p.y.sub(&t, &gamma)
}

// add sets p = p + a (8M + 3S). The formulas fail where the two points are equal,
// opposite, or p is infinity, so those are told apart first: a forger chooses the
// scalars and may steer a verification into each of them.
func (p *point) add(a *affine) {
	if p.isInfinity() {
		*p = point{x: a.x, y: a.y, z: element{1}}
		return
	}
	var zz, h, r, t, u, v element
	zz.sqr(&p.z)
	t.mul(&a.x, &zz)
	h.sub(&t, &p.x) // h = a.x z² - x
	t.mul(&a.y, &p.z)
	t.mul(&t, &zz)
	r.sub(&t, &p.y) // r = a.y z³ - y
	if h.isZero() {
		if r.isZero() {
			p.double()
		} else {
			*p = point{}
		}
		return
	}
	p.z.mul(&p.z, &h)
	t.sqr(&h)
	u.mul(&t, &h)   // h³
	v.mul(&p.x, &t) // x h²

	// x' = r² - h³ - 2 x h²
	p.x.sqr(&r)
	p.x.sub(&p.x, &u)
	p.x.sub(&p.x, &v)
	p.x.sub(&p.x, &v)

	// y' = r (x h² - x') - y h³
	v.sub(&v, &p.x)
	v.mul(&v, &r)
	u.mul(&u, &p.y)
	p.y.sub(&v, &u)
}

// affine divides z out; the point must not be infinity.
func (p *point) affine() affine {
	var out affine
	inverse := p.z.inverse()
	out.normalise(p, &inverse)
	return out
}

// normalise sets a to the point p, given 1/z.
func (a *affine) normalise(p *point, inverse *element) {
	var t element
	t.sqr(inverse)
	a.x.mul(&p.x, &t)
	t.mul(&t, inverse)
	a.y.mul(&p.y, &t)
}

// multiples lists a, 3a, 5a, … as a window of that many bits needs them.
func (a *affine) multiples(window int) []affine {
	twice := point{x: a.x, y: a.y, z: element{1}}
	twice.double()
	step := twice.affine()

	odd := make([]point, 1<<(window-2))
	odd[0] = point{x: a.x, y: a.y, z: element{1}}
	for i := 1; i < len(odd); i++ {
		odd[i] = odd[i-1]
		odd[i].add(&step)
	}
	return normalised(odd)
}

// normalised brings points, none of them infinity, to affine form by one inversion:
// the products of the z up to each point are collected, the last is inverted, and
// the way back peels one z off at a time.
func normalised(points []point) []affine {
	upTo := make([]element, len(points))
	product := element{1}
	for i := range points {
		upTo[i] = product
		product.mul(&product, &points[i].z)
	}
	out := make([]affine, len(points))
	rest := product.inverse()
	for i := len(points) - 1; i >= 0; i-- {
		var inverse element
		inverse.mul(&rest, &upTo[i])
		out[i].normalise(&points[i], &inverse)
		rest.mul(&rest, &points[i].z)
	}
	return out
}

// combine computes the sum of scalar·point over the terms. All terms share one
// run of doublings (Straus), each adding from its table what stands at that bit.
// The time taken depends on the scalars.
func combine(terms ...term) point {
	var sum point
	top := 0
	for _, t := range terms {
		top = max(top, t.bits())
	}
	for bit := top - 1; bit >= 0; bit-- {
		sum.double()
		for _, t := range terms {
			if bit < t.bits() {
				t.addTo(&sum, bit)
			}
		}
	}
	return sum
}

// term is one scalar and a table of its point's multiples.
type term interface {
	// bits is how many doublings the term needs, and one more.
	bits() int
	addTo(sum *point, bit int)
}

// fresh is the term of a point that is met once: the scalar as digits, with the
// odd multiples of the point.
type fresh struct {
	digits    digits
	multiples []affine
}

func newFresh(n *big.Int, a *affine) *fresh {
	return &fresh{inDigits(n, keyWindow), a.multiples(keyWindow)}
}

func (t *fresh) bits() int { return maxDigits }

func (t *fresh) addTo(sum *point, bit int) {
	switch digit := int(t.digits[bit]); {
	case digit > 0:
		sum.add(&t.multiples[digit/2])
	case digit < 0:
		opposite := t.multiples[-digit/2].negated()
		sum.add(&opposite)
	}
}

// combed is the term of a point whose comb is there.
type combed struct {
	signs signs
	comb  *comb
}

func newCombed(n *big.Int, c *comb) *combed { return &combed{inSigns(n), c} }

func (t *combed) bits() int { return combColumns }

func (t *combed) addTo(sum *point, bit int) { t.comb.addColumn(sum, &t.signs, bit) }
