package admission

import "time"

// Requests of wampool's own are paced in each session: those of the pools in a
// pool session, and the probes in a callee's. nexus has a queue of 64 messages
// for a session and drops the answers that it can't take.
//
// No more than maxAsks are without an answer, but once nothing could be asked
// for a pause, as many again may be. The pause depends on the round trip:
//
//   - A router at hand answers within a pause long before it is over, so that
//     answers alone let more go. It is long enough for one that is kept from
//     its work for a while.
//   - One that is further away would cost a round trip for each maxAsks. It
//     gets them as fast as it can take them, before the first answer is back. But
//     once an answer was lost, it is asked like one at hand.
type pace struct {
	round int  // of requests: those of earlier rounds don't count
	open  int  // requests of this round without an answer
	last  Time // when the latest one was sent
}

const (
	maxAsks   = 32
	nearPause = 200 * time.Millisecond // of a router at hand, and of one that loses answers
)

// mayAsk tells whether one more request may be sent now.
func (p *pace) mayAsk(now, pause Time) bool {
	if p.open >= maxAsks && now >= p.last+pause {
		p.round++
		p.open = 0
	}
	return p.open < maxAsks
}

// asked takes note of a request, and returns its round.
func (p *pace) asked(now Time) (round int) {
	p.open++
	p.last = now
	return p.round
}

// answered takes note of the answer to a request of that round.
func (p *pace) answered(round int) {
	if round == p.round {
		p.open--
	}
}

// pause is how long nothing is asked of the router while all that may be is
// without an answer.
func (r *Registrar) pause(l *link) Time {
	pause := r.config.AskPause
	if l.loses || l.roundTrip < pause {
		return max(pause, nearPause)
	}
	return pause
}

// mayProbe tells whether the router may be asked in a callee's session now. If
// not, an answer or the timer has the rest sent.
func (r *Registrar) mayProbe(s *session) bool {
	pause := r.pause(r.judge(s))
	if s.pace.mayAsk(r.now, pause) {
		return true
	}
	r.timers.set(&s.pump, s.pace.last+pause)
	return false
}

// pumpProbes sends the probes that wait, as far as the router may be asked.
func (r *Registrar) pumpProbes(s *session) {
	for s.turns.length > 0 && r.mayProbe(s) {
		p := s.turns.first.of
		r.leaveTurns(p)
		p.stage = awaitingPool
		if p.pool.claim.state == held {
			r.sendProbe(p)
			continue
		}
		r.want(p.pool) // the registration was lost meanwhile
		r.advance(p)
	}
}

// leaveTurns takes a REGISTER out of those whose probe has to wait.
func (r *Registrar) leaveTurns(p *pending) {
	if p.inTurn == nil {
		return
	}
	s := p.session
	s.turns.leave(p.inTurn)
	if p.inTurn = nil; s.turns.length == 0 {
		r.timers.stop(&s.pump)
	}
}
