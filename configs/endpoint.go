package configs

import (
	"fmt"
	"net/netip"
	"net/url"
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
	if f != nil {
		return f
	}
	if u.Port() == "0" {
		return &fault{summary: "the router's URL needs the port it listens on, not 0", hint: routerURLExample}
	}
	return nil
}

// checkListenURL returns the mistake in the URL of a listener, nil for none.
func checkListenURL(raw string) *fault {
	u, f := parseEndpoint("the listen URL", raw, listenSchemes, listenURLExample)
	switch {
	case f != nil:
		return f
	case u.Port() == "":
		return &fault{summary: "the listen URL needs a port", hint: listenURLExample}
	case u.RawQuery != "" || u.ForceQuery:
		return &fault{summary: "the listen URL cannot have a query", hint: listenURLExample}
	}
	return nil
}

// parseEndpoint checks what all URLs have in common.
func parseEndpoint(what, raw string, schemes choices, example string) (*url.URL, *fault) {
	u, err := url.Parse(raw)
	if err != nil || raw == "" { // err quotes the URL, a password in it too
		return nil, &fault{summary: what + " is not a valid URL", hint: example, conceal: strings.Contains(raw, "@")}
	}
	if u.User != nil {
		return nil, &fault{summary: what + " cannot have a user or password", hint: "the pool session's identity is in the auth block of its realm", conceal: true}
	}
	switch {
	case !strings.Contains(raw, "://"):
		return nil, &fault{summary: what + " must begin with its scheme and //", hint: example}
	case u.Scheme == "http" || u.Scheme == "https":
		return nil, &fault{
			summary: what + " must be that of a WebSocket",
			hint:    fmt.Sprintf("did you mean %q?", "ws"+strings.TrimPrefix(u.Scheme, "http")+"://…"),
		}
	}
	if f := schemes.check("scheme of "+what, u.Scheme); f != nil {
		return nil, f
	}
	if u.Hostname() == "" {
		return nil, &fault{summary: what + " needs a host", hint: `127.0.0.1 is this machine only, 0.0.0.0 all its addresses`}
	}
	if strings.HasSuffix(u.Host, ":") || !validPort(u.Port()) {
		return nil, &fault{summary: what + " has a port out of range", hint: "a port is a number up to 65535"}
	}
	if u.Fragment != "" || strings.Contains(raw, "#") {
		return nil, &fault{summary: what + " cannot have a fragment (#…)", hint: example}
	}
	return u, nil
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
// compared.
func hostPort(raw string) (host, port string) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", ""
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
