package proxy

import (
	"encoding/json"
	"testing"

	"github.com/wampool/wampool/dealer/admission"
)

// maxAsks is how many requests of wampool's own are without an answer at once.
const maxAsks = 32

// pacedWorld lets wampool's own requests go by answers alone.
func pacedWorld(t *testing.T) (*world, *peer) {
	w := makeWorld(t)
	w.tune = func(c *admission.Config) { c.AnswerPatience, c.AskPause = patience, patience }
	w.start(worldOptions{})
	return w, w.welcomePool()
}

// A router that drops what its queue of 64 for a session cannot take is never
// asked for so much at once, though a callee with 1,000 procedures leaves.
func TestManyRequestsArePaced(t *testing.T) {
	const procedures = 1000
	w, pool := pacedWorld(t)
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
	w.waitFor("nothing is left", func(r *realm) bool {
		return len(r.pools)+r.registrar.Links()[0].Open+len(r.links[0].registrations) == 0
	})
}
