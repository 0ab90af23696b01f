package proxy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// impatientWorld gives the router little time for an answer.
func impatientWorld(t *testing.T, realm string) (*world, *peer) {
	w := makeWorld(t)
	w.prepare = func(p *Proxy) { p.answerPatience, p.renewalPause = 50*time.Millisecond, 0 }
	w.start(worldOptions{realm: realm})
	return w, w.welcomePool()
}

// A router that drops what its queue of 64 for a session cannot take is never
// asked for so much at once, though a callee with 1,000 procedures leaves.
func TestManyRequestsArePaced(t *testing.T) {
	const procedures = 1000
	w, pool := impatientWorld(t, "")
	w.proxy.answerPatience, w.proxy.askPause = patience, patience
	callee, router := w.join("backend", "")
	for id := 1; id <= procedures; id++ {
		callee.send(`[64,%d,%s,"com.example.p%d"]`, id, shared, id)
		pool.expect(`[64,%d,{},"com.example.p%d"]`, id, id)
		pool.send(`[65,%d,%d]`, id, 1000+id)
		router.expect(`[64,%d,{},"com.example.p%d"]`, id, id)
		router.send(`[8,64,%d,{},"wamp.error.procedure_already_exists"]`, id)
		callee.expectPrefix(`[65,%d,`, id)
	}
	callee.conn.Abort(errStopped)
	var asked []uint64
	take := func() {
		var m []uint64
		if err := json.Unmarshal([]byte(pool.expectPrefix(`[66,`)), &m); err != nil {
			t.Fatal(err)
		}
		asked = append(asked, m[1])
	}
	for range maxAsks {
		take()
	}
	arrivedAt(w, pool) // no more come
	for answered := range procedures {
		pool.send(`[67,%d]`, asked[answered])
		if len(asked) < procedures {
			take()
		}
	}
	arrivedAt(w, pool)
	w.waitFor("nothing is left", func(r *realm) bool { return len(r.uplinks)+r.links[0].open+len(r.links[0].registrations) == 0 })
}

// lossyRouter is the router's end of pool sessions one after another. It loses
// so many more answers.
type lossyRouter struct {
	w      *world
	random *rand.Rand
	mu     sync.Mutex
	held   map[string]uint64 // what the session holds, by procedure
	loses  int
	lastID uint64
}

// serve plays the router until the sidecar has stopped.
func (l *lossyRouter) serve(pool *peer) {
	for {
		l.mu.Lock()
		l.held = make(map[string]uint64)
		l.mu.Unlock()
		for message := range pool.messages {
			l.take(pool, message)
		}
		select {
		case pool = <-l.w.arrived:
		case err := <-l.w.stopped:
			l.w.stopped <- err
			return
		}
		if hello := <-pool.messages; hello == "" {
			return
		}
		_ = pool.conn.Send([]byte(`[2,1,{"realm":"realm1","authrole":"backend","roles":{"dealer":{}}}]`))
		pool.conn.Flush()
	}
}

func (l *lossyRouter) take(pool *peer, message string) {
	var m []any
	if json.Unmarshal([]byte(message), &m) != nil {
		return
	}
	answer := `[6,{},"wamp.close.goodbye_and_out"]`
	l.mu.Lock()
	defer l.mu.Unlock()
	switch codec.MessageType(m[0].(float64)) {
	case codec.TypeRegister:
		procedure, request := m[3].(string), int(m[1].(float64))
		if _, exists := l.held[procedure]; exists {
			answer = fmt.Sprintf(`[8,64,%d,{},"wamp.error.procedure_already_exists"]`, request)
			break
		}
		l.lastID++
		l.held[procedure] = l.lastID
		answer = fmt.Sprintf(`[65,%d,%d]`, request, l.lastID)
	case codec.TypeUnregister:
		answer = fmt.Sprintf(`[8,66,%d,{},"wamp.error.no_such_registration"]`, int(m[1].(float64)))
		for procedure, id := range l.held {
			if id == uint64(m[2].(float64)) {
				delete(l.held, procedure)
				answer = fmt.Sprintf(`[67,%d]`, int(m[1].(float64)))
			}
		}
	case codec.TypeGoodbye:
		_ = pool.conn.Send([]byte(answer))
		pool.conn.Flush()
		return
	}
	if l.random.IntN(4) == 0 && l.loses > 0 {
		l.loses--
		return
	}
	_ = pool.conn.Send([]byte(answer))
	pool.conn.Flush()
}

// Whatever answers the router loses, in the end it holds what wampool believes
// it to hold: every pool's procedure, and no other.
func TestAnyAnswerMayBeLost(t *testing.T) {
	w, pool := impatientWorld(t, "")
	w.proxy.answerPatience = 10 * time.Millisecond
	l := &lossyRouter{w: w, random: rand.New(rand.NewPCG(1, 2))}
	served := make(chan struct{})
	r := w.proxy.realms["realm1"]
	w.waitFor("the pool session is up", func(r *realm) bool { return r.links[0].conn != nil })
	for i := range 40 { // pools whose callees come and go, without the callees
		key := fmt.Sprintf("exact com.example.p%d", i)
		r.mu.Lock()
		r.openUplink(codec.JSON, key, &codec.Register{Procedure: procedureOf(key)}, nil, 0).pending++
		r.mu.Unlock()
	}
	go func() {
		defer close(served)
		l.serve(pool)
	}()
	toggle := func(i int, wanted bool) {
		var out transport.Outbox
		r.mu.Lock()
		up := r.uplinks[fmt.Sprintf("exact com.example.p%d", i)]
		up.wanted = wanted
		r.settleLeg(&out, &up.leg)
		r.arm()
		r.mu.Unlock()
		out.Flush()
	}
	for round := range 3 {
		l.mu.Lock()
		l.loses = 10
		l.mu.Unlock()
		for i := range 40 {
			toggle(i, (i+round)%3 > 0)
		}
		w.waitFor("the router holds what is wanted", func(r *realm) bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			for _, up := range r.uplinks {
				if up.wanted != (up.state == held) || up.wanted && l.held[up.procedure] != up.registration {
					return false
				}
			}
			return true
		})
	}
	w.stop()
	w.proxy.Stop()
	<-served
}
