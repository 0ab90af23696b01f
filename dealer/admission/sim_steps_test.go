package admission_test

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
)

// The steps that a world can take. Each returns its event, or false where
// nothing of the kind is possible now.

func (w *world) newClient() (event, bool) {
	if len(w.clients) >= 8 {
		return event{}, false
	}
	of := admission.Session{Serializer: codec.JSON, Role: "backend"}
	if w.rng.IntN(4) == 0 {
		of.Serializer = codec.CBOR
	}
	if w.rng.IntN(4) == 0 {
		of.Role = []string{"other", "", "none"}[w.rng.IntN(3)]
	}
	out := w.do(event{kind: openSession, opens: of})
	c := &client{id: out.session, conn: &conn{session: out.session, role: of.Role}, honest: w.rng.IntN(8) > 0}
	w.clients = append(w.clients, c)
	return event{}, false
}

// someClient returns a client that is there.
func (w *world) someClient() *client {
	if len(w.clients) == 0 {
		return nil
	}
	c := w.clients[w.rng.IntN(len(w.clients))]
	if c.gone && w.rng.IntN(4) > 0 { // what it sent until then may be read late
		return nil
	}
	return c
}

// request gives the ID of a client's next request.
func (w *world) request(c *client) uint64 {
	c.last++
	if !c.honest && w.rng.IntN(3) == 0 {
		c.last = []uint64{1 + w.rng.Uint64N(5), c.last - 1, c.last + 7, 1 << 53, 1<<64 - 1}[w.rng.IntN(5)]
	}
	return c.last
}

func (w *world) someRegister() (event, bool) {
	c := w.someClient()
	if c == nil {
		return event{}, false
	}
	key := w.rng.IntN(w.keys)
	a := codec.Register{Request: w.request(c), Procedure: "p" + strconv.Itoa(key), Invoke: "roundrobin"}
	if w.rng.IntN(6) == 0 {
		a.Invoke = []string{"", "last", "odd"}[w.rng.IntN(3)]
	}
	if a.HasConcurrency = w.rng.IntN(3) > 0; a.HasConcurrency {
		if a.Concurrency = int64(1 + w.rng.IntN(6)); w.rng.IntN(15) == 0 {
			a.Concurrency = []int64{0, -1, 1<<63 - 1}[w.rng.IntN(3)]
		}
	}
	a.ForceReregister = w.rng.IntN(10) == 0
	if w.rng.IntN(20) == 0 {
		a.OptionError = errors.New("an option is no number")
	}
	m := &sent{kind: register, of: codec.TypeRegister, request: a.Request, asks: a, block: w.blocks[key%len(w.blocks)]}
	return event{kind: register, session: c.id, message: m}, true
}

// burst is a callee that starts: it registers all that it has.
func (w *world) burst() (event, bool) {
	for range w.keys {
		if e, possible := w.someRegister(); possible {
			w.do(e)
		}
	}
	return event{}, false
}

func (w *world) someMessage() (event, bool) {
	c := w.someClient()
	if c == nil {
		return event{}, false
	}
	m := &sent{kind: send, of: codec.TypeCall}
	switch w.rng.IntN(30) {
	case 0:
		m.of = codec.TypeGoodbye
	case 1, 2, 3:
		m.of = codec.TypeCancel
	default:
		m.request = w.request(c)
	}
	return event{kind: send, session: c.id, message: m}, true
}

func (w *world) someUnregister() (event, bool) {
	c := w.someClient()
	if c == nil {
		return event{}, false
	}
	m := &sent{kind: unregister, of: codec.TypeUnregister, request: w.request(c), registration: 1 + w.rng.Uint64N(9)}
	if len(c.joined) > 0 && w.rng.IntN(6) > 0 {
		m.registration = c.joined[max(0, len(c.joined)-1-w.rng.IntN(4))]
	}
	return event{kind: unregister, session: c.id, message: m}, true
}

// leave ends a client's connection.
func (w *world) leave() (event, bool) {
	c := w.someClient()
	if c == nil || c.gone {
		return event{}, false
	}
	c.gone = true
	w.do(event{kind: part, session: c.id})
	w.lose(c)
	w.doFollowing()
	return event{}, false
}

// close ends its session at the router.
func (w *world) close() (event, bool) {
	for i, c := range w.clients {
		if c.gone || w.rng.IntN(60) == 0 {
			w.router.hangUp(c.conn)
			w.clients = slices.Delete(w.clients, i, i+1)
			w.do(event{kind: closeSession, session: c.id})
			w.lose(c)
			w.doFollowing()
			break
		}
	}
	return event{}, false
}

func (w *world) deliver() (event, bool) {
	var able []*conn
	for _, c := range w.conns() {
		if len(c.answers) > 0 {
			able = append(able, c)
		}
	}
	if len(able) == 0 {
		return event{}, false
	}
	return w.router.next(able[w.rng.IntN(len(able))]), true
}

// wait lets time pass, with or without a tick, back and forth.
func (w *world) wait() (event, bool) {
	w.now += time.Duration(w.rng.IntN(300)) * time.Millisecond
	switch w.rng.IntN(20) {
	case 0: // for a driver that was kept from its work
		w.now += time.Duration(w.rng.IntN(20)) * time.Second
	case 3:
		if w.jumps && w.rng.IntN(4) == 0 {
			w.now = []time.Duration{time.Hour, 1 << 53, 1<<63 - 1, -1 << 63}[w.rng.IntN(4)]
		}
	case 1, 2:
		w.now -= time.Duration(w.rng.IntN(500)) * time.Millisecond
	}
	w.tickDealer()
	return event{kind: tick}, w.rng.IntN(3) > 0
}

// jump goes to the next moment at which something is due, as a driver does.
func (w *world) jump() (event, bool) {
	at, any := w.r.Deadline()
	if any {
		w.now = max(w.now, at)
	}
	w.tickDealer()
	for range 2 * mostTicks { // as long as it is told to come back at once
		w.do(event{kind: tick})
		if at, any := w.r.Deadline(); !any || at > w.b.now {
			break
		}
	}
	return event{}, false
}

func (w *world) linkComes() (event, bool) {
	if w.rng.IntN(3) == 0 {
		for _, id := range slices.Sorted(maps.Keys(w.links)) {
			if l := w.links[id]; id != 0 && l.conn == nil && w.rng.IntN(4) == 0 {
				if out := w.do(event{kind: linkTurnedAway, link: id}); out.away {
					l.turnedAway = true
				}
				return event{}, false
			}
		}
	}
	if w.rng.IntN(30) == 0 {
		w.role = []string{"backend", "other", ""}[w.rng.IntN(3)]
	}
	return w.comeBack()
}

// linkGoes loses a link, or all of them and all sessions: the router begins anew.
func (w *world) linkGoes() (event, bool) {
	for _, id := range slices.Sorted(maps.Keys(w.links)) {
		if w.links[id].conn != nil && w.rng.IntN(2) == 0 {
			return w.cutLink(id), true
		}
	}
	return event{}, false
}

func (w *world) linkLeaves() (event, bool) {
	ids := slices.Sorted(maps.Keys(w.links))
	return event{kind: linkLeaves, link: ids[w.rng.IntN(len(ids))]}, true
}

// revoke is the router's doing.
func (w *world) revoke() (event, bool) {
	g := w.router.revoke()
	if g == nil {
		return event{}, false
	}
	g.conn.answers = append(g.conn.answers, event{kind: revoked, link: g.conn.link, registration: g.id})
	return event{}, false
}

// stray is an answer to what never was asked, or was answered.
func (w *world) stray() (event, bool) {
	if !w.router.unordered {
		return event{}, false
	}
	e := event{
		kind: []eventKind{registered, refused, unregistered, revoked, probeRefused, probeGranted, probeUndone}[w.rng.IntN(7)],
		link: admission.LinkID(w.rng.IntN(4)), request: w.rng.Uint64N(40), registration: 1 + w.rng.Uint64N(8), why: admission.Refusal(w.rng.IntN(3)),
	}
	if w.rng.IntN(6) == 0 {
		e.request, e.registration = 1<<64-1-w.rng.Uint64N(2), w.rng.Uint64()
	}
	if len(w.probes) > 0 {
		e.pending = admission.PendingID(1 + w.rng.IntN(len(w.probes)+5))
	}
	return e, true
}

func (w *world) drain() (event, bool) { return event{kind: drain}, w.rng.IntN(12) == 0 }

func (w *world) undrain() (event, bool) { return event{kind: undrain}, w.b.draining }

// drainPool drains a pool, which may not be there, or no more.
func (w *world) drainPool() (event, bool) {
	e := event{kind: drainPool, key: keyOf(w.rng.IntN(w.keys))}
	if len(w.b.drained) > 0 && w.rng.IntN(3) > 0 {
		keys := slices.Sorted(maps.Keys(w.b.drained))
		e.kind, e.key = undrainPool, keys[w.rng.IntN(len(keys))]
	}
	return e, true
}

func (w *world) beside() (event, bool) {
	if c := w.someClient(); c != nil {
		w.r.Beside(c.id, int64(w.rng.IntN(3000)))
	}
	return event{}, false
}

// reconfigure gives some procedures other rules. How they register at the router
// stays.
func (w *world) reconfigure() (event, bool) {
	e := event{kind: reconfigure, blocks: slices.Clone(w.blocks)}
	for i, old := range e.blocks {
		if w.rng.IntN(3) == 0 {
			e.blocks[i] = w.otherRules(old)
		}
	}
	w.blocks = e.blocks
	return e, true
}

func (w *world) otherRules(old *admission.Block) *admission.Block {
	block := *old
	switch w.rng.IntN(5) {
	case 0:
		block.AnyRole = !block.AnyRole
	case 1:
		block.Admit = [][]string{nil, {"other"}, {"backend"}, {"other", "backend"}}[w.rng.IntN(4)]
	case 2:
		block.Policy = []string{"", "roundrobin", "last", "single"}[w.rng.IntN(4)]
	case 3:
		block.Config.Concurrency, block.SlotsPerShare = w.rng.IntN(3), 1+w.rng.IntN(4)
	default:
		block.Config.Linger = time.Duration(w.rng.IntN(3)) * time.Second
	}
	return &block
}
