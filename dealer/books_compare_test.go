package dealer_test

import (
	"fmt"
	"time"

	"github.com/wampool/wampool/dealer"
)

// compare holds what the dealer tells of its pools against the books.
func (b *books) compare(d *dealer.Dealer) (finding *broken) {
	defer recoverFinding(&finding)
	states := d.Pools()
	waitingCalls := 0
	for _, p := range b.pools {
		if p == nil {
			continue
		}
		must(len(states) > 0 && states[0].ID == p.id, nothingLeft, "pool %d is missing", p.id)
		s := states[0]
		states = states[1:]
		must(s.Key == p.key && s.Open == p.open && s.Lingers == p.lingers && s.Paused == p.paused, nothingLeft, "pool %d is %+v", p.id, s)
		must(s.Waiting == len(p.waiting), nothingLeft, "%d calls wait in pool %d, not %d", len(p.waiting), p.id, s.Waiting)
		must(s.Calls == len(p.waiting)+p.held, nothingLeft, "pool %d has %d calls, not %d", p.id, len(p.waiting)+p.held, s.Calls)
		bytes := 0
		for _, c := range p.waiting {
			bytes += c.held()
		}
		must(s.Bytes == bytes, nothingLeft, "pool %d holds %d bytes of those that wait, not %d", p.id, bytes, s.Bytes)
		must(p.held > 0 || s.Kept == 0, nothingLeft, "pool %d keeps %d bytes of nobody", p.id, s.Kept)
		must(len(s.Callees) == len(p.members), nothingLeft, "pool %d has %d callees, not %d", p.id, len(p.members), len(s.Callees))
		for i, m := range p.members {
			want := dealer.CalleeState{Callee: m.callee.id, Registration: m.registration, InFlight: m.inFlight, Limit: m.bound(), Draining: m.callee.draining}
			must(s.Callees[i] == want, nothingLeft, "pool %d: %+v instead of %+v", p.id, s.Callees[i], want)
		}
		b.comparePeers(p, &s)
		waitingCalls += len(p.waiting)
	}
	must(len(states) == 0, nothingLeft, "left over: %+v", states)
	if b.ledgers != nil {
		waiting, running := make(map[string]int), make(map[string]int)
		for _, p := range b.pools {
			if p != nil {
				waiting[p.key], running[p.key] = len(p.waiting), p.held
			}
		}
		difference := b.ledgers.compare(d, waiting, running)
		must(difference == "", counted, "%s", difference)
	}
	waits, runs := d.Load()
	must(waits == waitingCalls && waits+runs == b.live, nothingLeft, "%d wait and %d run, of %d and %d", waits, runs, waitingCalls, b.live)
	return nil
}

// checkDeadline finds Deadline early enough for everything that time will end,
// and late enough for a driver that waits for it.
func (b *books) checkDeadline(d *dealer.Dealer, e event) {
	at, any := d.Deadline()
	inTime := func(checker string, due time.Duration) {
		due = max(due, b.now) // it may have been over when the rule came
		if due < ever && (!any || at > due) {
			panic(failed{checker, fmt.Sprintf("after %s the next tick is at %s (%t), too late for %s", eventNames[e.kind], at, any, due)})
		}
	}
	if e.kind == tick && any && at <= b.now {
		panic(failed{deadlinesKept, fmt.Sprintf("after a tick at %s the next one is at %s", b.now, at)})
	}
	for _, p := range b.pools {
		if expiry, waits := p.expiry(); waits {
			inTime(queueTimeout, expiry)
		}
		if p != nil && p.lingers {
			inTime(membership, p.until)
		}
	}
	for _, o := range b.origins {
		if o == nil {
			continue
		}
		for _, c := range o.calls {
			if c.timed() {
				inTime(deadlinesKept, c.deadline)
			}
		}
	}
}

// checkOwnInterrupt finds the router's INTERRUPT mapped while its invocation
// is open, and stopped after the answer.
func (b *books) checkOwnInterrupt(d *dealer.Dealer, c *calleeBook, request uint64) {
	want, open := c.own[request]
	if !open && request >= 1 && request <= c.first && !c.again {
		want, open = request, true
	}
	if got, reach := d.OwnInterrupt(c.id, request); got != want || reach != open {
		panic(failed{interrupts, fmt.Sprintf("the router's INTERRUPT %d is %d (%t) to callee %d, not %d (%t)", request, got, reach, c.id, want, open)})
	}
}
