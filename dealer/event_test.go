package dealer_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
)

// eventKind is one of the dealer's methods that changes something.
type eventKind uint8

const (
	openPool eventKind = iota + 1
	closePool
	revokePool
	addCallee
	join
	leave
	lose
	addOrigin
	dropOrigin
	removeOrigin
	call
	answer
	cancel
	ownInvocation
	tick
	drain
	shutdown
	configure
	drainCallee
	undrainCallee
	pausePool
	resumePool
	offer
	withdraw
	setDelay
	followLoads
)

var eventNames = [...]string{
	openPool: "open-pool", closePool: "close-pool", revokePool: "revoke-pool", addCallee: "add-callee", join: "join", leave: "leave", lose: "lose",
	addOrigin: "add-origin", dropOrigin: "drop-origin", removeOrigin: "remove-origin", call: "call", answer: "answer",
	cancel: "cancel", ownInvocation: "own-invocation", tick: "tick", drain: "drain", shutdown: "shutdown",
	configure: "configure", drainCallee: "drain-callee", undrainCallee: "undrain-callee", pausePool: "pause", resumePool: "resume",
	offer: "offer", withdraw: "withdraw", setDelay: "set-delay", followLoads: "follow-loads",
}

// event is one call of a method of the dealer. Which fields count depends on
// the kind.
type event struct {
	kind   eventKind
	now    time.Duration
	pool   dealer.PoolID
	callee dealer.CalleeID
	origin dealer.OriginID

	request uint64 // call, cancel, ownInvocation: as the origin or router knows it
	id      uint64 // answer: the invocation; join, leave: the registration; addCallee: the highest ID passed

	answer                              dealer.AnswerKind
	receiveProgress, progress, passthru bool // call; progress also of ownInvocation
	timeout                             time.Duration
	mode                                codec.CancelMode
	serial                              uint64 // call: names the body, see message
	body                                codec.Body

	key      string
	config   dealer.PoolConfig
	policy   dealer.Policy
	limit    int
	force    bool
	features codec.CalleeFeatures
	local    bool
	peer     bool          // addCallee, addOrigin: it is another sidecar
	oneWay   time.Duration // addCallee, setDelay
	on       bool          // followLoads

	luck uint64 // of an exploration: what the policy random picks, see [dealer.Dealer.SetRandom]
}

// originKind is what an origin is.
func originKind(local, peer bool) dealer.OriginKind {
	switch {
	case local:
		return dealer.LocalOrigin
	case peer:
		return dealer.PeerOrigin
	}
	return dealer.RouterOrigin
}

// final tells whether an answer is the last one of its call.
func (e event) final() bool { return e.answer != dealer.Progress }

// begins tells whether it takes time and has actions.
func (e event) begins() bool {
	switch e.kind {
	case openPool, addCallee, addOrigin, removeOrigin, ownInvocation, drain, pausePool, withdraw, followLoads:
		return false
	}
	return true
}

// outcome is what came out of an event.
type outcome struct {
	actions []dealer.Action
	err     error  // join
	found   bool   // leave; ownInvocation: it is to be passed on
	id      uint64 // ownInvocation: the ID for the callee; openPool, addCallee, addOrigin: what was added
}

// apply brings the event to the dealer.
func (e event) apply(d *dealer.Dealer) (out outcome) { return e.applyWith(d, nil) }

// applyWith has somebody look at the actions while their bodies are what they are.
func (e event) applyWith(d *dealer.Dealer, look func([]dealer.Action)) (out outcome) {
	switch e.kind {
	case openPool:
		out.id = uint64(d.OpenPool(e.key, e.config))
	case closePool:
		out.actions = d.ClosePool(e.now, e.pool)
	case revokePool:
		out.actions = d.Revoke(e.now, e.pool)
	case addCallee:
		if e.peer {
			out.id = uint64(d.AddPeer(e.features, e.oneWay))
		} else {
			out.id = uint64(d.AddCallee(e.features, e.id))
		}
	case join:
		out.actions, out.err = d.Join(e.now, dealer.Registration{
			Pool: e.pool, Callee: e.callee, ID: e.id, Policy: e.policy, Limit: e.limit, Force: e.force,
		})
	case leave:
		out.actions, out.found = d.Leave(e.now, e.callee, e.id)
	case lose:
		out.actions = d.Lose(e.now, e.callee)
	case addOrigin:
		if e.peer {
			out.id = uint64(d.AddPeerOrigin())
		} else {
			out.id = uint64(d.AddOrigin(e.local))
		}
	case dropOrigin:
		out.actions = d.DropOrigin(e.now, e.origin)
	case removeOrigin:
		d.RemoveOrigin(e.origin)
	case call:
		out.actions = d.Call(e.now, dealer.Call{
			Pool: e.pool, Origin: e.origin, Request: e.request, Body: e.body,
			ReceiveProgress: e.receiveProgress, Progress: e.progress, Passthru: e.passthru, Timeout: e.timeout,
		})
	case answer:
		out.actions = d.Answer(e.now, e.callee, e.id, e.answer)
	case cancel:
		out.actions = d.Cancel(e.now, e.origin, e.request, e.mode)
	case ownInvocation:
		out.id, out.found = d.OwnInvocation(e.callee, e.request, e.progress)
	case tick:
		out.actions = d.Tick(e.now)
	case drain:
		d.Drain()
	case shutdown:
		out.actions = d.Shutdown(e.now)
	case configure:
		out.actions = d.Configure(e.now, e.pool, e.config)
	case drainCallee:
		out.actions = d.DrainCallee(e.now, e.callee)
	case undrainCallee:
		out.actions = d.UndrainCallee(e.now, e.callee)
	case pausePool:
		d.PausePool(e.pool)
	case resumePool:
		out.actions = d.ResumePool(e.now, e.pool)
	case offer:
		out.actions = d.Offer(e.now, e.pool, e.callee, e.limit)
	case withdraw:
		d.Withdraw(e.pool, e.callee)
	case setDelay:
		out.actions = d.SetDelay(e.now, e.callee, e.oneWay)
	case followLoads:
		d.FollowLoads(e.on)
	}
	if look != nil {
		look(out.actions)
	}
	d.Done()
	return out
}

func (e event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%8.3fs %s", e.now.Seconds(), eventNames[e.kind])
	switch e.kind {
	case openPool:
		fmt.Fprintf(&b, " %s %+v", e.key, e.config)
	case configure:
		fmt.Fprintf(&b, " pool %d %+v", e.pool, e.config)
	case closePool, revokePool, pausePool, resumePool:
		fmt.Fprintf(&b, " pool %d", e.pool)
	case addCallee:
		fmt.Fprintf(&b, " highest=%d %+v", e.id, e.features)
		if e.peer {
			fmt.Fprintf(&b, " peer %s away", e.oneWay)
		}
	case join:
		fmt.Fprintf(&b, " callee %d pool %d registration %d %s limit=%d force=%t", e.callee, e.pool, e.id, e.policy, e.limit, e.force)
	case leave:
		fmt.Fprintf(&b, " callee %d registration %d", e.callee, e.id)
	case lose, drainCallee, undrainCallee:
		fmt.Fprintf(&b, " callee %d", e.callee)
	case addOrigin:
		fmt.Fprintf(&b, " local=%t peer=%t", e.local, e.peer)
	case offer, withdraw:
		fmt.Fprintf(&b, " pool %d callee %d", e.pool, e.callee)
		if e.kind == offer {
			fmt.Fprintf(&b, " %d", e.limit)
		}
	case setDelay:
		fmt.Fprintf(&b, " callee %d %s", e.callee, e.oneWay)
	case followLoads:
		fmt.Fprintf(&b, " %t", e.on)
	case dropOrigin, removeOrigin:
		fmt.Fprintf(&b, " origin %d", e.origin)
	case call:
		fmt.Fprintf(&b, " pool %d origin %d request %d body %d receive_progress=%t progress=%t passthru=%t timeout=%s",
			e.pool, e.origin, e.request, e.serial, e.receiveProgress, e.progress, e.passthru, e.timeout)
	case answer:
		fmt.Fprintf(&b, " callee %d id %d %s", e.callee, e.id, answerNames[e.answer])
	case cancel:
		fmt.Fprintf(&b, " origin %d request %d mode %q", e.origin, e.request, modeName(e.mode))
	case ownInvocation:
		fmt.Fprintf(&b, " callee %d request %d progress=%t", e.callee, e.request, e.progress)
	}
	return b.String()
}

var answerNames = [...]string{dealer.Progress: "progress", dealer.Final: "final", dealer.Error: "error", dealer.Unavailable: "unavailable", dealer.Full: "full"}

var actionNames = [...]string{
	dealer.Invoke: "invoke", dealer.Interrupt: "interrupt", dealer.Forward: "forward", dealer.ForwardOwn: "forward-own",
	dealer.Discard: "discard", dealer.Violate: "violate", dealer.Refuse: "refuse", dealer.Release: "release",
	dealer.Revoke: "revoke",
}

// actionString describes an action without its body, whose memory may have
// another content by now.
func actionString(a dealer.Action) string {
	switch a.Kind {
	case dealer.Refuse:
		return fmt.Sprintf("refuse origin %d request %d pool %d: %s limit=%d queued=%d waited=%s paused=%t",
			a.Origin, a.Request, a.Pool, a.Refusal.Reason, a.Refusal.Limit, a.Refusal.Queued, a.Refusal.Waited, a.Refusal.Paused)
	case dealer.Release:
		return fmt.Sprintf("release pool %d", a.Pool)
	case dealer.Revoke:
		return fmt.Sprintf("revoke callee %d registration %d", a.Callee, a.Registration)
	case dealer.Interrupt:
		return fmt.Sprintf("interrupt callee %d id %d mode %q", a.Callee, a.ID, modeName(a.Mode))
	}
	return fmt.Sprintf("%s callee %d id %d registration %d origin %d request %d final=%t strip=%t rest=%s",
		actionNames[a.Kind], a.Callee, a.ID, a.Registration, a.Origin, a.Request, a.Final, a.StripProgress, a.Rest)
}

// cancelModes are the modes by name. Without one, as by killnowait, the caller
// has been answered already.
var cancelModes = map[string]codec.CancelMode{
	"none": noCancelMode, "skip": codec.CancelSkip, "kill": codec.CancelKill, "killnowait": codec.CancelKillNoWait,
}

var noCancelMode codec.CancelMode

func modeName(m codec.CancelMode) string {
	for name, mode := range cancelModes {
		if mode == m {
			return name
		}
	}
	return "unknown"
}

// message writes the INVOCATION whose Details and Arguments are made of that
// serial number, so that each call of a world carries bytes that no other has.
// Lengths vary, for buffers that are reused to be too short or too long.
func message(dst []byte, serial uint64) []byte {
	dst = append(dst[:0], `[68,1,1,{"serial":`...)
	dst = strconv.AppendUint(dst, serial, 10)
	dst = append(dst, `},["`...)
	for n := serial * 7 % 61; n > 0; n-- {
		dst = append(dst, byte('a'+n%26))
	}
	dst = strconv.AppendUint(dst, serial, 10)
	return append(dst, `"]]`...)
}

// bodyIn returns what of such a message stands behind its IDs; it aliases msg.
func bodyIn(msg []byte) codec.Body {
	var m codec.Invocation
	if err := m.Decode(codec.JSON, msg); err != nil {
		panic(fmt.Sprintf("a test's own message must be valid: %v: %s", err, msg))
	}
	return codec.Body{Serializer: codec.JSON, Details: m.Details, Payload: m.Payload}
}

// size is how many bytes the body of that serial number has.
func size(serial uint64) int { return bodyIn(message(nil, serial)).Len() }

// appendMessage writes the INVOCATION around a body, the inverse of bodyIn.
func appendMessage(dst []byte, body codec.Body) []byte {
	m := codec.Invocation{Request: 1, Registration: 1, Details: body.Details, Payload: body.Payload}
	return m.Append(dst[:0], body.Serializer)
}

// spoil overwrites a message, as its owner may do after the event.
func spoil(msg []byte) {
	msg = msg[:cap(msg)]
	copy(msg, bytes.Repeat([]byte{'!'}, len(msg)))
}
