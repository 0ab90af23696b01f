package transport

import (
	"errors"
	"net"
	"net/netip"
	"sync"
)

// Quota bounds the connections of clients, at all listeners that have it.
type Quota struct {
	mu         sync.Mutex
	most       int
	perAddress int // 0: as many as there may be

	taken int                // connections within the quota
	told  int                // and those beyond it that are told so
	from  map[netip.Addr]int // within the quota, by address
}

// NewQuota returns a Quota for so many connections at a time, of which so many
// may come from one IP address; 0 stands for no bound of its own. Unix sockets
// have no address: for them, only the first number counts.
func NewQuota(most, perAddress int) *Quota {
	return &Quota{most: most, perAddress: perAddress, from: make(map[netip.Addr]int)}
}

// SetMost changes how many there may be, and how many from one address. None is ended.
func (q *Quota) SetMost(most, perAddress int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.most, q.perAddress = most, perAddress
}

// turnedAwayAtOnce is how many connections beyond the quota may be there to be
// told so. Others are closed without a word. They take nobody else's place.
const turnedAwayAtOnce = 64

// What is said of a client beyond the quota.
var (
	errCrowded        = errors.New("too many connections (limits.connections)")
	errCrowdedAddress = errors.New("too many connections from this address (limits.connections_per_address)")
)

// place is what a connection counts as.
type place struct {
	quota   *Quota // nil: nothing, or nothing any more
	from    netip.Addr
	crowded error // why it is beyond the quota, and is to be told so; nil: it is not
}

// take counts a connection from an address. It is false where there are too
// many even of those beyond the quota.
func (q *Quota) take(from net.Addr) (p place, ok bool) {
	if q == nil {
		return place{}, true
	}
	p = place{quota: q, from: addressOf(from)}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.taken >= q.most:
		p.crowded = errCrowded
	case q.perAddress > 0 && p.from.IsValid() && q.from[p.from] >= q.perAddress:
		p.crowded = errCrowdedAddress
	default:
		q.taken++
		if p.from.IsValid() {
			q.from[p.from]++
		}
		return p, true
	}
	if q.told >= turnedAwayAtOnce {
		return place{}, false
	}
	q.told++
	return p, true
}

// giveBack counts the connection no longer.
func (p *place) giveBack() {
	q := p.quota
	if q == nil {
		return
	}
	p.quota = nil
	q.mu.Lock()
	defer q.mu.Unlock()
	if p.crowded != nil {
		q.told--
		return
	}
	q.taken--
	if p.from.IsValid() {
		if q.from[p.from]--; q.from[p.from] == 0 {
			delete(q.from, p.from)
		}
	}
}

// addressOf returns an address's IP, an IPv4 one as such in whatever form it
// comes; none for Unix sockets.
func addressOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}

// Bound returns a listener whose connections count, and are closed at once where they
// are beyond the quota.
func (q *Quota) Bound(l net.Listener) net.Listener { return boundListener{l, q} }

type boundListener struct {
	net.Listener
	quota *Quota
}

func (l boundListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		p, ok := l.quota.take(conn.RemoteAddr())
		if ok && p.crowded == nil {
			return &boundConn{Conn: conn, place: p}, nil
		}
		p.giveBack()
		_ = conn.Close()
	}
}

// boundConn is a connection that counts until it is closed.
type boundConn struct {
	net.Conn
	once  sync.Once
	place place
}

func (c *boundConn) Close() error {
	c.once.Do(c.place.giveBack)
	return c.Conn.Close()
}
