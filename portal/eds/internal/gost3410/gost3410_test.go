package gost3410

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"testing"
	"testing/iotest"

	"zharia/portal/eds/internal/gost3411"
)

// A signature made by the authority's own library (Kalkan) with a key made for
// the purpose: the plainest fact there is about the order of octets.
const kalkanMessage = "ncalayer-rs test message"

var (
	kalkanKey = unhex("fa922af18959f9fc80840848b03ab13812397a02f2724ef31a6705e45149d1c4" +
		"3b95ec1937ba4c848abfd1c1356905afb98f948f07cc90c8001860dffff1c928" +
		"041232ad0868ea9215710313ac845761cac2a0de1fe287f8c74b4d11ba107ba6" +
		"c607575ea806c7d90151ddf90b65299409d9c9bc0a5f3ae3cb010a171eb5e545")
	kalkanSignature = unhex("8d6c6a698664478e092159fb3570b0e93641b8eeb52e1735581099c8221c0d14" +
		"4415b08e27ebc77579ee65f70bd53f7932a7e9b885debd71e6be0e8018600364" +
		"d47013472a66eebceeb1efc9d2309981b4fc1f5d45d7d8b0ab1490574cee5e38" +
		"b975491336c312db35b6cf666e695f6bba90806d1dda19726218554cad2f1666")
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func digestOf(message string) []byte {
	sum := gost3411.Sum512([]byte(message))
	return sum[:]
}

func mustParse(t testing.TB, xy []byte) *PublicKey {
	t.Helper()
	k, err := ParsePublicKey(xy)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustGenerate(t testing.TB) *PrivateKey {
	t.Helper()
	k, err := GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustSign(t testing.TB, k *PrivateKey, digest []byte) []byte {
	t.Helper()
	sig, err := k.Sign(rand.Reader, digest)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func TestASignatureOfTheAuthoritysLibraryIsAccepted(t *testing.T) {
	key := mustParse(t, kalkanKey)
	if !key.Verify(digestOf(kalkanMessage), kalkanSignature) {
		t.Error("the signature is refused")
	}
	if !bytes.Equal(key.Bytes(), kalkanKey) {
		t.Errorf("the key is written as %x", key.Bytes())
	}
}

func TestOneChangedBitIsRefused(t *testing.T) {
	key, digest := mustParse(t, kalkanKey), digestOf(kalkanMessage)
	for bit := 0; bit < 8*signatureSize; bit += 5 {
		if key.Verify(digest, flipped(kalkanSignature, bit)) {
			t.Errorf("bit %d of the signature may be changed", bit)
		}
	}
	for bit := 0; bit < 8*digestSize; bit += 5 {
		if key.Verify(flipped(digest, bit), kalkanSignature) {
			t.Errorf("bit %d of the digest may be changed", bit)
		}
	}
	for bit := range 8 * publicKeySize {
		other, err := ParsePublicKey(flipped(kalkanKey, bit))
		if err == nil && other.Verify(digest, kalkanSignature) {
			t.Errorf("bit %d of the key may be changed", bit)
		}
	}
}

func flipped(b []byte, bit int) []byte {
	out := bytes.Clone(b)
	out[bit/8] ^= 1 << (bit % 8)
	return out
}

func TestNoOtherOrderOfOctetsIsAccepted(t *testing.T) {
	key, digest := mustParse(t, kalkanKey), digestOf(kalkanMessage)
	r, s := kalkanSignature[:64], kalkanSignature[64:]
	join := func(a, b []byte) []byte { return append(bytes.Clone(a), b...) }
	for name, sig := range map[string][]byte{
		"s then r":                 join(s, r),
		"r and s big-endian":       join(reversed(r), reversed(s)),
		"s and r big-endian, tc26": join(reversed(s), reversed(r)),
	} {
		if key.Verify(digest, sig) {
			t.Errorf("%s is accepted", name)
		}
	}
	if key.Verify(reversed(digest), kalkanSignature) {
		t.Error("a reversed digest is accepted")
	}
	if _, err := ParsePublicKey(join(reversed(kalkanKey[:64]), reversed(kalkanKey[64:]))); err == nil {
		t.Error("a big-endian key is accepted")
	}
	if _, err := ParsePublicKey(join(kalkanKey[64:], kalkanKey[:64])); err == nil {
		t.Error("a key with y first is accepted")
	}
}

func TestWrongLengthsAreRefused(t *testing.T) {
	key, digest := mustParse(t, kalkanKey), digestOf(kalkanMessage)
	longer := func(b []byte) []byte { return append(bytes.Clone(b), 0) }
	for _, sig := range [][]byte{nil, {}, kalkanSignature[:64], kalkanSignature[:127], longer(kalkanSignature)} {
		if key.Verify(digest, sig) {
			t.Errorf("a signature of %d octets is accepted", len(sig))
		}
	}
	for _, d := range [][]byte{nil, digest[:32], digest[:63], longer(digest)} {
		if key.Verify(d, kalkanSignature) {
			t.Errorf("a digest of %d octets is accepted", len(d))
		}
		if _, err := mustGenerate(t).Sign(rand.Reader, d); err == nil {
			t.Errorf("a digest of %d octets is signed", len(d))
		}
	}
	for _, xy := range [][]byte{nil, kalkanKey[:64], kalkanKey[:127], longer(kalkanKey)} {
		if _, err := ParsePublicKey(xy); err == nil {
			t.Errorf("a public key of %d octets is accepted", len(xy))
		}
	}
	for _, size := range []int{0, 32, 63, 65, 128} {
		if _, err := ParsePrivateKey(bytes.Repeat([]byte{1}, size)); err == nil {
			t.Errorf("a private key of %d octets is accepted", size)
		}
	}
}

func TestAKeyOutsideTheCurveIsRefused(t *testing.T) {
	g := base.plain()
	write := func(x, y *big.Int) []byte { return append(octets(x), octets(y)...) }
	sum := func(a, b *big.Int) *big.Int { return new(big.Int).Add(a, b) }
	one := big.NewInt(1)
	for name, xy := range map[string][]byte{
		"zero":                write(new(big.Int), new(big.Int)),
		"y + 1":               write(g.x, sum(g.y, one)),
		"x + 1":               write(sum(g.x, one), g.y),
		"x + p, the same x":   write(sum(g.x, modulus), g.y),
		"coordinates equal p": write(modulus, modulus),
		"all ones":            bytes.Repeat([]byte{0xff}, publicKeySize),
	} {
		if _, err := ParsePublicKey(xy); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := ParsePublicKey(write(g.x, g.y)); err != nil {
		t.Errorf("the base point itself: %v", err)
	}
}

func TestAKeyThatWasNeverReadAcceptsNothing(t *testing.T) {
	if new(PublicKey).Verify(digestOf(kalkanMessage), kalkanSignature) {
		t.Error("the zero key accepts a signature")
	}
}

func TestNumbersOutOfRangeAreRefused(t *testing.T) {
	k, digest := mustGenerate(t), digestOf("range")
	good := mustSign(t, k, digest)
	zero, top := make([]byte, 64), bytes.Repeat([]byte{0xff}, 64)
	for _, bad := range [][]byte{zero, octets(order), octets(new(big.Int).Add(order, big.NewInt(1))), top} {
		if k.Public().Verify(digest, append(bytes.Clone(bad), good[64:]...)) {
			t.Errorf("r = %x is accepted", bad)
		}
		if k.Public().Verify(digest, append(bytes.Clone(good[:64]), bad...)) {
			t.Errorf("s = %x is accepted", bad)
		}
		if _, err := ParsePrivateKey(bad); err == nil {
			t.Errorf("the private key %x is accepted", bad)
		}
	}
}

// For a small s the number s + q fits into 64 octets and is the same modulo q: the
// one case where the range of s tells two encodings apart. A key is solved for it.
func TestASignatureHasOnlyOneEncoding(t *testing.T) {
	digest, nonce, s := digestOf("small s"), randomScalar(), big.NewInt(7)
	point := baseTimes(nonce)
	r := point.x.big()
	r.Mod(r, order)

	// s = r·d + nonce·e, solved for d
	d := new(big.Int).Mul(nonce, exponent(digest))
	d.Sub(s, d).Mul(d, new(big.Int).ModInverse(r, order)).Mod(d, order)
	key := newPrivateKey(d).Public()

	if !key.Verify(digest, append(octets(r), octets(s)...)) {
		t.Error("the small s is refused")
	}
	if key.Verify(digest, append(octets(r), octets(s.Add(s, order))...)) {
		t.Error("s + q is accepted too")
	}
}

func TestWhatIsSignedIsAccepted(t *testing.T) {
	for range 10 {
		k := mustGenerate(t)
		again, err := ParsePrivateKey(k.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(again.Public().Bytes(), k.Public().Bytes()) {
			t.Fatal("a key read back has another point")
		}
		public := mustParse(t, k.Public().Bytes())
		digest := digestOf(hex.EncodeToString(k.Bytes()))
		sig := mustSign(t, again, digest)
		if !public.Verify(digest, sig) {
			t.Errorf("key %x: its own signature is refused", k.Bytes())
		}
		if public.Verify(digestOf("another"), sig) || mustGenerate(t).Public().Verify(digest, sig) {
			t.Error("the signature serves another message or key")
		}
	}
}

// Keys beside the base point make the shared computation meet equal and opposite
// points, where the formulas of addition fail.
func TestKeysNextToTheBasePointWork(t *testing.T) {
	for _, d := range []int64{1, 2, 3, 5, 127, -1, -2, -3, -127} {
		scalar := big.NewInt(d)
		k, err := ParsePrivateKey(octets(scalar.Mod(scalar, order)))
		if err != nil {
			t.Fatal(err)
		}
		digest := digestOf("near")
		sig := mustSign(t, k, digest)
		if !k.Public().Verify(digest, sig) {
			t.Errorf("key %d: its signature is refused", d)
		}
		if k.Public().Verify(digest, flipped(sig, 3)) {
			t.Errorf("key %d: a changed signature is accepted", d)
		}
	}
}

// With s = r·d the point of the verification is infinity, which has no x.
func TestAForgeryThatEndsInInfinityIsRefused(t *testing.T) {
	k, r := mustGenerate(t), randomScalar()
	s := new(big.Int).Mul(r, k.d)
	s.Mod(s, order)
	if k.Public().Verify(digestOf("infinity"), append(octets(r), octets(s)...)) {
		t.Error("infinity was taken for a point")
	}
}

// A point whose x is not under q cannot be met by chance, but can be built: choose
// the point C, r and s, and solve C = z1·G + z2·Q for the key Q.
func TestAnXCoordinateNotUnderTheOrderIsAccepted(t *testing.T) {
	c := pointWithLargeX(t)
	digest, s := digestOf("x over q"), big.NewInt(12345)
	r := new(big.Int).Sub(c.x.big(), order)
	e := exponent(digest)
	v := new(big.Int).ModInverse(e, order)
	z1 := new(big.Int).Mul(s, v)
	z1.Mod(z1, order)
	z2 := new(big.Int).Mul(r, v)
	z2.Neg(z2).Mod(z2, order)

	minus := baseTimes(z1)
	minus = minus.negated()
	rest := jacobian(c)
	rest.add(&minus)
	restAffine := rest.affine()
	q := combine(newFresh(new(big.Int).ModInverse(z2, order), &restAffine))

	key := &PublicKey{at: q.affine()}
	key = mustParse(t, key.Bytes())
	for _, remembered := range []bool{false, true} {
		if remembered {
			key.Remember()
		}
		if !key.Verify(digest, append(octets(r), octets(s)...)) {
			t.Errorf("remembered %t: x = r + q is refused", remembered)
		}
		if key.Verify(digest, append(octets(new(big.Int).Add(r, order)), octets(s)...)) {
			t.Errorf("remembered %t: r + q in the signature itself is accepted", remembered)
		}
	}
}

// pointWithLargeX finds a point with q < x < p.
func pointWithLargeX(t *testing.T) affine {
	for x := new(big.Int).Add(order, big.NewInt(1)); x.Cmp(modulus) < 0; x.Add(x, big.NewInt(1)) {
		square := new(big.Int).Exp(x, big.NewInt(3), modulus)
		square.Sub(square, new(big.Int).Mul(x, big.NewInt(3)))
		square.Add(square, coefficient.big()).Mod(square, modulus)
		y := new(big.Int).ModSqrt(square, modulus)
		if y == nil {
			continue
		}
		return mustParse(t, append(octets(x), octets(y)...)).at
	}
	t.Fatal("no point with x between q and p")
	return affine{}
}

func TestVerdictsAgreeWithTheTextbook(t *testing.T) {
	for i := range 4 {
		k := mustGenerate(t)
		digest := digestOf(string(rune('a' + i)))
		good := mustSign(t, k, digest)
		for _, sig := range [][]byte{good, flipped(good, 100), append(octets(randomScalar()), octets(randomScalar())...)} {
			if got, want := k.Public().Verify(digest, sig), textbook(k.Public(), digest, sig); got != want {
				t.Errorf("signature %x: %t instead of %t", sig, got, want)
			}
		}
	}
}

// textbook is RFC 7091, section 6.2, step by step, for r and s in range.
func textbook(k *PublicKey, digest, sig []byte) bool {
	r, s := littleEndian(sig[:64]), littleEndian(sig[64:])
	v := new(big.Int).ModInverse(exponent(digest), order)
	z1 := new(big.Int).Mul(s, v)
	z2 := new(big.Int).Mul(new(big.Int).Neg(r), v)
	c := base.plain().times(z1.Mod(z1, order)).plus(k.at.plain().times(z2.Mod(z2, order)))
	return c != nil && new(big.Int).Mod(c.x, order).Cmp(r) == 0
}

func TestADigestOfZeroCountsAsOne(t *testing.T) {
	k, zero := mustGenerate(t), make([]byte, 64)
	for _, digest := range [][]byte{zero, octets(order), octets(big.NewInt(1))} {
		if e := exponent(digest); e.Cmp(big.NewInt(1)) != 0 {
			t.Errorf("digest %x is %x", digest, e)
		}
		if !k.Public().Verify(digest, mustSign(t, k, digest)) {
			t.Errorf("digest %x: its signature is refused", digest)
		}
	}
}

// repeating is the worst source of randomness: the same octets for ever.
type repeating byte

func (r repeating) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(r)
	}
	return len(b), nil
}

func TestADeadSourceOfRandomnessDoesNotRepeatANonce(t *testing.T) {
	k := mustGenerate(t)
	sign := func(k *PrivateKey, source io.Reader, digest []byte) string {
		sig, err := k.Sign(source, digest)
		if err != nil {
			t.Fatal(err)
		}
		return string(sig[:64]) // r shows whether the nonce is the same
	}
	first := sign(k, repeating(0), digestOf("one"))
	if first != sign(k, repeating(0), digestOf("one")) {
		t.Error("the nonce depends on something else than key, digest and randomness")
	}
	for name, other := range map[string]string{
		"digest":     sign(k, repeating(0), digestOf("two")),
		"key":        sign(mustGenerate(t), repeating(0), digestOf("one")),
		"randomness": sign(k, repeating(1), digestOf("one")),
	} {
		if first == other {
			t.Errorf("another %s, the same nonce", name)
		}
	}
}

func TestWithoutRandomnessNothingIsMade(t *testing.T) {
	broken := errors.New("broken")
	if _, err := GenerateKey(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("generating: %v", err)
	}
	short := bytes.NewReader(make([]byte, 63))
	if _, err := mustGenerate(t).Sign(short, digestOf("")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("signing: %v", err)
	}
}

func TestAKeyOutOfRangeIsDrawnAgain(t *testing.T) {
	drawn := io.MultiReader(bytes.NewReader(make([]byte, 64)), bytes.NewReader(octets(order)),
		bytes.NewReader(octets(big.NewInt(7))))
	k, err := GenerateKey(drawn)
	if err != nil || k.d.Int64() != 7 {
		t.Errorf("%v, %v", k, err)
	}
}

func FuzzParsePublicKey(f *testing.F) {
	f.Add(kalkanKey)
	f.Add(make([]byte, publicKeySize))
	f.Add([]byte{4, 0x81, 0x80})
	f.Fuzz(func(t *testing.T, xy []byte) {
		k, err := ParsePublicKey(xy)
		if err != nil {
			return
		}
		if !bytes.Equal(k.Bytes(), xy) {
			t.Errorf("%x is written as %x", xy, k.Bytes())
		}
		x, y := littleEndian(xy[:64]), littleEndian(xy[64:])
		right := new(big.Int).Mul(x, x)
		right.Sub(right, big.NewInt(3)).Mul(right, x).Add(right, coefficient.big()).Sub(right, y.Mul(y, y))
		if right.Mod(right, modulus).Sign() != 0 {
			t.Errorf("%x is off the curve", xy)
		}
	})
}

func FuzzVerify(f *testing.F) {
	honest := digestOf(kalkanMessage)
	key, err := ParsePublicKey(kalkanKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(honest, kalkanSignature)
	f.Add(make([]byte, 64), make([]byte, 128))
	f.Add(honest, append(octets(order), kalkanSignature[64:]...))
	f.Fuzz(func(t *testing.T, digest, sig []byte) {
		forged := !bytes.Equal(digest, honest) || !bytes.Equal(sig, kalkanSignature)
		if key.Verify(digest, sig) == forged {
			t.Errorf("digest %x, signature %x: wrong verdict", digest, sig)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	key, digest := mustParse(b, kalkanKey), digestOf(kalkanMessage)
	b.ReportAllocs()
	for b.Loop() {
		if !key.Verify(digest, kalkanSignature) {
			b.Fatal("refused")
		}
	}
}

func BenchmarkSign(b *testing.B) {
	k, digest := mustGenerate(b), digestOf(kalkanMessage)
	b.ReportAllocs()
	for b.Loop() {
		mustSign(b, k, digest)
	}
}
