// Package gost34310 verifies signatures of GOST 34.310-2004 with 256-bit keys,
// the algorithm of Kazakhstan's certification authority before 2022. The
// arithmetic is that of GOST R 34.10-2001 (RFC 5832) over the curve that
// RFC 4357 10.8 calls CryptoPro-A and the national registry parameter A.
//
// Numbers travel with the least significant octet first: a key is x‖y, a
// signature r‖s, a digest the octets of gost34311 as they are.
//
// The package cannot sign, and should never learn it: it reads papers that were
// signed while the algorithm was in force. Everything it works on is public, so
// it takes the time it takes.
package gost34310

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// The lengths in octets of what travels.
const (
	digestSize    = 32
	numberSize    = 32
	publicKeySize = 2 * numberSize
	signatureSize = 2 * numberSize
)

// The curve y² = x³ - 3x + 166 modulo p = 2^256 - 617, its order, which is
// prime, and the base point (RFC 4357 11.4).
var (
	modulus = number("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFD97")
	order   = number("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF6C611070995AD10045841B09B761B893")
	constB  = big.NewInt(166)
	baseX   = big.NewInt(1)
	baseY   = number("8D91E471E0989CDA27DF505A453F2B7635294F2DDF23E3B122ACC99C9E9F1E14")
)

func number(digits string) *big.Int {
	n, _ := new(big.Int).SetString(digits, 16)
	return n
}

// PublicKey is a point of the curve, known to be one: it comes from
// ParsePublicKey. Its zero value is no key and accepts no signature. It may be
// used by many goroutines.
type PublicKey struct {
	x, y *big.Int
}

// ParsePublicKey reads the 64 octets x‖y of a certificate's key, without the
// OCTET STRING header around them. It refuses another length, coordinates that
// are not under p and points off the curve; infinity cannot be written that way,
// and the order is prime, so there are no small subgroups to hide in.
func ParsePublicKey(xy []byte) (*PublicKey, error) {
	if len(xy) != publicKeySize {
		return nil, fmt.Errorf("gost34310: public key of %d octets instead of %d", len(xy), publicKeySize)
	}
	x, y := littleEndian(xy[:numberSize]), littleEndian(xy[numberSize:])
	if x.Cmp(modulus) >= 0 || y.Cmp(modulus) >= 0 {
		return nil, errors.New("gost34310: public key with a coordinate out of range")
	}
	if !onCurve(x, y) {
		return nil, errors.New("gost34310: public key off the curve")
	}
	return &PublicKey{x, y}, nil
}

// Bytes returns x‖y as ParsePublicKey takes them.
func (k *PublicKey) Bytes() []byte {
	out := make([]byte, publicKeySize)
	if k.x == nil {
		return out
	}
	k.x.FillBytes(out[:numberSize])
	k.y.FillBytes(out[numberSize:])
	slices.Reverse(out[:numberSize])
	slices.Reverse(out[numberSize:])
	return out
}

// Verify says whether sig, the 64 octets r‖s, signs the digest of 32 octets
// under the key (RFC 5832 6.2). Anything of another length or out of range is
// refused, so every signature has exactly one encoding.
func (k *PublicKey) Verify(digest, sig []byte) bool {
	if len(digest) != digestSize || len(sig) != signatureSize || k == nil || k.x == nil {
		return false
	}
	r, s := littleEndian(sig[:numberSize]), littleEndian(sig[numberSize:])
	if !inRange(r) || !inRange(s) {
		return false
	}
	e := littleEndian(digest)
	if e.Mod(e, order).Sign() == 0 {
		e.SetInt64(1) // RFC 5832 6.2, step 3
	}
	e.ModInverse(e, order)
	z1 := s.Mul(s, e)
	z1.Mod(z1, order)
	z2 := e.Mul(e, r)
	z2.Neg(z2).Mod(z2, order)
	x, ok := combine(z1, z2, newPoint(k.x, k.y)).affineX()
	return ok && x.Mod(x, order).Cmp(r) == 0
}

func inRange(n *big.Int) bool { return n.Sign() > 0 && n.Cmp(order) < 0 }

func littleEndian(b []byte) *big.Int {
	reversed := slices.Clone(b)
	slices.Reverse(reversed)
	return new(big.Int).SetBytes(reversed)
}
