package admission_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
)

// eventKind is one of the registrar's methods that changes something.
type eventKind uint8

const (
	openSession eventKind = iota + 1
	part
	closeSession
	register
	send
	unregister
	probeRefused
	probeGranted
	probeUndone
	linkUp
	linkDown
	linkLeaves
	linkTurnedAway
	retire
	registered
	refused
	unregistered
	revoked
	released
	tick
	drain
	undrain
	drainPool
	undrainPool
	reconfigure
)

var eventNames = [...]string{
	openSession: "open-session", part: "part", closeSession: "close-session", register: "register", send: "send", unregister: "unregister",
	probeRefused: "probe-refused", probeGranted: "probe-granted", probeUndone: "probe-undone",
	linkUp: "link-up", linkDown: "link-down", linkLeaves: "link-leaves", linkTurnedAway: "link-turned-away", retire: "retire",
	registered: "registered", refused: "refused", unregistered: "unregistered", revoked: "revoked", released: "released", tick: "tick", drain: "drain",
	undrain: "undrain", drainPool: "drain-pool", undrainPool: "undrain-pool",
	reconfigure: "reconfigure",
}

// sent is a message of a client.
type sent struct {
	kind         eventKind // register, send or unregister
	of           codec.MessageType
	request      uint64 // 0: it has none
	registration uint64
	asks         codec.Register
	block        *admission.Block
	at           time.Duration // its arrival
}

func (m *sent) message() admission.Message {
	return admission.Message{Type: m.of, Raw: fmt.Appendf(nil, "%d %d", m.of, m.request), Read: m}
}

// event is one call of a method of the registrar. Which fields count depends on
// the kind.
type event struct {
	kind         eventKind
	now          time.Duration
	session      admission.SessionID
	pending      admission.PendingID
	link         admission.LinkID
	request      uint64
	registration uint64
	why          admission.Refusal
	message      *sent
	key          string
	opens        admission.Session
	up           admission.LinkSession
	blocks       []*admission.Block // reconfigure
}

// govern returns the block of a procedure from now on.
func (e event) govern(procedure string) *admission.Block {
	key, err := strconv.Atoi(strings.TrimPrefix(procedure, "p"))
	if err != nil {
		panic(err)
	}
	return e.blocks[key%len(e.blocks)]
}

// outcome is what came out of an event.
type outcome struct {
	actions []admission.Action
	session admission.SessionID // openSession
	away    bool                // linkTurnedAway
}

// apply brings the event to the registrar.
func (e event) apply(r *admission.Registrar) (out outcome) {
	switch e.kind {
	case openSession:
		out.session = r.OpenSession(e.opens)
	case part:
		out.actions = r.Part(e.now, e.session)
	case closeSession:
		out.actions = r.CloseSession(e.now, e.session)
	case register:
		out.actions = r.Register(e.now, e.session, admission.Register{Message: e.message.message(), Asks: e.message.asks, Block: e.message.block})
	case send:
		out.actions = r.Send(e.now, e.session, e.message.message())
	case unregister:
		out.actions = r.Unregister(e.now, e.session, admission.Unregister{
			Message: e.message.message(), Request: e.message.request, Registration: e.message.registration,
		})
	case probeRefused:
		out.actions = r.ProbeRefused(e.now, e.pending, e.why)
	case probeGranted:
		out.actions = r.ProbeGranted(e.now, e.pending, e.registration)
	case probeUndone:
		out.actions = r.ProbeUndone(e.now, e.pending)
	case linkUp:
		out.actions = r.LinkUp(e.now, e.link, e.up)
	case linkDown:
		out.actions = r.LinkDown(e.now, e.link)
	case linkLeaves:
		out.actions = r.LinkLeaves(e.now, e.link)
	case linkTurnedAway:
		out.actions, out.away = r.LinkTurnedAway(e.now, e.link)
	case retire:
		out.actions = r.Retire(e.now, e.link)
	case registered:
		out.actions = r.Registered(e.now, e.link, e.request, e.registration)
	case refused:
		out.actions = r.Refused(e.now, e.link, e.request, e.why)
	case unregistered:
		out.actions = r.Unregistered(e.now, e.link, e.request)
	case revoked:
		out.actions, _ = r.Revoked(e.now, e.link, e.registration)
	case released:
		out.actions = r.Released(e.now, e.key)
	case tick:
		out.actions = r.Tick(e.now)
	case drain:
		out.actions = r.Drain(e.now)
	case undrain:
		out.actions = r.Undrain(e.now)
	case drainPool:
		out.actions = r.DrainPool(e.now, e.key)
	case undrainPool:
		out.actions = r.UndrainPool(e.now, e.key)
	case reconfigure:
		out.actions = r.Reconfigure(e.now, e.govern)
	}
	return out
}

func (e event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%10.3fs %s", e.now.Seconds(), eventNames[e.kind])
	switch e.kind {
	case openSession:
		fmt.Fprintf(&b, " %+v", e.opens)
	case part, closeSession:
		fmt.Fprintf(&b, " session %d", e.session)
	case register:
		a := &e.message.asks
		fmt.Fprintf(&b, " session %d request %d %s invoke=%q concurrency=%d force=%t block=%+v",
			e.session, a.Request, a.Procedure, a.Invoke, a.Concurrency, a.ForceReregister, *e.message.block)
	case send, unregister:
		fmt.Fprintf(&b, " session %d request %d type %d registration %d", e.session, e.message.request, e.message.of, e.message.registration)
	case probeRefused, probeGranted, probeUndone:
		fmt.Fprintf(&b, " pending %d registration %d why=%d", e.pending, e.registration, e.why)
	case linkUp:
		fmt.Fprintf(&b, " link %d %+v", e.link, e.up)
	case linkDown, linkLeaves, linkTurnedAway, retire:
		fmt.Fprintf(&b, " link %d", e.link)
	case registered, refused, unregistered, revoked:
		fmt.Fprintf(&b, " link %d request %d registration %d why=%d", e.link, e.request, e.registration, e.why)
	case released, drainPool, undrainPool:
		fmt.Fprintf(&b, " %s", e.key)
	case reconfigure:
		for _, block := range e.blocks {
			fmt.Fprintf(&b, " %+v", *block)
		}
	}
	return b.String()
}

var simActionNames = [...]string{
	admission.Pass: "pass", admission.Swallow: "swallow", admission.Probe: "probe", admission.Undo: "undo", admission.PassLate: "pass-late",
	admission.Renumber: "renumber", admission.Join: "join", admission.Deny: "deny", admission.Leave: "leave", admission.Unknown: "unknown",
	admission.Depart: "depart", admission.Keep: "keep", admission.OpenPool: "open-pool", admission.ClosePool: "close-pool",
	admission.RevokePool: "revoke-pool", admission.Live: "live", admission.Weigh: "weigh", admission.ForgetPool: "forget-pool",
	admission.Ask: "ask", admission.GiveBack: "give-back", admission.Held: "held", admission.Ended: "ended", admission.Refused: "refused",
	admission.Retry: "retry", admission.OpenLink: "open-link", admission.Idle: "idle", admission.CloseLink: "close-link", admission.Renew: "renew",
	admission.Fail: "fail", admission.Reform: "reform", admission.Expel: "expel",
}

func actionString(a admission.Action) string {
	return fmt.Sprintf("%s session %d pending %d request %d first=%t link %d %s registration %d main=%t holds=%t %s waiting=%d lasting=%d wait=%s",
		simActionNames[a.Kind], a.Session, a.Pending, a.Request, a.First, a.Link, a.Pool, a.Registration, a.Main, a.Holds, a.Denial.Reason,
		a.Waiting, a.Lasting, a.Wait)
}
