package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"reflect"

	"github.com/wampool/wampool/proxy/cluster"
	"github.com/wampool/wampool/proxy/transport"
)

// UseNetwork has a sidecar connect and listen by these, which is for before Listen.
func UseNetwork(p *Proxy, connect transport.Connect, socket func(ctx context.Context, network, address string) (net.Listener, error)) {
	p.connect, p.socket = connect, socket
}

// UsePeers has a sidecar reach its peers by connect, and know of them by a membership
// other than memberlist, which is for before Listen.
func UsePeers(p *Proxy, connect transport.Connect, membership func(self cluster.Node, version int, url string) cluster.Membership) {
	p.connectPeer, p.membership = connect, membership
}

// Forwarded returns how many calls of a realm peers have got.
func Forwarded(p *Proxy, realm string) uint64 {
	r := p.realms[realm]
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sharing.forwarded
}

// LinkedPeers returns with how many peers a realm has links in both directions; none, if
// it is not in the configuration.
func LinkedPeers(p *Proxy, realm string) int {
	if r := p.realm(realm); r != nil {
		return r.linkedPeers()
	}
	return 0
}

// UseSeed has a sidecar draw the same at random each time, which is for before Listen.
func UseSeed(p *Proxy, seed uint64) {
	for i := range p.config().Realms {
		of := &p.config().Realms[i]
		p.realms[of.Name] = newRealm(p, of, seed+uint64(i))
	}
}

// Steer has a sidecar do what POST /api/v1/NAME asks for.
func Steer(p *Proxy, name, request string) error {
	_, err := p.commands()[name](context.Background(), json.RawMessage(request))
	return err
}

// Held returns the bytes that are counted as held by clients.
func Held(p *Proxy) int64 { return p.budget.Held() }

// Unready returns why a sidecar can't do its work.
func Unready(p *Proxy) []string { return p.unready() }

// Books is what a sidecar keeps at one moment.
type Books struct {
	Clients   int   // connections
	Sessions  int   // that the registrar knows
	Waiting   int   // REGISTERs and messages of theirs without an answer
	Members   int   // places of theirs in pools
	Pools     int   // of the registrar, and of the dealer
	Callees   int   // that the dealer knows
	Callers   int   // that have called here
	Calls     int   // that wait, run, or whose callee has yet to answer
	Own       int   // INVOCATIONs of the router's own that the dealer knows
	Unwritten int   // INVOCATIONs that are yet to be written
	Asked     int   // requests of pool sessions without an answer
	Claims    int   // registrations of pools, that they have or ask for
	Links     int   // pool sessions
	Charged   int64 // bytes that accounts hold
	Explained int64 // what of them sessions are known to hold, beside buffers
	Taken     int   // places of the quota
}

// BooksOf counts what a sidecar keeps. Where its books disagree, err says so.
func BooksOf(p *Proxy) (b Books, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.Clients, b.Charged = len(p.clients), p.budget.Held()
	b.Taken = int(reflect.ValueOf(p.quota).Elem().FieldByName("taken").Int())
	for c := range p.clients {
		if s := c.session.Load(); s != nil && s.realm != nil {
			s.realm.mu.Lock()
			b.Explained += s.upkeep.waiting + s.upkeep.kept + s.upkeep.lasting + s.upkeep.noted
			s.realm.mu.Unlock()
		}
	}
	for _, r := range p.realms {
		r.mu.Lock()
		r.count(&b)
		err = errors.Join(err, r.dealer.Audit(), r.registrar.Audit())
		r.mu.Unlock()
	}
	return b, err
}

// count adds what a realm keeps. r.mu is held.
func (r *realm) count(b *Books) {
	b.Sessions += len(r.candidates)
	for id := range r.candidates {
		state, _ := r.registrar.Session(id)
		b.Waiting += state.Pending + state.Late + state.Held + state.Turns
		b.Members += len(state.Memberships)
	}
	b.Pools = max(b.Pools, len(r.registrar.Pools()), len(r.pools), len(r.dealer.Pools()))
	for _, pool := range r.dealer.Pools() {
		b.Calls += pool.Calls
	}
	for _, id := range r.dealer.CalleeIDs() {
		b.Callees++
		b.Own += r.dealer.Own(id)
		deliveries := reflect.ValueOf(r.driver.Callee(id)).Elem().FieldByName("deliveries")
		for i := range deliveries.Len() {
			if written := uint64(1); deliveries.Index(i).Elem().FieldByName("state").FieldByName("v").Uint() != written {
				b.Unwritten++ // those that are written are forgotten with the next one
			}
		}
	}
	for range r.driver.Callers() {
		b.Callers++
	}
	for _, l := range r.registrar.Links() {
		b.Links++
		b.Asked += l.Open + l.Late
		b.Claims += l.Claims
	}
}

// Left returns what a sidecar that has stopped has not let go of.
func Left(p *Proxy) (left []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.clients); n > 0 {
		left = append(left, fmt.Sprintf("%d clients", n))
	}
	for name, r := range p.realms {
		r.mu.Lock()
		if waiting, running := r.dealer.Load(); waiting+running > 0 {
			left = append(left, fmt.Sprintf("realm %s: %d calls that wait, %d that run", name, waiting, running))
		}
		if err := r.dealer.Audit(); err != nil {
			left = append(left, fmt.Sprintf("realm %s: %v", name, err))
		}
		r.mu.Unlock()
	}
	return left
}
