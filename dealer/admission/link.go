package admission

import (
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
)

// link is wampool's own session at the router, the pool session, which holds
// registrations of pools. There is one for each serializer that callees use, and
// a pool registers on that of its first callee: where callees and callers speak
// alike, nothing is transcoded, and whatever their serializer can say passes.
//
// The first one is there from the start, and stays.
type link struct {
	id         LinkID
	state      linkState
	speaks     codec.Serializer // of its session, or of the one before, or that it is for; 0: not known yet
	index      int              // among those of its serializer; from 1 on for the weight of pools
	turnedAway bool             // by the router, which lets no such session join beside the first one
	wasUp      bool
	loses      bool // the router has left a request of ours without an answer
	renewAfter Time // its session is not begun anew before
	claims     line[*claim]
	idle       timer // while it has none

	linkSession
}

// linkState is the state of a link's session.
type linkState uint8

const (
	linkDown linkState = iota
	linkUp
	linkEnding // it is up, but has said GOODBYE: nothing is asked
)

// linkSession is what is known of a link's session while it is up.
type linkSession struct {
	role          string
	lastRequest   uint64
	requests      map[uint64]*ask // REGISTER and UNREGISTER without an answer
	open          int             // of them, those whose answer is not taken as lost
	late          int             // how many answers were taken as lost
	pace          pace
	pump          *timer
	roundTrip     Time                // the shortest that was seen
	answeredAt    Time                // the latest answer
	todo          line[*claim]        // that wait to be asked for
	registrations map[uint64]*claim   // by the router's registration ID
	isErring      bool                // the router has given one registration to two pools
	doubts        map[string]struct{} // pools for which an answer was lost, by key
}

func (l *link) isUp() bool { return l != nil && l.state != linkDown }

func (r *Registrar) newLink(id LinkID, speaks codec.Serializer, index int) *link {
	l := &link{id: id, speaks: speaks, index: index}
	l.idle.due = func() { r.linkIdles(l) }
	return l
}

// link returns a link that is up, nil for any other.
func (r *Registrar) link(id LinkID) *link {
	for _, l := range r.links {
		if l.id == id && l.state != linkDown {
			return l
		}
	}
	return nil
}

// known returns a link, nil for one that is closed.
func (r *Registrar) known(id LinkID) *link {
	for _, l := range r.links {
		if l.id == id {
			return l
		}
	}
	return nil
}

// judge returns the link by which a session is judged: that of its serializer,
// else the first that is up. Their role at the router is the same.
func (r *Registrar) judge(s *session) *link {
	judge := r.links[0]
	for _, l := range r.links {
		if l.isUp() && (l.speaks == s.serializer || !judge.isUp()) {
			judge = l
		}
	}
	return judge
}

// linkFor returns the link that speaks this serializer, of several the one of
// that index, a new one if there is none, and the first one if the router has
// refused it.
func (r *Registrar) linkFor(s codec.Serializer, index int) *link {
	for _, l := range r.links {
		switch {
		case l.speaks != s || l.index != index:
		case l.turnedAway:
			return r.links[0]
		default:
			return l
		}
	}
	r.lastLink++
	l := r.newLink(r.lastLink, s, index)
	r.links = append(r.links, l)
	r.do(Action{Kind: OpenLink, Link: l.id, Serializer: s, Index: index})
	return l
}

// LinkSession is what is known of a link's session.
type LinkSession struct {
	Serializer codec.Serializer
	Role       string        // of WELCOME; "": the router names none
	RoundTrip  time.Duration // that its WELCOME took
}

// LinkUp takes a link's WELCOME: every registration that is wanted is asked for,
// and who waits for the role of who may join goes on.
func (r *Registrar) LinkUp(now Time, id LinkID, of LinkSession) []Action {
	r.begin(now)
	l := r.known(id)
	if l == nil {
		return r.end()
	}
	r.cut(l)
	l.state, l.speaks, l.wasUp, l.turnedAway = linkUp, of.Serializer, true, false
	l.linkSession = linkSession{
		role: of.Role, roundTrip: of.RoundTrip, pump: &timer{due: func() { r.pump(l) }},
		requests: make(map[uint64]*ask), registrations: make(map[uint64]*claim), doubts: make(map[string]struct{}),
	}
	for _, g := range l.claims.all() {
		if g.retryIn = 0; g.state == away {
			r.seek(g)
		}
	}
	for _, p := range r.poolsNow.all() {
		r.review(p)
	}
	for _, p := range r.undecided.all() {
		r.advance(p)
	}
	return r.end()
}

// LinkDown takes the end of a link's session, with which all its registrations end.
func (r *Registrar) LinkDown(now Time, id LinkID) []Action {
	r.begin(now)
	if l := r.link(id); l != nil {
		r.cut(l)
	}
	return r.end()
}

func (r *Registrar) cut(l *link) {
	if l.state == linkDown {
		return
	}
	for _, q := range l.requests {
		r.timers.stop(&q.due)
	}
	r.timers.stop(l.pump)
	l.state, l.linkSession = linkDown, linkSession{}
	for _, g := range l.claims.all() {
		r.claimCut(g)
	}
}

// LinkLeaves takes note that the driver has said GOODBYE on a link: nothing is
// asked there any more.
func (r *Registrar) LinkLeaves(now Time, id LinkID) []Action {
	r.begin(now)
	if l := r.link(id); l != nil {
		l.state = linkEnding
	}
	return r.end()
}

// LinkTurnedAway takes the router's word that no such session may join: some let
// a login have one session only. The pools of a link that never was up register on
// the first one, and what their callees say is transcoded. It is false for any
// other link, which tries on.
func (r *Registrar) LinkTurnedAway(now Time, id LinkID) ([]Action, bool) {
	r.begin(now)
	l := r.known(id)
	if l == nil || l.id == FirstLink || l.index > 0 || l.wasUp || l.turnedAway {
		return r.end(), false
	}
	l.turnedAway = true
	for _, g := range l.claims.all() {
		if g.isMain() && g.isAbsent() {
			r.move(g, r.links[0])
		}
	}
	return r.end(), true
}

// linkIdles tells that a link has had no pool for long.
func (r *Registrar) linkIdles(l *link) {
	if l.claims.length == 0 && !r.draining {
		r.do(Action{Kind: Idle, Link: l.id})
		r.timers.set(&l.idle, r.now+r.config.LinkIdle)
	}
}

// Retire ends a link that has no pool.
func (r *Registrar) Retire(now Time, id LinkID) []Action {
	r.begin(now)
	if l := r.known(id); l != nil && l.id != FirstLink && l.claims.length == 0 {
		r.cut(l)
		r.timers.stop(&l.idle)
		r.links = slices.DeleteFunc(r.links, func(other *link) bool { return other == l })
		r.do(Action{Kind: CloseLink, Link: l.id})
	}
	return r.end()
}
