package proxy

import (
	"context"
	"net"

	"github.com/wampool/wampool/proxy/transport"
)

// UseNetwork has a sidecar connect and listen by these, which is for before Listen.
func UseNetwork(p *Proxy, connect transport.Connect, socket func(ctx context.Context, network, address string) (net.Listener, error)) {
	p.connect, p.socket = connect, socket
}

// Held returns the bytes that are counted as held by clients.
func Held(p *Proxy) int64 { return p.budget.Held() }

// Unready returns why a sidecar can't do its work.
func Unready(p *Proxy) []string { return p.unready() }
