package router

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// Options are what a Router is made of.
type Options struct {
	Realms []string         // that sessions may join; at least one
	Log    zerolog.Logger   // the zero Logger is silent
	Limits transport.Limits // of each connection; zero: transport's defaults
	TLS    *tls.Config      // for wss

	// Socket opens the router's socket; nil: over the network.
	Socket func(ctx context.Context, network, address string) (net.Listener, error)
}

// Router is a WAMP router on one loopback port, for trying out and tests only.
type Router struct {
	// Immutable.
	log      zerolog.Logger
	listener *transport.Listener
	realms   map[string]*realm

	closing sync.Once

	mu       sync.Mutex
	closed   bool
	sessions map[*session]struct{}
	running  sync.WaitGroup // sessions
}

// closeLinger is how long an ending connection may take to deliver what was
// sent to it, and closeGrace how long all of them together may take.
const (
	closeLinger = time.Second
	closeGrace  = 3 * time.Second
)

// Listen opens the router's port. The URL is ws:// or wss:// with a loopback host; port
// 0 lets the system choose, see [Router.URL]. Connections are served from
// [Router.Serve] on; the router ends with [Router.Close].
func Listen(ctx context.Context, rawURL string, options Options) (*Router, error) {
	if err := requireLoopback(rawURL); err != nil {
		return nil, err
	}
	if len(options.Realms) == 0 {
		return nil, errors.New("router: no realm given")
	}
	r := &Router{
		log: options.Log, realms: make(map[string]*realm), sessions: make(map[*session]struct{}),
	}
	for _, name := range options.Realms {
		if !codec.ValidURI(name) {
			return nil, fmt.Errorf("router: realm %q is not a URI", name)
		}
		r.realms[name] = newRealm(name)
	}
	listener, err := transport.Listen(ctx, rawURL, transport.ListenOptions{Limits: options.Limits, TLS: options.TLS, Socket: options.Socket})
	if err != nil {
		return nil, fmt.Errorf("router: %w", err)
	}
	r.listener = listener
	return r, nil
}

// requireLoopback refuses addresses that other machines can reach: everybody
// who connects may do everything.
func requireLoopback(rawURL string) error {
	u, err := url.Parse(rawURL)
	if err != nil {
		return fmt.Errorf("router: %w", err)
	}
	host := u.Hostname()
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("router: %s is not a loopback address: this router is for trying out and tests, and lets anybody do anything", u.Host)
}

// URL returns the address with the port really bound.
func (r *Router) URL() string { return r.listener.URL() }

// Serve takes connections until ctx is done or the router is closed. Then all
// its sessions have ended. It returns nil, or the error of the listener.
func (r *Router) Serve(ctx context.Context) error {
	r.log.Info().Str("address", r.URL()).Msg("router for trying out and tests only: listening")
	stop := context.AfterFunc(ctx, r.Close)
	defer stop()
	err := r.listener.Serve(r.accept)
	r.Close()
	return err
}

// accept answers a client with the first serializer it offers.
func (r *Router) accept(h *transport.Handshake) {
	conn, err := h.Accept(h.Serializers()[0], nil)
	if err != nil {
		r.log.Debug().Err(err).Str("client", h.RemoteAddr()).Msg("router: client left during its handshake")
		return
	}
	s := newSession(r, conn)
	if !r.add(s) {
		conn.Close(1001, "the router is stopping", closeLinger)
		return
	}
	go r.runSession(s)
}

// runSession serves one connection. It ends with the connection, which Close
// waits for.
func (r *Router) runSession(s *session) {
	defer r.remove(s)
	s.run()
}

func (r *Router) add(s *session) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.sessions[s] = struct{}{}
	r.running.Add(1)
	return true
}

func (r *Router) remove(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, s)
	r.running.Done()
}

// Close ends all sessions by GOODBYE, and their connections, and stops
// listening. It returns when all that is done; it may be called again.
func (r *Router) Close() { r.closing.Do(r.close) }

func (r *Router) close() {
	if err := r.listener.Close(); err != nil {
		r.log.Debug().Err(err).Msg("router: closing the listener")
	}
	for _, realm := range r.realms {
		realm.farewell()
	}
	r.mu.Lock()
	r.closed = true
	for s := range r.sessions {
		s.conn.Close(1001, "the router is stopping", closeLinger)
	}
	r.mu.Unlock()
	late := time.AfterFunc(closeGrace, r.abortAll)
	defer late.Stop()
	r.running.Wait()
}

var errStopped = errors.New("router: stopped")

func (r *Router) abortAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for s := range r.sessions {
		s.conn.Abort(errStopped)
	}
}
