//go:build !linux

package main

import "time"

// spent is the time that has passed: elsewhere there is no finer clock of the
// processor at hand, and on a quiet machine it is nearly the same.
func spent() time.Duration { return time.Since(begin) }
