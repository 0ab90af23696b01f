package proxy

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// link is wampool's own session at the router, the pool session, which holds
// registrations of pools of a realm. Its run method joins the realm, and joins
// again whenever the session ends.
//
// There is one for each serializer that callees use, and a pool registers on
// that of its first callee: where callees and callers speak alike, nothing is
// transcoded, and whatever their serializer can say passes.
//
//	realm ──┬─ first link, joined at the start: CBOR, or what the router takes
//	        ├─ link of a callee's serializer, joined for its REGISTER
//	        └─ …, which leaves when it has had no pool for linkIdle
//
// The first one tells who wampool is at the router, so it stays.
type link struct {
	// Immutable.
	realm  *realm
	only   codec.Serializer // that it offers; 0 for the realm's first link, which takes what the router does
	index  int              // among the links of its serializer; from 1 on for the weight of pools
	origin dealer.OriginID
	log    zerolog.Logger
	life   context.Context // until it is retired, or the realm stops
	end    context.CancelFunc

	out       transport.Outbox   // owned by run
	heard     inbox              // owned by run
	offer     []codec.Serializer // owned by run; in this order, one at a time
	loginTrip dealer.Time        // owned by run; the time that the WELCOME took

	// Under realm.mu.
	linkState
	notJoined   string           // why the session is not up; "": it has yet to try, or is up
	speaks      codec.Serializer // of its session, or of the one before; 0: not known yet
	pools       int              // registrations of pools that it has, or is to have
	unusedSince dealer.Time      // if there is none
	wasUp       bool             // at least once
	turnedAway  bool             // by the router, which lets no such session join beside the first one
	retired     bool             // it leaves, for want of pools
	loses       bool             // the router has left a request of ours without an answer
	renewedAt   dealer.Time      // when its session was begun anew; 0: never
}

// linkState is a link's session while it is up, else nothing.
type linkState struct {
	conn          *transport.Conn // nil: down
	serializer    codec.Serializer
	session       uint64
	authRole      string
	lastRequest   uint64
	requests      map[uint64]ask // REGISTER and UNREGISTER without an answer
	open          int            // of them, those whose answer is not taken as lost
	late          int            // how many answers were taken as lost
	pace          pace
	roundTrip     dealer.Time         // the shortest that was seen
	answeredAt    dealer.Time         // the latest answer
	todo          []*leg              // that wait to be asked for, in this order
	registrations map[uint64]*leg     // by the router's registration ID
	doubts        map[string]struct{} // pools for which an answer was lost, by key
	leaving       bool                // GOODBYE was sent
}

// linkIdle is how long a link stays that has no pool.
const linkIdle = time.Minute

// newLink adds a link to the realm, which joins once runLinks has started it.
func (r *realm) newLink(only codec.Serializer) *link {
	l := &link{
		realm: r, only: only, speaks: only, origin: r.driver.AddOrigin(driver.Origin{}), log: r.log,
		offer: serializers, unusedSince: r.now(),
	}
	if only != 0 {
		l.offer = []codec.Serializer{only}
		l.log = r.log.With().Stringer("serializer", only).Logger()
	}
	l.life, l.end = context.WithCancel(context.Background())
	r.links = append(r.links, l)
	r.unstarted = append(r.unstarted, l)
	select {
	case r.linked <- struct{}{}:
	default:
	}
	return l
}

// runLinks runs all links. It ends with ctx, after them.
func (r *realm) runLinks(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for {
		r.mu.Lock()
		unstarted := r.unstarted
		r.unstarted = nil
		r.mu.Unlock()
		for _, l := range unstarted {
			running.Go(func() { l.run(ctx) })
		}
		select {
		case <-ctx.Done():
			return
		case <-r.linked:
		}
	}
}

// linkOf returns the link by which a session is judged: that of its serializer,
// else the first that is up. Their role at the router is the same.
func (r *realm) linkOf(s *session) *link {
	judge := r.links[0]
	for _, l := range r.links {
		if l.conn != nil && (l.serializer == s.serializer || judge.conn == nil) {
			judge = l
		}
	}
	return judge
}

// linkFor returns the link that speaks this serializer, of several the one of
// that index, a new one if there is none, and the first one if the router has
// refused it.
func (r *realm) linkFor(s codec.Serializer, index int) *link {
	for _, l := range r.links {
		switch {
		case l.speaks != s || l.index != index:
		case l.turnedAway:
			return r.links[0]
		default:
			return l
		}
	}
	l := r.newLink(s)
	l.index = index
	return l
}

// giveWay takes the router's word that no such session may join: some let a
// login have one session only. The pools of a link that never was up register on
// the first one, and what their callees say is transcoded. realm.mu is held.
func (l *link) giveWay() {
	r := l.realm
	if l.only == 0 || l.index > 0 || l.wasUp || l.turnedAway {
		return
	}
	l.turnedAway = true
	l.log.Warn().Msg("the router refuses a pool session of this serializer beside the first one: its pools register on that")
	for _, up := range r.uplinks {
		if up.link == l && up.state == absent {
			up.moveTo(r, r.links[0])
			r.settleLeg(&l.out, &up.leg)
		}
	}
	r.arm()
}

// moveTo makes a link the one on which a leg registers; nil for none.
func (g *leg) moveTo(r *realm, l *link) {
	if l == g.link {
		return
	}
	if g.link != nil {
		if g.link.pools--; g.link.pools == 0 {
			g.link.unusedSince = r.now()
			r.checkAt(r.now() + r.proxy.linkIdle)
		}
	}
	g.queued = false
	if g.link = l; l != nil {
		l.pools++
	}
}

// retireLinks ends links that have had no pool for long. Calls that came by
// them are answered first.
func (r *realm) retireLinks(out *transport.Outbox, now dealer.Time) {
	if r.draining {
		return
	}
	kept := r.links[:1]
	for _, l := range r.links[1:] {
		switch idle := l.unusedSince + r.proxy.linkIdle; {
		case l.pools > 0:
		case idle > now:
			r.checkAt(idle)
		case r.dealer.Outstanding(l.origin) > 0:
			r.checkAt(now + r.proxy.linkIdle)
		default:
			l.retire(out)
			continue
		}
		kept = append(kept, l)
	}
	clear(r.links[len(kept):])
	r.links = kept
}

// retire ends a link, by GOODBYE if it is up. realm.mu is held.
func (l *link) retire(out *transport.Outbox) {
	l.retired = true
	if l.conn == nil {
		l.end()
		return
	}
	l.sayGoodbye(out, uriCloseRealm)
	time.AfterFunc(closeLinger, l.end) // should the router not answer
}

// over tells whether the link is not to join again. Of one that is retired
// nothing is left.
func (l *link) over() bool {
	r := l.realm
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.draining || l.retired || l.life.Err() != nil
}

// forget lets go of what a retired link has taken.
func (l *link) forget() {
	r := l.realm
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.retired {
		r.driver.RemoveOrigin(&l.out, r.now(), l.origin)
	}
}
