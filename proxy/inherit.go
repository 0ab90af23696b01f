package proxy

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// Inherited is a socket that is listened on already, by whoever started the program.
type Inherited struct {
	net.Listener
	Name string // of its descriptor; "": none
}

// Inherit hands sockets over, which is for before Listen: a listener of the
// configuration takes one instead of opening its own.
//   - By its name: "admin" is the admin listener's; "ws", "wss", "rs", "rss" or "unix"
//     that of a listen block of this scheme; "ws-9000" and so on that of the one of this
//     port. Its address is its own matter.
//   - Of any other name, by its address; for one of all interfaces, the port counts alone.
func (p *Proxy) Inherit(sockets []Inherited) { p.inherited = sockets }

// adminName is what the admin listener's socket is called.
const adminName = "admin"

// inheritedBy returns the socket for a listener that goes by some names, once; nil if
// there is none.
func (p *Proxy) inheritedBy(names []string, network, address string) net.Listener {
	isNamed := func(s Inherited) bool { return slices.Contains(names, s.Name) }
	isHere := func(s Inherited) bool { return isAt(s.Addr().String(), address) }
	for _, fits := range []func(Inherited) bool{
		func(s Inherited) bool { return isNamed(s) && isHere(s) },
		isNamed,
		func(s Inherited) bool { return !isListenerName(s.Name) && isHere(s) },
	} {
		for i, s := range p.inherited {
			if s.Addr().Network() == network && fits(s) {
				p.inherited = slices.Delete(slices.Clone(p.inherited), i, i+1)
				return s.Listener
			}
		}
	}
	return nil
}

// namesOf are the names by which a listener's socket goes.
func namesOf(listen string) []string {
	u, err := url.Parse(listen)
	switch {
	case err != nil:
		return nil
	case u.Port() == "":
		return []string{u.Scheme}
	}
	return []string{u.Scheme + "-" + u.Port(), u.Scheme}
}

// isListenerName tells whether a name says whose socket it is.
func isListenerName(name string) bool {
	scheme, _, _ := strings.Cut(name, "-")
	return name == adminName || slices.Contains([]string{"ws", "wss", "rs", "rss", "unix"}, scheme)
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
		p.log.Warn().Str("address", socket.Addr().String()).Str("name", socket.Name).
			Msg("a socket was handed over that is no listener's of the configuration, by name or address: it is closed")
		_ = socket.Close()
	}
	p.inherited = nil
}
