package match_test

import (
	"cmp"
	"slices"
	"time"

	"github.com/wampool/wampool/dealer/match"
)

// model is a matchmaker that is slow and obvious: it looks at all there is, each time.
type model struct {
	limits  match.Limits
	now     time.Duration
	claims  []*modelClaim
	flights []*modelFlight
	turn    int
	out     []match.Match
}

type modelClaim struct {
	node    match.Node
	pool    match.Pool
	seq     uint64
	free    int
	waiting int
	oldest  time.Duration
	matched uint64 // as its last load tells
	given   uint64
	gaveAt  time.Duration
	at      time.Duration
	turn    int
}

// modelFlight is one call that is on its way to a supplier.
type modelFlight struct {
	to    *modelClaim
	until time.Duration
}

func (m *model) booked(c *modelClaim) (n int) {
	for _, f := range m.flights {
		if f.to == c {
			n++
		}
	}
	return n
}

func (m *model) room(c *modelClaim) int { return c.free - m.booked(c) }

func (m *model) wanting(c *modelClaim) int { return max(c.waiting-int(c.given-c.matched), 0) }

// since returns when the oldest of the calls came that nothing is on its way for.
func (m *model) since(c *modelClaim) time.Duration {
	return c.at - time.Duration(m.wanting(c))*(c.oldest/time.Duration(c.waiting))
}

func (m *model) begin(now time.Duration) {
	m.now, m.out = max(m.now, now), nil
	m.drop(func(c *modelClaim) bool { return m.now-c.at >= m.limits.Stale })
	var landed []match.Pool
	m.flights = slices.DeleteFunc(m.flights, func(f *modelFlight) bool {
		if f.until <= m.now {
			landed = append(landed, f.to.pool)
		}
		return f.until <= m.now
	})
	for _, of := range landed {
		m.pair(of)
	}
}

func (m *model) drop(gone func(*modelClaim) bool) {
	m.flights = slices.DeleteFunc(m.flights, func(f *modelFlight) bool { return gone(f.to) })
	m.claims = slices.DeleteFunc(m.claims, gone)
}

func (m *model) tick(now time.Duration) []match.Match {
	m.begin(now)
	return m.out
}

func (m *model) lose(node match.Node) {
	m.drop(func(c *modelClaim) bool { return c.node == node })
}

func (m *model) report(now time.Duration, from match.Node, of match.Pool, l match.Load) []match.Match {
	m.begin(now)
	var c *modelClaim
	nodes := make(map[match.Node]bool)
	for _, other := range m.claims {
		nodes[other.node] = true
		if other.node == from && other.pool == of {
			c = other
		}
	}
	if c == nil {
		if len(m.claims) >= m.limits.Claims || !nodes[from] && len(nodes) >= m.limits.Nodes || len(of.Match)+len(of.URI) > 1024 {
			return nil
		}
		c = &modelClaim{node: from, pool: of, at: m.now}
		m.claims = append(m.claims, c)
	}
	if l.Seq <= c.seq {
		return m.out
	}
	m.take(c, l)
	m.pair(of)
	return m.out
}

// take takes a load for true, as far as it can be.
func (m *model) take(c *modelClaim, l match.Load) {
	free, waiting, oldest := min(max(l.Free, 0), match.MaxClaim), min(max(l.Waiting, 0), match.MaxClaim), min(max(l.Oldest, 0), match.MaxOldest)
	l.Matched = min(l.Matched, 1<<60)
	if waiting > 0 {
		free = 0
	} else {
		oldest = 0
	}
	for come := c.free - free; come > 0; come-- { // those that have been on their way for longest have come
		if first := slices.IndexFunc(m.flights, func(f *modelFlight) bool { return f.to == c }); first >= 0 {
			m.flights = slices.Delete(m.flights, first, first+1)
		}
	}
	if c.seq == 0 || l.Matched < c.matched || m.now-c.gaveAt >= m.limits.Flight {
		c.given = l.Matched
	}
	c.seq, c.free, c.waiting, c.oldest, c.matched, c.at = l.Seq, free, waiting, oldest, min(l.Matched, c.given), m.now
}

func (m *model) pair(of match.Pool) {
	for {
		var takers, suppliers []*modelClaim
		for _, c := range m.claims {
			if c.pool == of && m.wanting(c) > 0 {
				takers = append(takers, c)
			} else if c.pool == of && m.room(c) > 0 {
				suppliers = append(suppliers, c)
			}
		}
		if len(takers) == 0 || len(suppliers) == 0 {
			return
		}
		byID := func(a, b *modelClaim) int { return slices.Compare(a.node[:], b.node[:]) }
		taker := slices.MinFunc(takers, func(a, b *modelClaim) int { return cmp.Or(cmp.Compare(m.since(a), m.since(b)), byID(a, b)) })
		supplier := slices.MinFunc(suppliers, func(a, b *modelClaim) int {
			return cmp.Or(cmp.Compare(min(m.booked(a), 1), min(m.booked(b), 1)), cmp.Compare(m.room(b), m.room(a)), cmp.Compare(a.turn, b.turn), byID(a, b))
		})
		m.match(taker, supplier)
	}
}

func (m *model) match(taker, supplier *modelClaim) {
	m.turn++
	supplier.turn = m.turn
	m.flights = append(m.flights, &modelFlight{supplier, m.now + m.limits.Flight})
	taker.given++
	taker.gaveAt = m.now
	if last := len(m.out) - 1; last >= 0 && m.out[last].Taker == taker.node && m.out[last].Supplier == supplier.node && m.out[last].Pool == taker.pool {
		m.out[last].N++
		return
	}
	m.out = append(m.out, match.Match{Pool: taker.pool, Taker: taker.node, Supplier: supplier.node, N: 1})
}
