package transport

import (
	"sync"
	"sync/atomic"
)

// turn is a lock whose holder may wait for a peer: a connection's reader, and its
// close, which reads what still comes. Unlike a [sync.Mutex], it lets testing/synctest
// see that who waits for it waits as long as the holder does. It costs one atomic
// operation where nobody waits.
type turn struct {
	state  atomic.Int32
	mu     sync.Mutex
	passed sync.Cond
}

// States of a turn.
const (
	free    int32 = iota
	taken         // by somebody
	awaited       // and somebody else may wait for it
)

// Lock returns when the turn is the caller's.
func (t *turn) Lock() {
	if t.state.CompareAndSwap(free, taken) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.passed.L = &t.mu
	for t.state.Swap(awaited) != free {
		t.passed.Wait()
	}
}

// Unlock passes the turn on.
func (t *turn) Unlock() {
	if t.state.Swap(free) == awaited {
		t.mu.Lock()
		t.passed.Signal()
		t.mu.Unlock()
	}
}
