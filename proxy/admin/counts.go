package admin

import "slices"

// Origins are where calls come from.
var Origins = []string{"router", "direct", "peer"}

// Outcomes are how calls end; from firstRefusal on they are the reasons of refusals. A
// peer's call that finds all callees full is not refused, for it waits where it came from.
var Outcomes = []string{
	"result", "error", "canceled", "caller_gone", "callee_lost", "forwarded", "full",
	"concurrency", "queue_full", "queue_bytes", "queue_timeout", "deadline", "no_callee", "draining", "feature_not_supported",
}

const firstRefusal = 7

// Histogram says which of a pool's histograms is which.
const (
	WaitHistogram   = iota // arrival to dispatch
	CalleeHistogram        // dispatch to answer
	CallHistogram          // arrival to answer
)

// PoolCounts is what has been counted of one pool since it is there, and how it is.
type PoolCounts struct {
	Realm, Match, Procedure, Name string

	IsGone bool // it is no more, and no block of its own asks for it: only what was counted is left

	Received []uint64 // by Origins
	Ended    []uint64 // by Outcomes

	Waiting, Running       int
	QueueBytes, QueueLimit int
	OldestSeconds          float64
	Callees, Slots, Taken  int
	Away, Credits          int  // calls that peers have, and slots that they have offered
	Clustered              bool // there may be peers

	Bounds     []float64   // of all histograms, in seconds, ascending
	Sums       [3]float64  // of all durations in them, in seconds
	Histograms [3][]uint64 // calls by the first bound that they took no longer than; one count more than bounds
}

// ReceivedAll counts the calls that have come.
func (c *PoolCounts) ReceivedAll() uint64 { return total(c.Received) }

// EndedAll counts the calls that have ended, however.
func (c *PoolCounts) EndedAll() uint64 { return total(c.Ended) }

// Refused counts the calls that were refused.
func (c *PoolCounts) Refused() uint64 { return total(c.Ended[min(firstRefusal, len(c.Ended)):]) }

func total(counts []uint64) (sum uint64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

func (c *PoolCounts) key() poolKey { return poolKey{c.Realm, c.Match, c.Procedure} }

// byName returns counts with those summed that have one name in one realm: a procedure
// may be called other, or begin with prefix:, and its callees choose that.
func byName(counts []PoolCounts) []PoolCounts {
	type name struct{ realm, pool string }
	at := make(map[name]int, len(counts))
	summed := make([]PoolCounts, 0, len(counts))
	for i := range counts {
		c := &counts[i]
		if same, is := at[name{c.Realm, c.Name}]; is {
			summed[same] = summed[same].plus(c)
			continue
		}
		at[name{c.Realm, c.Name}] = len(summed)
		summed = append(summed, *c)
	}
	return summed
}

// plus returns the sum of two. Both stay as they are.
func (c *PoolCounts) plus(other *PoolCounts) PoolCounts {
	sum := *c
	sum.IsGone = c.IsGone && other.IsGone
	sum.Received, sum.Ended = added(c.Received, other.Received), added(c.Ended, other.Ended)
	sum.Waiting += other.Waiting
	sum.Running += other.Running
	sum.QueueBytes += other.QueueBytes
	sum.QueueLimit += other.QueueLimit
	sum.OldestSeconds = max(c.OldestSeconds, other.OldestSeconds)
	sum.Callees += other.Callees
	sum.Slots += other.Slots
	sum.Taken += other.Taken
	sum.Away += other.Away
	sum.Credits += other.Credits
	for i := range sum.Histograms {
		sum.Sums[i] += other.Sums[i]
		sum.Histograms[i] = added(c.Histograms[i], other.Histograms[i])
	}
	return sum
}

// added returns the sums of counts of the same things.
func added(counts, more []uint64) []uint64 {
	sums := slices.Clone(counts)
	for i, n := range more {
		sums[i] += n
	}
	return sums
}
