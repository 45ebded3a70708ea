package gost3410

// mul sets z = x·y. The product is taken column by column,
// every line one of the 64 partial products: written out because the compiler then
// keeps the column in registers, which is most of the speed of a verification.
func (z *element) mul(x, y *element) {
	var w wide
	var c0, c1, c2 uint64

	c0, c1, c2 = accumulate(c0, c1, c2, x[0], y[0])
	w[0], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[0], y[1])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], y[0])
	w[1], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[0], y[2])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], y[1])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], y[0])
	w[2], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[0], y[3])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], y[2])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], y[1])
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], y[0])
	w[3], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[0], y[4])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], y[3])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], y[2])
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], y[1])
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], y[0])
	w[4], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[0], y[5])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], y[4])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], y[3])
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], y[2])
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], y[1])
	c0, c1, c2 = accumulate(c0, c1, c2, x[5], y[0])
	w[5], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[0], y[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], y[5])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], y[4])
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], y[3])
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], y[2])
	c0, c1, c2 = accumulate(c0, c1, c2, x[5], y[1])
	c0, c1, c2 = accumulate(c0, c1, c2, x[6], y[0])
	w[6], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[0], y[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], y[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], y[5])
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], y[4])
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], y[3])
	c0, c1, c2 = accumulate(c0, c1, c2, x[5], y[2])
	c0, c1, c2 = accumulate(c0, c1, c2, x[6], y[1])
	c0, c1, c2 = accumulate(c0, c1, c2, x[7], y[0])
	w[7], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[1], y[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], y[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], y[5])
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], y[4])
	c0, c1, c2 = accumulate(c0, c1, c2, x[5], y[3])
	c0, c1, c2 = accumulate(c0, c1, c2, x[6], y[2])
	c0, c1, c2 = accumulate(c0, c1, c2, x[7], y[1])
	w[8], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[2], y[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], y[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], y[5])
	c0, c1, c2 = accumulate(c0, c1, c2, x[5], y[4])
	c0, c1, c2 = accumulate(c0, c1, c2, x[6], y[3])
	c0, c1, c2 = accumulate(c0, c1, c2, x[7], y[2])
	w[9], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[3], y[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], y[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[5], y[5])
	c0, c1, c2 = accumulate(c0, c1, c2, x[6], y[4])
	c0, c1, c2 = accumulate(c0, c1, c2, x[7], y[3])
	w[10], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[4], y[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[5], y[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[6], y[5])
	c0, c1, c2 = accumulate(c0, c1, c2, x[7], y[4])
	w[11], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[5], y[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[6], y[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[7], y[5])
	w[12], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, c2 = accumulate(c0, c1, c2, x[6], y[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[7], y[6])
	w[13], c0, c1, c2 = c0, c1, c2, 0

	c0, c1, _ = accumulate(c0, c1, c2, x[7], y[7])
	w[14], w[15] = c0, c1

	w.fold(z)
}

// sqr sets z = x². A column's mixed products occur twice,
// so they are summed once and doubled before the square in the middle and the carry
// of the column below join them.
func (z *element) sqr(x *element) {
	var w wide

	c0, c1, c2 := accumulate(0, 0, 0, x[0], x[0])
	w[0] = c0
	in0, in1 := c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[0], x[1])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[1], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[0], x[2])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], x[1])
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[2], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[0], x[3])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], x[2])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[3], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[0], x[4])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], x[3])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], x[2])
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[4], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[0], x[5])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], x[4])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], x[3])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[5], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[0], x[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], x[5])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], x[4])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], x[3])
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[6], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[0], x[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], x[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], x[5])
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], x[4])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[7], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[1], x[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], x[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], x[5])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], x[4])
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[8], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[2], x[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], x[6])
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], x[5])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[9], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[3], x[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], x[6])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = accumulate(c0, c1, c2, x[5], x[5])
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[10], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[4], x[7])
	c0, c1, c2 = accumulate(c0, c1, c2, x[5], x[6])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[11], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[5], x[7])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = accumulate(c0, c1, c2, x[6], x[6])
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[12], in0, in1 = c0, c1, c2

	c0, c1, c2 = 0, 0, 0
	c0, c1, c2 = accumulate(c0, c1, c2, x[6], x[7])
	c0, c1, c2 = double(c0, c1, c2)
	c0, c1, c2 = carry(c0, c1, c2, in0, in1)
	w[13], in0, in1 = c0, c1, c2

	c0, c1, _ = accumulate(in0, in1, 0, x[7], x[7])
	w[14], w[15] = c0, c1

	w.fold(z)
}
