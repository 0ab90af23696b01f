package match

import (
	"math"
	"time"
)

// pair matches the calls of a pool that wait with the slots that are free: the
// oldest first and one at a time, since the next one may have waited for longer
// elsewhere.
func (m *Matchmaker) pair(p *pool) {
	for {
		taker, supplier := p.takers.first(), p.suppliers.first()
		if taker == nil || supplier == nil || len(m.flying) >= maxFlying {
			return
		}
		m.tell(taker, supplier)
		until := later(m.now, m.limits.Flight)
		if supplier.way.add(until) {
			m.flying = append(m.flying, flight{supplier, until})
		}
		taker.given++
		taker.gaveAt = m.now
		m.turn++
		supplier.turn = m.turn
		taker.settle()
		supplier.settle()
	}
}

// tell adds a call to what is to be told: to the last match, if it is between the
// same two.
func (m *Matchmaker) tell(taker, supplier *claim) {
	m.tally.Calls++
	if n := len(m.out); n > 0 {
		last := &m.out[n-1]
		if last.Taker == taker.node.id && last.Supplier == supplier.node.id && last.Pool == taker.pool.key {
			last.N++
			return
		}
	}
	m.tally.Matches++
	m.out = append(m.out, Match{Pool: taker.pool.key, Taker: taker.node.id, Supplier: supplier.node.id, N: 1})
}

// maxFlying bounds the matches that are remembered. A node which says other loads
// over and over gets no more of them until the first are forgotten.
const maxFlying = 1 << 17

// flight is a claim of which something is on its way until then.
type flight struct {
	of    *claim
	until Time
}

// way are the matches on their way to a claim, in the order in which they began: its
// calls get slots elsewhere, or its slots get calls.
type way struct {
	legs []leg
	n    int
}

// leg is what began at the same time.
type leg struct {
	until Time
	n     int
}

// add notes one that is on its way. It tells whether it is the first with that end.
func (w *way) add(until Time) bool {
	w.n++
	if last := len(w.legs) - 1; last >= 0 && w.legs[last].until == until {
		w.legs[last].n++
		return false
	}
	w.legs = append(w.legs, leg{until, 1})
	return true
}

// arrive takes off the n that have been on their way for longest.
func (w *way) arrive(n int) {
	over := 0
	for ; over < len(w.legs) && n > 0; over++ {
		most := min(n, w.legs[over].n)
		n -= most
		w.n -= most
		if w.legs[over].n -= most; w.legs[over].n > 0 {
			break
		}
	}
	w.legs = w.legs[:copy(w.legs, w.legs[over:])]
}

// land takes off those whose time is over.
func (w *way) land(now Time) {
	n := 0
	for _, l := range w.legs {
		if l.until > now {
			break
		}
		n += l.n
	}
	w.arrive(n)
}

// land ends what has been on its way for too long: the match or the call was lost,
// or the loads said since did not tell of it. What it was for is there again.
func (m *Matchmaker) land() {
	n := 0
	for n < len(m.flying) && m.flying[n].until <= m.now {
		c := m.flying[n].of
		c.way.land(m.now)
		c.settle()
		n++
	}
	landed := m.flying[:n]
	m.flying = m.flying[n:]
	for _, f := range landed {
		m.pair(f.of.pool)
	}
}

// later returns the time that lies that long after t: the last one, where none does.
func later(t Time, wait time.Duration) Time {
	if wait > math.MaxInt64-t {
		return math.MaxInt64
	}
	return t + wait
}
