package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// silence turns the echo of a terminal off until what it gives is called. Of what is
// no terminal there is no echo.
func silence(f *os.File) func() {
	if f == nil {
		return func() {}
	}
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return func() {}
	}
	quiet := *before
	quiet.Lflag &^= unix.ECHO
	if unix.IoctlSetTermios(fd, unix.TCSETS, &quiet) != nil {
		return func() {}
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, before) } // a terminal that went away needs no echo
}
