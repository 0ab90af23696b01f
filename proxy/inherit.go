package proxy

import (
	"net"
	"slices"
)

// Inherit hands sockets over that are listened on already, which is for before Listen:
// a listener of the configuration takes the one at its address, instead of opening it.
// For an address of all interfaces, the port counts alone.
func (p *Proxy) Inherit(sockets []net.Listener) { p.inherited = sockets }

// inheritedAt returns the socket at an address, once; nil if there is none.
func (p *Proxy) inheritedAt(network, address string) net.Listener {
	for i, socket := range p.inherited {
		if at := socket.Addr(); at.Network() == network && isAt(at.String(), address) {
			p.inherited = slices.Delete(slices.Clone(p.inherited), i, i+1)
			return socket
		}
	}
	return nil
}

func isAt(bound, address string) bool {
	if bound == address {
		return true
	}
	boundHost, boundPort, err := net.SplitHostPort(bound)
	host, port, err2 := net.SplitHostPort(address)
	return err == nil && err2 == nil && port == boundPort && isUnspecified(host) && isUnspecified(boundHost)
}

func isUnspecified(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

// closeUnwanted closes the sockets that no listener has taken.
func (p *Proxy) closeUnwanted() {
	for _, socket := range p.inherited {
		p.log.Warn().Str("address", socket.Addr().String()).Msg("a socket was handed over at whose address the configuration has no listener: it is closed")
		_ = socket.Close()
	}
	p.inherited = nil
}
