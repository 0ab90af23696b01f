package match

import (
	"container/heap"
	"slices"
)

// line holds claims, the one that comes first in front.
type line struct {
	claims []*claim
	before func(a, b *claim) bool
}

// first returns the one in front, nil if there is none.
func (l *line) first() *claim {
	if len(l.claims) == 0 {
		return nil
	}
	return l.claims[0]
}

// settle puts a claim where it belongs: among those who have calls that no match is
// for, those who have such slots, or nowhere.
func (c *claim) settle() {
	to := (*line)(nil)
	switch {
	case c.waiting() > 0:
		to = &c.pool.takers
	case c.free() > 0:
		to = &c.pool.suppliers
	}
	if c.in == to {
		if to != nil {
			heap.Fix(to, c.place)
		}
		return
	}
	if c.in != nil {
		heap.Remove(c.in, c.place)
	}
	if c.in = to; to != nil {
		heap.Push(to, c)
	}
}

// waitsLonger orders takers.
func waitsLonger(a, b *claim) bool {
	if x, y := a.since(), b.since(); x != y {
		return x < y
	}
	return slices.Compare(a.node.id[:], b.node.id[:]) < 0
}

// hasMore orders suppliers. Those come last whom matches are on their way to: what
// is known of them will not be true, and where one can't be reached, or
// tells what is not so, others have their turn.
func hasMore(a, b *claim) bool {
	if x, y := a.way.n > 0, b.way.n > 0; x != y {
		return y
	}
	if x, y := a.free(), b.free(); x != y {
		return x > y
	}
	if a.turn != b.turn {
		return a.turn < b.turn
	}
	return slices.Compare(a.node.id[:], b.node.id[:]) < 0
}

// Len, Less, Swap, Push and Pop are container/heap's.
func (l *line) Len() int { return len(l.claims) }

func (l *line) Less(i, j int) bool { return l.before(l.claims[i], l.claims[j]) }

func (l *line) Swap(i, j int) {
	l.claims[i], l.claims[j] = l.claims[j], l.claims[i]
	l.claims[i].place, l.claims[j].place = i, j
}

func (l *line) Push(x any) {
	c := x.(*claim) //nolint:forcetypeassert // nothing else is pushed
	c.place = len(l.claims)
	l.claims = append(l.claims, c)
}

func (l *line) Pop() any {
	last := len(l.claims) - 1
	c := l.claims[last]
	l.claims[last] = nil
	l.claims = l.claims[:last]
	return c
}
