//go:build !linux

package eds_test

import "time"

// threadTime is the time that has passed: elsewhere no clock of the thread is at hand.
func threadTime() time.Duration { return time.Since(speedBegin) }
