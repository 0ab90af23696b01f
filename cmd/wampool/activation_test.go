package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

// handed is a socket that a supervisor listens on, under the name that it has for it.
type handed struct {
	name, address string
	file          *os.File
}

// hand opens a socket as a supervisor does.
func hand(t *testing.T, name, network, address string) handed {
	t.Helper()
	socket, err := net.Listen(network, address) //nolint:noctx // a test's own
	if err != nil {
		t.Fatal(err)
	}
	file, err := socket.(interface{ File() (*os.File, error) }).File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close(); _ = socket.Close() })
	return handed{name, socket.Addr().String(), file}
}

// activate starts the program with sockets, as systemd does.
func activate(t *testing.T, sockets []handed, args string) *realProgram {
	t.Helper()
	var files []*os.File
	var names []string
	for _, s := range sockets {
		files, names = append(files, s.file), append(names, s.name)
	}
	// The one who execs has to name its own process.
	script := fmt.Sprintf("LISTEN_PID=$$ LISTEN_FDS=%d LISTEN_FDNAMES='%s' exec %s %s", len(files), strings.Join(names, ":"), os.Args[0], args)
	return startProgramBy(t, func(command *exec.Cmd) { command.ExtraFiles = files }, "/bin/sh", "-c", script)
}

// told returns a field of the next line of the log with a text.
func (p *realProgram) told(text, field string) string {
	p.t.Helper()
	line := map[string]any{}
	if err := json.Unmarshal([]byte(p.waitFor(text)), &line); err != nil {
		p.t.Fatal(err)
	}
	return fmt.Sprint(line[field])
}

// A socket that is handed over without a name of its own is the listener at its address,
// and another one is closed with a word.
func TestSocketActivation(t *testing.T) {
	r := tryouttest.StartRouter(t)
	other, own := hand(t, "wampool.socket", "tcp", "127.0.0.1:0"), hand(t, "wampool.socket", "tcp", "127.0.0.1:0")
	p := activate(t, []handed{other, own}, fmt.Sprintf("run --router %s --listen ws://%s/ws", r.URL(), own.address))
	if address := p.told("a socket was handed over", "address"); address != other.address {
		t.Errorf("%s is closed, want %s", address, other.address)
	}
	p.waitFor("pool session up")
	tryouttest.Join(t, "ws://"+own.address+"/ws", client.Options{})
	p.stops()
}

// One with a name is that listener's, wherever it is, and no other's, though that is
// at its address. The admin listener's may be a Unix socket or not.
func TestSocketsByName(t *testing.T) {
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			dir := t.TempDir()
			r := tryouttest.StartRouter(t)
			at, configured := filepath.Join(dir, "admin.sock"), "unix://"+filepath.Join(dir, "other.sock")
			if network == "tcp" {
				at, configured = "127.0.0.1:0", "127.0.0.1:0"
			}
			admin, web := hand(t, "admin", network, at), hand(t, "ws", "tcp", "127.0.0.1:0")
			raw, unix := hand(t, "rs-7", "tcp", "127.0.0.1:0"), hand(t, "unix", "unix", filepath.Join(dir, "wamp.sock"))
			file := filepath.Join(dir, "wampool.hcl")
			config := fmt.Sprintf("router {\n url = %q\n}\nlisten \"rs://127.0.0.1:0\" {}\nlisten \"rs://127.0.0.1:7\" {}\nlisten \"ws://127.0.0.1:8/ws\" {}\nlisten \"unix://%s/nowhere.sock\" {}\nadmin {\n address = %q\n}\nrealm \"realm1\" {}\n",
				r.URL(), dir, configured)
			if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			p := activate(t, []handed{admin, web, raw, unix}, "run -c "+file)
			for _, want := range []string{"", "rs://" + raw.address, "ws://" + web.address + "/ws", "unix://" + unix.address} {
				if got := p.told(`"message":"listening"`, "address"); want != "" && got != want {
					t.Errorf("it listens at %s, want %s", got, want)
				}
			}
			address := admin.address
			if network == "unix" {
				address = "unix://" + address
			}
			p.waitFor("pool session up")
			for _, url := range []string{"ws://" + web.address + "/ws", "rs://" + raw.address, "unix://" + unix.address} {
				tryouttest.Join(t, url, client.Options{})
			}
			if code, out, errs := command("sessions", "--address", address); code != exitClean || !strings.Contains(out, "rs ") {
				t.Errorf("the admin listener: exit code %d, %q, %q", code, out, errs)
			}
			want := exitClean // whoever may write to the socket may steer
			if network == "tcp" {
				want = exitFailure
			}
			if code, out, errs := command("drain", "--all", "--address", address); code != want {
				t.Errorf("drain: exit code %d, %q, %q", code, out, errs)
			}
			p.stops()
			if network == "unix" {
				if _, err := os.Lstat(admin.address); err != nil {
					t.Errorf("the supervisor's socket is gone with the program: %v", err)
				}
			}
		})
	}
}
