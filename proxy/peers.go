package proxy

import (
	"cmp"
	"maps"
	"slices"

	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/cluster"
)

// What is shown and counted of peers.

// Peers describes the peers of all realms.
func (v view) Peers() admin.Peers {
	c := v.proxy.cluster
	if c == nil {
		return admin.Peers{Peers: []admin.Peer{}}
	}
	shown := admin.Peers{Node: cluster.Text(c.Self()), Links: c.URL(), Gossip: c.Gossip(), Peers: []admin.Peer{}}
	for _, r := range v.proxy.inOrder() {
		shown.Peers = append(shown.Peers, r.shownPeers(c.Peers())...)
	}
	return shown
}

// PeersInShort counts them.
func (v view) PeersInShort() *admin.PeersSummary {
	c := v.proxy.cluster
	if c == nil {
		return nil
	}
	short := &admin.PeersSummary{Members: len(c.Peers()), Linked: -1}
	for _, r := range v.proxy.inOrder() {
		if n := r.linkedPeers(); short.Linked < 0 || n < short.Linked {
			short.Linked = n
		}
	}
	short.Linked = max(short.Linked, 0)
	return short
}

// linkedPeers counts those with links in both directions.
func (r *realm) linkedPeers() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for node := range r.sharing.suppliers {
		if r.sharing.takers[node] != nil {
			n++
		}
	}
	return n
}

// shownPeers describes those that the membership has, and those with whom links stand.
func (r *realm) shownPeers(members []cluster.Peer) (shown []admin.Peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sh, byNode := r.sharing, make(map[cluster.Node]admin.Peer)
	for _, m := range members {
		byNode[m.Node] = admin.Peer{Address: m.URL, Version: m.Version, IsMember: true, IsDraining: m.Draining}
	}
	for node, s := range sh.suppliers {
		p := byNode[node]
		p.GetsCalls, p.Address = true, cmp.Or(p.Address, s.link.Conn.RemoteAddr())
		p.Given, p.Running = s.forwarded, r.dealer.InFlight(s.callee)
		if trip, known := s.link.RoundTrip(); known {
			seconds := trip.Seconds()
			p.RoundTripSeconds, p.IsNear = &seconds, trip <= sh.cluster.MaxRTT()
		}
		byNode[node] = p
	}
	for node, t := range sh.takers {
		p := byNode[node]
		p.GivesCalls, p.Got, p.Address = true, t.got, cmp.Or(p.Address, t.link.Conn.RemoteAddr())
		byNode[node] = p
	}
	for _, node := range slices.SortedFunc(maps.Keys(byNode), func(a, b cluster.Node) int { return slices.Compare(a[:], b[:]) }) {
		p := byNode[node]
		p.Realm, p.Node = r.name, cluster.Text(node)
		shown = append(shown, p)
	}
	return shown
}

// peerCounts counts a realm's links. realm.mu is held.
func (r *realm) peerCounts() admin.PeerCounts {
	sh := r.sharing
	counts := admin.PeerCounts{Realm: r.name, To: len(sh.suppliers), From: len(sh.takers)}
	for _, s := range sh.suppliers {
		trip, _ := s.link.RoundTrip()
		counts.RoundTripSeconds = max(counts.RoundTripSeconds, trip.Seconds())
	}
	return counts
}
