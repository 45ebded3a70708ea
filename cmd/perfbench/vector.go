package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"zharia/portal/eds/raw"
)

// vector is a signature that another implementation made: the octets of the key,
// the message, its digest, and the signature turned around into the national order
// (the Russian one, RFC 9215, has s before r and the most significant octet first).
type vector struct {
	key, message, digest, signature []byte
}

// keySize is how many octets x‖y end a SubjectPublicKeyInfo.
const keySize = 128

func readVector(line string) (vector, error) {
	var fields [][]byte
	for field := range strings.FieldsSeq(line) {
		b, err := hex.DecodeString(field)
		if err != nil {
			return vector{}, fmt.Errorf("the yardstick's vector: %w", err)
		}
		fields = append(fields, b)
	}
	if len(fields) != 4 || len(fields[0]) < keySize {
		return vector{}, errors.New("the yardstick's vector has another form")
	}
	slices.Reverse(fields[3])
	return vector{fields[0][len(fields[0])-keySize:], fields[1], fields[2], fields[3]}, nil
}

// every is how far apart the bits are that check changes: a number that shares no
// divisor with 8, so that all places of an octet come up.
const every = 37

// check asks of our arithmetic what it has to say before it is measured: the digest
// is the other's, the signature is good, and with one bit changed it is not.
func (v vector) check() error {
	if digest := raw.Streebog512(v.message); !bytes.Equal(digest[:], v.digest) {
		return fmt.Errorf("our digest of %x is %x, the yardstick's is %x", v.message, digest, v.digest)
	}
	key, err := raw.ParsePublicKey(v.key)
	if err != nil {
		return err
	}
	if !key.Verify(v.digest, v.signature) {
		return fmt.Errorf("a signature of the yardstick is refused: key %x", v.key)
	}
	for _, b := range [][]byte{v.digest, v.signature} {
		for bit := 0; bit < 8*len(b); bit += every {
			b[bit/8] ^= 1 << (bit % 8)
			accepted := key.Verify(v.digest, v.signature)
			b[bit/8] ^= 1 << (bit % 8)
			if accepted {
				return fmt.Errorf("a signature with bit %d changed is accepted: key %x", bit, v.key)
			}
		}
	}
	return nil
}
