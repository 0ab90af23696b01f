package dealer_test

import (
	"fmt"
	"time"
)

// playPeer fills in the event of a line about peers. It is false if it was played.
func (s *scenario) playPeer(e *event, verb string, args []string) bool {
	if verb == "follow" {
		e.kind, e.on = followLoads, !s.has(args, "off")
		return true
	}
	e.callee = named(s, s.callees, args[0])
	switch {
	case verb == "away":
		oneWay, err := time.ParseDuration(args[1])
		if err != nil {
			s.fail("%v", err)
		}
		e.kind, e.oneWay = setDelay, oneWay
	case verb == "withdraw" && len(args) == 1:
		s.d.WithdrawAll(e.callee)
		return false
	case verb == "withdraw":
		e.kind, e.pool = withdraw, named(s, s.pools, args[1])
	default:
		var err error
		if _, err = fmt.Sscan(args[2], &e.limit); err != nil {
			s.fail("%v", err)
		}
		e.kind, e.pool = offer, named(s, s.pools, args[1])
	}
	return true
}

// loads tells the loads that have changed.
func (s *scenario) loads() {
	changed := s.d.Changed()
	if len(changed) == 0 {
		s.print("none")
	}
	for _, id := range changed {
		l := s.d.LoadOf(s.now, id)
		s.print("%s: %d free, %d waiting for %s", s.pools.name[id], l.Free, l.Waiting, l.Oldest)
	}
}
