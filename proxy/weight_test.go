package proxy

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// weighingWorld has a pool with a shared policy, and a callee of four slots in it.
func weighingWorld(t *testing.T, rules string, slots int) (w *world, pool, callee *peer, registration uint64) {
	w = makeWorld(t)
	w.prepare = func(p *Proxy) { p.weightPause, p.linkIdle = 100*time.Millisecond, 20*time.Millisecond }
	w.start(worldOptions{realm: `pool "com.example.p" {
		policy   = "roundrobin"
		upstream = "roundrobin"
		` + rules + `
	}`, more: `admin { address = "127.0.0.1:0" }`})
	pool = w.welcomePool()
	callee, router := w.join("backend", "")
	callee.send(`[64,1,{"concurrency":%d},"com.example.p"]`, slots)
	pool.expect(`[64,1,{"invoke":"roundrobin"},"com.example.p"]`)
	pool.send(`[65,1,100]`)
	return w, pool, callee, w.admit(callee, router)
}

// share takes one more pool session, and the pool's REGISTER there.
func (w *world) share(request int) *peer {
	w.t.Helper()
	link := w.welcomePool()
	link.expect(`[64,%d,{"invoke":"roundrobin"},"com.example.p"]`, request)
	link.send(`[65,%d,100]`, request) // one registration for all of them
	return link
}

func TestPoolIsRegisteredAsItsSlotsDeserve(t *testing.T) {
	w, pool, a, ra := weighingWorld(t, "", 4)
	w.waitFor("it was weighed", func(r *realm) bool { return r.now() > time.Second/2 })
	if len(w.arrived) > 0 {
		t.Fatal("one share has two pool sessions")
	}
	b, routerB := w.join("backend", "")
	b.send(`[64,1,{"concurrency":4},"com.example.p"]`)
	rb := w.admit(b, routerB)
	second := w.share(1)

	// A call is answered by the pool session that it came by, whichever callee has it.
	second.send(`[68,11,100,{}]`)
	a.expect(`[68,1,%d,{}]`, ra)
	pool.send(`[68,11,100,{}]`)
	b.expect(`[68,1,%d,{}]`, rb)
	a.send(`[70,1,{},["a"]]`)
	second.expect(`[70,11,{},["a"]]`)
	b.send(`[70,1,{},["b"]]`)
	pool.expect(`[70,11,{},["b"]]`)

	// The members stand for all of its sessions.
	asker, router := w.join("frontend", "")
	asker.send(`[48,1,{},"wamp.registration.count_callees",[100]]`)
	router.expect(`[48,1,{},"wamp.registration.count_callees",[100]]`)
	router.send(`[50,1,{},[5]]`) // three of others
	asker.expect(`[50,1,{},[5]]`)

	// A session that is lost comes back by itself.
	second.conn.Abort(errStopped)
	second = w.share(1)
	if status, why := w.ready(); status != 200 {
		t.Errorf("readiness is %d %q", status, why)
	}
	b.send(`[6,{},"wamp.close.close_realm"]`)
	second.expect(`[66,2,100]`)
	second.send(`[67,2]`)
	second.expectPrefix(`[6,`) // nothing is left for it to do
	second.send(`[6,{},"wamp.close.goodbye_and_out"]`)
	second.expectEnd()
	a.send(`[6,{},"wamp.close.close_realm"]`)
	pool.expect(`[66,2,100]`)
	pool.send(`[67,2]`)
	w.waitFor("nothing is left", func(r *realm) bool { return len(r.uplinks) == 0 && len(r.links) == 1 })
}

func TestMostSharesOfAPool(t *testing.T) {
	w, pool, callee, _ := weighingWorld(t, "slots_per_share = 1", 100)
	links := []*peer{pool}
	for range maxShares - 1 {
		links = append(links, w.welcomePool())
	}
	for _, link := range links[1:] {
		link.expect(`[64,1,{"invoke":"roundrobin"},"com.example.p"]`)
		link.send(`[65,1,100]`)
	}
	w.waitFor("all are held", func(r *realm) bool { return r.uplinks["exact com.example.p"].heldBeside() == maxShares-1 })
	callee.conn.Abort(errStopped)
	for _, link := range links {
		link.expect(`[66,2,100]`)
		link.send(`[67,2]`)
	}
	w.waitFor("nothing is left", func(r *realm) bool { return len(r.uplinks) == 0 })
}

// A sidecar without callees draws no more than it must while it lingers.
func TestLingeringPoolHasOneShare(t *testing.T) {
	w, _, callee, _ := weighingWorld(t, "linger = \"1m\"\nslots_per_share = 1", 2)
	second := w.share(1)
	callee.conn.Abort(errStopped)
	second.expect(`[66,2,100]`)
	second.send(`[67,2]`)
	w.waitFor("one is left", func(r *realm) bool {
		up := r.uplinks["exact com.example.p"]
		return len(up.more) == 0 && up.state == held
	})
}

func TestShares(t *testing.T) {
	for _, x := range []struct{ slots, perShare, want int }{
		{1, 4, 1}, {4, 4, 1}, {5, 4, 1}, {6, 4, 2}, {8, 4, 2}, {9, 4, 2}, {63, 4, 16}, {1000, 4, 16}, {3, 1, 3}, {2, 100, 1}, {math.MaxInt, 3, 16}, {math.MaxInt, math.MaxInt, 1},
	} {
		t.Run(fmt.Sprint(x), func(t *testing.T) {
			if got := sharesOf(x.slots, 0, x.perShare); got != x.want {
				t.Errorf("%d slots by %d are %d shares, want %d", x.slots, x.perShare, got, x.want)
			}
		})
	}
	if got := sharesOf(4, 2, 4); got != 3 { // each callee without a limit is one
		t.Errorf("with two callees without a limit: %d shares, want 3", got)
	}
}

// A share whose REGISTERED comes when it is no longer one is given back.
func TestLateRegisteredOfAShareThatIsGone(t *testing.T) {
	w := makeWorld(t)
	w.prepare = func(p *Proxy) {
		p.weightPause, p.answerPatience, p.renewalPause = 100*time.Millisecond, 200*time.Millisecond, time.Hour
	}
	w.start(worldOptions{realm: `pool "com.example.p" {
		policy          = "roundrobin"
		upstream        = "roundrobin"
		slots_per_share = 1
	}`})
	pool := w.welcomePool()
	a, routerA := w.join("backend", "")
	a.send(`[64,1,{"concurrency":1},"com.example.p"]`)
	pool.expect(`[64,1,{"invoke":"roundrobin"},"com.example.p"]`)
	pool.send(`[65,1,100]`)
	w.admit(a, routerA)
	b, routerB := w.join("backend", "")
	b.send(`[64,1,{"concurrency":1},"com.example.p"]`)
	w.admit(b, routerB)
	second := w.welcomePool()
	second.expect(`[64,1,{"invoke":"roundrobin"},"com.example.p"]`)
	b.conn.Abort(errStopped)
	w.waitFor("it is one share again", func(r *realm) bool {
		up := r.uplinks["exact com.example.p"]
		return up.weighedAt > 0 && len(up.more) == 0
	})
	second.send(`[65,1,100]`)
	for message := second.next(); !strings.HasSuffix(message, `,100]`); message = second.next() {
		if !strings.HasPrefix(message, `[64,`) { // asked again before b was gone
			t.Fatalf("got %s", message)
		}
	}
}
