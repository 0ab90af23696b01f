//go:build !race

package connections

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"

	"github.com/wampool/wampool/cmd/wampool/bench"
	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport/authority"
)

// abused is a wampool with tight limits, a pool at work, and clients that abuse it.
type abused struct {
	*harness.Wampool
	router      string
	webSocket   string // host and port
	rawSocket   string
	secure      string
	connections int
}

// mostMemory is what the program may take beyond what it took before, in MiB,
// whatever its clients do: limits.memory below, and as much again for the garbage
// that is not collected yet. The race detector would take several times that.
const mostMemory = 160

func startAbused(t *testing.T) *abused {
	t.Helper()
	c := harness.SharedCrossbar(t)
	cert, key := authority.New(t, "CA").Issue("server")
	w := harness.LaunchConfig(t, fmt.Sprintf(`
		router { url = %q }
		listen "ws://127.0.0.1:0/ws" {}
		listen "rs://127.0.0.1:0" {}
		listen "wss://127.0.0.1:0/ws" {
			tls {
				cert_file = %q
				key_file = %q
			}
		}
		limits {
			connections = 300
			message_bytes = "1MiB"
			send_buffer = "256KiB"
			handshake_timeout = "2s"
			memory = "64MiB"
			ping_interval = "5s"
			ping_timeout = "10s"
		}
		realm "realm1" {
			pool "com.example.abused" { concurrency = 64 }
		}
		drain_timeout = "1s"`, c.URL(), cert, key))
	a := &abused{Wampool: w, router: c.URL(), connections: 300}
	urls := w.Addresses()
	for scheme, host := range map[string]*string{"ws": &a.webSocket, "rs": &a.rawSocket, "wss": &a.secure} {
		u, err := url.Parse(urls[scheme])
		if err != nil {
			t.Fatal(err)
		}
		*host = u.Host
	}
	return a
}

// memory returns what the program takes now, in MiB, and the most that it has
// taken since the last time, where the system tells.
func (a *abused) memory() (now, peak int, known bool) {
	pid := a.Process.PID()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, false
	}
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, "VmHWM: %d kB", &peak)
		_, _ = fmt.Sscanf(line, "VmRSS: %d kB", &now)
	}
	return now / 1024, peak / 1024, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0) == nil
}

// dial connects, and the connection ends with the test.
func (a *abused) dial(t *testing.T, host string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(harness.Patience))
	return conn
}

// TestAbuse has clients abuse the program as they can. Each is closed with a
// reason, memory stays bounded, and a pool beside them loses no call.
func TestAbuse(t *testing.T) {
	a := startAbused(t)
	callees, err := bench.Register(t.Context(),
		bench.Target{URL: a.URL, Realm: "realm1", Serializer: codec.CBOR}, bench.CalleeOptions{Callees: 2, Procedure: "com.example.abused", Invoke: "roundrobin"})
	if err != nil {
		t.Fatal(err)
	}
	defer callees.Close()
	callers, err := bench.Dial(t.Context(),
		bench.Target{URL: a.router, Realm: "realm1", Serializer: codec.JSON}, bench.CallerOptions{Callers: 2, Procedure: "com.example.abused", Payload: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer callers.Close()
	for _, abuse := range abuses {
		t.Run(abuse.name, func(t *testing.T) {
			before, _, _ := a.memory()
			ctx, cancel := context.WithCancel(t.Context())
			calls := make(chan *bench.Result, 1)
			go func() {
				result, err := callers.KeepInFlight(ctx, 8)
				if err != nil {
					t.Error(err)
				}
				calls <- result
			}()
			abuse.do(t, a)
			cancel()
			result := <-calls
			if result.Answered == 0 || result.Sent != result.Answered {
				t.Errorf("%d calls of the pool sent meanwhile, %d answered, errors %v", result.Sent, result.Answered, result.Errors)
			}
			_, peak, known := a.memory()
			t.Logf("%d calls answered meanwhile; memory %d MiB before, %d MiB at most", result.Answered, before, peak)
			if known && peak > before+mostMemory {
				t.Errorf("memory grew from %d to %d MiB", before, peak)
			}
		})
	}
}
