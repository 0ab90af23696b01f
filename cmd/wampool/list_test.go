package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answers is an admin listener that says one thing at each path.
func answers(t *testing.T, by map[string]string) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, is := by[r.URL.Path]
		if !is {
			w.WriteHeader(http.StatusNotFound)
			text = `{"error":"there is nothing"}`
		}
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

const somePools = `{"pools":[{"realm":"realm1","match":"prefix","procedure":"com.example.","pool":"prefix:com.example.","policy":"least","live":false,"paused":true,
	"queue":{"waiting":3,"limit":10,"oldest_seconds":1.25},"slots":4,"slots_taken":4,
	"callees":[{"session":7,"authid":"\u001b[31mworker\n","address":"127.0.0.1:5","slots_taken":4,"slots":4,"draining":true,"dispatched":12}]}]}`

const someSessions = `{"sessions":[{"session":7,"realm":"realm1","authid":"worker","authrole":"backend","address":"127.0.0.1:5","transport":"ws","serializer":"cbor",
	"age_seconds":61,"pools":[{"pool":"com.example.p","registration":1}],"not_pooled":[{"procedure":"com.example.q","why":"plain","text":"it registered plainly"}]}],
	"pool_sessions":[{"realm":"realm1","serializer":"cbor","up":true,"session":9,"registrations":2},{"realm":"realm2","up":false,"why":"the router is not there"}]}`

func TestLists(t *testing.T) {
	address := answers(t, map[string]string{"/api/v1/pools": somePools, "/api/v1/sessions": someSessions})
	for _, test := range []struct {
		command string
		want    []string
	}{
		{"pools", []string{
			"prefix:com.example.  realm1  least   1        4 of 4       3 of 10  1.25s   paused, not registered at the router\n",
			"·[31mworker·  7        prefix:com.example.  4 of 4       12     127.0.0.1:5  -       draining\n",
		}},
		{"sessions", []string{
			"7        worker          backend  realm1  ws cbor  127.0.0.1:5  -       1m1s  com.example.p\n",
			"9        (pool session)  -        realm1  cbor     -            -       -     up: 2 registrations\n",
			"down: the router is not there\n", "com.example.q  7        it registered plainly\n",
		}},
	} {
		code, out, errs := runToEnd(t, test.command, "--address", address)
		for _, want := range test.want {
			if code != exitClean || !strings.Contains(out, want) {
				t.Errorf("%s: exit code %d, %q, lacks %q in\n%s", test.command, code, errs, want, out)
			}
		}
		code, out, _ = runToEnd(t, test.command, "--address", address, "--json")
		if code != exitClean || !json.Valid([]byte(out)) || !strings.Contains(out, "realm1") {
			t.Errorf("%s --json: exit code %d\n%s", test.command, code, out)
		}
	}
}

func TestListsOfNothing(t *testing.T) {
	address := answers(t, map[string]string{"/api/v1/pools": `{"pools":[]}`})
	if code, out, _ := runToEnd(t, "pools", "--address", address); code != exitClean || out != "no pools: one opens with its first callee\n" {
		t.Errorf("exit code %d, %q", code, out)
	}
	if code, _, errs := runToEnd(t, "sessions", "--address", address); code != exitFailure || !strings.Contains(errs, "there is nothing") {
		t.Errorf("exit code %d, %q", code, errs)
	}
	if code, _, errs := runToEnd(t, "top", "--address", "127.0.0.1:1", "--times", "1"); code != exitFailure || !strings.Contains(errs, "can't be asked") {
		t.Errorf("exit code %d, %q", code, errs)
	}
	if code, _, errs := runToEnd(t, "top"); code != exitUsage || !strings.Contains(errs, "top needs -c FILE or --address ADDRESS") {
		t.Errorf("exit code %d, %q", code, errs)
	}
}
