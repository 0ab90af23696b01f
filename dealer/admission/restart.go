package admission

import (
	"cmp"
	"maps"
	"slices"
)

// Restart begins anew after an event that ended in a panic half way, or whose
// actions were not all taken. It keeps what people would miss: who is in which
// pool. Sessions that were under way, with a REGISTER, its probe or what is held
// behind it, fail. Each link is begun anew, as nobody knows what it holds; until
// it is down, and up again, the registrar takes it for down.
func (r *Registrar) Restart(now Time) []Action {
	r.actions, r.changed, r.ripe = nil, nil, nil
	r.begin(now)
	r.timers.heap = nil
	for _, id := range slices.Sorted(maps.Keys(r.sessions)) {
		r.sessions[id].pump.place = 0
	}
	failed := r.interrupted()
	r.pendings, r.waiting, r.undecided = make(map[PendingID]*pending), line[*pending]{}, line[*pending]{}
	for _, l := range r.links {
		if l.state != linkDown {
			r.do(Action{Kind: Renew, Link: l.id})
		}
		l.state, l.linkSession, l.claims, l.idle.place = linkDown, linkSession{}, line[*claim]{}, 0
	}
	known := slices.SortedFunc(maps.Values(r.pools), byAge)
	r.pools, r.poolsNow = make(map[string]*pool), line[*pool]{}
	for _, p := range known {
		p.clear()
	}
	for _, id := range slices.Sorted(maps.Keys(r.sessions)) {
		s := r.sessions[id]
		r.reinstate(s, slices.Contains(failed, s))
	}
	for _, p := range known {
		r.reopen(p)
	}
	for _, l := range r.links {
		if l.id != FirstLink && l.claims.length == 0 {
			r.timers.set(&l.idle, r.now+r.config.LinkIdle)
		}
	}
	return r.end()
}

// interrupted are the sessions in whose midst the registrar was, or may have been.
func (r *Registrar) interrupted() (all []*session) {
	for _, id := range slices.Sorted(maps.Keys(r.sessions)) {
		s := r.sessions[id]
		if s.departed || s.pendings.length+len(s.held)+s.lates.length+s.turns.length > 0 {
			all = append(all, s)
		}
	}
	for _, p := range r.pendings {
		if !slices.Contains(all, p.session) {
			all = append(all, p.session)
		}
	}
	return all
}

func byAge(a, b *pool) int { return cmp.Compare(a.age, b.age) }

// clear takes from a pool what is counted anew.
func (p *pool) clear() {
	p.members, p.slots, p.unlimited = make(map[SessionID]*member), 0, 0
	p.pending, p.waiting, p.more, p.revoked = 0, line[*pending]{}, nil, false
	p.weighing.place, p.claim.retry.place = 0, 0
	g := &p.claim
	g.state, g.inTodo, g.onLink, g.registration, g.retryIn = idle, nil, nil, 0, 0
	g.heard()
}

// reinstate counts what a session keeps anew, and puts it into the pools that it is
// in, unless it has failed.
func (r *Registrar) reinstate(s *session, failed bool) {
	s.pendings, s.unnumbered, s.held, s.lates, s.turns = line[*pending]{}, nil, nil, line[*pending]{}, line[*pending]{}
	s.isChanged, s.isRipe, s.pace = false, false, pace{}
	s.granted.clear()
	s.waiting, s.lasting = 0, int64(s.left.most)*leftBytes
	members := s.members.of
	s.members.clear()
	r.change(s)
	if failed {
		if !s.departed {
			r.do(Action{Kind: Fail, Session: s.id})
		}
		s.departed = true
		return
	}
	for _, registration := range slices.Sorted(maps.Keys(members)) {
		at := members[registration]
		p := at.pool
		if _, twice := p.members[s.id]; at.session != s || at.registration != registration || twice {
			continue
		}
		p.members[s.id] = at
		p.count(at, +1)
		s.lasting += membershipCost(p.procedure) + s.members.put(registration, at)
	}
}

// reopen takes up a pool that has callees, or is kept a while without one.
func (r *Registrar) reopen(p *pool) {
	if len(p.members) == 0 && !(p.isOpen && p.lingers) {
		if p.isOpen {
			r.do(Action{Kind: ClosePool, Pool: p.key})
		}
		r.do(Action{Kind: ForgetPool, Pool: p.key})
		return
	}
	p.isOpen, p.lingers = true, len(p.members) == 0
	r.pools[p.key], p.place = p, r.poolsNow.join(p)
	g := &p.claim
	l := g.link
	if g.link = nil; l == nil || !slices.Contains(r.links, l) {
		l = r.links[0]
	}
	r.move(g, l)
	if !r.drains(p.key) {
		r.seek(g)
	}
	r.tellLive(p)
}
