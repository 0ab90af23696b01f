package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/cluster"
	"github.com/wampool/wampool/proxy/spans"
	"github.com/wampool/wampool/proxy/transport"
)

// Proxy is one sidecar: its listeners, its clients' sessions, and a realm for
// each that the configuration names.
type Proxy struct {
	// Immutable after New.
	log zerolog.Logger
	now chan struct{} // closed by Stop

	admission      admission.Config // of the pools of all realms
	loginPatience  time.Duration    // of the pool session with the router's answers before WELCOME
	poolSendBuffer int64            // of each pool session, in bytes
	certified      atomic.Bool      // the router is shown a certificate, for clients too, or was

	membership  func(self cluster.Node, version int, url string) cluster.Membership // nil: memberlist
	connectPeer transport.Connect                                                   // to peers; nil: over the network

	connect transport.Connect                                                        // to the router; nil: over the network
	socket  func(ctx context.Context, network, address string) (net.Listener, error) // of each listener; nil: over the network

	current atomic.Pointer[configs.Config] // in force
	drained atomic.Bool                    // by people, who may undrain it; written under reload.mu
	reload  reloading

	inherited []Inherited // that no listener has taken yet

	hops         []*hop // the listeners, set by Listen; under reload.mu
	quota        *transport.Quota
	budget       *transport.Budget // of what all clients hold together
	keepalive    *transport.Keepalive
	certificates atomic.Pointer[transport.Certificates] // toward the router; nil: by default
	admin        *admin.Server                          // set by Listen; nil: none
	cluster      *cluster.Cluster                       // set by Listen; nil: this sidecar stands alone
	draining     chan struct{}                          // closed when the drain begins
	warnings     *admin.WarningLog
	spans        atomic.Pointer[spans.Recorder] // nil: calls are not traced by OpenTelemetry
	panics       rarely
	counting     counting
	rested       chan struct{} // has room for one: a session may have nothing in flight any more, while draining

	turnedAway, notAdmitted, notPooled, poolRefused, unshaken, leftOut, bound, byTLS, malformed, unjoined, peersWrong rarely

	mu      sync.Mutex
	realms  map[string]*realm // of the configuration
	going   []*realm          // that are not in it any more
	clients map[*client]struct{}
	closed  bool
	stopped bool
	running sync.WaitGroup // clients

	retirements sync.WaitGroup // of realms
}

// New returns a sidecar for a configuration that is valid. It starts nothing.
func New(config *configs.Config, log zerolog.Logger) *Proxy {
	p := &Proxy{
		log: log, realms: make(map[string]*realm),
		now: make(chan struct{}), draining: make(chan struct{}), rested: make(chan struct{}, 1), loginPatience: loginPatience,
		admission: admission.Defaults(config.Limits.HeldBytes), poolSendBuffer: poolSendBufferBytes, clients: make(map[*client]struct{}),
	}
	p.current.Store(config)
	p.certify(config)
	p.notAdmitted.most, p.notPooled.most = each, each
	p.counting = newCounting()
	p.quota = transport.NewQuota(config.Limits.Connections, config.Limits.ConnectionsPerAddress)
	p.budget = transport.NewBudget(memoryFor(config.Limits.MemoryBytes, os.DirFS("/")))
	p.keepalive = transport.NewKeepalive(config.Limits.PingInterval, config.Limits.PingTimeout)
	for i := range config.Realms {
		p.realms[config.Realms[i].Name] = newRealm(p, &config.Realms[i], rand.Uint64())
	}
	return p
}

// config is the configuration in force. It is never changed: a reload brings another
// one.
func (p *Proxy) config() *configs.Config { return p.current.Load() }

// ShowWarnings has the admin listener show the latest lines of the log. It is to be
// called before Listen.
func (p *Proxy) ShowWarnings(of *admin.WarningLog) { p.warnings = of }

// URLs returns the addresses that are listened on, with the ports really bound.
func (p *Proxy) URLs() []string {
	p.reload.mu.Lock()
	defer p.reload.mu.Unlock()
	urls := make([]string, len(p.hops))
	for i, h := range p.hops {
		urls[i] = h.listener.URL()
	}
	return urls
}

// Serve runs the sidecar after Listen until ctx is done, and then stops it
// cleanly: no new connection or call is taken, calls in flight may finish and
// waiting ones get their turn within drain_timeout, what is left is answered,
// and every session gets GOODBYE. It returns nil then, or the error of a
// listener.
func (p *Proxy) Serve(ctx context.Context) error {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var realms, listeners sync.WaitGroup
	for _, h := range p.hops { // all of them before anything else is told
		p.logListening(h)
	}
	realms.Go(func() { p.keepalive.Run(run) })
	failed := make(chan error, 1)
	p.reload.run = func(r *realm) {
		var life context.Context
		life, r.stop = context.WithCancel(run)
		realms.Go(func() { r.runLinks(life) })
		realms.Go(func() { r.runClock(life) })
	}
	p.reload.begin(p.inOrder(), p.hops, func(h *hop) {
		listeners.Go(func() {
			l := h.listener
			if err := l.Serve(func(h *transport.Handshake) { p.accept(run, h, schemeOf(l)) }); err != nil {
				select {
				case failed <- fmt.Errorf("listener %s: %w", l.URL(), err):
				default:
				}
			}
			l.Wait() // for handshakes that were under way
		})
	})
	if p.cluster != nil {
		realms.Go(func() {
			if err := p.cluster.Run(run); err != nil {
				p.log.Error().Err(err).Msg("no peer can link itself with this sidecar any more")
			}
		})
	}
	if p.admin != nil {
		p.log.Info().Str("address", p.admin.URL()).Msg("admin listening")
		realms.Go(func() {
			if err := p.admin.Serve(); err != nil {
				p.log.Error().Err(err).Msg("admin listener ended")
			}
		})
	}
	p.log.Info().Int64("bytes", p.budget.Most()).Msg("most that clients may hold together (limits.memory)")
	p.warnOfFiles(mostOpenFiles())
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stopped := time.Now()
	close(p.draining) // unready, before anything ends
	p.reload.end()
	p.retirements.Wait() // what is left of them is drained with the others
	for _, h := range p.hops {
		err = errors.Join(err, h.listener.Close())
	}
	p.drain()
	p.closeCluster() // behind all that waits, which may have traveled
	p.stopSpans(stopped.Add(p.config().DrainTimeout))
	if p.admin != nil { // it tells of the drain to the end
		err = errors.Join(err, p.admin.Close())
	}
	cancel()
	listeners.Wait()
	realms.Wait()
	p.log.Info().Msg("stopped")
	return err
}

// accept gives a client its own connection to the router, and answers the
// client with what the router chose.
func (p *Proxy) accept(ctx context.Context, h *transport.Handshake, scheme string) {
	defer func() {
		if x := recover(); x != nil {
			p.report(x)
			h.Reject(500, errPanic.Error())
		}
	}()
	dialing, cancel := context.WithCancel(h.Context()) // no longer than the client waits
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	dialed, err := transport.Dial(dialing, p.config().Router.URL, transport.DialOptions{
		Serializers: h.Serializers(), Header: h.Header(), OwnOrigin: h.OfOwnHost(), Query: h.Query(), Timeout: p.config().Router.DialTimeout, Limits: p.limits(),
		Takes: h.MaxSend(), TLS: p.routerTLS(), Connect: p.connect,
	})
	if err != nil {
		if more, say := p.turnedAway.now(); say {
			p.log.Warn().Err(err).Str("client", h.RemoteAddr()).Int("more_since_last_line", more).
				Msg("client turned away: no connection to the router")
		}
		turnAway(h, err)
		return
	}
	h.LimitMessages(dialed.Conn.MaxSend())
	conn, err := h.Accept(dialed.Conn.Serializer(), dialed.Header)
	if err != nil {
		p.log.Info().Err(err).Str("client", h.RemoteAddr()).Msg("client left during its handshake")
		dialed.Conn.Close(1001, "client left", closeLinger)
		return
	}
	c := newClient(p, conn, dialed.Conn, scheme)
	if !p.add(c) {
		c.account.Close()
		conn.Close(1001, "the proxy is stopping", closeLinger)
		dialed.Conn.Close(1001, "the proxy is stopping", closeLinger)
		return
	}
	c.joinWithin(time.Until(h.Until()))
	go p.runClient(c)
}

// schemeOf is the scheme of a listener's URL.
func schemeOf(l *transport.Listener) string {
	scheme, _, _ := strings.Cut(l.URL(), "://")
	return scheme
}

// turnAway tells a client what came of its connection to the router.
func turnAway(h *transport.Handshake, err error) {
	var refused *transport.RefusedError
	switch {
	case errors.Is(err, transport.ErrNoSerializer):
		h.Reject(400, "the router speaks none of the serializers that are offered")
	case errors.As(err, &refused) && refused.Status >= 400:
		h.Reject(refused.Status, "the router refused the connection")
	default:
		h.Reject(502, "the router can't be reached; try again later")
	}
}

// runClient runs one client. It ends when both its connections have.
func (p *Proxy) runClient(c *client) {
	defer p.remove(c)
	c.run()
}

func (p *Proxy) add(c *client) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.clients[c] = struct{}{}
	p.running.Add(1)
	return true
}

func (p *Proxy) remove(c *client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.clients, c)
	p.running.Done()
	c.rest()
}

// logEnd says of a session that it ended, by which side, and why.
func (s *session) logEnd(side string, cause error) {
	event := s.log.Info().Str("by", side)
	if !isOrderly(cause) {
		event = event.Str("cause", cause.Error())
	}
	event.Msg("session closed")
}

// logUnjoined says of a client that ends without a session that a side broke the
// rules.
func (p *Proxy) logUnjoined(c *client, side string, cause error) {
	if !isFault(cause) {
		return
	}
	if more, say := p.unjoined.now(); say {
		c.log.Info().Str("by", side).Str("cause", cause.Error()).
			Int("more_since_last_line", more).Msg("client closed before it joined")
	}
}

// isOrderly tells whether a peer has ended its connection as it should. A
// browser's close has no code.
func isOrderly(cause error) bool {
	var closed *transport.CloseError
	if errors.As(cause, &closed) {
		return closed.Code == 1005
	}
	var lost *transport.LostError // which may hold an EOF
	return errors.Is(cause, io.EOF) && !errors.As(cause, &lost)
}

// isFault tells whether a connection was closed for what its peer did.
func isFault(cause error) bool {
	var broken *transport.ProtocolError
	return errors.As(cause, &broken) || errors.Is(cause, transport.ErrSendBufferFull) || errors.Is(cause, transport.ErrNoPong) ||
		errors.Is(cause, transport.ErrStalled) || errors.Is(cause, transport.ErrMemory)
}

// Stop ends a clean stop that is under way at once: calls in flight are
// answered with an error.
func (p *Proxy) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopped {
		p.stopped = true
		close(p.now)
	}
}

// drain ends all realms and sessions in good order.
func (p *Proxy) drain() {
	p.log.Info().Dur("at_most", p.config().DrainTimeout).Msg("stopping: calls in flight may finish")
	deadline := time.NewTimer(p.config().DrainTimeout)
	defer deadline.Stop()
	p.mu.Lock()
	realms := slices.AppendSeq(slices.Clone(p.going), maps.Values(p.realms))
	p.mu.Unlock()
	for _, r := range realms {
		r.drain()
	}
	if p.cluster != nil {
		p.cluster.Drain()
	}
	for _, r := range realms {
		select {
		case <-r.await(r.isIdle, 0):
		case <-deadline.C:
			deadline.Reset(0) // for the other realms too
		case <-p.now:
		}
		r.shutdown()
	}
	for _, r := range realms {
		r.leave()
	}
	p.endSessions(deadline)
}

// endSessions says GOODBYE to the router for each session, so that what the
// router has sent by then still reaches its client, and then to the client. What
// a session has in flight past the pools may finish before, until the deadline.
func (p *Proxy) endSessions(deadline *time.Timer) {
	for busy := p.leaveSessions(false); busy > 0; {
		select {
		case <-p.rested:
			busy = p.leaveSessions(false)
			continue
		case <-deadline.C:
		case <-p.now:
		}
		p.log.Warn().Int("sessions", busy).Msg("calls at the router are left at the end of the drain")
		p.leaveSessions(true)
		break
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.running.Wait()
	}()
	grace := time.NewTimer(leaveGrace)
	defer grace.Stop()
	select {
	case <-done:
		return
	case <-grace.C:
	case <-p.now:
	}
	p.mu.Lock()
	for c := range p.clients {
		c.abandon(errStopped)
	}
	p.mu.Unlock()
	<-done
}

// leaveSessions ends the sessions that have nothing in flight, or all. It returns
// how many it has left alone. From then on nobody joins.
func (p *Proxy) leaveSessions(all bool) (busy int) {
	var out transport.Outbox
	defer out.Flush() // without the lock
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for c := range p.clients {
		switch {
		case c.dismissed:
		case all || c.inFlight() == 0:
			c.dismissed = true
			c.leave(&out, stopping)
		default:
			busy++
		}
	}
	return busy
}

var errStopped = errors.New("the proxy stopped")

// leaveGrace is how long the router and the clients may take to answer GOODBYE.
const leaveGrace = 3 * time.Second

// serializers that wampool speaks, in the order in which it offers them.
var serializers = []codec.Serializer{codec.CBOR, codec.MessagePack, codec.JSON}
