package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// eventInterval is how often readers of the events get one.
const eventInterval = time.Second

// events are what the page shows, again and again. Each is made once for all who
// read, and only while there are any.
type events struct {
	sidecar  Sidecar
	history  *history
	warnings *WarningLog
	control  bool
	streams  *streams
	interval time.Duration

	mu     sync.Mutex
	latest []byte
	made   time.Time
}

// follow answers GET /api/v1/events, by server-sent events named snapshot.
func (e *events) follow(w http.ResponseWriter, r *http.Request) {
	e.streams.serve(w, r, "text/event-stream", func(ctx context.Context, to *stream) {
		ticker := time.NewTicker(e.interval)
		defer ticker.Stop()
		for to.send(e.now()) {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
}

// now returns the event of this interval.
func (e *events) now() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	// Tickers are not quite even.
	if now := time.Now(); e.latest == nil || now.Sub(e.made) > e.interval*3/4 {
		e.made, e.latest = now, e.snapshot(now)
	}
	return e.latest
}

// snapshot is the event that shows how the sidecar is.
func (e *events) snapshot(now time.Time) []byte {
	of := e.sidecar
	shown := Snapshot{
		Time: float64(now.UnixMilli()) / 1000, Control: e.control, Warnings: e.warnings.Count(), Unready: append([]string{}, of.Unready()...),
		PoolSessions: of.PoolSessions(), Sessions: of.Connected(), Peers: of.PeersInShort(),
	}
	counts := map[poolKey]*PoolCounts{}
	counted := of.Counts()
	for i := range counted {
		counts[counted[i].key()] = &counted[i]
	}
	pools := of.Pools()
	shown.Pools = make([]PoolSummary, len(pools))
	for i := range pools {
		shown.Pools[i] = e.summary(&pools[i], counts)
	}
	var event bytes.Buffer
	event.WriteString("event: snapshot\ndata: ")
	if err := json.NewEncoder(&event).Encode(&shown); err != nil {
		panic("admin: a snapshot must be what JSON can express: " + err.Error())
	}
	event.WriteByte('\n')
	return event.Bytes()
}

func (e *events) summary(p *Pool, counts map[poolKey]*PoolCounts) PoolSummary {
	s := PoolSummary{Pool: *p, Callees: make([][2]int, len(p.Callees))}
	s.Pool.Callees = nil
	for i := range p.Callees {
		s.Callees[i] = [2]int{p.Callees[i].Taken, p.Callees[i].Slots}
		if p.Callees[i].IsDraining {
			s.Draining++
		}
	}
	key := poolKey{p.Realm, p.Match, p.Procedure}
	s.Rates, s.Seconds = e.history.latest(key)
	if c := counts[key]; c != nil {
		s.Calls = Calls{named(c.Received, Origins), named(c.Ended, Outcomes)}
	}
	return s
}

// named are counts by their names.
func named(counts []uint64, names []string) map[string]uint64 {
	by := map[string]uint64{}
	for i, n := range counts {
		by[names[i]] = n
	}
	return by
}
