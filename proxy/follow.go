package proxy

import (
	"time"

	"github.com/wampool/wampool/dealer"
)

// following tells of calls as they end: a line of the log for each that
// configs.Log.Calls names. Nothing of a payload is in it. Where nobody follows, the
// dealer tells of none. realm.mu guards it.
type following struct {
	isOn    bool
	sent    []sentAnswer // final answers of the event at hand
	parting *session     // whose end as a callee or caller is at hand
}

// sentAnswer is the final answer to a call, as it was sent.
type sentAnswer struct {
	origin  dealer.OriginID
	request uint64
	bytes   int
	uri     string // of an ERROR in place of the callee's answer
}

// note takes note of an answer.
func (f *following) note(a *dealer.Action, bytes int, uri string) {
	if a.Kind == dealer.Refuse || a.Kind == dealer.Forward && a.Final {
		f.sent = append(f.sent, sentAnswer{a.Origin, a.Request, bytes, uri})
	}
}

// followCalls has the dealer tell of calls if the configuration wants to know. realm.mu is
// held, but at the start.
func (r *realm) followCalls() {
	r.following.isOn = r.proxy.config().Log.Calls != "none"
	r.dealer.Follow(r.following.isOn)
}

// Ended logs calls that have ended.
func (r *realm) Ended(ends []dealer.End) {
	log := r.proxy.config().Log
	for i := range ends {
		if e := &ends[i]; isLogged(e, log.Calls, log.Slow) {
			r.logCall(e)
		}
	}
	r.following.sent = r.following.sent[:0]
}

// isLogged tells whether a call gets a line.
func isLogged(e *dealer.End, calls string, slow time.Duration) bool {
	switch calls {
	case "all":
		return true
	case "failed":
		return e.Outcome != dealer.Result
	case "slow":
		return e.Outcome != dealer.Result || e.Waited+e.Ran >= slow
	}
	return false
}

// logCall says of a call where it came from and went to, under which request IDs, how
// long it took, and what became of it.
func (r *realm) logCall(e *dealer.End) {
	line := r.log.Info().Str("pool", shownName(matchOf(e.Key), procedureOf(e.Key)))
	if e.Direct {
		line = line.Str("origin", "direct")
		if s := r.callerOf(e.Origin); s != nil {
			line = line.Uint64("caller", s.id)
		}
	} else {
		line = line.Str("origin", "router")
	}
	line = line.Uint64("request", e.Request)
	if e.ID != 0 {
		if s := r.calleeAtEnd(e.Callee); s != nil {
			line = line.Uint64("callee", s.id).Str("authid", s.authID)
		}
		line = line.Uint64("callee_request", e.ID)
	}
	line = line.Dur("waited", e.Waited).Dur("ran", e.Ran).Stringer("outcome", e.Outcome).Int("bytes", e.Bytes)
	for _, sent := range r.following.sent {
		if sent.origin == e.Origin && sent.request == e.Request {
			line = line.Int("answer_bytes", sent.bytes)
			if sent.uri != "" {
				line = line.Str("error", sent.uri)
			}
		}
	}
	line.Msg("call")
}

// callerOf returns the session of a local origin, be it that it is just leaving.
func (r *realm) callerOf(id dealer.OriginID) *session {
	if o := r.driver.Origin(id); o != nil && o.Session != nil {
		return o.Session.(*session)
	}
	if s := r.following.parting; s != nil && s.caller != nil && s.caller.origin == id {
		return s
	}
	return nil
}

// calleeAtEnd returns the session of a callee, be it that it is just leaving.
func (r *realm) calleeAtEnd(id dealer.CalleeID) *session {
	if c := r.driver.Callee(id); c != nil {
		return c.Session.(*session)
	}
	if s := r.following.parting; s != nil && s.callee != nil && s.callee.id == id {
		return s
	}
	return nil
}
