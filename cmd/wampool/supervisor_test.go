package main

import (
	"net"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
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
