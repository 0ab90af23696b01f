package main

import (
	"math"
	"time"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/match"
)

// flush says the pool's load to its matchmaker if it is due, as a sidecar does when it
// has handled all that one read brought.
func (s *sidecar) flush() {
	if s.world.cluster && len(s.dealer.Changed()) > 0 {
		s.tell()
	}
}

// tell does so whether the dealer tells of a change or not.
func (s *sidecar) tell() {
	if s.maker == nil {
		return
	}
	load := s.dealer.LoadOf(s.now(), s.pool)
	if s.lies {
		load = dealer.Load{Free: math.MaxInt}
		s.said.Owe()
	}
	if !s.said.Due(s.now(), load.Free, load.Waiting) {
		return
	}
	s.seq++
	say := match.Load{Seq: s.seq, Free: load.Free, Waiting: load.Waiting, Oldest: load.Oldest, Matched: s.said.Tell(s.now(), load.Free, load.Waiting), Landed: s.said.Landed()}
	maker := s.maker
	if maker == s {
		s.hear(s, say)
		return
	}
	s.world.send(saysLoad, s, maker, func() { maker.hear(s, say) })
}

// hear takes a load that this one is to make matches of.
func (s *sidecar) hear(from *sidecar, load match.Load) {
	if !s.mute {
		s.match(s.makes.Report(s.now(), from.id, place, load))
	}
}

// match tells takers what was found for them.
func (s *sidecar) match(matches []match.Match) {
	for _, m := range matches {
		taker, supplier := s.world.byID[m.Taker], s.world.byID[m.Supplier]
		told := func() { taker.offer(supplier, m.N) }
		if taker == s {
			s.world.clock.at(s.now(), told) // after what it is doing now
		} else {
			s.world.send(saysMatch, s, taker, told)
		}
	}
	s.wake()
}

// wake has the matchmaker look at the time when it has to.
func (s *sidecar) wake() {
	at, found := s.makes.Deadline()
	if !found || s.wakes != 0 && s.wakes <= at {
		return
	}
	s.wakes = at
	s.world.clock.at(at, func() {
		if s.wakes != at || !s.alive {
			return
		}
		if s.wakes = 0; s.mute {
			return
		}
		s.match(s.makes.Tick(s.now()))
	})
}

// choose finds out who the matchmaker is, of those whom this one sees. To another one
// all is said anew.
func (s *sidecar) choose() {
	var nodes []match.Node
	for _, other := range s.world.sidecars {
		if s.sees(other) {
			nodes = append(nodes, other.id)
		}
	}
	first, _ := match.First(place, nodes)
	if maker := s.world.byID[first]; maker != s.maker {
		s.maker = maker
		s.said.Begin()
		s.tell()
	}
}

// sees tells whether this one takes another one for linked.
func (s *sidecar) sees(other *sidecar) bool {
	w := s.world
	return other.alive && !other.hung && s.side == other.side && !w.cut[between(s, other)]
}

// repeat has everybody say now and then what has to be said again.
func (w *world) repeat() {
	for _, s := range w.sidecars {
		if s.alive {
			s.tell()
		}
	}
	if w.clock.now < w.lasts {
		w.clock.at(w.clock.now+time.Second, w.repeat)
	}
}
