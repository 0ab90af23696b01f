package shipped

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// A node whose callees and wampool log in by ticket, in different roles, and that
// has Crossbar.io's own call queue.
const importedNode = `{
  "version": 2,
  "workers": [{
    "type": "router",
    "realms": [{
      "name": "realm1",
      "store": {"type": "memory", "call-queue": [{"uri": "com.example.imported", "match": "exact", "limit": 2}]},
      "roles": [
        {"name": "frontend", "permissions": [{"uri": "com.example.*", "allow": {"call": true}}]},
        {"name": "backend", "permissions": [{"uri": "com.example.*", "allow": {"register": true}}]},
        {"name": "service", "permissions": [{"uri": "com.example.imported", "match": "exact", "allow": {"register": true}}]}
      ]
    }],
    "transports": [{
      "type": "universal",
      "endpoint": {"type": "tcp", "port": %d, "interface": "127.0.0.1"},
      "rawsocket": {"auth": {"anonymous": {"type": "static", "role": "frontend"}}},
      "websocket": {
        "ws": {"type": "websocket", "options": {"max_message_size": 1048576}, "auth": {"ticket": {"type": "static", "principals": {
          "joe": {"ticket": "joe-secret", "role": "frontend"},
          "wampool": {"ticket": "wampool-secret", "role": "backend"},
          "worker": {"ticket": "worker-secret", "role": "service"}
        }}}}
      }
    }]
  }]
}`

// What is imported from a node that runs pools its callees before it, and lets as
// many calls wait as the node should have.
func TestImportedConfigurationWorks(t *testing.T) {
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	c := harness.OwnNode(t, fmt.Sprintf(importedNode, port))
	c.Port = port
	config := harness.Tool(t, "import", "crossbar", "--listen", "ws://127.0.0.1:0/ws", filepath.Join(c.Dir, "config.json"))
	ticket := filepath.Join(t.TempDir(), "ticket")
	if err := os.WriteFile(ticket, []byte("wampool-secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	const fromVariable = `env("WAMPOOL_SECRET")`
	if !strings.Contains(config, fromVariable) || strings.Contains(config, "-secret") {
		t.Fatalf("a secret that is not read from a variable:\n%s", config)
	}
	w := harness.LaunchConfig(t, strings.NewReplacer(fromVariable, fmt.Sprintf("file(%q)", ticket), "127.0.0.1:9090", "127.0.0.1:0").Replace(config))
	w.Process.Await(t, "pool session up")

	p := harness.Library(t, "autobahn")
	login := func(authid string) harness.Args {
		return harness.Args{"authmethod": "ticket", "authid": authid, "secret": authid + "-secret"}
	}
	callee := p.Join(t, w.URL, login("worker"))
	callee.Register("com.example.imported", "hold", harness.Args{"invoke": "roundrobin", "concurrency": 1}).OK(t)
	caller := p.Join(t, c.URL(), login("joe"))
	var calls []*harness.Answer
	for range 3 {
		calls = append(calls, caller.Call("com.example.imported"))
	}
	callee.Invoked(1)
	caller.Call("com.example.imported").Fails(t, "crossbar.error.max_concurrency_reached")
	for _, call := range calls {
		callee.Release("com.example.imported", 1)
		call.OK(t)
	}
	if peak := callee.Peak("com.example.imported"); peak != 1 {
		t.Errorf("%d calls at once at the callee, want 1", peak)
	}
}
