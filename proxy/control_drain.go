package proxy

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/transport"
)

// A drain is of a callee, which gets no new call (control.go); of a pool, whose
// registration at the router is given up while its callees stay; or of all pools, and
// then wampool is not ready. What the router sends until it has taken a registration
// back is served like what runs and waits: nothing is refused for a drain that can be
// undone. That of the end is another one (drain.go).

// drainRequest names what is to be drained or undrained: a callee, a pool, or all.
type drainRequest struct {
	Session uint64 `json:"session"` // a callee's session ID
	Name    string `json:"name"`    // or that, its authid, or its address, with or without the port
	Goodbye bool   `json:"goodbye"` // of drain: its session is ended once it has no call any more
	poolRequest
	All         bool    `json:"all"`          // all pools, of all realms
	WaitSeconds float64 `json:"wait_seconds"` // of drain: the answer comes when it is done, or after so long

	since time.Time // when it came
}

// mostWaitSeconds bounds how long a command waits.
const mostWaitSeconds = 3600

// check tells what is wrong with a request by itself.
func (q *drainRequest) check(drain bool) error {
	ofCallee, ofPool := q.Session != 0 || q.Name != "", q.Pool != "" || q.Match != "" || q.Procedure != "" || q.Realm != ""
	wrong := ""
	switch {
	case q.Goodbye && !drain:
		wrong = "goodbye is of drain alone"
	case q.WaitSeconds != 0 && !drain:
		wrong = "wait_seconds is of drain alone"
	case q.WaitSeconds < 0 || q.WaitSeconds > mostWaitSeconds:
		wrong = "wait_seconds must be from 0 to 3600"
	case ofCallee && (ofPool || q.All) || ofPool && q.All:
		wrong = `a request is of a callee ("session" or "name"), of a pool ("pool", or "match" and "procedure"; "realm"), or of all: of one of them`
	case q.Goodbye && (ofPool || q.All):
		wrong = "goodbye is of a callee's drain alone: the callees of a pool stay"
	default:
		return nil
	}
	return &admin.RequestError{Status: http.StatusBadRequest, Text: wrong}
}

// wait waits as long as is asked for, until something of a realm is so, which is asked
// with its lock held. It is false if nothing is asked for.
func (q *drainRequest) wait(ctx context.Context, r *realm, is func() bool) bool {
	if q.WaitSeconds == 0 {
		return false
	}
	ctx, cancel := context.WithDeadline(ctx, q.since.Add(time.Duration(q.WaitSeconds*float64(time.Second))))
	defer cancel()
	done := r.await(is, awaitPause)
	defer r.unawait(done)
	select {
	case <-done:
	case <-ctx.Done():
	}
	return true
}

func (p *Proxy) drainCommand(ctx context.Context, in json.RawMessage, drain bool) (any, error) {
	request := drainRequest{since: time.Now()}
	if err := read(in, &request); err != nil {
		return nil, err
	}
	if err := request.check(drain); err != nil {
		return nil, err
	}
	switch {
	case request.All:
		return p.drainAll(ctx, &request, drain)
	case request.Pool != "" || request.Match != "" || request.Procedure != "":
		return p.drainPool(ctx, &request, drain)
	}
	return p.drainCallee(ctx, &request, drain)
}

// DrainedPool is a pool that was drained, or is no more.
type DrainedPool struct {
	Realm         string `json:"realm"`
	Pool          string `json:"pool"`
	IsDraining    bool   `json:"draining"`
	Registrations int    `json:"registrations"` // that it has at the router, or asks for
	Waiting       int    `json:"waiting"`
	Running       int    `json:"running"`
}

// IsDone tells whether nothing is left to be waited for.
func (d *DrainedPool) IsDone() bool { return d.Registrations+d.Waiting+d.Running == 0 }

// drainPool drains a pool, or undrains it.
func (p *Proxy) drainPool(ctx context.Context, request *drainRequest, drain bool) (any, error) {
	r, key, err := p.poolNamed(&request.poolRequest)
	if err != nil {
		return nil, err
	}
	if !r.drainPool(key, drain) {
		return nil, errPoolGone
	}
	if drain {
		request.wait(ctx, r, func() bool { left := r.leftOf(key); return left.IsDone() })
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	told := r.leftOf(key)
	told.IsDraining = drain
	return told, nil
}

// drainPool gives up the registration of a pool, or asks for it again. It is false if
// there is no such pool any more.
func (r *realm) drainPool(key string, drain bool) (known bool) {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	if !r.knows(key) {
		return false
	}
	r.bring(&out, func() []admission.Action {
		if drain {
			return r.registrar.DrainPool(r.now(), key)
		}
		return r.registrar.UndrainPool(r.now(), key)
	})
	r.log.Info().Str("procedure", procedureOf(key)).Msg(map[bool]string{true: "pool drains: its registration at the router is given up", false: "pool drains no more"}[drain])
	r.arm()
	return true
}

// leftOf tells what a pool has in hand. r.mu is held.
func (r *realm) leftOf(key string) DrainedPool {
	left := DrainedPool{Realm: r.name, Pool: shownName(matchOf(key), procedureOf(key)), Registrations: r.registrar.AtRouter(key)}
	if p := r.pools[key]; r.isOpen(p) {
		var c dealer.Count
		r.dealer.Count(r.now(), p.id, &c)
		left.Waiting, left.Running = c.Waiting, c.Running
	}
	return left
}

// DrainedAll is a sidecar that was drained, or is no more.
type DrainedAll struct {
	IsDraining    bool `json:"draining"`
	Registrations int  `json:"registrations"` // that pools have at the router, or ask for
	Waiting       int  `json:"waiting"`
	Running       int  `json:"running"`
}

// IsDone tells whether nothing is left to be waited for.
func (d *DrainedAll) IsDone() bool { return d.Registrations+d.Waiting+d.Running == 0 }

// drainAll drains all pools, or undrains them. No reload comes between.
func (p *Proxy) drainAll(ctx context.Context, request *drainRequest, drain bool) (any, error) {
	realms := p.setDrained(drain)
	told := DrainedAll{IsDraining: drain}
	for _, r := range realms {
		if drain {
			request.wait(ctx, r, func() bool { left := r.left(); return left.IsDone() })
		}
		r.mu.Lock()
		left := r.left()
		r.mu.Unlock()
		told.Registrations += left.Registrations
		told.Waiting += left.Waiting
		told.Running += left.Running
	}
	return told, nil
}

// setDrained makes wampool unready, and then gives up what its pools have at the
// router; or the other way round.
func (p *Proxy) setDrained(drain bool) []*realm {
	p.reload.mu.Lock()
	defer p.reload.mu.Unlock()
	realms := p.inOrder()
	p.log.Info().Msg(map[bool]string{true: "drained: not ready, and all registrations at the router are given up", false: "drained no more"}[drain])
	p.drained.Store(drain)
	for _, r := range realms {
		r.setDrained(drain)
	}
	return realms
}

func (r *realm) setDrained(drain bool) {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	if r.draining { // that is for good
		return
	}
	r.bring(&out, func() []admission.Action {
		if drain {
			return r.registrar.Drain(r.now())
		}
		return r.registrar.Undrain(r.now())
	})
	r.arm()
}

// left tells what all pools of a realm have in hand. r.mu is held.
func (r *realm) left() (left DrainedAll) {
	for key := range r.pools {
		left.Registrations += r.registrar.AtRouter(key)
	}
	left.Waiting, left.Running = r.dealer.Load()
	return left
}

// awaited is what somebody waits for.
type awaited struct {
	is    func() bool // asked with realm.mu held, behind events
	done  chan struct{}
	pause dealer.Time // the shortest between two looks, where these cost something
	next  dealer.Time // when it may be looked again
}

// awaitPause is how often it is looked at the most whether what people wait for is so.
const awaitPause = 10 * time.Millisecond

// await returns what is closed as soon as something is so, or so much later.
func (r *realm) await(is func() bool, pause time.Duration) (done chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	done = make(chan struct{})
	r.awaits = append(r.awaits, &awaited{is: is, done: done, pause: pause})
	r.arm()
	return done
}

// unawait tells that nobody waits for it any more.
func (r *realm) unawait(done chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.awaits = slices.DeleteFunc(r.awaits, func(a *awaited) bool { return a.done == done })
}
