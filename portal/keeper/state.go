package keeper

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Files of the state folder.
const (
	stateFile  = "keeper.json"
	beforeFile = "keeper.json.before" // as it was sealed before a Reshare that is not settled
	lockFile   = "lock"
)

// maxState bounds what is read of stateFile.
const maxState = 64 << 10

// Errors of the state folder. A keeper that meets one does not start, or does not open.
var (
	ErrExposed = errors.New("keeper: others can come at the state folder: chmod 700 it, and ask who has read it")
	ErrExists  = errors.New("keeper: there is a keeper in this folder already")
	ErrChanged = errors.New("keeper: the state folder was changed by somebody else")
	ErrInUse   = errors.New("keeper: another keeper runs on this folder")
)

// state is what a keeper knows while it is sealed. None of it opens anything without
// what the custodians bring.
type state struct {
	Version int       `json:"version"`
	Source  string    `json:"source"` // where the root comes from: Source.Name
	Sealed  []byte    `json:"sealed"` // the root as Source.Seal gave it
	Made    time.Time `json:"made"`   // since when the root is sealed in this way
	Epoch   uint32    `json:"epoch"`
	Began   time.Time `json:"began"`  // the present epoch
	Oldest  uint32    `json:"oldest"` // the first epoch that is not forgotten
	Seed    []byte    `json:"seed"`   // of that epoch, in a box that the root opens: there is no way back from it (vault.NextSeed)
	Check   []byte    `json:"check"`  // over all of the above, with a key of the root
}

// check binds the state to the root: what somebody wrote into the file, an epoch
// that is too low above all, is found when the keeper is unsealed.
func (s state) check(root []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, root, nil, "zharia/keeper/state", 32)
	if err != nil {
		return nil, err
	}
	s.Check = nil
	text, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil), nil
}

// write puts the state in place of the one in that file, whole and on disk.
func (s state) write(dir, name string, root []byte) (state, error) {
	var err error
	if s.Check, err = s.check(root); err != nil {
		return s, err
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return s, err
	}
	return s, replace(filepath.Join(dir, name), append(text, '\n'))
}

func readState(dir string) (state, error) {
	var s state
	text, err := readSmall(filepath.Join(dir, stateFile), maxState)
	if err != nil {
		return s, fmt.Errorf("keeper: no keeper was made in %s: %w", dir, err)
	}
	if err := strictly(text, &s); err != nil {
		return s, fmt.Errorf("%w: %s: %w", ErrChanged, stateFile, err)
	}
	if s.Version != 1 || s.Oldest == 0 || s.Epoch < s.Oldest || s.Epoch > maxEpoch {
		return s, fmt.Errorf("%w: %s: version %d, epochs %d to %d", ErrChanged, stateFile, s.Version, s.Oldest, s.Epoch)
	}
	return s, nil
}

// readSmall reads a file that is not longer than it may be.
func readSmall(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > most {
		return nil, fmt.Errorf("%s is not a file of at most %d bytes", path, most)
	}
	return os.ReadFile(path)
}

// replace writes a file beside the old one and takes its name, so that after a power
// cut there is one of the two and never a half.
func replace(path string, text []byte) error {
	dir := filepath.Dir(path)
	fresh, err := os.CreateTemp(dir, ".fresh-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	defer fresh.Close()
	if _, err := fresh.Write(text); err != nil {
		return err
	}
	if err := fresh.Sync(); err != nil {
		return err
	}
	if err := os.Rename(fresh.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes names outlive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// private asks that the folder be ours alone.
func private(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("keeper: the state folder: %w", err)
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ours(info) {
		return fmt.Errorf("%w (%s, %v)", ErrExposed, dir, info.Mode().Perm())
	}
	return nil
}

// absent says that no keeper was made in the folder, which is made if need be.
func absent(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("keeper: the state folder: %w", err)
	}
	if err := private(dir); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries { // of one that lost its state there are decisions
		if name := e.Name(); name == stateFile || name == beforeFile || strings.HasPrefix(name, decisionsPrefix) {
			return fmt.Errorf("%w (%s)", ErrExists, filepath.Join(dir, name))
		}
	}
	return err
}
