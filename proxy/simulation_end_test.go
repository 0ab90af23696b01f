package proxy_test

import (
	"fmt"
	"maps"
	"slices"
)

// end lets everything come to its end, and looks whether it does.
func (s *simulation) end() {
	s.ending = true
	for _, c := range s.stalled() {
		c.resume()
	}
	s.router.resume()
	s.router.comesBack()
	for _, procedure := range slices.Sorted(maps.Keys(s.steering.paused)) {
		s.unpause(procedure)
	}
	for _, c := range s.clients { // whose connection has yet to break
		if a := s.find(c.name); c.gone && !a.isOver() {
			s.act("%s ▶ lost", c.name)
		}
	}
	drained := s.IntN(4) == 0
	if drained {
		s.act("drain")
		if s.IntN(3) == 0 {
			s.act("stop")
		}
	}
	for round := 0; s.unsettled() != ""; round++ {
		if round == 40 {
			s.found(comesToRest, "%s", s.unsettled())
		}
		s.router.flush()
		for _, c := range s.live() {
			c.answerAll()
		}
		s.act("after 3s")
	}
	s.checkLedger()
	if !drained {
		s.rest()
		s.checkRegistrations()
		s.checkRest()
		s.act("drain")
	}
	for range 4 {
		s.router.flush()
		s.act("after 5s")
	}
	if !s.ended {
		s.found(comesToRest, "the sidecar does not stop")
	}
	s.checkEnd()
}

// rest lets time pass until nothing is left to be done.
func (s *simulation) rest() {
	rounds := 3          // for a pool session that comes back: WELCOME, then REGISTERED
	if s.world.forgets { // a session is begun anew once a minute at most
		rounds = 20
	}
	for range rounds {
		s.act("after 10s") // longer than any pool lingers
		s.router.flush()
		for _, c := range s.live() { // what was under way to it
			c.answerAll()
		}
	}
}

// isDraining tells whether the sidecar is to stop.
func (s *simulation) isDraining() bool { return slices.Contains(s.lines, "drain") }

// unsettled says what has no end yet.
func (s *simulation) unsettled() string {
	if len(s.router.says) > 0 {
		return "the router has something to say"
	}
	for _, c := range s.live() {
		for request, what := range c.pending {
			return fmt.Sprintf("%s has no answer to %s %s", c.name, what, request)
		}
		if len(c.open) > 0 {
			return c.name + " has calls to answer"
		}
	}
	for token, call := range s.calls {
		if call.isOpen() {
			return "no answer to the call of " + token
		}
	}
	if len(s.pools()) == 0 && !s.isDraining() {
		return "the pool session is down"
	}
	return ""
}
