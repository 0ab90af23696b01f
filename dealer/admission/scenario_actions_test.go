package admission_test

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wampool/wampool/dealer/admission"
)

// tell writes what came out of an event, and checks that the books agree.
func (s *scenario) tell(actions []admission.Action) {
	if len(actions) == 0 {
		s.print("nothing")
	}
	for i := range actions {
		a := &actions[i]
		if a.Pending != 0 {
			s.pendings[fmt.Sprintf("%s %d", s.names[a.Session], a.Request)] = a.Pending
		}
		s.print("%s", s.action(a))
	}
	s.r.Done()
	if err := s.r.Audit(); err != nil {
		s.fail("the books disagree: %v", err)
	}
}

func (s *scenario) action(a *admission.Action) string {
	if text, known := s.atRouter(a); known {
		return text
	}
	who := s.names[a.Session]
	switch a.Kind {
	case admission.Join:
		s.given = append(s.given, a.Registration)
		text := fmt.Sprintf("%s: REGISTERED %d #%d in %s, %s", who, a.Request, len(s.given), a.Pool, a.Policy)
		if a.Limit > 0 {
			text += fmt.Sprintf(" limit=%d", a.Limit)
		}
		return text + named(a.Force, " force") + named(a.Discloses, " disclose")
	case admission.Deny:
		return fmt.Sprintf("%s: ERROR %d %s", who, a.Request, denial(a.Denial))
	case admission.Leave:
		return fmt.Sprintf("%s: UNREGISTERED %d #%d of %s", who, a.Request, slices.Index(s.given, a.Registration)+1, a.Pool)
	case admission.Unknown:
		return fmt.Sprintf("%s: ERROR %d no such registration", who, a.Request)
	case admission.Depart:
		return who + " departs"
	case admission.Fail:
		return who + " fails"
	case admission.Keep:
		return fmt.Sprintf("%s keeps %d and %d bytes", who, a.Waiting, a.Lasting)
	case admission.OpenPool:
		return fmt.Sprintf("open %s %s", a.Pool, a.Config.Policy)
	case admission.Reform:
		return fmt.Sprintf("reform %s %s concurrency=%d linger=%s", a.Pool, a.Config.Policy, a.Config.Concurrency, a.Config.Linger)
	case admission.Expel:
		return fmt.Sprintf("%s: UNREGISTERED 0 #%d of %s", who, slices.Index(s.given, a.Registration)+1, a.Pool)
	case admission.ClosePool:
		return "close " + a.Pool
	case admission.RevokePool:
		return "revoke " + a.Pool
	case admission.ForgetPool:
		return "forget " + a.Pool
	case admission.Live:
		return fmt.Sprintf("%s is live: %t", a.Pool, a.Holds)
	case admission.Weigh:
		return fmt.Sprintf("%s is to have %d registrations", a.Pool, a.Shares)
	}
	return fmt.Sprintf("unknown action %d", a.Kind)
}

// atRouter is what goes to the router: on a client's own session ("a ▶"), or on a
// pool session ("link 0 ▶").
func (s *scenario) atRouter(a *admission.Action) (text string, known bool) {
	who, link := s.names[a.Session]+" ▶ ", fmt.Sprintf("link %d ▶ ", a.Link)
	switch a.Kind {
	case admission.Pass:
		return who + string(a.Message.Raw) + named(a.Register != nil, ", not admitted"), true
	case admission.PassLate:
		return who + string(a.Message.Raw) + ", not admitted" + named(!a.First, ", inserted"), true
	case admission.Swallow:
		return who + fmt.Sprintf("nothing for request %d", a.Request), true
	case admission.Probe:
		return who + fmt.Sprintf("REGISTER %d %s, probe", a.Request, a.Register.Procedure) + named(!a.First, ", inserted"), true
	case admission.Undo:
		return who + fmt.Sprintf("UNREGISTER %d, inserted", a.Registration), true
	case admission.Renumber:
		return who + "an ID may be inserted", true
	case admission.Ask:
		return link + fmt.Sprintf("REGISTER %d %s", a.Request, a.Pool) + named(a.Discloses, ", disclose_caller"), true
	case admission.GiveBack:
		return link + fmt.Sprintf("UNREGISTER %d %d", a.Request, a.Registration) + named(a.Pool == "", ", nobody's"), true
	case admission.Held:
		return fmt.Sprintf("link %d has %d for %s", a.Link, a.Registration, a.Pool) + named(a.Main, ", which counts as registered"), true
	case admission.Ended:
		return fmt.Sprintf("link %d has %d no more", a.Link, a.Registration), true
	case admission.Refused:
		return fmt.Sprintf("link %d is refused %s", a.Link, a.Pool), true
	case admission.Retry:
		return fmt.Sprintf("link %d asks for %s again in %s", a.Link, a.Pool, a.Wait), true
	case admission.OpenLink:
		return fmt.Sprintf("open link %d for %s, %d", a.Link, a.Serializer, a.Index), true
	case admission.Idle, admission.CloseLink, admission.Renew:
		return fmt.Sprintf("link %d %s", a.Link, map[admission.ActionKind]string{
			admission.Idle: "is idle", admission.CloseLink: "is closed", admission.Renew: "is begun anew" + named(a.Pool != "", " for "+a.Pool),
		}[a.Kind]), true
	}
	return "", false
}

func named(is bool, name string) string {
	if is {
		return name
	}
	return ""
}

func denial(d admission.Denial) string {
	text := d.Reason.String()
	if d.Err != nil {
		text += ": " + d.Err.Error()
	}
	if d.Reason == admission.Conflict {
		text += fmt.Sprintf(": it is %s, and %s was asked for", d.Has, d.Asked)
	}
	return text
}

// state writes all pools, links and sessions, and the time of the next tick.
func (s *scenario) state() {
	for _, p := range s.r.Pools() {
		text := p.Key + named(!p.IsOpen, " closed") + named(p.Lingers, " lingers")
		slices.Sort(p.Members)
		for _, m := range p.Members {
			text += " " + s.names[m]
		}
		if p.Pending > 0 {
			text += fmt.Sprintf(" pending=%d", p.Pending)
		}
		for _, c := range p.Claims {
			text += fmt.Sprintf(" %s@%d", c.State, c.Link)
		}
		s.print("%s", text)
	}
	for _, l := range s.r.Links() {
		speaks := "unknown"
		if l.Serializer != 0 {
			speaks = l.Serializer.String()
		}
		s.print("link %d %s %s claims=%d open=%d late=%d registrations=%d", l.ID, speaks, l.State+named(l.TurnedAway, ", turned away"), l.Claims, l.Open, l.Late, l.Registrations)
	}
	for _, name := range slices.Sorted(maps.Keys(s.sessions)) {
		if state, known := s.r.Session(s.sessions[name]); known {
			s.print("%s: pending=%d late=%d held=%d turns=%d memberships=%d%s", name, state.Pending, state.Late, state.Held, state.Turns,
				len(state.Memberships), named(state.Departed, " departed"))
		}
	}
	if at, any := s.r.Deadline(); any {
		s.print("next tick: %s", at)
	}
}
