package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/wampool/wampool/proxy/admin"
)

// seenRounds is how many times as often as others sides take turns that differ by a
// few parts of a hundred.
const seenRounds = 2

const seenConfig = `router { url = %q }
listen "ws://127.0.0.1:%d/ws" {}
realm "realm1" {}
admin { address = "127.0.0.1:%d" }
log {
  level = "info"
  calls = "failed"
}
`

// costOfSeeing compares a pool that is seen in every way with one that nobody sees:
// its metrics are scraped each second, the page is open, and the log has calls that
// fail. It is beside both what it costs to follow each call.
func (b *lab) costOfSeeing() ([]row, error) {
	defer func(rounds int) { b.rounds = rounds }(b.rounds)
	b.rounds *= seenRounds
	r, err := b.router("demo")
	if err != nil {
		return nil, err
	}
	unseen, err := b.sidecar(r.url, "")
	if err != nil {
		return nil, err
	}
	var w watchers
	defer func() { _ = w.end() }()
	sides := make([]*side, 3)
	used := []*process{unseen.process}
	for i, name := range []string{"unseen", "seen", "traced"} {
		of, procedure := unseen, "com.example."+name
		var sees *admin.Client
		if i > 0 {
			if of, sees, err = b.seen(r.url); err != nil {
				return nil, err
			}
			used = append(used, of.process)
		}
		if sides[i], err = b.behind(r.url, of, procedure, "-invoke", "roundrobin"); err != nil {
			return nil, err
		}
		if sees != nil {
			w.watch(sees)
		}
		if name == "traced" {
			w.follow(sees, "/api/v1/trace"+(&admin.Trace{Pool: procedure}).Query())
		}
	}
	// With one in flight it is a hundredth or so, of a cost that varies by more.
	if err := b.takeTurns(128, sides...); err != nil {
		return nil, err
	}
	const what = "pool behind the demo's router, 4 callees, 128 in flight, CBOR 100 B: CPU "
	rows := []row{
		ratio(what+"with metrics scraped each second, the page open and failed calls logged ÷ without all that", 1.03, sides[1].perCall, sides[0].perCall),
		ratio(what+"with wampool trace beside all that ÷ without", 0, sides[2].perCall, sides[0].perCall),
	}
	b.endSides(sides...)
	if err := w.end(); err != nil {
		return rows, err
	}
	b.end(used...)
	return rows, nil
}

// seen starts wampool with an admin listener.
func (b *lab) seen(router string) (*node, *admin.Client, error) {
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	at, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	p, err := b.configured(fmt.Sprintf(seenConfig, router, port, at), port)
	if err != nil {
		return nil, nil, err
	}
	return nodeAt(p, port), admin.NewClient(fmt.Sprintf("127.0.0.1:%d", at)), p.waitPort(at)
}

// watchers look at sidecars until they are ended.
type watchers struct {
	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	failed error
}

// watch looks at a sidecar as Prometheus and a browser do.
func (w *watchers) watch(at *admin.Client) {
	w.follow(at, "/api/v1/events")
	w.run(func(ctx context.Context) error {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			if err := scrape(ctx, at); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
			}
		}
	})
}

func scrape(ctx context.Context, at *admin.Client) error {
	body, status, err := at.Open(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	if n, err := io.Copy(io.Discard, body); err != nil || status != http.StatusOK || n == 0 {
		return fmt.Errorf("the metrics: status %d, %d bytes, %w", status, n, err)
	}
	return nil
}

// follow reads a stream of events.
func (w *watchers) follow(at *admin.Client, path string) {
	begun := make(chan struct{}, 1)
	w.run(func(ctx context.Context) error {
		err := at.Follow(ctx, path, func(string, []byte) error {
			select {
			case begun <- struct{}{}:
			default:
			}
			return nil
		})
		close(begun)
		return err
	})
	<-begun
}

// run runs what looks at a sidecar, and takes note of why it has ended.
func (w *watchers) run(look func(context.Context) error) {
	if w.ctx == nil {
		w.ctx, w.stop = context.WithCancel(context.Background())
	}
	w.running.Go(func() {
		if err := look(w.ctx); err != nil && w.ctx.Err() == nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.failed = errors.Join(w.failed, err)
		}
	})
}

// end ends all of them, and tells what went wrong.
func (w *watchers) end() error {
	if w.ctx == nil {
		return nil
	}
	w.stop()
	w.running.Wait()
	return w.failed
}
