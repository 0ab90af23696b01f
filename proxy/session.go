package proxy

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// session is one client: its connection here, and one of its own at the router.
type session struct {
	// Immutable.
	proxy      *Proxy
	client     *transport.Conn
	router     *transport.Conn
	serializer codec.Serializer // of both

	// What the client makes wampool hold: buffers of both connections, which count
	// by themselves, and whatever the session keeps for it, by what keeping it costs.
	account *transport.Account

	// Owned by one reader each.
	clientOut, routerOut transport.Outbox

	// Set by readRouter at WELCOME, before realm; constant until the next HELLO.
	log      zerolog.Logger
	id       uint64
	authID   string
	authRole string
	isDirect bool // calls of its role may be answered here
	crossbar bool // its router is Crossbar.io, which names the callee in each RESULT
	features codec.CalleeFeatures

	entry entry
	open  atomic.Bool           // between WELCOME and the end
	realm atomic.Pointer[realm] // nil: no realm of the configuration, or no WELCOME yet
	flags atomic.Uint32

	running   atomic.Int64  // INVOCATIONs passed without an answer, while not isCallee
	calling   atomic.Int64  // CALLs at the router without their last answer
	called    atomic.Uint64 // highest ID of these
	dismissed bool          // under proxy.mu: a clean stop has ended it

	wire    sync.Mutex
	highest uint64 // under wire: highest ID of an INVOCATION passed, while not isCallee

	// Under realm.mu.
	callee     dealer.CalleeID // if isCallee
	upkeep     upkeep
	registered table[membership]       // by the registration that the client knows
	left       table[struct{}]         // registrations that were in registered
	pending    line                    // in order of arrival
	unnumbered *place                  // the first of them whose request ID has not had its turn
	numbered   uint64                  // request ID of the last one whose had
	held       []heldMessage           // what the client sent behind them
	releasing  bool                    // what was held is on its way
	turns      line                    // of them, those whose probe waits for the pace
	probePace  pace                    // of requests of our own at the router
	probes     table[*pendingRegister] // by the router's request ID
	granted    table[*pendingRegister] // by the registration that the router gave to their probes
	renumbered *renumbering            // nil: request IDs are the same at the router
	door       dealer.OriginID         // of calls that came by a probe's registration, if hasDoor
	hasDoor    bool
	caller     dealer.OriginID // of calls that are answered here, if isCaller
	isCaller   bool
	callSteps  int64        // of them, that are counted: see hasCallRoom
	asked      table[asked] // by the router's request ID
	parted     bool
	ownKept    int64 // what the router's own INVOCATIONs cost that the client has not answered
	dispatched uint64
	invoked    uint64          // the highest ID of a pool's INVOCATION sent to the client
	share      transport.Share // of a link's send buffer

	welcomed atomic.Bool // between WELCOME and the end of the session
	joinTime joinTime

	over    atomic.Bool // a side has ended the session by GOODBYE or ABORT
	leaving atomic.Bool // GOODBYE was sent to the router in the client's name: wampool stops

	resumed chan struct{} // pending REGISTERs were settled
}

// Flags of a session: whether its messages concern more than itself. Those that
// readClient depends on are set by readClient alone, or while it holds.
const (
	isCallee     uint32 = 1 << iota // known to the dealer
	isHolding                       // a REGISTER is pending
	isRenumbered                    // request IDs may differ at the router
	isAsking                        // so may be a call of which askMeta took note
)

func (s *session) setFlag(flag uint32)   { s.flags.Or(flag) }
func (s *session) clearFlag(flag uint32) { s.flags.And(^flag) }

func newSession(p *Proxy, client, router *transport.Conn) *session {
	s := &session{
		proxy: p, client: client, router: router, serializer: client.Serializer(),
		log: p.log.With().Str("client", client.RemoteAddr()).Logger(), resumed: make(chan struct{}, 1),
	}
	s.account = p.budget.Open(s.abandon)
	client.Charge(s.account)
	router.Charge(s.account)
	s.confine(true)
	s.upkeep.account = s.account
	s.forget()
	client.SetBusy(s.isBusy)
	client.BeforeBlock(s.clientOut.FlushShared)
	router.BeforeBlock(s.routerOut.Flush)
	return s
}

// forget makes the session one that is known nothing of.
func (s *session) forget() {
	s.registered = newTable[membership](&s.upkeep, registeredBytes)
	s.left = newTable[struct{}](&s.upkeep, leftBytes)
	s.probes = newTable[*pendingRegister](&s.upkeep, probeBytes)
	s.granted = newTable[*pendingRegister](&s.upkeep, probeBytes)
	s.asked = newTable[asked](&s.upkeep, askedBytes)
	s.upkeep.forget()
	s.callSteps = 0
	s.ownKept = 0
}

// run passes messages both ways until either connection ends, and then ends
// the other.
func (s *session) run() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.readRouter()
	}()
	s.readClient()
	<-done
	s.joinTime.stop()
	s.client.Wait()
	s.router.Wait()
	s.account.Close()
}

// abandon drops both connections at once: for what they hold, which is given
// back when their readers have heard of it.
func (s *session) abandon(cause error) {
	s.client.Abort(cause)
	s.router.Abort(cause)
}

// closeLinger is how long an ending connection may take to deliver what was
// sent to it.
const closeLinger = time.Second

// readClient handles what the client sends. It ends with the client's connection.
func (s *session) readClient() {
	defer s.contain(&s.clientOut, "client")
	for {
		message, err := s.client.Read()
		if err != nil {
			s.end(&s.clientOut, "client", err)
			code, reason := s.closeCode(s.client, err)
			s.router.Close(code, reason, closeLinger)
			return
		}
		s.pace(s.client, s.router, &s.clientOut)
		s.takeFromClient(message)
	}
}

// readRouter handles what the router sends. It ends with the router's connection.
func (s *session) readRouter() {
	defer s.contain(&s.routerOut, "router")
	for {
		message, err := s.router.Read()
		if err != nil {
			s.end(&s.routerOut, "router", err)
			code, reason := s.closeCode(s.router, err)
			s.client.Close(code, reason, closeLinger)
			return
		}
		s.pace(s.router, s.client, &s.routerOut)
		s.takeFromRouter(message)
	}
}

// closeCode is how the other side's connection is closed after err ended this
// one's. A broken end stays one: who gets a close frame, with whatever code, takes
// that for the end that was meant, and may not come back. So there is none (1006)
// where there was none, and a RawSocket's end counts for one only behind GOODBYE
// or ABORT, since it looks the same when the peer has died.
func (s *session) closeCode(of *transport.Conn, err error) (code int, reason string) {
	var closed *transport.CloseError
	var lost *transport.LostError
	switch {
	case errors.As(err, &closed):
		return closed.Code, closed.Reason
	case errors.As(err, &lost), errors.Is(err, io.EOF) && of.IsRawSocket() && !s.over.Load():
		return 1006, ""
	case errors.Is(err, io.EOF):
		return 1000, ""
	}
	return 1001, "the connection on the other side of the proxy ended"
}

// end takes the session out of its realm. The side that ended first is logged.
func (s *session) end(out *transport.Outbox, side string, cause error) {
	r := s.realm.Load()
	if r != nil {
		s.leaveRealm(r, out)
		out.Flush()
	}
	s.proxy.logEnd(s, side, cause)
}

func (s *session) leaveRealm(r *realm, out *transport.Outbox) {
	r.mu.Lock()
	defer r.unlock(out, s)
	r.part(out, s)
}

// abort ends a client that broke the protocol: ABORT, and the connection is
// dropped. r.mu is held.
func (r *realm) abort(out *transport.Outbox, s *session, text string) {
	s.log.Warn().Str("violation", text).Msg("client aborted")
	s.sendAbort(out, uriProtocolViolation, text)
	r.part(out, s)
	s.client.Close(1002, "protocol violation", closeLinger)
}
