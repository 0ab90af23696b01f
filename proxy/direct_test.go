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

// arrived waits until what a caller has sent was taken: publish is the ID of
// its next request.
func arrived(caller, router *peer, publish, atRouter int) {
	caller.t.Helper()
	caller.send(`[16,%d,{},"t"]`, publish)
	router.expect(`[16,%d,{},"t"]`, atRouter)
}
