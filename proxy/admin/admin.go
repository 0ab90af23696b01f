// Package admin is wampool's HTTP listener for those who run it: orchestrators,
// Prometheus, people with curl, wampool's own commands and page. It is there if the
// configuration has an admin block.
//
//	GET /          the page, for people (page.go)
//	GET /healthz   200 while the process runs: restart it if this fails
//	GET /readyz    200 once wampool can do its work; else 503, and a line for
//	               each reason: a pool session that is not up, or whose pools can't
//	               be registered or joined, or a clean stop
//	GET /metrics   for Prometheus (metrics.go)
//	GET /api/v1/pools                        all pools, with their callees
//	GET /api/v1/pools/{realm}/{match}/{uri}  one of them
//	GET /api/v1/sessions                     clients' sessions, and the pool sessions
//	GET /api/v1/peers                        the other sidecars of the cluster
//	GET /api/v1/pools/{…}/history            the latest minutes of a pool
//	GET /api/v1/warnings                     the latest lines of the log that need a look
//	GET /api/v1/config                       the configuration in force, without secrets
//	GET /api/v1/events                       server-sent events: each second a [Snapshot]
//	GET /api/v1/trace                        server-sent events: a pool's calls as they end (trace.go)
//	POST /api/v1/…                           what is to be done: see [Command]
//	GET /debug/pprof/                        Go's profiles, where pprof = true
//
// All but the page, the first three and the last speak JSON (README.md has an example of each).
// Nothing here shows a secret or a payload. Looking needs no login: who may reach the
// listener may look. Steering is another thing (gate.go).
//
//	               ┌─────────────── Server ───────────────┐
//	HTTP request ──▶ mux ─┬─ GET ─────▶ [Sidecar] ─────────┼──▶ package proxy
//	               │      └─ POST ──▶ gate ──▶ [Command] ──┼──▶
//	               └──────────────────────────────────────┘
//
// The package knows nothing of package proxy, which implements Sidecar.
package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/wampool/wampool/proxy/transport"
)

// Sidecar is what the listener shows. Its methods may be called at any time, by many
// at once.
type Sidecar interface {
	// Unready tells why wampool is not ready, in sentences without a line break;
	// none: it is.
	Unready() []string
	// Pools describes all pools, by realm, match and procedure.
	Pools() []Pool
	// Pool describes one of them. It is false if there is none.
	Pool(realm, match, procedure string) (Pool, bool)
	// Sessions describes the sessions of clients, the oldest first.
	Sessions() []Session
	// Connected returns how many sessions of clients there are.
	Connected() int
	// PoolSessions describes wampool's own sessions at the router.
	PoolSessions() []PoolSession
	// Peers describes the other sidecars that this one shares pools with.
	Peers() Peers
	// PeersInShort counts them; nil: this sidecar stands alone.
	PeersInShort() *PeersSummary
	// Counts tells what has been counted of all pools. It is asked for often.
	Counts() []PoolCounts
	// Totals tells what has been counted beside calls.
	Totals() Totals
	// Trace has the calls of a pool added that end from now on, until stop is called
	// or no more are wanted. It returns the pool's realm. It fails by a [RequestError].
	Trace(what Trace, to *Followed) (realm string, stop func(), err error)
	// Config is the configuration in force, for encoding/json, without secrets.
	Config() any
}

// Options say what a listener shows, and to whom.
type Options struct {
	Address  string // "host:port", port 0 lets the system choose; or unix:///path
	Control  bool   // over TCP, commands are taken
	PProf    bool   // profiles are served
	Sidecar  Sidecar
	Version  string             // of wampool, for the metrics
	Commands map[string]Command // by the last part of their path
	Warnings *WarningLog        // what is shown of the log; nil: nothing is kept of it

	// Inherited returns a socket that somebody else listens on for this listener, nil
	// for none; nil: there is none. Its mode is its opener's.
	Inherited func(network, address string) net.Listener
}

// Server is an open admin listener.
type Server struct {
	listener net.Listener
	server   *http.Server
	streams  *streams
	history  *history
}

// An admin request is short, and so is its answer, but for streams and profiles.
const (
	requestTimeout = 5 * time.Second
	headerBytes    = 8 << 10
)

// socketScheme begins the address of a Unix socket.
const socketScheme = "unix://"

// Listen opens the listener. A Unix socket has mode 0660: its owner and group may
// look and steer.
func Listen(ctx context.Context, o Options) (*Server, error) {
	listener, err := o.listen(ctx)
	if err != nil {
		return nil, fmt.Errorf("admin: %w", err)
	}
	if o.Warnings == nil {
		o.Warnings = NewWarningLog(nil)
	}
	s := &Server{
		listener: transport.NewQuota(maxConnections, maxConnectionsAddress).Bound(listener),
		streams:  newStreams(), history: newHistory(o.Sidecar),
	}
	to := newVisitors(o.Address, listener.Addr())
	to.routes = s.routes(&o, to)
	s.server = &http.Server{
		Handler: to, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout, MaxHeaderBytes: headerBytes,
	}
	return s, nil
}

// listen opens the socket, unless somebody else has.
func (o *Options) listen(ctx context.Context) (net.Listener, error) {
	path, isUnix := strings.CutPrefix(o.Address, socketScheme)
	network := "tcp"
	if isUnix {
		network = "unix"
	}
	if o.Inherited != nil {
		if listener := o.Inherited(network, path); listener != nil { // of TCP, path is the address
			return listener, nil
		}
	}
	if isUnix {
		return transport.ListenUnix(ctx, path)
	}
	return new(net.ListenConfig).Listen(ctx, network, o.Address)
}

// Address returns "host:port" with the port really bound, or unix:///path.
func (s *Server) Address() string {
	if at := s.listener.Addr(); at.Network() == "unix" {
		return socketScheme + at.String()
	}
	return s.listener.Addr().String()
}

// URL returns where people find it: http://host:port, or unix:///path.
func (s *Server) URL() string {
	if address := s.Address(); strings.HasPrefix(address, socketScheme) {
		return address
	}
	return "http://" + s.Address()
}

// Serve answers requests until Close. It returns nil then, or why it ended.
func (s *Server) Serve() error {
	s.streams.start(s.history.run)
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin: %w", err)
	}
	return nil
}

// Close ends the listener and its connections, and waits for those who follow a
// stream to be gone.
func (s *Server) Close() error {
	// A listener that was never served is not the server's yet.
	err := errors.Join(s.server.Close(), ignoreClosed(s.listener.Close()))
	s.streams.close()
	return err
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
