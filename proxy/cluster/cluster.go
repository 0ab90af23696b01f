package cluster

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy/transport"
)

// Host is the sidecar that is linked with others.
type Host interface {
	// Realms returns the names of those that it has.
	Realms() []string
	// Role returns the authrole of a realm's pool session at the router; false where
	// there is no such realm, or its pool session has yet to join.
	Role(realm string) (role string, known bool)
	// Meet tells which peers are there, whenever they are other ones.
	Meet(peers []Peer)
	// Take runs a link that a peer has dialed, Supply one that was dialed to a peer:
	// until it ends. They are its one reader, and close its connection.
	Take(*Link)
	Supply(*Link)
}

// Options say how a sidecar is linked.
type Options struct {
	Config     *configs.Cluster
	Log        zerolog.Logger
	Host       Host
	Budget     *transport.Budget
	Quota      *transport.Quota                            // of connections of peers
	Limits     func(*transport.Keepalive) transport.Limits // of links that peers dial
	DialLimits func(*transport.Keepalive) transport.Limits // of those that are dialed
	TLS        func() (server, client *tls.Config)         // nil: none
	Connect    transport.Connect                           // nil: over the network
	Socket     func(ctx context.Context, network, address string) (net.Listener, error)
	Membership func(self Node, version int, url string) Membership // nil: memberlist
	Nearest    int                                                 // how many peers are dialed at once; 0: 32
}

// Cluster is this sidecar among its peers.
type Cluster struct {
	// Immutable after Open.
	self      Node
	options   Options
	log       zerolog.Logger
	host      Host
	keys      keys
	budget    *transport.Budget
	keepalive *transport.Keepalive
	listener  *transport.Listener
	members   Membership
	poke      chan struct{} // has room for one: who is dialed may be others
	unlinked  pause
	maxRTT    atomic.Int64

	mu       sync.Mutex
	peers    []Peer
	byNode   map[Node]*Peer
	needed   map[Node]bool // beyond the nearest
	dialers  map[lane]*dialer
	dialed   map[lane]*Link // that stand
	accepted map[lane]*Link
	versions map[Node]bool // of which it is said already that theirs is another one
	draining bool
	closed   bool
	life     context.Context
	end      context.CancelFunc
	running  sync.WaitGroup
}

// lane is a link's place: with whom, for which realm.
type lane struct {
	peer  Node
	realm string
}

// defaultNearest is how many peers are dialed at once.
const defaultNearest = 32

// How long a silent link may stay so: one end pings it each second, and it is lost when
// three have got no answer, or have not come.
const (
	pingInterval = time.Second
	pingTimeout  = 1500 * time.Millisecond
)

// Open opens the listener of links and the gossip. An error says which can't be, and why.
func Open(ctx context.Context, o Options) (*Cluster, error) {
	secret := ""
	if o.Config.Secret.IsSet() {
		var err error
		if secret, err = o.Config.Secret.Read(); err != nil {
			return nil, fmt.Errorf("cluster: %w", err)
		}
	}
	c := &Cluster{
		self: newNode(), options: o, log: o.Log, host: o.Host, budget: o.Budget, poke: make(chan struct{}, 1),
		keepalive: transport.NewKeepalive(pingInterval, pingTimeout),
		byNode:    make(map[Node]*Peer), needed: make(map[Node]bool), dialers: make(map[lane]*dialer),
		dialed: make(map[lane]*Link), accepted: make(map[lane]*Link), versions: make(map[Node]bool),
	}
	c.options.Nearest = cmp.Or(o.Nearest, defaultNearest)
	c.maxRTT.Store(int64(o.Config.MaxRTT))
	var err error
	if c.keys, err = deriveKeys(o.Config.Name, secret); err != nil {
		return nil, err
	}
	c.life, c.end = context.WithCancel(context.WithoutCancel(ctx))
	listening := transport.ListenOptions{Limits: o.Limits(c.keepalive), Quota: o.Quota, Socket: o.Socket, Report: c.handshakeFailed}
	if o.TLS != nil {
		listening.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			server, _ := o.TLS()
			return server, nil
		}}
	}
	if c.listener, err = transport.Listen(ctx, o.Config.Listen, listening); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	if c.members, err = c.join(); err != nil {
		return nil, errors.Join(err, c.listener.Close())
	}
	return c, nil
}

// join opens the membership, with the address that peers dial.
func (c *Cluster) join() (Membership, error) {
	config := c.options.Config
	bound, err := urlOf(c.listener.URL())
	if err != nil {
		return nil, err
	}
	host := cmp.Or(config.Advertise, bound.host)
	if c.options.Membership != nil {
		return c.options.Membership(c.self, version, linkURL(bound.scheme, host, bound.port)), nil
	}
	return openMembers(&membersOptions{
		name: config.Name, key: c.keys.gossip, bind: config.GossipHost(), advertise: config.Advertise, join: config.Join,
		self: meta{Version: version, Node: Text(c.self)}, log: c.log,
		link: func(known string) string {
			if host != config.Advertise && isUnspecified(host) {
				host = known
			}
			return linkURL(bound.scheme, host, bound.port)
		},
	})
}

// Self returns this sidecar's node.
func (c *Cluster) Self() Node { return c.self }

// URL returns where links come in, with the port that is really bound.
func (c *Cluster) URL() string { return c.listener.URL() }

// Gossip returns where the gossip comes in, as peers know it; "" where it is not memberlist's.
func (c *Cluster) Gossip() string {
	if m, is := c.members.(*Members); is {
		return m.Address()
	}
	return ""
}

// MaxRTT is the longest round trip of peers that get calls.
func (c *Cluster) MaxRTT() time.Duration { return time.Duration(c.maxRTT.Load()) }

// Change takes what a reload may change.
func (c *Cluster) Change(config *configs.Cluster, limits transport.Limits) {
	c.maxRTT.Store(int64(config.MaxRTT))
	limits.Keepalive = c.keepalive
	c.listener.Change(limits, nil)
	if m, is := c.members.(*Members); is {
		m.SetJoin(config.Join)
	}
}

// Run links this sidecar with its peers until ctx is done. Then the links still stand, see
// [Cluster.Close].
func (c *Cluster) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	listening := make(chan error, 1)
	running.Go(func() { c.keepalive.Run(ctx) })
	if m, is := c.members.(*Members); is {
		running.Go(func() { m.run(ctx) })
	}
	running.Go(func() { listening <- c.listener.Serve(c.accept) })
	c.log.Info().Str("node", brief(c.self)).Str("links", c.listener.URL()).Str("gossip", c.Gossip()).Msg("cluster: peers may come")
	ticker := time.NewTicker(pingInterval)
	defer ticker.Stop()
	var met []Peer
	for {
		c.adjust()
		if peers := c.Peers(); !slices.Equal(peers, met) {
			met = peers
			c.host.Meet(slices.Clone(peers))
		}
		select {
		case <-ctx.Done():
			return errors.Join(c.listener.Close(), <-listening)
		case err := <-listening:
			<-ctx.Done()
			if err == nil { // it was closed
				return nil
			}
			return fmt.Errorf("cluster: listener %s: %w", c.listener.URL(), err)
		case <-c.members.Changed():
		case <-c.poke:
		case now := <-ticker.C:
			c.ping(now)
		}
	}
}

// Poke has the cluster look again at what the host says of its realms: a realm's pool
// session has joined the router, maybe with another role. It never blocks.
func (c *Cluster) Poke() {
	select {
	case c.poke <- struct{}{}:
	default:
	}
}

// Need has a peer dialed that is not among the nearest. It never blocks.
func (c *Cluster) Need(peer Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.needed[peer] && c.byNode[peer] != nil {
		c.needed[peer] = true
		c.Poke()
	}
}

// start runs a goroutine that ends with the cluster. It is false once that is closed.
func (c *Cluster) start(run func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.running.Go(run)
	return true
}

// ping asks the peer of each link that it has dialed for a sign of life. That hears a sign
// of life by it, so one of the two ends is enough.
func (c *Cluster) ping(now time.Time) {
	for _, l := range c.standing() {
		if !l.Dialed {
			l.ping(now)
		}
	}
}

// standing returns all links that stand.
func (c *Cluster) standing() (links []*Link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, in := range []map[lane]*Link{c.dialed, c.accepted} {
		for _, l := range in {
			links = append(links, l)
		}
	}
	return links
}

// Drain tells the membership that this sidecar is about to leave, and links with nobody
// new.
func (c *Cluster) Drain() {
	c.mu.Lock()
	c.draining = true
	c.mu.Unlock()
	c.members.Drain()
}

func (c *Cluster) isDraining() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.draining
}

// Close leaves the membership, and ends all links in good order.
func (c *Cluster) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	c.members.Leave()
	for _, l := range c.standing() {
		l.leave(uriDraining)
	}
	_ = c.listener.Close()
	c.listener.Wait()
	c.running.Wait()
}

// handshakeFailed says of a connection that it was none of a peer's.
func (c *Cluster) handshakeFailed(err error) {
	if more, say := c.unlinked.now(); say {
		c.log.Info().Err(err).Int("more_since_last_line", more).Msg("cluster: a connection failed in its handshake")
	}
}

// clientTLS is what a dialed link is secured with; nil without TLS.
func (c *Cluster) clientTLS() *tls.Config {
	if c.options.TLS == nil {
		return nil
	}
	_, client := c.options.TLS()
	return client
}

// isMember tells whether the membership knows a node.
func (c *Cluster) isMember(node Node) bool {
	if slices.ContainsFunc(c.members.Peers(), func(p Peer) bool { return p.Node == node }) {
		return true
	}
	c.Poke()
	return false
}
