package dealer

import "slices"

// maxID is the highest ID of the session scope; the next one is 1 ("IDs",
// #name-ids).
const maxID = 1 << 53

// requestIDs are the request IDs of the INVOCATIONs that one callee has. The
// pool's and the router's own share the callee's connection, so they share one
// counter too: +1 each ("IDs", #name-ids), strictly increasing on the wire,
// continuing from the highest ID that passed before the callee joined a pool.
//
// The IDs that come from the router are not expected to be consecutive:
// Crossbar.io counts per realm, not per session.
type requestIDs struct {
	first   uint64                // IDs up to here were the router's own, passed unchanged
	last    uint64                // given out last
	wrapped bool                  // they have begun anew: all up to maxID were in use
	passed  uint64                // first, before that
	open    index                 // invocations that the callee has not finished: their calls plus one, or ownCall
	own     map[uint64]ownRequest // the router's own among them
	given   map[uint64]uint64     // the router's ID of those to ours
	ended   endedRequests         // the router's own progressive calls that were answered before their last part came
}

// ownCall stands for an invocation of the router's own.
const ownCall = -1

// ownRequest is one of the router's own invocations.
type ownRequest struct {
	request uint64 // its ID at the router
	more    bool   // more parts of it may come
}

func newRequestIDs(highest uint64) requestIDs { return requestIDs{first: highest, last: highest} }

func (ids *requestIDs) next() uint64 {
	for {
		if ids.last++; ids.last > maxID || ids.last == 0 {
			ids.passed = max(ids.passed, ids.first)
			ids.last, ids.first, ids.wrapped = 1, 0, true
		}
		if ids.open.get(ids.last) == 0 {
			return ids.last
		}
	}
}

// byAge returns the IDs of all invocations that the callee has, in the order in
// which they were given.
func (ids *requestIDs) byAge() []uint64 {
	all := ids.open.ids()
	again, _ := slices.BinarySearch(all, ids.last+1) // those behind are from before the numbers began anew
	return slices.Concat(all[again:], all[:again])
}

// call returns the call that the callee has under an ID, and whether it has
// any invocation under it: noCall is one of the router's own.
func (ids *requestIDs) call(id uint64) (i callIndex, known bool) {
	switch value := ids.open.get(id); value {
	case 0:
		return noCall, false
	case ownCall:
		return noCall, true
	default:
		return callIndex(value) - 1, true
	}
}

// assign gives a call its ID at this callee.
func (ids *requestIDs) assign(i callIndex) uint64 {
	id := ids.next()
	ids.open.put(id, int32(i)+1)
	return id
}

// release forgets an ID whose final answer came.
func (ids *requestIDs) release(id uint64) {
	if own, isOwn := ids.own[id]; isOwn {
		delete(ids.own, id)
		delete(ids.given, own.request)
		if own.more {
			ids.ended.add(own.request)
		}
	}
	ids.open.remove(id)
}

// issued tells whether the callee may know this ID.
func (ids *requestIDs) issued(id uint64) bool {
	return id >= 1 && (id <= ids.last || ids.wrapped && id <= maxID)
}

// unchanged tells whether an invocation that passed before the callee was added
// had this ID.
func (ids *requestIDs) unchanged(id uint64) bool {
	return id >= 1 && (id <= ids.first || id <= ids.passed && id > ids.last)
}

// OwnInvocation gives an INVOCATION of the router for a registration that is
// not pooled, with the router's request ID, the ID under which the callee gets
// it; more tells that further parts of the call follow. A further INVOCATION
// with an ID that is still open is a part of the same progressive call and
// keeps its ID; so does one of a call that was passed unchanged before the
// callee was added. It is false for a part of a call that the callee has
// answered: that must not reach it, for it means nothing ("Progressive Call
// Invocations", #name-progressive-call-invocation).
func (d *Dealer) OwnInvocation(at CalleeID, request uint64, more bool) (uint64, bool) {
	d.taken()
	ids := &d.callee(at).requests
	if id, known := ids.given[request]; known {
		ids.own[id] = ownRequest{request, more}
		return id, true
	}
	if request >= 1 && request <= ids.first {
		return request, true
	}
	if ids.ended.has(request) {
		return 0, false
	}
	id := ids.next()
	if ids.own == nil {
		ids.own, ids.given = make(map[uint64]ownRequest), make(map[uint64]uint64)
	}
	ids.open.put(id, ownCall)
	ids.own[id], ids.given[request] = ownRequest{request, more}, id
	return id, true
}

// OwnInterrupt returns the ID under which the callee knows an INVOCATION of
// the router. It is false if the callee has answered it already: then the
// INTERRUPT must not reach it.
func (d *Dealer) OwnInterrupt(at CalleeID, request uint64) (uint64, bool) {
	ids := &d.callee(at).requests
	id, known := ids.given[request]
	if !known && request >= 1 && request <= ids.first {
		return request, true
	}
	return id, known
}

// HeldFrom tells whether a callee has a call of a pool under this ID, and where
// that came from: then its answer leaves the callee's own session and must be
// valid in every part.
func (d *Dealer) HeldFrom(at CalleeID, id uint64) (OriginID, bool) {
	i, _ := d.callee(at).requests.call(id)
	if i == noCall {
		return 0, false
	}
	return d.calls.at(i).origin, true
}

// HeldIn tells whether a callee has a call of a pool under this ID, and which pool's.
func (d *Dealer) HeldIn(at CalleeID, id uint64) (PoolID, bool) {
	i, _ := d.callee(at).requests.call(id)
	if i == noCall {
		return 0, false
	}
	return d.calls.at(i).pool.id, true
}

// Busy tells whether a callee has invocations that it has not answered, of pools
// or of the router's own since it joined one.
func (d *Dealer) Busy(at CalleeID) bool { return d.callee(at).requests.open.len() > 0 }

// Own returns how many INVOCATIONs of the router's own, for registrations that
// are not pooled, the callee has yet to answer, of those that came since it was
// added.
func (d *Dealer) Own(at CalleeID) int { return len(d.callee(at).requests.own) }
