package crl

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"hash"

	"zharia/portal/eds/internal/chain"
	"zharia/portal/eds/internal/gost3410"
	"zharia/portal/eds/internal/gost3411"
)

// verifier takes the signed part of a list as it passes and judges the
// signature at the end.
type verifier interface {
	Write(b []byte) (int, error)
	verify(signature []byte) error
}

// newVerifier chooses by the issuer's key and by the algorithm that stands
// inside the signed part, in front of everything long. Keys of the closed
// table need a digest; any other usable key (the suites' foreign ones, the
// withdrawn national one) wants the message, which is then kept and bounded.
func newVerifier(key chain.Key, p chain.Profile, claimed chain.AlgorithmID) (verifier, error) {
	spki, err := key.Encode()
	switch {
	case !key.Usable():
		return nil, refuse(chain.Algorithm, "list by a key of algorithm %s", key.Name())
	case err != nil || p.Foreign != nil:
		return &kept{key: key, claimed: claimed}, nil
	case !claimed.Plain():
		return nil, refuse(chain.Algorithm, "parameters of the list's signature algorithm")
	case key.OID == chain.GostKey && claimed.OID == chain.GostSignature:
		return newGost(spki)
	case key.OID == chain.RSAKey:
		return newRSA(spki, claimed.OID)
	}
	return nil, refuse(chain.Algorithm, "list signed by algorithm %s with a key of %s", claimed.OID, key.Name())
}

// digested hashes the list; check is asked with the digest.
type digested struct {
	hash.Hash
	check func(digest, signature []byte) bool
}

func (d *digested) verify(signature []byte) error {
	if !d.check(d.Sum(nil), signature) {
		return refuse(chain.SignatureWrong, "the signature of the list does not verify")
	}
	return nil
}

// newGost reads the point again: it is the last 128 octets of the key, and
// package gost3410 knows the authorities' points by heart.
func newGost(spki []byte) (verifier, error) {
	const size = 128
	key, err := gost3410.ParsePublicKey(spki[max(0, len(spki)-size):])
	if err != nil {
		return nil, refuse(chain.Algorithm, "key of the list's issuer: %v", err)
	}
	return &digested{gost3411.New512(), key.Verify}, nil
}

// newRSA takes PKCS#1 v1.5 with SHA-2 (RFC 4055 5); package chain has refused
// weak keys.
func newRSA(spki []byte, algorithm string) (verifier, error) {
	parsed, err := x509.ParsePKIXPublicKey(spki)
	key, ok := parsed.(*rsa.PublicKey)
	if err != nil || !ok {
		return nil, refuse(chain.Algorithm, "key of the list's issuer: %v", err)
	}
	var digest hash.Hash
	var kind crypto.Hash
	switch algorithm {
	case chain.RSASignature:
		digest, kind = sha256.New(), crypto.SHA256
	case "1.2.840.113549.1.1.12":
		digest, kind = sha512.New384(), crypto.SHA384
	case "1.2.840.113549.1.1.13":
		digest, kind = sha512.New(), crypto.SHA512
	default:
		return nil, refuse(chain.Algorithm, "list signed by algorithm %s", algorithm)
	}
	return &digested{digest, func(sum, signature []byte) bool {
		return rsa.VerifyPKCS1v15(key, kind, sum, signature) == nil
	}}, nil
}

// maxKept bounds a list that is kept for a key that wants the message.
const maxKept = 1 << 20

type kept struct {
	key     chain.Key
	claimed chain.AlgorithmID
	message []byte
}

func (k *kept) Write(b []byte) (int, error) {
	if len(k.message)+len(b) > maxKept {
		return 0, refuse(chain.Malformed, "list of more than %d bytes by a key of %s", maxKept, k.key.Name())
	}
	k.message = append(k.message, b...)
	return len(b), nil
}

func (k *kept) verify(signature []byte) error { return k.key.Verify(k.claimed, k.message, signature) }

// sameAlgorithm compares the algorithm inside the signed part with the one
// outside. They must be the same to the byte, but for one difference: the
// national lists of 2026 leave the parameters out inside and write NULL
// outside.
func sameAlgorithm(inner, outer chain.AlgorithmID) bool {
	same := bytes.Equal(inner.Raw, outer.Raw)
	return same || inner.OID == outer.OID && inner.Params == nil && outer.Plain()
}
