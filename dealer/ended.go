package dealer

// maxEndedRequests bounds what one origin's callers can make the dealer
// remember: a caller may never send the last part of its call.
const maxEndedRequests = 1024

// endedRequests remembers the progressive calls of an origin that ended before
// their last part came, so that a part still on its way is not taken for a new
// call, which would be answered a second time: it is ignored ("Progressive Call
// Invocations", #name-progressive-call-invocation). The oldest are forgotten first.
//
// The highest request ID seen would do instead if all routers counted up; not
// all do.
type endedRequests struct {
	ids   map[uint64]struct{}
	order []uint64 // a ring once it is full
	next  int      // the oldest in a full ring
}

func (e *endedRequests) add(request uint64) {
	if e.ids == nil {
		e.ids = make(map[uint64]struct{})
	}
	if e.has(request) {
		return
	}
	e.ids[request] = struct{}{}
	if len(e.order) < maxEndedRequests {
		e.order = append(e.order, request)
		return
	}
	delete(e.ids, e.order[e.next])
	e.order[e.next] = request
	e.next = (e.next + 1) % maxEndedRequests
}

func (e *endedRequests) has(request uint64) bool {
	_, ended := e.ids[request]
	return ended
}
