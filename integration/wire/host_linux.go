package wire

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// NewHost makes a host. Its thread stays in the namespace, and what is started
// there is in it too.
func NewHost(name string, address netip.Addr) (*Host, error) {
	h := &Host{Name: name, Address: address, work: make(chan func())}
	made := make(chan error)
	go func() { // ends with the program
		runtime.LockOSThread() // for good: the thread is of no use elsewhere
		err := h.enter()
		made <- err
		if err != nil {
			return
		}
		for do := range h.work {
			do()
		}
	}()
	if err := <-made; err != nil {
		return nil, fmt.Errorf("host %s: %w", name, err)
	}
	return h, nil
}

func (h *Host) enter() error {
	h.thread = unix.Gettid()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("a network namespace of its own: %w", err)
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("/dev/net/tun: %w", err)
	}
	device, err := unix.NewIfreq("wire")
	if err != nil {
		return err
	}
	device.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, device); err != nil {
		return fmt.Errorf("TUN device: %w", err)
	}
	h.tun = os.NewFile(uintptr(fd), "/dev/net/tun") // the runtime can't wait for one that has no device yet
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	for _, set := range []struct {
		request uint
		address netip.Addr
	}{{unix.SIOCSIFADDR, h.Address}, {unix.SIOCSIFNETMASK, netip.MustParseAddr("255.255.255.0")}} {
		address := set.address.As4()
		if err := device.SetInet4Addr(address[:]); err != nil {
			return err
		}
		if err := unix.IoctlIfreq(socket, set.request, device); err != nil {
			return fmt.Errorf("address of the TUN device: %w", err)
		}
	}
	for _, name := range []string{"wire", "lo"} {
		up, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		up.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
		if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, up); err != nil {
			return fmt.Errorf("interface %s: %w", name, err)
		}
	}
	return nil
}
