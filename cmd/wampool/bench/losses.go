package bench

import (
	"fmt"
	"sync"
)

// losses are the sessions that a measurement could not do with to its end: the
// first ends it.
type losses struct {
	any chan struct{} // closed with the first

	mu     sync.Mutex
	first  error
	others int
}

func newLosses() *losses { return &losses{any: make(chan struct{})} }

func (l *losses) add(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first != nil {
		l.others++
		return
	}
	l.first = cause
	close(l.any)
}

// err tells of the first, and how many came after it; nil if there is none.
func (l *losses) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.others == 0 {
		return l.first
	}
	return fmt.Errorf("%w (and %d more)", l.first, l.others)
}
