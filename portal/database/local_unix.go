//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package database

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// fastShutdown makes postgres end its sessions and stop.
const fastShutdown = syscall.SIGINT

// identity is a user the server may run as.
type identity struct {
	name string
	attr syscall.SysProcAttr
}

// foreign says that the server's files belong to another user than ours.
func (i identity) foreign() bool { return i.attr.Credential != nil }

// myself runs the server as whoever we are. It stands in a process group of its
// own, so that Ctrl-C in the terminal does not reach the server before us.
func myself() identity {
	return identity{"the current user", syscall.SysProcAttr{Setpgid: true}}
}

func (i identity) apply(c *exec.Cmd) {
	attr := i.attr
	c.SysProcAttr = &attr
}

func (i identity) owner() (uid, gid int) {
	if i.attr.Credential != nil {
		return int(i.attr.Credential.Uid), int(i.attr.Credential.Gid)
	}
	return os.Geteuid(), os.Getegid()
}

// own makes the folder and gives it to the identity, with all that is in it if
// it was made under another one.
func (i identity) own(path string, mode fs.FileMode) error {
	if err := os.MkdirAll(path, mode); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	uid, gid := i.owner()
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != uid {
		if err := handOver(path, uid, gid); err != nil {
			return err
		}
	}
	return os.Chmod(path, mode)
}

func handOver(path string, uid, gid int) error {
	return filepath.WalkDir(path, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, uid, gid)
	})
}

// lockFile waits until no other process holds the file.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}
