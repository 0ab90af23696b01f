package integration

import (
	"testing"
)

// impatient is what drops a client soon that does not answer pings.
const impatient = "limits {\n  ping_interval = \"500ms\"\n  ping_timeout = \"2s\"\n}\n"

// A worker that has one thread answers no ping while it runs a call. It stays,
// whether it is in a pool or not, and its result comes.
func TestBlockedWorkerStays(t *testing.T) {
	c := router(t)
	w := launch(t, c.url(), impatient+auto, "30s")
	if _, err := w.process.waitLine(0, "pool session up"); err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string]args{"pooled": {"invoke": "roundrobin"}, "plain": {}} {
		t.Run(name, func(t *testing.T) {
			for _, framework := range []string{"twisted", "asyncio"} {
				t.Run(framework, func(t *testing.T) {
					p := ownLibrary(t, framework)
					defer p.process.kill()
					worker := p.join(t, w.url, nil)
					procedure := "com.example.frozen." + name
					worker.do("register", args{
						"procedure": procedure, "behaviour": "freeze", "seconds": 5, "options": options,
					}).ok(t)
					caller := library(t, framework).join(t, c.url(), nil)
					first, second := caller.call(procedure, 1), caller.call(procedure, 2)
					if got := string(first.ok(t)); got != "1" {
						t.Errorf("call 1 returns %s", got)
					}
					if got := string(second.ok(t)); got != "2" {
						t.Errorf("call 2 returns %s", got)
					}
				})
			}
		})
	}
}
