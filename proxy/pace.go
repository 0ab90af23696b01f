package proxy

import (
	"time"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

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
	round int         // of requests: those of earlier rounds don't count
	open  int         // requests of this round without an answer
	last  dealer.Time // when the latest one was sent
}

const (
	maxAsks   = 32
	askPause  = 5 * time.Millisecond   // of a router whose round trip takes longer
	nearPause = 200 * time.Millisecond // of any other, and of one that loses answers
)

// mayAsk tells whether one more request may be sent now.
func (p *pace) mayAsk(now, pause dealer.Time) bool {
	if p.open >= maxAsks && now >= p.last+pause {
		p.round++
		p.open = 0
	}
	return p.open < maxAsks
}

// asked takes note of a request, and returns its round.
func (p *pace) asked(now dealer.Time) (round int) {
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
func (l *link) pause() dealer.Time {
	pause := l.realm.proxy.askPause
	if l.loses || l.roundTrip < pause {
		return max(pause, nearPause)
	}
	return pause
}

// mayProbe tells whether the router may be asked in a callee's session now. If
// not, an answer or the clock has the rest sent.
func (r *realm) mayProbe(s *session) bool {
	pause := r.linkOf(s).pause()
	if s.probePace.mayAsk(r.now(), pause) {
		return true
	}
	r.checkAt(s.probePace.last + pause)
	return false
}

// awaitProbeTurn puts a REGISTER behind those of its session whose probe has to
// wait.
func (r *realm) awaitProbeTurn(p *pendingRegister) {
	p.stage = awaitTurn
	p.inTurn = p.session.turns.join(p)
	r.paced[p.session] = struct{}{}
}

// leaveTurns takes a REGISTER out of those whose probe has to wait.
func (r *realm) leaveTurns(p *pendingRegister) {
	if p.inTurn == nil {
		return
	}
	s := p.session
	s.turns.leave(p.inTurn)
	p.inTurn = nil
	if s.turns.length == 0 {
		delete(r.paced, s)
	}
}

// pumpProbes sends the probes that wait, as far as the router may be asked.
func (r *realm) pumpProbes(out *transport.Outbox, s *session) {
	for s.turns.length > 0 && r.mayProbe(s) {
		p := s.turns.first.register
		r.leaveTurns(p)
		p.stage = awaitUplink
		if p.up.state == held {
			r.sendProbe(out, p)
			continue
		}
		r.want(out, p.up) // the registration was lost meanwhile
		r.advanceRegister(out, p)
	}
}

// pumpAllProbes does so for all sessions.
func (r *realm) pumpAllProbes(out *transport.Outbox) {
	for s := range r.paced {
		r.pumpProbes(out, s)
	}
}
