package admission

import (
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// ActionKind says what an [Action] asks for.
type ActionKind uint8

// What a client's own session at the router gets, in this order, under the
// request IDs that the driver counts there. A session's REGISTERs for pools have
// one of Swallow, Probe with First and PassLate with First each, in the order in
// which they came.
const (
	// Pass sends a client's message (Message) to the router in its turn: a
	// request under the next request ID. Of a REGISTER for a pool whose callee has
	// not the role to join, Register is what came, else nil.
	Pass ActionKind = iota + 1
	// Swallow takes note that the router never gets the client's Request: the next
	// one has its ID there. Whom it is answered by is told apart.
	Swallow
	// Probe sends the callee's own REGISTER to the router, less the options that
	// the pool alone is concerned with: under the ID of the client's Request if
	// First, else under an inserted one.
	Probe
	// Undo sends an UNREGISTER of Registration, which the router gave to the probe
	// of Pending, under an inserted ID.
	Undo
	// PassLate sends the REGISTER Pending to the router as it came, which has
	// waited for the pool session to know the role of who may join: under the ID of
	// the client's Request if First, else under an inserted one. The router's answer
	// is the client's.
	PassLate
	// Renumber takes note that an ID may be inserted behind what the session is
	// sent from now on.
	Renumber

	// Join makes Session's callee a member of Pool: it is told REGISTERED for
	// Request, with Registration, before any INVOCATION ("Ordering Guarantees",
	// #name-ordering-guarantees). Policy, Limit and Force are for
	// [dealer.Dealer.Join], which must not refuse it.
	Join
	// Deny answers Session's REGISTER Request by an ERROR: Reason says why. By
	// PoolRefused and ProbeRefused, it is the ERROR at hand, unchanged.
	Deny
	// Leave ends Session's Registration in Pool, for its UNREGISTER Request.
	Leave
	// Unknown answers Session's UNREGISTER Request: it has the registration no more.
	Unknown
	// Depart ends Session: its client's GOODBYE or ABORT has just been passed. All
	// that it had here is forgotten already.
	Depart
	// Keep tells what is kept for Session now: Waiting and Lasting bytes.
	Keep

	// OpenPool opens Pool in the dealer, with Config; or gives it these rules, if
	// it is open without a callee.
	OpenPool
	// Reform gives Pool other rules in the dealer: Config. It may have been closed
	// there since this was decided, which is about to be told (Released).
	Reform
	// Expel ends Session's Registration in Pool, who may not be there any more: its
	// callee is told, as by RevokePool.
	Expel
	// ClosePool closes Pool in the dealer, if it has not just closed it itself. Its
	// Release is known already.
	ClosePool
	// RevokePool revokes Pool in the dealer, whose callees are told. Its Release is
	// known already.
	RevokePool
	// Live tells whether the router sends calls of Pool here, or would if the pool
	// session were up: Holds.
	Live
	// Weigh tells that Pool is to have Shares registrations from now on.
	Weigh
	// ForgetPool tells that nothing is left of Pool, neither here nor at the router.
	ForgetPool

	// Ask sends a REGISTER of Pool on Link: Request, Discloses.
	Ask
	// GiveBack sends an UNREGISTER of Registration on Link: Request. Pool is "" if
	// no pool has held it.
	GiveBack
	// Held tells that Link has Registration for Pool; Main if the pool counts as
	// registered by it.
	Held
	// Ended tells that Link has Registration no more.
	Ended
	// Refused tells that the router has refused Pool's REGISTER on Link, by the
	// ERROR at hand; Main if the pool would count as registered by it.
	Refused
	// Retry tells that Pool is asked for again on Link, in Wait.
	Retry

	// OpenLink asks for one more pool session, Link, that speaks Serializer; Index
	// counts those of one serializer.
	OpenLink
	// Idle tells that Link has had no pool for long: if no call that came by it is
	// open, [Registrar.Retire] ends it. Else it is told again in a while.
	Idle
	// CloseLink ends Link for good.
	CloseLink
	// Renew ends Link's session, which is to be begun anew: an answer that concerns
	// Pool was lost.
	Renew
	// Fail ends Session by an internal error; see [Registrar.Restart].
	Fail
)

// Action is one thing to do. Which fields count depends on the kind. Memory that
// it refers to is valid until the next event.
type Action struct {
	Kind  ActionKind
	First bool
	Main  bool
	Holds bool

	Session  SessionID
	Pending  PendingID
	Link     LinkID
	Pool     string
	Request  uint64 // as the client counts; of Ask and GiveBack, the pool session's own
	Message  Message
	Register *codec.Register // Pass, Probe, PassLate, Join and Deny: what the callee sent

	Registration uint64
	Policy       dealer.Policy
	Limit        int // most calls in flight; 0: none
	Force        bool
	Discloses    bool // callers are to be named to the pool's callees
	Denial       Denial
	Config       dealer.PoolConfig

	Waiting, Lasting int64
	Serializer       codec.Serializer
	Index, Shares    int
	Wait             time.Duration
}

// Denial is why a REGISTER is answered by an ERROR.
type Denial struct {
	Reason     Reason
	Has, Asked dealer.Policy // Conflict: the pool's policy, and the callee's
	Err        error         // Invalid: which option, and what is wrong with it
}

// Reason says why a REGISTER is answered by an ERROR.
type Reason uint8

// The reasons. Those from NoLink on are what it has waited for in vain.
const (
	PoolRefused   Reason = iota + 1 // the router has refused the pool's own REGISTER
	ProbeRefused                    // the router has refused the callee's own REGISTER
	Invalid                         // an option has a value that it can't have
	Taken                           // the session is in the pool already, or its one place is taken
	Conflict                        // the pool has another policy
	Full                            // the session has as much as may be kept for it
	Unsettled                       // those before it were not settled in time
	Draining                        // its pool drains, or all do
	Unsteady                        // the pool loses its registration again and again
	NoLink                          // the pool session to be up
	NoPoolAnswer                    // the router's answer to the pool's REGISTER
	NoPoolEnd                       // the router's answer to the pool's UNREGISTER
	NoPool                          // the pool's registration
	NoTurn                          // the router's answers to the callee's REGISTERs before
	NoProbeAnswer                   // the router's answer to the callee's own REGISTER
	NoUndo                          // the router's answer to the UNREGISTER of what the probe got
)

var reasonNames = [...]string{
	PoolRefused: "pool refused", ProbeRefused: "probe refused", Invalid: "invalid", Taken: "taken", Conflict: "conflict",
	Full: "full", Unsettled: "unsettled", Draining: "draining", Unsteady: "unsteady",
	NoLink: "no link", NoPoolAnswer: "no pool answer", NoPoolEnd: "no pool end", NoPool: "no pool",
	NoTurn: "no turn", NoProbeAnswer: "no probe answer", NoUndo: "no undo",
}

func (r Reason) String() string { return reasonNames[r] }

func (r *Registrar) do(a Action) { r.actions = append(r.actions, a) }
