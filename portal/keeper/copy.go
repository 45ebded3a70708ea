package keeper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// copied are the files that a keeper is made of, in the order in which they may be read
// beside one at work. How far a memory goes is read before the memory: it only grows, so
// that what it was found to have is in it. And how the root is sealed, before the sealing
// that a Reshare puts aside first.
var copied = []string{withdrawnFile + headSuffix, openingsFile + headSuffix, stateFile, beforeFile, withdrawnFile, openingsFile, endedFile}

// Copy copies a keeper from its folder into a new one, beside the keeper at work, sealed or
// not, and opens the copy as Open does. The record of decisions is not in it: no keeper
// needs it.
func Copy(dir, to string) (err error) {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keeper: %s is there already: a copy goes into a new folder", to)
	}
	part, err := os.MkdirTemp(filepath.Dir(to), ".part-") // 0700
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	for _, name := range copied {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if (name == beforeFile || name == endedFile) && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = replace(filepath.Join(part, name), text)
		}
		if err != nil {
			return err
		}
	}
	if _, err := readState(part); err != nil {
		return err
	}
	for _, name := range []string{withdrawnFile, openingsFile} {
		if _, err := openJournal(part, name); err != nil {
			return err
		}
	}
	if err := os.Rename(part, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}
