package vault

import (
	"bytes"
	"context"
	"crypto/hpke"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Direct is a keeper within the process of the portal, which opens everything for
// whoever asks: for tests and for development. It keeps texts from whoever has the
// database, not from whoever has the machine of the portal.
type Direct struct {
	root []byte

	mu    sync.Mutex
	epoch uint32
	keys  map[uint32]hpke.PrivateKey
}

// rootSize is the size of the keeper's root secret, in bytes.
const rootSize = 32

// maxEpoch bounds how many keys are made for whoever asks for one after the other.
const maxEpoch = 1 << 16

// NewDirect makes a keeper of a root secret of 32 bytes.
func NewDirect(root []byte) (*Direct, error) {
	if len(root) != rootSize {
		return nil, fmt.Errorf("vault: a root of %d bytes, not %d", len(root), rootSize)
	}
	return &Direct{root: bytes.Clone(root), epoch: 1, keys: map[uint32]hpke.PrivateKey{}}, nil
}

// Rotate begins the next epoch. What was sealed before opens as it did.
func (d *Direct) Rotate() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch++
}

func (d *Direct) key(epoch uint32) (hpke.PrivateKey, error) {
	if epoch == 0 || epoch > min(d.epoch, maxEpoch) {
		return nil, ErrNotSealedHere
	}
	if key, ok := d.keys[epoch]; ok {
		return key, nil
	}
	key, err := Derive(d.root, epoch)
	if err == nil {
		d.keys[epoch] = key
	}
	return key, err
}

// Intake is the public key of the present epoch.
func (d *Direct) Intake(context.Context) (Intake, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key, err := d.key(d.epoch)
	if err != nil {
		return Intake{}, err
	}
	return Intake{d.epoch, key.PublicKey().Bytes()}, nil
}

// TagKey is the key of Tag.
func (d *Direct) TagKey(context.Context) ([]byte, error) { return TagKey(d.root) }

// Unwrap opens for everybody.
func (d *Direct) Unwrap(_ context.Context, asks []Ask) ([][]byte, error) {
	deks := make([][]byte, len(asks))
	for i, ask := range asks {
		d.mu.Lock()
		key, err := d.key(ask.Epoch)
		d.mu.Unlock()
		if err == nil {
			deks[i], err = ask.Unwrap(key)
		}
		if err != nil && !errors.Is(err, ErrNotSealedHere) {
			return nil, err
		}
	}
	return deks, nil
}

// keyFile is the file of a direct keeper, in JSON.
type keyFile struct {
	Root []byte `json:"root"`
}

// maxKeyFile bounds what is read.
const maxKeyFile = 4 << 10

// ErrKeysExposed says that others than their owner can come at the keys.
var ErrKeysExposed = errors.New("vault: the key file can be read or written by others: chmod 600 it, and ask who has read it")

// NewKeys makes keys that nobody else has and that are lost with the process,
// for tests.
func NewKeys() (*Keys, error) {
	direct, err := NewDirect(newRoot())
	if err != nil {
		return nil, err
	}
	return Connect(context.Background(), direct)
}

func newRoot() []byte {
	root := make([]byte, rootSize)
	rand.Read(root)
	return root
}

// OpenKeys is OpenDirect and Connect in one: a portal without a keeper of its own.
func OpenKeys(path string) (*Keys, error) {
	direct, err := OpenDirect(path)
	if err != nil {
		return nil, err
	}
	return Connect(context.Background(), direct)
}

// OpenDirect reads the key file, or makes it where there is none. It must lie
// outside the database and its backups; whoever loses it has lost every sealed
// text for good. A file that others can read is refused with ErrKeysExposed.
func OpenDirect(path string) (*Direct, error) {
	file, err := readKeys(path)
	if errors.Is(err, fs.ErrNotExist) {
		file = keyFile{newRoot()}
		err = writeOnce(path, file)
		if errors.Is(err, fs.ErrExist) { // another process was quicker; its keys count
			file, err = readKeys(path)
		} else if err != nil {
			err = fmt.Errorf("vault: write the key file: %w", err)
		}
	}
	if err != nil {
		return nil, err
	}
	return NewDirect(file.Root)
}

func readKeys(path string) (keyFile, error) {
	var file keyFile
	f, err := os.Open(path)
	if err != nil {
		return file, fmt.Errorf("vault: open the key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return file, fmt.Errorf("vault: look at the key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return file, fmt.Errorf("vault: the key file %s is not a file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return file, fmt.Errorf("%w (%s, %v)", ErrKeysExposed, path, info.Mode().Perm())
	}
	decoder := json.NewDecoder(io.LimitReader(f, maxKeyFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return file, fmt.Errorf("vault: read the key file %s: %w", path, err)
	}
	if len(file.Root) != rootSize {
		return file, fmt.Errorf("vault: the key file %s has a root of %d bytes, not %d", path, len(file.Root), rootSize)
	}
	return file, nil
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
