// Package share cuts a secret into shares for people to keep: any k of the n give
// it back, and k-1 tell nothing of it, however much is computed (Shamir 1979, over
// GF(2^8)). A share is printed as words of five characters that can be read aloud
// and typed; text.go has their form.
//
// The package knows nothing of what the secret is for. Whether the shares put
// together give the right secret its owner must be able to tell: a share that was
// forged with a good checksum gives a wrong secret here, not an error.
package share

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// Size is the length of a secret, in bytes.
const Size = 32

// Most is how many shares a secret is cut into at most: more custodians than that
// nobody brings together.
const Most = 16

// Errors of shares put together. Each is wrapped with which share it is about.
var (
	ErrTooFew = errors.New("too few shares")
	ErrMixed  = errors.New("shares of different sets")
	ErrTwice  = errors.New("one share twice")
	ErrLocked = errors.New("the share is locked with a passphrase")
	ErrShape  = errors.New("this is not how shares are made")
)

// Set names the shares that were made together.
type Set [4]byte

// String is how the set stands in what people read: 0a1b2c3d.
func (s Set) String() string { return fmt.Sprintf("%x", s[:]) }

// Share is what one custodian keeps. It never prints its value: Text does, when
// that is wanted.
type Share struct {
	Set       Set
	Index     byte // 1 and more; the x of the polynomial
	Threshold byte // how many are needed

	value []byte // Size bytes; of a locked one the ciphertext
	salt  []byte // of a locked one
}

// String names the share without telling it.
func (s Share) String() string {
	return fmt.Sprintf("share %d of set %s, any %d open", s.Index, s.Set, s.Threshold)
}

// GoString keeps %#v from telling what String does not.
func (s Share) GoString() string { return s.String() }

// Locked says that Unlock must come before Combine.
func (s Share) Locked() bool { return len(s.salt) > 0 }

// Print is a fingerprint of an unlocked share, by which its owner can tell later
// whether this is the share that was made. It tells nothing of the value: that has
// 256 random bits.
func (s Share) Print() ([32]byte, error) {
	if s.Locked() {
		return [32]byte{}, fmt.Errorf("%w: %v", ErrLocked, s)
	}
	data := append([]byte("zharia/share/print/1\x00"), s.Set[:]...)
	data = append(data, s.Index, s.Threshold)
	return sha256.Sum256(append(data, s.value...)), nil
}

// Clear overwrites the value; the share is good for nothing afterwards.
func (s Share) Clear() { clear(s.value) }

// Split cuts a secret of Size bytes into n shares of a new set, of which any k give
// it back. The error is ErrShape.
func Split(secret []byte, k, n int) ([]Share, error) {
	if len(secret) != Size || k < 2 || n < k || n > Most {
		return nil, fmt.Errorf("%w: %d of %d, a secret of %d bytes", ErrShape, k, n, len(secret))
	}
	var set Set
	rand.Read(set[:])
	random := make([]byte, Size*(k-1))
	defer clear(random)
	rand.Read(random)
	shares := make([]Share, n)
	for i := range shares {
		shares[i] = Share{Set: set, Index: byte(i + 1), Threshold: byte(k), value: make([]byte, Size)}
	}
	// One polynomial for each byte, with that byte at 0.
	polynomial := make([]byte, k)
	defer clear(polynomial)
	for b, free := range secret {
		polynomial[0] = free
		copy(polynomial[1:], random[b*(k-1):(b+1)*(k-1)])
		for _, s := range shares {
			s.value[b] = at(polynomial, s.Index)
		}
	}
	return shares, nil
}

// Combine gives the secret back. It asks for as many shares as are needed, all of
// one set and none twice; more are taken too, but only the first ones are used.
// The errors are ErrTooFew, ErrMixed, ErrTwice, ErrLocked and ErrShape.
func Combine(shares ...Share) ([]byte, error) {
	if err := together(shares); err != nil {
		return nil, err
	}
	shares = shares[:shares[0].Threshold]
	xs := make([]byte, len(shares))
	for i, s := range shares {
		xs[i] = s.Index
	}
	secret := make([]byte, Size)
	for i, weight := range weights(xs) {
		for b, y := range shares[i].value {
			secret[b] ^= times(weight, y)
		}
	}
	return secret, nil
}

// together says why these shares do not go together.
func together(shares []Share) error {
	seen := map[byte]bool{}
	for _, s := range shares {
		switch {
		case s.Locked():
			return fmt.Errorf("%w: %v", ErrLocked, s)
		case s.Index == 0 || s.Threshold < 2 || len(s.value) != Size:
			return fmt.Errorf("%w: %v", ErrShape, s)
		case s.Set != shares[0].Set || s.Threshold != shares[0].Threshold:
			return fmt.Errorf("%w: %v, and %v", ErrMixed, shares[0], s)
		case seen[s.Index]:
			return fmt.Errorf("%w: %v", ErrTwice, s)
		}
		seen[s.Index] = true
	}
	if len(shares) == 0 || len(shares) < int(shares[0].Threshold) {
		return fmt.Errorf("%w: %d", ErrTooFew, len(shares))
	}
	return nil
}

// Same says that two shares are one, for what was typed back.
func (s Share) Same(other Share) bool {
	return s.Set == other.Set && s.Index == other.Index && s.Threshold == other.Threshold &&
		bytes.Equal(s.salt, other.salt) && bytes.Equal(s.value, other.value)
}
