package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wampool/wampool/proxy"
	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

// steered is a program by a file, with an admin socket.
type steered struct {
	*realProgram
	file, format string
	router       string // its URL
}

func startSteered(t *testing.T, pool string, env ...string) *steered {
	t.Helper()
	dir := t.TempDir()
	s := &steered{file: filepath.Join(dir, "wampool.hcl"), router: tryouttest.StartRouter(t).URL()}
	s.format = fmt.Sprintf("router {\n url = %q\n}\nlisten \"ws://127.0.0.1:0/ws\" {}\nadmin {\n address = %q\n}\nrealm \"realm1\" {\n%%s\n}\n%%s",
		s.router, "unix://"+filepath.Join(dir, "admin.sock"))
	s.write(t, pool, "")
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		t.Setenv(name, value)
	}
	s.realProgram = startProgram(t, "run", "-c", s.file)
	return s
}

func (s *steered) write(t *testing.T, pool, more string) {
	t.Helper()
	if err := os.WriteFile(s.file, fmt.Appendf(nil, s.format, pool, more), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *steered) address() string {
	var line struct{ Address string }
	if err := json.Unmarshal([]byte(s.waitFor(`"message":"listening"`)), &line); err != nil {
		s.t.Fatal(err)
	}
	return line.Address
}

// do runs a command about it.
func (s *steered) do(args ...string) (code int, out, errs string) { //nolint:unparam // as it is
	return command(append(args, "-c", s.file)...)
}

// command runs one command in this process.
func command(args ...string) (code int, out, errs string) {
	var stdout, stderr strings.Builder
	code = execute(args, streams{in: strings.NewReader(""), out: &stdout, err: &stderr, signals: func() <-chan os.Signal { return nil }})
	return code, stdout.String(), stderr.String()
}

// What people steer with: each command, by the same file, and for programs.
func TestSteering(t *testing.T) {
	s := startSteered(t, "pool \"com.example.work\" {\n queue {}\n}")
	url := s.address()
	s.waitFor("pool session up")
	callee := tryouttest.Join(t, url, client.Options{})
	if _, err := callee.Register(t.Context(), "com.example.work", nil, nil); err != nil {
		t.Fatal(err)
	}
	expect := func(want string, args ...string) {
		t.Helper()
		if code, out, errs := s.do(args...); code != exitClean || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d, %q, %q, want %q", args, code, out, errs, want)
		}
	}
	expect("nothing has changed", "reload")
	s.write(t, "pool \"com.example.work\" {\n concurrency = 3\n}", "log {\n level = \"debug\"\n}")
	expect("changed: log.level\nchanged: realm \"realm1\": pool \"com.example.work\" (exact)\n", "reload")
	expect("gets no new call; 0 in flight", "drain", "127.0.0.1")
	expect("gets calls again", "undrain", "127.0.0.1")
	expect("pool com.example.work of realm realm1: not registered at the router; 0 calls wait, 0 run", "drain", "--pool", "com.example.work", "--wait", "25s")
	expect("drained", "pools")
	expect("pool com.example.work of realm realm1: served here again", "undrain", "--pool", "com.example.work")
	expect("all pools: not registered at the router; 0 calls wait, 0 run", "drain", "--all", "--wait", "25s")
	if code, out, errs := s.do("health", "--ready"); code != exitFailure || !strings.Contains(out+errs, "was drained") {
		t.Errorf("health: exit code %d, %q, %q", code, out, errs)
	}
	expect("all pools: served here again", "undrain", "--all")
	expect("pool com.example.work of realm realm1 is paused; 0 calls wait", "pause", "com.example.work")
	code, out, _ := s.do("resume", "com.example.work", "--json")
	var resumed proxy.Paused
	if err := json.Unmarshal([]byte(out), &resumed); code != exitClean || err != nil || resumed.IsPaused || resumed.Pool != "com.example.work" {
		t.Errorf("resume: exit code %d, %q, %v", code, out, err)
	}
	for want, args := range map[string][]string{
		"no callee of a pool is called": {"drain", "nobody"},
		"there is no pool":              {"pause", "com.example.none"},
		"drain needs one NAME":          {"drain"},
		"undrain needs one NAME":        {"undrain", "joe", "--all"},
		"--goodbye is of a callee":      {"drain", "--all", "--goodbye"},
		"--realm is of --pool":          {"drain", "joe", "--realm", "realm1"},
		"--wait and --at-least must":    {"drain", "--all", "--wait", "2h"},
	} {
		if code, _, errs := s.do(args...); code == exitClean || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d, %q, want %q", args, code, errs, want)
		}
	}
	address := "unix://" + filepath.Join(filepath.Dir(s.file), "admin.sock")
	s.write(t, "pool \"com.example.work\" {\n concurency = 3\n}", "")
	if code, _, errs := command("reload", "--address", address); code != exitFailure || !strings.Contains(errs, `"concurency"`) {
		t.Errorf("a file with a mistake: exit code %d, %q", code, errs)
	}
	s.stops()
}

// SIGHUP reloads, and the log tells what came of it.
func TestHangupReloads(t *testing.T) {
	s := startSteered(t, "")
	s.address()
	s.waitFor("pool session up")
	s.write(t, "", "drain_timeout = \"1s\"")
	for range 2 {
		if err := s.process.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if line := s.waitFor("configuration reloaded"); !strings.Contains(line, `"changed"`) {
			t.Errorf("the log says %s", line)
		}
	}
	s.write(t, "", "drain_timeout = 1")
	if err := s.process.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.waitFor("configuration not reloaded")
	s.stops()
}
