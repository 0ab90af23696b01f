package proxy

import (
	"sync"
	"time"
)

// rarely bounds how often a line that clients can cause is logged: once a
// second, with the number of those that were left out.
type rarely struct {
	mu      sync.Mutex
	said    time.Time
	skipped int
}

// now tells whether to say it, and how often it was not said since the last time.
func (r *rarely) now() (skipped int, say bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.said) < time.Second {
		r.skipped++
		return 0, false
	}
	skipped, r.skipped, r.said = r.skipped, 0, time.Now()
	return skipped, true
}

// complaint bounds how often it is logged that the same thing still fails: at
// first, when the cause changes, and then once a minute. It belongs to who tries.
type complaint struct {
	cause   string
	said    time.Time
	skipped int
}

const complainEvery = time.Minute

// now tells whether to say it, and how often it was not said since the last time.
func (c *complaint) now(cause string, at time.Time) (skipped int, say bool) {
	if cause == c.cause && at.Sub(c.said) < complainEvery {
		c.skipped++
		return 0, false
	}
	skipped = c.skipped
	*c = complaint{cause: cause, said: at}
	return skipped, true
}
