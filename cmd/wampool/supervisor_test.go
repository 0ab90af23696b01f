package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wampool/wampool/proxy/tryout/client"
	"github.com/wampool/wampool/proxy/tryout/tryouttest"
)

// notified is a supervisor's end of NOTIFY_SOCKET.
type notified struct {
	t      *testing.T
	socket *net.UnixConn
}

func listenNotify(t *testing.T) (*notified, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	return &notified{t, socket}, path
}

// waitFor reads until somebody says this line, and returns all that came with it.
func (n *notified) waitFor(line string) []string {
	n.t.Helper()
	if err := n.socket.SetReadDeadline(time.Now().Add(patience)); err != nil {
		n.t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	for {
		size, err := n.socket.Read(buffer)
		if err != nil {
			n.t.Fatalf("nobody says %q: %v", line, err)
		}
		if lines := strings.Split(string(buffer[:size]), "\n"); slices.Contains(lines, line) {
			return lines
		}
	}
}

// systemd is told when the program is ready, alive, reloading and stopping.
func TestNotify(t *testing.T) {
	supervisor, path := listenNotify(t)
	s := startSteered(t, "", "NOTIFY_SOCKET="+path, "WATCHDOG_USEC=200000")
	supervisor.waitFor("READY=1")
	status := supervisor.waitFor("WATCHDOG=1")
	if !slices.ContainsFunc(status, func(line string) bool {
		return strings.HasPrefix(line, "STATUS=") && strings.Contains(line, "0 sessions, 0 pools")
	}) {
		t.Errorf("the status is %q", status)
	}
	s.waitFor("pool session up")
	if err := s.process.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	reloading := supervisor.waitFor("RELOADING=1")
	if !slices.ContainsFunc(reloading, func(line string) bool { return strings.HasPrefix(line, "MONOTONIC_USEC=") }) {
		t.Errorf("reloading is told by %q", reloading)
	}
	supervisor.waitFor("READY=1")
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	supervisor.waitFor("STOPPING=1")
	if err := <-s.ended; err != nil {
		t.Errorf("it ended by %v", err)
	}
}

// A socket that is handed over is the listener at its address, and another one is
// closed with a word.
func TestSocketActivation(t *testing.T) {
	r := tryouttest.StartRouter(t)
	var files []*os.File
	var address string
	for range 2 {
		socket, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a test's own
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = socket.Close() }()
		file, err := socket.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		files = append(files, file)
		address = socket.Addr().String()
	}
	// The one who execs has to name its own process.
	script := fmt.Sprintf("LISTEN_PID=$$ LISTEN_FDS=2 exec %s run --router %s --listen ws://%s/ws", os.Args[0], r.URL(), address)
	p := startProgramBy(t, func(command *exec.Cmd) { command.ExtraFiles = files }, "/bin/sh", "-c", script)
	p.waitFor("a socket was handed over")
	p.waitFor("pool session up")
	tryouttest.Join(t, "ws://"+address+"/ws", client.Options{})
	p.stops()
}
