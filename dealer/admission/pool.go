package admission

import (
	"slices"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// pool is what is known of a pool here: who is in it, who asks to be, and its
// registration at the router.
type pool struct {
	key        string
	procedure  string
	block      *Block
	shared     bool             // it registers as one of several
	unreviewed bool             // the block says anew who may join, and nobody knows yet who that is
	discloses  bool             // callers are to be named to its callees
	speaks     codec.Serializer // of the first callee, whose link it is to have
	isOpen     bool             // in the dealer
	policy     dealer.Policy    // of the first member
	members    map[SessionID]*member
	slots      int64 // that the members have together, without those that have no limit
	unlimited  int   // how many have none
	lingers    bool  // it has lost its last member, and is kept open a while

	pending int            // REGISTERs under way, waiting or at their probe
	waiting line[*pending] // those that wait for its registration

	claim     claim    // by which it counts as registered
	more      []*claim // beside that, for a shared one
	revoked   bool     // by the router, which has not granted it again since
	granted   bool     // by the router, and not refused or taken back since
	live      bool     // as the driver knows it
	weighedAt Time     // when more changed; 0: never
	weighing  timer
	age       uint64 // which came before others
	place     *place[*pool]
}

// openPool returns the pool that a REGISTER asks for, open in the dealer. One
// that has no callee registers on the link of the callee's serializer.
func (r *Registrar) openPool(in *pending, policy dealer.Policy) *pool {
	m, s := &in.in.Asks, in.session
	p := r.pools[keyOf(m)]
	if p == nil {
		p = &pool{key: keyOf(m), procedure: m.Procedure, block: in.in.Block, shared: in.in.Block.Shared, discloses: m.DiscloseCaller, members: make(map[SessionID]*member)}
		p.claim.init(r, p)
		p.weighing.due = func() { r.weigh(p) }
		r.lastPool++
		r.pools[p.key], p.place, p.age = p, r.poolsNow.join(p), r.lastPool
	}
	if l := p.claim.link; l == nil || l.speaks != s.serializer && p.isVacant() {
		p.speaks = s.serializer
		if p.claim.isAbsent() {
			r.move(&p.claim, r.linkFor(s.serializer, 0))
		}
	}
	if !p.isOpen || len(p.members) == 0 {
		r.open(p, policy)
	}
	return p
}

func (r *Registrar) open(p *pool, policy dealer.Policy) {
	config := p.block.Config
	config.Policy = policy
	p.isOpen, p.policy = true, policy
	r.do(Action{Kind: OpenPool, Pool: p.key, Config: config})
}

// isVacant tells whether nobody is in a pool, or about to join it.
func (p *pool) isVacant() bool { return p.pending == 0 && len(p.members) == 0 }

// addMember makes a callee a member. The first one's policy becomes the pool's.
func (r *Registrar) addMember(p *pending) (registration uint64) {
	s, to := p.session, p.pool
	if p.in.Asks.ForceReregister {
		r.removeMembers(to)
	}
	if len(to.members) == 0 {
		to.policy = p.policy
	}
	registration = r.drawID()
	for _, used := s.members.get(registration); used; _, used = s.members.get(registration) {
		registration = r.drawID()
	}
	r.lastMember++
	at := &member{
		registration: registration, session: s, pool: to, order: r.lastMember, policy: p.asksFor(),
		asked: p.limit, limit: boundOf(p.limit, to.block.Config.Concurrency),
	}
	to.members[s.id], to.lingers = at, false
	to.count(at, +1)
	r.last(s, membershipCost(to.procedure)+s.members.put(registration, at))
	r.reweigh(to)
	return registration
}

// boundOf is the most calls in flight of a callee that asks for limit, where the
// block says most; 0 is none.
func boundOf(limit, most int) int {
	if most > 0 && (limit == 0 || limit > most) {
		return most
	}
	return limit
}

// count counts a member's slots, by +1 or -1.
func (p *pool) count(at *member, change int) {
	p.slots += int64(change) * int64(at.limit)
	if at.limit == 0 {
		p.unlimited += change
	}
}

// removeMember takes a member out of its pool, which the driver's dealer closes
// if it was the last one, at once or after it has lingered: see Released.
func (r *Registrar) removeMember(at *member) {
	p, s := at.pool, at.session
	delete(p.members, s.id)
	p.count(at, -1)
	if len(p.members) == 0 {
		p.lingers = p.block.Config.Linger > 0
	}
	r.last(s, -membershipCost(p.procedure)-s.members.drop(at.registration))
	r.reweigh(p)
}

// remember takes note that a session had this registration.
func (r *Registrar) remember(at *member) {
	s := at.session
	if len(s.left.of) >= maxLeft {
		r.last(s, -s.left.clear())
	}
	r.last(s, s.left.put(at.registration, struct{}{}))
}

// removeMembers takes all out of a pool: the dealer tells them.
func (r *Registrar) removeMembers(p *pool) {
	all := make([]*member, 0, len(p.members))
	for _, at := range p.members {
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b *member) int { return compareIDs(a.session, b.session) })
	for _, at := range all {
		r.removeMember(at)
		r.remember(at)
	}
	p.lingers = false
}

// Released takes the dealer's word that it has closed a pool, which was left by
// its last callee. Unless somebody is about to join it, its registration at the
// router is given up.
func (r *Registrar) Released(now Time, key string) []Action {
	r.begin(now)
	if p := r.pools[key]; p != nil && p.isOpen && len(p.members) == 0 {
		r.close(p)
	}
	return r.end()
}

// close takes note that a pool is closed in the dealer. If somebody is about to
// join it, it is opened anew.
func (r *Registrar) close(p *pool) {
	p.isOpen, p.lingers = false, false
	if p.pending > 0 {
		r.open(p, p.policy)
		return
	}
	r.unwant(p)
}

// closeIfUnused closes a pool that has no callee, and that nobody is about to join.
func (r *Registrar) closeIfUnused(p *pool) {
	if p.isOpen && p.isVacant() && !p.lingers {
		r.do(Action{Kind: ClosePool, Pool: p.key})
		r.close(p)
	}
}

// revokePool tells all callees of a pool that it is over: the router has revoked
// its registration, and refused it since.
func (r *Registrar) revokePool(p *pool) {
	p.revoked = false
	r.removeMembers(p)
	r.do(Action{Kind: RevokePool, Pool: p.key})
	r.close(p)
}

// want sees to it that a pool's registration is held, or will be.
func (r *Registrar) want(p *pool) { r.wantClaim(&p.claim) }

// unwant gives up what a pool has at the router.
func (r *Registrar) unwant(p *pool) {
	r.dropClaims(p, func(*claim) bool { return true })
	r.unwantClaim(&p.claim)
	r.reweigh(p)
	r.forgetIfOver(p)
}

// forgetIfOver forgets a pool of which nothing is left.
func (r *Registrar) forgetIfOver(p *pool) {
	if p.isOpen || p.pending > 0 || p.claim.state != idle || len(p.more) > 0 || r.pools[p.key] != p {
		return
	}
	r.tellLive(p)
	r.move(&p.claim, nil)
	r.timers.stop(&p.weighing)
	delete(r.pools, p.key)
	r.poolsNow.leave(p.place)
	r.do(Action{Kind: ForgetPool, Pool: p.key})
}

// tellLive tells when it changes whether the router sends a pool's calls here.
func (r *Registrar) tellLive(p *pool) {
	if live := p.granted && p.claim.state.isWanted(); live != p.live {
		p.live = live
		r.do(Action{Kind: Live, Pool: p.key, Holds: live})
	}
}

// conflict tells why a callee may not join a pool as it is, if so.
func (p *pool) conflict(by *pending) (Denial, bool) {
	if len(p.members) == 0 || by.in.Asks.ForceReregister {
		return Denial{}, false
	}
	if _, twice := p.members[by.session.id]; twice || p.policy == dealer.Single {
		return Denial{Reason: Taken}, true
	}
	if p.policy != by.policy {
		return Denial{Reason: Conflict, Has: p.policy, Asked: by.policy}, true
	}
	return Denial{}, false
}
