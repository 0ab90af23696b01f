package admin

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// visitors are those who ask. Who may reach the listener may look, but a web page of
// elsewhere that a person here has open must not: neither by asking at this address,
// which takes places of those who follow though it can't read the answers, nor by a name
// of its own that it makes lead here (DNS rebinding), by which it can. And nobody takes so
// much that others, or calls, go short.
type visitors struct {
	routes    http.Handler
	isLocal   bool   // only programs of this machine reach it
	host      string // of the address; "" for an address of numbers
	reading   chan struct{}
	directing chan struct{}
	patience  time.Duration
}

// What there may be at once. An answer is made in memory as a whole, and may be long.
const (
	maxReading   = 16 // answers that are made
	maxDirecting = 16 // commands that are carried out, those that wait included

	maxConnections        = 512
	maxConnectionsAddress = 128 // from one IP address

	readingPatience = 2 * time.Second // of who would have one more answer
)

func newVisitors(address string, at net.Addr) *visitors {
	v := &visitors{
		host: hostOf(address), patience: readingPatience,
		reading: make(chan struct{}, maxReading), directing: make(chan struct{}, maxDirecting),
	}
	if tcp, is := at.(*net.TCPAddr); is {
		v.isLocal = tcp.IP.IsLoopback()
	}
	return v
}

// hostOf is the name of a host in an address; "" for one of numbers, and for a Unix socket.
func hostOf(address string) string {
	host, _, _ := net.SplitHostPort(address)
	if _, err := netip.ParseAddr(host); err == nil || strings.HasPrefix(address, socketScheme) {
		return ""
	}
	return host
}

// leadsHere tells whether a name leads to where it says for certain: an address does,
// and localhost, and the name of the configuration. Any other one may have been made to.
func leadsHere(name, own string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	_, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil || name == "localhost" || strings.HasSuffix(name, ".localhost") || own != "" && strings.EqualFold(name, own)
}

func (v *visitors) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := v.refuse(r); err != nil {
		answer(w, nil, err)
		return
	}
	v.routes.ServeHTTP(w, r)
}

// refuse tells why a request is not answered, whatever it is for; nil if it is.
func (v *visitors) refuse(r *http.Request) error {
	if isForeign(r) {
		return &RequestError{http.StatusForbidden, "a page of another origin may not ask here"}
	}
	isProbe := r.URL.Path == "/healthz" || r.URL.Path == "/readyz"
	if v.isLocal && !isProbe && !leadsHere(nameOf(r.Host), v.host) {
		return &RequestError{http.StatusForbidden, "this name may have been made to lead here: ask by localhost, by the address, or by the name that stands in the admin block"}
	}
	return nil
}

// isForeign tells whether a browser says that a page of elsewhere asks. A person who
// follows a link is welcome.
func isForeign(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return false
	}
	isLink := r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	return !isLink
}

// nameOf is the host of a Host header.
func nameOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// enter takes a place among those for whom an answer is made. Else leave is nil.
func (v *visitors) enter(r *http.Request) (leave func(), err error) {
	timer := time.NewTimer(v.patience)
	defer timer.Stop()
	select {
	case v.reading <- struct{}{}:
		return func() { <-v.reading }, nil
	case <-timer.C:
	case <-r.Context().Done():
	}
	return nil, &RequestError{http.StatusServiceUnavailable, "too many ask at once"}
}

// direct takes a place among commands.
func (v *visitors) direct() (leave func(), err error) {
	select {
	case v.directing <- struct{}{}:
		return func() { <-v.directing }, nil
	default:
		return nil, &RequestError{http.StatusServiceUnavailable, "too many commands at once"}
	}
}
