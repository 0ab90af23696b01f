package transport

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// origins tell which web pages may connect to a listener. A browser says which
// page makes a request; what is no browser says nothing, or its own host.
type origins struct {
	name    string   // of the listener's own URL; "" for an address
	allowed []string // see [ListenOptions]
}

// admission is what comes of a request by its Origin.
type admission int

const (
	foreign admission = iota // it may not connect
	unsaid                   // no page makes it
	own                      // a page of the host that is asked makes it
	listed                   // a page that is in allowed makes it
)

func newOrigins(listener *url.URL, allowed []string) origins {
	name := strings.ToLower(listener.Hostname())
	if _, err := netip.ParseAddr(name); err == nil {
		name = ""
	}
	return origins{name, allowed}
}

func (o *origins) admit(r *http.Request) admission {
	values := r.Header.Values("Origin")
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return unsaid
	}
	u, err := url.Parse(values[0])
	switch {
	case len(values) > 1 || err != nil:
		return foreign
	case u.Host == "": // a file, or a page that does not say what it is
		if slices.ContainsFunc(o.allowed, func(name string) bool { return strings.EqualFold(name, values[0]) }) {
			return listed
		}
		return foreign
	}
	page := parseHost(u.Host, u.Scheme)
	isListed := slices.ContainsFunc(o.allowed, page.fits)
	switch {
	case page == parseHost(r.Host, u.Scheme) && (isListed || o.certain(page.name)):
		return own
	case isListed:
		return listed
	}
	return foreign
}

// certain tells whether a host that a browser names leads here for certain. By
// any other name the browser may have been talked into it: its owner lets it
// lead to an address of his own first, and to this one once his page is there
// (DNS rebinding). localhost is nobody's (RFC 6761, 6.3), and an address is
// looked up nowhere.
func (o *origins) certain(name string) bool {
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil || name == "localhost" || strings.HasSuffix(name, ".localhost") || name == o.name
}

// host is the host of a page or a request.
type host struct {
	name string // in lower case, an IPv6 address in brackets
	port string // as written or as the scheme has it; "" for none
}

var defaultPorts = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443"}

func parseHost(written, scheme string) host {
	name, port := strings.ToLower(written), defaultPorts[scheme]
	if hasPort(name) {
		at := strings.LastIndexByte(name, ':')
		name, port = name[:at], name[at+1:]
	}
	return host{strings.TrimSuffix(name, "."), port}
}

// fits tells whether a host is one of those that a pattern names, in which *
// stands for any characters and a port is left out for any.
func (h host) fits(pattern string) bool {
	text := h.name
	if hasPort(pattern) {
		text += ":" + h.port
	}
	return matches(strings.ToLower(pattern), text)
}

// hasPort tells whether a host or a pattern of hosts ends with a port, "*" for
// one.
func hasPort(host string) bool {
	return strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']')
}

// originOf returns the Origin of the pages of a router itself: what it accepts
// if it accepts any.
func originOf(router *url.URL) string {
	scheme := "http"
	if router.Scheme == "wss" {
		scheme = "https"
	}
	return scheme + "://" + router.Host
}

// matches tells whether a pattern, in which * stands for any characters, fits
// all of a text.
func matches(pattern, text string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	text, ok := strings.CutPrefix(text, first)
	if !ok || !wild {
		return ok && text == ""
	}
	for ; ; rest = rest[strings.IndexByte(rest, '*')+1:] {
		part, _, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(text, part)
		}
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
}
