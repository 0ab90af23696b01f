package proxy

import (
	"fmt"
	"testing"
)

// directly is a pool whose calls by the role frontend are answered here, with
// more settings.
func directly(more string) string {
	return fmt.Sprintf("pool \"com.example.p\" {\n direct = [\"frontend\"]\n %s\n}", more)
}

const waiting = "concurrency = 1\n queue { limit = 5 }"

// directWorld has one callee and one direct caller.
func directWorld(t *testing.T, more, features string) (w *world, pool, callee, caller, router *peer, registration uint64) {
	w, pool = newWorld(t, directly(more))
	callee, _, registration = w.callee(pool, "{}", features)
	caller, router = w.join("frontend", "")
	return w, pool, callee, caller, router, registration
}

func TestCallIsAnsweredHere(t *testing.T) {
	_, pool, callee, caller, router, registration := directWorld(t, "", "")
	caller.send(`[48,1,{"timeout":0},"com.example.p",["x"],{"k":1}]`)
	callee.expect(`[68,1,%d,{"timeout":0},["x"],{"k":1}]`, registration)
	callee.send(`[70,1,{"x":1},["y"]]`)
	caller.expect(`[50,1,{},["y"]]`)
	caller.send(`[48,2,{"caller":666},"com.example.p"]`)
	callee.expect(`[68,2,%d,{}]`, registration)
	callee.send(`[8,68,2,{"x":1},"com.example.error",["z"],{"k":2}]`)
	caller.expect(`[8,48,2,{},"com.example.error",["z"],{"k":2}]`)
	// The router has seen neither, and its own are between.
	caller.send(`[48,3,{},"com.example.q"]`)
	router.expect(`[48,1,{},"com.example.q"]`)
	pool.send(`[68,9,100,{},["by the router"]]`)
	callee.expect(`[68,3,%d,{},["by the router"]]`, registration)
	callee.send(`[70,3,{},[1]]`)
	pool.expect(`[70,9,{},[1]]`)
}

// Calls that nobody answers cost memory, even without a payload: a caller has no
// more of them than limits.held_bytes pays for, and lives on.
func TestDirectCallsWithoutAnAnswerAreBounded(t *testing.T) {
	w, pool := newWorldOf(t, worldOptions{realm: directly(""), limits: `held_bytes = "128KiB"`})
	callee, _, registration := w.callee(pool, "{}", "")
	caller, _ := w.join("frontend", "")
	const most = 3 * openCallStep // the first step beyond the limit
	for id := 1; id <= most; id++ {
		caller.send(`[48,%d,{},"com.example.p"]`, id)
		callee.expect(`[68,%d,%d,{}]`, id, registration)
	}
	if held := w.proxy.budget.Held(); held < 128<<10 {
		t.Errorf("%d bytes are counted", held)
	}
	caller.send(`[48,%d,{},"com.example.p"]`, most+1)
	caller.expectPrefix(`[8,48,%d,{},"wamp.error.unavailable"`, most+1)
	for id := 1; id <= most; id++ {
		callee.send(`[70,%d,{}]`, id)
		caller.expect(`[50,%d,{}]`, id)
	}
	caller.send(`[48,%d,{},"com.example.p"]`, most+2)
	callee.expect(`[68,%d,%d,{}]`, most+1, registration)
	callee.send(`[70,%d,{}]`, most+1)
	caller.expect(`[50,%d,{}]`, most+2)
}

func TestOnlyListedRolesAreAnsweredHere(t *testing.T) {
	w, pool, _, _, _, _ := directWorld(t, "", "")
	for _, role := range []string{"backend", "anonymous"} {
		caller, router := w.join(role, "")
		caller.send(`[48,1,{},"com.example.p"]`)
		router.expect(`[48,1,{},"com.example.p"]`)
	}
	// A pool without a callee is not live, nor one whose registration is gone.
	caller, router := w.join("frontend", "")
	caller.send(`[48,1,{},"com.example.other"]`)
	router.expect(`[48,1,{},"com.example.other"]`)
	pool.send(`[67,0,{"registration":100,"reason":"kicked"}]`)
	pool.expect(`[64,2,{},"com.example.p"]`)
	caller.send(`[48,2,{},"com.example.p"]`)
	router.expect(`[48,2,{},"com.example.p"]`)
}

// A session that mixes calls answered here with all other requests: its router
// sees IDs without a gap, and the client its own ones in the answers.
func TestDirectCallsLeaveNoGaps(t *testing.T) {
	_, _, callee, caller, router, registration := directWorld(t, "", "")
	invocation := 0
	direct := func(id int) {
		invocation++
		caller.send(`[48,%d,{},"com.example.p"]`, id)
		callee.expect(`[68,%d,%d,{}]`, invocation, registration)
		callee.send(`[70,%d,{}]`, invocation)
		caller.expect(`[50,%d,{}]`, id)
	}
	passes := func(client, atRouter string) { caller.send("%s", client); router.expect("%s", atRouter) }
	answers := func(atRouter, client string) { router.send("%s", atRouter); caller.expect("%s", client) }
	direct(1)
	passes(`[32,2,{},"t"]`, `[32,1,{},"t"]`)
	direct(3)
	passes(`[16,4,{},"t"]`, `[16,2,{},"t"]`) // nobody answers this one
	passes(`[16,5,{"acknowledge":true},"t"]`, `[16,3,{"acknowledge":true},"t"]`)
	direct(6)
	passes(`[64,7,{},"com.example.own"]`, `[64,4,{},"com.example.own"]`)
	passes(`[48,8,{"receive_progress":true},"com.example.q"]`, `[48,5,{"receive_progress":true},"com.example.q"]`)
	answers(`[17,3,70]`, `[17,5,70]`)
	answers(`[33,1,71]`, `[33,2,71]`)
	answers(`[50,5,{"progress":true},[1]]`, `[50,8,{"progress":true},[1]]`)
	direct(9)
	answers(`[50,5,{"progress":true},[2]]`, `[50,8,{"progress":true},[2]]`)
	passes(`[49,8,{"mode":"kill"}]`, `[49,5,{"mode":"kill"}]`)
	answers(`[8,48,5,{},"wamp.error.canceled"]`, `[8,48,8,{},"wamp.error.canceled"]`)
	caller.send(`[49,8,{}]`) // too late
	answers(`[65,4,72]`, `[65,7,72]`)
	passes(`[34,10,71]`, `[34,6,71]`)
	answers(`[8,34,6,{},"wamp.error.no_such_subscription"]`, `[8,34,10,{},"wamp.error.no_such_subscription"]`)
	passes(`[66,11,72]`, `[66,7,72]`)
	answers(`[67,7]`, `[67,11]`)
	answers(`[36,71,99,{},["event"]]`, `[36,71,99,{},["event"]]`)
	passes(`[48,12,{"progress":true},"com.example.q"]`, `[48,8,{"progress":true},"com.example.q"]`)
	direct(13)
	passes(`[48,12,{},"com.example.q"]`, `[48,8,{},"com.example.q"]`)
	answers(`[50,8,{}]`, `[50,12,{}]`)
}

func TestDirectIDsWrap(t *testing.T) {
	_, _, callee, caller, router, registration := directWorld(t, "", "")
	caller.send(`[48,1,{},"com.example.p"]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	caller.send(`[48,9007199254740992,{},"com.example.q",[1]]`)
	router.expect(`[48,9007199254740991,{},"com.example.q",[1]]`)
	caller.send(`[48,2,{},"com.example.q",[3]]`)
	router.expect(`[48,1,{},"com.example.q",[3]]`)
	router.send(`[50,1,{}]`)
	caller.expect(`[50,2,{}]`)
	router.send(`[50,9007199254740991,{}]`)
	caller.expect(`[50,9007199254740992,{}]`)
}

// Request IDs in any order are the caller's own business: they find its calls,
// and reach nobody else's, whatever becomes of it.
func TestDirectIDsInAnyOrder(t *testing.T) {
	w, _, callee, caller, _, registration := directWorld(t, "", `"call_canceling":true`)
	other, atRouter := w.join("frontend", "")
	invocation := 0
	calls := func(from *peer, ids ...int) {
		for _, id := range ids {
			invocation++
			from.send(`[48,%d,{},"com.example.p"]`, id)
			callee.expect(`[68,%d,%d,{}]`, invocation, registration)
		}
	}
	answered := func(to *peer, invocation, id int) {
		callee.send(`[70,%d,{}]`, invocation)
		to.expect(`[50,%d,{}]`, id)
	}
	calls(caller, 1000, 5_000_000)
	answered(caller, 2, 5_000_000)
	calls(caller, 960, 1010)
	answered(caller, 1, 1000)
	calls(other, 1) // takes the place that 1000 had
	caller.conn.Abort(errStopped)
	callee.expect(`[69,3,{"mode":"killnowait"}]`)
	callee.expect(`[69,4,{"mode":"killnowait"}]`)
	answered(other, 5, 1)
	other.send(`[16,2,{},"t"]`)
	atRouter.expect(`[16,1,{},"t"]`)
}

// A CALL with the ID of one that has not ended, and expects no part, breaks the
// protocol. It reaches nobody; the caller's calls go with it.
func TestRepeatedDirectCallEndsTheCaller(t *testing.T) {
	for _, more := range []string{"", waiting} {
		_, _, callee, caller, _, registration := directWorld(t, more, `"call_canceling":true`)
		caller.send(`[48,1,{},"com.example.p"]`)
		callee.expect(`[68,1,%d,{}]`, registration)
		last := 1
		if more != "" {
			caller.send(`[48,2,{},"com.example.p",["waits"]]`)
			last = 2
		}
		caller.send(`[48,%d,{},"com.example.p",["again"]]`, last)
		caller.expect(`[3,{"message":"CALL repeats the request ID of a call that has not ended"},"wamp.error.protocol_violation"]`)
		callee.expect(`[69,1,{"mode":"killnowait"}]`)
	}
}

// arrived waits until what a caller has sent was taken: publish is the ID of
// its next request.
func arrived(caller, router *peer, publish, atRouter int) {
	caller.t.Helper()
	caller.send(`[16,%d,{},"t"]`, publish)
	router.expect(`[16,%d,{},"t"]`, atRouter)
}

func TestDirectCallsWaitInOrderOfArrival(t *testing.T) {
	_, pool, callee, caller, router, registration := directWorld(t, waiting, "")
	caller.send(`[48,1,{},"com.example.p"]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	caller.send(`[48,2,{},"com.example.p",["a"]]`)
	arrived(caller, router, 3, 1)
	pool.send(`[68,1,100,{},["b"]]`)
	pool.send(`[68,2,100,{},["c"]]`)
	pool.send(`[68,3,999,{}]`) // an unknown registration: its answer tells that the calls before have arrived
	pool.expectPrefix(`[8,68,3,{},"wamp.error.no_available_callee"`)
	caller.send(`[48,4,{},"com.example.p",["d"]]`)
	caller.send(`[48,5,{},"com.example.p",["e"]]`)
	caller.send(`[48,6,{},"com.example.p",["too many"]]`)
	caller.expectPrefix(`[8,48,6,{},"crossbar.error.max_concurrency_reached",["maximum concurrency of all callees of com.example.p reached, and its queue is full with 5 calls"],{"pool":"com.example.p","reason":"queue_full"`)
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		callee.send(`[70,%d,{}]`, i+1)
		callee.expect(`[68,%d,%d,{},[%q]]`, i+2, registration, name)
	}
	callee.send(`[8,68,6,{},"com.example.error"]`)
	for _, id := range []int{1, 2, 4} {
		caller.expect(`[50,%d,{}]`, id)
	}
	caller.expect(`[8,48,5,{},"com.example.error"]`)
	pool.expect(`[70,1,{}]`)
	pool.expect(`[70,2,{}]`)
}

func TestDirectCallsAreRefused(t *testing.T) {
	_, pool, callee, caller, _, registration := directWorld(t, "concurrency = 1\n overload_error = \"com.example.busy\"", "")
	caller.send(`[48,1,{},"com.example.p"]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	caller.send(`[48,2,{},"com.example.p"]`)
	caller.expectPrefix(`[8,48,2,{},"com.example.busy",["maximum concurrency 1 of all callees of com.example.p reached"],{"pool":"com.example.p","reason":"concurrency","limit":1`)
	callee.conn.Abort(errStopped)
	caller.expectPrefix(`[8,48,1,{},"wamp.error.canceled",["the callee of com.example.p that had the call disconnected before it answered"]`)
	pool.expect(`[66,2,100]`)
}

func TestDirectCallsAreDrained(t *testing.T) {
	w, pool, callee, caller, _, registration := directWorld(t, "", "")
	caller.send(`[48,1,{},"com.example.p"]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	w.stop()
	pool.expect(`[66,2,100]`)
	caller.send(`[48,2,{},"com.example.p"]`)
	caller.expectPrefix(`[8,48,2,{},"wamp.error.unavailable",["the proxy in front of com.example.p is stopping"],{"pool":"com.example.p","reason":"draining"`)
	pool.send(`[67,2]`)
	pool.send(`[68,1,999,{}]`) // its answer tells that the UNREGISTERED has arrived
	pool.expectPrefix(`[8,68,1,{},"wamp.error.no_available_callee"`)
	caller.send(`[48,3,{},"com.example.p"]`)
	caller.expectPrefix(`[8,48,3,{},"wamp.error.unavailable"`)
	callee.send(`[70,1,{},["done"]]`)
	caller.expect(`[50,1,{},["done"]]`)
}

func TestDirectProgress(t *testing.T) {
	_, _, callee, caller, _, registration := directWorld(t, "", `"progressive_call_results":true,"progressive_call_invocations":true,"call_canceling":true`)
	caller.send(`[48,1,{"receive_progress":true,"progress":true},"com.example.p",[1]]`)
	callee.expect(`[68,1,%d,{"receive_progress":true,"progress":true},[1]]`, registration)
	callee.send(`[70,1,{"progress":true,"x":1},["a"]]`)
	caller.expect(`[50,1,{"progress":true},["a"]]`)
	caller.send(`[48,1,{"progress":true},"com.example.p",[2]]`)
	callee.expect(`[68,1,%d,{"progress":true},[2]]`, registration)
	caller.send(`[48,1,{},"com.example.p",[3]]`)
	callee.expect(`[68,1,%d,{},[3]]`, registration)
	callee.send(`[70,1,{},["b"]]`)
	caller.expect(`[50,1,{},["b"]]`)
	// The rest of a call that has ended is for nobody.
	caller.send(`[48,2,{"progress":true},"com.example.p",[1]]`)
	callee.expect(`[68,2,%d,{"progress":true},[1]]`, registration)
	callee.send(`[70,2,{}]`)
	caller.expect(`[50,2,{}]`)
	caller.send(`[48,2,{"progress":true},"com.example.p",[2]]`)
	caller.send(`[48,2,{},"com.example.p",[3]]`)
	caller.send(`[48,3,{},"com.example.p"]`)
	callee.expect(`[68,3,%d,{}]`, registration)
}

func TestDirectCanceling(t *testing.T) {
	for _, test := range []struct {
		mode      string
		interrupt string // "" for none
		told      bool   // at once
	}{
		{`{"mode":"kill"}`, "kill", false},
		{`{"mode":"killnowait"}`, "killnowait", true},
		{`{}`, "killnowait", true},
		{`{"mode":"skip"}`, "", true},
	} {
		for _, able := range []bool{true, false} {
			features := ""
			if able {
				features = `"call_canceling":true`
			}
			_, pool, callee, caller, router, registration := directWorld(t, waiting, features)
			caller.send(`[48,1,{},"com.example.p"]`)
			callee.expect(`[68,1,%d,{}]`, registration)
			caller.send(`[48,2,{},"com.example.p",["waits"]]`)
			caller.send(`[49,2,%s]`, test.mode)
			caller.expectPrefix(`[8,48,2,{},"wamp.error.canceled",["the call of com.example.p was canceled"]`)
			caller.send(`[49,1,%s]`, test.mode)
			if test.told || !able {
				caller.expectPrefix(`[8,48,1,{},"wamp.error.canceled"`)
			}
			if able && test.interrupt != "" {
				callee.expect(`[69,1,{"mode":%q}]`, test.interrupt)
			}
			// Its slot is taken until it answers.
			caller.send(`[48,3,{},"com.example.p",["next"]]`)
			arrived(caller, router, 4, 1)
			pool.send(`[68,1,999,{}]`)
			pool.expectPrefix(`[8,68,1,{},"wamp.error.no_available_callee"`)
			callee.send(`[8,68,1,{},"com.example.stopped"]`)
			callee.expect(`[68,2,%d,{},["next"]]`, registration)
			if !test.told && able {
				caller.expect(`[8,48,1,{},"com.example.stopped"]`)
			}
			callee.send(`[70,2,{}]`)
			caller.expect(`[50,3,{}]`)
			caller.send(`[49,3,%s]`, test.mode) // too late: neither callee nor router sees it
			arrived(caller, router, 5, 2)
		}
	}
}

func TestWrongCancelModeEndsTheCaller(t *testing.T) {
	_, _, callee, caller, _, registration := directWorld(t, "", "")
	caller.send(`[48,1,{},"com.example.p"]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	caller.send(`[49,1,{"mode":"maybe"}]`)
	caller.expectPrefix(`[3,{"message":"codec: CANCEL.Options.mode`)
}

func TestDirectTimeout(t *testing.T) {
	_, _, callee, caller, _, registration := directWorld(t, waiting, `"call_canceling":true`)
	caller.send(`[48,1,{"timeout":1},"com.example.p"]`)
	callee.expect(`[68,1,%d,{"timeout":1}]`, registration)
	caller.expectPrefix(`[8,48,1,{},"wamp.error.timeout",["the call of com.example.p was not answered within its timeout"],{"pool":"com.example.p","reason":"deadline"`)
	callee.expect(`[69,1,{"mode":"killnowait"}]`)
	caller.send(`[48,2,{"timeout":1},"com.example.p",["waits too long"]]`)
	caller.expectPrefix(`[8,48,2,{},"wamp.error.timeout"`)
	callee.send(`[70,1,{}]`)
	caller.send(`[48,3,{},"com.example.p"]`)
	callee.expect(`[68,2,%d,{}]`, registration)
}

func TestDirectCallerLeaves(t *testing.T) {
	for _, how := range []string{"GOODBYE", "connection"} {
		_, pool, callee, caller, router, registration := directWorld(t, waiting, `"call_canceling":true`)
		caller.send(`[48,1,{},"com.example.p"]`)
		callee.expect(`[68,1,%d,{}]`, registration)
		caller.send(`[48,2,{},"com.example.p",["waits"]]`)
		arrived(caller, router, 3, 1)
		if how == "GOODBYE" {
			caller.send(`[6,{},"wamp.close.close_realm"]`)
			router.expect(`[6,{},"wamp.close.close_realm"]`)
			caller.send(`[48,4,{},"com.example.p"]`) // the router judges
			router.expect(`[48,2,{},"com.example.p"]`)
		} else {
			caller.conn.Abort(errStopped)
		}
		callee.expect(`[69,1,{"mode":"killnowait"}]`)
		pool.send(`[68,1,100,{},["next"]]`)
		callee.send(`[70,1,{},["late"]]`)
		callee.expect(`[68,2,%d,{},["next"]]`, registration)
		callee.send(`[70,2,{},["answer"]]`)
		pool.expect(`[70,1,{},["answer"]]`)
	}
}
