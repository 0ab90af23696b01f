package dealer

import (
	"time"

	"github.com/wampool/wampool/codec"
)

// ActionKind says what an [Action] asks for.
type ActionKind uint8

const (
	// Invoke sends an INVOCATION to Callee: ID, Registration, Body, less
	// receive_progress if StripProgress.
	Invoke ActionKind = iota + 1
	// Interrupt sends an INTERRUPT for ID to Callee with Mode: with all options
	// of the message at hand where there is one.
	Interrupt
	// Forward passes the answer at hand (YIELD or ERROR) on to the caller:
	// Origin, Request. More follow unless Final, of which each call has one
	// ("Progressive Call Results", #name-progressive-call-results).
	Forward
	// ForwardOwn passes the answer at hand on to the router on the callee's own
	// session, as the answer to Request.
	ForwardOwn
	// Discard drops the answer at hand: its caller is gone or has been told, or
	// nobody asked for progress.
	Discard
	// Violate means that Callee broke the protocol: it answered an invocation
	// that it never got ("Protocol Errors", #name-protocol-errors). Its session
	// must be ABORTed.
	Violate
	// Refuse sends an ERROR to the caller (Origin, Request): Refusal says why.
	Refuse
	// Release gives up the registration of Pool at the router: nobody is left.
	Release
	// Revoke tells Callee that its Registration has ended without its doing: by
	// UNREGISTERED, which must not be sent to one that did not announce
	// registration_revocation ("Registration Revocation",
	// #name-registration-revocation).
	Revoke
)

// Action is one thing to do. Which fields count depends on the kind. Bodies
// alias memory that is valid until the dealer's next event.
type Action struct {
	Kind          ActionKind
	Final         bool // Forward, ForwardOwn: the last answer of this call
	StripProgress bool
	Peer          bool // Invoke: Callee is a peer, and has to be told which pool's call it is
	Held          bool // Invoke: Body is the dealer's own, not that of the [Call] at hand
	Mode          codec.CancelMode
	Pool          PoolID
	Callee        CalleeID
	Origin        OriginID
	ID            uint64 // invocation as the callee knows it
	Registration  uint64 // as the callee knows it
	Request       uint64 // invocation or call as its origin knows it
	Body          codec.Body
	Rest          time.Duration // Invoke: what is left of the call's timeout; 0: what Body says
	Refusal       Refusal
}

// Reason says why a call is refused.
type Reason uint8

// The reasons of a refusal. Their names, as String gives them, are told to
// callers in ArgumentsKw.reason.
const (
	ReasonConcurrency  Reason = iota + 1 // all callees full, or none gets calls now, and the pool has no queue
	ReasonQueueFull                      // all callees full, and the queue too
	ReasonQueueTimeout                   // waited longer than the queue's timeout
	ReasonNoCallee                       // the pool has no callee (left)
	ReasonCalleeLost                     // the callee's session ended while it had the call
	ReasonCanceled                       // the caller canceled it
	ReasonDraining                       // wampool is stopping
	ReasonFeature                        // the callee did not announce a feature that the call needs
	ReasonDeadline                       // the caller's own timeout is over
	ReasonQueueBytes                     // all callees full, and what waits holds as many bytes as it may
	ReasonFull                           // a peer has forwarded the call, and nobody has room now
)

var reasonNames = [...]string{
	ReasonConcurrency: "concurrency", ReasonQueueFull: "queue_full", ReasonQueueTimeout: "queue_timeout",
	ReasonNoCallee: "no_callee", ReasonCalleeLost: "callee_lost", ReasonCanceled: "canceled",
	ReasonDraining: "draining", ReasonFeature: "feature_not_supported",
	ReasonDeadline: "deadline", ReasonQueueBytes: "queue_bytes", ReasonFull: "full",
}

func (r Reason) String() string { return reasonNames[r] }

// Refusal is what a refused caller is told.
type Refusal struct {
	Reason Reason
	Pool   string        // the pool's key
	Limit  int           // the limit that was met: calls in flight at all callees together, calls or bytes that wait
	Queued int           // calls that wait in this pool
	Paused bool          // it is
	Waited time.Duration // how long this call has waited; of a deadline: since it arrived or was handed on
}

func (d *Dealer) do(a Action) { d.actions = append(d.actions, a) }

// refuseCall asks for the ERROR of a call. It ends by that reason, be it that its
// callee is still busy.
func (d *Dealer) refuseCall(c *call, reason Reason, limit int, waited time.Duration) {
	c.outcome = outcomeOf(reason)
	d.refuse(c.pool, c.origin, c.request, reason, limit, waited)
}

// refuse asks for the ERROR of a call, which need not be in the table.
func (d *Dealer) refuse(p *pool, from OriginID, request uint64, reason Reason, limit int, waited time.Duration) {
	d.do(Action{Kind: Refuse, Pool: p.id, Origin: from, Request: request, Refusal: Refusal{
		Reason: reason, Pool: p.key, Limit: limit, Queued: p.queue.length, Waited: waited, Paused: p.paused,
	}})
}
