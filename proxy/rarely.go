package proxy

import (
	"sync"
	"time"
)

// rarely bounds how often a line that clients can cause is logged: once a
// second, or as often as most says, with the number of those that were left out.
type rarely struct {
	most int // in a second; 0: 1

	mu      sync.Mutex
	since   time.Time // of the first one in this second
	said    int       // in this second
	skipped int
}

// now tells whether to say it, and how often it was not said since the last time.
func (r *rarely) now() (skipped int, say bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.since) >= time.Second {
		r.since, r.said = time.Now(), 0
	}
	if r.said >= max(r.most, 1) {
		r.skipped++
		return 0, false
	}
	r.said++
	skipped, r.skipped = r.skipped, 0
	return skipped, true
}

// each is for lines that an operator wants for each callee and procedure, as far
// as they are not a flood.
const each = 100

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
