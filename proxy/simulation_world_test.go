package proxy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// simWorld is what a simulation happens in: a configuration, and how things are.
type simWorld struct {
	queues   bool // calls may wait
	retries  bool // a lost callee's calls are handed on
	lingers  bool // a pool is kept without a callee
	scoped   bool // a callee's limit is for all of its procedures
	anybody  bool // the router lets anybody register
	disturbs bool // connections stall and break
	forgets  bool // the router leaves requests of wampool's own without an answer
	mixed    bool // clients speak differently

	queueLimit int
}

// newSimWorld draws one, without some of what it would have.
func newSimWorld(r *rand.Rand, without []string) (w simWorld) {
	w.queueLimit = 1 + r.IntN(4)
	for _, f := range w.features() {
		*f.has = r.IntN(f.oneOf) == 0
	}
	for _, f := range w.features() {
		*f.has = *f.has && !slices.Contains(without, f.name)
	}
	return w
}

// simFeature is something that a world may have.
type simFeature struct {
	name  string
	oneOf int // so many worlds
	has   *bool
}

func (w *simWorld) features() []simFeature {
	return []simFeature{
		{"queues", 2, &w.queues},
		{"retries", 3, &w.retries},
		{"lingers", 3, &w.lingers},
		{"scoped", 3, &w.scoped},
		{"anybody", 4, &w.anybody},
		{"disturbs", 2, &w.disturbs},
		{"forgets", 4, &w.forgets},
		{"mixed", 4, &w.mixed},
	}
}

// config is the world's, in HCL.
func (w *simWorld) config() string {
	rules := []string{`match = "prefix"`, `direct = ["frontend"]`, `policy = "roundrobin"`}
	if w.queues {
		rules = append(rules, "queue {", fmt.Sprintf("  limit = %d", w.queueLimit), `  timeout = "20s"`, "}")
	}
	if w.retries {
		rules = append(rules, "retry_lost = true", "retries = 3")
	}
	if w.lingers {
		rules = append(rules, `linger = "5s"`)
	}
	if w.scoped {
		rules = append(rules, `scope = "callee"`, `concurrency = 2`)
	}
	return fmt.Sprintf("realm \"realm1\" {\n  pool \"com.example.\" {\n    %s\n  }\n}\n", strings.Join(rules, "\n    "))
}

// speaks are the router's serializers.
func (w *simWorld) speaks() []string {
	if w.mixed {
		return []string{"cbor", "msgpack", "json"}
	}
	return []string{"json"}
}
