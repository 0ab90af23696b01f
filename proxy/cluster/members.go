package cluster

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/rs/zerolog"
)

// Membership is who is there. [Members] asks memberlist.
type Membership interface {
	// Peers returns all others that are alive, in the order of their nodes.
	Peers() []Peer
	// Changed receives when they may be other ones.
	Changed() <-chan struct{}
	// Drain tells the others that this one is about to leave.
	Drain()
	// Leave tells them that it has left.
	Leave()
}

// joinInterval is how often the names in join are looked up.
const joinInterval = 30 * time.Second

// The longest waits of a leaver.
const (
	leaveTimeout = time.Second
	drainTimeout = time.Second
)

// Members is the membership by memberlist, with its defaults for a LAN.
type Members struct {
	// Immutable.
	list    *memberlist.Memberlist
	address string // of its gossip, as peers know it
	log     zerolog.Logger
	changed chan struct{} // has room for one
	resolve func(ctx context.Context, host string) ([]netip.Addr, error)

	left sync.Once

	mu    sync.Mutex
	self  meta
	join  []string
	known map[string]known // by their names in memberlist
}

// known is a member that is alive. memberlist's own description of it changes while it is
// looked at.
type known struct {
	address string // of its gossip
	peer    Peer
	isPeer  bool // it is one of ours, and not this one
}

// membersOptions say how a sidecar takes part.
type membersOptions struct {
	name      string // of the cluster
	key       []byte // nil: no encryption
	bind      netip.AddrPort
	advertise string // "": the bound address
	join      []string
	self      meta
	link      func(host string) string // makes the URL of links of the address that peers know
	log       zerolog.Logger
}

// openMembers opens the sockets of the gossip. Nobody is joined yet.
func openMembers(o *membersOptions) (*Members, error) {
	m := &Members{log: o.log, changed: make(chan struct{}, 1), join: o.join, self: o.self, known: make(map[string]known)}
	m.resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}
	config := memberlist.DefaultLANConfig()
	config.Name = o.self.Node // a node that was restarted is another one
	config.Label = o.name
	config.SecretKey = o.key
	config.BindAddr, config.BindPort = o.bind.Addr().String(), int(o.bind.Port())
	config.AdvertiseAddr, config.AdvertisePort = o.advertise, int(o.bind.Port())
	config.Logger = log.New(&listLog{log: o.log}, "", 0)
	config.Delegate, config.Events = (*delegate)(m), (*delegate)(m)
	gossip, err := memberlist.NewNetTransport(&memberlist.NetTransportConfig{
		BindAddrs: []string{config.BindAddr}, BindPort: config.BindPort, Logger: config.Logger,
	})
	if err != nil {
		return nil, fmt.Errorf("cluster: gossip: %w", err)
	}
	config.Transport, config.AdvertisePort = gossip, gossip.GetAutoBindPort()
	config.BindPort = config.AdvertisePort
	host, _, err := gossip.FinalAdvertiseAddr(o.advertise, config.AdvertisePort)
	if err != nil {
		return nil, fmt.Errorf("cluster: gossip: set advertise to the address by which peers reach this sidecar: %w", errors.Join(err, gossip.Shutdown()))
	}
	config.AdvertiseAddr = host.String()
	m.address = net.JoinHostPort(config.AdvertiseAddr, strconv.Itoa(config.AdvertisePort))
	m.self.Link = o.link(config.AdvertiseAddr)
	if m.list, err = memberlist.Create(config); err != nil {
		return nil, fmt.Errorf("cluster: gossip: %w", errors.Join(err, gossip.Shutdown()))
	}
	return m, nil
}

// Address returns where the gossip comes in, as peers know it.
func (m *Members) Address() string { return m.address }

// SetJoin changes where peers are to be found.
func (m *Members) SetJoin(join []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.join = join
}

// run looks for peers until ctx is done.
func (m *Members) run(ctx context.Context) {
	ticker := time.NewTicker(joinInterval)
	defer ticker.Stop()
	for {
		m.lookUp(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// lookUp joins whoever is found under the names and is not known yet. Where nobody is,
// the log says so once for as long as it lasts: the first sidecar is alone for a while.
func (m *Members) lookUp(ctx context.Context) {
	m.mu.Lock()
	names, known := slices.Clone(m.join), map[string]bool{m.address: true}
	for _, k := range m.known {
		known[k.address] = true
	}
	m.mu.Unlock()
	for _, name := range names {
		found, err := m.addresses(ctx, name)
		if err != nil {
			m.log.Info().Str("join", name).Err(err).Msg("cluster: no address of peers")
			continue
		}
		found = slices.DeleteFunc(found, func(address string) bool { return known[address] })
		if len(found) == 0 || ctx.Err() != nil {
			continue
		}
		if n, err := m.list.Join(found); err != nil && n == 0 {
			m.log.Info().Str("join", name).Int("addresses", len(found)).Str("cause", firstLine(err)).Msg("cluster: no peer there yet")
		}
	}
}

// addresses returns all that a name stands for.
func (m *Members) addresses(ctx context.Context, name string) ([]string, error) {
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return []string{name}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, joinInterval/3)
	defer cancel()
	all, err := m.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	addresses := make([]string, len(all))
	for i, ip := range all {
		addresses[i] = net.JoinHostPort(ip.Unmap().String(), port)
	}
	return addresses, nil
}

// Peers is for [Membership].
func (m *Members) Peers() (peers []Peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.known {
		if k.isPeer {
			peers = append(peers, k.peer)
		}
	}
	slices.SortFunc(peers, func(a, b Peer) int { return slices.Compare(a.Node[:], b.Node[:]) })
	return peers
}

// Changed is for [Membership].
func (m *Members) Changed() <-chan struct{} { return m.changed }

// Drain is for [Membership].
func (m *Members) Drain() {
	m.mu.Lock()
	m.self.Draining = true
	m.mu.Unlock()
	if err := m.list.UpdateNode(drainTimeout); err != nil {
		m.log.Debug().Err(err).Msg("cluster: the drain is told by links alone")
	}
}

// Leave is for [Membership].
func (m *Members) Leave() { m.left.Do(m.leave) }

func (m *Members) leave() {
	if err := m.list.Leave(leaveTimeout); err != nil {
		m.log.Debug().Err(err).Msg("cluster: left without a word")
	}
	if err := m.list.Shutdown(); err != nil {
		m.log.Debug().Err(err).Msg("cluster: gossip closed with an error")
	}
}

// delegate is what memberlist asks and tells.
type delegate Members

// NodeMeta returns what this node tells of itself.
func (d *delegate) NodeMeta(int) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.self.encode()
}

// NotifyMsg, GetBroadcasts, LocalState and MergeRemoteState are for what wampool does
// not send by gossip: loads and calls.
func (d *delegate) NotifyMsg([]byte)                {}
func (d *delegate) GetBroadcasts(int, int) [][]byte { return nil }
func (d *delegate) LocalState(bool) []byte          { return nil }
func (d *delegate) MergeRemoteState([]byte, bool)   {}

// NotifyJoin, NotifyLeave and NotifyUpdate tell that the peers are other ones.
func (d *delegate) NotifyJoin(n *memberlist.Node)   { d.note(n) }
func (d *delegate) NotifyUpdate(n *memberlist.Node) { d.note(n) }
func (d *delegate) NotifyLeave(n *memberlist.Node) {
	d.mu.Lock()
	delete(d.known, n.Name)
	d.mu.Unlock()
	d.notify()
}

// note takes note of a member that is alive.
func (d *delegate) note(n *memberlist.Node) {
	peer, err := decodeMeta(n.Meta)
	if err == nil && Text(peer.Node) != n.Name {
		err = errors.New("it has another name than its node")
	}
	d.mu.Lock()
	before, isKnown := d.known[n.Name]
	d.known[n.Name] = known{n.Address(), peer, err == nil && n.Name != d.self.Node}
	d.mu.Unlock()
	if err != nil && (!isKnown || before.isPeer) {
		d.log.Warn().Str("member", fmt.Sprintf("%.64q", n.Name)).AnErr("cause", err).Msg("cluster: a member of the gossip can't be read, and is not linked with")
	}
	d.notify()
}

func (d *delegate) notify() {
	select {
	case d.changed <- struct{}{}:
	default:
	}
}

// linkURL makes the URL of links, where they are bound, of the address that peers know.
func linkURL(scheme, host string, port int) string {
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port))
}
