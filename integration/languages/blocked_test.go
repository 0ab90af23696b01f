package languages

import (
	"fmt"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// impatient drops a client soon that does not answer pings.
const impatient = `
	router { url = %q }
	listen "ws://127.0.0.1:0/ws" {}
	realm "realm1" {}
	limits {
		` + harness.Unhurried + `
		ping_interval = "500ms"
		ping_timeout  = "2s"
	}
	drain_timeout = "30s"`

// A worker that has one thread answers no ping while it runs a call. It stays,
// whether it is in a pool or not, and its result comes.
func TestBlockedWorkerStays(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := harness.LaunchConfig(t, fmt.Sprintf(impatient, c.URL()))
	w.Process.Await(t, "pool session up")
	for name, options := range map[string]harness.Args{"pooled": {"invoke": "roundrobin"}, "plain": {}} {
		t.Run(name, func(t *testing.T) {
			for _, framework := range []string{"twisted", "asyncio"} {
				t.Run(framework, func(t *testing.T) {
					t.Parallel() // most of it is waiting
					p := harness.OwnLibrary(t, framework)
					defer p.Process.Kill()
					worker := p.Join(t, w.URL, nil)
					procedure := "com.example.frozen." + name + "." + framework
					worker.Do("register", harness.Args{
						"procedure": procedure, "behaviour": "freeze", "seconds": 5, "options": options,
					}).OK(t)
					caller := harness.Library(t, framework).Join(t, c.URL(), nil)
					first, second := caller.Call(procedure, 1), caller.Call(procedure, 2)
					if got := string(first.OK(t)); got != "1" {
						t.Errorf("call 1 returns %s", got)
					}
					if got := string(second.OK(t)); got != "2" {
						t.Errorf("call 2 returns %s", got)
					}
				})
			}
		})
	}
}
