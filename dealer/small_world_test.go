package dealer_test

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/dealer/proof"
)

// smallWorld is a world that is explored to its end: a few pools, callees and
// origins, and the events that can happen to them. In testdata/explore/worlds.txt
// each is a paragraph, whose last line, beginning with =, tells what was found
// when it was explored (-update rewrites it). # begins a comment.
//
//	world NAME [deep] [exact] [follow]
//	                                deep: in make explore alone; exact: see dealer.Dealer.AppendFingerprint;
//	                                follow: its loads are followed
//	pool POLICY [concurrency=N] [scope=S] [queue=N] [bytes=N] [timeout=T] [linger=T] [retries=N] [kept=N]
//	callee [cancel] [results] [parts] [passthru] [times] [limit=N] [after=ID]
//	peer [away=N] [cancel] [results] [parts] [passthru] [times]
//	                                another sidecar; after all callees
//	origin [local|peer]
//	calls N REQUEST…                most calls at once, and the IDs that origins give
//	events KIND…                    see the table of kinds, and moves
//	time T…                         how much later than the last one an event may come
//	depth N                         most events in a row; else until nothing new comes up
//
// Callees are there and in every pool when it begins. Times are in steps.
type smallWorld struct {
	exact    bool
	follow   bool
	pools    []event
	callees  []smallCallee
	origins  []event
	calls    int
	requests []uint64
	times    []time.Duration
	kinds    map[string]bool
	depth    int // 0: no bound
}

type smallCallee struct {
	features codec.CalleeFeatures
	limit    int
	after    uint64
	peer     bool
	away     int
}

const step = time.Millisecond

// kindNames are the words of an events line.
var kindNames = strings.Fields(`
	call results parts passthru within=1 within=2 within=ever timed-results
	final progress unavailable full bogus
	kill killnowait skip none
	join leave lose force
	close revoke reopen drop remove own drain shutdown
	fewer more drain-callee pause
	offer offer=2 withdraw away=0 away=1
	repeat`)

// readWorld reads a world of the file.
func readWorld(t testing.TB, of *proof.World) *smallWorld {
	t.Helper()
	w := &smallWorld{kinds: make(map[string]bool), times: []time.Duration{0}, exact: slices.Contains(of.Flags, "exact"), follow: slices.Contains(of.Flags, "follow")}
	for _, line := range of.Lines {
		if err := w.parse(line.Word, line.Fields); err != nil {
			t.Fatalf("world %s: %v", of.Name, err)
		}
	}
	return w
}

func (w *smallWorld) parse(word string, fields []string) error {
	options := make(map[string]int)
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		options[name], _ = strconv.Atoi(value)
	}
	has := func(name string) bool { return slices.Contains(fields, name) }
	switch word {
	case "pool":
		policy, err := dealer.ParsePolicy(fields[0])
		if err != nil {
			return err
		}
		config := dealer.PoolConfig{
			Concurrency: options["concurrency"], QueueLimit: options["queue"], QueueBytes: options["bytes"],
			QueueTimeout: time.Duration(options["timeout"]) * step, Linger: time.Duration(options["linger"]) * step,
			Retries: options["retries"], KeptBytes: options["kept"],
		}
		if _, scoped := options["scope"]; scoped {
			config.Scope = "s"
		}
		w.pools = append(w.pools, event{kind: openPool, key: fmt.Sprintf("p%d", len(w.pools)), policy: policy, config: config})
	case "callee", "peer":
		c := smallCallee{limit: options["limit"], after: uint64(options["after"]), peer: word == "peer", away: options["away"]}
		c.features = codec.CalleeFeatures{
			CallCanceling: has("cancel"), ProgressiveCallResults: has("results"), ProgressiveCallInvocations: has("parts"),
			PayloadPassthruMode: has("passthru"), CallTimeout: has("times"),
		}
		w.callees = append(w.callees, c)
	case "origin":
		w.origins = append(w.origins, event{kind: addOrigin, local: has("local"), peer: has("peer")})
	case "calls":
		w.calls, _ = strconv.Atoi(fields[0])
		for _, field := range fields[1:] {
			request, err := strconv.ParseUint(field, 10, 64)
			if err != nil {
				return err
			}
			w.requests = append(w.requests, request)
		}
	case "events":
		for _, field := range fields {
			if !slices.Contains(kindNames, field) {
				return fmt.Errorf("there is no kind of event %q", field)
			}
			w.kinds[field] = true
		}
	case "time":
		w.times = nil
		for _, field := range fields {
			n, err := strconv.Atoi(field)
			if err != nil {
				return err
			}
			w.times = append(w.times, time.Duration(n)*step)
		}
	case "depth":
		w.depth, _ = strconv.Atoi(fields[0])
	default:
		return fmt.Errorf("%q is no part of a world", word)
	}
	return nil
}

// begin returns the events with which the world begins.
func (w *smallWorld) begin() (events []event) {
	events = append(events, w.origins...)
	if w.follow {
		events = append(events, event{kind: followLoads, on: true})
	}
	events = append(events, w.pools...)
	for id := range w.callees {
		events = append(events, w.newCallee(id))
	}
	for id := range w.callees {
		for pool, p := range w.pools {
			if !w.callees[id].peer && (p.policy != dealer.Single || id == 0) {
				events = append(events, w.join(dealer.CalleeID(id), dealer.PoolID(pool)))
			}
		}
	}
	return events
}

func (w *smallWorld) newCallee(id int) event {
	c := &w.callees[id]
	return event{kind: addCallee, features: c.features, id: c.after, peer: c.peer, oneWay: time.Duration(c.away) * step}
}

// join is a callee's REGISTER. It is given the same ID again if it registers
// anew.
func (w *smallWorld) join(c dealer.CalleeID, p dealer.PoolID) event {
	return event{
		kind: join, callee: c, pool: p, id: uint64(10*(int(c)+1) + int(p)), policy: w.pools[p].policy, limit: w.callees[c].limit,
	}
}

// events returns all that can happen next.
func (w *smallWorld) events(b *books, all []event) []event {
	m := moves{w: w, b: b, all: all[:0]}
	for _, later := range w.times {
		if later != 0 {
			m.add(event{kind: tick})
		}
		m.ofOrigins()
		m.ofCallees()
		m.ofPools()
		for i := range m.all[m.timed:] {
			e := &m.all[m.timed+i]
			switch e.kind {
			case openPool, addCallee, addOrigin, removeOrigin, ownInvocation, drain, pausePool, withdraw: // take no time
			default:
				e.now = b.now + later
				if later == forever {
					e.now = 1<<63 - 1
				}
			}
		}
		m.timed = len(m.all)
	}
	return m.all
}

// forever is a jump to the end of all time.
const forever = 9999 * step

// moves are the events that can happen next.
type moves struct {
	w     *smallWorld
	b     *books
	all   []event
	timed int // so many of them have got their time
}

func (m *moves) add(e event) { m.all = append(m.all, e) }

func (m *moves) has(kind string) bool { return m.w.kinds[kind] }

func (m *moves) ofOrigins() {
	calls := m.b.held
	for _, p := range m.b.pools {
		if p != nil {
			calls += len(p.waiting)
		}
	}
	for _, o := range m.b.origins {
		if o == nil {
			if m.has("remove") {
				m.add(m.w.origins[slices.Index(m.b.origins, nil)])
			}
			continue
		}
		fresh := false
		for _, request := range m.w.requests {
			c := o.calls[request]
			switch {
			case c != nil && c.open:
				m.parts(o, request, c.pool.id, len(c.parts)+len(c.sent))
			case c == nil && o.ended[request] && m.has("parts"):
				m.parts(o, request, 0, 0)
			case c != nil && m.has("repeat"):
				m.add(event{kind: call, origin: o.id, request: request, pool: c.pool.id, serial: serial(o.id, request, 0)})
			case c == nil && calls < m.w.calls && (!fresh || m.has("repeat")) && !o.ended[request]:
				fresh = true
				m.newCalls(o, request)
			}
			if c != nil || m.has("repeat") {
				m.cancels(o, request)
			}
		}
		if m.has("drop") || m.has("remove") {
			m.add(event{kind: dropOrigin, origin: o.id})
		}
		if m.has("remove") && len(o.calls) == 0 {
			m.add(event{kind: removeOrigin, origin: o.id})
		}
	}
}

// serial names the body of a part of a call, so that no two calls or parts in
// flight have the same, and there are no more than a few.
func serial(o dealer.OriginID, request uint64, part int) uint64 {
	return 1 + uint64(o)*20 + request%5*4 + uint64(part%4)
}

func (m *moves) newCalls(o *originBook, request uint64) {
	for _, p := range m.b.pools {
		if p == nil {
			continue
		}
		e := event{kind: call, origin: o.id, request: request, pool: p.id, serial: serial(o.id, request, 0)}
		variants := [...]struct {
			kind string
			with func(*event)
		}{
			{"call", func(*event) {}},
			{"results", func(e *event) { e.receiveProgress = true }},
			{"parts", func(e *event) { e.progress = true }},
			{"passthru", func(e *event) { e.passthru = true }},
			{"within=1", func(e *event) { e.timeout = step }},
			{"within=2", func(e *event) { e.timeout = 2 * step }},
			{"within=ever", func(e *event) { e.timeout = 1<<63 - 1 }},
			{"timed-results", func(e *event) { e.timeout, e.receiveProgress = 2*step, true }},
		}
		for _, v := range variants {
			if m.has(v.kind) {
				variant := e
				v.with(&variant)
				m.add(variant)
			}
		}
	}
}

// parts are further parts of a progressive call, at most three in all before
// the last one.
func (m *moves) parts(o *originBook, request uint64, p dealer.PoolID, sent int) {
	if m.b.pools[p] == nil {
		return
	}
	e := event{kind: call, origin: o.id, request: request, pool: p, serial: serial(o.id, request, sent)}
	m.add(e)
	if sent < 3 {
		e.progress = true
		m.add(e)
	}
}

func (m *moves) cancels(o *originBook, request uint64) {
	for _, name := range [...]string{"kill", "killnowait", "skip", "none"} {
		if m.has(name) {
			m.add(event{kind: cancel, origin: o.id, request: request, mode: cancelModes[name]})
		}
	}
}

func (m *moves) ofCallees() {
	for id := range m.w.callees {
		if id >= len(m.b.callees) || m.b.callees[id] == nil {
			if free := slices.Index(m.b.callees, nil); free == id { // the ID that is given next
				m.add(m.w.newCallee(id))
			}
			continue
		}
		c := m.b.callees[id]
		m.answers(c)
		if c.peer {
			m.delays(c)
		}
		for _, p := range m.b.pools {
			if p != nil && c.peer {
				m.credits(c, p)
			} else if p != nil {
				m.membership(c, p)
			}
		}
		if m.has("drain-callee") {
			kind := drainCallee
			if c.draining {
				kind = undrainCallee
			}
			m.add(event{kind: kind, callee: c.id})
		}
		if m.has("lose") {
			m.add(event{kind: lose, callee: c.id})
		}
		if m.has("own") && !c.peer {
			for request := range ownRequests(c) {
				m.add(event{kind: ownInvocation, callee: c.id, request: request})
				m.add(event{kind: ownInvocation, callee: c.id, request: request, progress: true})
			}
		}
	}
}

// ownRequests are the IDs of a router's own invocations: two of now, and one that
// passed before the callee was added.
func ownRequests(c *calleeBook) iter.Seq[uint64] {
	return slices.Values([]uint64{c.first + 1_000_000, c.first + 1_000_001, c.first})
}

var answerKinds = [...]struct {
	name string
	kind dealer.AnswerKind
}{{"final", dealer.Final}, {"progress", dealer.Progress}, {"unavailable", dealer.Unavailable}, {"full", dealer.Full}}

func (m *moves) answers(c *calleeBook) {
	ids := c.busy
	if m.has("bogus") {
		ids = slices.Clone(ids)
		ids = append(ids, 0, c.last+1, 1<<63, 1<<64-1)
		for id := c.first; id > 0 && id < c.last; id++ {
			if _, open := c.open[id]; !open {
				ids = append(ids, id) // answered already
				break
			}
		}
	}
	for _, id := range ids {
		for _, a := range answerKinds {
			if m.has(a.name) && (c.peer || a.kind != dealer.Full) {
				m.add(event{kind: answer, callee: c.id, id: id, answer: a.kind})
			}
		}
	}
}

// mostCredits is how many a peer has in a pool at most.
const mostCredits = 2

// credits are what a peer offers.
func (m *moves) credits(c *calleeBook, p *poolBook) {
	has := 0
	if place := c.places[p]; place != nil {
		has = place.credits
	}
	for n, kind := range [...]string{1: "offer", 2: "offer=2"} {
		if kind != "" && m.has(kind) && has+n <= mostCredits {
			m.add(event{kind: offer, callee: c.id, pool: p.id, limit: n})
		}
	}
	if m.has("withdraw") && has > 0 {
		m.add(event{kind: withdraw, callee: c.id, pool: p.id})
	}
}

// delays are how far away a peer may come to be.
func (m *moves) delays(c *calleeBook) {
	for away, kind := range [...]string{"away=0", "away=1"} {
		if oneWay := time.Duration(away) * step; m.has(kind) && c.oneWay != oneWay {
			m.add(event{kind: setDelay, callee: c.id, oneWay: oneWay})
		}
	}
}

func (m *moves) membership(c *calleeBook, p *poolBook) {
	place := c.places[p]
	in := place != nil && place.active
	if m.has("join") && (!in || m.has("repeat")) {
		m.add(m.w.join(c.id, p.id))
		if m.has("repeat") {
			other := m.w.join(c.id, p.id)
			other.policy = dealer.First + dealer.Last - other.policy%3
			m.add(other)
		}
	}
	if m.has("force") {
		e := m.w.join(c.id, p.id)
		e.force = true
		m.add(e)
	}
	if m.has("leave") && in {
		m.add(event{kind: leave, callee: c.id, id: place.registration})
	}
	if m.has("leave") && m.has("repeat") && !in {
		m.add(event{kind: leave, callee: c.id, id: m.w.join(c.id, p.id).id})
	}
}

func (m *moves) ofPools() {
	for _, p := range m.b.pools {
		if p == nil {
			continue
		}
		if m.has("close") {
			m.add(event{kind: closePool, pool: p.id})
		}
		if m.has("revoke") {
			m.add(event{kind: revokePool, pool: p.id})
		}
		m.control(p)
	}
	if m.has("reopen") {
		m.all = append(m.all, m.w.pools...)
	}
	if m.has("drain") && !m.b.draining {
		m.add(event{kind: drain})
	}
	if m.has("shutdown") {
		m.add(event{kind: shutdown})
	}
}

// control is what people do to a pool. By fewer, all its bounds are as low as they
// can be, and its scope is gone; by more, they are as at first.
func (m *moves) control(p *poolBook) {
	if m.has("pause") {
		kind := pausePool
		if p.paused {
			kind = resumePool
		}
		m.add(event{kind: kind, pool: p.id})
	}
	if m.has("fewer") {
		m.add(event{kind: configure, pool: p.id, config: dealer.PoolConfig{Concurrency: 1, QueueTimeout: step}})
	}
	if m.has("more") {
		i := slices.IndexFunc(m.w.pools, func(e event) bool { return e.key == p.key })
		m.add(event{kind: configure, pool: p.id, config: m.w.pools[i].config})
	}
}

// lucks let the first pick at random be the first, second and third of two or
// three callees.
var lucks = findLucks()

func findLucks() (lucks []uint64) {
	for n := range 3 {
		for random := uint64(1); ; random++ {
			z := random + 0x9e3779b97f4a7c15 // as the dealer does
			z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
			z = (z ^ z>>27) * 0x94d049bb133111eb
			z ^= z >> 31
			if int(z>>33)%3 == n && int(z>>33)%2 == n%2 {
				lucks = append(lucks, random)
				break
			}
		}
	}
	return lucks
}
