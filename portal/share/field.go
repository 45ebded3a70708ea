package share

// Arithmetic of GF(2^8) with the polynomial x^8+x^4+x^3+x+1, that of AES. No
// tables and no branches: what is multiplied is secret, and neither the time nor
// the memory that was touched may tell of it.

// times multiplies. Each of the eight steps costs the same whatever the bits.
func times(a, b byte) byte {
	var product byte
	for range 8 {
		product ^= a & -(b & 1)
		a = a<<1 ^ 0x1b&-(a>>7)
		b >>= 1
	}
	return product
}

// inverse is a^254, by the square-and-multiply of that exponent; of 0 it is 0.
func inverse(a byte) byte {
	power := a // a^1, then a^3, a^7 … a^127
	for range 6 {
		power = times(times(power, power), a)
	}
	return times(power, power)
}

// at gives the value at x of the polynomial with these coefficients, the free one
// first.
func at(coefficients []byte, x byte) byte {
	var y byte
	for i := len(coefficients) - 1; i >= 0; i-- {
		y = times(y, x) ^ coefficients[i]
	}
	return y
}

// weights are the factors of Lagrange: the value at 0 is the sum of the values at
// xs, each with its weight. The xs are public, differ, and none is 0.
func weights(xs []byte) []byte {
	out := make([]byte, len(xs))
	for i, x := range xs {
		over, under := byte(1), byte(1)
		for j, other := range xs {
			if i != j {
				over, under = times(over, other), times(under, x^other)
			}
		}
		out[i] = times(over, inverse(under))
	}
	return out
}
