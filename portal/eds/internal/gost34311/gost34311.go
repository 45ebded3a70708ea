// Package gost34311 computes the hash of GOST 34.311-95, which is that of
// GOST R 34.11-94 as RFC 5831 describes it, with the substitution that
// Kazakhstan's certification authority calls the test parameter (RFC 4357 11.2,
// id-GostR3411-94-TestParamSet).
//
// National signatures made before the keys of 2022 rest on it. It is here to
// read papers of that time and for nothing else: nothing new is hashed with it.
// Digests are in the order in which they stand in messages, least significant
// octet first.
package gost34311

import (
	"encoding/binary"
	"hash"
	"math/bits"
)

const (
	// Size is the length of a digest in octets.
	Size = 32
	// BlockSize is the length in octets of the block one step takes.
	BlockSize = 32
)

// New returns a hash that can be written to piece by piece. Writing never
// fails, and Sum may be called in the middle without disturbing what follows.
func New() hash.Hash { return new(digest) }

// Sum returns the digest of b in wire order.
func Sum(b []byte) [Size]byte {
	var d digest
	d.Write(b)
	return d.final()
}

// block is a 256-bit number, least significant word first.
type block [4]uint64

// digest is the state between two writes. Its zero value is the start: the
// initial vector of the national hash is zero.
type digest struct {
	h      block
	sum    block // of the blocks so far, modulo 2^256
	length uint64
	tail   [BlockSize]byte
	used   int // octets in tail, always under BlockSize
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
		d.absorb(d.tail[:], BlockSize)
		d.used = 0
	}
	for len(b) >= BlockSize {
		d.absorb(b[:BlockSize], BlockSize)
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

// final closes a copy of the state (RFC 5831 5.3): what is left is filled with
// zeros, then the length in bits and the sum go in. A message that ends with
// its block has nothing left.
func (d *digest) final() [Size]byte {
	last := *d
	if last.used > 0 {
		clear(last.tail[last.used:])
		last.absorb(last.tail[:], last.used)
	}
	last.h.step(&block{last.length << 3, last.length >> 61})
	last.h.step(&last.sum)
	var out [Size]byte
	last.h.put(out[:])
	return out
}

// absorb takes one block of which octets belong to the message.
func (d *digest) absorb(b []byte, octets int) {
	m := read(b)
	d.h.step(&m)
	d.length += uint64(octets)
	var carry uint64
	for i := range m {
		d.sum[i], carry = bits.Add64(d.sum[i], m[i], carry)
	}
}

func read(b []byte) (x block) {
	for i := range x {
		x[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return x
}

func (x *block) put(b []byte) {
	for i, word := range x {
		binary.LittleEndian.PutUint64(b[8*i:], word)
	}
}

func (x *block) xor(y *block) block {
	return block{x[0] ^ y[0], x[1] ^ y[1], x[2] ^ y[2], x[3] ^ y[3]}
}

// shift is the transformation A of RFC 5831 4.1: the words move down by one,
// and the sum of the two lowest comes in at the top.
func (x *block) shift() block { return block{x[1], x[2], x[3], x[0] ^ x[1]} }

// third is C3, the only key constant that is not zero.
var third = block{0xff00ff00ff00ff00, 0x00ff00ff00ff00ff, 0xff0000ff00ffff00, 0xff00ffff000000ff}

// step replaces the chaining value h by χ(m, h) of RFC 5831 section 4: four
// keys are made of both, each enciphers a quarter of h, and the result is mixed
// with m and h by the shift register.
func (h *block) step(m *block) {
	u, v := *h, *m
	var s block
	for i := range s {
		if i > 0 {
			u = u.shift()
			if i == 2 {
				u = u.xor(&third)
			}
			v = v.shift()
			v = v.shift()
		}
		k := u.xor(&v)
		s[i] = encipher(k.key(), h[i])
	}
	x := s.mixed(12)
	x = m.xor(&x)
	x = x.mixed(1)
	x = h.xor(&x)
	*h = x.mixed(61)
}

// key is the permutation P of RFC 5831 4.1: octet k of every word, from the
// lowest word to the highest, makes the key's word k.
func (x *block) key() (key [8]uint32) {
	for k := range key {
		for i, word := range x {
			key[k] |= uint32(byte(word>>(8*k))) << (8 * i)
		}
	}
	return key
}

// mixed lets the shift register ψ of RFC 5831 4.3 run for so many turns.
// Instead of moving sixteen words at every turn the next word is put behind
// the last.
func (x *block) mixed(turns int) block {
	var octets [BlockSize]byte
	x.put(octets[:])
	var y [16 + 61]uint16
	for i := range 16 {
		y[i] = binary.LittleEndian.Uint16(octets[2*i:])
	}
	for i := range turns {
		y[i+16] = y[i] ^ y[i+1] ^ y[i+2] ^ y[i+3] ^ y[i+12] ^ y[i+15]
	}
	for i := range 16 {
		binary.LittleEndian.PutUint16(octets[2*i:], y[turns+i])
	}
	return read(octets[:])
}

// encipher is GOST 28147-89 on one block (RFC 5830 section 5): 24 rounds
// through the key and eight back.
func encipher(key [8]uint32, in uint64) uint64 {
	a, b := uint32(in), uint32(in>>32)
	for range 3 {
		for i := 0; i < 8; i += 2 {
			b ^= substitute(a + key[i])
			a ^= substitute(b + key[i+1])
		}
	}
	for i := 7; i > 0; i -= 2 {
		b ^= substitute(a + key[i])
		a ^= substitute(b + key[i-1])
	}
	return uint64(b) | uint64(a)<<32
}

func substitute(x uint32) uint32 {
	return table[0][byte(x)] ^ table[1][byte(x>>8)] ^ table[2][byte(x>>16)] ^ table[3][byte(x>>24)]
}

// nodes is the substitution of the test parameter: row k holds what the values
// of nibble k become, the lowest nibble first (RFC 4357 11.2).
var nodes = [8][16]byte{
	{4, 10, 9, 2, 13, 8, 0, 14, 6, 11, 1, 12, 7, 15, 5, 3},
	{14, 11, 4, 12, 6, 13, 15, 10, 2, 3, 8, 1, 0, 7, 5, 9},
	{5, 8, 1, 13, 10, 3, 4, 2, 14, 15, 12, 7, 6, 0, 9, 11},
	{7, 13, 10, 1, 0, 8, 9, 15, 14, 4, 6, 12, 11, 2, 5, 3},
	{6, 12, 7, 1, 5, 15, 13, 8, 4, 10, 9, 14, 0, 3, 11, 2},
	{4, 11, 10, 0, 7, 2, 1, 13, 3, 6, 8, 5, 9, 12, 15, 14},
	{13, 11, 4, 1, 3, 15, 5, 9, 0, 10, 14, 7, 6, 8, 2, 12},
	{1, 15, 13, 0, 5, 7, 10, 4, 9, 2, 3, 14, 6, 11, 8, 12},
}

// table says what an octet becomes in the word: two nodes, then the turn by
// eleven bits that ends a round.
var table = combine()

func combine() (t [4][256]uint32) {
	for i := range t {
		for v := range t[i] {
			pair := uint32(nodes[2*i][v&15]) | uint32(nodes[2*i+1][v>>4])<<4
			t[i][v] = bits.RotateLeft32(pair<<(8*i), 11)
		}
	}
	return t
}
