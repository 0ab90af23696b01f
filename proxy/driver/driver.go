package driver

import (
	"iter"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// Driver carries out the actions of one dealer. It is not safe for concurrent use:
// the owner's lock guards it, together with the dealer.
type Driver struct {
	// Immutable.
	dealer *dealer.Dealer
	owner  Owner

	callees []*Callee // by dealer.CalleeID; nil: there is none
	origins []*Origin // by dealer.OriginID; nil: there is none

	at       event
	queue    []followUp // in the order in which they came up
	settling bool       // the first of them is being carried out

	unwritten *Unwritten // nil: nothing
	scratch   scratch
}

// event is the one whose actions are being carried out.
type event struct {
	isOpen  bool
	actions []dealer.Action
	step    int // the first of them that is not carried out
	uri     []byte
}

// Owner is what differs between those who drive a dealer. Its methods are called
// under its lock while actions are carried out: they must bring no event to the
// dealer. What takes one has to follow, see [Driver.After].
type Owner interface {
	// Refusal returns the ERROR of a call that the dealer refuses: its URI, and a
	// payload in that serializer. The payload may be built in dst's capacity.
	Refusal(a *dealer.Action, s codec.Serializer, dst []byte) (uri string, payload codec.Payload)
	// TimeoutUnit is what INVOCATION.Details.timeout counts: milliseconds, but not
	// at every router ("Call Timeouts", #name-call-timeouts).
	TimeoutUnit() time.Duration
	// Release takes note that the dealer has closed a pool.
	Release(pool dealer.PoolID)
	// Carried sees each Invoke, Forward and Refuse once its message is sent: how
	// many bytes that has, and its URI if it is an ERROR of the owner's or of the
	// driver's own; [Driver.AnswerURI] is that of a callee's. Of a message that has its place and is yet to be written, the
	// bytes are those of the payload as it came; it may become an ERROR.
	Carried(a *dealer.Action, bytes int, uri string)
	// Ended sees the calls that have ended in an event, be it none, once its actions
	// are carried out, while the dealer tells of them ([dealer.Dealer.Follow]).
	Ended(ends []dealer.End)
}

// Session is the session of a callee or a caller, as its owner knows it. What is
// said of [Owner] holds for its methods too, but for Violate.
type Session interface {
	// Discloses tells whether a registration was asked for with disclose_caller.
	Discloses(registration uint64) bool
	// Revoke tells the callee that a registration has ended without its doing, if it
	// announced registration_revocation.
	Revoke(out *transport.Outbox, registration uint64)
	// OwnAnswered takes note that the final answer to an INVOCATION of the router's
	// own was passed on.
	OwnAnswered()
	// Violate ends a callee that broke the protocol; text says how. It comes when
	// the actions at hand are carried out, and may bring events to the dealer.
	Violate(out *transport.Outbox, text string)
}

// Callee is what it takes to write to a callee.
type Callee struct {
	Session    Session
	Conn       *transport.Conn // nil: it gets nothing more
	Router     *transport.Conn // its own session at the router; nil: there is none
	Serializer codec.Serializer
	Most       Bound
	Identity   Identity // told to callers whose origin has NamesCallees

	// PoolName tells of a pool what a peer is to know of it: how its registration
	// matches, and its URI. It is nil of all callees that are no peers.
	PoolName func(dealer.PoolID) (match, procedure string)

	invoked    uint64          // the highest ID of an INVOCATION sent
	deliveries []*delivery     // INVOCATIONs that are yet to be written, and those that could not be
	share      transport.Share // of what callees have unsent at the origins that are routers
}

// Origin is where calls come from and answers go: a router, which gets YIELD and
// ERROR, or a caller here, which gets RESULT and ERROR.
type Origin struct {
	Conn         *transport.Conn // nil: it gets nothing more
	Serializer   codec.Serializer
	Most         Bound
	Session      Session  // of a caller; nil: it is a router
	Identity     Identity // of a caller
	NamesCallees bool     // a caller is told who has answered, as Crossbar.io does
	// HasLastWord is a router that leaves a caller without any answer where it can't
	// put one into the caller's serializer, see lastWord.
	HasLastWord bool

	isPeer bool // another sidecar, which forwards calls
}

// Bound is the longest message that somebody takes.
type Bound struct {
	Bytes int
	By    string // what says so, for people
}

// New returns the driver of a dealer that has neither callees nor origins.
func New(d *dealer.Dealer, owner Owner) *Driver { return &Driver{dealer: d, owner: owner} }

// AddCallee makes a callee known, to the dealer too: see [dealer.Dealer.AddCallee].
func (d *Driver) AddCallee(c Callee, features codec.CalleeFeatures, highestID uint64) dealer.CalleeID {
	id := d.dealer.AddCallee(features, highestID)
	d.callees = put(d.callees, int(id), &c)
	return id
}

// Callee returns what is known of a callee, nil for none.
func (d *Driver) Callee(id dealer.CalleeID) *Callee {
	if id < 0 || int(id) >= len(d.callees) {
		return nil
	}
	return d.callees[id]
}

// AddPeer makes another sidecar known, to the dealer too: see [dealer.Dealer.AddPeer].
func (d *Driver) AddPeer(c Callee, features codec.CalleeFeatures, oneWay time.Duration) dealer.CalleeID {
	id := d.dealer.AddPeer(features, oneWay)
	d.callees = put(d.callees, int(id), &c)
	return id
}

// Lose takes the end of a callee's session, see [dealer.Dealer.Lose]. Nothing more
// is written to it.
func (d *Driver) Lose(out *transport.Outbox, now dealer.Time, id dealer.CalleeID) {
	actions := d.dealer.Lose(now, id)
	if d.Callee(id) != nil {
		d.callees[id] = nil
	}
	d.Perform(out, actions, Hand{})
}

// AddOrigin makes an origin known, to the dealer too: see [dealer.Dealer.AddOrigin].
func (d *Driver) AddOrigin(o Origin) dealer.OriginID {
	id := d.dealer.AddOrigin(o.isCaller())
	d.origins = put(d.origins, int(id), &o)
	return id
}

// AddPeerOrigin makes another sidecar known that forwards calls, to the dealer too: see
// [dealer.Dealer.AddPeerOrigin]. It is answered as a router is.
func (d *Driver) AddPeerOrigin(o Origin) dealer.OriginID {
	id := d.dealer.AddPeerOrigin()
	o.isPeer = true
	d.origins = put(d.origins, int(id), &o)
	return id
}

// SetOrigin makes an origin another session: one that is up again.
func (d *Driver) SetOrigin(id dealer.OriginID, o Origin) { d.origins[id] = &o }

// Origin returns what is known of an origin, nil for none.
func (d *Driver) Origin(id dealer.OriginID) *Origin {
	if id < 0 || int(id) >= len(d.origins) {
		return nil
	}
	return d.origins[id]
}

func (o *Origin) isCaller() bool { return o.Session != nil }

// Callers goes over the origins that are callers here.
func (d *Driver) Callers() iter.Seq2[dealer.OriginID, Session] {
	return func(yield func(dealer.OriginID, Session) bool) {
		for id, o := range d.origins {
			if o != nil && o.isCaller() && !yield(dealer.OriginID(id), o.Session) {
				return
			}
		}
	}
}

// DropOrigin takes the end of an origin's session, see [dealer.Dealer.DropOrigin].
// Nothing more is written to it, until it is set again.
func (d *Driver) DropOrigin(out *transport.Outbox, now dealer.Time, id dealer.OriginID) {
	actions := d.dealer.DropOrigin(now, id)
	d.origins[id] = &Origin{}
	d.Perform(out, actions, Hand{})
}

// RemoveOrigin drops an origin for good.
func (d *Driver) RemoveOrigin(out *transport.Outbox, now dealer.Time, id dealer.OriginID) {
	d.DropOrigin(out, now, id)
	d.dealer.RemoveOrigin(id)
	d.origins[id] = nil
}

// Admits tells whether an answer of this size may be sent to where its call came
// from, or else what to wait for before it is brought again: the router reads more
// slowly than the callee answers, and what it has not taken yet of that callee is the
// callee's share, or more than all callees may have there. An answer to a caller here
// does not wait: one who does not read is dropped, and must hold up no callee that
// others need.
func (d *Driver) Admits(from dealer.CalleeID, to dealer.OriginID, size int) (transport.Room, bool) {
	o := d.Origin(to)
	if o == nil || o.Conn == nil || o.isCaller() {
		return transport.Room{}, true
	}
	return d.callees[from].share.Admits(o.Conn, size)
}

// put sets an element of a list, which is made long enough.
func put[E any](list []*E, i int, e *E) []*E {
	for i >= len(list) {
		list = append(list, nil)
	}
	list[i] = e
	return list
}
