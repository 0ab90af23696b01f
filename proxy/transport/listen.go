package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ListenOptions say how clients are taken.
type ListenOptions struct {
	Limits Limits
	Quota  *Quota      // nil: none
	TLS    *tls.Config // for wss and rss

	// AllowedOrigins are hosts whose web pages may connect beside those of the
	// listener's own. In them * stands for any characters, and a port is left out
	// for any. null and file:// stand for pages that have no host.
	AllowedOrigins []string

	// Socket opens the socket of a URL that is not unix, as
	// [net.ListenConfig.Listen] does; nil: over the network.
	Socket func(ctx context.Context, network, address string) (net.Listener, error)

	// Inherited returns a socket that is listened on at an address already, nil
	// for none; nil: there is none.
	Inherited func(network, address string) net.Listener

	// Report is told of clients that did not get so far as to be handled. It
	// must not block, and may be nil.
	Report func(error)
}

// Listener takes connections of clients.
type Listener struct {
	// Immutable.
	url    url.URL
	socket net.Listener
	secure *tls.Config // nil: no TLS
	report func(error)
	open   context.Context // until Close
	close  context.CancelFunc
	terms  atomic.Pointer[terms]

	handshakes sync.WaitGroup
}

// terms are what a listener grants to the connections that come: they may change.
type terms struct {
	limits  Limits
	origins origins
}

// Change has connections that come from now on taken by other limits, and pages of
// other origins connect. Those that are there stay.
func (l *Listener) Change(limits Limits, allowedOrigins []string) {
	l.terms.Store(&terms{limits.withDefaults(), newOrigins(&l.url, allowedOrigins)})
}

// listenSchemes are the transports that a listener's URL may name.
var listenSchemes = map[string]bool{"ws": true, "wss": true, "rs": true, "rss": true, "unix": true}

// Listen opens a listener at a ws or wss URL, or for RawSocket at an rs, rss or
// unix one; port 0 stands for any free one. The error names the URL and what to do.
func Listen(ctx context.Context, rawURL string, o ListenOptions) (*Listener, error) {
	u, err := url.Parse(rawURL)
	if err != nil || !listenSchemes[u.Scheme] || u.User != nil || u.RawQuery != "" || u.Fragment != "" ||
		(u.Host == "") != (u.Scheme == "unix") || u.Path == "" && u.Scheme == "unix" || u.Path != "" && isRawSocket(u) {
		return nil, fmt.Errorf("listen %q: not a URL like ws://127.0.0.1:9000/ws, rs://127.0.0.1:9001 or unix:///run/wampool.sock", rawURL)
	}
	l := &Listener{report: o.Report}
	if l.report == nil {
		l.report = func(error) {}
	}
	if u.Scheme == "wss" || u.Scheme == "rss" {
		if o.TLS == nil {
			return nil, fmt.Errorf("listen %s: no certificate is given: TLS needs one", rawURL)
		}
		l.secure = inLargeRecords(o.TLS)
	}
	switch l.socket = inherited(u, o.Inherited); {
	case l.socket != nil:
		bound(u, l.socket.Addr())
	case u.Scheme == "unix":
		l.socket, err = ListenUnix(ctx, u.Path)
	default:
		l.socket, err = listenTCP(ctx, u, o.Socket)
	}
	if err != nil {
		return nil, fmt.Errorf("listen %s: %w", rawURL, err)
	}
	l.url = *u
	l.terms.Store(&terms{o.Limits.withDefaults(), newOrigins(u, o.AllowedOrigins)})
	l.socket = gatheringListener{l.socket, l, o.Quota}
	l.open, l.close = context.WithCancel(context.WithoutCancel(ctx))
	return l, nil
}

// isRawSocket tells whether a URL is that of RawSocket over TCP.
func isRawSocket(u *url.URL) bool { return u.Scheme == "rs" || u.Scheme == "rss" }

// inherited returns the socket for a URL that somebody else has opened.
func inherited(u *url.URL, find func(network, address string) net.Listener) net.Listener {
	if find == nil {
		return nil
	}
	if u.Scheme == "unix" {
		return find("unix", u.Path)
	}
	if u.Path == "" && !isRawSocket(u) {
		u.Path = "/"
	}
	_, address := dialAddress(u)
	return find("tcp", address)
}

// bound puts into the URL where a socket really listens that somebody else has opened.
func bound(u *url.URL, at net.Addr) {
	if u.Scheme == "unix" {
		u.Path = at.String()
		return
	}
	if _, port, err := net.SplitHostPort(at.String()); err == nil && port != u.Port() {
		u.Host = at.String()
	}
}

// listenTCP listens on the URL's port by open, and puts into the URL which it is.
func listenTCP(ctx context.Context, u *url.URL, open func(context.Context, string, string) (net.Listener, error)) (net.Listener, error) {
	if u.Path == "" && !isRawSocket(u) {
		u.Path = "/"
	}
	_, address := dialAddress(u)
	_, port, _ := net.SplitHostPort(address)
	if open == nil {
		open = new(net.ListenConfig).Listen
	}
	socket, err := open(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w; another program listens on port %s: stop it or choose another port", syscall.EADDRINUSE, port)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%w; ports below 1024 need a privilege: choose a higher one", syscall.EACCES)
	case err != nil:
		return nil, err
	}
	_, port, _ = net.SplitHostPort(socket.Addr().String())
	u.Host = net.JoinHostPort(u.Hostname(), port)
	return socket, nil
}

// gatheringListener gives each accepted connection its send buffer, and the
// time in which its handshake must end.
type gatheringListener struct {
	net.Listener
	of    *Listener
	quota *Quota
}

func (l gatheringListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		place, ok := l.quota.take(conn.RemoteAddr())
		if !ok {
			_ = conn.Close()
			continue
		}
		limits := &l.of.terms.Load().limits
		g := newGather(conn, limits.SendBufferBytes)
		g.until, g.place = time.Now().Add(limits.HandshakeTimeout), place
		_ = g.SetDeadline(g.until)
		return g, nil
	}
}

// gatherOf is the key of a connection in the context of its request.
type gatherOf struct{}

func withGather(ctx context.Context, conn net.Conn) context.Context {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	return context.WithValue(ctx, gatherOf{}, conn)
}

// secureListener puts TLS above each connection, for the HTTP server.
type secureListener struct {
	net.Listener
	config *tls.Config
}

func (l secureListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn.(*gather).secured(tls.Server, l.config), nil
}

// URL returns the listener's URL with the port that is really bound.
func (l *Listener) URL() string { return l.url.String() }

// Serve calls handle for each client whose request is in order, on a goroutine
// of its own, until Close; then it returns nil. handle must accept or reject
// the client. Requests that can't become a WAMP connection are answered here.
func (l *Listener) Serve(handle func(*Handshake)) error {
	var err error
	if l.url.Scheme == "ws" || l.url.Scheme == "wss" {
		err = l.serveWebSocket(handle)
	} else {
		err = l.serveRawSocket(handle)
	}
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (l *Listener) serveWebSocket(handle func(*Handshake)) error {
	server := http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.serveHTTP(w, r, handle) }),
		ReadHeaderTimeout: l.terms.Load().limits.HandshakeTimeout,
		MaxHeaderBytes:    64 << 10,
		ConnState:         l.count,
		ConnContext:       withGather,
		ErrorLog:          log.New(reportWriter{l.report}, "", 0),
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){}, // no HTTP/2
	}
	server.SetKeepAlivesEnabled(false)
	socket := l.socket
	if l.secure != nil {
		socket = secureListener{socket, l.secure}
	}
	err := server.Serve(socket)
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return errors.Join(err, server.Close())
}

// reportWriter reports what the HTTP server logs.
type reportWriter struct{ report func(error) }

func (w reportWriter) Write(p []byte) (int, error) {
	w.report(errors.New(strings.TrimPrefix(strings.TrimSpace(string(p)), "http: ")))
	return len(p), nil
}

// count notes which handshakes are under way.
func (l *Listener) count(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		l.handshakes.Add(1)
	case http.StateClosed:
		l.reportSlow(conn)
		l.handshakes.Done()
	case http.StateHijacked:
		l.handshakes.Done()
	}
}

// reportSlow reports a client whose request was not whole in time, of which the
// HTTP server says nothing. It does where the handshake of TLS was not.
func (l *Listener) reportSlow(conn net.Conn) {
	if secure, ok := conn.(*tls.Conn); ok && secure.ConnectionState().HandshakeComplete {
		conn = secure.NetConn()
	}
	g, ok := conn.(*gather)
	if ok && !g.requested && !time.Now().Before(g.until) {
		l.report(fmt.Errorf("client %s: no whole request within %s (limits.handshake_timeout)", remoteOf(g), l.terms.Load().limits.HandshakeTimeout))
	}
}

// How long accepting pauses where the process or the system has no file left.
const (
	firstAcceptPause = 5 * time.Millisecond
	lastAcceptPause  = time.Second
)

func (l *Listener) serveRawSocket(handle func(*Handshake)) error {
	pause := firstAcceptPause
	for {
		conn, err := l.socket.Accept()
		switch {
		case err == nil:
			pause = firstAcceptPause
			l.handshakes.Go(func() { l.shakeHands(conn.(*gather), handle) })
		case passes(err):
			select {
			case <-time.After(pause):
			case <-l.open.Done():
			}
			pause = min(2*pause, lastAcceptPause)
		default:
			return err
		}
	}
}

// passes tells whether a listener may go on after an error: a client has left
// already, or there is a lack of something that others may give back.
func passes(err error) bool {
	for _, e := range []error{syscall.ECONNABORTED, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// Close takes no further client, and ends the handshakes that are under way;
// connections that are open live on.
func (l *Listener) Close() error {
	l.close()
	if err := l.socket.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Wait returns when no handshake is under way any more. It is for after Serve.
// How long that takes is up to Serve's handle: see [Handshake.Context].
func (l *Listener) Wait() { l.handshakes.Wait() }
