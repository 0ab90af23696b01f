//go:build unix

package main

import (
	"syscall"
	"time"
)

// processorTime returns how much of it the program has used, if that can be known.
func processorTime() (used time.Duration, known bool) {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0, false
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), true
}
