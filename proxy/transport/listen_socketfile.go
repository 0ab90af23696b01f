package transport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// socketMode lets the owner and the group of a Unix socket connect.
const socketMode = 0o660

// ListenUnix listens on a socket file, which goes with the listener. Its mode lets its
// owner and group connect. What a program that did not end cleanly has left there is
// removed, and nothing else.
func ListenUnix(ctx context.Context, path string) (net.Listener, error) {
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: restrict}
	socket, err := config.Listen(ctx, "unix", path)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w; another program listens there: stop it or choose another path", syscall.EADDRINUSE)
	case err != nil:
		return nil, err
	}
	// Whatever the umask says, the group may connect.
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return socket, nil
}

// staleTimeout bounds the look whether anybody listens: one whose backlog is
// full does.
const staleTimeout = time.Second

// removeStale removes the socket of a program that did not end cleanly, and
// nothing else: no file of another kind, and no socket on which somebody listens.
func removeStale(ctx context.Context, path string) error {
	found, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case found.Mode().Type() != fs.ModeSocket:
		return errors.New("there is a file that is no socket: choose another path")
	}
	dialer := net.Dialer{Timeout: staleTimeout}
	conn, err := dialer.DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		_ = conn.Close()
		return fmt.Errorf("%w; another program listens there: stop it or choose another path", syscall.EADDRINUSE)
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	}
	return fmt.Errorf("there is a socket, and whether somebody listens can't be seen: %w", err)
}
