//go:build !linux

package database

import "time"

// confirmed does nothing: this system gives up by its own time.
func confirmed(uintptr, time.Duration) error { return nil }
