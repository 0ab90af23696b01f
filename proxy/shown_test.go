package proxy

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wampool/wampool/proxy/admin"
)

// What the admin listener shows of a sidecar with a callee at work, one that was turned
// away, and a call that waits.
func TestShown(t *testing.T) {
	w := makeWorld(t)
	w.start(worldOptions{realm: `pool "com.example.p" {
		concurrency = 1
		queue {}
	}
	pool "com.example.q" {
		admit = ["nobody"]
	}`, more: "admin {\n address = \"127.0.0.1:0\"\n}"})
	client := admin.NewClient(w.proxy.admin.Address())
	pool := w.welcomePool()
	callee, router := w.connect()
	const hello = `[1,"realm1",{"agent":"worker-1.0","roles":{"callee":{}}}]`
	callee.send(hello)
	router.expect(hello)
	const welcome = `[2,7,{"realm":"realm1","authid":"joe","authrole":"backend","roles":{}}]`
	router.send(welcome)
	callee.expect(welcome)
	callee.send(`[64,1,{},"com.example.p"]`)
	w.registerPool(pool)
	registration := w.admit(callee, router)
	callee.send(`[64,2,{},"com.example.q"]`)
	router.expect(`[64,2,{},"com.example.q"]`)
	pool.send(`[68,1,100,{}]`)
	callee.expect(`[68,1,%d,{}]`, registration)
	pool.send(`[68,2,100,{},["waits"]]`)

	var pools admin.Pools
	w.waitFor("a call waits", func(r *realm) bool { waiting, _ := r.dealer.Load(); return waiting == 1 })
	w.get(client, "pools", &pools)
	if len(pools.Pools) != 1 {
		t.Fatalf("pools are %+v", pools)
	}
	p := pools.Pools[0]
	address := w.onlyClient().conn.RemoteAddr()
	want := admin.Pool{
		Realm: "realm1", Match: "exact", Procedure: "com.example.p", Name: "com.example.p", Policy: "single", Block: "com.example.p", IsLive: true,
		Limits: admin.Limits{Concurrency: 1},
		Queue:  admin.Queue{Waiting: 1, Limit: 1000, Bytes: p.Queue.Bytes, BytesLimit: 64 << 20, OldestSeconds: p.Queue.OldestSeconds, TimeoutSeconds: 30},
		Slots:  1, Taken: 1,
		Callees: []admin.Callee{{Session: 7, AuthID: "joe", AuthRole: "backend", Address: address, Agent: "worker-1.0", Taken: 1, Slots: 1, Dispatched: 1}},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if p.Queue.Bytes == 0 || p.Queue.OldestSeconds <= 0 {
		t.Errorf("the queue is %+v", p.Queue)
	}
	var one admin.Pool
	if w.get(client, "pools/realm1/exact/com.example.p", &one); one.Name != "com.example.p" {
		t.Errorf("the pool by itself is %+v", one)
	}

	var sessions admin.Sessions
	w.get(client, "sessions", &sessions)
	if len(sessions.Sessions) != 1 {
		t.Fatalf("sessions are %+v", sessions)
	}
	s := sessions.Sessions[0]
	if len(s.NotPooled) != 1 || s.NotPooled[0].Why != "role" || s.NotPooled[0].Block != "com.example.q" ||
		!strings.Contains(s.NotPooled[0].Text, `add "backend" to the pool block's admit`) {
		t.Errorf("not pooled: %+v", s.NotPooled)
	}
	s.NotPooled = nil
	if diff := cmp.Diff(admin.Session{
		ID: 7, Realm: "realm1", AuthID: "joe", AuthRole: "backend", Address: address, Transport: "ws", Serializer: "json", Agent: "worker-1.0",
		AgeSeconds: s.AgeSeconds, IsCallee: true, Pools: []admin.Membership{{Pool: "com.example.p", Registration: registration}},
	}, s); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if diff := cmp.Diff([]admin.PoolSession{{Realm: "realm1", Serializer: "json", IsUp: true, Session: 1, AuthRole: "backend", Registrations: 1}}, sessions.PoolSessions); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	w.compareWithReadme(client)
}

// get asks the admin listener for what is at a path of its API.
func (w *world) get(client *admin.Client, path string, into any) {
	w.t.Helper()
	if err := client.Get(w.t.Context(), "/api/v1/"+path, into); err != nil {
		w.t.Fatal(err)
	}
}

// compareWithReadme compares the examples of admin's README with what is really
// shown: the same names, in the same places. What is shown only at times stands there
// too.
func (w *world) compareWithReadme(client *admin.Client) {
	w.t.Helper()
	readme, err := os.ReadFile("admin/README.md")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, path := range []string{"pools", "sessions", "events"} {
		_, section, _ := strings.Cut(string(readme), "\n## GET /api/v1/"+path+"\n")
		_, example, _ := strings.Cut(section, "\n```json\n")
		example, _, found := strings.Cut(example, "\n```\n")
		var want, got any
		if err := json.Unmarshal([]byte(example), &want); err != nil || !found {
			w.t.Fatalf("the example of %s: %v", path, err)
		}
		if path == "events" {
			got = w.firstEvent(client)
		} else {
			w.get(client, path, &got)
		}
		names := namesIn("", got)
		for _, name := range namesIn("", want) {
			if i := slices.Index(names, name); i >= 0 {
				names = slices.Delete(names, i, i+1)
			} else if !strings.HasSuffix(name, "not_pooled.error") { // of who was denied
				w.t.Errorf("the example of %s has %s, which is not shown", path, name)
			}
		}
		if len(names) > 0 {
			w.t.Errorf("the example of %s lacks %q", path, names)
		}
	}
}

// firstEvent returns what the stream of events begins with.
func (w *world) firstEvent(client *admin.Client) (shown any) {
	w.t.Helper()
	body, _, err := client.Open(w.t.Context(), "GET", "/api/v1/events", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	for lines := bufio.NewScanner(body); lines.Scan(); {
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			if err := json.Unmarshal([]byte(data), &shown); err != nil {
				w.t.Fatal(err)
			}
			return shown
		}
	}
	w.t.Fatal("there is no event")
	return nil
}

// namesIn lists where which names stand; of a list, in its first element.
func namesIn(at string, of any) (names []string) {
	switch of := of.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(of)) {
			names = append(names, strings.TrimPrefix(at+"."+name, "."))
			names = append(names, namesIn(strings.TrimPrefix(at+"."+name, "."), of[name])...)
		}
	case []any:
		if len(of) > 0 {
			names = namesIn(at, of[0])
		}
	}
	return names
}
