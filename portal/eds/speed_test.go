package eds_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"runtime"
	"testing"
	"time"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
	"zharia/portal/eds/internal/gost3410"
	"zharia/portal/eds/internal/gost3411"
	"zharia/portal/eds/raw"
)

var speedBegin = time.Now()

// cpuBench repeats a thing and reports, beside the usual figures, the processor time
// of its thread: on a busy machine the time that passed says little.
// What was done apart is left out of it.
func cpuBench(b *testing.B, do func(i int)) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	n := 0
	apart = 0
	start := threadTime()
	for b.Loop() {
		do(n)
		n++
	}
	b.ReportMetric(float64(threadTime()-start-apart)/float64(n), "cpu-ns/op")
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

// apart is the processor time of the authority's services, which in a benchmark
// work in our own process.
var apart time.Duration

func aside(work func()) {
	start := threadTime()
	work()
	apart += threadTime() - start
}

// citizens signs a content with keys of many people, so that each is met anew.
func citizens(b *testing.B, s *served, content []byte, ofRSA bool) (list [][]byte) {
	b.Helper()
	count := 32
	if ofRSA {
		count = 4 // their keys take long to make, and none is remembered
	}
	person := aigul
	person.RSA, person.From, person.To = ofRSA, now.AddDate(0, -1, 0), now.AddDate(1, 0, 0)
	for range count {
		k, err := s.Issue(person)
		if err != nil {
			b.Fatal(err)
		}
		sig, err := k.SignCMS(content, false, now)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, sig)
	}
	return list
}

// A document of 20 KB: digest, the person's signature, the certificate's by the
// issuer, whose own was verified when it was pinned.
func BenchmarkCMSVerify(b *testing.B) {
	s := services(b)
	s.verifier.Services = nil
	content := bytes.Repeat([]byte("0123456789abcdef"), 20<<10/16)
	list := citizens(b, s, content, false)
	cpuBench(b, func(i int) {
		if _, err := s.verifier.Document(b.Context(), list[i%len(list)], content, now); err != nil {
			b.Fatal(err)
		}
	})
}

// Somebody new signs in: the message, the path, the responder's answer about the
// person and the root's list about the issuer.
func BenchmarkSignInVerify(b *testing.B) { benchmarkSignIn(b, services(b), false) }
func BenchmarkSignInVerifyRSA(b *testing.B) {
	benchmarkSignIn(b, servicesOf(b, authority.NewRSA), true)
}

func benchmarkSignIn(b *testing.B, s *served, ofRSA bool) {
	s.verifier.Services = raw.Aside(s.verifier.Services, aside)
	challenge := bytes.Repeat([]byte("0123456789abcdef"), 1<<10/16)
	list := citizens(b, s, challenge, ofRSA)
	cpuBench(b, func(i int) {
		who, err := s.verifier.SignIn(b.Context(), list[i%len(list)], challenge, now)
		if err != nil || who.Revocation != eds.Good {
			b.Fatal(who.Revocation, err)
		}
	})
}
