package proxy

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/transport"
)

// Listen opens all listeners, and reads the certificates of both hops. An error
// names the listener that can't be opened; then none is.
func (p *Proxy) Listen(ctx context.Context) (err error) {
	if p.certificates, err = p.loadTLS(p.config().Router.TLS); err != nil {
		return fmt.Errorf("router: %w", err)
	}
	for i := range p.config().Listen {
		l, err := p.listen(ctx, &p.config().Listen[i])
		if err != nil {
			for _, open := range p.listeners {
				err = errors.Join(err, open.Close())
			}
			p.listeners = nil
			return err
		}
		p.listeners = append(p.listeners, l)
	}
	if p.config().Admin == nil {
		return nil
	}
	if p.admin, err = admin.Listen(ctx, p.adminOptions()); err != nil {
		for _, open := range p.listeners {
			err = errors.Join(err, open.Close())
		}
		p.listeners = nil
	}
	return err
}

// unready tells why wampool can't do its work, in a sentence for each reason.
func (p *Proxy) unready() (reasons []string) {
	select {
	case <-p.draining:
		reasons = append(reasons, "wampool is stopping")
	default:
	}
	for i := range p.config().Realms {
		r := p.realms[p.config().Realms[i].Name]
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

func (p *Proxy) listen(ctx context.Context, config *configs.Listen) (*transport.Listener, error) {
	certificates, err := p.loadTLS(config.TLS)
	if err != nil {
		return nil, fmt.Errorf("listen %s: %w", config.URL, err)
	}
	options := transport.ListenOptions{Limits: p.limits(), Quota: p.quota, AllowedOrigins: config.AllowedOrigins, Report: p.handshakeFailed, Socket: p.socket}
	if certificates != nil {
		options.TLS = certificates.Server()
	}
	return transport.Listen(ctx, config.URL, options)
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
	if p.certificates == nil {
		return nil
	}
	return p.certificates.Client()
}

func (p *Proxy) limits() transport.Limits {
	l := p.config().Limits
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
