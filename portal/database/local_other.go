//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package database

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
)

const locale = "C"

var fastShutdown = os.Interrupt

// identity has no meaning on this system.
type identity struct{ name string }

func (identity) foreign() bool                   { return false }
func (identity) apply(*exec.Cmd)                 {}
func (identity) own(string, fs.FileMode) error   { return nil }
func identities(string) []identity               { return nil }
func dropDeadLock(string)                        {}
func lockFile(string) (unlock func(), err error) { return nil, errNoLocal }

var errNoLocal = errors.New("a private PostgreSQL is not supported on this system: set DATABASE_URL")
