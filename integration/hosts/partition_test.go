package hosts

import (
	"testing"
	"time"

	"github.com/wampool/wampool/integration/wire"
)

var (
	good = wire.Condition{}
	cut  = wire.Condition{Down: true}
)

// Links are delayed, lossy and cut off one way, while the router stays within
// reach; then a host is cut off from all others, the router among them. Calls go on as they
// would without a cluster, and each is answered once.
func TestLinksInBadWeather(t *testing.T) {
	if network, _ := newNetwork(t, "try"); network == nil {
		t.Skip("the loopback can't be delayed or cut off")
	}
	s := newScene(t, 4, 2, 2)
	a, b, c := s.sidecars[0].host, s.sidecars[1].host, s.sidecars[2].host
	peers, all := []*host{a, c}, []*host{s.callers, s.routerAt, a, c}
	slow, lossy := wire.Condition{Delay: 20 * time.Millisecond}, wire.Condition{Loss: 0.02}
	for _, weather := range []struct {
		name        string
		there, back wire.Condition
		others      []*host
		calls       int // links that are cut off are lost after three seconds
		lost        int // calls that may be canceled, since they were with who was lost
	}{
		{"20 ms of delay", slow, slow, peers, 120, 0},
		{"2 percent lost", lossy, lossy, peers, 120, 0},
		{"the links are cut off one way", cut, good, peers, 300, 4 + 2 + 2},
		{"a host is cut off", cut, cut, all, 40, 4 + 2 + 2 + 100},
	} {
		t.Run(weather.name, func(t *testing.T) {
			l := s.startLoad(80)
			l.goOn(20)
			for _, other := range weather.others {
				s.network.condition(b, other, weather.there, weather.back)
			}
			l.goOn(weather.calls)
			for _, other := range weather.others {
				s.network.condition(b, other, good, good)
			}
			l.goOn(40)
			l.end().allBut(t, weather.lost, "wamp.error.canceled")
			s.linked()
			s.settle(t)
		})
	}
}
