package proxy

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/transport"
)

// realm is what wampool does for one realm of the configuration: a dealer, the
// pool session that holds its registrations at the router, and the sessions
// whose callees it has.
type realm struct {
	// Immutable.
	proxy  *Proxy
	config *configs.Realm
	blocks patterns[*configs.Pool]
	log    zerolog.Logger
	start  time.Time // of dealer.Time
	wake   chan struct{}
	linked chan struct{} // has room for one: a link is to be started

	mu        sync.Mutex
	dealer    *dealer.Dealer
	links     []*link // the pool sessions; the first one stays
	unstarted []*link
	origins   []origin   // by dealer.OriginID
	callees   []*session // by dealer.CalleeID
	uplinks   map[string]*uplink
	byPool    []*uplink // by dealer.PoolID; uplinkOf reads it
	byPattern patterns[*uplink]
	told      time.Duration         // unit of call timeouts by the router's WELCOME, 0: none yet
	awaiting  line                  // all of them, oldest first
	paced     map[*session]struct{} // those with probes that wait
	armed     dealer.Time           // when the clock will look next
	check     dealer.Time           // no later than the next deadline that is not the dealer's
	warned    bool                  // that the router names no authrole
	draining  bool
	drained   chan struct{}       // closed once nothing waits or runs while draining
	blocked   transport.Room      // what the answer at hand has to wait for: see hasRoom
	forbidden map[string]struct{} // keys of pools that the pool session may not register
	doing     []dealer.Action     // of the event that is being carried out
	step      int                 // the first of them that is not carried out
	answered  []dealer.Owed       // the calls that the last [realm.mend] has answered
	failed    []failure           // calls whose message could not be put in the callee's serializer

	// The answer at hand, and buffers for the message under construction.
	yielded                         codec.Yield
	called                          codec.Call
	message, details, dict, payload []byte
	routed, disclosed               []byte
}

// failure is a call that was dispatched but could not be written to its callee.
type failure struct {
	dealer.Action
	part bool // of a call that the callee has already
	uri  string
	text string
}

// hand is the message at hand while the dealer's actions are carried out: the
// answer that Forward and ForwardOwn pass on, or the INTERRUPT that came.
type hand struct {
	serializer codec.Serializer
	raw        []byte
	yield      *codec.Yield
	err        *codec.Error
	interrupt  *codec.Interrupt
	unfit      error // why the answer can't be passed on
}

func newRealm(p *Proxy, config *configs.Realm, seed uint64) *realm {
	r := &realm{
		proxy: p, config: config, blocks: newBlocks(config.Pools),
		log:     p.log.With().Str("realm", config.Name).Logger(),
		start:   time.Now(),
		wake:    make(chan struct{}, 1),
		linked:  make(chan struct{}, 1),
		dealer:  dealer.New(seed),
		uplinks: make(map[string]*uplink), paced: make(map[*session]struct{}),
		armed: never, check: never,
		drained: make(chan struct{}),
	}
	r.newLink(0)
	return r
}

func (r *realm) now() dealer.Time { return time.Since(r.start) }

// perform carries out the dealer's actions, in order. r.mu is held.
func (r *realm) perform(out *transport.Outbox, actions []dealer.Action, h hand) {
	before, at := r.doing, r.step
	r.doing = actions
	for i := range actions {
		r.step = i
		a := &actions[i]
		switch a.Kind {
		case dealer.Invoke:
			r.invoke(out, a)
		case dealer.Interrupt:
			r.interrupt(out, a, h)
		case dealer.Forward:
			r.forward(out, a, h)
		case dealer.ForwardOwn:
			r.forwardOwn(out, a, h)
		case dealer.Discard:
		case dealer.Violate:
			r.abort(out, r.callees[a.Callee], "answer to an invocation that was never sent")
		case dealer.Refuse:
			r.refuse(out, a)
		case dealer.Release:
			r.releaseUplink(out, a.Pool)
		case dealer.Revoke:
			r.revoke(out, a)
		}
	}
	r.doing, r.step = before, at
	r.dealer.Done()
	for len(r.failed) > 0 {
		f := r.failed[0]
		r.failed = r.failed[1:]
		r.fail(out, f)
	}
}

// invoke writes an INVOCATION to a callee: a new header before the details and
// the payload as they came, or as they are in the callee's serializer.
func (r *realm) invoke(out *transport.Outbox, a *dealer.Action) {
	if slices.ContainsFunc(r.failed, func(f failure) bool { return f.Callee == a.Callee && f.ID == a.ID }) {
		return // a part before this one ends the call
	}
	s := r.callees[a.Callee]
	details, payload, from := r.discloseTo(s, a), a.Body.Payload, a.Body.Serializer
	switch {
	case a.Rest > 0:
		details, r.details = details.Edit(from, r.details[:0], strippedOf[a.StripProgress], []codec.Field{
			{Key: "timeout", Value: codec.FieldUint(r.inUnits(a.Rest))},
		})
	case a.StripProgress:
		details, r.details = details.Edit(from, r.details[:0], strippedOf[true][1:], nil)
	}
	if from != s.serializer {
		var err error
		if details, payload, err = r.transcode(details, payload, from, s.serializer); err != nil {
			r.failed = append(r.failed, failure{*a, a.ID <= s.callee.invoked, uriInvalidArgument, "the call's payload does not fit the callee's serializer: " + err.Error()})
			return
		}
	}
	m := codec.Invocation{Request: a.ID, Registration: a.Registration, Details: details, Payload: payload}
	r.message = m.Append(r.message[:0], s.serializer)
	if size, most := len(r.message), r.proxy.clientTakes(s.conn); size > most {
		r.failed = append(r.failed, failure{*a, a.ID <= s.callee.invoked, uriPayloadSize,
			fmt.Sprintf("the call has %d bytes, and %d is the most that the callee takes (limits.message_bytes, or what its RawSocket announces)", size, most)})
		return
	}
	out.Send(s.conn, r.message)
	r.step++
	if up := r.uplinkOf(a.Pool); up != nil {
		up.dispatched++
	}
	s.callee.dispatched++
	s.callee.invoked = max(s.callee.invoked, a.ID)
}

// strippedOf are the details that an INVOCATION does not keep whose timeout is
// written anew, by whether it loses receive_progress as well.
var strippedOf = map[bool][]string{false: {"timeout"}, true: {"timeout", "receive_progress"}}

// transcode puts a dictionary and a payload into another serializer. What it
// returns is valid until the next message is built.
func (r *realm) transcode(dict codec.Dict, payload codec.Payload, from, to codec.Serializer) (codec.Dict, codec.Payload, error) {
	var err error
	if dict, r.dict, err = codec.TranscodeDict(r.dict[:0], dict, from, to); err != nil {
		return dict, payload, err
	}
	payload, r.payload, err = codec.TranscodePayload(r.payload[:0], payload, from, to)
	return dict, payload, err
}

// fail answers a call in its callee's stead, for its message could not be
// written to the callee. One that is under way there already is given up.
func (r *realm) fail(out *transport.Outbox, f failure) {
	if f.part {
		r.endCall(out, f.Origin, f.Request, f.uri, f.text)
		return
	}
	to := r.callees[f.Callee]
	answer := codec.Error{
		RequestType: codec.TypeInvocation, URI: []byte(f.uri), Payload: codec.TextPayload(to.serializer, nil, f.text, nil),
	}
	r.perform(out, r.dealer.Answer(r.now(), f.Callee, f.ID, dealer.Final), hand{serializer: to.serializer, err: &answer})
}

func (r *realm) interrupt(out *transport.Outbox, a *dealer.Action, h hand) {
	s := r.callees[a.Callee]
	m := codec.Interrupt{Request: a.ID, Mode: a.Mode}
	if h.interrupt != nil {
		m.Options = h.interrupt.Options
		if h.serializer != s.serializer {
			var err error
			if m.Options, _, err = r.transcode(m.Options, codec.Payload{}, h.serializer, s.serializer); err != nil {
				m.Options = codec.Dict{}
			}
		}
	}
	if m.Options.Empty() && a.Mode != "" {
		m.Options = codec.NewDict(s.serializer, codec.Field{Key: "mode", Value: codec.FieldString(string(a.Mode))})
	}
	r.message = m.Append(r.message[:0], s.serializer)
	out.Send(s.conn, r.message)
}

// forwardOwn passes a callee's answer on to the router on its own session.
func (r *realm) forwardOwn(out *transport.Outbox, a *dealer.Action, h hand) {
	s := r.callees[a.Callee]
	if a.Final {
		r.countOwn(s)
		defer s.rest()
	}
	if a.ID == a.Request {
		out.Send(s.router, h.raw)
		return
	}
	element := 1
	if h.err != nil {
		element = 2
	}
	message, err := codec.AppendWithID(r.message[:0], s.serializer, h.raw, element, a.Request)
	if err != nil {
		r.abort(out, s, "malformed answer")
		return
	}
	r.message = message
	out.Send(s.router, message)
}
