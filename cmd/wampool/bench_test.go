package main

import (
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"github.com/wampool/wampool/cmd/wampool/bench"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

func TestBench(t *testing.T) {
	r := tryouttest.StartRouter(t)
	for _, serializer := range []string{"json", "msgpack", "cbor"} {
		code, out, err := runToEnd(t, "bench", "--caller", r.URL(), "--duration", "50ms", "--warmup", "0s", "--serializer", serializer, "--procedure", "com.example."+serializer, "--json")
		var result bench.Result
		if code != exitClean || json.Unmarshal([]byte(out), &result) != nil {
			t.Fatalf("exit code %d, output %q, errors %q", code, out, err)
		}
		if result.Sent == 0 || result.Sent != result.Answered || result.Callees.Calls != result.Sent {
			t.Errorf("%s", out)
		}
	}
}

func TestBenchEndsEarlyWithItsResult(t *testing.T) {
	r := tryouttest.StartRouter(t)
	p := begin(t, "bench", "--caller", r.URL(), "--duration", "1h", "--warmup", "0s")
	p.waitFor(" calls/s ")
	p.signals <- syscall.SIGINT
	if code := p.wait(); code != exitClean || !strings.Contains(p.out.String(), " calls sent = ") {
		t.Errorf("exit code %d, output %q, errors %q", code, p.out, p.err)
	}
}

func TestBenchEndsWithItsRouter(t *testing.T) {
	r := tryouttest.StartRouter(t)
	p := begin(t, "bench", "--caller", r.URL(), "--callers", "2", "--duration", "1h", "--warmup", "0s", "--json")
	p.waitFor(" calls/s ")
	r.Close()
	code := p.wait()
	if text := p.err.String(); code != exitFailure || !strings.Contains(text, "wampool: lost call") || !strings.Contains(text, " at "+r.URL()+": ") || strings.Contains(text, " -") {
		t.Errorf("exit code %d, errors %q", code, text)
	}
	var result bench.Result
	if err := json.Unmarshal([]byte(p.out.String()), &result); err != nil || result.Sent != result.Answered+result.Refused()+result.Lost {
		t.Errorf("%v, output %q", err, p.out)
	}
}

func TestBenchUsage(t *testing.T) {
	for args, text := range map[string]string{
		"bench": "--caller URL is needed",
		"bench --caller ws://127.0.0.1:1/ws --serializer xml":     "--serializer xml: it must be json, msgpack or cbor",
		"bench --caller ws://127.0.0.1:1/ws --callers 0":          "there must be a caller",
		"bench --caller ws://127.0.0.1:1/ws --authid joe":         "--authid and --ticket-env belong together",
		"bench --caller ws://h/ws --authid a --ticket-env ABSENT": "environment variable ABSENT is not set",
	} {
		if code, _, err := runToEnd(t, strings.Fields(args)...); code != exitUsage || !strings.Contains(err, text) {
			t.Errorf("%s: exit code %d, errors %q", args, code, err)
		}
	}
}
