package proxy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/configs"
	"github.com/wampool/wampool/proxy/transport"
)

// reload gives the sidecar another configuration while it runs.
func (w *world) reload(o worldOptions) Reloaded {
	w.t.Helper()
	if o.listen == "" {
		o.listen = "ws://127.0.0.1:0/ws"
	}
	config, err := w.config(o)
	if err != nil {
		w.t.Fatal(err)
	}
	told, err := w.proxy.Reload(config)
	if err != nil {
		w.t.Fatal(err)
	}
	return told
}

func (w *world) tells(told Reloaded, changed, deferred []string) {
	w.t.Helper()
	if !slices.Equal(told.Changed, changed) || !slices.EqualFunc(told.Deferred, deferred, strings.HasPrefix) {
		w.t.Errorf("told %q, want %q and %q", told, changed, deferred)
	}
}

// What a pool's block says holds at once, for calls that wait too. A block that goes
// leaves its callees as they asked to be.
func TestReloadOfPools(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {
		concurrency = 1
		policy = "roundrobin"
		queue {}
	}`)
	client, _, registration := w.callee(pool, `{}`, `"registration_revocation":true`)
	for id := 1; id <= 3; id++ {
		pool.send(`[68,%d,100,{}]`, id)
	}
	client.expect(`[68,1,%d,{}]`, registration)
	w.tells(w.reload(worldOptions{realm: `pool "com.example.p" {
		concurrency = 2
		policy = "roundrobin"
		queue {}
	}`}), []string{`realm "realm1": pool "com.example.p" (exact)`}, nil)
	client.expect(`[68,2,%d,{}]`, registration)
	w.tells(w.reload(worldOptions{realm: `pool "com.example.p" {
		concurrency = 1
		queue { limit = 1 }
	}`}), []string{`realm "realm1": pool "com.example.p" (exact)`}, nil)
	pool.send(`[68,4,100,{}]`)
	pool.expectPrefix(`[8,68,4,{},"crossbar.error.max_concurrency_reached"`)
	w.tells(w.reload(worldOptions{}), []string{`realm "realm1": pool "com.example.p" (exact) is gone`}, nil)
	client.expect(`[68,3,%d,{}]`, registration)
	pool.send(`[68,5,100,{}]`)
	client.expect(`[68,4,%d,{}]`, registration)
	w.tells(w.reload(worldOptions{realm: `pool "com.example.p" { admit = ["other"] }`}), []string{`realm "realm1": pool "com.example.p" (exact) is new`}, nil)
	client.expect(`[67,0,{"registration":%d,"reason":"wamp.error.unregistered"}]`, registration)
	pool.expect(`[66,2,100]`)
	for id := 1; id <= 4; id++ {
		client.send(`[70,%d,{}]`, id) // what runs finishes
	}
	for _, id := range []int{1, 2, 3, 5} {
		pool.expect(`[70,%d,{}]`, id)
	}
	w.tells(w.reload(worldOptions{realm: `pool "com.example.p" { admit = ["other"] }`}), nil, nil)
}

// How a pool is registered at the router stays until it is given up.
func TestReloadOfUpstream(t *testing.T) {
	w, pool := newWorld(t, `pool "com.example.p" {}`)
	w.callee(pool, `{}`, ``)
	w.tells(w.reload(worldOptions{realm: `pool "com.example.p" { upstream = "roundrobin" }`}),
		[]string{`realm "realm1": pool "com.example.p" (exact)`}, []string{`realm "realm1": upstream = "roundrobin" of com.example.p: it stays "single"`})
}

// Listeners come and go, and no connection with them.
func TestReloadOfListeners(t *testing.T) {
	w, pool := newWorld(t, ``)
	client, router := w.join("backend", "")
	first := w.proxy.URLs()[0]
	spare, err := transport.Listen(t.Context(), "rs://127.0.0.1:0", transport.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	free := spare.URL()
	if err := spare.Close(); err != nil {
		t.Fatal(err)
	}
	told := w.reload(worldOptions{listen: free})
	if want := []string{fmt.Sprintf("listen %q is opened", free), `listen "ws://127.0.0.1:0/ws" is closed`}; !slices.Equal(told.Changed, want) {
		t.Errorf("changed: %q, want %q", told.Changed, want)
	}
	client.send(`[16,1,{},"com.example.t"]`)
	router.expect(`[16,1,{},"com.example.t"]`)
	if urls := w.proxy.URLs(); !slices.Equal(urls, []string{free}) {
		t.Errorf("it listens at %q, want %q", urls, free)
	}
	if _, err := transport.Dial(t.Context(), first, transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{codec.JSON}}); err == nil {
		t.Error("the one that was closed takes connections")
	}
	other, otherRouter := w.connect()
	w.welcome(other, otherRouter, "backend", "")

	config, err := w.config(worldOptions{listen: first})
	if err != nil {
		t.Fatal(err)
	}
	busy, err := transport.Listen(t.Context(), first, transport.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	config.Limits.Connections = 1
	if _, err := w.proxy.Reload(config); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a listener that can't be opened: %v", err)
	}
	if w.proxy.config().Limits.Connections == 1 || w.proxy.URLs()[0] != free {
		t.Error("what can't be opened has changed something")
	}
	pool.send(`[6,{},"wamp.close.close_realm"]`) // it still reads
	pool.expectPrefix(`[6,`)
}

// Limits hold for those who come, and what can be for those who are there.
func TestReloadOfLimits(t *testing.T) {
	w, _ := newWorldOf(t, worldOptions{limits: "connections = 10"})
	w.tells(w.reload(worldOptions{limits: "connections = 1\nping_interval = \"0s\"\nmemory = \"1GiB\"\nheld_bytes = \"64KiB\""}), []string{"limits"}, nil)
	w.join("backend", "")
	if _, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{Timeout: patience, Serializers: []codec.Serializer{codec.JSON}, TLS: w.client}); err == nil {
		t.Error("a second connection of one that may be")
	}
	if got := w.proxy.budget.Most(); got != 1<<30 {
		t.Errorf("all may hold %d bytes", got)
	}
}

// What can't change is told, and stays as it was.
func TestReloadDefers(t *testing.T) {
	w, _ := newWorld(t, ``)
	config, err := w.config(worldOptions{listen: "ws://127.0.0.1:0/ws", more: "admin {}\nlog { format = \"json\" }"})
	if err != nil {
		t.Fatal(err)
	}
	config.Router.URL, config.Router.TimeoutUnit = "ws://127.0.0.1:1/ws", "s"
	config.Realms[0].Auth = configs.Auth{Method: "ticket", AuthID: "a", Secret: configs.NewSecret("b")}
	told, err := w.proxy.Reload(config)
	if err != nil {
		t.Fatal(err)
	}
	w.tells(told, nil, []string{"log.format", "admin", `realm "realm1": auth`, "router.url", "router.timeout_unit"})
	if now := w.proxy.config(); now.Router.URL != w.router.URL() || now.Admin != nil {
		t.Errorf("in force is %+v", now)
	}
	w.tells(w.reload(worldOptions{}), nil, []string{`realm "realm1": auth`})
}

// A file that is wrong changes nothing, and so does one that comes too late.
func TestReloadOfWhatIsWrong(t *testing.T) {
	w := makeWorld(t)
	var heard *configs.Config
	var source error
	w.prepare = func(p *Proxy) {
		p.ReloadBy(func() (*configs.Config, error) { return p.config(), source }, func(c *configs.Config) { heard = c })
	}
	w.start(worldOptions{})
	w.welcomePool()
	if told, err := w.proxy.ReloadNow(); err != nil || len(told.Changed)+len(told.Deferred) > 0 || heard != w.proxy.config() {
		t.Errorf("the same configuration: %+v, %v", told, err)
	}
	source = errors.New("line 3 is wrong")
	if _, err := w.proxy.ReloadNow(); err == nil || err.Error() != "line 3 is wrong" {
		t.Errorf("one that is wrong: %v", err)
	}
	w.proxy.ReloadBy(nil, nil)
	if _, err := w.proxy.ReloadNow(); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Errorf("without a file: %v", err)
	}
	w.stop()
	<-w.stopped
	w.stopped <- nil
	if _, err := w.proxy.Reload(w.proxy.config()); err == nil || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("while it stops: %v", err)
	}
}
