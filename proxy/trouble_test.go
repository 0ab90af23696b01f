package proxy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

func TestSessionsFollowOneAnotherOnOneConnection(t *testing.T) {
	w, pool := newWorld(t, "")
	client, router, _ := w.callee(pool, shared, "")
	for range 50 {
		client.send(`[6,{},"wamp.close.close_realm"]`)
		client.send(`[1,"realm1",{"roles":{"callee":{}}}]`)
		for id := range 20 {
			router.send(`[68,%d,9,{}]`, id+1)
		}
		router.send(`[6,{},"wamp.close.goodbye_and_out"]`)
		router.expect(`[6,{},"wamp.close.close_realm"]`)
		router.expect(`[1,"realm1",{"roles":{"callee":{}}}]`)
		router.send(`[2,8,{"realm":"realm1","authrole":"backend","roles":{}}]`)
		for !strings.HasPrefix(client.next(), `[2,8,`) {
			continue
		}
	}
}

func TestLargeAnswersDoNotEndThePoolSession(t *testing.T) {
	w, pool := newWorld(t, "")
	callee, _, registration := w.callee(pool, `{"concurrency":8}`, "")
	for i := 1; i <= 4; i++ {
		pool.send(`[68,%d,100,{}]`, 10+i)
		callee.expect(`[68,%d,%d,{}]`, i, registration)
	}
	for i := 1; i <= 4; i++ {
		// The callee's own send buffer holds one of them.
		callee.send(`[70,%d,{},[%q]]`, i, strings.Repeat("x", 7<<20))
		pool.expectPrefix(`[70,%d,{},["xxx`, 10+i)
	}
}

func TestHeldMessagesKeepTheirOrderBehindSeveralRegisters(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {
			admit = ["backend", "frontend"]
		}`)
	w.waitFor("the pool session is up", func(r *realm) bool { return r.links[0].conn != nil }) // else both are judged then
	client, router := w.join("frontend", "")
	client.send(`[64,1,%s,"com.example.p"]`, shared)
	const calls = 500
	client.send(`[64,2,{"concurrency":1},"com.example.other"]`) // its role is not admitted there
	for id := 3; id < 3+calls; id++ {
		client.send(`[48,%d,{},"com.example.q"]`, id)
		if id == 3+calls/2 {
			w.registerPool(pool)
			w.admit(client, router)
			router.expect(`[64,2,{"concurrency":1},"com.example.other"]`)
		}
	}
	for id := 3; id < 3+calls; id++ {
		router.expect(`[48,%d,{},"com.example.q"]`, id)
	}
}

func TestEndlessRefusedRegistersLeaveNothingBehind(t *testing.T) {
	w, _ := newWorld(t, "")
	client, router := w.join("backend", "")
	const refused = 5000
	for id := 1; id <= refused; id++ {
		client.send(`[64,%d,{"concurrency":0},"com.example.p"]`, id)
		client.expectPrefix(`[8,64,%d,{},"wamp.error.invalid_argument"`, id)
	}
	client.send(`[32,%d,{},"com.example.t"]`, refused+1)
	router.expect(`[32,1,{},"com.example.t"]`)
	router.send(`[33,1,7]`)
	client.expect(`[33,%d,7]`, refused+1)
}

// What a client leaves unanswered at the router is remembered while its
// requests are renumbered, and that has a bound.
func TestTooManyOpenRequestsEndTheSession(t *testing.T) {
	w, _ := newWorldOf(t, worldOptions{limits: `held_bytes = "64KiB"`})
	client, router := w.join("backend", "")
	client.send(`[64,1,{"concurrency":0},"com.example.p"]`)
	client.expectPrefix(`[8,64,1,{},"wamp.error.invalid_argument"`)
	most := int(w.proxy.config().Limits.HeldBytes) / openBytes
	for id := 2; id <= most; id++ {
		client.send(`[32,%d,{},"com.example.t"]`, id)
		router.expect(`[32,%d,{},"com.example.t"]`, id-1)
	}
	client.send(`[32,%d,{},"com.example.t"]`, most+1)
	client.send(`[32,%d,{},"com.example.t"]`, most+2)
	client.expectPrefix(`[3,{"message":"too many requests without an answer (limits.held_bytes)"}`)
}

// deaf connects a client that gets a session and reads nothing by itself. tell
// sends what it says.
func (w *world) deaf(role string) (client *transport.Conn, router *peer, tell func(message string)) {
	t := w.t
	t.Helper()
	dialed, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{codec.JSON}})
	if err != nil {
		t.Fatal(err)
	}
	client, router = dialed.Conn, w.accept()
	t.Cleanup(func() {
		client.Abort(errStopped)
		client.Wait()
	})
	tell = func(message string) {
		t.Helper()
		if err := client.Send([]byte(message)); err != nil {
			t.Fatal(err)
		}
		client.Flush()
	}
	tell(`[1,"realm1",{"roles":{"callee":{}}}]`)
	router.expectPrefix(`[1,`)
	router.send(`[2,7,{"realm":"realm1","authrole":%q,"roles":{}}]`, role)
	if _, err := client.Read(); err != nil {
		t.Fatal(err)
	}
	return client, router, tell
}

// A direct caller that does not read its results is dropped once its send buffer
// is full; its callee is told, and goes on.
func TestDirectCallerThatDoesNotReadIsDropped(t *testing.T) {
	w, pool := newWorld(t, directly(""))
	callee, _, registration := w.callee(pool, "{}", `"progressive_call_results":true,"call_canceling":true`)
	_, router, tell := w.deaf("frontend")
	tell(`[48,1,{"receive_progress":true},"com.example.p"]`)
	callee.expect(`[68,1,%d,{"receive_progress":true}]`, registration)
	part := strings.Repeat("x", 1<<20)
	for sent := 0; len(callee.messages) == 0; sent++ {
		if sent > 200 {
			t.Fatal("200 MiB wait for a caller that does not read")
		}
		callee.send(`[70,1,{"progress":true},[%q]]`, part)
		pool.send(`[68,%d,999,{}]`, sent+1) // its answer tells that there was time for it
		pool.expectPrefix(`[8,68,%d,{},"wamp.error.no_available_callee"`, sent+1)
	}
	callee.expect(`[69,1,{"mode":"killnowait"}]`)
	router.expectEnd()
	callee.send(`[70,1,{},["late"]]`)
	pool.send(`[68,9999,100,{}]`)
	callee.expect(`[68,2,%d,{}]`, registration)
}

// A callee that does not read is dropped once its send buffer is full: its
// calls are answered, and a callee beside it notices nothing.
func TestCalleeThatDoesNotReadIsDropped(t *testing.T) {
	w, pool := newWorld(t, "")
	stuck, router, tell := w.deaf("backend")
	tell(`[64,1,{"invoke":"first"},"com.example.p"]`)
	w.registerPool(pool)
	router.expect(`[64,1,{},"com.example.p"]`)
	router.send(`[8,64,1,{},"wamp.error.procedure_already_exists"]`)
	if _, err := stuck.Read(); err != nil { // REGISTERED, and then it reads no more
		t.Fatal(err)
	}
	good, routerGood := w.join("backend", "")
	good.send(`[64,1,{"invoke":"first"},"com.example.p"]`)
	registration := w.admit(good, routerGood)

	payload := strings.Repeat("x", 1<<20)
	sent := 0
	for len(pool.messages) == 0 {
		if sent++; sent > 200 {
			t.Fatal("200 MiB wait for a callee that does not read")
		}
		pool.send(`[68,%d,100,{},[%q]]`, sent, payload)
		pool.send(`[69,%d,{"mode":"killnowait"}]`, 1000+sent) // of no call: does nothing
	}
	for id := 1; id <= sent; id++ {
		select {
		case e := <-good.messages: // it came after the other was dropped
			if !strings.HasPrefix(e, `[68,`) {
				t.Fatalf("good callee got %.40s", e)
			}
		case message := <-pool.messages:
			if !strings.HasPrefix(message, `[8,68,`) || !strings.Contains(message, uriCanceled) {
				t.Fatalf("pool session got %.100s", message)
			}
		case <-time.After(patience):
			t.Fatalf("call %d of %d has no answer", id, sent)
		}
	}
	router.expectEnd()
	pool.send(`[68,9999,100,{},["after"]]`)
	for message := good.next(); !strings.HasSuffix(message, fmt.Sprintf(`,%d,{},["after"]]`, registration)); {
		message = good.next()
	}
}
