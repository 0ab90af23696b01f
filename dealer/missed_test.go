package dealer_test

import (
	"testing"

	"github.com/wampool/wampool/dealer"
)

// A call that was answered before it came to its pool is received and ends there, once,
// be the pool open, gone, or known to nobody; the rest of it means nothing.
func TestMissedCalls(t *testing.T) {
	d := dealer.New(1)
	d.Follow(dealer.FollowFailed)
	from := d.AddOrigin(false)
	missed := 0
	miss := func(key string) {
		missed++
		if actions := d.Miss(0, dealer.Missed{Key: key, Origin: from, Request: uint64(missed), Bytes: 7, Outcome: dealer.Failed, Parts: true}); len(actions) > 0 {
			t.Errorf("%d actions", len(actions))
		}
		d.Done()
		if ends := d.Ends(); len(ends) != 1 || ends[0].Key != key || ends[0].Request != uint64(missed) || ends[0].Outcome != dealer.Failed || ends[0].Pool != dealer.NoPool || ends[0].Bytes != 7 {
			t.Errorf("told is %+v", ends)
		}
		sum, _ := totals(d)
		if sum.FromRouter != uint64(missed) || sum.Ended[dealer.Failed] != uint64(missed) || sum.Over() != uint64(missed) {
			t.Errorf("%d calls were received, %d have ended of %d", sum.FromRouter, sum.Over(), missed)
		}
		if err := d.Audit(); err != nil {
			t.Error(err)
		}
	}
	id := d.OpenPool("exact a", dealer.PoolConfig{})
	miss("exact a")
	d.ClosePool(0, id)
	d.Done()
	miss("exact a")
	miss("exact b") // which has never been
	id = d.OpenPool("exact a", dealer.PoolConfig{})
	if actions := d.Call(0, dealer.Call{Pool: id, Origin: from, Request: 2, Body: bodyIn(message(nil, 1))}); len(actions) > 0 {
		t.Errorf("the rest of a call that was answered has %d actions", len(actions))
	}
	d.Done()
	d.Miss(0, dealer.Missed{Origin: from, Request: 9, Outcome: dealer.Failed})
	d.Done()
	if sum, _ := totals(d); sum.FromRouter != uint64(missed) || len(d.Ends()) != 0 {
		t.Error("a call of no known pool is counted")
	}
}
