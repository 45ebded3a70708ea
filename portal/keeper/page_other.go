//go:build !linux

package keeper

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// page is plain memory: keepers that guard something run on Linux.
type page struct{ memory []byte }

func newPage() (*page, error) { return &page{make([]byte, rootSize)}, nil }

func (p *page) bytes() []byte { return p.memory }

func (p *page) free() { clear(p.memory) }

func ours(fs.FileInfo) bool { return true }

func alone(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keeper: the state folder: %w", err)
	}
	return f, nil
}

// Harden says that nothing is hardened here.
func Harden() []string {
	return []string{"this system is for development: core dumps, debuggers and swap are not closed"}
}
