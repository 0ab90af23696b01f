package dealer

import (
	"math"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// As many wait before a call that travels as are served here in three times the way.
func TestAhead(t *testing.T) {
	for _, c := range []struct {
		slots  int64
		mean   time.Duration
		oneWay time.Duration
		want   int
	}{
		{8, 50 * time.Millisecond, 200 * time.Microsecond, 0},
		{8, 50 * time.Millisecond, 20 * time.Millisecond, 9},
		{2, 30 * time.Millisecond, 10 * time.Millisecond, 2},
		{2, 30*time.Millisecond + 1, 10 * time.Millisecond, 1},
		{0, 50 * time.Millisecond, time.Hour, 0},
		{8, 0, time.Hour, 0}, // nobody knows yet
		{1000, time.Millisecond, time.Millisecond, maxAhead},
		{math.MaxInt64, 1, maxDelay, maxAhead},
	} {
		p := pool{mean: c.mean, roster: roster{serving: c.slots}}
		if got := p.ahead(c.oneWay); got != c.want {
			t.Errorf("%d slots, %s each, %s away: %d, not %d", c.slots, c.mean, c.oneWay, got, c.want)
		}
	}
}

// Whatever a peer offers and however far away it says to be, the books hold it.
func TestPeersAreBounded(t *testing.T) {
	d := New(1)
	d.FollowLoads(true)
	p := d.OpenPool("a", PoolConfig{QueueLimit: 10, KeptBytes: 100})
	peer := d.AddPeer(codec.CalleeFeatures{}, -time.Second)
	for range 3 {
		d.Offer(0, p, peer, math.MaxInt)
		d.Done()
	}
	if s := d.Pool(0, p).Peers[0]; s.Credits != maxCredits || s.OneWay != 0 {
		t.Errorf("%+v", s)
	}
	d.SetDelay(0, peer, never)
	d.Done()
	if s := d.Pool(0, p).Peers[0]; s.OneWay != maxDelay {
		t.Errorf("%+v", s)
	}
	if err := d.Audit(); err != nil {
		t.Error(err)
	}
}
