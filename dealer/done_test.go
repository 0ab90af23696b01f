package dealer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// An event that begins before the actions of the last one were taken is a fault
// of the driver: what it was about to carry out may be untrue by then, and lies
// in memory that the new event writes to.
func TestEventWithinAnEventPanics(t *testing.T) {
	for kind, name := range eventNames {
		if name == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			d, in := benchmarkPool(t, dealer.First, 2, 1, 1)
			other, peer := d.AddOrigin(false), d.AddPeer(codec.CalleeFeatures{}, 0)
			in.Request = 1
			running := d.Call(0, in)[0]
			within := event{
				kind: eventKind(kind), pool: in.Pool, callee: running.Callee, origin: other, id: running.ID, answer: dealer.Final,
				request: 2, key: "com.example.other", config: dealer.PoolConfig{}, policy: dealer.First, body: in.Body,
			}
			switch within.kind {
			case offer, setDelay:
				within.callee, within.limit = peer, 1
			case join:
				within.callee = 1 - running.Callee
				within.force = true
			}
			if found := panicOf(func() { within.apply(d) }); !strings.Contains(found, "must be carried out") {
				t.Errorf("it begins: %s", found)
			}
			if undone := d.Undone(); len(undone) != 1 || undone[0].ID != running.ID || undone[0].Kind != dealer.Invoke {
				t.Errorf("what is undone: %v", undone)
			}
			d.Done()
			if err := d.Audit(); err != nil {
				t.Errorf("it has changed the books: %v", err)
			}
			within.apply(d)
		})
	}
}

func panicOf(f func()) (found string) {
	defer func() { found = fmt.Sprint(recover()) }()
	f()
	return ""
}
