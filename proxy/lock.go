package proxy

import (
	"sync"
	"time"
)

// lock is a realm's lock. It can tell how long it was held, each time.
type lock struct {
	mu sync.Mutex

	held  func(time.Duration) // nil: nobody asks. Set before anybody locks
	since time.Time           // under mu, if somebody asks
}

// Lock waits for the lock.
func (l *lock) Lock() {
	l.mu.Lock()
	if l.held != nil {
		l.since = time.Now()
	}
}

// Unlock gives it back.
func (l *lock) Unlock() {
	if l.held != nil {
		l.held(time.Since(l.since))
	}
	l.mu.Unlock()
}
