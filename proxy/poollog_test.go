package proxy

import (
	"strings"
	"testing"
)

// An operator reads in the log who is in a pool, who is not, why, and what to do.
func TestLogOfPools(t *testing.T) {
	w, log := loggingWorld(t)
	w.start(worldOptions{realm: `pool "com.example.p" {
		concurrency = 4
		linger      = "1h"
	}
	pool "com.example.secret" {}`, more: "admin {\n address = \"127.0.0.1:0\"\n}"})
	pool := w.welcomePool()
	client, router, registration := w.callee(pool, `{}`, "")
	log.find(t, `"procedure":"com.example.p","policy":"single","concurrency":4,"message":"pool member joined"`)

	client.send(`[64,2,{},"com.example.plain"]`)
	router.expect(`[64,2,{},"com.example.plain"]`)
	log.find(t, `"procedure":"com.example.plain","remedy":"add a pool block for it, or register it with invoke or concurrency"`)

	stranger, strangersRouter := w.join("frontend", "")
	stranger.send(`[64,1,{},"com.example.p"]`)
	strangersRouter.expect(`[64,1,{},"com.example.p"]`)
	log.find(t, `"authrole":"frontend","remedy":"add \"frontend\" to the pool block's admit if this role may register it at the router"`)

	client.send(`[64,3,{},"com.example.secret"]`)
	pool.expect(`[64,2,{},"com.example.secret"]`)
	pool.send(`[8,64,2,{},"wamp.error.not_authorized",["session (session_id=1, authid=\"wampool\") is not authorized"]]`)
	client.expect(`[8,64,3,{},"wamp.error.not_authorized",["the pool's own session at the router may not register com.example.secret"]]`)
	if reasons := strings.Join(w.proxy.unready(), "\n"); !strings.Contains(reasons, "realm realm1: the pool session may not register com.example.secret at the router") {
		t.Errorf("not ready for %q", reasons)
	}

	client.send(`[64,4,{"invoke":"roundrobin"},"com.example.taken"]`)
	pool.expect(`[64,3,{},"com.example.taken"]`)
	pool.send(`[8,64,3,{},"wamp.error.procedure_already_exists"]`)
	client.expect(`[8,64,4,{},"wamp.error.procedure_already_exists"]`)
	log.find(t, `"remedy":"somebody else has it at the router; where several sidecars serve it, set upstream in the pool block of each"`)

	client.send(`[66,5,%d]`, registration)
	client.expect(`[67,5]`)
	if line := log.find(t, "pool has no callee left; its registration is kept a while"); !strings.Contains(line, `"linger":`) {
		t.Error(line)
	}
}
