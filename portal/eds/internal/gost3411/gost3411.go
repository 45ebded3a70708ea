// Package gost3411 computes the hashes of ST RK GOST R 34.11-2015, which are
// Streebog-512 and Streebog-256 of GOST R 34.11-2012 as RFC 6986 describes them.
//
// Every Kazakhstani signature of the kind issued since 2022 rests on it: the
// message digest of a CMS, the imprint of a time stamp and the digest a
// certificate's signature is made over are all these 64 octets, in the order in
// which this package returns them (the least significant octet of the RFC's
// number first), with no reversal anywhere.
package gost3411

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

const (
	// Size is the length of a digest of Streebog-512 in octets.
	Size = 64
	// Size256 is that of Streebog-256.
	Size256 = 32
	// BlockSize is the length in octets of the block the compression takes.
	BlockSize = 64
)

// Sum512 returns the digest of b in wire order.
func Sum512(b []byte) [Size]byte {
	var d digest
	d.Write(b)
	return d.final()
}

// New512 returns a hash that can be written to piece by piece. Writing never
// fails, and Sum may be called in the middle without disturbing what follows.
func New512() hash.Hash {
	return new(digest)
}

// Sum256 returns the digest of b in wire order.
func Sum256(b []byte) [Size256]byte {
	h := New256()
	h.Write(b)
	return [Size256]byte(h.Sum(nil))
}

// New256 returns a hash of the 256-bit variant, which behaves like New512's.
func New256() hash.Hash {
	d := new(digest256)
	d.Reset()
	return d
}

// digest256 starts from octets of 1 and keeps the upper half of the number in the
// end (RFC 6986, sections 5 and 9.1), which comes last on the wire.
type digest256 struct{ digest }

func (d *digest256) Size() int { return Size256 }

func (d *digest256) Reset() {
	d.digest = digest{}
	for i := range d.h {
		d.h[i] = 0x0101010101010101
	}
}

func (d *digest256) Sum(b []byte) []byte {
	sum := d.final()
	return append(b, sum[Size-Size256:]...)
}

// block is the 512-bit number the standard works on, least significant word
// first; in that order the words are plain little-endian readings of the octets.
type block [8]uint64

// digest is the state of RFC 6986, section 9, between two writes. Its zero value
// is the start of Streebog-512, whose initial vector is zero.
type digest struct {
	h     block           // chaining value
	n     block           // bits hashed so far, modulo 2^512
	sigma block           // sum of the blocks so far, modulo 2^512
	tail  [BlockSize]byte // octets that do not fill a block yet
	used  int             // how many of them there are, always under BlockSize
}

func (d *digest) Size() int      { return Size }
func (d *digest) BlockSize() int { return BlockSize }
func (d *digest) Reset()         { *d = digest{} }

// Write takes more of the message; it always takes all of b.
func (d *digest) Write(b []byte) (int, error) {
	taken := len(b)
	if d.used > 0 {
		filled := copy(d.tail[d.used:], b)
		d.used += filled
		b = b[filled:]
		if d.used < BlockSize {
			return taken, nil
		}
		d.absorb(&d.tail, BlockSize)
		d.used = 0
	}
	for len(b) >= BlockSize {
		d.absorb((*[BlockSize]byte)(b), BlockSize)
		b = b[BlockSize:]
	}
	d.used = copy(d.tail[:], b)
	return taken, nil
}

// Sum appends the digest of what was written so far to b.
func (d *digest) Sum(b []byte) []byte {
	sum := d.final()
	return append(b, sum[:]...)
}

// final closes a copy of the state, stage 3 of RFC 6986, section 9.2. The octet 1
// after the message is always there, so a full last block is followed by one that
// holds nothing else, and no two messages share their padding.
func (d *digest) final() [Size]byte {
	last := *d
	clear(last.tail[last.used:])
	last.tail[last.used] = 1
	last.absorb(&last.tail, last.used)

	var zero block
	compress(&last.h, &zero, &last.n)
	compress(&last.h, &zero, &last.sigma)

	var out [Size]byte
	for i, word := range last.h {
		binary.LittleEndian.PutUint64(out[8*i:], word)
	}
	return out
}

// absorb compresses one block of which octets belong to the message.
func (d *digest) absorb(b *[BlockSize]byte, octets int) {
	var m block
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	compress(&d.h, &d.n, &m)
	d.n.add(&block{uint64(octets) * 8})
	d.sigma.add(&m)
}

// add adds modulo 2^512.
func (x *block) add(y *block) {
	var carry uint64
	for i := range x {
		x[i], carry = bits.Add64(x[i], y[i], carry)
	}
}

// compress is g_N(h, m) of RFC 6986, section 8; the result replaces h.
func compress(h, n, m *block) {
	var key block
	key.lpsx(h, n)
	state := *m
	for i := range iteration {
		round(&state, &key, &iteration[i], &table)
	}
	for i := range h {
		h[i] ^= state[i] ^ key[i] ^ m[i]
	}
}

// lpsx sets z to L(P(S(x ⊕ y))): the sum, the substitution, the transposition and
// the linear transformation in one. Word w of the result depends on octet w of
// each summed word and on nothing else, because the transposition gathers just
// those octets into it; so every turn of the loop uses up the lowest octets.
func (z *block) lpsx(x, y *block) {
	t := &table
	s0, s1, s2, s3 := x[0]^y[0], x[1]^y[1], x[2]^y[2], x[3]^y[3]
	s4, s5, s6, s7 := x[4]^y[4], x[5]^y[5], x[6]^y[6], x[7]^y[7]
	for w := range z {
		z[w] = t[0][byte(s0)] ^ t[1][byte(s1)] ^ t[2][byte(s2)] ^ t[3][byte(s3)] ^
			t[4][byte(s4)] ^ t[5][byte(s5)] ^ t[6][byte(s6)] ^ t[7][byte(s7)]
		s0, s1, s2, s3 = s0>>8, s1>>8, s2>>8, s3>>8
		s4, s5, s6, s7 = s4>>8, s5>>8, s6>>8, s7>>8
	}
}

// table says what an octet of each input word adds to the output word it ends up
// in: 16 KiB, so that it stays in the fastest cache.
var table = combine()

// combine multiplies the substitution and the matrix out. Octet k of a gathered
// word holds its bits 8k to 8k+7, and the matrix counts bits from the top.
func combine() (t [8][256]uint64) {
	for k := range t {
		for v, substituted := range substitution {
			for bit := range 8 {
				if substituted>>bit&1 == 1 {
					t[k][v] ^= matrix[63-8*k-bit]
				}
			}
		}
	}
	return t
}
