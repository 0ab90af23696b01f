package main

import (
	"math/rand/v2"
	"time"
)

// wire carries messages between sidecars: each takes the delay of one way and some
// jitter, and on one connection none overtakes another.
type wire struct {
	clock  *clock
	random *rand.Rand
	oneWay time.Duration
	last   map[direction]time.Duration // when the last message arrives
	cut    map[link]bool
	era    map[link]int // how often the link was lost: what was on its way then never comes
	sent   [kinds]int
}

// link is what there is between two sidecars.
type link struct{ a, b int }

func between(a, b *sidecar) link { return link{min(a.n, b.n), max(a.n, b.n)} }

// direction is one of a connection's. Each sidecar has dialed the other.
type direction struct{ from, to, dialer int }

// kind is one of the messages between sidecars.
type kind uint8

const (
	saysLoad kind = iota
	saysMatch
	invocation
	answer
	full
	kinds
)

// jitter is how much longer a message takes on average, of the delay.
const jitter = 0.2

// send has a message arrive, unless the link is lost before. A listener speaks of
// loads, matches and calls to who has dialed it, and is answered.
func (w *wire) send(what kind, from, to *sidecar, arrives func()) {
	on := between(from, to)
	if w.cut[on] {
		return
	}
	w.sent[what]++
	way := direction{from.n, to.n, to.n}
	if what == answer || what == full {
		way.dialer = from.n
	}
	at := w.clock.now + w.oneWay + time.Duration(jitter*w.random.ExpFloat64()*float64(w.oneWay))
	at = max(at, w.last[way])
	w.last[way] = at
	era := w.era[on]
	w.clock.at(at, func() {
		if to.alive && w.era[on] == era {
			arrives()
		}
	})
}

// lose has nothing arrive that is on its way between two.
func (w *wire) lose(on link) { w.era[on]++ }

// messages returns how many were sent.
func (w *wire) messages() (n int) {
	for _, sent := range w.sent {
		n += sent
	}
	return n
}
