package eds_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"runtime"
	"testing"
	"time"

	"zharia/portal/eds/internal/gost3410"
	"zharia/portal/eds/internal/gost3411"
)

var speedBegin = time.Now()

// cpuBench repeats a thing and reports, beside the usual figures, the processor time
// of its thread: on a busy machine the time that passed says little.
func cpuBench(b *testing.B, do func(i int)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	n := 0
	start := threadTime()
	for b.Loop() {
		do(n)
		n++
	}
	b.ReportMetric(float64(threadTime()-start)/float64(n), "cpu-ns/op")
}

// signedDigest is a national signature by a key that nobody has met.
type signedDigest struct{ key, digest, signature []byte }

func signedDigests(b *testing.B, count int) (list []signedDigest) {
	b.Helper()
	for range count {
		private, err := gost3410.GenerateKey(rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		s := signedDigest{key: private.Public().Bytes(), digest: make([]byte, gost3411.Size)}
		rand.Read(s.digest)
		if s.signature, err = private.Sign(rand.Reader, s.digest); err != nil {
			b.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// A key that was never seen: reading it is part of the price.
func BenchmarkGOST512Verify(b *testing.B) {
	list := signedDigests(b, 32)
	cpuBench(b, func(i int) {
		s := list[i%len(list)]
		key, err := gost3410.ParsePublicKey(s.key)
		if err != nil || !key.Verify(s.digest, s.signature) {
			b.Fatal("refused")
		}
	})
}

// A key of an authority, which is remembered.
func BenchmarkGOST512VerifyKnownKey(b *testing.B) {
	s := signedDigests(b, 1)[0]
	key, err := gost3410.ParsePublicKey(s.key)
	if err != nil {
		b.Fatal(err)
	}
	key.Remember()
	cpuBench(b, func(int) {
		if !key.Verify(s.digest, s.signature) {
			b.Fatal("refused")
		}
	})
}

func BenchmarkStreebog512(b *testing.B) {
	message := make([]byte, 1<<20)
	b.SetBytes(int64(len(message)))
	cpuBench(b, func(int) { gost3411.Sum512(message) })
}

// The standard library's, as the measure of the processor.
func BenchmarkRSA2048Verify(b *testing.B) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("speed"))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	cpuBench(b, func(int) {
		if rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature) != nil {
			b.Fatal("refused")
		}
	})
}
