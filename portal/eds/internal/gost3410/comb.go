package gost3410

import (
	"encoding/binary"
	"math/big"
	"sync"
)

// A comb reads a scalar of 520 bits as 10 teeth of 52 bits each and takes one bit
// of every tooth at a time, which makes 52 additions from a table and, as the 52
// columns lie in 4 blocks that share their doublings, 12 doublings (Lim and Lee;
// bits stand for +1 and -1 as with Hamburg, so that half of a table is the mirror
// of the other and no entry is infinity). The table takes 256 KiB and some
// milliseconds to compute.
const (
	combTeeth   = 10
	combBlocks  = 4
	combColumns = 13 // of each block
	combEntries = 1 << (combTeeth - 1)
	combTooth   = combBlocks * combColumns
	combBits    = combTeeth * combTooth
)

// comb is the table of one point. Entry i of block b is the sum of ±2^(52t+13b)
// times the point over the teeth t, where the highest tooth counts positive and
// bit t of i says whether tooth t does.
type comb [combBlocks][combEntries]affine

// baseComb is that of the base point, computed when the first signature is met.
var baseComb = sync.OnceValue(func() *comb { return newComb(&base) })

func newComb(a *affine) *comb {
	teeth, twice := combPowers(a)
	sums := make([]point, 0, combBlocks*combEntries)
	for b := range combBlocks {
		sums = append(sums, combSums(&teeth[b], &twice[b])...)
	}
	table := new(comb)
	for i, sum := range normalised(sums) {
		table[i/combEntries][i%combEntries] = sum
	}
	return table
}

// powers holds, for each block, a multiple of the point for each tooth.
type powers [combBlocks][combTeeth]affine

// combPowers doubles the point all the way up, and keeps 2^(52t+13b) times the
// point and twice that.
func combPowers(a *affine) (teeth, twice powers) {
	met := make([]point, 0, 2*combTeeth*combBlocks)
	p := point{x: a.x, y: a.y, z: element{1}}
	for bit := range combBits {
		if bit%combColumns == 0 {
			met = append(met, p)
		}
		p.double()
		if bit%combColumns == 0 {
			met = append(met, p)
		}
	}
	for i, power := range normalised(met) {
		t, b := i/2/combBlocks, i/2%combBlocks
		if i%2 == 0 {
			teeth[b][t] = power
		} else {
			twice[b][t] = power
		}
	}
	return teeth, twice
}

// combSums lists the entries of a block. The first has every tooth but the highest
// negative; setting bit t of the place adds twice the power of tooth t.
func combSums(teeth, twice *[combTeeth]affine) []point {
	top := &teeth[combTeeth-1]
	first := point{x: top.x, y: top.y, z: element{1}}
	for t := range combTeeth - 1 {
		opposite := teeth[t].negated()
		first.add(&opposite)
	}
	sums := make([]point, 1, combEntries)
	sums[0] = first
	for t := range combTeeth - 1 {
		for i := range 1 << t {
			sum := sums[i]
			sum.add(&twice[t])
			sums = append(sums, sum)
		}
	}
	return sums
}

// signs is a scalar of 520 bits as a sum of ±2^i, one bit for each i.
type signs [9]uint64

// inSigns reads a scalar under q. Only odd numbers are such sums; for an even one
// n + q is taken, which is odd and multiplies a point alike. The bits are those of
// (n + 2^520 - 1)/2.
func inSigns(n *big.Int) (out signs) {
	var odd [len(out) * 8]byte
	if n.Bit(0) == 0 {
		n = new(big.Int).Add(n, order)
	}
	n.FillBytes(odd[:])
	for i := range out {
		out[i] = binary.BigEndian.Uint64(odd[len(odd)-8*(i+1):])
	}
	for i := range len(out) - 1 {
		out[i] = out[i]>>1 | out[i+1]<<63
	}
	out[8] = out[8]>>1 | 1<<((combBits-1)%64)
	return out
}

// addColumn adds what column j of every block stands for.
func (c *comb) addColumn(sum *point, s *signs, j int) {
	for b := range c {
		entry := s.column(b*combColumns + j)
		if entry >= combEntries {
			sum.add(&c[b][entry-combEntries])
			continue
		}
		// The highest tooth is negative: the mirror entry, turned around.
		opposite := c[b][combEntries-1-entry].negated()
		sum.add(&opposite)
	}
}

// column gathers bit i of every tooth.
func (s *signs) column(i int) (out int) {
	for t := range combTeeth {
		out |= int(s[i/64]>>(i%64)&1) << t
		i += combTooth
	}
	return out
}
