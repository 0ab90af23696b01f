package dealer_test

import (
	"fmt"
	"time"

	"github.com/wampool/wampool/dealer"
)

// ledgerOf is what the calls of one pool have come to, as its events and actions tell.
type ledgerOf struct {
	router, direct     uint64
	peers              uint64
	ended              map[string]uint64 // by the outcomes' names
	wait, callee, call spans
}

// spans are durations, counted.
type spans struct {
	buckets [len(dealer.Bounds) + 1]uint64
	sum     time.Duration
}

func (s *spans) observe(d time.Duration) {
	i := 0
	for i < len(dealer.Bounds) && d > dealer.Bounds[i] {
		i++
	}
	s.buckets[i]++
	s.sum += d
}

func (s *spans) differ(h *dealer.Histogram) bool {
	sum := time.Duration(h.Seconds)*time.Second + h.Rest
	return h.Buckets != s.buckets || sum != s.sum || h.Rest >= time.Second
}

// ledgers are those of all pools by their keys: one that is opened again goes on.
type ledgers map[string]*ledgerOf

func (l ledgers) of(key string) *ledgerOf {
	if l == nil {
		return &ledgerOf{ended: make(map[string]uint64)} // for nobody to look at
	}
	if l[key] == nil {
		l[key] = &ledgerOf{ended: make(map[string]uint64)}
	}
	return l[key]
}

func (l *ledgerOf) receive(from dealer.OriginKind) {
	switch from {
	case dealer.LocalOrigin:
		l.direct++
	case dealer.PeerOrigin:
		l.peers++
	default:
		l.router++
	}
}

// fateOf is how a call ends that is answered at last.
func fateOf(kind dealer.AnswerKind, killed, byPeer bool) string {
	switch {
	case kind != dealer.Final && killed:
		return "canceled"
	case byPeer:
		return "forwarded"
	case kind == dealer.Final:
		return "result"
	}
	return "error"
}

// compare holds what the dealer counts against this, the pools that are no more
// included. It returns what differs.
func (l ledgers) compare(d *dealer.Dealer, waiting, running map[string]int) (difference string) {
	counted := make(map[string]dealer.Tally)
	for id := range d.MaxPool() {
		var c dealer.Count
		if !d.Count(0, id, &c) {
			continue
		}
		counted[c.Key] = c.Tally
		if !c.Named {
			return fmt.Sprintf("pool %s is not counted by itself", c.Key)
		}
		if c.Waiting != waiting[c.Key] || c.Running != running[c.Key] {
			return fmt.Sprintf("in pool %s %d wait and %d run, not %d and %d", c.Key, waiting[c.Key], running[c.Key], c.Waiting, c.Running)
		}
		if open := c.Received() - c.Over(); open != uint64(c.Waiting+c.Running) {
			return fmt.Sprintf("pool %s has received %d calls, %d have ended, and %d wait or run", c.Key, c.Received(), c.Over(), c.Waiting+c.Running)
		}
	}
	for _, key := range d.Past() {
		t, _ := d.PastTally(key)
		counted[key] = t
	}
	if others := d.Others(0); others.Received() > 0 {
		return "calls of others were counted, and there are few pools"
	}
	for key, want := range l {
		got := counted[key]
		if got.FromRouter != want.router || got.Direct != want.direct || got.FromPeer != want.peers {
			return fmt.Sprintf("pool %s got %d calls of a router, %d of callers and %d of peers, not %d, %d and %d",
				key, want.router, want.direct, want.peers, got.FromRouter, got.Direct, got.FromPeer)
		}
		for o := range dealer.Outcomes {
			if name := o.String(); got.Ended[o] != want.ended[name] {
				return fmt.Sprintf("in pool %s %d calls ended by %q, not %d", key, want.ended[name], name, got.Ended[o])
			}
		}
		for what, differs := range map[string]bool{
			"waited": want.wait.differ(&got.Wait), "were at a callee": want.callee.differ(&got.Callee), "took": want.call.differ(&got.Call),
		} {
			if differs {
				return fmt.Sprintf("in pool %s it differs how long calls %s:\n%+v\n%+v", key, what, want, got)
			}
		}
	}
	return ""
}
