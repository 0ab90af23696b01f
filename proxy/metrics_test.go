package proxy

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/wampool/wampool/dealer"
	"github.com/wampool/wampool/proxy/admin"
)

// metrics asks for the metrics, and returns their lines without the comments.
func (w *world) metrics() []string {
	w.t.Helper()
	body, status, err := admin.NewClient(w.proxy.admin.Address()).Open(w.t.Context(), "GET", "/metrics", nil)
	if err != nil || status != 200 {
		w.t.Fatal(status, err)
	}
	defer func() { _ = body.Close() }()
	text, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatal(err)
	}
	problems, err := promlint.New(strings.NewReader(string(text))).Lint()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "wampool_") {
			w.t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	return slices.DeleteFunc(strings.Split(string(text), "\n"), func(line string) bool { return strings.HasPrefix(line, "#") })
}

// The ledger holds while calls wait, run, have lost their caller, and end.
func TestMetrics(t *testing.T) {
	w := makeWorld(t)
	w.start(worldOptions{realm: `pool "com.example.p" {
		concurrency = 1
		queue { limit = 2 }
	}
	pool "com.example.unused" {
		queue {}
	}`, more: "admin {\n address = \"127.0.0.1:0\"\n}"})
	pool := w.welcomePool()
	callee, router, registration := w.callee(pool, `{}`, `"call_canceling":true`)
	for i := range 4 {
		pool.send(`[68,%d,100,{}]`, i+1)
	}
	pool.expectPrefix(`[8,68,4,{},"crossbar.error.max_concurrency_reached"`)
	callee.expect(`[68,1,%d,{}]`, registration)
	pool.send(`[69,1,{"mode":"killnowait"}]`) // its slot stays taken
	callee.expect(`[69,1,{"mode":"killnowait"}]`)
	const of = `{pool="com.example.p",realm="realm1"}`
	w.shows(
		`wampool_calls_received_total{origin="router",pool="com.example.p",realm="realm1"} 4`,
		`wampool_calls_ended_total{outcome="queue_full",pool="com.example.p",realm="realm1"} 1`,
		`wampool_calls_ended_total{outcome="canceled",pool="com.example.p",realm="realm1"} 0`,
		`wampool_calls_waiting`+of+` 2`, `wampool_calls_running`+of+` 1`, `wampool_ledger_difference`+of+` 0`, `wampool_queue_limit`+of+` 2`,
		`wampool_pool_callees`+of+` 1`, `wampool_pool_slots`+of+` 1`, `wampool_pool_slots_taken`+of+` 1`,
		`wampool_pool_callees{pool="com.example.unused",realm="realm1"} 0`, `wampool_queue_limit{pool="com.example.unused",realm="realm1"} 1000`,
		`wampool_queue_wait_seconds_count`+of+` 1`, `wampool_callee_seconds_count`+of+` 0`,
	)
	callee.send(`[70,1,{}]`)
	callee.expect(`[68,2,%d,{}]`, registration)
	callee.send(`[8,68,2,{},"com.example.error"]`)
	pool.expect(`[8,68,2,{},"com.example.error"]`)
	callee.expect(`[68,3,%d,{}]`, registration)
	callee.send(`[70,3,{}]`)
	pool.expect(`[70,3,{}]`)
	callee.send(`[64,2,{},"com.example.plain"]`)
	router.expect(`[64,2,{},"com.example.plain"]`)
	w.shows(
		`wampool_calls_ended_total{outcome="canceled",pool="com.example.p",realm="realm1"} 1`,
		`wampool_calls_ended_total{outcome="error",pool="com.example.p",realm="realm1"} 1`,
		`wampool_calls_ended_total{outcome="result",pool="com.example.p",realm="realm1"} 1`,
		`wampool_calls_waiting`+of+` 0`, `wampool_calls_running`+of+` 0`, `wampool_ledger_difference`+of+` 0`,
		`wampool_queue_wait_seconds_count`+of+` 3`, `wampool_callee_seconds_count`+of+` 3`, `wampool_call_seconds_count`+of+` 2`,
		`wampool_call_seconds_bucket{pool="com.example.p",realm="realm1",le="+Inf"} 2`,
		`wampool_sessions{realm="realm1",serializer="json",transport="ws"} 1`,
		`wampool_sessions_opened_total{realm="realm1",serializer="json",transport="ws"} 1`,
		`wampool_pool_session_up{realm="realm1",serializer="json"} 1`, `wampool_pool_session_joins_total{realm="realm1",serializer="json"} 1`,
		`wampool_registers_total{outcome="pooled",pool="com.example.p",realm="realm1"} 1`,
		`wampool_registers_total{outcome="passed",pool="com.example.plain",realm="realm1"} 1`,
		`wampool_clients_dropped_total{reason="protocol"} 0`, `wampool_send_buffer_bytes 0`,
		`wampool_config_reloads_total{outcome="refused"} 0`,
	)
	callee.send(`[70,77,{}]`) // which was never sent
	callee.expectPrefix(`[3,`)
	w.waitFor("the pool is given up", func(r *realm) bool { return len(r.dealer.Pools()) == 0 })
	w.proxy.noteReload(nil)
	w.proxy.noteReload(errors.New("line 1 is wrong"))
	w.shows( // what was counted of a pool that is gone stays, and whoever has a block is missed
		`wampool_calls_received_total{origin="router",pool="com.example.p",realm="realm1"} 4`,
		`wampool_pool_callees`+of+` 0`, `wampool_ledger_difference`+of+` 0`,
		`wampool_clients_dropped_total{reason="protocol"} 1`,
		`wampool_config_reloads_total{outcome="refused"} 1`, `wampool_config_reloads_total{outcome="loaded"} 1`,
	)
}

// However many blocks there are, a thousand pools are counted by themselves: one that is
// among the others must not be there once more, as one without callees.
func TestMetricsOfManyBlocks(t *testing.T) {
	w := makeWorld(t)
	var blocks strings.Builder
	for i := range dealer.MaxNamed + 1 {
		fmt.Fprintf(&blocks, "pool \"com.example.p%d\" {}\n", i)
	}
	w.start(worldOptions{realm: blocks.String(), more: "admin {\n address = \"127.0.0.1:0\"\n}"})
	w.welcomePool()
	shown := 0
	for _, line := range w.metrics() {
		if strings.HasPrefix(line, "wampool_pool_callees{") {
			shown++
		}
	}
	if shown != dealer.MaxNamed {
		t.Errorf("%d pools are shown by themselves", shown)
	}
}

// A pool without a block has no callees and no slots once it is gone, not none of them:
// nobody is to miss for ever what has left for good. What was counted stays.
func TestMetricsOfAPoolThatIsGone(t *testing.T) {
	w := makeWorld(t)
	w.start(worldOptions{more: "admin {\n address = \"127.0.0.1:0\"\n}"})
	pool := w.welcomePool()
	callee, _, registration := w.callee(pool, `{"invoke":"roundrobin","concurrency":1}`, "")
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	callee.send(`[70,1,{}]`)
	pool.expect(`[70,1,{}]`)
	const of = `{pool="com.example.p",realm="realm1"} `
	w.shows(`wampool_pool_callees`+of+`1`, `wampool_pool_slots`+of+`1`)
	callee.send(`[70,77,{}]`) // which was never sent
	callee.expectPrefix(`[3,`)
	w.waitFor("the pool is given up", func(r *realm) bool { return len(r.dealer.Pools()) == 0 })
	w.shows(`wampool_calls_received_total{origin="router",pool="com.example.p",realm="realm1"} 1`, `wampool_ledger_difference`+of+`0`)
	for _, line := range w.metrics() {
		if strings.HasPrefix(line, "wampool_pool_callees{") || strings.HasPrefix(line, "wampool_pool_slots") {
			t.Errorf("it is gone, and there is %s", line)
		}
	}
}

// shows finds lines among the metrics.
func (w *world) shows(lines ...string) {
	w.t.Helper()
	shown := w.metrics()
	for _, line := range lines {
		if !slices.Contains(shown, line) {
			name, _, _ := strings.Cut(line, "{")
			like := slices.DeleteFunc(slices.Clone(shown), func(other string) bool { return !strings.HasPrefix(other, name) })
			w.t.Errorf("there is no %s but\n%s", line, strings.Join(like, "\n"))
		}
	}
}

// Each metric is in the table of the README, and what the table lists is there.
func TestReadmeListsTheMetrics(t *testing.T) {
	w := makeWorld(t)
	w.start(worldOptions{realm: `pool "com.example.p" {}`, more: "admin {\n address = \"127.0.0.1:0\"\n}"})
	pool := w.welcomePool()
	callee, router, _ := w.callee(pool, `{}`, "")
	w.sayGoodbye(callee, router)
	readme, err := os.ReadFile("admin/README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, name := range regexp.MustCompile("`(wampool_\\w+)`").FindAllStringSubmatch(string(readme), -1) {
		listed[name[1]] = true
	}
	name := regexp.MustCompile(`^(wampool_\w+?)(?:_bucket|_sum|_count)?[{ ]`)
	shown := map[string]bool{}
	for _, line := range w.metrics() {
		if m := name.FindStringSubmatch(line); m != nil {
			if shown[m[1]] = true; !listed[m[1]] {
				t.Errorf("the README lists no %s", m[1])
			}
		}
	}
	for name := range listed {
		ofCluster := slices.Contains([]string{"wampool_pool_away", "wampool_pool_credits", "wampool_peers", "wampool_peer_round_trip_seconds", "wampool_cluster_members"}, name)
		if !shown[name] && !ofCluster && name != "wampool_sessions_ended_total" { // which comes with the first end
			t.Errorf("there is no %s, which the README lists", name)
		}
	}
}
