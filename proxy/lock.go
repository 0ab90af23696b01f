package proxy

import (
	"slices"
	"sync"
	"time"

	"github.com/wampool/wampool/proxy/admin"
)

// lock is a realm's lock. It counts how long whoever takes it waits for it, and can
// tell how long it was held, each time.
type lock struct {
	mu sync.Mutex

	waits [len(lockBounds) + 1]uint64 // under mu: by the first of the bounds that was enough, or beyond them
	sum   time.Duration               // under mu: of all waits

	held  func(time.Duration) // nil: nobody asks. Set before anybody locks
	since time.Time           // under mu, if somebody asks
}

// lockBounds are those of the histogram of waits. Who finds the lock free has waited
// for less than the first.
var lockBounds = [...]time.Duration{
	time.Microsecond, 10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond,
}

// Lock waits for the lock. The clock is asked only where it is not free.
func (l *lock) Lock() {
	if l.mu.TryLock() {
		l.waits[0]++
	} else {
		began := time.Now()
		l.mu.Lock()
		l.waited(time.Since(began))
	}
	if l.held != nil {
		l.since = time.Now()
	}
}

// waited notes a wait. The lock is held.
func (l *lock) waited(wait time.Duration) {
	i := 0
	for i < len(lockBounds) && wait > lockBounds[i] {
		i++
	}
	l.waits[i]++
	l.sum += wait
}

// counts returns what was counted of a realm's lock. The lock is held.
func (l *lock) counts(realm string) admin.LockCounts {
	c := admin.LockCounts{Realm: realm, Sum: l.sum.Seconds(), Waits: slices.Clone(l.waits[:])}
	for _, b := range lockBounds {
		c.Bounds = append(c.Bounds, b.Seconds())
	}
	return c
}

// Unlock gives it back.
func (l *lock) Unlock() {
	if l.held != nil {
		l.held(time.Since(l.since))
	}
	l.mu.Unlock()
}
