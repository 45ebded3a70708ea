package chain_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"testing"

	"zharia/portal/eds/internal/chain"
)

func TestAnRSAKeySignsOverSHA2AndTheClaimedHashIsTheOneChecked(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key := chain.NewRSAKey(&private.PublicKey)
	rows := []struct {
		hash              crypto.Hash
		digest, signature string
	}{
		{crypto.SHA256, chain.SHA256, chain.RSASignature},
		{crypto.SHA384, chain.SHA384, chain.RSASHA384},
		{crypto.SHA512, chain.SHA512, chain.RSASHA512},
	}
	message := []byte("message")
	for _, made := range rows {
		h := made.hash.New()
		h.Write(message)
		signature, err := rsa.SignPKCS1v15(nil, private, made.hash, h.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		if !key.Takes(made.digest) || key.SignatureWith(made.digest) != made.signature {
			t.Errorf("digest %s does not go with RSA", made.digest)
		}
		for _, claimed := range rows {
			want := ""
			if claimed != made {
				want = chain.SignatureWrong
			}
			expectReason(t, key.Verify(chain.AlgorithmID{OID: claimed.signature}, message, signature), want)
			for _, digest := range rows {
				// The older habit names no hash; the digest algorithm does.
				err := key.VerifySigner(digest.digest, chain.AlgorithmID{OID: chain.RSAKey}, message, signature)
				if (err == nil) != (digest == made) {
					t.Errorf("plain RSA with digest %s: %v", digest.digest, err)
				}
				err = key.VerifySigner(digest.digest, chain.AlgorithmID{OID: claimed.signature}, message, signature)
				if (err == nil) != (digest == made && claimed == made) {
					t.Errorf("signature %s with digest %s: %v", claimed.signature, digest.digest, err)
				}
			}
		}
	}
	for _, claimed := range rows {
		h, err := key.Hash(chain.AlgorithmID{OID: claimed.signature})
		if err != nil || h.Size() != claimed.hash.Size() {
			t.Errorf("the hash of %s: %v", claimed.signature, err)
			continue
		}
		h.Write(message)
		made, err := rsa.SignPKCS1v15(nil, private, claimed.hash, h.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		expectReason(t, key.VerifyDigest(chain.AlgorithmID{OID: claimed.signature}, h.Sum(nil), made), "")
		expectReason(t, key.VerifyDigest(chain.AlgorithmID{OID: claimed.signature}, h.Sum(nil)[1:], made), chain.SignatureWrong)
	}
	for _, foreign := range []string{"1.2.840.113549.1.1.5", "1.2.840.113549.1.1.10", chain.GostSignature, ""} {
		expectReason(t, key.Verify(chain.AlgorithmID{OID: foreign}, message, nil), chain.Algorithm)
		_, err := key.Hash(chain.AlgorithmID{OID: foreign})
		expectReason(t, err, chain.Algorithm)
		expectReason(t, key.VerifyDigest(chain.AlgorithmID{OID: foreign}, nil, nil), chain.Algorithm)
	}
	for _, digest := range []string{chain.GostDigest, "1.3.14.3.2.26", ""} {
		if key.Takes(digest) {
			t.Errorf("RSA takes digest %q", digest)
		}
		expectReason(t, key.VerifySigner(digest, chain.AlgorithmID{OID: chain.RSAKey}, message, nil), chain.Algorithm)
	}
}

func expectReason(t *testing.T, err error, want string) {
	t.Helper()
	refused := (*chain.Refused)(nil)
	switch {
	case err == nil && want == "":
	case errors.As(err, &refused) && refused.Reason == want:
	default:
		t.Errorf("%v, expected is %q", err, want)
	}
}
