package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

// A sidecar says how it is to its own program, by its configuration or address.
func TestHealth(t *testing.T) {
	r := tryouttest.StartRouter(t)
	p := begin(t, "run", "-c", writeFile(t, `router { url = "`+r.URL()+`" }
listen "ws://127.0.0.1:0/ws" {}
limits { connections = 10 }
realm "realm1" {}
admin { address = "0.0.0.0:0" }
log { format = "json" }
`))
	p.waitFor("pool session up")
	p.waitFor("admin listening")
	var address string
	for line := range strings.Lines(p.err.String()) {
		var entry struct{ Message, Address string }
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Message == "admin listening" {
			address = strings.TrimPrefix(entry.Address, "http://")
		}
	}
	port := regexp.MustCompile(`\d+$`).FindString(address)
	file := writeFile(t, `router { url = "`+r.URL()+`" }
listen "ws://127.0.0.1:1/ws" {}
admin { address = "0.0.0.0:`+port+`" }
`)
	for _, args := range [][]string{
		{"health", "-c", file}, {"health", "--address", "127.0.0.1:" + port},
	} {
		if code, out, err := runToEnd(t, args...); code != exitClean || out != "ok\n" || err != "" {
			t.Errorf("%q: exit code %d, output %q, errors %q", args, code, out, err)
		}
	}
	if code, out, err := runToEnd(t, "health", "--ready", "-c", file); code != exitClean || out != "ready\n" || err != "" {
		t.Errorf("ready: exit code %d, output %q, errors %q", code, out, err)
	}
	p.signals <- syscall.SIGINT
	if code := p.wait(); code != exitClean {
		t.Errorf("exit code %d:\n%s", code, p.err)
	}
	if code, out, err := runToEnd(t, "health", "-c", file); code != exitFailure || out != "" || !strings.Contains(err, "connection refused") {
		t.Errorf("stopped: exit code %d, output %q, errors %q", code, out, err)
	}
	without := writeFile(t, `router { url = "ws://127.0.0.1:8080/ws" }
listen "ws://127.0.0.1:9000/ws" {}
`)
	if code, _, err := runToEnd(t, "health", "-c", without); code != exitUsage || !strings.Contains(err, "has no admin block") {
		t.Errorf("no admin block: exit code %d, errors %q", code, err)
	}
}
