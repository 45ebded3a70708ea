package gost3411

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/quick"

	"zharia/portal/eds/internal/beside"
)

// The two examples of RFC 6986, section 10, and the empty message, in wire order.
var examples = []struct{ message, digest string }{
	{
		"",
		"8e945da209aa869f0455928529bcae4679e9873ab707b55315f56ceb98bef0a7" +
			"362f715528356ee83cda5f2aac4c6ad2ba3a715c1bcd81cb8e9f90bf4c1c1a8a",
	},
	{
		strings.Repeat("30313233343536373839", 6) + "303132",
		"1b54d01a4af5b9d5cc3d86d68d285462b19abc2475222f35c085122be4ba1ffa" +
			"00ad30f8767b3a82384c6574f024c311e2a481332b08ef7f41797891c1646f48",
	},
	{
		"d1e520e2e5f2f0e82c20d1f2f0e8e1eee6e820e2edf3f6e82c20e2e5fef2fa20f120eceef0ff20f1f2f0e5ebe0ece8" +
			"20ede020f5f0e0e1f0fbff20efebfaeafb20c8e3eef0e5e2fb",
		"1e88e62226bfca6f9994f1f2d51569e0daf8475a3b0fe61a5300eee46d961376" +
			"035fe83549ada2b8620fcd7c496ce5b33f0cb9dddc2b6460143b03dabac9fb28",
	},
}

func TestTheExamplesOfTheStandardComeOut(t *testing.T) {
	for _, e := range examples {
		check(t, e.message, e.digest)
	}
}

func TestTheVectorsOfAnotherImplementationComeOut(t *testing.T) {
	content := beside.File(t, "pki", "data", "vectors", "hash-vectors.txt")
	if content == nil {
		return
	}
	checked := 0
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if strings.HasPrefix(line, "#") || len(fields) < 3 {
			continue
		}
		check(t, strings.TrimPrefix(fields[1], "-"), fields[2])
		checked++
	}
	if checked != 19 {
		t.Errorf("%d vectors instead of 19", checked)
	}
}

func TestTheSuiteOfDigestsComesOut(t *testing.T) {
	content := beside.File(t, "suites", "gost-streebog.json")
	if content == nil {
		return
	}
	var suite struct {
		Cases []struct{ ID, Alg, Msg, Digest string }
	}
	if err := json.Unmarshal(content, &suite); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, c := range suite.Cases {
		check(t, c.Msg, c.Digest)
		checked++
	}
	if checked < 120 {
		t.Errorf("only %d cases", checked)
	}
}

func check(t *testing.T, message, digest string) {
	t.Helper()
	m, err := hex.DecodeString(message)
	if err != nil {
		t.Fatal(err)
	}
	long, short := Sum512(m), Sum256(m)
	sum := long[:]
	if len(digest) == 2*Size256 {
		sum = short[:]
	}
	if hex.EncodeToString(sum) != digest {
		t.Errorf("message %s: digest %x instead of %s", message, sum, digest)
	}
}

func TestTheTransformationIsTheOneOfTheStandardStepByStep(t *testing.T) {
	if err := quick.CheckEqual(literal, func(x block) (out block) {
		out.lpsx(&x, &block{})
		return out
	}, nil); err != nil {
		t.Error(err)
	}
}

func TestARoundIsTheTransformationOfStateAndKey(t *testing.T) {
	if err := quick.Check(func(state, key, constant block) bool {
		var wantState, wantKey block
		wantState.lpsx(&state, &key)
		wantKey.lpsx(&key, &constant)
		round(&state, &key, &constant, &table)
		return state == wantState && key == wantKey
	}, nil); err != nil {
		t.Error(err)
	}
}

// literal is S, P and L of RFC 6986, one after another, bit by bit.
func literal(x block) (out block) {
	var gathered [64]byte
	for i := range gathered {
		gathered[i%8*8+i/8] = substitution[byte(x[i/8]>>(i%8*8))]
	}
	for i, octet := range gathered {
		for bit := range 8 {
			if octet>>bit&1 == 1 {
				out[i/8] ^= matrix[63-(i%8*8+bit)]
			}
		}
	}
	return out
}

func TestAMessageInPiecesHasTheDigestOfTheWhole(t *testing.T) {
	message := make([]byte, 300)
	for i := range message {
		message[i] = byte(i * 7)
	}
	for first := 0; first <= 130; first++ {
		for _, second := range []int{0, 1, 63, 64, 65, 128, 170} {
			h := New512()
			h.Write(message[:first])
			h.Write(message[first : first+second])
			h.Write(message[first+second:])
			whole := Sum512(message)
			if !bytes.Equal(h.Sum(nil), whole[:]) {
				t.Fatalf("pieces of %d and %d octets change the digest", first, second)
			}
		}
	}
}

func TestAskingForTheDigestDoesNotDisturbIt(t *testing.T) {
	h := New512()
	h.Write([]byte("first "))
	middle := h.Sum([]byte("kept"))
	if want := Sum512([]byte("first ")); !bytes.Equal(middle, append([]byte("kept"), want[:]...)) {
		t.Errorf("in the middle: %x", middle)
	}
	h.Write([]byte("second"))
	if want := Sum512([]byte("first second")); !bytes.Equal(h.Sum(nil), want[:]) {
		t.Error("the digest in the middle disturbed the digest of the whole")
	}
	h.Reset()
	if want := Sum512(nil); !bytes.Equal(h.Sum(nil), want[:]) {
		t.Error("a reset hash is not a new one")
	}
}

func TestTheCounterAndTheSumCarryThroughAllWords(t *testing.T) {
	x := block{1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1, 1<<64 - 1}
	if x.add(&block{1}); x != (block{}) {
		t.Errorf("2^512 - 1 + 1 is %x", x)
	}
}

func TestTheHashSaysItsSizes(t *testing.T) {
	if h := New512(); h.Size() != 64 || h.BlockSize() != 64 {
		t.Errorf("size %d, block %d", h.Size(), h.BlockSize())
	}
}

func BenchmarkSum512(b *testing.B) {
	for _, size := range []int{200, 1 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			message := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				Sum512(message)
			}
		})
	}
}

func TestTheShortHashMayBeWrittenInPiecesAndUsedAgain(t *testing.T) {
	message := bytes.Repeat([]byte("piece"), 40)
	whole := Sum256(message)
	h := New256()
	if h.Size() != Size256 || h.BlockSize() != BlockSize {
		t.Errorf("size %d, block %d", h.Size(), h.BlockSize())
	}
	for range 2 {
		h.Write(message[:70])
		h.Sum(nil)
		h.Write(message[70:])
		if !bytes.Equal(h.Sum([]byte{7}), append([]byte{7}, whole[:]...)) {
			t.Error("pieces change the digest")
		}
		h.Reset()
	}
	if long := Sum512(message); bytes.Equal(long[Size-Size256:], whole[:]) {
		t.Error("it is a piece of the long hash")
	}
}
