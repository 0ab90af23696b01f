//go:build !linux

package bench

import "time"

// sleep waits about so long.
func sleep(wait time.Duration) { time.Sleep(wait) }
