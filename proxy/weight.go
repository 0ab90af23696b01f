package proxy

import (
	"iter"
	"slices"
	"time"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// A pool with a shared upstream policy is one of several that the router deals
// calls to, and it deals them by registrations. So such a pool has one for each
// slots_per_share slots of its callees here, each on a link of its own: a
// sidecar with more room gets more, and a burst is spread over as many of the
// router's queues for a session.

const (
	maxShares   = 16
	weightPause = 10 * time.Second // between two changes of a pool's weight
)

// legs are all registrations of the pool, the first one first.
func (up *uplink) legs() iter.Seq[*leg] {
	return func(yield func(*leg) bool) {
		if !yield(&up.leg) {
			return
		}
		for _, g := range up.more {
			if !yield(g) {
				return
			}
		}
	}
}

// legOn returns the leg of the pool on a link, nil if there is none.
func (up *uplink) legOn(l *link) *leg {
	for g := range up.legs() {
		if g.link == l {
			return g
		}
	}
	return nil
}

// isShared tells whether the pool's registration is one of several at the router.
func (up *uplink) isShared() bool { return up.policy != "single" }

// shares is how many registrations a pool deserves: a callee without a limit
// counts as one share.
func (r *realm) shares(up *uplink) int {
	slots, unlimited := r.dealer.Slots(up.pool)
	return sharesOf(slots, unlimited, up.slotsPerShare)
}

func sharesOf(slots, unlimited, perShare int) int {
	full := min(slots/perShare, maxShares)
	if slots%perShare >= perShare-perShare/2 { // to the nearest
		full++
	}
	return min(max(1, full+min(unlimited, maxShares)), maxShares)
}

// weighEvery is how often pools are looked at.
func (r *realm) weighEvery() time.Duration { return r.proxy.weightPause / 10 }

// weigh looks at all shared pools. A pool that has lost all its callees, and
// lingers, keeps one registration.
func (r *realm) weigh(out *transport.Outbox, now dealer.Time) {
	for _, up := range r.uplinks {
		if !up.isShared() || !up.wanted {
			continue
		}
		r.checkAt(now + r.weighEvery())
		if up.state != held || r.uplinkOf(up.pool) != up {
			continue
		}
		deserved := r.shares(up)
		if deserved == up.weight() || up.weighedAt != 0 && now < up.weighedAt+r.proxy.weightPause && r.dealer.Members(up.pool) > 0 {
			continue
		}
		up.weighedAt = now
		r.resize(out, up, deserved)
		r.log.Info().Str("procedure", up.procedure).Int("registrations", deserved).Msg("pool weighed by its slots")
	}
}

// resize gives a pool so many registrations, from now on.
func (r *realm) resize(out *transport.Outbox, up *uplink, shares int) {
	for index := 1; index < shares; index++ {
		l := r.linkFor(up.link.speaks, index)
		g := up.legOn(l)
		if g == nil {
			g = &leg{up: up}
			up.more = append(up.more, g)
			g.moveTo(r, l)
		}
		g.wanted = true
		r.settleLeg(out, g)
	}
	r.dropLegs(out, up, func(g *leg) bool { return g.link.index >= shares || g.link.speaks != up.link.speaks })
}

// dropLegs gives further registrations up. A leg is gone once the router has
// answered.
func (r *realm) dropLegs(out *transport.Outbox, up *uplink, which func(*leg) bool) {
	up.more = slices.DeleteFunc(up.more, func(g *leg) bool {
		if !which(g) {
			return false
		}
		if g.wanted = false; g.state == absent {
			g.moveTo(r, nil)
			return true
		}
		r.settleLeg(out, g)
		return false
	})
}

// weight is how many registrations a pool has, or is to have.
func (up *uplink) weight() int {
	n := 1
	for _, g := range up.more {
		if g.wanted {
			n++
		}
	}
	return n
}

// leaveLeg goes on with a leg whose registration is not wanted, or has ended.
func (r *realm) leaveLeg(out *transport.Outbox, g *leg) {
	up := g.up
	switch {
	case g.isFirst():
		r.leaveUplink(out, up)
	case g.wanted || g.state != absent:
		r.settleLeg(out, g)
	default:
		g.moveTo(r, nil)
		up.more = slices.DeleteFunc(up.more, func(other *leg) bool { return other == g })
		if !up.wanted {
			r.leaveUplink(out, up)
		}
	}
}

// heldBeside is how many registrations the router holds beside the first one.
func (up *uplink) heldBeside() (n uint64) {
	for _, g := range up.more {
		if g.state == held {
			n++
		}
	}
	return n
}
