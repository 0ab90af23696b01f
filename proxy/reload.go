package proxy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/admin"
	"github.com/wampool/wampool/proxy/transport"
)

// Reload takes another configuration while calls run:
//
//	read, check, open what is new ── fails? ──▶ nothing has changed
//	   └─▶ limits, certificates, listeners ──▶ each realm: rules, under its lock
//	          └─▶ the answer: what has changed, and what can't while wampool runs
//
// No connection and no call ends for it. What a file changes applies to calls that
// arrive or wait afterwards, and to connections that are opened afterwards.

// reloading is what a reload needs of a sidecar that serves.
type reloading struct {
	mu    sync.Mutex // one reload at a time
	load  func() (*configs.Config, error)
	done  func(*configs.Config)
	start func(*hop)   // serves a listener; nil: not serving
	run   func(*realm) // runs a realm until it stops
}

// begin runs the realms, serves the listeners, and lets reloads come.
func (r *reloading) begin(realms []*realm, hops []*hop, start func(*hop)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.start = start
	for _, of := range realms {
		r.run(of)
	}
	for _, h := range hops {
		start(h)
	}
}

// end waits for the reload that is under way, and lets no other one come.
func (r *reloading) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.start = nil
}

// ReloadBy says how [Proxy.ReloadNow] gets the configuration, and who is to hear of
// the one that is in force then. It is to be called before Serve.
func (p *Proxy) ReloadBy(load func() (*configs.Config, error), done func(*configs.Config)) {
	p.reload.load, p.reload.done = load, done
}

// Reloaded is what came of a reload.
type Reloaded struct {
	Changed  []string `json:"changed"`  // settings that are in force now
	Deferred []string `json:"deferred"` // and those that are not, with the reason
}

// ReloadNow reads the configuration again, and takes it; see [Proxy.Reload]. Its error
// is that of whoever reads it, too.
func (p *Proxy) ReloadNow() (Reloaded, error) {
	if p.reload.load == nil {
		const none = "wampool runs by flags of its command line: there is no file to be read again"
		p.log.Warn().Str("cause", none).Msg("configuration not reloaded")
		return Reloaded{}, &admin.RequestError{Status: http.StatusConflict, Text: none}
	}
	config, err := p.reload.load()
	if err != nil {
		p.reload.mu.Lock()
		defer p.reload.mu.Unlock()
		return Reloaded{}, p.notReloaded(err)
	}
	return p.Reload(config)
}

// Reload takes a configuration that is valid while the sidecar serves. An error says
// why nothing has changed.
func (p *Proxy) Reload(config *configs.Config) (Reloaded, error) {
	p.reload.mu.Lock()
	defer p.reload.mu.Unlock()
	if p.reload.start == nil {
		return Reloaded{}, p.notReloaded(errors.New("wampool is stopping, or has yet to start"))
	}
	change := newChange(p, config)
	if err := change.prepare(context.Background()); err != nil {
		return Reloaded{}, p.notReloaded(errors.Join(err, change.undo()))
	}
	change.carryOut()
	if p.reload.done != nil {
		p.reload.done(p.config())
	}
	p.noteReload(nil)
	p.log.Info().Strs("changed", change.told.Changed).Msg("configuration reloaded")
	if len(change.told.Deferred) > 0 {
		p.log.Warn().Strs("settings", change.told.Deferred).Msg("settings of the new configuration that do not hold yet: from the next start on, unless the line says when")
	}
	return change.told, nil
}

// notReloaded says why a configuration is not taken.
func (p *Proxy) notReloaded(err error) error {
	p.noteReload(err)
	p.log.Error().Str("cause", strings.ReplaceAll(err.Error(), "\n", "; ")).Msg("configuration not reloaded: the one before stays in force")
	return &admin.RequestError{Status: http.StatusUnprocessableEntity, Text: err.Error()}
}

// certify takes note whether the router is shown a certificate. What it was shown once
// may still be asked about.
func (p *Proxy) certify(config *configs.Config) {
	if tls := config.Router.TLS; tls != nil && tls.CertFile != "" {
		p.certified.Store(true)
	}
}

// limitClients sets what clients may take, of those that are here too where that can be.
func (p *Proxy) limitClients(l *configs.Limits) {
	p.quota.SetMost(l.Connections, l.ConnectionsPerAddress)
	p.budget.SetMost(memoryFor(l.MemoryBytes, os.DirFS("/")))
	p.keepalive.Change(l.PingInterval, l.PingTimeout)
}

// reconfigure gives a realm its rules, and each of its pools.
func (r *realm) reconfigure(config *configs.Realm, heldBytes int64) {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	book := newRulebook(config)
	r.book.Store(book)
	r.followCalls()
	for _, p := range r.pools {
		p.block = governing(&book.blocks, p.procedure)
	}
	r.reshare()
	r.registrar.SetHeldBytes(heldBytes)
	r.bring(&out, func() []admission.Action {
		return r.registrar.Reconfigure(r.now(), func(procedure string) *admission.Block {
			return r.rulesOf(governing(&book.blocks, procedure))
		})
	})
	r.arm()
}

// laterUpstream tells of pools that are registered by another policy than their block
// says now.
func (r *realm) laterUpstream() (settings []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.pools {
		if now := upstreamOf(p.block); now != p.upstream {
			settings = append(settings, fmt.Sprintf("realm %q: upstream = %q of %s: it stays %q until its last callee has left", r.name, now, shownName(p.match, p.procedure), p.upstream))
		}
	}
	return settings
}
