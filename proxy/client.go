package proxy

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// client is what a client has from its connection to its close: that connection,
// and one of its own at the router. WAMP sessions come and go on them, one at a
// time; what belongs to one of these is in its session.
type client struct {
	// Immutable.
	proxy      *Proxy
	conn       *transport.Conn
	router     *transport.Conn
	transport  string           // scheme of the listener's URL
	serializer codec.Serializer // of both
	log        zerolog.Logger   // where there is no session

	// What the client makes wampool hold: buffers of both connections, which count
	// by themselves, and whatever its session keeps for it, by what keeping it costs.
	account *transport.Account

	// Owned by one reader each: what it has sent, and the message at hand.
	clientOut, routerOut transport.Outbox
	said, heard          inbox

	// The WAMP session that the router has welcomed, nil if there is none. The
	// router's reader sets it before the client can know of its WELCOME; the
	// client's reader takes it away at the HELLO that follows the session's end, and
	// whichever reader ends first.
	session atomic.Pointer[session]

	entry    entry
	welcomed atomic.Bool // between WELCOME and the end of the session
	joinTime joinTime
	over     atomic.Bool            // a side has ended the session, or its opening, by GOODBYE or ABORT
	dropped  atomic.Bool            // it is counted as such
	leaving  atomic.Pointer[ending] // why GOODBYE was sent to the router in the client's name; nil: it was not

	dismissed bool // under proxy.mu: a clean stop has ended it
}

func newClient(p *Proxy, conn, router *transport.Conn, transport string) *client {
	c := &client{
		proxy: p, conn: conn, router: router, transport: transport, serializer: conn.Serializer(),
		log: p.log.With().Str("client", conn.RemoteAddr()).Logger(),
	}
	c.account = p.budget.Open(c.abandon)
	conn.Charge(c.account)
	router.Charge(c.account)
	c.confine(true)
	conn.SetBusy(c.isBusy)
	conn.BeforeBlock(c.flushClient)
	conn.BeforeRead(c.clientOut.Yield)
	router.BeforeBlock(c.flushRouter)
	return c
}

// flushClient flushes what the client's reader has sent, before it waits.
func (c *client) flushClient() {
	c.tellLoads(&c.clientOut)
	c.clientOut.Flush()
}

// flushRouter does so for the router's reader.
func (c *client) flushRouter() {
	c.tellLoads(&c.routerOut)
	c.routerOut.Flush()
}

func (c *client) tellLoads(out *transport.Outbox) {
	if s := c.session.Load(); s != nil && s.realm != nil {
		s.realm.tellLoads(out)
	}
}

// run passes messages both ways until either connection ends, and then ends
// the other.
func (c *client) run() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.readRouter()
	}()
	c.readClient()
	<-done
	c.joinTime.stop()
	c.conn.Wait()
	c.router.Wait()
	c.account.Close()
}

// abandon drops both connections at once: for what they hold, which is given
// back when their readers have heard of it.
func (c *client) abandon(cause error) {
	c.conn.Abort(cause)
	c.router.Abort(cause)
}

// closeLinger is how long an ending connection may take to deliver what was
// sent to it.
const closeLinger = time.Second

// readClient handles what the client sends. It ends with the client's connection.
func (c *client) readClient() {
	defer c.contain(&c.clientOut, "client")
	for {
		message, err := c.conn.Read()
		if err != nil {
			c.end(&c.clientOut, "client", err)
			code, reason := c.closeCode(c.conn, err)
			c.router.Close(code, reason, closeLinger)
			return
		}
		c.pace(c.conn, c.router, &c.clientOut)
		c.takeFromClient(message)
	}
}

// readRouter handles what the router sends. It ends with the router's connection.
func (c *client) readRouter() {
	defer c.contain(&c.routerOut, "router")
	for {
		message, err := c.router.Read()
		if err != nil {
			c.end(&c.routerOut, "router", err)
			code, reason := c.closeCode(c.router, err)
			c.conn.Close(code, reason, closeLinger)
			return
		}
		c.pace(c.router, c.conn, &c.routerOut)
		c.takeFromRouter(message)
	}
}

// closeCode is how the other side's connection is closed after err ended this
// one's. A broken end stays one: who gets a close frame, with whatever code, takes
// that for the end that was meant, and may not come back. So there is none (1006)
// where there was none, and a RawSocket's end counts for one only behind GOODBYE
// or ABORT, since it looks the same when the peer has died. A stop that can't wait
// breaks both.
func (c *client) closeCode(of *transport.Conn, err error) (code int, reason string) {
	var closed *transport.CloseError
	var lost *transport.LostError
	switch {
	case errors.As(err, &closed):
		return closed.Code, closed.Reason
	case errors.Is(err, errStopped), errors.As(err, &lost), errors.Is(err, io.EOF) && of.IsRawSocket() && !c.over.Load():
		return 1006, ""
	case errors.Is(err, io.EOF):
		return 1000, ""
	}
	return 1001, "the connection on the other side of the proxy ended"
}

// end ends the session with a connection. The side that ended first is logged.
func (c *client) end(out *transport.Outbox, side string, cause error) {
	c.noteDropped(dropReason(cause))
	s := c.session.Swap(nil)
	if s == nil {
		c.proxy.logUnjoined(c, side, cause)
		return
	}
	if s.realm != nil {
		s.close(out)
		out.Flush()
	}
	c.proxy.counting.sessionEnded(s, c.causeOf(side, cause))
	s.logEnd(side, cause)
}

// logger is where what concerns the client is logged.
func (c *client) logger() *zerolog.Logger {
	if s := c.session.Load(); s != nil {
		return &s.log
	}
	return &c.log
}
