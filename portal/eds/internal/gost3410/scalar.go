package gost3410

import "math/big"

// keyWindow is the width, in bits, of the windows in which the scalar of a key met
// once is read: its table is computed for one verification, so it is small.
const keyWindow = 5

// order is q, the prime number of points of the curve, RFC 7836, appendix A.
var order = number("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
	"27e69532f48d89116ff22b8d4e0560609b4b38abfad2b85dcacdb1411f10b275")

// modulus is p, for the inversions and for the range of coordinates.
var modulus = number("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
	"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffdc7")

// number reads a hexadecimal constant of this package.
func number(hexadecimal string) *big.Int {
	n, _ := new(big.Int).SetString(hexadecimal, 16)
	return n
}

// littleEndian reads octets with the least significant first.
func littleEndian(b []byte) *big.Int {
	return new(big.Int).SetBytes(reversed(b))
}

// octets writes a number under 2^512 into 64 octets, the least significant first.
func octets(n *big.Int) []byte {
	var out [64]byte
	return reversed(n.FillBytes(out[:]))
}

func reversed(b []byte) []byte {
	out := make([]byte, len(b))
	for i, octet := range b {
		out[len(b)-1-i] = octet
	}
	return out
}

// inScalarRange says whether 0 < n < q.
func inScalarRange(n *big.Int) bool {
	return n.Sign() > 0 && n.Cmp(order) < 0
}

func (z *element) big() *big.Int {
	b := z.bytes()
	return littleEndian(b[:])
}

// inverse is 1/z for z not zero.
func (z *element) inverse() element {
	var out element
	out.setBytes(octets(new(big.Int).ModInverse(z.big(), modulus)))
	return out
}

// maxDigits is one more than the bits of a scalar: the signed form may need it.
const maxDigits = 513

// digits is a scalar as a sum of digit·2^position, every digit zero or odd and
// under 2^(window-1) in size, and only one of any window neighbours not zero
// (windowed non-adjacent form): few additions, and few multiples to tabulate.
type digits [maxDigits]int8

// inDigits reads a scalar under 2^512; the window is at most 8.
func inDigits(n *big.Int, window int) digits {
	var out digits
	words := element{}
	words.setBytes(octets(n))
	carry := 0
	for position := 0; position < maxDigits; {
		if words.bits(position, 1) == carry {
			position++ // an even rest: nothing stands here
			continue
		}
		digit := words.bits(position, window) + carry
		carry = digit >> (window - 1)
		out[position] = int8(digit - carry<<window)
		position += window
	}
	return out
}

// bits reads count bits, at most 8, from a position; above the top stand zeros.
func (z *element) bits(position, count int) int {
	word, shift := position/64, position%64
	if word >= len(z) {
		return 0
	}
	read := z[word] >> shift
	if shift > 0 && word+1 < len(z) {
		read |= z[word+1] << (64 - shift)
	}
	return int(read & (1<<count - 1))
}
