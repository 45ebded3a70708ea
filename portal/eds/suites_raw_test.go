package eds_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/gost3411"
)

// runDigest judges a case of Streebog: message and digest in hex, the 256-bit
// variant too, which the profile has no use for.
func runDigest(t *testing.T, _ *suiteFile, raw json.RawMessage) answered {
	var c struct{ Alg, Msg, Digest string }
	rawCase(t, raw, &c)
	message := rawHex(t, c.Msg)
	var got string
	switch c.Alg {
	case "Streebog-512":
		sum := gost3411.Sum512(message)
		got = hex.EncodeToString(sum[:])
	case "Streebog-256":
		sum := gost3411.Sum256(message)
		got = hex.EncodeToString(sum[:])
	default:
		t.Fatalf("digest %s", c.Alg)
	}
	if got != c.Digest {
		return answered{"different", "digest"}
	}
	return answered{got: "equal"}
}

// rawAlgorithms are the signature algorithms of the cases, by suite and hash.
var rawAlgorithms = []struct{ suite, hash, algorithm string }{
	{"wycheproof-rsa-signature-", "SHA-256", chain.RSASignature},
	{"wycheproof-rsa-signature-", "SHA-384", chain.RSASHA384},
	{"wycheproof-rsa-signature-", "SHA-512", chain.RSASHA512},
	{"wycheproof-rsa-pss-", "", "1.2.840.113549.1.1.10"},
	{"wycheproof-ecdsa-", "", "1.2.840.10045.4.3.2"},
}

// runRawSignature judges a signature of another country's algorithm over a message,
// with the national profile: what is not in its table is refused.
func runRawSignature(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	var c struct{ SPKI, SHA, Msg, Sig string }
	rawCase(t, raw, &c)
	for _, a := range rawAlgorithms {
		if strings.HasPrefix(s.Suite, a.suite) && (a.hash == c.SHA || a.hash == "") {
			return rawVerdict(s.Blobs[c.SPKI], a.algorithm, rawHex(t, c.Msg), rawHex(t, c.Sig))
		}
	}
	t.Fatalf("nobody knows the algorithm of %s with %s", s.Suite, c.SHA)
	return answered{}
}

// runNationalSignature judges a signature of GOST R 34.10-2015.
func runNationalSignature(t *testing.T, s *suiteFile, raw json.RawMessage) answered {
	var c struct{ SPKI, Msg, Sig string }
	rawCase(t, raw, &c)
	return rawVerdict(s.Blobs[c.SPKI], chain.GostSignature, s.Blobs[c.Msg], rawHex(t, c.Sig))
}

// rawVerdict reads the key as from a certificate, and asks it.
func rawVerdict(spki []byte, algorithm string, message, signature []byte) answered {
	key, err := chain.Profile{}.ParseKey(spki)
	if small := smallExponent(spki); small != nil {
		// A certificate with such a key is refused. These cases ask of the
		// signature alone, so that the check is made to stand on its own.
		key, err = chain.NewRSAKey(small), nil
	}
	if err == nil {
		err = key.Verify(chain.AlgorithmID{OID: algorithm}, message, signature)
	}
	if err == nil {
		return answered{got: "accept"}
	}
	refused := (*chain.Refused)(nil)
	if !errors.As(err, &refused) {
		return answered{"reject", err.Error()}
	}
	return answered{"reject", refused.Reason}
}

// smallExponent is the RSA key of an exponent under 65537, or nil.
func smallExponent(spki []byte) *rsa.PublicKey {
	parsed, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok || key.E >= 65537 {
		return nil
	}
	return key
}

func rawCase(t *testing.T, raw json.RawMessage, into any) {
	t.Helper()
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func rawHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
