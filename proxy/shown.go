package proxy

import (
	"cmp"
	"encoding/json"
	"maps"
	"net"
	"runtime/debug"
	"slices"
	"time"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/admin"
)

// view is what the admin listener shows of a sidecar ([admin.Sidecar]). It takes the
// lock of a realm for one pool or session at a time, so that calls go on meanwhile.
type view struct{ proxy *Proxy }

func (p *Proxy) adminOptions() admin.Options {
	a := p.config().Admin
	return admin.Options{
		Address: a.Address, Control: a.Control, PProf: a.PProf, Sidecar: view{p}, Version: buildVersion(), Commands: p.commands(), Warnings: p.warnings,
		Inherited: func(network, address string) net.Listener {
			return p.inheritedBy([]string{adminName}, network, address)
		},
	}
}

// buildVersion is the version of the module that this was built from.
func buildVersion() string {
	if build, is := debug.ReadBuildInfo(); is && build.Main.Version != "" {
		return build.Main.Version
	}
	return "(devel)"
}

func (v view) Unready() []string { return v.proxy.unready() }

func (v view) Config() any { return json.RawMessage(v.proxy.config().JSON()) }

// Pools describes the pools of all realms, in the order of the configuration, and of
// those that go.
func (v view) Pools() []admin.Pool {
	pools := []admin.Pool{}
	for _, r := range v.proxy.known() {
		for _, key := range r.poolKeys() {
			if shown, is := r.shown(key); is {
				pools = append(pools, shown)
			}
		}
	}
	return pools
}

func (v view) Pool(realm, match, procedure string) (admin.Pool, bool) {
	r := v.proxy.realm(realm)
	if r == nil {
		return admin.Pool{}, false
	}
	for _, key := range r.poolKeys() {
		if shownMatch(matchOf(key)) == match && procedureOf(key) == procedure {
			return r.shown(key)
		}
	}
	return admin.Pool{}, false
}

// poolKeys returns the keys of all pools, by match and procedure.
func (r *realm) poolKeys() []string {
	r.mu.Lock()
	keys := slices.Collect(maps.Keys(r.pools))
	r.mu.Unlock()
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(shownMatch(matchOf(a)), shownMatch(matchOf(b))), cmp.Compare(procedureOf(a), procedureOf(b)))
	})
	return keys
}

// shownMatch is how a pool matches, as people write it.
func shownMatch(match string) string { return cmp.Or(match, "exact") }

// shownName is a pool's name in its realm: the procedure, and before it how it
// matches, where that is not exact.
func shownName(match, procedure string) string {
	if match := shownMatch(match); match != "exact" {
		return match + ":" + procedure
	}
	return procedure
}

// shown describes a pool that is open. It is false for any other.
func (r *realm) shown(key string) (admin.Pool, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.pools[key]
	if !r.isOpen(p) {
		return admin.Pool{}, false
	}
	state := r.dealer.Pool(r.now(), p.id)
	shown := admin.Pool{
		Realm: r.name, Match: shownMatch(p.match), Procedure: p.procedure, Name: shownName(p.match, p.procedure),
		Policy: state.Policy.String(), IsLive: p.takesCalls(), IsPaused: state.Paused, IsDrained: r.registrar.Drains(key),
		Limits: admin.Limits{
			Concurrency: p.config.Concurrency, LingerSeconds: p.config.Linger.Seconds(), Retries: p.config.Retries,
		},
		Queue: admin.Queue{
			Waiting: state.Waiting, Limit: state.Limit, Bytes: state.Bytes, BytesLimit: p.config.QueueBytes,
			OldestSeconds: state.Oldest.Seconds(), TimeoutSeconds: p.config.QueueTimeout.Seconds(),
		},
		Callees: make([]admin.Callee, 0, len(state.Callees)),
	}
	if p.block != nil {
		shown.Block = p.block.URI
	}
	if p.config.Scope != "" {
		shown.Limits.Scope = "callee"
	}
	shown.Away = state.Away
	for _, peer := range state.Peers {
		shown.Credits += peer.Credits
	}
	for i := range state.Callees {
		callee := r.shownCallee(&state.Callees[i])
		shown.Slots += callee.Slots
		shown.Taken += callee.Taken
		shown.Callees = append(shown.Callees, callee)
	}
	return shown, true
}

func (r *realm) shownCallee(c *dealer.CalleeState) admin.Callee {
	s := r.calleeOf(c.Callee)
	return admin.Callee{
		Session: s.id, AuthID: s.authID, AuthRole: s.authRole, Address: s.conn.RemoteAddr(), Agent: s.agent,
		Taken: c.InFlight, Slots: c.Limit, IsDraining: c.Draining, Dispatched: s.callee.dispatched,
	}
}

// clientsNow returns all clients.
func (p *Proxy) clientsNow() []*client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.clients))
}

// sessions returns those of all clients.
func (p *Proxy) sessions() []*session {
	clients := p.clientsNow()
	sessions := make([]*session, 0, len(clients))
	for _, c := range clients {
		if s := c.session.Load(); s != nil {
			sessions = append(sessions, s)
		}
	}
	return sessions
}

func (v view) Connected() int { return len(v.proxy.sessions()) }

func (v view) Sessions() []admin.Session {
	sessions := v.proxy.sessions()
	slices.SortFunc(sessions, func(a, b *session) int { return cmp.Or(a.opened.Compare(b.opened), cmp.Compare(a.id, b.id)) })
	shown := make([]admin.Session, len(sessions))
	now := time.Now()
	for i, s := range sessions {
		shown[i] = s.shown(now)
	}
	return shown
}

func (s *session) shown(now time.Time) admin.Session {
	shown := admin.Session{
		ID: s.id, AuthID: s.authID, AuthRole: s.authRole, Address: s.conn.RemoteAddr(), Transport: s.transport,
		Serializer: s.serializer.String(), Agent: s.agent, AgeSeconds: now.Sub(s.opened).Seconds(),
		SendBufferBytes: s.conn.Buffered(), Pools: []admin.Membership{}, NotPooled: []admin.NotPooled{},
	}
	r := s.realm
	if r == nil {
		return shown
	}
	shown.Realm = r.name
	r.mu.Lock()
	defer r.mu.Unlock()
	shown.IsCallee, shown.IsCaller = s.callee != nil, s.caller != nil
	for _, registration := range slices.Sorted(maps.Keys(s.memberships)) {
		key := s.memberships[registration].key
		shown.Pools = append(shown.Pools, admin.Membership{Pool: shownName(matchOf(key), procedureOf(key)), Registration: registration})
	}
	for i := range s.unpooled {
		shown.NotPooled = append(shown.NotPooled, s.unpooled[i].shown(now, s.authRole))
	}
	return shown
}

func (v view) PoolSessions() []admin.PoolSession {
	shown := []admin.PoolSession{}
	for _, r := range v.proxy.known() {
		shown = append(shown, r.shownLinks()...)
	}
	return shown
}

func (r *realm) shownLinks() (shown []admin.PoolSession) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.links {
		s := admin.PoolSession{
			Realm: r.name, IsUp: l.conn != nil, Session: l.session, AuthRole: l.authRole, Registrations: len(l.registrations),
		}
		if l.speaks != 0 {
			s.Serializer = l.speaks.String()
		}
		if !s.IsUp {
			s.Why = cmp.Or(l.notJoined, "it has yet to join the router")
		}
		shown = append(shown, s)
	}
	return shown
}
