package vault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keys open what is sealed. They are two keysets of Tink, so a key can be
// replaced by putting a new primary in and leaving the old one for reading.
//
// In this release they stand in a file of the portal's own user, in clear:
// enough against who has the database, not against who has the portal's
// machine.
type Keys struct {
	aead tink.AEAD
	prf  *prf.Set
	file keyFile
}

// keyFile is the file, in JSON.
type keyFile struct {
	Seal json.RawMessage `json:"seal"` // AES256-GCM, for texts and files
	Tag  json.RawMessage `json:"tag"`  // HMAC-SHA256 PRF, for look-ups
}

// maxKeyFile bounds what is read; two keysets of a hundred keys fit.
const maxKeyFile = 64 << 10

// ErrKeysExposed says that others than their owner can come at the keys.
var ErrKeysExposed = errors.New("vault: the key file can be read or written by others: chmod 600 it, and ask who has read it")

// NewKeys makes keys that nobody else has and that are lost with the process,
// for tests.
func NewKeys() (*Keys, error) {
	sealing, err := newKeyset(keyset.NewHandle(aead.AES256GCMKeyTemplate()))
	if err != nil {
		return nil, err
	}
	tagging, err := newKeyset(keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate()))
	if err != nil {
		return nil, err
	}
	return load(keyFile{sealing, tagging})
}

func newKeyset(handle *keyset.Handle, err error) (json.RawMessage, error) {
	if err != nil {
		return nil, fmt.Errorf("vault: make a key: %w", err)
	}
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return nil, fmt.Errorf("vault: write a keyset: %w", err)
	}
	return out.Bytes(), nil
}

// OpenKeys reads the key file, or makes it where there is none. It must lie
// outside the database and its backups; whoever loses it has lost every sealed
// text for good. A file that others can read is refused with ErrKeysExposed.
func OpenKeys(path string) (*Keys, error) {
	keys, err := readKeys(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return keys, err
	}
	if keys, err = NewKeys(); err != nil {
		return nil, err
	}
	err = writeOnce(path, keys.file)
	if errors.Is(err, fs.ErrExist) { // another process was quicker; its keys count
		return readKeys(path)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: write the key file: %w", err)
	}
	return keys, nil
}

func readKeys(path string) (*Keys, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("vault: open the key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("vault: look at the key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("vault: the key file %s is not a file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w (%s, %v)", ErrKeysExposed, path, info.Mode().Perm())
	}
	var file keyFile
	decoder := json.NewDecoder(io.LimitReader(f, maxKeyFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("vault: read the key file %s: %w", path, err)
	}
	return load(file)
}

// load makes the keys work, and tries each once: a keyset of the wrong kind is
// found at the start and not at the first text.
func load(file keyFile) (*Keys, error) {
	sealing, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.Seal)))
	if err != nil {
		return nil, fmt.Errorf("vault: read the sealing keys: %w", err)
	}
	tagging, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(file.Tag)))
	if err != nil {
		return nil, fmt.Errorf("vault: read the tagging keys: %w", err)
	}
	keys := &Keys{file: file}
	if keys.aead, err = aead.New(sealing); err != nil {
		return nil, fmt.Errorf("vault: the sealing keys do not seal: %w", err)
	}
	if keys.prf, err = prf.NewPRFSet(tagging); err != nil {
		return nil, fmt.Errorf("vault: the tagging keys do not tag: %w", err)
	}
	if _, err := keys.prf.ComputePrimaryPRF(nil, tagSize); err != nil {
		return nil, fmt.Errorf("vault: the tagging keys do not tag: %w", err)
	}
	return keys, nil
}

// writeOnce puts the file in place whole and on disk, or fails with
// fs.ErrExist; it never replaces one.
func writeOnce(path string, file keyFile) error {
	content, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	fresh, err := os.CreateTemp(dir, ".keys-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	defer fresh.Close()
	if _, err := fresh.Write(append(content, '\n')); err != nil {
		return err
	}
	if err := fresh.Sync(); err != nil {
		return err
	}
	if err := os.Link(fresh.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the name of a new file outlive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
