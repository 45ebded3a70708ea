package share

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// ErrPassphrase says that the passphrase does not unlock the share.
var ErrPassphrase = errors.New("the passphrase is not that of the share")

// What Argon2id costs whoever tries passphrases: the second recommended choice of
// RFC 9106, section 4. It is part of the form: a change needs a new version.
const (
	lockTime   = 3
	lockMemory = 64 << 10 // KiB
	lockLanes  = 4
	saltSize   = 16
	tagSize    = 16
)

// Lock gives the share under a passphrase, so that who finds the paper has
// nothing yet. A short passphrase is refused by whoever asks for it, not here.
func (s Share) Lock(passphrase []byte) (Share, error) {
	if s.Locked() {
		return Share{}, fmt.Errorf("%w already: %v", ErrLocked, s)
	}
	salt := make([]byte, saltSize)
	rand.Read(salt)
	box, err := s.box(passphrase, salt)
	if err != nil {
		return Share{}, err
	}
	s.salt = salt
	s.value = box.Seal(nil, make([]byte, box.NonceSize()), s.value, s.place())
	return s, nil
}

// Unlock is the way back; a share without a lock comes back as it is. The error is
// ErrPassphrase.
func (s Share) Unlock(passphrase []byte) (Share, error) {
	if !s.Locked() {
		return s, nil
	}
	box, err := s.box(passphrase, s.salt)
	if err != nil {
		return Share{}, err
	}
	value, err := box.Open(nil, make([]byte, box.NonceSize()), s.value, s.place())
	if err != nil {
		return Share{}, fmt.Errorf("%w: %v", ErrPassphrase, s)
	}
	s.salt, s.value = nil, value
	return s, nil
}

// box is AES-256-GCM with the key of the passphrase. The salt is new for each lock,
// so the key is used once and the nonce may be zero.
func (s Share) box(passphrase, salt []byte) (cipher.AEAD, error) {
	key := argon2.IDKey(passphrase, salt, lockTime, lockMemory, lockLanes, 32)
	defer clear(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// place binds the lock to the share it was put on.
func (s Share) place() []byte {
	return append(append([]byte("zharia/share/lock/1\x00"), s.Set[:]...), s.Index, s.Threshold)
}
