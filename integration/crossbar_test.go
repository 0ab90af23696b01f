package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// crossbar is a running Crossbar.io node with one realm, realm1. Path /ws takes
// anybody as role anonymous, which may do everything; path /auth wants a login.
type crossbar struct {
	dir     string
	port    int
	process *process
}

// roles, and who has them by ticket (secret) or WAMP-CRA (secret).
const crossbarConfig = `{
  "version": 2,
  "workers": [{
    "type": "router",
    "realms": [{
      "name": "realm1", %s
      "roles": [
        {"name": "anonymous", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]},
        {"name": "backend", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]},
        {"name": "frontend", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": false, "publish": true, "subscribe": true}}]}
      ]
    }],
    "transports": [{
      "type": "web",
      "endpoint": {"type": "tcp", "port": %d, "interface": "127.0.0.1"},
      "paths": {
        "/": {"type": "static", "directory": "."},
        "ws": {"type": "websocket", "auth": {"anonymous": {"type": "static", "role": "anonymous"}}},
        "auth": {"type": "websocket", "auth": {
          "ticket": {"type": "static", "principals": {
            "wampool": {"ticket": "wampool-secret", "role": "backend"},
            "worker": {"ticket": "worker-secret", "role": "backend"},
            "guest": {"ticket": "guest-secret", "role": "frontend"}
          }},
          "wampcra": {"type": "static", "users": {
            "joe": {"secret": "joe-secret", "role": "frontend"}
          }}
        }}
      }
    }]
  }]
}`

// queueStore makes Crossbar.io's own call queue work.
const queueStore = `"store": {"type": "memory", "limit": 1000, "call-queue": [{"uri": "com.example.", "match": "prefix", "limit": 2}]},`

func startCrossbar(realmOptions string) (*crossbar, error) {
	dir, err := os.MkdirTemp("", "wampool-crossbar-")
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	c := &crossbar{dir: dir, port: port}
	config := fmt.Sprintf(crossbarConfig, realmOptions, port)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	if err := c.start(); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (c *crossbar) start() (err error) {
	binary, err := filepath.Abs(".venv/bin/crossbar")
	if err != nil {
		return err
	}
	_ = os.Remove(filepath.Join(c.dir, "node.pid"))
	if c.process, err = start("crossbar", c.dir, nil, binary, "start", "--cbdir", c.dir); err != nil {
		return err
	}
	_, err = c.process.waitLine(0, "NODE_BOOT_COMPLETE")
	return err
}

func (c *crossbar) stop() {
	if c.process != nil {
		c.process.kill()
	}
	_ = os.RemoveAll(c.dir)
}

func (c *crossbar) name() string    { return "Crossbar.io" }
func (c *crossbar) joining() args   { return nil } // it speaks what each client offers
func (c *crossbar) url() string     { return fmt.Sprintf("ws://127.0.0.1:%d/ws", c.port) }
func (c *crossbar) authURL() string { return fmt.Sprintf("ws://127.0.0.1:%d/auth", c.port) }

// shared are the programs that many tests use, each started by the first.
var shared struct {
	mu       sync.Mutex
	plain    *crossbar
	queueing *crossbar
	foxWamp  *foxWamp
	programs map[string]*program
}

// router returns the shared node. Tests keep apart by the names they use.
func router(t *testing.T) *crossbar {
	t.Helper()
	return sharedCrossbar(t, &shared.plain, "")
}

// queueingRouter returns the shared node with a call queue of its own.
func queueingRouter(t *testing.T) *crossbar {
	t.Helper()
	return sharedCrossbar(t, &shared.queueing, queueStore)
}

func sharedCrossbar(t *testing.T, c **crossbar, realmOptions string) *crossbar {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if *c == nil {
		node, err := startCrossbar(realmOptions)
		if err != nil {
			t.Fatal(err)
		}
		*c = node
	}
	return *c
}

func stopShared() {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	for _, p := range shared.programs {
		p.process.kill()
	}
	for _, c := range []*crossbar{shared.plain, shared.queueing} {
		if c != nil {
			c.stop()
		}
	}
	if shared.foxWamp != nil {
		shared.foxWamp.process.kill()
	}
}
