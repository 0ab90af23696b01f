package admin

import (
	"sync"
	"time"
)

// What is kept of the latest minutes, for as many pools as are named in the metrics:
// about 8 kB a pool.
const (
	historyInterval = 5 * time.Second
	historyPoints   = 60 // of a pool: five minutes
	latestIntervals = 12 // that percentiles are of: a minute
)

// History is what the latest minutes were like in a pool.
type History struct {
	IntervalSeconds float64 `json:"interval_seconds"` // between points
	MostPoints      int     `json:"most_points"`
	Points          []Point `json:"points"` // the latest last
}

// Point is one interval of a pool: rates over it, and how it was at its end.
type Point struct {
	Time     float64  `json:"time"` // of its end, in Unix seconds
	Received float64  `json:"received"`
	Ended    float64  `json:"ended"`
	Refused  float64  `json:"refused"`
	Waiting  int      `json:"waiting"`
	Taken    int      `json:"slots_taken"`
	Slots    int      `json:"slots"`
	WaitP99  *float64 `json:"wait_p99"` // seconds; null where no call ended
	CallP50  *float64 `json:"call_p50"`
	CallP99  *float64 `json:"call_p99"`
}

// Rates are calls a second, over the latest interval.
type Rates struct {
	Received float64 `json:"received"`
	Ended    float64 `json:"ended"` // refused ones too
	Refused  float64 `json:"refused"`
}

// Percentiles are in seconds, of the calls of the latest minute; null where there were none.
type Percentiles struct {
	P50 *float64 `json:"p50"`
	P90 *float64 `json:"p90"`
	P99 *float64 `json:"p99"`
}

// Seconds are the times that calls took.
type Seconds struct {
	Wait   Percentiles `json:"wait"`   // arrival to dispatch
	Callee Percentiles `json:"callee"` // dispatch to answer
	Call   Percentiles `json:"call"`   // arrival to answer
}

// history is what is kept of all pools.
type history struct {
	sidecar Sidecar
	mu      sync.Mutex
	pools   map[poolKey]*past
}

type poolKey struct{ realm, match, procedure string }

// past is what is kept of a pool.
type past struct {
	counts   PoolCounts // at the end of the latest interval
	at       time.Time
	points   ring[Point]
	latest   ring[histograms]
	isMarked bool // it is there still
}

// histograms are how many calls of an interval took how long.
type histograms [3][]uint32

// ring holds the latest values, the oldest first from start on.
type ring[T any] struct {
	values []T
	start  int
}

// add takes a value in, in the place of the oldest where there are most.
func (r *ring[T]) add(value T, most int) {
	if len(r.values) < most {
		r.values = append(r.values, value)
		return
	}
	r.values[r.start] = value
	r.start = (r.start + 1) % most
}

// all returns a copy, the oldest first.
func (r *ring[T]) all() []T {
	return append(append([]T{}, r.values[r.start:]...), r.values[:r.start]...)
}

func newHistory(of Sidecar) *history { return &history{sidecar: of, pools: map[poolKey]*past{}} }

// run takes a sample each interval, until ended is closed.
func (h *history) run(ended <-chan struct{}) {
	ticker := time.NewTicker(historyInterval)
	defer ticker.Stop()
	h.sample(time.Now())
	for {
		select {
		case now := <-ticker.C:
			h.sample(now)
		case <-ended:
			return
		}
	}
}

// sample ends an interval.
func (h *history) sample(now time.Time) {
	counts := h.sidecar.Counts()
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range counts {
		c := &counts[i]
		key := c.key()
		p := h.pools[key]
		if p == nil || c.ReceivedAll() < p.counts.ReceivedAll() { // new, or begun anew
			h.pools[key] = &past{counts: *c, at: now, isMarked: true}
			continue
		}
		p.add(c, now)
		p.isMarked = true
	}
	for key, p := range h.pools {
		if !p.isMarked {
			delete(h.pools, key)
		}
		p.isMarked = false
	}
}

// add adds the interval that ends now.
func (p *past) add(c *PoolCounts, now time.Time) {
	took := now.Sub(p.at).Seconds()
	if took <= 0 {
		return
	}
	rate := func(now, before uint64) float64 { return float64(now-before) / took }
	var times histograms
	for i := range times {
		times[i] = difference(c.Histograms[i], p.counts.Histograms[i])
	}
	p.latest.add(times, latestIntervals)
	p.points.add(Point{
		Time:     float64(now.UnixMilli()) / 1000,
		Received: rate(c.ReceivedAll(), p.counts.ReceivedAll()), Ended: rate(c.EndedAll(), p.counts.EndedAll()),
		Refused: rate(c.Refused(), p.counts.Refused()), Waiting: c.Waiting, Taken: c.Taken, Slots: c.Slots,
		WaitP99: percentile(times[0], c.Bounds, 0.99), CallP50: percentile(times[2], c.Bounds, 0.5), CallP99: percentile(times[2], c.Bounds, 0.99),
	}, historyPoints)
	p.counts, p.at = *c, now
}

func difference(now, before []uint64) []uint32 {
	d := make([]uint32, len(now))
	for i := range d {
		if i < len(before) && now[i] >= before[i] {
			d[i] = uint32(min(now[i]-before[i], 1<<32-1)) //nolint:gosec // it fits
		}
	}
	return d
}

// of returns what is kept of a pool, false if nothing is.
func (h *history) of(realm, match, procedure string) (History, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pools[poolKey{realm, match, procedure}]
	if p == nil {
		return History{}, false
	}
	return History{historyInterval.Seconds(), historyPoints, p.points.all()}, true
}

// latest returns how a pool is doing: zero values where nothing is known yet.
func (h *history) latest(key poolKey) (Rates, Seconds) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pools[key]
	if p == nil || len(p.points.values) == 0 {
		return Rates{}, Seconds{}
	}
	points := p.points.all()
	last := points[len(points)-1]
	var sums histograms
	for _, times := range p.latest.values {
		for i := range times {
			sums[i] = sum(sums[i], times[i])
		}
	}
	return Rates{last.Received, last.Ended, last.Refused}, Seconds{
		percentiles(sums[0], p.counts.Bounds), percentiles(sums[1], p.counts.Bounds), percentiles(sums[2], p.counts.Bounds),
	}
}

func sum(to, of []uint32) []uint32 {
	if to == nil {
		return append(to, of...)
	}
	for i := range of {
		to[i] += of[i]
	}
	return to
}

func percentiles(counts []uint32, bounds []float64) Percentiles {
	return Percentiles{percentile(counts, bounds, 0.5), percentile(counts, bounds, 0.9), percentile(counts, bounds, 0.99)}
}

// percentile returns how many seconds a share of the calls took at most, as far as
// the bounds tell: between two of them it goes by their share. counts[i] calls took
// up to bounds[i]; the last ones took longer than any. nil: there are none.
func percentile(counts []uint32, bounds []float64, share float64) *float64 {
	var all uint64
	for _, n := range counts {
		all += uint64(n)
	}
	if all == 0 {
		return nil
	}
	wanted, below := share*float64(all), 0.0
	for i, n := range counts {
		if n == 0 || below+float64(n) < wanted {
			below += float64(n)
			continue
		}
		if i >= len(bounds) { // beyond all bounds
			break
		}
		from := 0.0
		if i > 0 {
			from = bounds[i-1]
		}
		at := from + (bounds[i]-from)*(wanted-below)/float64(n)
		return &at
	}
	last := bounds[len(bounds)-1]
	return &last
}
