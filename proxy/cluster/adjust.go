package cluster

import (
	"cmp"
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// adjust dials who is to be dialed, gives up who is not, and ends links by which calls
// would go between two authroles.
func (c *Cluster) adjust() {
	peers := c.members.Peers()
	realms, roles := c.host.Realms(), make(map[string]string)
	for _, realm := range realms {
		if role, known := c.host.Role(realm); known {
			roles[realm] = role
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.know(peers)
	for _, in := range []map[lane]*Link{c.dialed, c.accepted} {
		for at, l := range in {
			if role, known := roles[at.realm]; known && role != l.Role {
				l.Conn.Abort(errRole)
			}
		}
	}
	if c.draining {
		return
	}
	wanted := c.wanted()
	for realm := range roles {
		for _, peer := range wanted {
			c.keepDialing(peer, realm)
		}
	}
	for at, d := range c.dialers {
		if c.dialed[at] == nil && (!slices.Contains(realms, at.realm) || !slices.ContainsFunc(wanted, func(p Peer) bool { return p.Node == at.peer })) {
			d.end()
		}
	}
}

// know takes note of who is there. mu is held.
func (c *Cluster) know(peers []Peer) {
	c.peers = peers
	clear(c.byNode)
	for i := range peers {
		p := &peers[i]
		c.byNode[p.Node] = p
		if !compatible(p.Version) && !c.versions[p.Node] && len(c.versions) < mostSaid {
			c.versions[p.Node] = true
			c.log.Warn().Str("peer", brief(p.Node)).Str("address", p.URL).Int("version", p.Version).Int("own_version", version).
				Msg("cluster: peer of another version: it is not linked with; upgrade one version at a time")
		}
	}
	for node := range c.needed {
		if c.byNode[node] == nil {
			delete(c.needed, node)
		}
	}
}

// mostSaid bounds what the log remembers.
const mostSaid = 1000

// wanted returns whom this side dials: the nearest, those who are needed, and those who
// have dialed. mu is held.
func (c *Cluster) wanted() []Peer {
	all := slices.Clone(c.peers)
	all = slices.DeleteFunc(all, func(p Peer) bool { return !compatible(p.Version) || p.Draining })
	slices.SortFunc(all, func(a, b Peer) int {
		return cmp.Compare(distance(c.self, a.Node), distance(c.self, b.Node))
	})
	nearest := c.options.Nearest
	if len(all) <= nearest {
		return all
	}
	dialed := make(map[Node]bool)
	for at := range c.accepted {
		dialed[at.peer] = true
	}
	some := slices.Clone(all[:nearest])
	for _, p := range all[nearest:] {
		if c.needed[p.Node] || dialed[p.Node] {
			some = append(some, p)
		}
	}
	return some
}

// wants tells whether a link that has ended is to be dialed again.
func (c *Cluster) wants(d *dialer) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closed && !c.draining && slices.ContainsFunc(c.wanted(), func(p Peer) bool { return p.Node == d.peer.Node })
}

// keepDialing sees to it that a peer is dialed for a realm. mu is held.
func (c *Cluster) keepDialing(peer Peer, realm string) {
	at := lane{peer.Node, realm}
	if c.dialers[at] != nil {
		return
	}
	ctx, end := context.WithCancel(c.life)
	d := &dialer{cluster: c, peer: peer, realm: realm, end: end}
	c.dialers[at] = d
	c.running.Go(func() {
		d.run(ctx)
		c.mu.Lock()
		delete(c.dialers, at)
		c.mu.Unlock()
		c.Poke()
	})
}

// Peers returns all others that are there, and can be linked with unless they drain.
func (c *Cluster) Peers() []Peer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(c.peers), func(p Peer) bool { return !compatible(p.Version) })
}

// run has the host run a link until that ends. A link that stands in its place, which
// the peer has given up, ends before.
func (c *Cluster) run(l *Link, host func(*Link)) {
	at, in := lane{l.Peer, l.Realm}, c.accepted
	if l.Dialed {
		in = c.dialed
	}
	defer close(l.ended)
	c.mu.Lock()
	before, closed := in[at], c.closed
	if !closed {
		in[at] = l
	}
	c.mu.Unlock()
	if closed {
		l.Conn.Abort(errClosed)
		return
	}
	if before != nil {
		before.Conn.Abort(errReplaced)
		<-before.ended
	}
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if in[at] == l {
			delete(in, at)
		}
		c.Poke()
	}()
	c.Poke() // one who has dialed is dialed
	if !l.Dialed {
		l.ping(time.Now())
	}
	host(l)
}

// address is where links come in.
type address struct {
	scheme, host string
	port         int
}

func urlOf(raw string) (address, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return address{}, err
	}
	port, err := strconv.Atoi(u.Port())
	return address{u.Scheme, u.Hostname(), port}, err
}

// isUnspecified tells whether a host stands for all addresses of this machine.
func isUnspecified(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsUnspecified()
}
