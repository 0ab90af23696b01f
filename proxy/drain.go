package proxy

import (
	"context"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
	"github.com/wampool/wampool/proxy/driver"
	"github.com/wampool/wampool/proxy/transport"
)

// drain takes no new call: the registrations at the router are given up, and
// what still arrives is refused. Calls that are here go on.
func (r *realm) drain() {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	r.draining = true
	r.dealer.Drain()
	if r.sharing != nil {
		r.regroupSoon()
	}
	for _, p := range r.pools {
		p.isDrained = p.isLive
	}
	r.bring(&out, func() []admission.Action { return r.registrar.Drain(r.now()) })
	r.arm()
}

// isIdle tells whether nothing waits or runs. r.mu is held.
func (r *realm) isIdle() bool {
	waiting, running := r.dealer.Load()
	return waiting+running == 0
}

// shutdown answers the calls that are left.
func (r *realm) shutdown() {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	if waiting, running := r.dealer.Load(); waiting+running > 0 {
		r.log.Warn().Int("waiting", waiting).Int("running", running).Msg("calls left at the end of the drain get an error")
	}
	r.driver.Perform(&out, r.dealer.Shutdown(r.now()), driver.Hand{})
}

// leave ends the pool sessions by GOODBYE. The router's answer tells that it has
// dealt with all answers of our callees before.
func (r *realm) leave() {
	conns := r.sayGoodbye()
	patience, cancel := context.WithTimeout(context.Background(), closeLinger)
	defer cancel()
	for _, conn := range conns {
		select {
		case <-conn.Done():
		case <-patience.Done():
			conn.Abort(errStopped)
		}
	}
}

// sayGoodbye begins the end of all pool sessions, and returns their connections.
func (r *realm) sayGoodbye() (conns []*transport.Conn) {
	var out transport.Outbox
	defer out.Flush()
	r.mu.Lock()
	defer r.unlock(&out, nil)
	for _, l := range r.links {
		if l.conn != nil {
			conns = append(conns, l.conn)
			l.sayGoodbye(&out, uriSystemShutdown)
		}
	}
	return conns
}

// sayGoodbye begins the end of a session that is up ("GOODBYE", #name-goodbye-2).
// realm.mu is held.
func (l *link) sayGoodbye(out *transport.Outbox, reason string) {
	l.leaving = true
	r := l.realm
	r.bring(out, func() []admission.Action { return r.registrar.LinkLeaves(r.now(), l.id) })
	bye := codec.Goodbye{Reason: reason}
	out.Send(l.conn, bye.Append(nil, l.serializer))
}

// ending is why wampool ends a client's session: the reason, and a text for people.
type ending struct{ reason, text string }

var (
	stopping = &ending{uriSystemShutdown, "the proxy is stopping"}
	drained  = &ending{uriCloseRealm, "this callee was drained"}
)

// leave says GOODBYE to the router in the client's name. The router's answer
// comes behind everything it has sent before, results among them. A client that
// has said it itself gets the answer to its own.
func (c *client) leave(out *transport.Outbox, why *ending) {
	if c.over.Load() {
		return
	}
	if c.session.Load() == nil {
		c.conn.Close(1001, why.text, closeLinger)
		return
	}
	c.leaving.Store(why)
	bye := codec.Goodbye{Reason: why.reason}
	out.Send(c.router, bye.Append(nil, c.serializer))
}

// farewell passes the end on to the client.
func (c *client) farewell(why *ending) {
	bye := codec.Goodbye{
		Details: codec.NewDict(c.serializer, codec.Field{Key: "message", Value: codec.FieldString(why.text)}),
		Reason:  why.reason,
	}
	c.routerOut.Send(c.conn, bye.Append(nil, c.serializer))
	c.conn.Close(1001, why.text, closeLinger)
}
