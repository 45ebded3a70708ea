//go:build !linux

package main

import "os"

// silence leaves the echo on: keepers that guard something run on Linux.
func silence(*os.File) func() { return func() {} }
