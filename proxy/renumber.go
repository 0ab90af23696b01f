package proxy

// maxID is the highest request ID; the next one is 1 ("IDs", #name-ids).
const maxID = 1 << 53

// renumbering maps the request IDs that a client gives to those that the router
// sees, and back. They differ once wampool has inserted a request of its own
// into the client's session at the router, or has answered one of the client's
// requests itself: what a client counts is not what its router may count, and
// neither may see a gap ("Protocol Errors", #name-protocol-errors).
//
//	client   1 CALL   2 CALL (answered here)   3 PUBLISH   4 SUBSCRIBE
//	router   1 CALL                            2 PUBLISH   3 SUBSCRIBE
//
// A session that needs it gets one, from then on or from its beginning: in all
// others, requests pass as they are. What a client itself leaves out or repeats
// is left out or repeated at the router too, which judges.
type renumbering struct {
	client, router uint64 // latest IDs, 0 before the first one
	passed         uint64 // IDs up to this one were the same on both sides, and are in no table

	open  table[openRequest] // by the router's ID: what it has not answered, or not to its end
	calls table[uint64]      // CALLs among these: the router's ID by the client's
	over  table[struct{}]    // client's IDs of progressive CALLs that were answered before their last part
}

// openRequest is a request at the router.
type openRequest struct {
	client uint64 // its ID there
	call   bool
	parts  bool // a CALL whose further parts are to come
}

// maxOver bounds progressive calls that are over, and whose last part never comes.
const maxOver = 1024

// What an entry takes of these tables.
const (
	openBytes = 64
	callBytes = 48
	overBytes = 40
)

// newRenumbering begins to renumber behind the client's latest request. What it
// remembers is of's.
func newRenumbering(latest uint64, of *upkeep) *renumbering {
	return &renumbering{
		client: latest, router: latest, passed: latest,
		open:  newTable[openRequest](of, openBytes),
		calls: newTable[uint64](of, callBytes),
		over:  newTable[struct{}](of, overBytes),
	}
}

// renumberFrom begins to renumber a session's requests behind this one, which
// is the latest, if that has not begun yet.
func (s *session) renumberFrom(latest uint64) {
	if s.renumbered == nil {
		s.renumbered = newRenumbering(latest, &s.upkeep)
		s.concerns.add(ofNumbers)
	}
}

// request returns the router's ID of a client's request; answered tells whether
// the router is going to answer it.
func (n *renumbering) request(id uint64, answered bool) uint64 {
	up := n.next(id)
	if answered {
		n.open.put(up, openRequest{client: id})
	}
	return up
}

// afterwards is request for one that was swallowed at first.
func (n *renumbering) afterwards(id uint64) uint64 {
	up := n.insert()
	n.open.put(up, openRequest{client: id})
	return up
}

// call is request for a CALL, or a further part of one; more tells whether
// others follow: all parts have one ID, and one of a call that is over is ignored
// ("Progressive Call Invocations", #name-progressive-call-invocation). It is false for
// that.
func (n *renumbering) call(id uint64, more bool) (uint64, bool) {
	if _, over := n.over.get(id); over {
		return 0, false
	}
	up, open := n.calls.get(id)
	if !open {
		up = n.next(id)
		n.calls.put(id, up)
	}
	n.open.put(up, openRequest{client: id, call: true, parts: more})
	return up, true
}

// knows tells whether a CALL would be the part of one that is at the router, or
// was.
func (n *renumbering) knows(id uint64) bool {
	if _, open := n.calls.get(id); open {
		return true
	}
	_, over := n.over.get(id)
	return over
}

// cancel returns the router's ID of a CALL that the client wants to cancel. It
// is false for one that is over.
func (n *renumbering) cancel(id uint64) (uint64, bool) {
	if up, open := n.calls.get(id); open {
		return up, true
	}
	return id, id <= n.passed
}

// insert returns the router's ID of a request of our own, whose answer is not
// for the client.
func (n *renumbering) insert() uint64 {
	n.advance(1)
	return n.router
}

// swallow takes note of a request that the router never sees.
func (n *renumbering) swallow(id uint64) {
	if step, forward := n.step(id); forward {
		n.client = id
		n.advance(step - 1)
	}
}

// answer returns the client's ID of a request that the router answers. It is
// false for a request of our own, and for one that gets no answer.
func (n *renumbering) answer(id uint64, final bool) (uint64, bool) {
	q, open := n.open.get(id)
	if !open {
		return id, id <= n.passed || id > n.router
	}
	if !final {
		return q.client, true
	}
	n.open.drop(id)
	if q.call {
		n.calls.drop(q.client)
	}
	n.close(q.client, q.parts)
	return q.client, true
}

// close takes note that a CALL is over, if further parts of it are to come.
func (n *renumbering) close(id uint64, parts bool) {
	if !parts {
		return
	}
	if n.over.len() >= maxOver {
		n.over.clear()
	}
	n.over.put(id, struct{}{})
}

// next returns the router's ID of the client's next request.
func (n *renumbering) next(id uint64) uint64 {
	step, forward := n.step(id)
	if !forward && id <= n.passed {
		return id
	}
	if !forward {
		return add(n.router, maxID-step)
	}
	n.client = id
	n.advance(step)
	return n.router
}

// step is how far an ID lies behind the client's latest one, or before it.
func (n *renumbering) step(id uint64) (step uint64, forward bool) {
	switch {
	case id > n.client:
		return id - n.client, true
	case n.client-id > maxID/2: // behind 2^53
		return id + maxID - n.client, true
	}
	return n.client - id, false
}

// advance moves the router's latest ID on. Behind 2^53 none is left of those
// that were passed as they are.
func (n *renumbering) advance(step uint64) {
	before := n.router
	if n.router = add(n.router, step); n.router < before {
		n.passed = 0
	}
}

// add counts on within 1 to 2^53.
func add(id, step uint64) uint64 {
	if step == 0 {
		return id
	}
	return (id+step-1)%maxID + 1
}
