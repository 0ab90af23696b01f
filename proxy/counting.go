package proxy

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/transport"
)

// What is counted beside calls, which the dealer counts: sessions and clients here,
// REGISTERs and pool sessions in their realm.

// counting counts sessions of clients, and what became of clients.
type counting struct {
	mu      sync.Mutex
	open    map[sessionKind]int
	opened  map[sessionKind]uint64
	ended   map[sessionEnd]uint64
	dropped map[string]uint64

	loaded, refused uint64 // configurations, the first one included
	loadedAt        time.Time
}

// sessionKind is what sessions are counted by. Each of it is one of a few.
type sessionKind struct{ realm, transport, serializer string }

type sessionEnd struct{ realm, cause string }

func newCounting() counting {
	return counting{
		open: make(map[sessionKind]int), opened: make(map[sessionKind]uint64), ended: make(map[sessionEnd]uint64),
		dropped: make(map[string]uint64), loadedAt: time.Now(),
	}
}

func (s *session) kind() sessionKind {
	k := sessionKind{transport: s.transport, serializer: s.serializer.String()}
	if s.realm != nil {
		k.realm = s.realm.name
	}
	return k
}

// sessionOpened counts a session that the router has welcomed.
func (c *counting) sessionOpened(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[s.kind()]++
	c.opened[s.kind()]++
}

// sessionEnded counts one that has ended.
func (c *counting) sessionEnded(s *session, cause string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := s.kind()
	c.open[k]--
	c.ended[sessionEnd{k.realm, cause}]++
}

// Causes of a session's end, beside which side's connection was lost.
const (
	causeLeft    = "left"    // in good order, by GOODBYE, ABORT or a closed connection
	causeDropped = "dropped" // for what a side did, or did not do
	causeStopped = "stopped" // wampool stops
)

// causeOf is how a session ends whose connection on a side has ended.
func (c *client) causeOf(side string, cause error) string {
	switch {
	case c.leaving.Load() != nil || errors.Is(cause, errStopped):
		return causeStopped
	case isFault(cause):
		return causeDropped
	case c.over.Load() || isOrderly(cause):
		return causeLeft
	}
	return side + "_lost"
}

// Reasons for which clients are dropped.
var dropReasons = []struct {
	cause  error
	reason string
}{
	{transport.ErrSendBufferFull, "send_buffer"}, {transport.ErrNoPong, "no_pong"}, {transport.ErrStalled, "stalled"},
	{transport.ErrMemory, "memory"}, {errPanic, "internal_error"},
}

const (
	dropProtocol  = "protocol"
	dropHandshake = "handshake_timeout"
)

// dropReason is why a client is dropped, "" if it is not.
func dropReason(cause error) string {
	for _, known := range dropReasons {
		if errors.Is(cause, known.cause) {
			return known.reason
		}
	}
	if isFault(cause) {
		return dropProtocol
	}
	return ""
}

// noteDropped counts a client that is dropped, once.
func (c *client) noteDropped(reason string) {
	if reason == "" || c.dropped.Swap(true) {
		return
	}
	n := &c.proxy.counting
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dropped[reason]++
}

// registers are how many REGISTERs of a pool had which outcome, by names of pools.
// realm.mu guards them.
type registers map[string]*admin.RegisterCounts

// otherPools is what is no pool of its own in what is counted.
const otherPools = "other"

// maxRegisters bounds the names that clients make up.
const maxRegisters = 1000

// of returns the counts of a procedure.
func (r registers) of(m *codec.Register) *admin.RegisterCounts {
	name := shownName(m.Match, m.Procedure)
	if r[name] == nil && len(r) >= maxRegisters || len(name) > maxUnpooledURI {
		name = otherPools
	}
	if r[name] == nil {
		r[name] = &admin.RegisterCounts{Pool: name}
	}
	return r[name]
}

// Totals tells what has been counted beside calls.
func (v view) Totals() admin.Totals {
	p := v.proxy
	t := p.counting.totals()
	t.HeldBytes, t.MemoryBytes = p.budget.Held(), p.budget.Most()
	for _, c := range p.clientsNow() {
		t.SendBufferBytes += c.conn.Buffered()
	}
	for _, r := range p.known() {
		r.addTotals(&t)
	}
	if p.cluster != nil {
		t.IsClustered, t.Members = true, len(p.cluster.Peers())
	}
	return t
}

func (c *counting) totals() (t admin.Totals) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, n := range c.opened {
		t.Sessions = append(t.Sessions, admin.SessionCounts{Realm: k.realm, Transport: k.transport, Serializer: k.serializer, Open: c.open[k], Opened: n})
	}
	for k, n := range c.ended {
		t.Ended = append(t.Ended, admin.EndCounts{Realm: k.realm, Cause: k.cause, Ended: n})
	}
	t.Dropped = maps.Clone(c.dropped)
	for _, known := range dropReasons {
		t.Dropped[known.reason] += 0 // each is there from the start
	}
	t.Dropped[dropProtocol] += 0
	t.Dropped[dropHandshake] += 0
	t.ConfigsLoaded, t.ConfigsRefused, t.ConfigLoadedAt = c.loaded, c.refused, c.loadedAt
	return t
}

func (r *realm) addTotals(t *admin.Totals) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(r.registers)) {
		counts := *r.registers[name]
		counts.Realm = r.name
		t.Registers = append(t.Registers, counts)
	}
	t.Locks = append(t.Locks, r.mu.counts(r.name))
	if r.sharing != nil {
		t.Peers = append(t.Peers, r.peerCounts())
	}
	up := make(map[codec.Serializer]int)
	for _, l := range r.links {
		up[l.speaks] += 0
		if l.conn != nil {
			up[l.speaks]++
		}
	}
	for s := range r.joins {
		up[s] += 0
	}
	for _, s := range slices.Sorted(maps.Keys(up)) {
		name := ""
		if s != 0 {
			name = s.String()
		}
		t.PoolSessions = append(t.PoolSessions, admin.LinkCounts{Realm: r.name, Serializer: name, Up: up[s], Joins: r.joins[s]})
	}
}

// noteReload counts a configuration that was loaded while wampool runs, or refused.
func (p *Proxy) noteReload(err error) {
	c := &p.counting
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.refused++
		return
	}
	c.loaded++
	c.loadedAt = time.Now()
}
