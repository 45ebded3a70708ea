// Package gost3410 makes and verifies signatures of ST RK GOST R 34.10-2015 with
// 512-bit keys, the algorithm of Kazakhstan's national certification authority
// since 2022. The arithmetic is that of GOST R 34.10-2012 (RFC 7091) over the
// curve id-tc26-gost-3410-2012-512-paramSetA (RFC 7836).
//
// Numbers travel with the least significant octet first: a key is x‖y, a
// signature r‖s, a digest the octets of gost3411 as they are. A signature is thus
// the octets of the Russian profile (RFC 9215) in reverse, and this package
// accepts no other order.
//
// It is plain Go: assembly for the field (MULX, ADX) was tried and took a quarter off
// a verification, and was left out again, because what it sped up was fast enough and
// everyone can read this. Keys that are met again and again can be remembered
// (PublicKey.Remember).
//
// Verification takes time that depends on its input, all of which is public.
// Signing does too, and its input is not: it is here for demonstration keys and
// for tests, never for a key that matters. Citizens' keys stay in their own
// devices and do not come near this package.
package gost3410

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"math/big"

	"zharia/portal/eds/internal/gost3411"
)

// The lengths in octets of what travels.
const (
	scalarSize    = 64
	digestSize    = gost3411.Size
	publicKeySize = 128
	signatureSize = 128
)

// PublicKey is a point of the curve, known to be one: it comes from
// ParsePublicKey or from a private key. Its zero value is no key and accepts no
// signature. It may be used by many goroutines.
type PublicKey struct {
	at affine
}

// ParsePublicKey reads the 128 octets x‖y of a certificate's key, without the
// OCTET STRING header around them. It refuses another length, coordinates that
// are not under p and points off the curve; infinity cannot be written that way,
// and the curve has no small subgroups to hide in.
func ParsePublicKey(xy []byte) (*PublicKey, error) {
	if len(xy) != publicKeySize {
		return nil, fmt.Errorf("gost3410: public key of %d octets instead of %d", len(xy), publicKeySize)
	}
	k := new(PublicKey)
	if !k.at.x.setBytes(xy[:64]) || !k.at.y.setBytes(xy[64:]) {
		return nil, errors.New("gost3410: public key with a coordinate out of range")
	}
	if !k.at.onCurve() {
		return nil, errors.New("gost3410: public key off the curve")
	}
	return k, nil
}

// Bytes returns x‖y as ParsePublicKey takes them.
func (k *PublicKey) Bytes() []byte {
	x, y := k.at.x.bytes(), k.at.y.bytes()
	return append(x[:], y[:]...)
}

// Verify says whether sig, the 128 octets r‖s, signs the digest of 64 octets
// under the key: RFC 7091, section 6.2. Anything of another length or out of
// range is refused, so every signature has exactly one encoding.
func (k *PublicKey) Verify(digest, sig []byte) bool {
	if len(digest) != digestSize || len(sig) != signatureSize || k.at == (affine{}) {
		return false
	}
	r, s := littleEndian(sig[:64]), littleEndian(sig[64:])
	if !inScalarRange(r) || !inScalarRange(s) {
		return false
	}
	v := new(big.Int).ModInverse(exponent(digest), order)
	z1 := s.Mul(s, v)
	z1.Mod(z1, order)
	z2 := v.Mul(v, r)
	z2.Neg(z2).Mod(z2, order)

	c := combine(newCombed(z1, baseComb()), k.term(z2))
	return c.hasX(r)
}

// term is n times the key: by its comb where the key is known, else afresh.
func (k *PublicKey) term(n *big.Int) term {
	if c := known.find(&k.at); c != nil {
		return newCombed(n, c)
	}
	return newFresh(n, &k.at)
}

// hasX says whether the x coordinate, a number under p, is r modulo q. Instead of
// dividing by z² it multiplies r; and as q is under p, the coordinate may also be
// r + q, which happens to no honest signer in practice but is as valid.
func (p *point) hasX(r *big.Int) bool {
	if p.isInfinity() {
		return false
	}
	var zz element
	zz.sqr(&p.z)
	for x := new(big.Int).Set(r); x.Cmp(modulus) < 0; x.Add(x, order) {
		var claimed element
		claimed.setBytes(octets(x))
		claimed.mul(&claimed, &zz)
		if claimed.equal(&p.x) {
			return true
		}
	}
	return false
}

// exponent is e of the standard: the digest as a number modulo q, or 1 for 0.
func exponent(digest []byte) *big.Int {
	e := littleEndian(digest)
	e.Mod(e, order)
	if e.Sign() == 0 {
		e.SetInt64(1)
	}
	return e
}

// PrivateKey is a scalar and its point, for demonstration and tests; see the
// package comment on timing.
type PrivateKey struct {
	d      *big.Int
	public *PublicKey
}

// GenerateKey draws a key from rand; the error is the reader's.
func GenerateKey(rand io.Reader) (*PrivateKey, error) {
	var scalar [scalarSize]byte
	for {
		if _, err := io.ReadFull(rand, scalar[:]); err != nil {
			return nil, fmt.Errorf("gost3410: drawing a key: %w", err)
		}
		// Drawing again keeps the choice even; it is needed once in 2^256 keys.
		if d := littleEndian(scalar[:]); inScalarRange(d) {
			return newPrivateKey(d), nil
		}
	}
}

// ParsePrivateKey reads the 64 octets of a scalar, the least significant first,
// as they lie inside the inner OCTET STRING of a PKCS#8 key of the authority. It
// refuses another length, zero, and numbers not under q.
func ParsePrivateKey(scalarLE []byte) (*PrivateKey, error) {
	if len(scalarLE) != scalarSize {
		return nil, fmt.Errorf("gost3410: private key of %d octets instead of %d", len(scalarLE), scalarSize)
	}
	d := littleEndian(scalarLE)
	if !inScalarRange(d) {
		return nil, errors.New("gost3410: private key out of range")
	}
	return newPrivateKey(d), nil
}

func newPrivateKey(d *big.Int) *PrivateKey {
	return &PrivateKey{d, &PublicKey{baseTimes(d)}}
}

// baseTimes is n·G for 0 < n < q.
func baseTimes(n *big.Int) affine {
	p := combine(newCombed(n, baseComb()))
	return p.affine()
}

// Bytes returns the scalar as ParsePrivateKey takes it.
func (k *PrivateKey) Bytes() []byte { return octets(k.d) }

// Public returns the key's point.
func (k *PrivateKey) Public() *PublicKey { return k.public }

// Sign makes the 128 octets r‖s over a digest of 64 octets: RFC 7091, section
// 6.1. It takes 64 octets from rand for each signature; should they repeat or be
// guessed, the nonce stays secret and differs for every digest. Signing is not
// constant time.
func (k *PrivateKey) Sign(rand io.Reader, digest []byte) ([]byte, error) {
	if len(digest) != digestSize {
		return nil, fmt.Errorf("gost3410: digest of %d octets instead of %d", len(digest), digestSize)
	}
	var fresh [64]byte
	if _, err := io.ReadFull(rand, fresh[:]); err != nil {
		return nil, fmt.Errorf("gost3410: drawing a nonce: %w", err)
	}
	e := exponent(digest)
	for attempt := byte(0); ; attempt++ {
		nonce := k.nonce(fresh[:], digest, attempt)
		if !inScalarRange(nonce) {
			continue
		}
		if r, s := k.sign(e, nonce); r.Sign() > 0 && s.Sign() > 0 {
			return append(octets(r), octets(s)...), nil
		}
	}
}

// nonce hashes the randomness with the key and the digest, so that a weak source
// of the one cannot reveal the other. All parts but the first have a fixed
// length. The digest of 512 bits is taken as it is: q lies so near to 2^512 that
// drawing again when it is out of range costs nothing and leaves no bias.
func (k *PrivateKey) nonce(fresh, digest []byte, attempt byte) *big.Int {
	h := hmac.New(gost3411.New512, k.Bytes())
	h.Write([]byte("gost3410 nonce"))
	h.Write(fresh)
	h.Write(digest)
	h.Write([]byte{attempt})
	return littleEndian(h.Sum(nil))
}

// sign computes r = (nonce·G).x mod q and s = r·d + nonce·e mod q.
func (k *PrivateKey) sign(e, nonce *big.Int) (r, s *big.Int) {
	c := baseTimes(nonce)
	r = c.x.big()
	r.Mod(r, order)
	s = new(big.Int).Mul(r, k.d)
	s.Add(s, nonce.Mul(nonce, e))
	return r, s.Mod(s, order)
}
