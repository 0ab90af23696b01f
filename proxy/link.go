package proxy

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
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
//	        └─ …, which leaves when it has had no pool for a minute
//
// The first one tells who wampool is at the router, so it stays.
type link struct {
	// Immutable.
	realm  *realm
	id     admission.LinkID
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
	jitter    *rand.Rand         // owned by run

	// Under realm.mu.
	linkState
	notJoined string           // why the session is not up; "": it has yet to try, or is up
	speaks    codec.Serializer // of its session, or of the one before; 0: not known yet
	retired   bool             // it leaves, for want of pools
}

// linkState is a link's session while it is up, else nothing.
type linkState struct {
	conn          *transport.Conn // nil: down
	serializer    codec.Serializer
	session       uint64
	authRole      string
	registrations map[uint64]*pool // by the router's registration ID
	leaving       bool             // GOODBYE was sent
}

// newLink adds a link to the realm, which joins once runLinks has started it. realm.mu
// is held, but for the first one's.
func (r *realm) newLink(id admission.LinkID, only codec.Serializer, index int) *link {
	l := &link{
		realm: r, id: id, only: only, index: index, speaks: only, origin: r.driver.AddOrigin(driver.Origin{}), log: r.log,
		offer: serializers, jitter: rand.New(rand.NewPCG(r.seed, uint64(id))), //nolint:gosec // by it sidecars do not come back in step, and nothing is kept secret
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

// linkBy returns the link of an ID, nil for one that is retired.
func (r *realm) linkBy(id admission.LinkID) *link {
	for _, l := range r.links {
		if l.id == id {
			return l
		}
	}
	return nil
}

// retire ends a link, by GOODBYE if it is up. realm.mu is held.
func (l *link) retire(out *transport.Outbox) {
	r := l.realm
	r.links = slices.DeleteFunc(r.links, func(other *link) bool { return other == l })
	if l.retired = true; l.conn == nil {
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
