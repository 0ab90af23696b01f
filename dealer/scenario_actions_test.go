package dealer_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wampool/wampool/dealer"
)

// tell writes what came out of an event: "callee/ID" is an invocation as the
// callee knows it, "origin/request" a call as its origin knows it.
func (s *scenario) tell(e event, out outcome) {
	switch e.kind {
	case openPool, addCallee, addOrigin, removeOrigin, drain, pausePool, withdraw, followLoads:
		return
	case ownInvocation:
		if !out.found {
			s.print("nothing")
			return
		}
		s.print("invoke %s/%d for its router's %d", s.callees.name[e.callee], out.id, e.request)
		return
	}
	if out.err != nil {
		s.print("refused: %v", out.err)
		return
	}
	if e.kind == leave && !out.found {
		s.print("no such registration")
		return
	}
	if len(out.actions) == 0 {
		s.print("nothing")
	}
	for _, a := range out.actions {
		s.print("%s", s.action(a))
	}
}

func (s *scenario) action(a dealer.Action) string {
	callee := fmt.Sprintf("%s/%d", s.callees.name[a.Callee], a.ID)
	request := fmt.Sprintf("%s/%d", s.origins.name[a.Origin], a.Request)
	switch a.Kind {
	case dealer.Invoke:
		call := fmt.Sprintf("%s %d", s.origins.name[a.Origin], a.Request)
		text := strings.TrimSuffix(strings.TrimPrefix(string(appendMessage(nil, a.Body)), `[68,1,1,{},[`), `]]`)
		line := fmt.Sprintf("invoke %s for %s", callee, request)
		if text != strconv.Quote(call) {
			line += " " + text
		}
		if a.Peer {
			line += " by credit"
		} else if s.joined[s.callees.name[a.Callee]+" "+s.pools.name[a.Pool]] != a.Registration {
			line += fmt.Sprintf(" (registration %d)", a.Registration)
		}
		if a.StripProgress && s.results[call] {
			line += " without receive_progress"
		}
		if a.Rest > 0 {
			line += fmt.Sprintf(" within %s", a.Rest)
		}
		return line
	case dealer.Interrupt:
		return fmt.Sprintf("interrupt %s %s", callee, modeName(a.Mode))
	case dealer.Forward:
		return fmt.Sprintf("forward %s to %s%s", callee, request, moreFollow(a))
	case dealer.ForwardOwn:
		return fmt.Sprintf("forward %s to its router as %d%s", callee, a.Request, moreFollow(a))
	case dealer.Discard:
		return "discard " + callee
	case dealer.Violate:
		return "violation " + callee
	case dealer.Refuse:
		return fmt.Sprintf("refuse %s %s limit=%d queued=%d waited=%s",
			request, a.Refusal.Reason, a.Refusal.Limit, a.Refusal.Queued, a.Refusal.Waited) + paused(a.Refusal.Paused)
	case dealer.Revoke:
		return fmt.Sprintf("revoke %s in %s", s.callees.name[a.Callee], s.pools.name[a.Pool])
	case dealer.Release:
		return "release " + s.pools.name[a.Pool]
	}
	return fmt.Sprintf("unknown action %d", a.Kind)
}

func paused(is bool) string {
	if is {
		return " paused"
	}
	return ""
}

func moreFollow(a dealer.Action) string {
	if a.Final {
		return ""
	}
	return ", more follow"
}

// state writes all pools, and the time of the next tick.
func (s *scenario) state() {
	for _, p := range s.d.Pools() {
		open := ""
		if !p.Open {
			open = " closed"
		}
		if p.Lingers {
			open = " lingering"
		}
		s.print("%s: %s%s calls=%d waiting=%d/%d", p.Key, p.Policy, open+paused(p.Paused), p.Calls, p.Waiting, p.Limit)
		for _, c := range p.Callees {
			limit := "no limit"
			if c.Limit > 0 {
				limit = fmt.Sprint(c.Limit)
			}
			if c.Draining {
				limit += ", draining"
			}
			s.print("  %s: %d in flight, %s", s.callees.name[c.Callee], c.InFlight, limit)
		}
		for _, c := range p.Peers {
			s.print("  %s: %d in flight, %d credits", s.callees.name[c.Peer], c.InFlight, c.Credits)
		}
		if p.Away > 0 {
			s.print("  %d away", p.Away)
		}
	}
	if at, any := s.d.Deadline(); any {
		s.print("next tick: %s", at)
	}
	waiting, running := s.d.Load()
	s.print("load: %d waiting, %d running", waiting, running)
}
