package dealer

import (
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
)

// What is asked about must be there, and what is removed must be empty.
func TestMust(t *testing.T) {
	for want, fault := range map[string]func(o *office){
		"pool 9 must exist":                              func(o *office) { o.pool(9) },
		"callee 9 must exist":                            func(o *office) { o.callee(9) },
		"origin 9 must exist":                            func(o *office) { o.origin(9) },
		"callee 0 must be a peer":                        func(o *office) { o.Offer(2, o.pools[0], o.callees[0], 1) },
		"an origin must be dropped before it is removed": func(o *office) { o.RemoveOrigin(o.router) },
		"a pool must have a policy": func(o *office) {
			id := o.OpenPool("d", PoolConfig{})
			if _, err := o.Join(2, Registration{Pool: id, Callee: o.callees[0], ID: 100, Policy: First}); err != nil {
				panic(err)
			}
			o.pool(id).config.Policy = 99
			o.pickAny(o.pool(id))
		},
	} {
		t.Run(strings.ReplaceAll(want, " ", "_"), func(t *testing.T) {
			o := newOffice(t)
			defer func() {
				if found, _ := recover().(string); !strings.Contains(found, want) {
					t.Errorf("%q, want a panic that says %q", found, want)
				}
			}()
			fault(o)
		})
	}
}

// As many ended calls are remembered as may be, the latest ones.
func TestEndedRequests(t *testing.T) {
	var e endedRequests
	for request := range uint64(maxEndedRequests + 2) {
		e.add(request + 1)
		e.add(request + 1)
	}
	for request, want := range map[uint64]bool{1: false, 2: false, 3: true, maxEndedRequests + 2: true, maxEndedRequests + 3: false} {
		if e.has(request) != want {
			t.Errorf("request %d is remembered: %t", request, !want)
		}
	}
	if len(e.ids) != maxEndedRequests || len(e.order) != maxEndedRequests {
		t.Errorf("%d and %d are remembered", len(e.ids), len(e.order))
	}
}

// A caller that goes on with a call that waits is refused when too many parts wait.
func TestPartsThatWaitAreBounded(t *testing.T) {
	d := New(1)
	origin := d.AddOrigin(true)
	p := d.OpenPool("a", PoolConfig{QueueLimit: 10})
	callee := d.AddCallee(codec.CalleeFeatures{ProgressiveCallInvocations: true}, 0)
	if _, err := d.Join(0, Registration{Pool: p, Callee: callee, ID: 1, Policy: First, Limit: 1}); err != nil {
		t.Fatal(err)
	}
	d.Done()
	body := codec.Body{Serializer: codec.JSON}
	for request := range uint64(2) {
		d.Call(0, Call{Pool: p, Origin: origin, Request: request + 1, Body: body, Progress: request == 1})
		d.Done()
	}
	for n := 1; ; n++ {
		if n > 2*maxHeldParts {
			t.Fatal("parts wait without end")
		}
		a := d.Call(0, Call{Pool: p, Origin: origin, Request: 2, Body: body, Progress: true})
		if len(a) == 0 {
			d.Done()
			continue
		}
		if n != maxHeldParts+1 && n != maxHeldParts || a[0].Kind != Refuse || a[0].Refusal.Reason != ReasonQueueFull || a[0].Refusal.Limit != maxHeldParts {
			t.Errorf("part %d: %v", n, a)
		}
		d.Done()
		break
	}
	if err := d.Audit(); err != nil {
		t.Error(err)
	}
}
