package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"
)

// Listener takes connections of clients.
type Listener struct {
	// Immutable.
	url    url.URL
	limits Limits
	socket net.Listener

	handshakes sync.WaitGroup
}

// Listen opens a listener at a ws URL; port 0 stands for any free one. The
// error names the URL and what to do.
func Listen(ctx context.Context, rawURL string, limits Limits) (*Listener, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "ws" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("listen %q: not a URL like ws://127.0.0.1:9000/ws", rawURL)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	var config net.ListenConfig
	socket, err := config.Listen(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen %s: %w; another program listens on port %s: stop it or choose another port", rawURL, syscall.EADDRINUSE, port)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen %s: %w; ports below 1024 need a privilege: choose a higher one", rawURL, syscall.EACCES)
	case err != nil:
		return nil, fmt.Errorf("listen %s: %w", rawURL, err)
	}
	_, port, _ = net.SplitHostPort(socket.Addr().String())
	u.Host = net.JoinHostPort(u.Hostname(), port)
	limits = limits.withDefaults()
	return &Listener{url: *u, limits: limits, socket: gatheringListener{socket, limits.SendBufferBytes}}, nil
}

// gatheringListener gives each accepted connection its send buffer.
type gatheringListener struct {
	net.Listener
	sendBufferBytes int64
}

func (l gatheringListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newGather(conn, l.sendBufferBytes), nil
}

// URL returns the listener's URL with the port that is really bound.
func (l *Listener) URL() string { return l.url.String() }

// Serve calls handle for each client whose request is in order, on a goroutine
// of its own, until Close; then it returns nil. handle must accept or reject
// the client. Requests that can't become a WAMP connection are answered here.
func (l *Listener) Serve(handle func(*Handshake)) error {
	server := http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.serveHTTP(w, r, handle) }),
		ReadHeaderTimeout: l.limits.HandshakeTimeout,
		MaxHeaderBytes:    64 << 10,
		ConnState:         l.count,
	}
	server.SetKeepAlivesEnabled(false)
	err := server.Serve(l.socket)
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return errors.Join(err, server.Close())
}

// count notes which handshakes are under way.
func (l *Listener) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		l.handshakes.Add(1)
	case http.StateHijacked, http.StateClosed:
		l.handshakes.Done()
	}
}

// Close takes no further client, and ends the handshakes that are under way;
// connections that are open live on.
func (l *Listener) Close() error {
	if err := l.socket.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Wait returns when no handshake is under way any more. It is for after Serve.
// How long that takes is up to Serve's handle: see [Handshake.Context].
func (l *Listener) Wait() { l.handshakes.Wait() }
