// Package once puts a small secret file in place that is made once and never again: the key
// that a process finds at its next start, or none at all.
package once

import (
	"errors"
	"os"
	"path/filepath"
)

// Write puts the file in place whole and on the disk, for its owner alone, or fails with
// fs.ErrExist: a link takes nobody's place, and who reads meanwhile, or after a power cut,
// never sees half of it.
func Write(path string, text []byte) error {
	dir := filepath.Dir(path)
	fresh, err := os.CreateTemp(dir, ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.Write(text)
	if err := errors.Join(err, fresh.Sync(), fresh.Close()); err != nil {
		return err
	}
	if err := os.Link(fresh.Name(), path); err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close()) // the name, too, outlives a power cut
}
