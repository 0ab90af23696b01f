package proxy

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy/spans"
	"github.com/wampool/wampool/proxy/transport"
)

// change is one reload, from the configuration that is asked for to the one that is
// in force.
type change struct {
	proxy   *Proxy
	old     *configs.Config
	in      *configs.Config // that is asked for
	next    *configs.Config // in, with what can't change as it was
	told    Reloaded
	router  *transport.Certificates // toward the router; nil: none
	secured map[*hop]*transport.Certificates
	spans   *spans.Recorder // of next, where the one before had none
	kept    []*hop          // listeners that stay
	opened  []*hop
	closed  []*hop
	come    []*configs.Realm
	gone    []string // names of realms
}

func newChange(p *Proxy, in *configs.Config) *change {
	next := *in
	c := &change{
		proxy: p, old: p.config(), in: in, next: &next, secured: make(map[*hop]*transport.Certificates),
		told: Reloaded{Changed: []string{}, Deferred: []string{}},
	}
	return c
}

func (c *change) differs(setting string, old, now any) bool {
	if reflect.DeepEqual(old, now) {
		return false
	}
	c.told.Changed = append(c.told.Changed, setting)
	return true
}

func (c *change) later(format string, args ...any) {
	c.told.Deferred = append(c.told.Deferred, fmt.Sprintf(format, args...))
}

// prepare finds out what changes, and opens what is new. Nothing is in force yet.
func (c *change) prepare(ctx context.Context) (err error) {
	c.differs("drain_timeout", c.old.DrainTimeout, c.next.DrainTimeout)
	c.differs("limits", c.old.Limits, c.next.Limits)
	c.rest()
	c.cluster()
	c.realms()
	if err := c.toRouter(); err != nil {
		return err
	}
	if err := c.traces(); err != nil {
		return err
	}
	return c.listeners(ctx)
}

// undo closes what was opened in vain.
func (c *change) undo() (err error) {
	for _, h := range c.opened {
		err = errors.Join(err, h.listener.Close())
	}
	stopRecorder(c.spans)
	return err
}

// rest is what is read at the start alone.
func (c *change) rest() {
	c.differs("log.level", c.old.Log.Level, c.next.Log.Level)
	c.differs("log.calls", c.old.Log.Calls, c.next.Log.Calls)
	c.differs("log.slow", c.old.Log.Slow, c.next.Log.Slow)
	if c.old.Log.Format != c.in.Log.Format {
		c.next.Log.Format = c.old.Log.Format
		c.later("log.format")
	}
	if !reflect.DeepEqual(c.old.Admin, c.in.Admin) {
		c.next.Admin = c.old.Admin
		c.later("admin: its listener is opened at the start")
	}
}

// cluster is what peers are found and linked by. Most of it they know.
func (c *change) cluster() {
	old, now := c.old.Cluster, c.in.Cluster
	if old == nil || now == nil {
		if old != now {
			c.next.Cluster = old
			c.later("cluster: it is joined and left at the start and at the end")
		}
		return
	}
	next := *old
	c.next.Cluster = &next
	next.Join, next.MaxRTT = now.Join, now.MaxRTT
	c.differs("cluster.join", old.Join, now.Join)
	c.differs("cluster.max_rtt", old.MaxRTT, now.MaxRTT)
	for _, s := range []struct {
		name string
		same bool
	}{
		{"name", old.Name == now.Name}, {"gossip", old.Gossip == now.Gossip}, {"listen", old.Listen == now.Listen},
		{"advertise", old.Advertise == now.Advertise}, {"secret", sameSecret(old.Secret, now.Secret)}, {"tls", reflect.DeepEqual(old.TLS, now.TLS)},
	} {
		if !s.same {
			c.later("cluster.%s: peers know the one before", s.name)
		}
	}
}

// toRouter is how the router is reached.
func (c *change) toRouter() (err error) {
	old, now := &c.old.Router, &c.next.Router
	if old.URL != now.URL {
		now.URL = old.URL
		c.later("router.url: clients' sessions are at the one before")
	}
	if old.TimeoutUnit != now.TimeoutUnit {
		now.TimeoutUnit = old.TimeoutUnit
		c.later("router.timeout_unit: calls that run are counted in the one before")
	}
	c.differs("router.dial_timeout", old.DialTimeout, now.DialTimeout)
	c.differs("router.message_bytes", old.MessageBytes, now.MessageBytes)
	c.differs("router.tls", old.TLS, now.TLS)
	if c.router, err = c.proxy.loadRouterTLS(now); err != nil {
		return fmt.Errorf("router: %w", err)
	}
	return nil
}

// realms are those that stay, with the rules of now, that come, and that go. A pool
// session's login is read when it joins the next time.
func (c *change) realms() {
	before := make(map[string]*configs.Realm)
	for i := range c.old.Realms {
		before[c.old.Realms[i].Name] = &c.old.Realms[i]
	}
	for i := range c.next.Realms {
		now := &c.next.Realms[i]
		old := before[now.Name]
		if old == nil {
			c.come = append(c.come, now)
			c.told.Changed = append(c.told.Changed, fmt.Sprintf("realm %q is new", now.Name))
			continue
		}
		delete(before, now.Name)
		c.differs(fmt.Sprintf("realm %q: auto", old.Name), old.Auto, now.Auto)
		if !sameLogin(&old.Auth, &now.Auth) {
			c.later("realm %q: auth: it is used when the pool session joins the router again", old.Name)
		}
		c.pools(old, now)
	}
	for i := range c.old.Realms {
		if name := c.old.Realms[i].Name; before[name] != nil {
			c.gone = append(c.gone, name)
			c.told.Changed = append(c.told.Changed, fmt.Sprintf("realm %q is gone: its pools drain", name))
		}
	}
}

func sameLogin(a, b *configs.Auth) bool {
	return a.Method == b.Method && a.AuthID == b.AuthID && sameSecret(a.Secret, b.Secret)
}

func sameSecret(a, b configs.Secret) bool {
	if !a.IsSet() || !b.IsSet() {
		return a.IsSet() == b.IsSet()
	}
	old, err := a.Read()
	now, err2 := b.Read()
	return err == nil && err2 == nil && old == now
}

// pools tells which blocks come, change and go.
func (c *change) pools(old, now *configs.Realm) {
	name := func(p *configs.Pool) string { return fmt.Sprintf("realm %q: pool %q (%s)", now.Name, p.URI, p.Match) }
	find := func(in *configs.Realm, p *configs.Pool) *configs.Pool {
		for i := range in.Pools {
			if other := &in.Pools[i]; other.URI == p.URI && other.Match == p.Match {
				return other
			}
		}
		return nil
	}
	for i := range now.Pools {
		p := &now.Pools[i]
		if before := find(old, p); before == nil {
			c.told.Changed = append(c.told.Changed, name(p)+" is new")
		} else {
			c.differs(name(p), before, p)
		}
	}
	for i := range old.Pools {
		if p := &old.Pools[i]; find(now, p) == nil {
			c.told.Changed = append(c.told.Changed, name(p)+" is gone")
		}
	}
}

// listeners opens those that are new.
func (c *change) listeners(ctx context.Context) error {
	c.next.Listen = nil
	hosts := make(map[string]*hop) // of those that are open
	for _, h := range c.proxy.hops {
		hosts[h.config.Host()] = h
	}
	for i := range c.in.Listen {
		config := &c.in.Listen[i]
		h := c.open(config.URL)
		switch taken := hosts[config.Host()]; {
		case h != nil:
			if err := c.keep(h, config); err != nil {
				return err
			}
		case taken != nil && config.Host() != "" && !c.isAsked(taken.config.URL):
			c.later("listen %q: its address is that of %q, which stays open", config.URL, taken.config.URL)
			c.kept = append(c.kept, taken)
			c.next.Listen = append(c.next.Listen, taken.config)
		default:
			h, err := c.proxy.listen(ctx, config)
			if err != nil {
				return err
			}
			c.opened = append(c.opened, h)
			c.next.Listen = append(c.next.Listen, *config)
			c.told.Changed = append(c.told.Changed, fmt.Sprintf("listen %q is opened", config.URL))
		}
	}
	for _, h := range c.proxy.hops {
		if !slices.Contains(c.kept, h) {
			c.closed = append(c.closed, h)
			c.told.Changed = append(c.told.Changed, fmt.Sprintf("listen %q is closed", h.config.URL))
		}
	}
	return nil
}

// open returns the listener of a URL that is open, and not taken yet.
func (c *change) open(url string) *hop {
	for _, h := range c.proxy.hops {
		if h.config.URL == url && !slices.Contains(c.kept, h) {
			return h
		}
	}
	return nil
}

func (c *change) isAsked(url string) bool {
	return slices.ContainsFunc(c.in.Listen, func(l configs.Listen) bool { return l.URL == url })
}

// keep leaves a listener open, with the certificates and origins of now.
func (c *change) keep(h *hop, config *configs.Listen) error {
	certificates, err := c.proxy.loadTLS(config.TLS)
	if err != nil {
		return fmt.Errorf("listen %s: %w", config.URL, err)
	}
	c.differs(fmt.Sprintf("listen %q", config.URL), h.config, *config)
	c.kept = append(c.kept, h)
	c.secured[h] = certificates
	c.next.Listen = append(c.next.Listen, *config)
	return nil
}

// carryOut puts the configuration in force. It can't fail any more.
func (c *change) carryOut() {
	p := c.proxy
	p.certify(c.next)
	p.current.Store(c.next)
	p.certificates.Store(c.router)
	p.limitClients(&c.next.Limits)
	if p.cluster != nil {
		p.cluster.Change(c.next.Cluster, p.linkLimits(nil))
	}
	c.changeListeners()
	for _, name := range c.gone {
		p.removeRealm(name)
	}
	for _, config := range c.come {
		p.addRealm(config)
	}
	for i := range c.next.Realms {
		config := &c.next.Realms[i]
		r := p.realm(config.Name)
		r.reconfigure(config, c.next.Limits.HeldBytes)
		c.told.Deferred = append(c.told.Deferred, r.laterUpstream()...)
	}
	c.changeTraces()
}

func (c *change) changeListeners() {
	p := c.proxy
	for i := range c.next.Listen {
		config := &c.next.Listen[i]
		for _, h := range c.kept {
			if h.config.URL != config.URL {
				continue
			}
			h.config = *config
			if certificates := c.secured[h]; certificates != nil {
				h.certificates.Store(certificates)
			}
			h.listener.Change(p.limits(), config.AllowedOrigins)
		}
	}
	for _, h := range c.opened {
		p.logListening(h)
		p.reload.start(h)
	}
	for _, h := range c.closed {
		p.log.Info().Str("address", h.listener.URL()).Msg("listener closed: its clients' connections stay")
		if err := h.listener.Close(); err != nil {
			p.log.Warn().Err(err).Str("address", h.listener.URL()).Msg("listener closed with an error")
		}
	}
	p.hops = slices.Concat(c.kept, c.opened)
}
