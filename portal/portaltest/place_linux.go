package portaltest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// memory is where Linux keeps files in memory, and what must be free of it before
// the test server goes there: a container may have 64 MB.
const (
	memory = "/dev/shm"
	roomy  = 2 << 30
)

// place is the folder of the test server of a checkout. A clone is some hundred
// files, and a test drops its own at its end; ext4 does not give out again what was
// deleted a moment ago and looks for another inode so long that a clone takes half a
// second. In memory it is 30 ms.
func place(root string) string {
	dir := filepath.Join(memory, fmt.Sprintf("zharia-test-%x", sha256.Sum256([]byte(root)))[:24])
	if _, err := os.Stat(dir); err == nil {
		return dir // begun there, wherever there is room now
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < roomy {
		return kept(root)
	}
	return dir
}
