package gost3410

import (
	"bytes"
	"math/big"
	"runtime"
	"sync"
	"testing"
)

// awkward are scalars at the ends of the range, and those whose bits are few, many
// or at the seams of teeth and blocks.
func awkward() []*big.Int {
	one := big.NewInt(1)
	out := []*big.Int{new(big.Int), one, big.NewInt(2), big.NewInt(3)}
	for _, below := range []int64{1, 2, 3, 4} {
		out = append(out, new(big.Int).Sub(order, big.NewInt(below)))
	}
	for _, bit := range []uint{12, 13, 14, 51, 52, 53, 63, 64, 467, 468, 507, 510, 511} {
		power := new(big.Int).Lsh(one, bit)
		out = append(out, power, new(big.Int).Sub(power, one), new(big.Int).Sub(order, power))
	}
	return out
}

func TestSignsAddUpToTheirScalarOrOneOrderMore(t *testing.T) {
	scalars := awkward()
	for range 200 {
		scalars = append(scalars, randomScalar())
	}
	for _, n := range scalars {
		sum, s := new(big.Int), inSigns(n)
		for i := range combBits {
			power := new(big.Int).Lsh(big.NewInt(1), uint(i))
			if s[i/64]>>(i%64)&1 == 0 {
				power.Neg(power)
			}
			sum.Add(sum, power)
		}
		want := new(big.Int).Set(n)
		if n.Bit(0) == 0 {
			want.Add(want, order)
		}
		if sum.Cmp(want) != 0 {
			t.Fatalf("the signs of %x add up to %x", n, sum)
		}
	}
}

func TestACombHoldsTheSumsOfItsTeeth(t *testing.T) {
	table := baseComb()
	for block := range table {
		for _, entry := range []int{0, 1, 2, 255, 256, 300, combEntries - 1} {
			scalar := new(big.Int)
			for tooth := range combTeeth {
				power := new(big.Int).Lsh(big.NewInt(1), uint(tooth*combTooth+block*combColumns))
				if tooth < combTeeth-1 && entry>>tooth&1 == 0 {
					power.Neg(power)
				}
				scalar.Add(scalar, power)
			}
			scalar.Mod(scalar, order)
			got := table[block][entry]
			if !got.onCurve() || !got.plain().equal(base.plain().times(scalar)) {
				t.Errorf("entry %d of block %d is wrong", entry, block)
			}
		}
	}
}

func TestACombMultipliesAsTheOtherWay(t *testing.T) {
	point := baseTimes(randomScalar())
	table := newComb(&point)
	scalars := awkward()
	for range 50 {
		scalars = append(scalars, randomScalar())
	}
	for _, n := range scalars {
		fast, slow := combine(newCombed(n, table)), combine(newFresh(n, &point))
		if !fast.plain().equal(slow.plain()) {
			t.Fatalf("%x times the point differs", n)
		}
	}
}

// Points that are small multiples of each other make the sums meet equal and
// opposite points and infinity, in the middle and at the end.
func TestTwoCombsMultiplyAsTheOtherWay(t *testing.T) {
	for _, times := range []int64{1, 2, 3, -1, -2} {
		d := big.NewInt(times)
		point := baseTimes(d.Mod(d, order))
		table := newComb(&point)
		scalars := awkward()
		for i, m := range scalars {
			n := scalars[(7*i+3)%len(scalars)]
			opposite := new(big.Int).Sub(order, n)
			for _, n := range []*big.Int{n, m, opposite.Mod(opposite, order)} {
				fast := combine(newCombed(m, baseComb()), newCombed(n, table))
				mixed := combine(newCombed(m, baseComb()), newFresh(n, &point))
				slow := combine(newFresh(m, &base), newFresh(n, &point))
				if !fast.plain().equal(slow.plain()) || !mixed.plain().equal(slow.plain()) {
					t.Fatalf("%x G + %x·%d G differs", m, n, times)
				}
			}
		}
	}
}

func TestARememberedKeyGivesTheSameVerdicts(t *testing.T) {
	for i := range 5 {
		k, digest := mustGenerate(t), digestOf(string(rune('a'+i)))
		good := mustSign(t, k, digest)
		sigs := [][]byte{good, flipped(good, 5), flipped(good, 700), make([]byte, signatureSize),
			append(octets(order), good[64:]...), append(octets(randomScalar()), octets(randomScalar())...)}
		// s = r·d ends in infinity.
		r := randomScalar()
		s := new(big.Int).Mul(r, k.d)
		sigs = append(sigs, append(octets(r), octets(s.Mod(s, order))...))

		var cold []bool
		for _, sig := range sigs {
			cold = append(cold, k.Public().Verify(digest, sig))
		}
		if !cold[0] {
			t.Fatal("a good signature is refused")
		}
		k.Public().Remember()
		read := mustParse(t, k.Public().Bytes())
		if known.find(&read.at) == nil {
			t.Fatal("another reading of the key is not known")
		}
		for j, sig := range sigs {
			if got := read.Verify(digest, sig); got != cold[j] {
				t.Errorf("signature %d: %t after remembering, %t before", j, got, cold[j])
			}
		}
	}
}

func TestRememberingNoKeyIsNothing(t *testing.T) {
	new(PublicKey).Remember()
	if known.find(&affine{}) != nil {
		t.Error("the zero key is remembered")
	}
}

func TestAThousandKeysTakeTheRoomOfSixteen(t *testing.T) {
	var m memory
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range uint64(1000) {
		m.keep(&affine{x: element{i + 1}}, new(comb))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := len(*m.held.Load()); n != knownKeys {
		t.Errorf("%d keys are held", n)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d octets for %d keys", grown, knownKeys)
	}
	runtime.KeepAlive(&m)
}

func TestTheKeyUsedLeastRecentlyGivesWay(t *testing.T) {
	var m memory
	at := func(i uint64) *affine { return &affine{x: element{i + 1}} }
	for i := range uint64(knownKeys) {
		m.keep(at(i), new(comb))
	}
	m.find(at(0))
	m.keep(at(100), new(comb))
	if m.find(at(0)) == nil || m.find(at(100)) == nil {
		t.Error("a key that was just used is gone")
	}
	if m.find(at(1)) != nil {
		t.Error("the key used least recently is still there")
	}
}

func TestManyMayRememberAndVerifyAtOnce(t *testing.T) {
	digest := digestOf("together")
	type signed struct {
		key *PrivateKey
		sig []byte
	}
	keys := make([]signed, knownKeys+4) // more than there is room for
	for i := range keys {
		k := mustGenerate(t)
		keys[i] = signed{k, mustSign(t, k, digest)}
	}
	var together sync.WaitGroup
	for worker := range 4 {
		together.Go(func() {
			for i := range keys {
				k := keys[(i+5*worker)%len(keys)]
				k.key.Public().Remember()
				if !k.key.Public().Verify(digest, k.sig) || k.key.Public().Verify(digest, flipped(k.sig, i)) {
					t.Error("a wrong verdict")
				}
			}
		})
	}
	together.Wait()
	if n := len(*known.held.Load()); n > knownKeys {
		t.Errorf("%d keys are held", n)
	}
}

func BenchmarkVerifyKnownKey(b *testing.B) {
	key, digest := mustParse(b, bytes.Clone(kalkanKey)), digestOf(kalkanMessage)
	key.Remember()
	b.ReportAllocs()
	for b.Loop() {
		if !key.Verify(digest, kalkanSignature) {
			b.Fatal("refused")
		}
	}
}

func BenchmarkRemember(b *testing.B) {
	for b.Loop() {
		newComb(&base)
	}
}
