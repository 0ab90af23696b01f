package proxy

import (
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
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

	long := strings.Repeat("p", codec.MaxURI)
	client.send(`[64,3,{"invoke":"roundrobin"},"com.%s"]`, long)
	router.expect(`[64,3,{"invoke":"roundrobin"},"com.%s"]`, long)
	if line := log.find(t, "callee not pooled: its URI or match option can be no pool's"); strings.Contains(line, long) || !strings.Contains(line, "1024 bytes at most") {
		t.Error(line)
	}

	stranger, strangersRouter := w.join("frontend", "")
	stranger.send(`[64,1,{},"com.example.p"]`)
	strangersRouter.expect(`[64,1,{},"com.example.p"]`)
	log.find(t, `"authrole":"frontend","remedy":"add \"frontend\" to the pool block's admit if this role may register it at the router"`)

	client.send(`[64,4,{},"com.example.secret"]`)
	pool.expect(`[64,2,{},"com.example.secret"]`)
	pool.send(`[8,64,2,{},"wamp.error.not_authorized",["session (session_id=1, authid=\"wampool\") is not authorized"]]`)
	client.expect(`[8,64,4,{},"wamp.error.not_authorized",["the pool's own session at the router may not register com.example.secret"]]`)
	if reasons := strings.Join(w.proxy.unready(), "\n"); !strings.Contains(reasons, "realm realm1: the pool session may not register com.example.secret at the router") {
		t.Errorf("not ready for %q", reasons)
	}

	client.send(`[64,5,{"invoke":"roundrobin"},"com.example.taken"]`)
	pool.expect(`[64,3,{},"com.example.taken"]`)
	pool.send(`[8,64,3,{},"wamp.error.procedure_already_exists"]`)
	client.expect(`[8,64,5,{},"wamp.error.procedure_already_exists"]`)
	log.find(t, `"remedy":"somebody else has it at the router; where several sidecars serve it, set upstream in the pool block of each"`)

	client.send(`[66,6,%d]`, registration)
	client.expect(`[67,6]`)
	if line := log.find(t, "pool has no callee left; its registration is kept a while"); !strings.Contains(line, `"linger":`) {
		t.Error(line)
	}
}

// Where callees may not ask to share by themselves, who does is told why it is not pooled.
func TestLogOfARealmWithoutAuto(t *testing.T) {
	w, log := loggingWorld(t)
	w.start(worldOptions{realm: "auto = false"})
	w.welcomePool()
	client, router := w.join("backend", "")
	client.send(`[64,1,{"invoke":"roundrobin"},"com.example.p"]`)
	router.expect(`[64,1,{"invoke":"roundrobin"},"com.example.p"]`)
	if line := log.find(t, "callee not pooled: the realm has auto = false"); !strings.Contains(line, `"remedy":"add a pool block for it"`) {
		t.Error(line)
	}
}
