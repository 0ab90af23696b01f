package dealer

import "time"

// What a pool's calls have come to is counted here, in integers alone. Every call
// that a pool gets is received once and ends once, when its slot is free again:
//
//	received = ended + waiting + running
//
// holds after each event. A call whose caller is gone or has been told counts as
// running for as long as it keeps its slot, and then ends by what had become of it.

// Outcome is how a call ended.
type Outcome uint8

// The outcomes. Behind them stand the reasons by which calls are refused; of those,
// canceled and callee_lost are the same here.
const (
	Result     Outcome = iota + 1 // its callee's YIELD
	Failed                        // its callee's ERROR, or one in the callee's stead
	Canceled                      // by its caller, or by wampool's own restart
	CallerGone                    // its caller's session ended, or the pool session that it came by
	CalleeLost
	Forwarded     // a peer's answer, whose ledger tells which
	reasonOutcome // of the first reason, and the others behind it
)

// Outcomes is one more than the highest Outcome.
const Outcomes = reasonOutcome + Outcome(ReasonFull)

func outcomeOf(reason Reason) Outcome {
	switch reason {
	case ReasonCanceled:
		return Canceled
	case ReasonCalleeLost:
		return CalleeLost
	}
	return reasonOutcome + Outcome(reason) - 1
}

var outcomeNames = [...]string{Result: "result", Failed: "error", Canceled: "canceled", CallerGone: "caller_gone", CalleeLost: "callee_lost", Forwarded: "forwarded"}

// String is the outcome's name in metrics; "" for a number that is none.
func (o Outcome) String() string {
	switch {
	case o < reasonOutcome:
		return outcomeNames[o]
	case o < Outcomes && outcomeOf(o.reason()) == o:
		return o.reason().String()
	}
	return ""
}

// HasFailed tells whether the call has failed, as far as that is known here: of a call
// between two sidecars, the other one knows.
func (o Outcome) HasFailed() bool {
	return o != Result && o != Forwarded && o != outcomeOf(ReasonFull)
}

func (o Outcome) reason() Reason { return Reason(o-reasonOutcome) + 1 }

// Tally is what the calls of a pool have come to.
type Tally struct {
	FromRouter uint64           // received by a session at the router
	Direct     uint64           // received from callers here
	FromPeer   uint64           // received from other sidecars, which forward them
	Ended      [Outcomes]uint64 // by Outcome
	Wait       Histogram        // from arrival, or from being handed on, to each dispatch, here or to a peer
	Callee     Histogram        // from dispatch to the last answer of a callee here, be it discarded
	Call       Histogram        // from arrival to the answer of a callee or peer that its caller gets
}

// Received returns how many calls there were.
func (t *Tally) Received() uint64 { return t.FromRouter + t.Direct + t.FromPeer }

// Over returns how many of them have ended.
func (t *Tally) Over() (n uint64) {
	for _, ended := range t.Ended {
		n += ended
	}
	return n
}

func (t *Tally) receive(from OriginKind) {
	switch from {
	case RouterOrigin:
		t.FromRouter++
	case LocalOrigin:
		t.Direct++
	case PeerOrigin:
		t.FromPeer++
	}
}

// Add adds what another one has counted.
func (t *Tally) Add(other *Tally) {
	t.FromRouter += other.FromRouter
	t.Direct += other.Direct
	t.FromPeer += other.FromPeer
	for o, n := range other.Ended {
		t.Ended[o] += n
	}
	t.Wait.Add(&other.Wait)
	t.Callee.Add(&other.Callee)
	t.Call.Add(&other.Call)
}

// settle has the ledger agree after a restart: calls that nobody knows any more were
// answered by wamp.error.canceled.
func (t *Tally) settle(calls int) {
	if open := t.Received() - t.Over(); open >= uint64(calls) { //nolint:gosec // not negative
		t.Ended[Canceled] += open - uint64(calls) //nolint:gosec // not negative
	} else { // books that did not agree
		t.FromRouter += uint64(calls) - open //nolint:gosec // not negative
	}
}

// Bounds are the longest durations of all buckets of a [Histogram] but the last.
var Bounds = [...]time.Duration{
	100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 25 * time.Second, 50 * time.Second,
	100 * time.Second, 250 * time.Second, 1000 * time.Second,
}

// Histogram counts durations.
type Histogram struct {
	Buckets [len(Bounds) + 1]uint64 // each without those below it
	Seconds uint64                  // the sum of all, with Rest
	Rest    time.Duration           // below a second
}

// Observe counts one.
func (h *Histogram) Observe(d time.Duration) {
	h.Buckets[bucketOf(d)]++
	if h.Rest += d; h.Rest >= time.Second {
		h.Seconds += uint64(h.Rest / time.Second)
		h.Rest %= time.Second
	}
}

// bucketOf returns the first bucket whose bound is no shorter, by halves.
func bucketOf(d time.Duration) int {
	from, to := 0, len(Bounds)
	for from < to {
		if middle := (from + to) / 2; d <= Bounds[middle] {
			to = middle
		} else {
			from = middle + 1
		}
	}
	return from
}

// Count returns how many there are.
func (h *Histogram) Count() (n uint64) {
	for _, in := range h.Buckets {
		n += in
	}
	return n
}

// Sum returns how long they are together, in seconds.
func (h *Histogram) Sum() float64 { return float64(h.Seconds) + h.Rest.Seconds() }

// Add adds what another one has counted.
func (h *Histogram) Add(other *Histogram) {
	for i, n := range other.Buckets {
		h.Buckets[i] += n
	}
	h.Seconds += other.Seconds
	if h.Rest += other.Rest; h.Rest >= time.Second {
		h.Seconds++
		h.Rest -= time.Second
	}
}
