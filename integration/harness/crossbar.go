package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Crossbar is a running Crossbar.io node with one realm, realm1. Path /ws takes
// anybody as role anonymous, which may do everything; path /auth has all logins,
// and /cookie knows a browser again by its cookie.
type Crossbar struct {
	Dir     string
	Port    int
	host    Host
	process *Process
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

// Keys are the private keys of cryptosign.
var Keys = map[string]string{"wampool": strings.Repeat("77", 32), "kim": strings.Repeat("6b", 32)}

// queueStore makes Crossbar.io's own call queue work.
const queueStore = `"store": {"type": "memory", "limit": 1000, "call-queue": [{"uri": "com.example.", "match": "prefix", "limit": 2}]},`

// OwnCrossbar starts a node for one test alone.
func OwnCrossbar(t *testing.T) *Crossbar {
	t.Helper()
	c, err := startCrossbar("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	return c
}

func startCrossbar(realmOptions string) (*Crossbar, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	return StartNode(fmt.Sprintf(crossbarConfig, realmOptions, port), port)
}

// OwnNode starts a node of that configuration for one test alone.
func OwnNode(t *testing.T, config string) *Crossbar {
	t.Helper()
	c, err := StartNode(config, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	return c
}

// StartNode starts a node with that configuration, in which it listens on that
// port.
func StartNode(config string, port int) (*Crossbar, error) { return startNode(nil, config, port) }

func startNode(on Host, config string, port int) (*Crossbar, error) {
	dir, err := os.MkdirTemp(temporary, "crossbar-")
	if err != nil {
		return nil, err
	}
	c := &Crossbar{Dir: dir, Port: port, host: on}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	if err := c.start(); err != nil {
		c.stop()
		return nil, err
	}
	return c, nil
}

func (c *Crossbar) start() (err error) {
	_ = os.Remove(filepath.Join(c.Dir, "node.pid"))
	if c.process, err = start("crossbar", c.Dir, nil, c.host.command(Path(".venv/bin/crossbar"), "start", "--cbdir", c.Dir)...); err != nil {
		return err
	}
	_, err = c.process.waitLine(0, "NODE_BOOT_COMPLETE")
	return err
}

// StartAgain is a method of [Router].
func (c *Crossbar) StartAgain(t *testing.T) {
	t.Helper()
	if err := c.start(); err != nil {
		t.Fatal(err)
	}
}

// Kill is a method of [Router].
func (c *Crossbar) Kill() { c.process.Kill() }

func (c *Crossbar) stop() {
	if c.process != nil {
		c.Kill()
	}
	_ = os.RemoveAll(c.Dir)
}

// Name is a method of [Router].
func (c *Crossbar) Name() string { return "Crossbar.io" }

// Joining is a method of [Router]: it speaks what each client offers.
func (c *Crossbar) Joining() Args { return nil }

// URL is a method of [Router].
func (c *Crossbar) URL() string { return fmt.Sprintf("ws://127.0.0.1:%d/ws", c.Port) }

// AuthURL has all logins.
func (c *Crossbar) AuthURL() string { return fmt.Sprintf("ws://127.0.0.1:%d/auth", c.Port) }

// CookieURL knows a browser again by its cookie.
func (c *Crossbar) CookieURL() string { return fmt.Sprintf("ws://127.0.0.1:%d/cookie", c.Port) }

// SharedCrossbar returns the package's own node. Tests keep apart by the names
// they use.
func SharedCrossbar(t *testing.T) *Crossbar {
	t.Helper()
	return SharedNode(t, "plain", func() (*Crossbar, error) { return startCrossbar("") })
}

// SharedQueueingCrossbar returns the package's own node with a call queue of its own.
func SharedQueueingCrossbar(t *testing.T) *Crossbar {
	t.Helper()
	return SharedNode(t, "queueing", func() (*Crossbar, error) { return startCrossbar(queueStore) })
}

// SharedNode returns the package's node of that name, which the first who asks
// for it starts.
func SharedNode(t *testing.T, name string, start func() (*Crossbar, error)) *Crossbar {
	t.Helper()
	return sharedRouter("Crossbar.io, "+name, start)
}
