package proxy

import (
	"time"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/admin"
)

// following tells of calls as they end: a line of the log for each that
// configs.Log.Calls names, and whoever follows a pool's calls by the admin listener
// (trace.go), and OpenTelemetry (spans.go). Nothing of a payload is in it. Where nobody
// follows, the dealer tells of none. realm.mu guards it.
type following struct {
	which   dealer.Following
	tracers []*tracer
	takers  []*tracer    // of the call at hand
	sent    []sentAnswer // final answers of the event at hand
	next    int          // of those, behind the one that was found last
	parting *session     // whose end as a callee or caller is at hand
}

// sentAnswer is the final answer to a call, as it was sent.
type sentAnswer struct {
	origin  dealer.OriginID
	request uint64
	bytes   int
	uri     string // of an ERROR
}

// note takes note of an answer, which is an ERROR if it has a URI.
func (f *following) note(a *dealer.Action, bytes int, uri string) {
	if f.which == dealer.FollowFailed && uri == "" {
		return // a result, of which the dealer does not tell
	}
	if a.Kind == dealer.Refuse || a.Kind == dealer.Forward && a.Final {
		f.sent = append(f.sent, sentAnswer{a.Origin, a.Request, bytes, uri})
	}
}

// answerTo returns the answer to a call, nil if it gets none now. Calls are answered in
// the order in which they end, so the search goes on where the last one was found.
func (f *following) answerTo(e *dealer.End) *sentAnswer {
	for range f.sent {
		sent := &f.sent[f.next%len(f.sent)]
		f.next++
		if sent.origin == e.Origin && sent.request == e.Request {
			return sent
		}
	}
	return nil
}

// takersOf returns who follows a call, and can be told of it.
func (f *following) takersOf(e *dealer.End) []*tracer {
	f.takers = f.takers[:0]
	for _, t := range f.tracers {
		if t.wants(e) && t.to.Takes() {
			f.takers = append(f.takers, t)
		}
	}
	return f.takers
}

// followCalls has the dealer tell of calls if somebody wants to know. realm.mu is held, but
// at the start.
func (r *realm) followCalls() {
	f, hasSpans := &r.following, r.proxy.spans.Load() != nil
	if !hasSpans {
		clear(r.parents)
	}
	switch calls := r.proxy.config().Log.Calls; {
	case hasSpans, len(f.tracers) > 0, calls == "all", calls == "slow":
		f.which = dealer.FollowAll
	case calls == "failed":
		f.which = dealer.FollowFailed
	default:
		f.which = dealer.FollowNone
	}
	r.dealer.Follow(f.which)
}

// Ended tells of the calls that have ended in an event.
func (r *realm) Ended(ends []dealer.End) {
	f, log, recorder := &r.following, r.proxy.config().Log, r.proxy.spans.Load()
	for i := range ends {
		e := &ends[i]
		logs, takers := isLogged(e, log.Calls, log.Slow), f.takersOf(e)
		parent := r.parentOf(e)
		hasSpans := recorder != nil && recorder.Sample(&parent)
		if !logs && !hasSpans && len(takers) == 0 {
			continue
		}
		call := r.traced(e)
		if hasSpans {
			addSpans(recorder, e, parent, &call)
		}
		if logs {
			r.logCall(e, &call)
		}
		for _, t := range takers {
			t.to.Add(&call)
		}
	}
	f.sent, f.next = f.sent[:0], 0
}

// isLogged tells whether a call gets a line.
func isLogged(e *dealer.End, calls string, slow time.Duration) bool {
	switch calls {
	case "all":
		return true
	case "failed":
		return e.Outcome.HasFailed()
	case "slow":
		return e.Outcome.HasFailed() || e.Waited+e.Ran >= slow
	}
	return false
}

// traced says of a call where it came from and went to, under which request IDs, how
// long it took, and what became of it.
func (r *realm) traced(e *dealer.End) admin.TracedCall {
	call := admin.TracedCall{
		Time: float64(time.Now().UnixMicro()) / 1e6, Realm: r.name, Pool: shownName(matchOf(e.Key), procedureOf(e.Key)),
		Origin: "router", Request: e.Request, CalleeRequest: e.ID,
		WaitedSeconds: e.Waited.Seconds(), RanSeconds: e.Ran.Seconds(), Outcome: e.Outcome.String(), Bytes: e.Bytes,
	}
	switch {
	case e.Peer:
		call.Origin = "peer"
	case e.Direct:
		call.Origin = "direct"
		if s := r.callerOf(e.Origin); s != nil {
			call.Caller = s.id
		}
	}
	if e.ID != 0 || e.Outcome == dealer.CalleeLost {
		if s := r.calleeAtEnd(e.Callee); s != nil {
			call.Callee, call.AuthID = s.id, s.authID
		} else if c := r.driver.Callee(e.Callee); c != nil {
			if peer, is := c.Session.(*supplier); is {
				call.Peer = shortNode(peer.link)
			}
		}
	}
	if sent := r.following.answerTo(e); sent != nil {
		call.AnswerBytes, call.Error = sent.bytes, sent.uri
	}
	return call
}

func (r *realm) logCall(e *dealer.End, call *admin.TracedCall) {
	line := r.log.Info().Str("pool", call.Pool).Str("origin", call.Origin)
	if call.Caller != 0 {
		line = line.Uint64("caller", call.Caller)
	}
	line = line.Uint64("request", call.Request)
	if call.Callee != 0 {
		line = line.Uint64("callee", call.Callee).Str("authid", call.AuthID)
	}
	if call.Peer != "" {
		line = line.Str("peer", call.Peer)
	}
	if call.CalleeRequest != 0 {
		line = line.Uint64("callee_request", call.CalleeRequest)
	}
	line = line.Dur("waited", e.Waited).Dur("ran", e.Ran).Str("outcome", call.Outcome).Int("bytes", call.Bytes)
	if call.AnswerBytes != 0 {
		line = line.Int("answer_bytes", call.AnswerBytes)
	}
	if call.Error != "" {
		line = line.Str("error", call.Error)
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
		s, _ := c.Session.(*session) // nil: it is a peer
		return s
	}
	if s := r.following.parting; s != nil && s.callee != nil && s.callee.id == id {
		return s
	}
	return nil
}
