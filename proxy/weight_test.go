package proxy

import (
	"fmt"
	"math"
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
