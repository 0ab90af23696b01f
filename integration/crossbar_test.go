package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// crossbar is a running Crossbar.io node with one realm, realm1. Path /ws takes
// anybody as role anonymous, which may do everything; path /auth has all logins,
// and /cookie knows a browser again by its cookie.
type crossbar struct {
	dir     string
	port    int
	process *process
}

// roles, and who has them by which login: backend is wampool's own, service may
// register as well, frontend may not. Everybody's secret is their name and
// "-secret", those of wampool's several names "wampool-secret"; for cryptosign
// see keys. The derived keys of SCRAM were made by Autobahn|Python, and those of
// wampool-pbkdf2, for which it has no function, by Python's own library.
const crossbarConfig = `{
  "version": 2,
  "workers": [{
    "type": "router",
    "realms": [{
      "name": "realm1", %s
      "roles": [
        {"name": "anonymous", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]},
        {"name": "backend", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]},
        {"name": "service", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]},
        {"name": "frontend", "permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": false, "publish": true, "subscribe": true}}]}
      ]
    }],
    "transports": [{
      "type": "web",
      "endpoint": {"type": "tcp", "port": %d, "interface": "127.0.0.1"},
      "paths": {
        "ws": {"type": "websocket", "auth": {"anonymous": {"type": "static", "role": "anonymous"}}},
        "auth": {"type": "websocket", "auth": {
          "anonymous": {"type": "static", "role": "anonymous"},
          "ticket": {"type": "static", "principals": {
            "wampool": {"ticket": "wampool-secret", "role": "backend"},
            "worker": {"ticket": "worker-secret", "role": "backend"},
            "guest": {"ticket": "guest-secret", "role": "frontend"}
          }},
          "wampcra": {"type": "static", "users": {
            "wampool": {"secret": "wampool-secret", "role": "backend"},
            "wampool-salted": {"secret": "wampool-secret", "salt": "wampool-salt", "iterations": 1000, "keylen": 32, "role": "backend"},
            "sue": {"secret": "sue-secret", "salt": "sue-salt", "iterations": 1000, "keylen": 32, "role": "service"},
            "joe": {"secret": "joe-secret", "role": "service"}
          }},
          "scram": {"type": "static", "principals": {
            "wampool": {"role": "backend", "kdf": "argon2id-13", "memory": 512, "iterations": 4096, "salt": "73616c74206f662077616d706f6f6c2e",
              "stored-key": "83f0780af17825577506ca4a6bb24dce6bce28a008583ea257d4d38ba4c6e0fc",
              "server-key": "677e510b2dacd4e113f78c1f58883efbd7c7a32edb281e6ea6cb914b6be0e70c"},
            "wampool-pbkdf2": {"role": "backend", "kdf": "pbkdf2", "memory": 0, "iterations": 4096, "salt": "73616c74206f662077616d706f6f6c2e",
              "stored-key": "f977151e7dc7078ad77858d8a2e375cf9e88402276fab3f3b4b83b51881c88a7",
              "server-key": "64f9c2fc5a5e71856a9e29f5f21cf3f552090f846549a95d2222ac1c5e25ba69"},
            "sam": {"role": "service", "kdf": "argon2id-13", "memory": 512, "iterations": 4096, "salt": "73616c74206f662073616d2c2031362e",
              "stored-key": "f89bbb7e7da707477fb91f3b3c75065e7c4229fcf6162defd75a40693a4e03bd",
              "server-key": "dffd223e33f194bec0646c9c13fcabd8f3f2cb692638c14c142e3285912a5aca"}
          }},
          "cryptosign": {"type": "static", "principals": {
            "wampool": {"role": "backend", "authorized_keys": ["c853ad0f0cd2b619aea92ceec4fd56a24d6499d584ce79257e45cfd8139b60a7"]},
            "kim": {"role": "service", "authorized_keys": ["8320a51977d8c38ca8a4927c670df5821e449761945e15e9efb26a1509d230ea"]}
          }}
        }},
        "cookie": {"type": "websocket", "cookie": {"store": {"type": "memory"}}, "auth": {
          "cookie": {},
          "ticket": {"type": "static", "principals": {
            "wampool": {"ticket": "wampool-secret", "role": "backend"},
            "guest": {"ticket": "guest-secret", "role": "frontend"}
          }}
        }}
      }
    }]
  }]
}`

// keys are the private keys of cryptosign.
var keys = map[string]string{"wampool": strings.Repeat("77", 32), "kim": strings.Repeat("6b", 32)}

// queueStore makes Crossbar.io's own call queue work.
const queueStore = `"store": {"type": "memory", "limit": 1000, "call-queue": [{"uri": "com.example.", "match": "prefix", "limit": 2}]},`

func startCrossbar(realmOptions string) (*crossbar, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	return startNode(fmt.Sprintf(crossbarConfig, realmOptions, port), port)
}

// startNode starts a node with that configuration, in which it listens on that
// port.
func startNode(config string, port int) (*crossbar, error) {
	dir, err := os.MkdirTemp(temporary, "crossbar-")
	if err != nil {
		return nil, err
	}
	c := &crossbar{dir: dir, port: port}
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

func (c *crossbar) name() string      { return "Crossbar.io" }
func (c *crossbar) joining() args     { return nil } // it speaks what each client offers
func (c *crossbar) url() string       { return fmt.Sprintf("ws://127.0.0.1:%d/ws", c.port) }
func (c *crossbar) authURL() string   { return fmt.Sprintf("ws://127.0.0.1:%d/auth", c.port) }
func (c *crossbar) cookieURL() string { return fmt.Sprintf("ws://127.0.0.1:%d/cookie", c.port) }

// shared are the programs that many tests use, each started by the first.
var shared struct {
	mu       sync.Mutex
	plain    *crossbar
	queueing *crossbar
	shipped  *crossbar
	foxWamp  *foxWamp
	small    map[string]*smallRouter
	programs map[string]*program
}

// router returns the shared node. Tests keep apart by the names they use.
func router(t *testing.T) *crossbar {
	t.Helper()
	return sharedCrossbar(t, &shared.plain, func() (*crossbar, error) { return startCrossbar("") })
}

// queueingRouter returns the shared node with a call queue of its own.
func queueingRouter(t *testing.T) *crossbar {
	t.Helper()
	return sharedCrossbar(t, &shared.queueing, func() (*crossbar, error) { return startCrossbar(queueStore) })
}

func sharedCrossbar(t *testing.T, c **crossbar, start func() (*crossbar, error)) *crossbar {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if *c == nil {
		node, err := start()
		if err != nil {
			giveUp(err)
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
	for _, c := range []*crossbar{shared.plain, shared.queueing, shared.shipped} {
		if c != nil {
			c.stop()
		}
	}
	if shared.foxWamp != nil {
		shared.foxWamp.process.kill()
	}
	for _, r := range shared.small {
		r.process.kill()
	}
}
