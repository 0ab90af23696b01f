package transport

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
)

// ErrMemory ends the client that holds most where all of them together hold
// more than they may.
var ErrMemory = errors.New("all clients together hold too much memory (limits.memory), and this one the most")

// Budget bounds the memory that all clients hold together. Each has an
// [Account] in it. Where their sum is more than the bound, the client with the
// largest one is ended, and the next, until what the others hold is within it.
//
// What is counted is what a peer can make wampool keep: buffers by their
// capacity, and what its session has to remember. An idle client holds nothing.
type Budget struct {
	most atomic.Int64
	sum  atomic.Int64

	relieving atomic.Bool // a goroutine looks for whom to end

	mu       sync.Mutex
	accounts map[*Account]struct{}
}

// NewBudget returns a Budget of so many bytes; 0 stands for no bound.
func NewBudget(most int64) *Budget {
	b := &Budget{accounts: make(map[*Account]struct{})}
	b.SetMost(most)
	return b
}

// SetMost changes what all may hold together, no bound for 0: whoever holds too much
// by that is ended when more is held.
func (b *Budget) SetMost(most int64) {
	if most <= 0 {
		most = math.MaxInt64
	}
	b.most.Store(most)
}

// Most returns the bound, in bytes.
func (b *Budget) Most() int64 { return b.most.Load() }

// Held returns the bytes that all accounts hold.
func (b *Budget) Held() int64 { return b.sum.Load() }

// Account is what one client holds: its connection here, the one at the router,
// and its session. A nil Account counts nothing.
type Account struct {
	budget *Budget
	end    func(error) // nil: nobody is ended for what is held here
	held   atomic.Int64

	ended bool // under budget.mu
}

// closedAccount is held of an account that is closed: its holders may give back
// what they have later on.
const closedAccount = math.MinInt64

// Open opens an account. end is called once, with [ErrMemory], on a goroutine
// of its own, if its owner is to go; it must not block, and what is held must be
// given back soon. It is nil for what is not a client's: that counts in the sum,
// and is never ended for it.
func (b *Budget) Open(end func(error)) *Account {
	a := &Account{budget: b, end: end}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accounts[a] = struct{}{}
	return a
}

// Add notes n bytes more as held, or less if n is negative. It takes no lock and
// never waits: it may be called under any. It costs two atomic operations.
func (a *Account) Add(n int64) {
	if a == nil || n == 0 {
		return
	}
	for {
		held := a.held.Load()
		if held == closedAccount {
			return
		}
		if a.held.CompareAndSwap(held, held+n) {
			break
		}
	}
	b := a.budget
	if sum := b.sum.Add(n); n > 0 && sum > b.most.Load() && b.relieving.CompareAndSwap(false, true) {
		go b.relieve()
	}
}

// Held returns the bytes that are held.
func (a *Account) Held() int64 {
	if a == nil {
		return 0
	}
	return max(0, a.held.Load())
}

// Close ends the account: what it holds is held no more, and what is still added
// or given back counts nothing.
func (a *Account) Close() {
	if a == nil {
		return
	}
	b := a.budget
	b.mu.Lock()
	delete(b.accounts, a)
	b.mu.Unlock()
	if held := a.held.Swap(closedAccount); held != closedAccount {
		b.sum.Add(-held)
	}
}

// worthEnding is what a client must hold to be ended for what others hold that
// are no clients. Below that, it would be ended for next to nothing.
const worthEnding = 64 << 10

// relieve ends clients until the others hold no more than they may, and ends
// then itself.
func (b *Budget) relieve() {
	for {
		biggest := b.biggest()
		if biggest == nil {
			b.relieving.Store(false)
			if biggest = b.biggest(); biggest == nil { // nothing was added meanwhile
				return
			}
		}
		biggest.end(ErrMemory)
	}
}

// biggest returns the client that is to be ended next, nil if none is. What
// those hold that are ended already is as good as given back.
func (b *Budget) biggest() *Account {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all, clients int64
	var biggest *Account
	for a := range b.accounts {
		held := a.Held()
		switch {
		case a.ended:
			continue
		case a.end != nil:
			clients += held
			if biggest == nil || held > biggest.Held() {
				biggest = a
			}
		}
		all += held
	}
	if all <= b.most.Load() || biggest == nil || clients <= b.most.Load() && biggest.Held() < worthEnding {
		return nil
	}
	biggest.ended = true
	return biggest
}
