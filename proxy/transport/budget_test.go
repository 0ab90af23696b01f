package transport

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// bystander is a client of a budget that notes how it was ended.
type bystander struct {
	*Account
	mu    sync.Mutex
	cause error
}

func openBystander(b *Budget) *bystander {
	c := new(bystander)
	c.Account = b.Open(func(err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.cause = err
	})
	return c
}

func (c *bystander) ended() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

func TestTheOneThatHoldsMostIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(10 << 20)
		big, small, none := openBystander(b), openBystander(b), openBystander(b)
		small.Add(3 << 20)
		big.Add(7 << 20)
		synctest.Wait()
		if big.ended() != nil {
			t.Fatal("ended at the bound")
		}
		small.Add(1) // the one that comes over it is not the one that goes
		synctest.Wait()
		if !errors.Is(big.ended(), ErrMemory) {
			t.Errorf("big ended by %v", big.ended())
		}
		none.Add(6 << 20) // what the ended one holds still is as good as given back
		synctest.Wait()
		if small.ended() != nil || none.ended() != nil {
			t.Error("more were ended than needed")
		}
		big.Close()
		big.Add(-7 << 20)
		if held := b.Held(); held != 9<<20+1 {
			t.Errorf("%d bytes held", held)
		}
	})
}

func TestSeveralAreEndedWhereOneIsNotEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget(1 << 20)
		clients := make([]*bystander, 20)
		for i := range clients {
			clients[i] = openBystander(b)
		}
		all := b.Open(nil) // no client
		for i, c := range clients {
			c.Add(int64(i) << 10)
		}
		all.Add(900 << 10)
		synctest.Wait()
		for i, c := range clients {
			if c.ended() != nil {
				t.Errorf("client %d, which holds next to nothing, was ended for what is no client's", i)
			}
		}
		for i, c := range clients {
			c.Add(256<<10 + int64(i)<<10)
		}
		synctest.Wait()
		var left int64
		for _, c := range clients {
			if c.ended() == nil {
				left += c.Held()
			}
		}
		if left+all.Held() > 1<<20 && left > worthEnding {
			t.Errorf("%d bytes are left with clients", left)
		}
		if clients[0].ended() == nil && clients[19].ended() == nil {
			t.Error("the largest was left")
		}
	})
}

func TestAnAccountMayBeClosedWhileItIsUsed(t *testing.T) {
	b := NewBudget(0)
	var users sync.WaitGroup
	for range 50 {
		a := b.Open(nil)
		for range 4 {
			users.Go(func() {
				for range 200 {
					a.Add(5)
					a.Add(-5)
				}
				a.Add(7)
			})
		}
		users.Go(a.Close)
	}
	users.Wait()
	if held := b.Held(); held != 0 {
		t.Errorf("%d bytes held of accounts that are closed", held)
	}
	var none *Account
	none.Add(1)
	none.Close()
	if none.Held() != 0 {
		t.Error("nil holds something")
	}
}
