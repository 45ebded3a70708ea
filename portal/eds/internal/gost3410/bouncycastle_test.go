package gost3410

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// BouncyCastle signs, we verify. It needs java and Debian's libbcprov-java, or the
// path of another copy in BCPROV; without them there is nothing to compare.
func TestSignaturesOfBouncyCastleAreAcceptedTurnedAround(t *testing.T) {
	library := cmp.Or(os.Getenv("BCPROV"), "/usr/share/java/bcprov.jar")
	java, err := exec.LookPath("java")
	if _, absent := os.Stat(library); err != nil || absent != nil {
		t.Log("no java or no BouncyCastle here: only gost-engine's and Kalkan's signatures were checked")
		return
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, java, "-cp", library, "testdata/BouncyCastle.java").Output()
	if err != nil {
		t.Fatalf("java: %v", err)
	}
	count := 0
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) != 4 {
			t.Fatalf("java says %q", line)
		}
		key := mustParse(t, append(reversed(unhex(f[0])), reversed(unhex(f[1]))...))
		digest, sig := digestOf(string(unhex(f[2]))), reversed(unhex(f[3]))
		if !key.Verify(digest, sig) {
			t.Errorf("signature %d is refused", count)
		}
		for bit := count; bit < 8*signatureSize; bit += 41 {
			if key.Verify(digest, flipped(sig, bit)) {
				t.Errorf("signature %d: bit %d may be changed", count, bit)
			}
		}
		count++
	}
	if count == 0 {
		t.Error("java made no signatures")
	}
}
