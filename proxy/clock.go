package proxy

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

const never dealer.Time = 1<<63 - 1

// loginPatience is how long the router may take to welcome the pool session.
const loginPatience = 10 * time.Second

// clockPause is how long the clock waits when what was due has panicked.
const clockPause = time.Second

// runClock looks at everything that has a deadline when the earliest of them
// is due. It ends with ctx.
func (r *realm) runClock(ctx context.Context) {
	var out transport.Outbox
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-timer.C:
		}
		wait := r.tick(&out)
		r.tellLoads(&out)
		out.Flush()
		timer.Reset(wait)
	}
}

// tick does what is due, and returns how long nothing else will be: at most an
// hour.
func (r *realm) tick(out *transport.Outbox) (wait time.Duration) {
	r.mu.Lock()
	defer r.unlock(out, nil)
	now := r.now()
	wait = clockPause
	r.armed = now + wait
	r.driver.Perform(out, r.dealer.Tick(now), driver.Hand{})
	r.bring(out, func() []admission.Action { return r.registrar.Tick(now) })
	r.dismissDrained(out)
	r.shareTick(out)
	r.armed = min(r.earliest(), r.lookAtAwaited())
	return min(r.armed-now, time.Hour)
}

// unit is what the router counts call timeouts in. Calls come from it once it
// has told who it is.
func (r *realm) unit() time.Duration {
	switch r.proxy.config().Router.TimeoutUnit {
	case "s":
		return time.Second
	case "auto":
		return cmp.Or(r.told, time.Millisecond)
	}
	return time.Millisecond
}

// takeUnit learns from WELCOME what the router counts call timeouts in:
// milliseconds ("Call Timeouts", #name-call-timeouts), but seconds if it is
// Crossbar.io.
func (r *realm) takeUnit(s codec.Serializer, welcome *codec.Welcome) {
	if r.proxy.config().Router.TimeoutUnit != "auto" {
		return
	}
	before, unit := r.told, "milliseconds"
	if r.told = time.Millisecond; isCrossbar(s, welcome) {
		r.told, unit = time.Second, "seconds"
	}
	if r.told != before {
		r.log.Info().Str("unit", unit).Msg("the router counts call timeouts in this unit, by its WELCOME, until timeout_unit tells another")
	}
}

// isCrossbar tells whether the router is Crossbar.io.
func isCrossbar(s codec.Serializer, welcome *codec.Welcome) bool {
	if _, ok := welcome.Details.Lookup(s, "x_cb_node"); ok {
		return true
	}
	v, ok := welcome.Details.Lookup(s, "agent")
	if !ok {
		return false
	}
	agent, _ := v.Str()
	return bytes.HasPrefix(bytes.ToLower(agent), []byte("crossbar"))
}

// maxCallTimeout is taken for all timeouts beyond it.
const maxCallTimeout = 365 * 24 * time.Hour

// timeoutOf is a call's timeout as the router counts it, 0 for none.
func (r *realm) timeoutOf(timeout uint64) time.Duration {
	if timeout >= uint64(maxCallTimeout/r.unit()) { //nolint:gosec // not negative
		return maxCallTimeout
	}
	return time.Duration(timeout) * r.unit() //nolint:gosec // below what the case above says
}

func (r *realm) earliest() dealer.Time {
	next := never
	if deadline, ok := r.dealer.Deadline(); ok {
		next = deadline
	}
	if deadline, ok := r.registrar.Deadline(); ok {
		next = min(next, deadline)
	}
	return min(next, r.sharingDeadline())
}

// arm wakes the clock if there is a deadline earlier than it knows of. It ends
// every event that came from a reader.
func (r *realm) arm() {
	next := r.earliest()
	if slices.ContainsFunc(r.leavers, r.hasDrained) {
		next = r.now()
	}
	next = min(next, r.lookAtAwaited())
	if next < r.armed {
		r.armed = next
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// lookAtAwaited tells those who wait for it that something is so. It returns when it is
// to be looked again whatever happens; never, if it need not.
func (r *realm) lookAtAwaited() (again dealer.Time) {
	again = never
	if len(r.awaits) == 0 {
		return again
	}
	now := r.now()
	r.awaits = slices.DeleteFunc(r.awaits, func(a *awaited) bool {
		if now < a.next {
			again = min(again, a.next)
			return false
		}
		a.next = now + a.pause
		is := a.is()
		if is {
			close(a.done)
		}
		return is
	})
	return again
}
