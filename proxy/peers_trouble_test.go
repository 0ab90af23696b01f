package proxy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/transport/cable"
)

// Links that break, stand still and go on, and become slow, in any order, cost only calls
// that are canceled: each is answered once and run once, within the limits, and afterwards
// all is as it was.
func TestTroubleAmongPeers(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			slots := []int{1 + random.IntN(8), 1 + random.IntN(3), 1 + random.IntN(2)}
			const took = 50 * time.Millisecond // by work
			pause := took * 100 / time.Duration(85*(slots[0]+slots[1]+slots[2]))
			inQuarter(t, queued, slots, work, func(q *quarter) {
				var o outcome
				for i := range 2000 {
					time.Sleep(pause)
					q.call(&o, i)
					if random.IntN(200) == 0 {
						q.trouble(random)
					}
				}
				o.pending.Wait()
				if n := o.failed["wamp.error.canceled"]; o.answered+n != 2000 || n > 100 {
					t.Errorf("%d answered, the others: %v", o.answered, o.failed)
				}
				q.checkPeace(slots)
			})
		})
	}
}

// trouble has something happen to some of the links of a sidecar.
func (q *quarter) trouble(random *rand.Rand) {
	s, what, delay := q.sides[random.IntN(len(q.sides))], random.IntN(3), time.Duration(random.IntN(4000))*time.Microsecond
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, end := range s.ends {
		isLink := strings.HasPrefix(end.LocalAddr().String(), "10.1.0.") || strings.HasPrefix(end.RemoteAddr().String(), "10.1.0.")
		if !isLink || random.IntN(2) == 0 {
			continue
		}
		for _, end := range []*cable.End{end, end.Peer()} {
			switch what {
			case 0:
				end.Cut()
			case 1:
				end.Stall()
				time.AfterFunc(time.Duration(random.IntN(6000))*time.Millisecond, end.Resume)
			case 2:
				end.Delay(delay)
			}
		}
	}
}

// checkPeace looks at what trouble has left.
func (q *quarter) checkPeace(slots []int) {
	time.Sleep(6 * time.Second) // what stands still goes on
	q.settle()
	for i, s := range q.sides {
		if most, now := s.most.Load(), s.at.Load(); most > int64(slots[i]) || now != 0 {
			q.t.Errorf("sidecar %d of %d slots had %d calls, and has %d", i, slots[i], most, now)
		}
		if n := proxy.LinkedPeers(s.Proxy, "realm1"); n != len(q.sides)-1 {
			q.t.Errorf("sidecar %d is linked with %d", i, n)
		}
	}
	var o outcome
	for i := range 30 {
		q.call(&o, 10_000+i)
	}
	o.pending.Wait()
	if len(o.failed) > 0 {
		q.t.Errorf("afterwards: %v", o.failed)
	}
	if twice := q.ranTwice(); len(twice) > 0 {
		q.t.Errorf("run twice: %d", twice)
	}
}
