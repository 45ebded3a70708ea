package webpush

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	push "github.com/SherClockHolmes/webpush-go"

	"zharia/portal/once"
)

// Keys are those of RFC 8292: a browser takes news only from who holds them. With new
// keys all subscriptions end.
type Keys struct {
	Public  string `json:"public"`
	Private string `json:"private"`
}

// NewKeys makes keys.
func NewKeys() (Keys, error) {
	private, public, err := push.GenerateVAPIDKeys()
	return Keys{public, private}, err
}

// LoadKeys reads the keys from a file that nobody else may read; where there is none it
// makes them. Of several portals that come to it at one moment one makes them, and all go
// on with those.
func LoadKeys(file string) (Keys, error) {
	k, err := readKeys(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := makeKeys(file); err != nil && !errors.Is(err, fs.ErrExist) {
		return Keys{}, fmt.Errorf("webpush: make the keys: %w", err)
	}
	return readKeys(file) // and never those just made: another's may have been first
}

func readKeys(file string) (Keys, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Keys{}, err
	}
	if about, err := os.Stat(file); err != nil || about.Mode().Perm()&0o077 != 0 {
		return Keys{}, errors.Join(err, fmt.Errorf("webpush: %s may be read by others: chmod 600", file))
	}
	var k Keys
	if json.Unmarshal(text, &k) != nil {
		return Keys{}, fmt.Errorf("webpush: %s is no file of keys", file)
	}
	if err := k.check(); err != nil {
		return Keys{}, fmt.Errorf("%s: %w", file, err)
	}
	return k, nil
}

func makeKeys(file string) error {
	k, err := NewKeys()
	if err != nil {
		return err
	}
	text, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return once.Write(file, append(text, '\n'))
}

// check says whether the two belong together.
func (k Keys) check() error {
	secret, err := base64.RawURLEncoding.DecodeString(k.Private)
	if err != nil {
		return errors.New("webpush: the private key cannot be read")
	}
	private, err := ecdh.P256().NewPrivateKey(secret)
	if err != nil {
		return errors.New("webpush: the private key is not one of the curve")
	}
	if base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes()) != k.Public {
		return errors.New("webpush: the public key is not that of the private one")
	}
	return nil
}
