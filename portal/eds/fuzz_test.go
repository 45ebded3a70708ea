package eds_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"zharia/portal/eds"
	"zharia/portal/eds/internal/beside"
	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/der"
	"zharia/portal/eds/internal/p12"
)

// seed adds the files of the public corpora of malformed input that match,
// where they are beside the project.
func seed(f *testing.F, pattern string) {
	f.Helper()
	dir, ok := beside.Path(f, "suites")
	if !ok {
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		for _, content := range beside.Zip(f, file) {
			if len(content) <= 64<<10 {
				f.Add(content)
			}
		}
	}
}

// blobs adds what a suite of genuine things names.
func blobs(f *testing.F, name string) {
	f.Helper()
	path, ok := beside.Path(f, filepath.Join("suites", name))
	if !ok {
		return
	}
	var s suiteFile
	if err := json.Unmarshal(read(f, path), &s); err != nil {
		f.Fatal(err)
	}
	for _, b := range s.Blobs {
		f.Add(b)
	}
}

// Whatever bytes come, the answer is a signer or a refusal with a reason.
func FuzzDocument(f *testing.F) {
	w := ours(f)
	f.Add(sign(f, w.aigul, filing, true))
	f.Add(sign(f, w.aigul, filing, false))
	f.Add(shell(cut(f, sign(f, w.aigul, filing, true))))
	f.Add([]byte("-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n"))
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, sig []byte) {
		who, err := w.verifier.Document(t.Context(), sig, filing, now)
		var refusal *eds.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Fatalf("a failure that is no refusal: %v", err)
		}
		if err == nil && who.IIN.Reveal() != aigul.IIN {
			t.Fatalf("signed by %v", who.IIN)
		}
		w.verifier.Inspect(t.Context(), sig, nil, now)
	})
}

// Whatever message comes, it is no signature over what nobody signed, and its
// parts are found again in it.
func FuzzMessage(f *testing.F) {
	seed(f, "corpus-openssl-cms.zip")
	seed(f, "corpus-openssl-smime.zip")
	for _, name := range []string{"kz-cms.json", "cms-dss.json", "cms-mixed.json"} {
		blobs(f, name)
	}
	w := ours(f)
	f.Add(sign(f, w.aigul, filing, true))
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := bareMessage(in, []byte("what nobody signed"))
		if err != nil && reasonOf(err) == "" {
			t.Fatalf("a failure without a reason: %v", err)
		}
		if err == nil && !m.Attached {
			t.Fatal("a signature over what nobody signed")
		}
		if err != nil {
			return
		}
		for _, s := range m.Signers {
			if again, err := chain.Parse(s.Certificate.Raw); err != nil || !bytes.Equal(again.SPKI, s.Certificate.SPKI) {
				t.Fatalf("the signer's certificate does not read again: %v", err)
			}
		}
	})
}

// Whatever certificate comes, no path is found that does not end at a root.
func FuzzCertificate(f *testing.F) {
	w := ours(f)
	pool := &chain.Pool{}
	for _, a := range [][]byte{w.authority.Root(), w.authority.Issuer()} {
		if err := pool.Add(a); err != nil {
			f.Fatal(err)
		}
	}
	for _, name := range []string{"corpus-boring-cert.zip", "corpus-boring-parse-cert.zip", "corpus-openssl-x509.zip", "corpus-bc-malicious.zip"} {
		seed(f, name)
	}
	blobs(f, "kz-certs.json")
	f.Add(w.aigul.Certificate())
	f.Add(w.authority.Issuer())
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := chain.Parse(raw)
		if err != nil {
			if reasonOf(err) == "" {
				t.Fatalf("a failure without a reason: %v", err)
			}
			return
		}
		if !bytes.Equal(c.Raw, raw) || der.Check(raw) != nil {
			t.Fatal("a certificate that is not the input")
		}
		if path, err := pool.Path(c, now); err == nil && !path[len(path)-1].Anchor {
			t.Fatal("a path that does not end at a root")
		}
		c.IssuerName()
		c.SignedBy(c)
	})
}

// A key that is taken has one spelling: written again it is the same bytes.
func FuzzKey(f *testing.F) {
	w := ours(f)
	for _, raw := range [][]byte{w.aigul.Certificate(), w.authority.Root()} {
		c, err := chain.Parse(raw)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(c.SPKI)
	}
	if path, ok := beside.Path(f, "suites"); ok {
		for _, name := range []string{"kz-gost-sig.json", "wycheproof-rsa-signature-2048-sha256.json"} {
			var s suiteFile
			if err := json.Unmarshal(read(f, path, name), &s); err != nil {
				f.Fatal(err)
			}
			for _, b := range s.Blobs {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, spki []byte) {
		for _, p := range []chain.Profile{{}, {Old: true}} {
			k, err := p.ParseKey(spki)
			if err != nil || !k.Usable() {
				continue
			}
			again, err := k.Encode()
			if err == nil && !bytes.Equal(again, spki) {
				t.Fatalf("%x is also spelled %x", again, spki)
			}
			if k.Verify(chain.AlgorithmID{OID: k.SignatureOID()}, filing, make([]byte, 128)) == nil {
				t.Fatal("zeros are a signature")
			}
		}
	})
}

// A container opens or does not; what it gives is DER.
func FuzzContainer(f *testing.F) {
	blobs(f, "kz-p12.json")
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x03})
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := p12.Open(in, "Qwerty12")
		if err != nil {
			return
		}
		for _, k := range c.Keys {
			if der.Check(k) != nil {
				t.Fatal("a key that is not DER")
			}
		}
	})
}
