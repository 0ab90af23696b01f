package proxy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/dealer/admission"
)

// TestRandomPipelines plays a client and the router against one session, in any
// order: REGISTERs for pools and others, what is held behind them, answers early,
// late and of every kind, UNREGISTERs, and patience that is over. After each step
// all messages that it brought are taken, so that a seed repeats itself.
//
// Checked is what the two of them see: each request has one answer; the router
// sees request IDs without a gap; what must keep its order does, and comes once;
// nothing passes a REGISTER that is not settled, but answers.
func TestRandomPipelines(t *testing.T) {
	w := makeWorld(t)
	w.tune = func(c *admission.Config) { c.AnswerPatience, c.AskPause = time.Hour, 0 }
	w.start(worldOptions{})
	pool := w.welcomePool()
	for seed := range uint64(150) {
		run := newPipelines(w, pool, seed)
		for range 80 {
			run.step()
		}
		run.finish()
	}
}

// pipelines is one run: a client, its end at the router, and the pool session's.
type pipelines struct {
	w                    *world
	seed                 uint64
	random               *rand.Rand
	quiet                bool // nothing is refused, and what is asked first is answered first: little needs renumbering
	client, router, pool *peer
	barriers             int

	id       int            // of the client's latest request
	answers  map[int]int    // which the client got, by its request
	sent     []string       // what must come to the router in this order, by its marks
	came     int            // how much of it has
	pooled   map[string]int // REGISTERs for pools, by procedure
	passed   []int          // requests that came to the router in this step, and must keep their order
	own      []float64      // registrations of pools that the client has
	lastID   int            // request at the router
	open     []request      // at the router, without an answer
	asked    []request      // of the pool session, without an answer
	registry int            // registration IDs that the router has given
	granted  map[int]bool   // those that probes have
}

// request is one that the router has to answer.
type request struct {
	kind codec.MessageType
	id   int
	mark string // which the answer is to reach under the client's own ID
}

func newPipelines(w *world, pool *peer, seed uint64) *pipelines {
	p := &pipelines{
		w: w, pool: pool, seed: seed, random: rand.New(rand.NewPCG(seed, 0)), quiet: seed%3 == 0,
		answers: make(map[int]int), pooled: make(map[string]int), registry: 1000, granted: make(map[int]bool),
	}
	<-w.header // of the connection before
	p.client, p.router = w.join("backend", "")
	p.router.send(`[68,1,9,{}]`)
	p.client.expect(`[68,1,9,{}]`)
	return p
}

func (p *pipelines) fatal(format string, args ...any) {
	p.w.t.Helper()
	p.w.t.Fatalf("seed %d: "+format, append([]any{p.seed}, args...)...)
}

// step does one thing, and takes what comes of it.
func (p *pipelines) step() {
	switch n := p.random.IntN(20); {
	case n < 6:
		p.sendRegister()
	case n < 10:
		p.sendHeld()
	case n < 11 && len(p.own) > 0 && !p.quiet:
		i := p.random.IntN(len(p.own))
		p.ask(`[66,%d,%.0f]`, p.own[i]) // once more, at times
	case n < 15:
		p.answerPool()
	case n < 19:
		p.answerSession()
	case n == 19 && p.random.IntN(4) == 0:
		p.w.giveUp()
	}
	p.settle()
}

// ask sends a request of the client; its ID goes first into the format.
func (p *pipelines) ask(format string, args ...any) {
	p.id++
	p.client.send(format, append([]any{p.id}, args...)...)
}

func (p *pipelines) sendRegister() {
	procedure := fmt.Sprintf("com.example.s%d.p%d", p.seed, p.id+1)
	switch n := p.random.IntN(8); {
	case n == 0 && !p.quiet:
		p.ask(`[64,%d,{"concurrency":0},%q]`, procedure)
	case n == 1:
		p.sent = append(p.sent, procedure)
		p.ask(`[64,%d,{},%q]`, procedure)
	default:
		p.pooled[procedure] = p.id + 1
		p.ask(`[64,%d,{"concurrency":1},%q]`, procedure)
	}
}

func (p *pipelines) sendHeld() {
	mark := fmt.Sprintf("com.example.m%d", p.id+1)
	p.sent = append(p.sent, mark)
	switch p.random.IntN(3) {
	case 0:
		p.ask(`[48,%d,{},%q]`, mark)
	case 1:
		p.ask(`[16,%d,{"acknowledge":true},%q]`, mark)
	case 2:
		p.ask(`[32,%d,{},%q]`, mark)
	}
}

// draw takes one of the requests.
func (p *pipelines) draw(of *[]request) (q request, ok bool) {
	if len(*of) == 0 {
		return q, false
	}
	i := p.random.IntN(len(*of))
	if p.quiet && of == &p.asked {
		i = 0
	}
	q = (*of)[i]
	*of = slices.Delete(*of, i, i+1)
	return q, true
}

func (p *pipelines) answerPool() {
	q, ok := p.draw(&p.asked)
	switch {
	case !ok:
	case q.kind == codec.TypeUnregister:
		p.pool.send(`[67,%d]`, q.id)
	case p.random.IntN(4) == 0 && !p.quiet:
		p.pool.send(`[8,64,%d,{},"wamp.error.not_authorized"]`, q.id)
	default:
		p.registry++
		p.pool.send(`[65,%d,%d]`, q.id, p.registry)
	}
}

func (p *pipelines) answerSession() {
	q, ok := p.draw(&p.open)
	switch {
	case !ok:
	case q.kind == codec.TypeCall:
		p.router.send(`[50,%d,{},[%q]]`, q.id, q.mark)
	case q.kind == codec.TypePublish:
		p.router.send(`[17,%d,5]`, q.id)
	case q.kind == codec.TypeSubscribe:
		p.router.send(`[33,%d,5]`, q.id)
	case q.kind == codec.TypeUnregister:
		p.router.send(`[67,%d]`, q.id)
	case p.random.IntN(6) == 0:
		if p.registry++; p.pooled[q.mark] > 0 {
			p.granted[p.registry] = true
		}
		p.router.send(`[65,%d,%d]`, q.id, p.registry)
	case p.random.IntN(6) == 0:
		p.router.send(`[8,64,%d,{},"wamp.error.not_authorized"]`, q.id)
	default:
		p.router.send(`[8,64,%d,{},"wamp.error.procedure_already_exists"]`, q.id)
	}
}

// settle takes all messages that are on their way. An answer of the client's
// passes whatever is held: behind it, the session has taken all that was sent.
func (p *pipelines) settle() {
	p.barriers++
	p.client.send(`[70,1,{"n":%d}]`, p.barriers)
	p.take(p.router, fmt.Sprintf(`[70,1,{"n":%d}]`, p.barriers), p.atRouter)
	p.pool.send(`[68,%d,999,{}]`, p.barriers)
	p.take(p.pool, fmt.Sprintf(`[8,68,%d,`, p.barriers), p.atPool)
	p.router.send(`[36,1,%d,{}]`, p.barriers)
	p.take(p.client, fmt.Sprintf(`[36,1,%d,`, p.barriers), p.atClient)
	p.client.send(`[70,1,{"again":%d}]`, p.barriers) // for what the answers brought
	p.take(p.router, fmt.Sprintf(`[70,1,{"again":%d}]`, p.barriers), p.atRouter)
	p.router.send(`[36,2,%d,{}]`, p.barriers)
	p.take(p.client, fmt.Sprintf(`[36,2,%d,`, p.barriers), p.atClient)
	for _, id := range p.passed {
		for procedure, register := range p.pooled {
			if register < id && p.answers[register] == 0 {
				p.fatal("request %d passes the REGISTER of %s, which is not settled", id, procedure)
			}
		}
	}
	p.passed = p.passed[:0]
}

// take takes a peer's messages, up to one that begins like this.
func (p *pipelines) take(from *peer, until string, with func(m []any)) {
	p.w.t.Helper()
	for message := from.next(); !strings.HasPrefix(message, until); message = from.next() {
		var m []any
		if err := json.Unmarshal([]byte(message), &m); err != nil {
			p.fatal("%v in %s", err, message)
		}
		with(m)
	}
}

func (p *pipelines) atRouter(m []any) {
	kind, id := codec.MessageType(m[0].(float64)), int(m[1].(float64))
	if p.lastID++; id != p.lastID {
		p.fatal("the router gets %v, and expects ID %d", m, p.lastID)
	}
	mark, _ := m[len(m)-1].(string)
	if kind == codec.TypeUnregister {
		if of := m[2].(float64); of > float64(p.registry) {
			p.fatal("the router gets %v for what it has not granted", m)
		}
		delete(p.granted, int(m[2].(float64)))
	} else if _, isProbe := p.pooled[mark]; !isProbe {
		if p.came == len(p.sent) || p.sent[p.came] != mark {
			p.fatal("the router gets %v, and of %v the first %d came", m, p.sent, p.came)
		}
		p.came++
		p.passed = append(p.passed, p.idOf(mark))
	}
	p.open = append(p.open, request{kind, id, mark})
}

// idOf is the client's request that has this mark.
func (p *pipelines) idOf(mark string) (id int) {
	i := strings.LastIndexAny(mark, "mp")
	if _, err := fmt.Sscan(mark[i+1:], &id); err != nil {
		p.fatal("%v in %s", err, mark)
	}
	return id
}

func (p *pipelines) atPool(m []any) {
	mark, _ := m[len(m)-1].(string)
	p.asked = append(p.asked, request{codec.MessageType(m[0].(float64)), int(m[1].(float64)), mark})
}

func (p *pipelines) atClient(m []any) {
	kind, request := codec.MessageType(m[0].(float64)), m[1]
	switch kind {
	case codec.TypeError:
		request = m[2]
	case codec.TypeRegistered:
		if of := m[2].(float64); of > float64(p.registry) {
			p.own = append(p.own, of)
		}
	case codec.TypeResult:
		if got := m[3].([]any)[0].(string); p.idOf(got) != int(request.(float64)) {
			p.fatal("the client gets %v, which is for another one", m)
		}
	}
	id := int(request.(float64))
	if p.answers[id]++; id > p.id || p.answers[id] > 1 {
		p.fatal("the client has said %d requests, and gets %v (answer %d)", p.id, m, p.answers[id])
	}
}

// finish answers whatever is open, and ends the client.
func (p *pipelines) finish() {
	for range 1000 {
		if len(p.answers) == p.id && len(p.open) == 0 && len(p.asked) == 0 {
			break
		}
		p.answerPool()
		p.answerSession()
		p.settle()
	}
	for id := 1; id <= p.id; id++ {
		if p.answers[id] != 1 {
			p.fatal("request %d has %d answers", id, p.answers[id])
		}
	}
	if len(p.granted) > 0 {
		p.fatal("the callee's session holds %v", p.granted)
	}
	if p.came != len(p.sent) {
		p.fatal("of %v only %d came", p.sent, p.came)
	}
	p.w.waitFor("nothing waits", func(r *realm) bool {
		for _, id := range r.dealer.CalleeIDs() {
			if s := r.calleeOf(id); s.upkeep.waiting != 0 || s.probes.len() != 0 || s.concerns.any(ofRegisters) {
				return false
			}
		}
		return r.registrar.Waiting() == 0
	})
	p.client.conn.Abort(errStopped)
	p.router.expectEnd()
	r := p.w.proxy.realms["realm1"]
	for range 1000 { // the pool session gives up what is left
		r.mu.Lock()
		left := len(r.pools)
		r.mu.Unlock()
		if left == 0 {
			return
		}
		p.barriers++
		p.pool.send(`[68,%d,999,{}]`, p.barriers)
		p.take(p.pool, fmt.Sprintf(`[8,68,%d,`, p.barriers), p.atPool)
		for len(p.asked) > 0 {
			p.answerPool()
		}
	}
	p.fatal("pools are left")
}
