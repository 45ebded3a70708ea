package keeper

import "golang.org/x/sys/unix"

// diskOf is the disk under a folder, for whoever is not root; none where it does not say.
func diskOf(dir string) Disk {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return Disk{}
	}
	return Disk{Free: s.Bavail * uint64(s.Bsize), All: s.Blocks * uint64(s.Bsize)}
}
