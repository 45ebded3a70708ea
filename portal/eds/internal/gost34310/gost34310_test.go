//lint:file-ignore SA1019 crypto/elliptic is deprecated for keys; here it only checks our arithmetic.

package gost34310

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"math/big"
	"slices"
	"testing"
)

func TestTheBasePointIsOnTheCurveAndHasTheOrder(t *testing.T) {
	if !onCurve(baseX, baseY) || !order.ProbablyPrime(20) || !modulus.ProbablyPrime(20) {
		t.Error("the constants are not a curve of prime order")
	}
	if !combine(order, new(big.Int), infinity).isInfinity() {
		t.Error("the order times the base point is not infinity")
	}
}

// A pair of keys of the test alone: the package itself cannot sign.
type pen struct {
	d      *big.Int
	public []byte
}

func encode(numbers ...*big.Int) []byte {
	var out []byte
	for _, n := range numbers {
		b := n.FillBytes(make([]byte, numberSize))
		slices.Reverse(b)
		out = append(out, b...)
	}
	return out
}

func affine(t *testing.T, p point) (x, y *big.Int) {
	t.Helper()
	inverse := new(big.Int).ModInverse(p.z, modulus)
	return product(p.x, square(inverse)), product(p.y, product(inverse, square(inverse)))
}

func newPen(t *testing.T) pen {
	t.Helper()
	d, err := rand.Int(rand.Reader, order)
	if err != nil {
		t.Fatal(err)
	}
	x, y := affine(t, combine(d, new(big.Int), infinity))
	return pen{d, encode(x, y)}
}

// sign is RFC 5832 6.1 with the number k given.
func (p pen) sign(digest []byte, k *big.Int) []byte {
	e := littleEndian(digest)
	if e.Mod(e, order).Sign() == 0 {
		e.SetInt64(1)
	}
	r, _ := combine(k, new(big.Int), infinity).affineX()
	r.Mod(r, order)
	s := new(big.Int).Mul(r, p.d)
	s.Add(s, new(big.Int).Mul(k, e)).Mod(s, order)
	return encode(r, s)
}

func TestASignatureVerifiesAndNothingNearItDoes(t *testing.T) {
	p := newPen(t)
	key, err := ParsePublicKey(p.public)
	if err != nil {
		t.Fatal(err)
	}
	digest := bytes.Repeat([]byte{7}, digestSize)
	k := big.NewInt(1 << 40)
	sig := p.sign(digest, k)
	if !key.Verify(digest, sig) {
		t.Fatal("the signature does not verify")
	}
	for i := range sig {
		for bit := range 8 {
			changed := bytes.Clone(sig)
			changed[i] ^= 1 << bit
			if key.Verify(digest, changed) {
				t.Errorf("bit %d of octet %d may be changed", bit, i)
			}
		}
	}
	other := bytes.Clone(digest)
	other[0] ^= 1
	swapped := append(bytes.Clone(sig[numberSize:]), sig[:numberSize]...)
	reversed := bytes.Clone(sig)
	slices.Reverse(reversed)
	r, s := littleEndian(sig[:numberSize]), littleEndian(sig[numberSize:])
	minus := new(big.Int).Sub(order, s)
	for name, bad := range map[string]struct{ digest, sig []byte }{
		"another digest": {other, sig}, "halves swapped": {digest, swapped}, "reversed": {digest, reversed},
		"cut": {digest, sig[:63]}, "long": {digest, append(bytes.Clone(sig), 0)}, "no signature": {digest, nil},
		"short digest": {digest[:31], sig}, "zeros": {digest, make([]byte, signatureSize)},
		"r is zero": {digest, encode(new(big.Int), s)}, "s is zero": {digest, encode(r, new(big.Int))},
		"r is the order": {digest, encode(order, s)}, "s is the order": {digest, encode(r, order)},
		"the opposite s": {digest, encode(r, minus)},
		"ones":           {digest, bytes.Repeat([]byte{255}, signatureSize)},
	} {
		if key.Verify(bad.digest, bad.sig) {
			t.Errorf("%s: accepted", name)
		}
	}
	if plus := new(big.Int).Add(s, order); plus.BitLen() <= 256 && key.Verify(digest, encode(r, plus)) {
		t.Error("s has two encodings")
	}
	if new(PublicKey).Verify(digest, sig) {
		t.Error("no key accepts a signature")
	}
}

// A digest that is zero modulo the order counts as one (RFC 5832 6.2).
func TestADigestOfZeroCountsAsOne(t *testing.T) {
	p := newPen(t)
	key, _ := ParsePublicKey(p.public)
	for _, digest := range [][]byte{make([]byte, digestSize), encode(order), encode(big.NewInt(1))} {
		if !key.Verify(digest, p.sign(digest, big.NewInt(99))) {
			t.Errorf("digest %x", digest)
		}
	}
}

// When the key is the base point or its opposite, sums of small multiples meet
// the cases that the general addition does not cover.
func TestKeysNextToTheBasePointWork(t *testing.T) {
	digest := bytes.Repeat([]byte{3}, digestSize)
	one := big.NewInt(1)
	for _, d := range []*big.Int{one, big.NewInt(2), big.NewInt(3), new(big.Int).Sub(order, one), new(big.Int).Sub(order, big.NewInt(2))} {
		x, y := affine(t, combine(d, new(big.Int), infinity))
		key, err := ParsePublicKey(encode(x, y))
		if err != nil {
			t.Fatal(err)
		}
		p := pen{d: d}
		if !key.Verify(digest, p.sign(digest, big.NewInt(12345))) {
			t.Errorf("key %v", d)
		}
	}
}

func TestCombinationsAgreeWithRepeatedAddition(t *testing.T) {
	base := newPoint(baseX, baseY)
	q := base.double().double().add(base) // 5·G
	for m := range int64(12) {
		for n := range int64(12) {
			want := infinity
			for range m + 5*n {
				want = want.add(base)
			}
			got := combine(big.NewInt(m), big.NewInt(n), q)
			x, finite := got.affineX()
			wantX, wantFinite := want.affineX()
			if finite != wantFinite || finite && x.Cmp(wantX) != 0 {
				t.Errorf("%d·G + %d·5G is wrong", m, n)
			}
		}
	}
	opposite := newPoint(baseX, new(big.Int).Sub(modulus, baseY))
	if !base.add(opposite).isInfinity() || !infinity.double().isInfinity() {
		t.Error("a point and its opposite are not infinity")
	}
}

// The curve has a = -3, like those that the standard library once computed with
// in general.
func TestPointsAgreeWithTheStandardLibrary(t *testing.T) {
	library := &elliptic.CurveParams{P: modulus, N: order, B: constB, Gx: baseX, Gy: baseY, BitSize: 256}
	for range 20 {
		m, _ := rand.Int(rand.Reader, order)
		n, _ := rand.Int(rand.Reader, order)
		qx, qy := library.ScalarBaseMult(n.Bytes())
		ax, ay := library.ScalarBaseMult(m.Bytes())
		bx, by := library.ScalarMult(qx, qy, m.Bytes())
		wantX, wantY := library.Add(ax, ay, bx, by)
		x, y := affine(t, combine(m, m, newPoint(qx, qy)))
		if x.Cmp(wantX) != 0 || y.Cmp(wantY) != 0 {
			t.Fatalf("%x times the base point and %x times it", m, n)
		}
	}
}

func TestAKeyThatIsNoPointIsRefused(t *testing.T) {
	p := newPen(t)
	off := bytes.Clone(p.public)
	off[0] ^= 1
	x, y := littleEndian(p.public[:numberSize]), littleEndian(p.public[numberSize:])
	for name, xy := range map[string][]byte{
		"nothing": nil, "short": p.public[:63], "long": append(bytes.Clone(p.public), 0), "zeros": make([]byte, publicKeySize),
		"off the curve": off, "x is the modulus": encode(modulus, y), "y is the modulus": encode(x, modulus),
		"ones": bytes.Repeat([]byte{255}, publicKeySize),
	} {
		if _, err := ParsePublicKey(xy); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	key, err := ParsePublicKey(p.public)
	if err != nil || !bytes.Equal(key.Bytes(), p.public) {
		t.Errorf("a key does not come back as it was: %v", err)
	}
}

func BenchmarkVerify(b *testing.B) {
	p := pen{d: big.NewInt(1 << 50)}
	q := combine(p.d, new(big.Int), infinity)
	inverse := new(big.Int).ModInverse(q.z, modulus)
	key := &PublicKey{product(q.x, square(inverse)), product(q.y, product(inverse, square(inverse)))}
	digest := bytes.Repeat([]byte{7}, digestSize)
	sig := p.sign(digest, number("123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0"))
	if !key.Verify(digest, sig) {
		b.Fatal("the signature does not verify")
	}
	for b.Loop() {
		key.Verify(digest, sig)
	}
}
