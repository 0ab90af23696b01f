package proxy

import (
	"slices"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/admin"
)

// Counts tells what has been counted of the pools of all realms, those that are no
// more included: what was counted once is never less. Beyond [dealer.MaxNamed] pools
// of a realm, the others are counted together. A block of one procedure is there
// before it has had a callee. The lock of a realm is taken for one pool at a time.
func (v view) Counts() []admin.PoolCounts {
	var counts []admin.PoolCounts
	for _, r := range v.proxy.known() {
		counts = append(counts, r.counts()...)
	}
	return counts
}

func (r *realm) counts() (counts []admin.PoolCounts) {
	at := make(map[string]int)
	add := func(c *dealer.Count, isGone bool) {
		if i, is := at[c.Key]; is { // it may have closed meanwhile, and a block is never gone
			counts[i].IsGone = counts[i].IsGone && isGone
			return
		}
		at[c.Key] = len(counts)
		counts = append(counts, r.countsOf(c))
		counts[len(counts)-1].IsGone = isGone
	}
	var c dealer.Count
	for id := dealer.PoolID(0); ; id++ {
		is, more := r.countOf(id, &c)
		if !more {
			break
		}
		if is && c.Named {
			add(&c, false)
		}
	}
	past, others := r.uncounted()
	for i := range past {
		add(&past[i], true)
	}
	blocks := r.config().Pools
	for i := range blocks {
		if block := &blocks[i]; block.Match == "exact" && len(counts) < dealer.MaxNamed { // beyond, it may be among others
			c := dealer.Count{Key: "exact " + block.URI}
			if block.Queue != nil {
				c.Limit = block.Queue.Limit
			}
			add(&c, false)
		}
	}
	if others.Received() > 0 || others.Callees > 0 {
		counts = append(counts, r.countsOf(&others))
	}
	return counts
}

// countOf counts the pool of an ID in the dealer. It tells whether there is one, and
// whether there may be one of this ID or a higher one.
func (r *realm) countOf(id dealer.PoolID, into *dealer.Count) (is, more bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dealer.Count(r.now(), id, into), id < r.dealer.MaxPool()
}

// uncounted returns what was counted of pools that are no more, and of those that
// are counted together.
func (r *realm) uncounted() (past []dealer.Count, others dealer.Count) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range r.dealer.Past() {
		tally, _ := r.dealer.PastTally(key)
		past = append(past, dealer.Count{Key: key, Tally: tally})
	}
	return past, r.dealer.Others(r.now())
}

// outcomes are the dealer's, in the order of [admin.Outcomes].
var outcomes = func() (order []dealer.Outcome) {
	for _, name := range admin.Outcomes {
		for o := range dealer.Outcomes {
			if o.String() == name {
				order = append(order, o)
			}
		}
	}
	return order
}()

// bounds are those of the dealer's histograms, in seconds.
var bounds = func() (seconds []float64) {
	for _, b := range dealer.Bounds {
		seconds = append(seconds, b.Seconds())
	}
	return seconds
}()

func (r *realm) countsOf(c *dealer.Count) admin.PoolCounts {
	counts := admin.PoolCounts{
		Realm: r.name, Name: otherPools, Received: []uint64{c.FromRouter, c.Direct, c.FromPeer}, Ended: make([]uint64, len(outcomes)),
		Waiting: c.Waiting, Running: c.Running, QueueBytes: c.Bytes, QueueLimit: c.Limit, OldestSeconds: c.Oldest.Seconds(),
		Callees: c.Callees, Slots: c.Slots, Taken: c.Taken, Away: c.Away, Credits: c.Credits, Clustered: r.sharing != nil, Bounds: bounds,
	}
	if c.Key != "" {
		match, procedure := matchOf(c.Key), procedureOf(c.Key)
		counts.Match, counts.Procedure, counts.Name = shownMatch(match), procedure, shownName(match, procedure)
	}
	for i, o := range outcomes {
		counts.Ended[i] = c.Ended[o]
	}
	for i, h := range [...]*dealer.Histogram{admin.WaitHistogram: &c.Wait, admin.CalleeHistogram: &c.Callee, admin.CallHistogram: &c.Call} {
		counts.Sums[i], counts.Histograms[i] = h.Sum(), slices.Clone(h.Buckets[:])
	}
	return counts
}
