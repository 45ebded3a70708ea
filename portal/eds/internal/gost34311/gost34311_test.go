package gost34311

import (
	"encoding/hex"
	"strings"
	"testing"
	"testing/quick"

	"zharia/portal/eds/internal/beside"
)

// The examples everybody gives for the test parameter; the second has exactly
// one block, the third more than one (RFC 5831 7.3 spells out both).
var examples = []struct{ message, digest string }{
	{"", "ce85b99cc46752fffee35cab9a7b0278abb4c2d2055cff685af4912c49490f8d"},
	{"abc", "f3134348c44fb1b2a277729e2285ebb5cb5e0f29c975bc753b70497c06a4d51d"},
	{"This is message, length=32 bytes", "b1c466d37519b82e8319819ff32595e047a28cb6f83eff1c6916a815a637fffa"},
	{"Suppose the original message has length = 50 bytes", "471aba57a60a770d3a76130635c1fbea4ef14de51f78b4ae57dd893b62f55208"},
}

func TestTheExamplesOfTheStandardComeOut(t *testing.T) {
	for _, e := range examples {
		if got := Sum([]byte(e.message)); hex.EncodeToString(got[:]) != e.digest {
			t.Errorf("digest of %q is %x instead of %s", e.message, got, e.digest)
		}
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
		if strings.HasPrefix(line, "#") || len(fields) < 5 {
			continue
		}
		message, err := hex.DecodeString(strings.TrimPrefix(fields[1], "-"))
		if err != nil {
			t.Fatal(err)
		}
		if got := Sum(message); hex.EncodeToString(got[:]) != fields[4] {
			t.Errorf("digest of %d octets is %x instead of %s", len(message), got, fields[4])
		}
		checked++
	}
	if checked != 19 {
		t.Errorf("%d vectors instead of 19", checked)
	}
}

func TestPiecesHashLikeTheWhole(t *testing.T) {
	same := func(message []byte, at uint8) bool {
		h := New()
		i := min(int(at), len(message))
		h.Write(message[:i])
		h.Sum(nil) // looking does not disturb
		h.Write(message[i:])
		whole := Sum(message)
		return string(h.Sum(nil)) == string(whole[:])
	}
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
	h := New()
	h.Write([]byte("abc"))
	h.Reset()
	if h.Size() != Size || h.BlockSize() != BlockSize || hex.EncodeToString(h.Sum(nil)) != examples[0].digest {
		t.Error("a hash that was reset is not new")
	}
}

func BenchmarkSum(b *testing.B) {
	message := make([]byte, 1<<16)
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		Sum(message)
	}
}
