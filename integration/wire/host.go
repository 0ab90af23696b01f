package wire

import (
	"fmt"
	"net/netip"
	"os"
)

// Host is a machine of its own as far as the network goes: a network namespace
// whose one interface, beside its loopback, is a TUN device. It ends with this
// program.
type Host struct {
	Name    string
	Address netip.Addr
	tun     *os.File // the packets that it sends, and those for it
	work    chan func()
	thread  int // that is in it
}

// Enter are the words that bring a command to the host.
func (h *Host) Enter() []string {
	return []string{"nsenter", fmt.Sprintf("--net=/proc/%d/task/%d/ns/net", os.Getpid(), h.thread), "--"}
}

// Close ends the host, once nothing runs there any more.
func (h *Host) Close() {
	close(h.work)
	_ = h.tun.Close()
}

// Within runs a function on the host's thread.
func (h *Host) Within(do func()) {
	done := make(chan struct{})
	h.work <- func() {
		defer close(done)
		do()
	}
	<-done
}
