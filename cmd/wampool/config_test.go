package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const configured = `router { url = "ws://127.0.0.1:8080/ws" }
listen "ws://127.0.0.1:9000/ws" {}
limits { connections = 10 }
realm "realm1" {
  auth {
    method = "ticket"
    authid = "wampool"
    secret = "hunter2"
  }
}
`

func TestConfigPrintsWhatIsInForce(t *testing.T) {
	file := writeFile(t, configured)
	code, out, err := runToEnd(t, "config", "-c", file)
	if code != exitClean || err != "" || strings.Contains(out, "hunter2") || !strings.Contains(out, `ping_interval           = "10s"`) {
		t.Errorf("exit code %d, errors %q, output\n%s", code, err, out)
	}
	if code, checked, err := runToEnd(t, "check", writeFile(t, out)); code != exitClean || !strings.HasSuffix(checked, "ok: 1 realm, 0 pools\n") {
		t.Errorf("what is printed is not accepted: exit code %d, errors %q", code, err)
	}
	code, out, err = runToEnd(t, "config", "--json", "-c", file)
	var told struct {
		Limits map[string]any
		Realm  map[string]struct{ Auth map[string]string }
	}
	if code != exitClean || err != "" || json.Unmarshal([]byte(out), &told) != nil || told.Limits["connections"] != 10.0 || told.Realm["realm1"].Auth["secret"] != "(redacted)" {
		t.Errorf("exit code %d, errors %q, output\n%s", code, err, out)
	}
	if code, out, err := runToEnd(t, "config", "-c", writeFile(t, "router {}")); code != exitUsage || out != "" || !strings.Contains(err, "a listen block is missing") {
		t.Errorf("exit code %d, output %q, errors %q", code, out, err)
	}
}

func TestFmt(t *testing.T) {
	good := writeFile(t, configured)
	dir := filepath.Dir(good)
	other, bad := filepath.Join(dir, "other.hcl"), filepath.Join(dir, "wrong.hcl")
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	wantText := func(file, want string) {
		t.Helper()
		if text, err := os.ReadFile(file); err != nil || string(text) != want {
			t.Errorf("%s holds %q (%v)", file, text, err)
		}
	}
	const crooked, straight = "a=1 # one\nlong  =  2\n", "a    = 1 # one\nlong = 2\n"
	write(other, crooked)
	if code, out, err := runToEnd(t, "fmt", "--check", dir); code != exitFailure || out != other+"\n" || err != "" {
		t.Errorf("check: exit code %d, output %q, errors %q", code, out, err)
	}
	wantText(other, crooked)
	write(bad, "a = [\n")
	write(filepath.Join(dir, "a.hcl.json"), "{ }")
	if code, out, err := runToEnd(t, "fmt", dir); code != exitUsage || out != other+"\n" || !strings.HasPrefix(err, bad+":") {
		t.Errorf("exit code %d, output %q, errors %q", code, out, err)
	}
	wantText(other, straight)
	wantText(bad, "a = [\n")
	if info, err := os.Stat(other); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode is %v (%v)", info.Mode(), err)
	}
	if code, out, err := runToEnd(t, "fmt", "--check", good, other); code != exitClean || out != "" || err != "" {
		t.Errorf("check: exit code %d, output %q, errors %q", code, out, err)
	}
	if code, out, err := runToEnd(t, "fmt", filepath.Join(dir, "nowhere.hcl")); code != exitUsage || out != "" || !strings.Contains(err, "nowhere.hcl: no such file") {
		t.Errorf("exit code %d, output %q, errors %q", code, out, err)
	}
	for args, want := range map[string]struct {
		code int
		out  string
	}{"fmt -": {exitClean, straight}, "fmt --check -": {exitFailure, ""}} {
		var out, err bytes.Buffer
		code := execute(strings.Fields(args), streams{in: strings.NewReader(crooked), out: &out, err: &err})
		if code != want.code || out.String() != want.out || err.Len() > 0 {
			t.Errorf("%s: exit code %d, output %q, errors %q", args, code, &out, &err)
		}
	}
}
