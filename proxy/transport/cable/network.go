// Package cable is a network in memory, for tests: TCP as a program sees it,
// without sockets. Whoever waits for it does so on a [sync.Cond] or a timer, so
// that under testing/synctest time stands still while anybody has work left.
//
//	Network.Dial ─▶ End ═══ stream ══▶ End ◀─ Network.Listen, Accept
//	                    ◀══ stream ═══
//
// A direction can be stalled, delayed, delivered in pieces of any size, or cut at
// any byte: see [End].
package cable

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// Network is where listeners are found by their addresses. The zero value has none.
type Network struct {
	// Opened is told of each connection before either side has its end; nil: nobody
	// is. It must not block.
	Opened func(dialer, listener *End)

	mu        sync.Mutex
	listeners map[string]*listener
	port      int // the latest that was given out
}

// firstPort is the first that is given out, to listeners and dialers alike.
const firstPort = 20000

// Listen opens a listener at an IP address and port; port 0 stands for any free
// one. It has the form of [net.ListenConfig.Listen].
func (n *Network) Listen(_ context.Context, network, address string) (net.Listener, error) {
	at, err := net.ResolveTCPAddr(network, address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if at.Port == 0 {
		at.Port = n.nextPort()
	}
	if n.listeners[at.String()] != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: at, Err: syscall.EADDRINUSE}
	}
	if n.listeners == nil {
		n.listeners = make(map[string]*listener)
	}
	l := &listener{network: n, at: at}
	l.changed.L = &l.mu
	n.listeners[at.String()] = l
	return l, nil
}

// nextPort returns one that nobody has. mu is held.
func (n *Network) nextPort() int {
	n.port = max(n.port+1, firstPort)
	return n.port
}

// Dial opens a connection from 127.0.0.1 to a listener. It has the form of
// [net.Dialer.DialContext].
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.DialFrom(ctx, net.IPv4(127, 0, 0, 1), network, address)
}

// DialFrom is Dial from another IP address.
func (n *Network) DialFrom(ctx context.Context, from net.IP, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("port of %s: %w", address, err)
	}
	to := &net.TCPAddr{IP: net.ParseIP(host), Port: number}
	n.mu.Lock()
	l, local := n.listeners[to.String()], &net.TCPAddr{IP: from, Port: n.nextPort()}
	n.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mine, theirs := newPair(local, to)
	if l == nil || !l.offer(theirs) {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: to, Err: syscall.ECONNREFUSED}
	}
	return mine, nil
}

// listener is a [net.Listener] of a Network.
type listener struct {
	network *Network
	at      *net.TCPAddr

	mu      sync.Mutex
	changed sync.Cond
	waiting []*End
	closed  bool
}

// offer leaves an end to be accepted. It is false once the listener is closed.
func (l *listener) offer(theirs *End) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	if opened := l.network.Opened; opened != nil {
		opened(theirs.Peer(), theirs)
	}
	l.waiting = append(l.waiting, theirs)
	l.changed.Broadcast()
	return true
}

// Accept implements [net.Listener].
func (l *listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) == 0 && !l.closed {
		l.changed.Wait()
	}
	if l.closed {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.at, Err: net.ErrClosed}
	}
	end := l.waiting[0]
	l.waiting = l.waiting[1:]
	return end, nil
}

// Close implements [net.Listener]. Who waits to be accepted is turned away.
func (l *listener) Close() error {
	l.network.mu.Lock()
	delete(l.network.listeners, l.at.String())
	l.network.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	l.closed = true
	for _, end := range l.waiting {
		_ = end.Close()
	}
	l.waiting = nil
	l.changed.Broadcast()
	return nil
}

// Addr implements [net.Listener].
func (l *listener) Addr() net.Addr { return l.at }
