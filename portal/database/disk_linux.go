package database

import (
	"fmt"
	"syscall"
)

// free is how many percent of the disk under a folder are free for whoever is not root.
func free(dir string) (percent int, known bool, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false, fmt.Errorf("statfs: %w", err)
	}
	used := s.Blocks - s.Bfree
	if used+s.Bavail == 0 {
		return 0, false, nil // a disk of nothing: /proc
	}
	return int(s.Bavail * 100 / (used + s.Bavail)), true, nil // as df reckons
}
