package keeper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// page is memory of its own for the root: outside Go's heap, which may be copied and
// is never overwritten; not written to swap, not in a core dump, not in a child.
type page struct{ memory []byte }

func newPage() (*page, error) {
	memory, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		return nil, fmt.Errorf("keeper: memory for the root: %w", err)
	}
	if err := errors.Join(unix.Mlock(memory), unix.Madvise(memory, unix.MADV_DONTDUMP), unix.Madvise(memory, unix.MADV_DONTFORK)); err != nil {
		return nil, errors.Join(fmt.Errorf("keeper: memory for the root: %w", err), unix.Munmap(memory))
	}
	return &page{memory}, nil
}

func (p *page) bytes() []byte { return p.memory[:rootSize] }

// free overwrites the root and gives the memory back.
func (p *page) free() {
	clear(p.memory)
	_ = unix.Munmap(p.memory) // of our own mapping: it does not fail
	p.memory = nil
}

// ours says that the folder belongs to whoever runs us.
func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// alone takes the folder for this process, until the file is closed.
func alone(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keeper: the state folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%w (%s)", ErrInUse, dir), f.Close())
	}
	return f, nil
}

// Harden closes the process to debuggers, core dumps and swap. What the system does
// not permit is told, and the keeper runs all the same: the warnings are for whoever
// runs it.
func Harden() (warnings []string) {
	say := func(what string, err error) {
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("%s: %v", what, err))
		}
	}
	say("core dumps are not forbidden", unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}))
	say("the process can be looked into", unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0))
	say("a program that is run from here could gain rights", unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
	say("memory may be written to swap", lockAll())
	return warnings
}

// lockAll keeps all memory out of swap. Under a limit that is smaller than the program
// it would not fail here but later, in the midst of work: then it is not begun.
func lockAll() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		return err
	}
	if limit.Cur != unix.RLIM_INFINITY && os.Geteuid() != 0 {
		return fmt.Errorf("only %d KiB may be locked: set LimitMEMLOCK=infinity, or turn swap off", limit.Cur>>10)
	}
	return unix.Mlockall(unix.MCL_CURRENT | unix.MCL_FUTURE | unix.MCL_ONFAULT)
}
