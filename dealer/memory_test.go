package dealer_test

import (
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// lentBody is the body of a call whose payload lies in memory that can be held, and
// what has become of that.
type lentBody struct {
	memory codec.Memory
	freed  int
}

// lendBody returns the body as its reader brings it, who goes on afterwards.
func (l *lentBody) lendBody(size int) codec.Body {
	l.memory.Lend(size, func() { l.freed++ })
	return codec.Body{Serializer: codec.JSON, Payload: codec.TextPayload(codec.JSON, nil, "text", nil), Memory: &l.memory}
}

// The dealer holds a call's memory while another callee may get the call, or it
// waits, and until the actions that name it have been carried out; then it lets go,
// once, however the call ends.
func TestMemoryOfCalls(t *testing.T) {
	const size = 100
	for name, c := range map[string]struct {
		config dealer.PoolConfig
		busy   bool // the call waits first
		end    func(d *dealer.Dealer, callees []dealer.CalleeID, origin dealer.OriginID) []dealer.Action
		held   bool // still, when its end is carried out
	}{
		"answered": {
			config: dealer.PoolConfig{KeptBytes: size},
			end: func(d *dealer.Dealer, callees []dealer.CalleeID, _ dealer.OriginID) []dealer.Action {
				return d.Answer(0, callees[0], 1, dealer.Final)
			},
		},
		"not kept, since it takes more than is kept": {
			config: dealer.PoolConfig{KeptBytes: size - 1},
			end: func(d *dealer.Dealer, _ []dealer.CalleeID, _ dealer.OriginID) []dealer.Action {
				return d.Tick(0)
			},
		},
		"abandoned by its caller": {
			config: dealer.PoolConfig{KeptBytes: size},
			end: func(d *dealer.Dealer, _ []dealer.CalleeID, origin dealer.OriginID) []dealer.Action {
				return d.DropOrigin(0, origin)
			},
		},
		"lost with its callee": {
			config: dealer.PoolConfig{KeptBytes: size},
			end: func(d *dealer.Dealer, callees []dealer.CalleeID, _ dealer.OriginID) []dealer.Action {
				return d.Lose(0, callees[0])
			},
		},
		"handed on": {
			config: dealer.PoolConfig{KeptBytes: size},
			end: func(d *dealer.Dealer, callees []dealer.CalleeID, _ dealer.OriginID) []dealer.Action {
				return d.Answer(0, callees[0], 1, dealer.Unavailable)
			},
			held: true,
		},
		"waits": {
			config: dealer.PoolConfig{KeptBytes: size, QueueLimit: 1, QueueBytes: size}, busy: true,
			end: func(d *dealer.Dealer, _ []dealer.CalleeID, _ dealer.OriginID) []dealer.Action {
				return d.Tick(0)
			},
			held: true,
		},
		"refused, since it takes more than may wait": {
			config: dealer.PoolConfig{KeptBytes: size, QueueLimit: 1, QueueBytes: size - 1}, busy: true,
			end: func(d *dealer.Dealer, _ []dealer.CalleeID, _ dealer.OriginID) []dealer.Action {
				return d.Tick(0)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := dealer.New(1)
			origin := d.AddOrigin(false)
			c.config.Policy = dealer.First
			pool := d.OpenPool("p", c.config)
			var callees []dealer.CalleeID
			for i := range 2 {
				id := d.AddCallee(codec.CalleeFeatures{}, 0)
				if _, err := d.Join(0, dealer.Registration{Pool: pool, Callee: id, ID: uint64(i + 1), Policy: dealer.First, Limit: 1}); err != nil {
					t.Fatal(err)
				}
				d.Done()
				callees = append(callees, id)
			}
			if c.busy {
				for i := range uint64(2) {
					d.Call(0, dealer.Call{Pool: pool, Origin: origin, Request: 10 + i, Body: codec.Body{Serializer: codec.JSON}})
					d.Done()
				}
			}
			var lent lentBody
			in := dealer.Call{Pool: pool, Origin: origin, Request: 1, Body: lent.lendBody(size)}
			d.Call(0, in)
			d.Done()
			lent.memory.Release() // its reader goes on
			for _, a := range c.end(d, callees, origin) {
				if a.Kind == dealer.Invoke && (!a.Held || !a.Body.Payload.Is(in.Body.Payload)) {
					t.Errorf("another callee gets a copy")
				}
				if a.Kind == dealer.Invoke && lent.freed > 0 {
					t.Error("it is freed before it is sent")
				}
			}
			d.Done()
			d.Tick(0) // the next event
			d.Done()
			if held := lent.freed == 0; held != c.held || lent.freed > 1 {
				t.Errorf("freed %d times", lent.freed)
			}
			if err := d.Audit(); err != nil {
				t.Error(err)
			}
			for _, id := range callees {
				if name != "lost with its callee" || id != callees[0] {
					d.Lose(0, id)
					d.Done()
				}
			}
			d.DropOrigin(0, origin)
			d.Done()
			d.Tick(0)
			d.Done()
			if lent.freed != 1 {
				t.Errorf("freed %d times when nothing is left", lent.freed)
			}
		})
	}
}
