package proxy

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// Each taking of the lock counts once, and a wait for as long as it was.
func TestWaitsForTheLock(t *testing.T) {
	var l lock
	for range 3 {
		l.Lock()
		l.held = nil
		l.Unlock()
	}
	l.Lock()
	for _, wait := range []time.Duration{time.Microsecond, time.Microsecond + 1, time.Millisecond, 100 * time.Millisecond, 101 * time.Millisecond} {
		l.waited(wait)
	}
	defer l.Unlock()
	c := l.counts("realm1")
	want := []uint64{5, 1, 0, 1, 0, 1, 1}
	for i, n := range want {
		if c.Waits[i] != n {
			t.Fatalf("waits %v, want %v", c.Waits, want)
		}
	}
	if len(c.Waits) != len(c.Bounds)+1 || c.Realm != "realm1" || c.Sum < 0.202 || c.Sum > 0.2021 {
		t.Errorf("%+v", c)
	}
}

// However many race for the lock, each of them counts.
func TestRaceForTheLock(t *testing.T) {
	var l lock
	var racing sync.WaitGroup
	const each, takers = 1000, 4
	for range takers {
		racing.Go(func() {
			for range each {
				l.Lock()
				runtime.Gosched()
				l.Unlock()
			}
		})
	}
	racing.Wait()
	sum := uint64(0)
	for _, n := range l.waits {
		sum += n
	}
	if sum != each*takers || l.sum <= 0 {
		t.Errorf("%d waits, want %d; they took %s", sum, each*takers, l.sum)
	}
}
