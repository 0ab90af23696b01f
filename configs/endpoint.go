package configs

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path"
	"strconv"
	"strings"
)

const (
	routerURLExample = `example: "ws://127.0.0.1:8080/ws"`
	listenURLExample = `example: "ws://127.0.0.1:9000/ws"`
)

// checkRouterURL returns the mistake in the URL of a router, nil for none. No
// part of the URL is quoted: it may hold a password, or come from env().
func checkRouterURL(raw string) *fault {
	u, f := parseEndpoint("the router's URL", raw, routerSchemes, routerURLExample)
	switch {
	case f != nil:
		return f
	case u.Port() == "0" || u.Port() == "" && rawSocket(u.Scheme):
		return &fault{summary: "the router's URL needs the port it listens on", hint: exampleOf(u.Scheme, routerURLExample)}
	}
	return nil
}

// checkListenURL returns the mistake in the URL of a listener, nil for none.
func checkListenURL(raw string) *fault {
	u, f := parseEndpoint("the listen URL", raw, listenSchemes, listenURLExample)
	switch {
	case f != nil:
		return f
	case u.Port() == "" && u.Scheme != "unix":
		return &fault{summary: "the listen URL needs a port", hint: exampleOf(u.Scheme, listenURLExample)}
	case u.RawQuery != "" || u.ForceQuery:
		return &fault{summary: "the listen URL cannot have a query", hint: exampleOf(u.Scheme, listenURLExample)}
	}
	return nil
}

// rawSocket tells whether a scheme is that of RawSocket over TCP.
func rawSocket(scheme string) bool { return scheme == "rs" || scheme == "rss" }

// exampleOf is an example of a URL with this scheme, or the one given.
func exampleOf(scheme, otherwise string) string {
	switch {
	case rawSocket(scheme):
		return fmt.Sprintf("example: %q", scheme+"://127.0.0.1:9001")
	case scheme == "unix":
		return `example: "unix:///run/wampool/wampool.sock"`
	}
	return otherwise
}

// parseEndpoint checks what all URLs have in common.
func parseEndpoint(what, raw string, schemes choices, example string) (*url.URL, *fault) {
	u, err := url.Parse(raw)
	switch scheme, rest, found := strings.Cut(raw, "://"); {
	case raw == "":
	case !found:
		return nil, &fault{summary: what + " must begin with its scheme and //", hint: example, conceal: strings.Contains(raw, "@")}
	case bareIPv6(rest):
		return nil, &fault{summary: what + " has an IPv6 address without brackets", hint: fmt.Sprintf("example: %q", scheme+"://[::1]:9000")}
	}
	if err != nil || raw == "" { // err quotes the URL, a password in it too
		return nil, &fault{summary: what + " is not a valid URL", hint: example, conceal: strings.Contains(raw, "@")}
	}
	if u.User != nil {
		return nil, &fault{summary: what + " cannot have a user or password", hint: "the pool session's identity is in the auth block of its realm", conceal: true}
	}
	switch u.Scheme {
	case "http", "https":
		return nil, &fault{
			summary: what + " must be that of a WebSocket",
			hint:    fmt.Sprintf("did you mean %q?", "ws"+strings.TrimPrefix(u.Scheme, "http")+"://…"),
		}
	case "tcp":
		return nil, &fault{summary: what + " must name its protocol, not tcp", hint: `did you mean "rs://…", which is RawSocket over TCP?`}
	}
	if f := schemes.check("scheme of "+what, u.Scheme); f != nil {
		return nil, f
	}
	if u.Fragment != "" || strings.Contains(raw, "#") {
		return nil, &fault{summary: what + " cannot have a fragment (#…)", hint: exampleOf(u.Scheme, example)}
	}
	if u.Scheme == "unix" {
		return u, checkSocketPath(what, u)
	}
	return u, checkHostPort(what, u)
}

// bareIPv6 tells whether what follows a scheme begins with an IPv6 address that
// does not stand in brackets, a port perhaps behind it.
func bareIPv6(rest string) bool {
	authority, _, _ := strings.Cut(rest, "/")
	if strings.ContainsAny(authority, "[]@") {
		return false
	}
	end := strings.LastIndexByte(authority, ':')
	if end < 0 {
		return false
	}
	for _, host := range []string{authority, authority[:end]} {
		if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
			return true
		}
	}
	return false
}

// checkAddress checks "host:port" of the admin listener, or its unix:///path.
func checkAddress(address string) *fault {
	if strings.HasPrefix(address, socketScheme) {
		u, err := url.Parse(address)
		if err != nil || u.User != nil || u.Fragment != "" {
			return &fault{summary: "the admin address is not a valid URL", hint: `example: address = "unix:///run/wampool/admin.sock"`}
		}
		return checkSocketPath("the admin address", u)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" || port == "" || strings.ContainsAny(host, "/@ ") || !validPort(port) {
		return &fault{summary: "the admin address must be HOST:PORT", hint: `example: address = "127.0.0.1:9090", or "unix:///run/wampool/admin.sock"; an IPv6 host stands in brackets`}
	}
	return nil
}

func checkHostPort(what string, u *url.URL) *fault {
	switch {
	case u.Hostname() == "":
		return &fault{summary: what + " needs a host", hint: `127.0.0.1 is this machine only, 0.0.0.0 all its addresses`}
	case strings.HasSuffix(u.Host, ":") || !validPort(u.Port()):
		return &fault{summary: what + " has a port out of range", hint: "a port is a number up to 65535"}
	case rawSocket(u.Scheme) && (u.Path != "" || u.RawQuery != "" || u.ForceQuery):
		return &fault{summary: what + " cannot have a path or query: RawSocket has none", hint: exampleOf(u.Scheme, "")}
	}
	return nil
}

// maxSocketPath is the longest path of a Unix socket, in bytes, where the
// operating system takes the least.
const maxSocketPath = 103

func checkSocketPath(what string, u *url.URL) *fault {
	example := exampleOf(u.Scheme, "")
	switch {
	case u.Host != "":
		return &fault{summary: what + " must have an absolute path, behind three slashes", hint: example}
	case u.RawQuery != "" || u.ForceQuery:
		return &fault{summary: what + " cannot have a query", hint: example}
	case u.Path == "" || strings.HasSuffix(u.Path, "/"):
		return &fault{summary: what + " needs the path of a socket", hint: example}
	case len(u.Path) > maxSocketPath || strings.Contains(u.Path, "\x00"):
		return &fault{summary: fmt.Sprintf("%s has a path that no socket can have: it may be up to %d bytes long", what, maxSocketPath)}
	}
	return nil
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	_, err := strconv.ParseUint(port, 10, 16)
	return err == nil
}

// overlap tells whether two valid listen URLs claim the same address.
func overlap(a, b string) bool {
	hostA, portA := hostPort(a)
	hostB, portB := hostPort(b)
	if portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || covers(hostA, hostB) || covers(hostB, hostA)
}

// dialsItself tells whether a valid router URL leads to a valid listen URL.
func dialsItself(router, listen string) bool {
	target, targetPort := hostPort(router)
	host, port := hostPort(listen)
	if targetPort != port {
		return false
	}
	ip, err := netip.ParseAddr(target)
	return host == target || err == nil && (ip.IsLoopback() || ip.IsUnspecified()) && covers(host, target)
}

// covers tells whether a listener on host, being an unspecified address,
// takes the connections to other as well.
func covers(host, other string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsUnspecified() {
		return false
	}
	if ip.Is6() {
		return true // both families, unless the system is set otherwise
	}
	otherIP, err := netip.ParseAddr(other)
	return err != nil || otherIP.Is4()
}

// hostPort returns the host and port of a valid URL in a form that can be
// compared, or the path of a Unix socket.
func hostPort(raw string) (host, port string) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", ""
	}
	if u.Scheme == "unix" {
		return path.Clean(u.Path), "unix"
	}
	host, port = strings.ToLower(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "wss": "443"}[u.Scheme]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		port = strconv.FormatUint(n, 10) // 09000 is 9000
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	return host, port
}
