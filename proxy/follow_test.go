package proxy

import (
	"strings"
	"testing"
)

// An operator reads what became of which call, and nothing of what it carried.
func TestLogOfCalls(t *testing.T) {
	for calls, want := range map[string]struct{ result, failure bool }{
		"none": {}, "failed": {failure: true}, "slow": {failure: true}, "all": {true, true},
	} {
		t.Run(calls, func(t *testing.T) {
			w, log := loggingWorld(t)
			w.start(worldOptions{realm: `pool "com.example.p" {
				concurrency = 1
			}`, more: "log {\n calls = \"" + calls + "\"\n slow = \"1h\"\n}"})
			pool := w.welcomePool()
			callee, _, registration := w.callee(pool, `{}`, "")
			pool.send(`[68,11,100,{},["secret"]]`)
			callee.expect(`[68,1,%d,{},["secret"]]`, registration)
			pool.send(`[68,12,100,{},["secret"]]`)
			pool.expectPrefix(`[8,68,12,{},"crossbar.error.max_concurrency_reached"`)
			callee.send(`[70,1,{},["secret"]]`)
			pool.expect(`[70,11,{},["secret"]]`)
			pool.send(`[68,13,100,{}]`)
			callee.expect(`[68,2,%d,{}]`, registration)
			callee.conn.Close(1000, "", patience)
			pool.expectPrefix(`[8,68,13,{},"wamp.error.canceled"`)
			w.waitFor("the callee has left", func(r *realm) bool { return len(r.dealer.CalleeIDs()) == 0 })
			text := log.String()
			for line, wanted := range map[string]bool{
				`"pool":"com.example.p","origin":"router","request":11,"callee":7,"authid":"joe","callee_request":1,`: want.result,
				`"outcome":"result"`: want.result,
				`"pool":"com.example.p","origin":"router","request":12,"waited":0,"ran":0,"outcome":"concurrency"`: want.failure,
				`"error":"crossbar.error.max_concurrency_reached","message":"call"`:                                want.failure,
				`"request":13,"callee":7,"authid":"joe","callee_request":2,`:                                       want.failure,
				`"outcome":"callee_lost"`: want.failure,
			} {
				if strings.Contains(text, line) != wanted {
					t.Errorf("%s is there: %t\n%s", line, !wanted, text)
				}
			}
			if strings.Contains(text, "secret") {
				t.Error("a payload is in the log")
			}
		})
	}
}
