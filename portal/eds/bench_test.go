package eds_test

import (
	"testing"

	"zharia/portal/eds"
	"zharia/portal/eds/authority"
)

// A document of 10 KB by one person: digest, signature, the certificate's
// signature; the issuer's was verified when it was pinned.
func benchmarkDocument(b *testing.B, make func() (*authority.Authority, error), ofRSA bool) {
	a, err := make()
	if err != nil {
		b.Fatal(err)
	}
	v, err := eds.NewVerifier(a.Root(), a.Issuer())
	if err != nil {
		b.Fatal(err)
	}
	p := aigul
	p.RSA = ofRSA
	k, err := a.Issue(p)
	if err != nil {
		b.Fatal(err)
	}
	content := []byte("0123456789")
	for len(content) < 10_000 {
		content = append(content, content...)
	}
	sig := sign(b, k, content, false)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Document(b.Context(), sig, content, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyGOST(b *testing.B) {
	benchmarkDocument(b, func() (*authority.Authority, error) { return authority.New("BENCH", now.AddDate(-1, 0, 0)) }, false)
}

func BenchmarkVerifyRSA(b *testing.B) {
	benchmarkDocument(b, func() (*authority.Authority, error) { return authority.NewRSA("BENCH", now.AddDate(-1, 0, 0)) }, true)
}
