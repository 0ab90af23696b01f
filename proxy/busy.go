package proxy

// isBusy tells whether the client has calls in flight as a callee: one that has a
// single thread answers no ping until it has done its work, and is not dropped for
// that (see [transport.Keepalive]). There is no limit to how long that may take
// but the call's own timeout, its caller's patience, and the end of the client's
// machine or program, which its connection tells.
func (c *client) isBusy() bool {
	s := c.session.Load()
	if s == nil {
		return false
	}
	if s.invocations.open.Load() > 0 {
		return true
	}
	if !s.concerns.any(ofCallee) {
		return false
	}
	r := s.realm
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hasCallee(s) && r.dealer.Busy(s.callee.id)
}

// inFlight counts what the client's session has in flight at the router, past all
// pools: calls of its own, and INVOCATIONs at it. A clean stop lets them finish.
func (c *client) inFlight() int64 {
	s := c.session.Load()
	if s == nil || c.over.Load() {
		return 0
	}
	n := s.calls.open.Load() + s.invocations.open.Load()
	if !s.concerns.any(ofCallee) {
		return n
	}
	r := s.realm
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hasCallee(s) {
		n += int64(r.dealer.Own(s.callee.id))
	}
	return n
}

// rest tells who waits for it that the client may have nothing in flight.
func (c *client) rest() {
	select {
	case <-c.proxy.draining:
		select {
		case c.proxy.rested <- struct{}{}:
		default:
		}
	default:
	}
}
