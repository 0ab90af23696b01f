package proxy

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/match"
	"github.com/wampool/wampool/proxy/cluster"
	"github.com/wampool/wampool/proxy/transport"
)

// Sidecars that serve the same procedures let one another have the calls that wait
// (package cluster has the links, package match says who gets whose):
//
//	             ┌──────────── matchmaker of the pool ────────────┐
//	load, EVENT  │                                                │ match, EVENT
//	    ┌────────┴────────┐                              ┌────────▼───────┐
//	    │ supplier: slots │ ◀── INVOCATION, INTERRUPT ── │ taker: a queue │ ◀── router
//	    │ (taker.go)      │ ── YIELD, ERROR ───────────▶ │ (supplier.go)  │ ──▶
//	    └─────────────────┘                              └────────────────┘
//
// Any sidecar is all of these, of some pools. To a taker, a supplier is a callee of its
// dealer's second tier; to a supplier, a taker is an origin of calls, as a pool session
// is. Which pools are shared, the rules say: those with overflow and a shared upstream.

// sharing is what a realm has with its peers.
type sharing struct {
	cluster *cluster.Cluster
	untold  atomic.Bool // some load may have to be said

	// Under realm.mu.
	suppliers  map[cluster.Node]*supplier // peers that have dialed
	takers     map[cluster.Node]*taker    // peers that were dialed
	peers      []cluster.Peer             // that are there
	nodes      []cluster.Node             // that may be matchmakers
	linked     []cluster.Node             // those of them that can be told something, and answer
	round      uint64                     // of these
	regroupAt  dealer.Time                // when they are looked at anew; never: they are as they are
	lookAt     dealer.Time                // when loads are looked at that have not changed
	matchmaker *match.Matchmaker
	sequence   uint64  // of the last load
	due        []*pool // whose loads may have to be said
	letters    []*tidings
	forwarded  uint64 // calls that peers have got
}

// lookInterval is how often all pools are looked at, whether their loads are to be said
// again; regroupPause gathers what changes of the peers.
const (
	lookInterval = time.Second
	regroupPause = 20 * time.Millisecond
)

// share has a realm's pools shared with peers. It is for before anything runs.
func (r *realm) share(with *cluster.Cluster) {
	r.sharing = &sharing{
		cluster: with, suppliers: make(map[cluster.Node]*supplier), takers: make(map[cluster.Node]*taker),
		matchmaker: match.New(match.Limits{}), regroupAt: 0, lookAt: 0,
	}
	r.dealer.FollowLoads(true)
}

// isShared tells whether a pool's calls go to peers, and theirs come here.
func (r *realm) isShared(p *pool) bool {
	return p != nil && p.block != nil && p.block.Overflow && p.upstream != "single" && r.isOpen(p)
}

// reshare takes note that other pools may be shared now: what is not any more, is
// offered to nobody, and keeps no room that peers have offered.
func (r *realm) reshare() {
	sh := r.sharing
	if sh == nil {
		return
	}
	for _, p := range r.byPool {
		if p == nil {
			continue
		}
		sh.dueOf(p)
		if !r.isShared(p) {
			for _, s := range sh.suppliers {
				r.dealer.Withdraw(p.id, s.callee)
			}
		}
	}
}

// isHeldBy tells whether the router knows a pool by a session of this sidecar's with an
// authrole: only then may calls come that it has dealt to a peer of this role.
func (r *realm) isHeldBy(p *pool, role string) bool {
	return p.held > 0 && p.isLive && slices.ContainsFunc(r.links, func(l *link) bool { return l.conn != nil && l.authRole == role })
}

// meet takes note of which peers are there.
func (r *realm) meet(peers []cluster.Peer) {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	r.sharing.peers = peers
	r.regroupSoon()
}

// regroupSoon has the clock look who may be matchmakers. realm.mu is held.
func (r *realm) regroupSoon() {
	r.sharing.regroupAt = min(r.sharing.regroupAt, r.now()+regroupPause)
	r.arm()
}

// regroup finds out who may be matchmakers: this sidecar, and the peers that are there,
// but for those that are about to leave. Who has another one then says its loads to that.
func (r *realm) regroup() {
	sh := r.sharing
	sh.regroupAt = never
	sh.nodes, sh.linked = sh.nodes[:0], sh.linked[:0]
	if !r.draining {
		sh.nodes, sh.linked = append(sh.nodes, sh.cluster.Self()), append(sh.linked, sh.cluster.Self())
	}
	for _, p := range sh.peers {
		if p.Draining {
			continue
		}
		sh.nodes = append(sh.nodes, p.Node)
		if sh.suppliers[p.Node] != nil && sh.takers[p.Node] != nil {
			sh.linked = append(sh.linked, p.Node)
		}
	}
	sh.round++
	for _, p := range r.byPool {
		if r.isShared(p) {
			sh.dueOf(p)
		}
	}
}

// matchmakerOf returns who matches a pool's calls: the first of all, or until there is a
// link with that one, the first of those with whom there is. It is false if there is nobody.
func (r *realm) matchmakerOf(p *pool) (cluster.Node, bool) {
	sh := r.sharing
	if p.matching.round != sh.round {
		of := match.Pool{Match: p.match, URI: p.procedure}
		first, known := match.First(of, sh.nodes)
		if known && !slices.Contains(sh.linked, first) {
			sh.cluster.Need(first)
			first, known = match.First(of, sh.linked)
		}
		if by := sh.suppliers[first]; known && (first != p.matching.of || by != p.matching.by) {
			p.matching.by = by
			p.matching.said.Begin()
		}
		p.matching.round, p.matching.of, p.matching.isKnown = sh.round, first, known
	}
	return p.matching.of, p.matching.isKnown
}

// matching is what a pool has with its matchmaker.
type matching struct {
	of      cluster.Node
	by      *supplier // that has its link; nil: it is this sidecar
	isKnown bool
	round   uint64 // in which it was found
	said    match.Said
	isDue   bool // it is among those whose load may have to be said
}

// dueOf has a pool's load looked at.
func (sh *sharing) dueOf(p *pool) {
	if !p.matching.isDue {
		p.matching.isDue = true
		sh.due = append(sh.due, p)
	}
}

// owe has a pool's load said again, whatever it is.
func (sh *sharing) owe(p *pool) {
	p.matching.said.Owe()
	sh.dueOf(p)
}

// noteLoads takes note of the pools whose loads have changed. realm.mu is held, and is
// about to be given back.
func (r *realm) noteLoads() {
	sh := r.sharing
	if sh == nil {
		return
	}
	for _, id := range r.dealer.Changed() {
		if p := r.poolOf(id); r.isShared(p) {
			sh.dueOf(p)
		}
	}
	if len(sh.due) > 0 {
		sh.untold.Store(true)
	}
}

// sharingDeadline is when the clock has to look at what is shared.
func (r *realm) sharingDeadline() dealer.Time {
	sh := r.sharing
	if sh == nil {
		return never
	}
	next := min(sh.regroupAt, sh.lookAt)
	if at, found := sh.matchmaker.Deadline(); found {
		next = min(next, at)
	}
	return next
}

// shareTick does what is due of that.
func (r *realm) shareTick(out *transport.Outbox) {
	sh, now := r.sharing, r.now()
	if sh == nil {
		return
	}
	r.handOut(out, sh.matchmaker.Tick(now))
	if now >= sh.regroupAt {
		r.regroup()
	}
	if now >= sh.lookAt {
		sh.lookAt = now + lookInterval
		for _, p := range r.byPool {
			if r.isShared(p) {
				sh.dueOf(p)
			}
		}
	}
	r.noteLoads()
	sh.untold.Store(false)
	r.tell(out)
}
