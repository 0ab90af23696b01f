package proxy

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/transport"
)

// Realms come and go by a reload. A session is its realm's that was there at its
// WELCOME, to its end: of a realm that comes later it knows nothing, and one that has
// gone pools nothing any more, and leaves all that it sends to the router.
//
//	new ──▶ in the configuration ──▶ goes: pools drain ──▶ callees are told GOODBYE ──▶ over
//	             ▲                                                                       │
//	             └───────────────── another one, of the same name ───────────────────────┘

// realm returns the realm of a name that is in the configuration; nil if there is none.
// No realm's lock is held.
func (p *Proxy) realm(name string) *realm {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.realms[name]
}

// inOrder returns the realms in the order of the configuration.
func (p *Proxy) inOrder() []*realm {
	p.mu.Lock()
	defer p.mu.Unlock()
	config := p.config()
	realms := make([]*realm, 0, len(config.Realms))
	for i := range config.Realms {
		if r := p.realms[config.Realms[i].Name]; r != nil {
			realms = append(realms, r)
		}
	}
	return realms
}

// known returns the realms in the order of the configuration, and then those that go,
// but for one of whose name there is another one.
func (p *Proxy) known() []*realm {
	realms := p.inOrder()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.going {
		if !slices.ContainsFunc(realms, func(other *realm) bool { return other.name == r.name }) {
			realms = append(realms, r)
		}
	}
	return realms
}

// addRealm makes a realm of the configuration one that is served. reload.mu is held.
func (p *Proxy) addRealm(config *configs.Realm) {
	r := newRealm(p, config, rand.Uint64())
	p.joinCluster(r)
	if p.drained.Load() {
		r.setDrained(true)
	}
	p.mu.Lock()
	p.realms[r.name] = r
	p.mu.Unlock()
	p.reload.run(r)
	r.log.Info().Msg("realm added")
}

// removeRealm has a realm go that is not in the configuration any more. reload.mu is
// held.
func (p *Proxy) removeRealm(name string) {
	p.mu.Lock()
	r := p.realms[name]
	delete(p.realms, name)
	p.going = append(p.going, r)
	p.mu.Unlock()
	r.log.Info().Msg("realm goes: its pools drain")
	r.unpool()
	p.retirements.Go(func() { p.retire(r) })
}

// unpool has a realm pool nothing that comes, and give up what its pools have at the
// router.
func (r *realm) unpool() {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	r.goes = true
	r.book.Store(newRulebook(&configs.Realm{Name: r.name, Auth: r.config().Auth}))
	r.bring(&out, func() []admission.Action { return r.registrar.Drain(r.now()) })
	r.arm()
}

// goingPause is how often it is looked whether callees of a realm that goes have gone:
// what they have in flight past the pools may be all that is left.
const goingPause = 100 * time.Millisecond

// retire ends a realm that goes, within drain_timeout: calls finish, callees get
// GOODBYE, so that they may come back to register at the router, and so does the
// router. A clean stop meanwhile does the rest.
func (p *Proxy) retire(r *realm) {
	patience, cancel := context.WithTimeout(context.Background(), p.config().DrainTimeout)
	defer cancel()
	done := r.await(func() bool { left := r.left(); return left.IsDone() }, awaitPause)
	defer r.unawait(done)
	select {
	case <-done:
	case <-patience.Done():
	case <-p.now:
	case <-p.draining:
		return
	}
	ticker := time.NewTicker(goingPause)
	defer ticker.Stop()
	for p.leaveRealm(r, false) > 0 && patience.Err() == nil {
		select {
		case <-ticker.C:
		case <-patience.Done():
		case <-p.now:
			cancel()
		case <-p.draining:
			return
		}
	}
	r.drain()
	r.shutdown()
	p.leaveRealm(r, true)
	r.leave()
	r.stop()
	p.mu.Lock()
	p.going = slices.DeleteFunc(p.going, func(other *realm) bool { return other == r })
	p.mu.Unlock()
	r.leaveCluster()
	r.log.Info().Msg("realm has gone")
}

var unconfigured = &ending{uriCloseRealm, "the proxy pools nothing in this realm any more"}

// leaveRealm ends the sessions of a realm's callees that have nothing in flight, or of
// all of them. It returns how many it has left alone.
func (p *Proxy) leaveRealm(r *realm, all bool) (busy int) {
	var out transport.Outbox
	defer out.Flush()
	for _, s := range p.sessions() {
		switch {
		case s.realm != r || !s.isMember() || s.client.leaving.Load() != nil:
		case all || s.client.inFlight() == 0:
			s.client.leave(&out, unconfigured)
		default:
			busy++
		}
	}
	return busy
}

// isMember tells whether a session is in a pool.
func (s *session) isMember() bool {
	s.realm.mu.Lock()
	defer s.realm.mu.Unlock()
	return len(s.memberships) > 0
}
