package proxy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/proxy/transport"
)

const shared = `{"invoke":"roundrobin","concurrency":1}`

func queueOf(limit int) string {
	return fmt.Sprintf("pool \"com.example.p\" {\nqueue {\nlimit = %d\n}\n}", limit)
}

func TestWhatConcernsNoPoolPassesByteForByte(t *testing.T) {
	w, _ := newWorld(t, "")
	client, router := w.join("frontend", "")
	<-w.header // of the pool session
	if h := <-w.header; h.Get("Cookie") != "a=b" || h.Get("X-Forwarded-For") != "127.0.0.1, 127.0.0.1" {
		t.Errorf("headers at the router: %v", h)
	}
	for _, message := range []string{
		` [ 48 , 1 , { } , "com.example.other" , [ 1.0 , 12345678901234567890 ] ]`,
		`[16,2,{"acknowledge":true},"t",[],{"k":"\u00e9"}]`,
		`[64,3,{"match":"prefix"},"com.example.plain"]`,
		`[337,1]`,
		`[999,{"nobody":"knows"}]`,
		`[8,68,5,{},"com.example.error",[]]`,
		`[70,4,{}]`,
	} {
		client.send("%s", message)
		router.expect("%s", message)
	}
	for _, message := range []string{
		`[50,1,{ },[1.0]]`, `[36,1,2,{},["e"]]`, `[65,3,9]`, `[68,4,9,{"procedure":"x"},[1]]`, `[69,4,{"mode":"kill"}]`,
		`[67,0,{"registration":9}]`, `[4,"ticket",{}]`, `[8,48,1,{},"u"]`,
	} {
		router.send("%s", message)
		client.expect("%s", message)
	}
	client.send(`[6,{},"wamp.close.normal"]`)
	router.expect(`[6,{},"wamp.close.normal"]`)
	router.send(`[6,{},"wamp.close.goodbye_and_out"]`)
	client.expect(`[6,{},"wamp.close.goodbye_and_out"]`)
	client.conn.Close(1000, "", time.Second)
	router.expectEnd()
}

func TestCallsGoRoundAndAreLimited(t *testing.T) {
	w, pool := newWorld(t, "")
	a, _, ra := w.callee(pool, shared, "")
	b, routerB := w.join("backend", "")
	b.send(`[64,1,%s,"com.example.p"]`, shared)
	rb := w.admit(b, routerB)

	pool.send(`[68,11,100,{"trustlevel":1},["one"],{"k":2.50}]`)
	a.expect(`[68,1,%d,{"trustlevel":1},["one"],{"k":2.50}]`, ra)
	pool.send(`[68,12,100,{}]`)
	b.expect(`[68,1,%d,{}]`, rb)
	pool.send(`[68,13,100,{}]`)
	pool.expect(`[8,68,13,{},"crossbar.error.max_concurrency_reached",` +
		`["maximum concurrency 2 of all callees of com.example.p reached"],` +
		`{"pool":"com.example.p","reason":"concurrency","limit":2,"queued":0,"waited_ms":0}]`)
	b.send(`[70,1,{},[{"big":9007199254740993}]]`)
	pool.expect(`[70,12,{},[{"big":9007199254740993}]]`)
	a.send(`[8,68,1,{},"com.example.error",["bad"]]`)
	pool.expect(`[8,68,11,{},"com.example.error",["bad"]]`)
	pool.send(`[68,14,100,{}]`)
	a.expect(`[68,2,%d,{}]`, ra)
}

func TestQueueHoldsWhatCalleesCantTakeAndLossHandsOver(t *testing.T) {
	w, pool := newWorld(t, queueOf(2))
	a, _, ra := w.callee(pool, shared, "")
	for id := 1; id <= 4; id++ {
		pool.send(`[68,%d,100,{},[%d]]`, id, id)
	}
	a.expect(`[68,1,%d,{},[1]]`, ra)
	pool.expectPrefix(`[8,68,4,{},"crossbar.error.max_concurrency_reached",["maximum concurrency of all callees of com.example.p reached, and its queue is full with 2 calls"]`)
	b, routerB := w.join("backend", "")
	b.send(`[64,1,%s,"com.example.p"]`, shared)
	rb := w.admit(b, routerB)
	b.expect(`[68,1,%d,{},[2]]`, rb)
	a.conn.Abort(errStopped)
	pool.expectPrefix(`[8,68,1,{},"wamp.error.canceled"`)
	b.send(`[70,1,{}]`)
	pool.expect(`[70,2,{}]`)
	b.expect(`[68,2,%d,{},[3]]`, rb)
}

func TestRefusalOfThePoolIsTheCallees(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.join("backend", "")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	client.send(`[48,2,{},"com.example.q"]`)
	pool.expect(`[64,1,{},"com.example.p"]`)
	pool.send(`[8,64,1,{"x":1},"wamp.error.not_authorized",["no"],{"k":1}]`)
	client.expect(`[8,64,1,{"x":1},"wamp.error.not_authorized",["no"],{"k":1}]`)
	// The router never saw request 1: the numbering has no gap there.
	router.expect(`[48,1,{},"com.example.q"]`)
	router.send(`[50,1,{},[1]]`)
	client.expect(`[50,2,{},[1]]`)
}

func TestRefusalOfTheProbeIsTheCallees(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.join("backend", "")
	client.send(`[64,1,{"concurrency":1,"invoke":"roundrobin","x":[1,2],"force_reregister":true},"com.example.p"]`)
	w.registerPool(pool)
	router.expect(`[64,1,{"x":[1,2]},"com.example.p"]`)
	router.send(`[8,64,1,{},"wamp.error.not_authorized",["not you"]]`)
	client.expect(`[8,64,1,{},"wamp.error.not_authorized",["not you"]]`)
	pool.expect(`[66,2,100]`)
	pool.send(`[68,1,100,{}]`) // was on its way
	pool.expectPrefix(`[8,68,1,{},"wamp.error.no_available_callee"`)
	pool.send(`[67,2]`)
	client.send(`[48,2,{},"com.example.q"]`)
	router.expect(`[48,2,{},"com.example.q"]`)
}

func TestRouterThatLetsAnybodyRegister(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.join("backend", "")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	client.send(`[48,2,{},"com.example.q"]`)
	w.registerPool(pool)
	router.expect(`[64,1,{},"com.example.p"]`)
	router.send(`[65,1,500]`)
	router.expect(`[66,2,500]`)
	router.send(`[67,2]`)
	client.expectPrefix(`[65,1,`)
	router.expect(`[48,3,{},"com.example.q"]`)
	client.send(`[49,2,{}]`)
	router.expect(`[49,3,{}]`)
	router.send(`[8,48,3,{},"u"]`)
	client.expect(`[8,48,2,{},"u"]`)
	client.send(`[49,2,{}]`) // too late: it concerns no call
	client.send(`[16,3,{"acknowledge":true},"t"]`)
	router.expect(`[16,4,{"acknowledge":true},"t"]`)
	router.send(`[17,4,9]`)
	client.expect(`[17,3,9]`)
}

func TestCallByTheProbesOwnRegistrationIsThePools(t *testing.T) {
	w, pool := newWorld(t, "")
	a, _, ra := w.callee(pool, shared, "")
	b, router := w.join("backend", "")
	b.send(`[64,1,%s,"com.example.p"]`, shared)
	router.expect(`[64,1,{},"com.example.p"]`)
	router.send(`[65,1,500]`)
	router.expect(`[66,2,500]`)
	router.send(`[68,3,500,{},["by the back door"]]`)
	a.expect(`[68,1,%d,{},["by the back door"]]`, ra)
	a.send(`[70,1,{},["done"]]`)
	router.expect(`[70,3,{},["done"]]`)
	router.send(`[67,2]`)
	b.expectPrefix(`[65,1,`)
}

func TestPoolThatLostItsRegistrationToTheProbe(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.join("backend", "")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	w.registerPool(pool)
	router.expect(`[64,1,{},"com.example.p"]`)
	pool.send(`[67,0,{"registration":100,"reason":"kicked"}]`)
	pool.expect(`[64,2,{},"com.example.p"]`) // it is asked for again
	pool.send(`[8,64,2,{},"wamp.error.procedure_already_exists"]`)
	router.send(`[65,1,500]`)
	router.expect(`[66,2,500]`)
	router.send(`[67,2]`)
	pool.expect(`[64,3,{},"com.example.p"]`)
	pool.send(`[65,3,101]`)
	router.expect(`[64,3,{},"com.example.p"]`)
	router.send(`[8,64,3,{},"wamp.error.procedure_already_exists"]`)
	client.expectPrefix(`[65,1,`)
	client.send(`[48,2,{},"q"]`)
	router.expect(`[48,4,{},"q"]`)
}

func TestPipelineBehindRegisterKeepsItsOrder(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.join("backend", "")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	client.send(`[48,2,{},"com.example.q"]`)
	client.send(`[64,3,{"concurrency":2},"com.example.r"]`)
	client.send(`[32,4,{},"topic"]`)
	w.registerPool(pool)
	w.admit(client, router)
	router.expect(`[48,2,{},"com.example.q"]`)
	pool.expect(`[64,2,{},"com.example.r"]`)
	pool.send(`[65,2,200]`)
	router.expect(`[64,3,{},"com.example.r"]`)
	router.send(`[8,64,3,{},"wamp.error.procedure_already_exists"]`)
	client.expectPrefix(`[65,3,`)
	router.expect(`[32,4,{},"topic"]`)
}

func TestOwnAndPooledInvocationsShareOneCounter(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.join("backend", `"call_canceling":true`)
	router.send(`[68,40,9,{},["before"]]`)
	client.expect(`[68,40,9,{},["before"]]`)
	client.send(`[64,1,{"concurrency":5},"com.example.p"]`)
	w.registerPool(pool)
	registration := w.admit(client, router)
	pool.send(`[68,3,100,{},["pooled"]]`)
	client.expect(`[68,41,%d,{},["pooled"]]`, registration)
	router.send(`[68,47,9,{"x":1},["own"]]`)
	client.expect(`[68,42,9,{"x":1},["own"]]`)
	router.send(`[69,47,{"mode":"kill","reason":"r"}]`)
	client.expect(`[69,42,{"mode":"kill","reason":"r"}]`)
	pool.send(`[69,3,{"mode":"kill","reason":"r"}]`)
	client.expect(`[69,41,{"mode":"kill","reason":"r"}]`)
	client.send(`[8,68,42,{},"wamp.error.canceled"]`)
	router.expect(`[8,68,47,{},"wamp.error.canceled"]`)
	client.send(`[70,40,{}]`)
	router.expect(`[70,40,{}]`)
	client.send(`[70,41,{"progress":true}]`) // nobody asked for progress
	client.send(`[8,68,41,{},"wamp.error.canceled"]`)
	pool.expect(`[8,68,3,{},"wamp.error.canceled"]`)
}

func TestNothingOfABadCalleeReachesThePoolSession(t *testing.T) {
	for name, message := range map[string]string{
		"an ID never issued":       `[70,99,{}]`,
		"not an ID":                `[70,-1,{}]`,
		"a huge ID":                `[70,9007199254740994,{}]`,
		"an option of wrong type":  `[70,1,{"progress":"yes"}]`,
		"trailing elements":        `[70,1,{},[1],{},3]`,
		"an error URI with spaces": `[8,68,1,{},"no uri"]`,
		"an error without a URI":   `[8,68,1,{},7]`,
	} {
		t.Run(name, func(t *testing.T) {
			w, pool := newWorld(t, queueOf(5))
			bad, router, registration := w.callee(pool, shared, "")
			pool.send(`[68,1,100,{}]`)
			bad.expect(`[68,1,%d,{}]`, registration)
			bad.send("%s", message)
			bad.expectPrefix(`[3,{"message":`)
			bad.expectEnd()
			router.expectEnd()
			pool.expectPrefix(`[8,68,1,{},"wamp.error.canceled"`)
			pool.expect(`[66,2,100]`) // nobody is left
		})
	}
}

func TestTextThatIsNoUTF8EndsItsSenderAlone(t *testing.T) {
	w, pool := newWorld(t, queueOf(5))
	bad, router, registration := w.callee(pool, shared, "")
	pool.send(`[68,1,100,{}]`)
	bad.expect(`[68,1,%d,{}]`, registration)
	bad.send("[70,1,{},[\"\xff\"]]")
	bad.expectEnd()
	if closed := (*transport.CloseError)(nil); !errors.As(bad.conn.Err(), &closed) || closed.Code != 1007 {
		t.Errorf("it ended with %v, want code 1007", bad.conn.Err())
	}
	router.expectEnd()
	pool.expectPrefix(`[8,68,1,{},"wamp.error.canceled"`)
	pool.expect(`[66,2,100]`)
}

func TestRoleDecidesWhoMayJoin(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {}

		pool "com.example.open" {
			admit = ["frontend", "guest"]
		}`)
	client, router := w.join("frontend", "")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	router.expect(`[64,1,%s,"com.example.p"]`, shared)
	router.send(`[65,1,9]`)
	client.expect(`[65,1,9]`)
	client.send(`[64,2,{},"com.example.open"]`)
	pool.expect(`[64,1,{},"com.example.open"]`)
	pool.send(`[65,1,100]`)
	router.expect(`[64,2,{},"com.example.open"]`)
	router.send(`[8,64,2,{},"wamp.error.procedure_already_exists"]`)
	client.expectPrefix(`[65,2,`)
}

func TestPoliciesOfCalleesMustAgree(t *testing.T) {
	w, pool := newWorld(t, "")
	a, _, _ := w.callee(pool, shared, "")
	a.send(`[64,2,%s,"com.example.p"]`, shared)
	a.expect(`[8,64,2,{},"wamp.error.procedure_already_exists",["register for com.example.p: procedure is already registered"]]`)
	b, _ := w.join("backend", "")
	b.send(`[64,1,{"invoke":"random"},"com.example.p"]`)
	b.expect(`[8,64,1,{},"wamp.error.procedure_exists_with_different_invocation_policy",` +
		`["register for com.example.p: procedure is registered with invocation policy roundrobin, and random was asked for"]]`)
	for i, options := range []string{`{"concurrency":0}`, `{"concurrency":-3}`, `{"concurrency":1.5}`, `{"concurrency":"many"}`, `{"concurrency":true}`} {
		b.send(`[64,%d,%s,"com.example.p"]`, i+2, options)
		b.expectPrefix(`[8,64,%d,{},"wamp.error.invalid_argument"`, i+2)
	}
}

func TestUnregisterEndsMembershipAndGivesThePoolUp(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router, registration := w.callee(pool, `{"concurrency":2}`, "")
	pool.send(`[68,1,100,{}]`)
	client.expect(`[68,1,%d,{}]`, registration)
	client.send(`[66,2,%d]`, registration)
	client.expect(`[67,2]`)
	pool.expect(`[66,2,100]`)
	client.send(`[70,1,{},["still"]]`)
	pool.expect(`[70,1,{},["still"]]`)
	pool.send(`[67,2]`)
	client.send(`[66,3,%d]`, registration) // again
	client.expect(`[8,66,3,{},"wamp.error.no_such_registration"]`)
	client.send(`[66,4,9]`) // of the router's, if it has one
	router.expect(`[66,2,9]`)
	router.send(`[8,66,2,{},"wamp.error.no_such_registration"]`)
	client.expect(`[8,66,4,{},"wamp.error.no_such_registration"]`)
}

func TestPoolSessionComesBack(t *testing.T) {
	w, pool := newWorld(t, queueOf(5))
	client, _, registration := w.callee(pool, shared, `"call_canceling":true`)
	pool.send(`[68,1,100,{},["running"]]`)
	client.expect(`[68,1,%d,{},["running"]]`, registration)
	pool.send(`[68,2,100,{},["waiting"]]`)
	pool.conn.Abort(errStopped)
	client.expect(`[69,1,{"mode":"killnowait"}]`)
	pool = w.welcomePool()
	pool.expect(`[64,1,{},"com.example.p"]`)
	pool.send(`[65,1,300]`)
	pool.send(`[68,1,300,{},["new"]]`)
	client.send(`[70,1,{},["late"]]`) // discarded, and its slot is free
	client.expect(`[68,2,%d,{},["new"]]`, registration)
	client.send(`[70,2,{},["answer"]]`)
	pool.expect(`[70,1,{},["answer"]]`)
}

func TestRegisterWaitsForThePoolSession(t *testing.T) {
	w, pool := newWorld(t, "")
	pool.send(`[6,{},"wamp.close.killed"]`)
	pool.expect(`[6,{},"wamp.close.goodbye_and_out"]`)
	client, router := w.joinAmong("backend")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	pool = w.pools()
	w.registerPool(pool)
	w.admit(client, router)
}

// joinAmong is join while the pool session may be coming back: which of two
// connections is which shows in their HELLO.
func (w *world) joinAmong(role string) (client, router *peer) {
	w.t.Helper()
	pool := w.accept() // the pool session's, which is not welcomed yet
	pool.expectPrefix(`[1,"realm1",{"agent":"wampool"`)
	client, router = w.join(role, "")
	w.later = pool
	return client, router
}

// pools welcomes the pool session that joinAmong has put off.
func (w *world) pools() *peer {
	w.later.send(`[2,1,{"realm":"realm1","authrole":"backend","roles":{"dealer":{}}}]`)
	return w.later
}

func TestCleanStopLetsCallsFinish(t *testing.T) {
	w, pool := newWorld(t, queueOf(5))
	client, router, registration := w.callee(pool, shared, "")
	pool.send(`[68,1,100,{},[1]]`)
	client.expect(`[68,1,%d,{},[1]]`, registration)
	pool.send(`[68,2,100,{},[2]]`)
	pool.send(`[68,3,999,{}]`) // an unknown registration: its answer tells that the call before has arrived
	pool.expectPrefix(`[8,68,3,{},"wamp.error.no_available_callee"`)
	w.stop()
	pool.expect(`[66,2,100]`)
	pool.send(`[68,4,100,{}]`)
	pool.expectPrefix(`[8,68,4,{},"wamp.error.unavailable"`)
	pool.send(`[67,2]`)
	client.send(`[70,1,{},["one"]]`)
	pool.expect(`[70,1,{},["one"]]`)
	client.expect(`[68,2,%d,{},[2]]`, registration)
	client.send(`[70,2,{},["two"]]`)
	pool.expect(`[70,2,{},["two"]]`)
	pool.expect(`[6,{},"wamp.close.system_shutdown"]`)
	pool.send(`[6,{},"wamp.close.goodbye_and_out"]`)
	router.expect(`[6,{},"wamp.close.system_shutdown"]`)
	router.send(`[50,9,{},["a result on its way"]]`)
	router.send(`[6,{},"wamp.close.goodbye_and_out"]`)
	client.expect(`[50,9,{},["a result on its way"]]`)
	client.expect(`[6,{"message":"the proxy is stopping"},"wamp.close.system_shutdown"]`)
	client.expectEnd()
	if err := <-w.stopped; err != nil {
		t.Errorf("Serve: %v", err)
	}
	w.stopped <- nil
}

func TestCleanStopAnswersWhatIsLeft(t *testing.T) {
	w, pool := newWorld(t, queueOf(5))
	client, router, registration := w.callee(pool, shared, `"call_canceling":true`)
	pool.send(`[68,1,100,{}]`)
	client.expect(`[68,1,%d,{}]`, registration)
	pool.send(`[68,2,100,{}]`)
	pool.send(`[68,3,999,{}]`)
	pool.expectPrefix(`[8,68,3,{},`)
	w.stop()
	pool.expect(`[66,2,100]`)
	w.proxy.Stop()
	pool.expectPrefix(`[8,68,2,{},"wamp.error.unavailable"`)
	pool.expectPrefix(`[8,68,1,{},"wamp.error.canceled"`)
	client.expect(`[69,1,{"mode":"killnowait"}]`)
	pool.expect(`[6,{},"wamp.close.system_shutdown"]`)
	_ = router
}

// A payload that can't be passed on ends its call; the callee's other calls are
// untouched.
func TestUnfitAnswerEndsOneCallAlone(t *testing.T) {
	for name, arguments := range map[string]string{
		"cut off":           `[1,2`,
		"not a list":        `7`,
		"too deep":          strings.Repeat("[", 500) + strings.Repeat("]", 500),
		"not Base64":        `["\u0000***"]`,
		"an endless number": `[` + strings.Repeat("1", 5000) + `]`,
	} {
		t.Run(name, func(t *testing.T) {
			w, pool := newWorld(t, "")
			callee, _, _ := w.callee(pool, `{"concurrency":2}`, "")
			for i := 1; i <= 2; i++ {
				pool.send(`[68,%d,100,{}]`, i)
				callee.expectPrefix(`[68,%d,`, i)
			}
			callee.send("%s", `[70,1,{},`+arguments+`]`)
			pool.expectPrefix(`[8,68,1,{},"wamp.error.invalid_argument",["the callee's answer can't be passed on: codec: YIELD.Arguments`)
			callee.send(`[70,2,{},["fine"]]`)
			pool.expect(`[70,2,{},["fine"]]`)
		})
	}
}

// What Python and JavaScript write in JSON beyond its standard passes.
func TestAnswerThatOnlyItsSerializerCanExpressPasses(t *testing.T) {
	w, pool := newWorld(t, "")
	callee, _, _ := w.callee(pool, `{"concurrency":2}`, "")
	pool.send(`[68,1,100,{},[NaN,"\udc00"]]`)
	if got := callee.expectPrefix(`[68,1,`); !strings.HasSuffix(got, `,{},[NaN,"\udc00"]]`) {
		t.Errorf("got %s", got)
	}
	callee.send(`[70,1,{},[123456789012345678901234567890,NaN,-Infinity,"\ud800",1e999]]`)
	pool.expect(`[70,1,{},[123456789012345678901234567890,NaN,-Infinity,"\ud800",1e999]]`)
}

func TestWhatIsNoProcedureIsLeftToTheCalleesOwnSession(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.join("backend", "")
	for i, register := range []string{
		`[64,%d,{"concurrency":1},"not a uri"]`, `[64,%d,{"concurrency":1},"a..b"]`,
		`[64,%d,{"concurrency":1,"match":"regex"},"a.b"]`, `[64,%d,{"concurrency":1},"wamp.session.count"]`,
	} {
		client.send(register, i+1)
		router.expect(register, i+1)
	}
	client.send(`[64,9,{"concurrency":1,"match":"wildcard"},"a..b"]`)
	pool.expect(`[64,1,{"match":"wildcard"},"a..b"]`)
}

func TestWhatWasSentBehindARegisterOutlivesTheClient(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router := w.join("backend", "")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	pool.expect(`[64,1,{},"com.example.p"]`)
	client.send(`[16,2,{},"topic",["last words"]]`)
	client.conn.Close(1000, "", time.Second)
	router.expect(`[16,1,{},"topic",["last words"]]`)
	router.expectEnd()
	pool.send(`[65,1,100]`)
	pool.expect(`[66,2,100]`) // nobody is left who wanted it
}
