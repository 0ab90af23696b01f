package proxy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/configs"
)

// second makes one more client a member of the pool of com.example.p.
func (w *world) second(options, features string) (client, router *peer, registration uint64) {
	w.t.Helper()
	client, router = w.join("backend", features)
	client.send(`[64,1,%s,"com.example.p"]`, options)
	return client, router, w.admit(client, router)
}

func TestUnavailableCalleeIsPassedOver(t *testing.T) {
	w, pool := newWorld(t, "")
	a, _, ra := w.callee(pool, shared, "")
	b, _, rb := w.second(shared, "")
	pool.send(`[68,11,100,{"x":1},["one"],{"k":2.50}]`)
	a.expect(`[68,1,%d,{"x":1},["one"],{"k":2.50}]`, ra)
	a.send(`[8,68,1,{},"wamp.error.unavailable",["busy"]]`)
	b.expect(`[68,1,%d,{"x":1},["one"],{"k":2.50}]`, rb)
	pool.send(`[68,12,100,{}]`) // it is not full afterwards
	a.expect(`[68,2,%d,{}]`, ra)
	b.send(`[8,68,1,{},"wamp.error.unavailable"]`)
	pool.expect(`[8,68,11,{},"wamp.error.no_available_callee",["no callee of com.example.p is available"],` +
		`{"pool":"com.example.p","reason":"no_callee","limit":0,"queued":1,"waited_ms":0}]`)
	a.send(`[70,2,{}]`)
	pool.expect(`[70,12,{}]`)
}

func TestLostCalleesCallGoesToAnother(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {
		retry_lost = true
		queue {}
	}`)
	a, _, ra := w.callee(pool, shared, "")
	b, _, rb := w.second(shared, "")
	for id := 1; id <= 3; id++ {
		pool.send(`[68,%d,100,{},[%d]]`, id, id)
	}
	a.expect(`[68,1,%d,{},[1]]`, ra)
	b.expect(`[68,1,%d,{},[2]]`, rb)
	a.conn.Abort(errStopped)
	b.send(`[70,1,{}]`)
	pool.expect(`[70,2,{}]`)
	// In front of call 3, unless that was dispatched before the loss was seen.
	for range 2 {
		var m []any
		if err := json.Unmarshal([]byte(b.next()), &m); err != nil {
			t.Fatal(err)
		}
		b.send(`[70,%d,{},%s]`, uint64(m[1].(float64)), codecText(m[4]))
		pool.expect(`[70,%s,{},%s]`, codecText(m[4].([]any)[0]), codecText(m[4]))
	}
}

func codecText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestPoolLingersForTheNextCallee(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {
		linger = "1h"
		queue {}
	}`)
	a, _, ra := w.callee(pool, shared, "")
	a.send(`[66,2,%d]`, ra)
	a.expect(`[67,2]`)
	pool.send(`[68,1,100,{},["waits"]]`)
	b, _, rb := w.second(shared, "")
	b.expect(`[68,1,%d,{},["waits"]]`, rb)
	b.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`) // nothing else has come to the router
}

func TestLingeringEnds(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {
		linger = "1ms"
		queue {}
	}`)
	a, _, ra := w.callee(pool, shared, "")
	a.send(`[66,2,%d]`, ra)
	pool.expect(`[66,2,100]`)
	pool.send(`[67,2]`)
	a, routerA := w.join("backend", "")
	a.send(`[64,1,%s,"com.example.p"]`, shared)
	pool.expect(`[64,3,{},"com.example.p"]`)
	pool.send(`[65,3,101]`)
	w.admit(a, routerA)
}

const revocable = `"registration_revocation":true`

func TestForceReregisterEmptiesThePool(t *testing.T) {
	w, pool := newWorld(t, "")
	a, _, ra := w.callee(pool, shared, revocable)
	b, _, rb := w.second(shared, "")
	pool.send(`[68,1,100,{}]`)
	a.expect(`[68,1,%d,{}]`, ra)
	c, _, rc := w.second(`{"invoke":"first","concurrency":1,"force_reregister":true}`, "")
	a.expect(`[67,0,{"registration":%d,"reason":"wamp.error.unregistered"}]`, ra)
	a.send(`[70,1,{},["late"]]`)
	pool.expect(`[70,1,{},["late"]]`)
	pool.send(`[68,2,100,{}]`)
	c.expect(`[68,1,%d,{}]`, rc)
	// b did not announce that it can be told; it learns of it by its UNREGISTER.
	b.send(`[66,2,%d]`, rb)
	b.expect(`[8,66,2,{},"wamp.error.no_such_registration"]`)
}

func TestRevokedPoolIsRegisteredAgain(t *testing.T) {
	w, pool := newWorld(t, "")
	a, _, ra := w.callee(pool, shared, revocable)
	pool.send(`[67,0,{"registration":100,"reason":"com.example.moved"}]`)
	pool.expect(`[64,2,{},"com.example.p"]`)
	pool.send(`[65,2,200]`)
	pool.send(`[68,1,200,{}]`)
	a.expect(`[68,1,%d,{}]`, ra)

	// The next time it can't be had: somebody else has it now.
	pool.send(`[67,0,{"registration":200}]`)
	pool.expect(`[64,3,{},"com.example.p"]`)
	pool.send(`[8,64,3,{},"wamp.error.procedure_already_exists"]`)
	a.expect(`[67,0,{"registration":%d,"reason":"wamp.error.unregistered"}]`, ra)
	a.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
}

func TestTimeoutSpansQueueAndRun(t *testing.T) {
	w, pool := newWorld(t, queueOf(5))
	a, _, ra := w.callee(pool, shared, `"call_timeout":true`)
	pool.send(`[68,1,100,{"timeout":60000,"x":1}]`)
	a.expect(`[68,1,%d,{"timeout":60000,"x":1}]`, ra) // nothing of it has passed
	pool.send(`[68,2,100,{"timeout":60000,"x":1}]`)
	pool.send(`[68,3,100,{"timeout":1}]`)
	pool.expectPrefix(`[8,68,3,{},"wamp.error.timeout",["the call of com.example.p was not answered within its timeout"],` +
		`{"pool":"com.example.p","reason":"deadline","limit":0,"queued":2,"waited_ms":`)
	a.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
	var left struct {
		X       int     `json:"x"`
		Timeout float64 `json:"timeout"`
	}
	var m []json.RawMessage
	if err := json.Unmarshal([]byte(a.expectPrefix(`[68,2,%d,{`, ra)), &m); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(m[3], &left); err != nil {
		t.Fatal(err)
	}
	if left.X != 1 || left.Timeout < 1 || left.Timeout >= 60000 || left.Timeout != float64(int(left.Timeout)) {
		t.Errorf("details of the call that waited: %s", m[3])
	}
}

func TestTimeoutOfACalleeThatDoesNotTime(t *testing.T) {
	w, pool := newWorld(t, "")
	a, router, ra := w.callee(pool, shared, `"call_canceling":true`)
	pool.send(`[68,1,100,{"timeout":1}]`)
	a.expect(`[68,1,%d,{"timeout":1}]`, ra)
	a.expect(`[69,1,{"mode":"killnowait"}]`)
	pool.expectPrefix(`[8,68,1,{},"wamp.error.timeout"`)
	pool.send(`[68,2,100,{}]`) // its slot is taken until it answers
	pool.expectPrefix(`[8,68,2,{},"crossbar.error.max_concurrency_reached"`)
	a.send(`[8,68,1,{},"wamp.error.canceled"]`)
	a.send(`[48,2,{},"com.example.q"]`)
	router.expect(`[48,2,{},"com.example.q"]`) // the answer before it has been taken
	pool.send(`[68,3,100,{}]`)
	a.expect(`[68,2,%d,{}]`, ra)
}

func TestTimeoutUnits(t *testing.T) {
	for unit, want := range map[string]time.Duration{"ms": time.Millisecond, "s": time.Second} {
		r := &realm{proxy: &Proxy{config: &configs.Config{Router: configs.Router{TimeoutUnit: unit}}}}
		if got := r.TimeoutUnit(); got != want || r.timeoutOf(5) != 5*want {
			t.Errorf("%s: 5 of %v are %v, want 5 of %v", unit, got, r.timeoutOf(5), want)
		}
		if huge := r.timeoutOf(1<<64 - 1); huge != maxCallTimeout {
			t.Errorf("%s: the largest timeout is %s", unit, huge)
		}
	}
}

func TestOneLimitOverAllProceduresOfABlock(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example." {
		match       = "prefix"
		policy      = "roundrobin"
		concurrency = 1
		scope       = "callee"
		queue {}
	}`)
	a, router, rp := w.callee(pool, `{}`, "")
	a.send(`[64,2,{},"com.example.q"]`)
	pool.expect(`[64,2,{},"com.example.q"]`)
	pool.send(`[65,2,101]`)
	router.expect(`[64,2,{},"com.example.q"]`)
	router.send(`[8,64,2,{},"wamp.error.procedure_already_exists"]`)
	var registered []uint64
	if err := json.Unmarshal([]byte(a.expectPrefix(`[65,2,`)), &registered); err != nil {
		t.Fatal(err)
	}
	pool.send(`[68,1,100,{}]`)
	pool.send(`[68,2,101,{}]`)
	pool.send(`[68,3,100,{}]`)
	a.expect(`[68,1,%d,{}]`, rp)
	a.send(`[70,1,{}]`)
	a.expect(`[68,2,%d,{}]`, registered[2])
	a.send(`[70,2,{}]`)
	a.expect(`[68,3,%d,{}]`, rp)
	a.send(`[70,3,{}]`)
	for id := 1; id <= 3; id++ {
		pool.expect(`[70,%d,{}]`, id)
	}
}

func TestQueueIsBoundedInBytes(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {
		queue {
			bytes = "1KiB"
		}
	}`)
	a, _, ra := w.callee(pool, shared, "")
	pool.send(`[68,1,100,{},[%q]]`, make600())
	a.expect(`[68,1,%d,{},[%q]]`, ra, make600())
	pool.send(`[68,2,100,{},[%q]]`, make600())
	pool.send(`[68,3,100,{},[%q]]`, make600())
	pool.expect(`[8,68,3,{},"crossbar.error.max_concurrency_reached",` +
		`["maximum concurrency of all callees of com.example.p reached, and the 1 calls in its queue leave no room within 1024 bytes"],` +
		`{"pool":"com.example.p","reason":"queue_bytes","limit":1024,"queued":1,"waited_ms":0}]`)
}

func make600() string {
	b := make([]byte, 600)
	for i := range b {
		b[i] = 'x'
	}
	return string(b)
}

func TestBlocksGovernByPattern(t *testing.T) {
	b := newBlocks([]configs.Pool{
		{URI: "a.b", Match: "exact"},
		{URI: "", Match: "prefix"},
		{URI: "a.", Match: "prefix"},
		{URI: "a.b.c", Match: "prefix"},
	})
	for procedure, want := range map[string]string{
		"a.b": "a.b", "a.b.c": "a.b.c", "a.b.cd": "a.b.c", "a.b.x": "a.", "a": "", "b.c": "", "wamp.session.count": "none",
	} {
		if got := blockOf(&b, procedure); got != want {
			t.Errorf("prefix: %q is governed by %q, want %q", procedure, got, want)
		}
	}
	b = newBlocks([]configs.Pool{
		{URI: "a..c", Match: "wildcard"},
		{URI: "..c", Match: "wildcard"},
		{URI: "a.b.", Match: "wildcard"},
		{URI: "a..c..e", Match: "wildcard"},
		{URI: "a..c.d.", Match: "wildcard"},
		{URI: "x", Match: "prefix"},
	})
	for procedure, want := range map[string]string{
		"a.b.c": "a.b.", "a.x.c": "a..c", "z.x.c": "..c", "a.b": "none", "a.b.d": "a.b.", "a.1.c.d.e": "a..c.d.", "a.1.c.2.e": "a..c..e",
		"x.1.c": "x", "wamp.1.c": "none", "a.b.c.d": "none",
	} {
		if got := blockOf(&b, procedure); got != want {
			t.Errorf("wildcard: %q is governed by %q, want %q", procedure, got, want)
		}
	}
}

func blockOf(b *patterns[*configs.Pool], procedure string) string {
	if p := governing(b, procedure); p != nil {
		return p.URI
	}
	return "none"
}

func TestPartsOfTheRoutersOwnCallEndWithItsAnswer(t *testing.T) {
	w, pool := newWorld(t, "")
	a, router, ra := w.callee(pool, shared, `"progressive_call_invocations":true`)
	router.send(`[68,9,7,{"progress":true},["own"]]`)
	a.expect(`[68,1,7,{"progress":true},["own"]]`)
	router.send(`[68,9,7,{"progress":true},["more"]]`)
	a.expect(`[68,1,7,{"progress":true},["more"]]`)
	a.send(`[70,1,{}]`)
	router.expect(`[70,9,{}]`)
	router.send(`[68,9,7,{},["too late"]]`)
	router.send(`[68,10,7,{},["next"]]`)
	a.expect(`[68,2,7,{},["next"]]`)
	pool.send(`[68,1,100,{}]`)
	a.expect(`[68,3,%d,{}]`, ra)
}

// A pool that has no call either is gone at once, and no more than the pool.
func TestRevokedPoolWithoutCalls(t *testing.T) {
	w, log := loggingWorld(t)
	w.start(worldOptions{})
	pool := w.welcomePool()
	client, _, registration := w.callee(pool, shared, revocable)
	pool.send(`[67,0,{"registration":100}]`)
	pool.expect(`[64,2,{},"com.example.p"]`)
	pool.send(`[8,64,2,{},"wamp.error.procedure_already_exists"]`)
	client.expect(`[67,0,{"registration":%d,"reason":"wamp.error.unregistered"}]`, registration)
	arrivedAt(w, pool)
	if strings.Contains(log.String(), "internal error") {
		t.Errorf("something panicked: %s", log.String())
	}
}
