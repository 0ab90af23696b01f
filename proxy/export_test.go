package proxy

import (
	"context"
	"fmt"
	"net"

	"github.com/wampool/wampool/proxy/transport"
)

// UseNetwork has a sidecar connect and listen by these, which is for before Listen.
func UseNetwork(p *Proxy, connect transport.Connect, socket func(ctx context.Context, network, address string) (net.Listener, error)) {
	p.connect, p.socket = connect, socket
}

// UseSeed has a sidecar draw the same at random each time, which is for before Listen.
func UseSeed(p *Proxy, seed uint64) {
	for i := range p.config.Realms {
		of := &p.config.Realms[i]
		p.realms[of.Name] = newRealm(p, of, seed+uint64(i))
	}
}

// Held returns the bytes that are counted as held by clients.
func Held(p *Proxy) int64 { return p.budget.Held() }

// Unready returns why a sidecar can't do its work.
func Unready(p *Proxy) []string { return p.unready() }

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
