package proxy

import (
	"slices"
	"testing"
	"time"

	"github.com/wampool/wampool/dealer/admission"
)

// weighingWorld has a pool with a shared policy, and a callee of four slots in it.
func weighingWorld(t *testing.T, rules string, slots int) (w *world, pool, callee *peer, registration uint64) {
	w = makeWorld(t)
	w.tune = func(c *admission.Config) { c.WeightPause, c.LinkIdle = 100*time.Millisecond, 20*time.Millisecond }
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

// maxShares is how many registrations a pool has at most.
const maxShares = 16

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
	w.waitFor("all are held", func(r *realm) bool {
		state, _ := r.registrar.Pool("exact com.example.p")
		return len(state.Claims) == maxShares && !slices.ContainsFunc(state.Claims, func(c admission.ClaimState) bool { return !c.IsHeld })
	})
	callee.conn.Abort(errStopped)
	for _, link := range links {
		link.expect(`[66,2,100]`)
		link.send(`[67,2]`)
	}
	w.waitFor("nothing is left", func(r *realm) bool { return len(r.pools) == 0 })
}
