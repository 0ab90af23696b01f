package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// sleep waits as exactly as the system does it: [time.Sleep] would round up to
// milliseconds where nothing else goes on. A signal may end it early.
func sleep(wait time.Duration) {
	spec := unix.NsecToTimespec(wait.Nanoseconds())
	_ = unix.Nanosleep(&spec, nil)
}
