package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/wampool/wampool/proxy/cluster"
	"github.com/wampool/wampool/proxy/transport"
)

// errGone ends the link of a peer whose callee or origin is no more.
var errGone = errors.New("the peer answered what it was never asked")

// errRealmGone ends the links of a realm that is not in the configuration any more.
var errRealmGone = errors.New("the realm has gone")

// host is this sidecar to the cluster.
type host struct{ proxy *Proxy }

// Realms is for [cluster.Host]. Links of a realm that goes stay until its calls have
// ended.
func (h host) Realms() (names []string) {
	for _, r := range h.proxy.known() {
		names = append(names, r.name)
	}
	return names
}

func (h host) realm(name string) *realm {
	for _, r := range h.proxy.known() {
		if r.name == name {
			return r
		}
	}
	return nil
}

// Role is for [cluster.Host]. It is as the router said last.
func (h host) Role(realm string) (string, bool) {
	r := h.realm(realm)
	if r == nil {
		return "", false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.role, r.hasJoined
}

// Meet is for [cluster.Host].
func (h host) Meet(peers []cluster.Peer) {
	for _, r := range h.proxy.known() {
		r.meet(peers)
	}
}

// Take is for [cluster.Host].
func (h host) Take(l *cluster.Link) { h.run(l, (*realm).take) }

// Supply is for [cluster.Host].
func (h host) Supply(l *cluster.Link) { h.run(l, (*realm).supply) }

// run has a link's realm run it, if that has not gone meanwhile.
func (h host) run(l *cluster.Link, by func(*realm, *cluster.Link)) {
	if r := h.realm(l.Realm); r != nil {
		by(r, l)
		return
	}
	l.Conn.Close(1000, "", closeLinger)
}

// openCluster opens what peers come by, if there is a cluster.
func (p *Proxy) openCluster(ctx context.Context) error {
	config := p.config().Cluster
	if config == nil {
		return nil
	}
	certificates, err := p.loadTLS(config.TLS)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	options := cluster.Options{
		Config: config, Log: p.log, Host: host{p}, Budget: p.budget,
		Quota:  transport.NewQuota(p.config().Limits.Connections, 0),
		Limits: p.linkLimits, DialLimits: p.dialedLinkLimits, Connect: p.connectPeer, Socket: p.socket, Membership: p.membership,
	}
	if certificates != nil {
		options.TLS = func() (server, client *tls.Config) { return certificates.Peers() }
	}
	if p.cluster, err = cluster.Open(ctx, options); err != nil {
		return err
	}
	for _, r := range p.inOrder() {
		r.share(p.cluster)
	}
	return nil
}

// joinCluster has a realm that is new take part in the cluster, if there is one.
func (p *Proxy) joinCluster(r *realm) {
	if p.cluster == nil {
		return
	}
	r.share(p.cluster)
	r.meet(p.cluster.Peers())
}

// leaveCluster ends the links of a realm that has gone.
func (r *realm) leaveCluster() {
	if r.sharing == nil {
		return
	}
	var conns []*transport.Conn
	r.mu.Lock()
	for _, s := range r.sharing.suppliers {
		conns = append(conns, s.link.Conn)
	}
	for _, t := range r.sharing.takers {
		conns = append(conns, t.link.Conn)
	}
	r.mu.Unlock()
	for _, conn := range conns {
		conn.Abort(errRealmGone)
	}
	r.sharing.cluster.Poke()
}

// closeCluster ends all links, and leaves.
func (p *Proxy) closeCluster() {
	if p.cluster != nil {
		p.cluster.Close()
	}
}

// linkLimits bound a link that a peer has dialed, as a callee's connection is: it answers
// with what the router takes.
func (p *Proxy) linkLimits(k *transport.Keepalive) transport.Limits {
	limits := p.limits()
	limits.MessageBytes = max(limits.MessageBytes, p.config().Router.MessageBytes)
	limits.Keepalive = k
	return limits
}

// dialedLinkLimits bound one that was dialed, as a pool session is.
func (p *Proxy) dialedLinkLimits(k *transport.Keepalive) transport.Limits {
	limits := p.linkLimits(k)
	limits.SendBufferBytes = p.poolSendBuffer
	return limits
}

// contain turns a panic into the end of a link. It is to be deferred.
func contain(r *realm, err *error) {
	if x := recover(); x != nil {
		r.proxy.report(x)
		*err = errPanic
	}
}
