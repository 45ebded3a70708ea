package crl

import (
	"bytes"
	"hash"

	"zharia/portal/eds/internal/chain"
)

// verifier takes the signed part of a list as it passes and judges the
// signature at the end.
type verifier interface {
	Write(b []byte) (int, error)
	verify(signature []byte) error
}

// newVerifier chooses by the issuer's key and by the algorithm that stands
// inside the signed part, in front of everything long. A key of the closed table
// needs the digest alone; the suites' foreign keys want the message, which is then
// kept and bounded.
func newVerifier(key chain.Key, p chain.Profile, claimed chain.AlgorithmID) (verifier, error) {
	if p.Foreign != nil {
		return &kept{key: key, claimed: claimed}, nil
	}
	h, err := key.Hash(claimed)
	if err != nil {
		return nil, err
	}
	return &digested{Hash: h, key: key, claimed: claimed}, nil
}

// digested hashes the list.
type digested struct {
	hash.Hash
	key     chain.Key
	claimed chain.AlgorithmID
}

func (d *digested) verify(signature []byte) error {
	return d.key.VerifyDigest(d.claimed, d.Sum(nil), signature)
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
