package connections

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wampool/wampool/integration/harness"

	"github.com/wampool/wampool/proxy/transport/authority"
)

// everyTransport is Crossbar.io with one realm on all of its transports.
const everyTransport = `{
  "version": 2,
  "workers": [{
    "type": "router",
    "realms": [{
      "name": "realm1",
      "roles": [
        {"name": "anonymous", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]}
      ]
    }],
    "transports": [
      {"type": "web", "endpoint": {"type": "tcp", "port": %[1]d, "interface": "127.0.0.1"},
       "paths": {"ws": {"type": "websocket", "auth": %[6]s}}},
      {"type": "web", "endpoint": {"type": "tcp", "port": %[2]d, "interface": "127.0.0.1", "tls": %[5]s},
       "paths": {"ws": {"type": "websocket", "auth": %[6]s}}},
      {"type": "rawsocket", "endpoint": {"type": "tcp", "port": %[3]d, "interface": "127.0.0.1"}, "auth": %[6]s},
      {"type": "rawsocket", "endpoint": {"type": "tcp", "port": %[4]d, "interface": "127.0.0.1", "tls": %[5]s}, "auth": %[6]s},
      {"type": "rawsocket", "endpoint": {"type": "unix", "path": "crossbar.sock"}, "auth": %[6]s}
    ]
  }]
}`

// startEveryTransport runs such a node, and returns the URLs of its transports.
func startEveryTransport(t *testing.T, a *authority.Authority) (urls map[string]string) {
	t.Helper()
	ports := make([]any, 4)
	for i := range ports {
		ports[i] = harness.OwnPort(t)
	}
	cert, key := a.Issue("router.example")
	tls := fmt.Sprintf(`{"certificate": %q, "key": %q}`, cert, key)
	c := harness.OwnNode(t, fmt.Sprintf(everyTransport, append(ports, tls, `{"anonymous": {"type": "static", "role": "anonymous"}}`)...))
	return map[string]string{
		"ws":   fmt.Sprintf("ws://127.0.0.1:%d/ws", ports[0]),
		"wss":  fmt.Sprintf("wss://127.0.0.1:%d/ws", ports[1]),
		"rs":   fmt.Sprintf("rs://127.0.0.1:%d", ports[2]),
		"rss":  fmt.Sprintf("rss://127.0.0.1:%d", ports[3]),
		"unix": "unix://" + filepath.Join(c.Dir, "crossbar.sock"),
	}
}

// listenEverywhere runs wampool with a listener on each transport, and returns
// their URLs.
func listenEverywhere(t *testing.T, a *authority.Authority, routerURL string) (urls map[string]string) {
	t.Helper()
	dir := t.TempDir()
	cert, key := a.Issue("wampool.example")
	tls := fmt.Sprintf(" {\n  tls {\n    cert_file = %q\n    key_file  = %q\n  }\n}\n", cert, key)
	config := fmt.Sprintf("router {\n  url = %q\n", routerURL)
	if routerURL[:3] == "wss" || routerURL[:3] == "rss" {
		config += fmt.Sprintf("  tls {\n    ca_file     = %q\n    server_name = \"router.example\"\n  }\n", a.File)
	}
	config += "}\nlisten \"ws://127.0.0.1:0/ws\" {}\nlisten \"wss://127.0.0.1:0/ws\"" + tls +
		"listen \"rs://127.0.0.1:0\" {}\nlisten \"rss://127.0.0.1:0\"" + tls +
		fmt.Sprintf("listen %q {}\n", "unix://"+filepath.Join(dir, "wampool.sock")) + "drain_timeout = \"1s\"\n" +
		"limits {\n  " + harness.Unhurried + "\n  ping_interval = \"20ms\"\n  ping_timeout  = \"30s\"\n}\n" + harness.Auto // pings enough to see who can't have them
	return harness.LaunchConfig(t, config).Addresses()
}

// A pool of callees on all transports, before a router on any: each gets its
// turn, called at the router and through wampool. Real clients, where these
// libraries have the transport.
func TestAPoolOverEachTransport(t *testing.T) {
	a := authority.New(t, "CA")
	routers := startEveryTransport(t, a)
	callees := []struct{ listener, library, serializer string }{
		{"ws", "twisted", "cbor"},
		{"rs", "twisted", "msgpack"},
		{"unix", "twisted", "json"},
		{"ws", "autobahn", "json"},
		{"wss", "asyncio", "msgpack"},
		{"rs", "asyncio", "cbor"},
		{"rss", "asyncio", "cbor"},
		{"unix", "asyncio", "msgpack"},
	}
	for _, over := range []string{"ws", "wss", "rs", "rss", "unix"} {
		t.Run(over, func(t *testing.T) {
			urls := listenEverywhere(t, a, routers[over])
			procedure := "com.example.over." + over
			var names []string
			for _, c := range callees {
				client := harness.Library(t, c.library).Join(t, urls[c.listener], harness.Args{"serializer": c.serializer, "ca": a.File})
				client.Register(procedure, "name", harness.Args{"invoke": "roundrobin"}).OK(t)
				names = append(names, client.Name)
			}
			slices.Sort(names)
			for _, url := range []string{routers["ws"], urls["rs"], urls["unix"]} {
				caller := harness.Library(t, "twisted").Join(t, url, harness.Args{"serializer": "msgpack"})
				var answers []string
				for range callees {
					var name string
					if err := json.Unmarshal(caller.Call(procedure).OK(t), &name); err != nil {
						t.Error(err)
					}
					answers = append(answers, name)
				}
				slices.Sort(answers)
				if !slices.Equal(answers, names) {
					t.Errorf("a caller at %s was answered by %v, want each of %v once", url, answers, names)
				}
			}
		})
	}
}
