package harness

import (
	"errors"
	"math/rand/v2"
	"net"
	"testing"
)

// Programs that must be told a port get a random one below those that systems
// hand out themselves (from 32768, or 49152): no connection that is made
// meanwhile comes to have it, and hardly ever another package's program.
const firstPort, lastPort = 20000, 32000

// OwnPort returns a port of the loopback that nobody listens on.
func OwnPort(t *testing.T) int {
	t.Helper()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// FreePort is OwnPort outside a test.
func FreePort() (int, error) {
	var failures []error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err == nil {
			return port, l.Close()
		}
		failures = append(failures, err)
	}
	return 0, errors.Join(failures...)
}
