package main

import (
	"context"
	gocrypto "crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"zharia/portal/eds/raw"
)

// errWrong is a verdict that is not what it has to be.
var errWrong = errors.New("wrong answer")

// citizens is how many people take turns, each met anew: more than the keys that
// are remembered.
const citizens = 64

// cryptoTests prepares everything that is measured. Signatures come from the
// yardstick, or where there is none from a key of ours.
func cryptoTests(ctx context.Context, out io.Writer, y *yardstick) ([]test, error) {
	vectors, err := signatures(out, y)
	if err != nil {
		return nil, err
	}
	known, err := raw.ParsePublicKey(vectors[0].key)
	if err != nil {
		return nil, err
	}
	known.Remember()
	rsaVerify, err := rsaTest()
	if err != nil {
		return nil, err
	}
	national, err := ourSignIn(ctx, false)
	if err != nil {
		return nil, err
	}
	foreign, err := ourSignIn(ctx, true)
	if err != nil {
		return nil, err
	}
	message := make([]byte, 1<<20)
	return []test{
		{"GOST-512 verify, new key", "verify", 1, func(i int) error {
			// The first is the one that is remembered below.
			v := vectors[1+i%(len(vectors)-1)]
			key, err := raw.ParsePublicKey(v.key)
			if err != nil || !key.Verify(v.digest, v.signature) {
				return errWrong
			}
			return nil
		}},
		{"GOST-512 verify, known key", "verify", 1, func(int) error {
			if !known.Verify(vectors[0].digest, vectors[0].signature) {
				return errWrong
			}
			return nil
		}},
		{"Streebog-512, 1 MiB", "digest", 1, func(int) error {
			raw.Streebog512(message)
			return nil
		}},
		{"RSA-2048 verify (crypto/rsa)", "rsa", 1, rsaVerify},
		{"sign-in, GOST-512", "signin-gost", 1, national},
		{"sign-in, GOST-512 ÷ 3 raw verifications", "verify", 3, national},
		{"sign-in, RSA-2048", "signin-rsa", 1, foreign},
	}, nil
}

// signatures gives signatures to verify, checked.
func signatures(out io.Writer, y *yardstick) ([]vector, error) {
	if y == nil {
		return ownVectors()
	}
	list, err := y.vectors(citizens)
	if err != nil {
		return nil, err
	}
	for _, v := range list {
		if err := v.check(); err != nil {
			return nil, fmt.Errorf("%w: %w", errWrong, err)
		}
	}
	fmt.Fprintf(out, "%d signatures of gost-engine are accepted, and none with a bit changed\n", len(list))
	return list, nil
}

// rsaTest verifies a signature by the standard library: no work of ours, but the
// measure of this processor.
func rsaTest() (func(int) error, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte("perfbench"))
	signature, err := rsa.SignPKCS1v15(nil, key, gocrypto.SHA256, digest[:])
	if err != nil {
		return nil, err
	}
	return func(int) error {
		return rsa.VerifyPKCS1v15(&key.PublicKey, gocrypto.SHA256, digest[:], signature)
	}, nil
}
