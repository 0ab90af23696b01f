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
	weighed  bool // the pool has a shared policy at the router, and several pool sessions
	anybody  bool // the router lets anybody register
	crossbar bool // it is as Crossbar.io is: it counts timeouts in seconds, and looks at rights last
	nexus    bool // it is as nexus is: it looks at rights first, and counts INVOCATIONs by session
	broken   bool // it says what nobody has asked for
	forgets  bool // it leaves requests of wampool's own without an answer
	restarts bool // it restarts, and is away for a while
	disturbs bool // connections stall and break
	delays   bool // what is sent takes its time
	large    bool // some calls are long
	forces   bool // callees register by force
	steered  bool // people drain, pause and reload
	empty    bool // nobody is there at first
	tight    bool // a send buffer has room for one or two long calls
	mixed    bool // clients speak differently

	routerRaw, routerTLS, clientsRaw, clientsTLS bool // transports: RawSocket, with TLS

	queueLimit, perShare int
}

// newSimWorld draws one, without some of what it would have.
func newSimWorld(r *rand.Rand, without []string) (w simWorld) {
	w.queueLimit, w.perShare = 1+r.IntN(4), 1+r.IntN(2)
	for _, f := range w.features() {
		*f.has = r.IntN(f.oneOf) == 0
	}
	w.nexus = w.nexus && !w.crossbar
	w.anybody = w.anybody && !w.crossbar && !w.nexus && !w.weighed
	w.forces = w.forces && !w.delays && !w.disturbs // who was first is known
	for _, f := range w.features() {
		*f.has = *f.has && !slices.Contains(without, f.name)
	}
	return w
}

// scopeLimit is how many calls a callee takes of all procedures of a scoped block.
const scopeLimit = 2

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
		{"weighed", 4, &w.weighed},
		{"anybody", 4, &w.anybody},
		{"crossbar", 4, &w.crossbar},
		{"nexus", 3, &w.nexus},
		{"broken", 5, &w.broken},
		{"forgets", 5, &w.forgets},
		{"restarts", 4, &w.restarts},
		{"disturbs", 2, &w.disturbs},
		{"delays", 4, &w.delays},
		{"large", 4, &w.large},
		{"forces", 4, &w.forces},
		{"steered", 2, &w.steered},
		{"empty", 4, &w.empty},
		{"tight", 4, &w.tight},
		{"mixed", 4, &w.mixed},
		{"router-raw", 4, &w.routerRaw},
		{"router-tls", 8, &w.routerTLS},
		{"clients-raw", 4, &w.clientsRaw},
		{"clients-tls", 8, &w.clientsTLS},
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
		rules = append(rules, `scope = "callee"`, fmt.Sprintf("concurrency = %d", scopeLimit))
	}
	if w.weighed {
		rules = append(rules, `upstream = "roundrobin"`, fmt.Sprintf("slots_per_share = %d", w.perShare))
	}
	if w.nexus { // which tells itself who has a right
		rules = append(rules, `admit = ["*"]`)
	}
	bounds := ""
	if w.tight {
		bounds = "limits {\n  send_buffer = \"512KiB\"\n}\n"
	}
	return bounds + fmt.Sprintf("realm \"realm1\" {\n  pool \"com.example.\" {\n    %s\n  }\n}\n", strings.Join(rules, "\n    "))
}

// settings are those of the world's stage.
func (w *simWorld) settings() settings {
	s := settings{config: w.config(), serializers: []string{"json"}, router: transportOf(w.routerRaw, w.routerTLS), here: transportOf(w.clientsRaw, w.clientsTLS)}
	if w.mixed {
		s.serializers = []string{"cbor", "msgpack", "json"}
	}
	return s
}

func transportOf(isRaw, isSecure bool) string {
	name := "w"
	if isRaw {
		name = "r"
	}
	if isSecure {
		name += "s"
	}
	return name + "s"
}

// head are a transcript's first lines.
func (o settings) head() []string {
	return []string{strings.TrimSuffix(o.config, "\n"), "router speaks " + strings.Join(o.serializers, " "), "router over " + o.router, "clients over " + o.here, "", "start"}
}

// welcome are the details by which a pool session is welcomed.
func (w *simWorld) welcome() string {
	if w.crossbar {
		return `{"realm":"realm1","authrole":"backend","x_cb_node":"node1","roles":{"dealer":{}}}`
	}
	return `{"realm":"realm1","authrole":"backend","roles":{"dealer":{}}}`
}
