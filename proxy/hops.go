package proxy

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/transport"
)

// Listen opens all listeners, reads the certificates of both hops, and begins to trace
// where that is asked for. An error names the listener that can't be opened, or the
// variable that can't be meant; then none is open.
func (p *Proxy) Listen(ctx context.Context) (err error) {
	certificates, err := p.loadRouterTLS(&p.config().Router)
	if err != nil {
		return fmt.Errorf("router: %w", err)
	}
	p.certificates.Store(certificates)
	for i := range p.config().Listen {
		h, err := p.listen(ctx, &p.config().Listen[i])
		if err != nil {
			return errors.Join(err, p.closeHops())
		}
		p.hops = append(p.hops, h)
	}
	recorder, err := p.startSpans(p.config().Trace)
	if err != nil {
		return errors.Join(err, p.closeHops())
	}
	p.setSpans(recorder)
	if err := p.openCluster(ctx); err != nil {
		p.stopSpans(time.Now())
		return errors.Join(err, p.closeHops())
	}
	defer p.closeUnwanted()
	if p.config().Admin == nil {
		return nil
	}
	if p.admin, err = admin.Listen(ctx, p.adminOptions()); err != nil {
		p.closeCluster()
		err = errors.Join(err, p.closeHops())
		p.stopSpans(time.Now())
	}
	return err
}

// closeHops closes what Listen has opened.
func (p *Proxy) closeHops() (err error) {
	for _, h := range p.hops {
		err = errors.Join(err, h.listener.Close())
	}
	p.hops = nil
	return err
}

// hop is a listener, as the configuration has it.
type hop struct {
	listener     *transport.Listener
	config       configs.Listen                         // under reload.mu
	certificates atomic.Pointer[transport.Certificates] // nil: no TLS
}

func (p *Proxy) logListening(h *hop) {
	p.log.Info().Str("address", h.listener.URL()).Str("router", transport.PublicURL(p.config().Router.URL)).Msg("listening")
}

// unready tells why wampool can't do its work, in a sentence for each reason.
func (p *Proxy) unready() (reasons []string) {
	select {
	case <-p.draining:
		reasons = append(reasons, "wampool is stopping")
	default:
		if p.drained.Load() {
			reasons = append(reasons, "wampool was drained: wampool undrain --all takes calls again")
		}
	}
	for _, r := range p.inOrder() {
		reasons = append(reasons, r.unready()...)
	}
	return reasons
}

// unready tells what of this realm is not up, or can't work.
func (r *realm) unready() (reasons []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, state := range r.registrar.Links() {
		l := r.linkBy(state.ID)
		if l.conn != nil || i > 0 && state.Claims == 0 || l.index > 0 { // more of a weight can wait
			continue
		}
		of, why := "", cmp.Or(l.notJoined, "it has yet to join the router")
		if len(r.links) > 1 && l.speaks != 0 {
			of = " for " + l.speaks.String()
		}
		reasons = append(reasons, fmt.Sprintf("realm %s: the pool session%s is not up: %s",
			r.name, of, strings.ReplaceAll(why, "\n", " ")))
	}
	for _, key := range slices.Sorted(maps.Keys(r.forbidden)) {
		reasons = append(reasons, fmt.Sprintf("realm %s: the pool session may not register %s at the router: give its role the right", r.name, procedureOf(key)))
	}
	for _, trouble := range r.roleTroubles() {
		reasons = append(reasons, fmt.Sprintf("realm %s: %s", r.name, trouble))
	}
	return reasons
}

func (p *Proxy) listen(ctx context.Context, config *configs.Listen) (*hop, error) {
	certificates, err := p.loadTLS(config.TLS)
	if err != nil {
		return nil, fmt.Errorf("listen %s: %w", config.URL, err)
	}
	options := transport.ListenOptions{Limits: p.limits(), Quota: p.quota, AllowedOrigins: config.AllowedOrigins, Report: p.handshakeFailed, Socket: p.socket}
	options.Inherited = func(network, address string) net.Listener {
		return p.inheritedBy(namesOf(config.URL), network, address)
	}
	h := &hop{config: *config}
	if certificates != nil {
		h.certificates.Store(certificates)
		options.TLS = h.tls()
	}
	h.listener, err = transport.Listen(ctx, config.URL, options)
	return h, err
}

// tls is what clients' connections are secured with, by the certificates as they are.
func (h *hop) tls() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			return h.certificates.Load().Server().GetConfigForClient(hello)
		},
	}
}

// loadRouterTLS reads the files of the router's tls block, if it is there. All
// connections share what comes of it, and none needs a copy for the router's name.
func (p *Proxy) loadRouterTLS(router *configs.Router) (*transport.Certificates, error) {
	if router.TLS == nil {
		return nil, nil
	}
	named := *router.TLS
	if at, err := url.Parse(router.URL); err == nil && named.ServerName == "" {
		named.ServerName = at.Hostname()
	}
	return p.loadTLS(&named)
}

// loadTLS reads the files of a tls block, if it is there.
func (p *Proxy) loadTLS(config *configs.TLS) (*transport.Certificates, error) {
	if config == nil {
		return nil, nil
	}
	return transport.LoadCertificates(transport.CertificateFiles{
		CertFile: config.CertFile, KeyFile: config.KeyFile, CAFile: config.CAFile, ServerName: config.ServerName,
	}, func(err error) { p.log.Error().Err(err).Msg("certificates not reloaded") })
}

// routerTLS returns what a connection to the router is secured with; nil for
// the defaults.
func (p *Proxy) routerTLS() *tls.Config {
	certificates := p.certificates.Load()
	if certificates == nil {
		return nil
	}
	return certificates.Client()
}

func (p *Proxy) limits() transport.Limits { return p.limitsOf(&p.config().Limits) }

func (p *Proxy) limitsOf(l *configs.Limits) transport.Limits {
	return transport.Limits{
		MessageBytes: l.MessageBytes, SendBufferBytes: l.SendBufferBytes, HandshakeTimeout: l.HandshakeTimeout,
		Keepalive: p.keepalive,
	}
}

// handshakeFailed says what became of clients that did not get so far as to
// have a connection to the router.
func (p *Proxy) handshakeFailed(err error) {
	if more, say := p.unshaken.now(); say {
		p.log.Info().Err(err).Int("more_since_last_line", more).Msg("client failed in its handshake")
	}
}
