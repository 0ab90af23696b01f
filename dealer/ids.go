package dealer

// maxID is the highest ID of the session scope; the next one is 1 (basic
// profile, "IDs").
const maxID = 1 << 53

// requestIDs are the request IDs of the INVOCATIONs that one callee has. The
// pool's and the router's own share the callee's connection, so they share one
// counter too: +1 each, strictly increasing on the wire, continuing from the
// highest ID that passed before the callee joined a pool.
//
// The IDs that come from the router are not expected to be consecutive:
// Crossbar.io counts per realm, not per session.
type requestIDs struct {
	first uint64 // IDs up to here were the router's own, passed unchanged
	last  uint64 // given out last
	open  map[uint64]openRequest
	own   map[uint64]uint64 // the router's own: its ID to ours
	ended endedRequests     // the router's own progressive calls that were answered before their last part came
}

// openRequest is an invocation that the callee has not finished.
type openRequest struct {
	call callIndex // noCall: the router's own
	own  uint64    // the router's own ID of it
	more bool      // the router's own: more parts of it may come
}

func newRequestIDs(highest uint64) requestIDs {
	return requestIDs{first: highest, last: highest, open: make(map[uint64]openRequest)}
}

func (ids *requestIDs) next() uint64 {
	for {
		if ids.last++; ids.last > maxID {
			ids.last, ids.first = 1, 0
		}
		if _, taken := ids.open[ids.last]; !taken {
			return ids.last
		}
	}
}

// assign gives a call its ID at this callee.
func (ids *requestIDs) assign(i callIndex) uint64 {
	id := ids.next()
	ids.open[id] = openRequest{call: i}
	return id
}

// release forgets an ID whose final answer came.
func (ids *requestIDs) release(id uint64) {
	if r := ids.open[id]; r.call == noCall {
		delete(ids.own, r.own)
		if r.more {
			ids.ended.add(r.own)
		}
	}
	delete(ids.open, id)
}

// issued tells whether the callee may know this ID.
func (ids *requestIDs) issued(id uint64) bool { return id >= 1 && id <= ids.last }

// OwnInvocation gives an INVOCATION of the router for a registration that is
// not pooled, with the router's request ID, the ID under which the callee gets
// it; more tells that further parts of the call follow. A further INVOCATION
// with an ID that is still open is a part of the same progressive call and
// keeps its ID; so does one of a call that was passed unchanged before the
// callee was added. It is false for a part of a call that the callee has
// answered: that must not reach it ("Progressive Call Invocations").
func (d *Dealer) OwnInvocation(at CalleeID, request uint64, more bool) (uint64, bool) {
	ids := &d.callee(at).requests
	if id, known := ids.own[request]; known {
		open := ids.open[id]
		open.more = more
		ids.open[id] = open
		return id, true
	}
	if request <= ids.first {
		return request, true
	}
	if ids.ended.has(request) {
		return 0, false
	}
	id := ids.next()
	ids.open[id] = openRequest{call: noCall, own: request, more: more}
	if ids.own == nil {
		ids.own = make(map[uint64]uint64)
	}
	ids.own[request] = id
	return id, true
}

// OwnInterrupt returns the ID under which the callee knows an INVOCATION of
// the router. It is false if the callee has answered it already: then the
// INTERRUPT must not reach it.
func (d *Dealer) OwnInterrupt(at CalleeID, request uint64) (uint64, bool) {
	ids := &d.callee(at).requests
	id, known := ids.own[request]
	if !known && request <= ids.first {
		return request, true
	}
	return id, known
}

// Holds tells whether a callee has a call of a pool under this ID: then its
// answer leaves the callee's own session and must be valid in every part.
func (d *Dealer) Holds(at CalleeID, id uint64) bool {
	open, known := d.callee(at).requests.open[id]
	return known && open.call != noCall
}
