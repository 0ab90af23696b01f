package cable

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// pair returns both ends of a connection.
func pair(t *testing.T) (dialer, accepted *End) {
	t.Helper()
	var n Network
	l, err := n.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := n.Dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return conn.(*End), other.(*End)
}

func mustWrite(t *testing.T, e *End, text string) {
	t.Helper()
	if n, err := io.WriteString(e, text); err != nil || n != len(text) {
		t.Fatalf("wrote %d of %d bytes: %v", n, len(text), err)
	}
}

// read returns what one read brings.
func read(e *End) (string, error) {
	b := make([]byte, 100)
	n, err := e.Read(b)
	return string(b[:n]), err
}

func expect(t *testing.T, e *End, text string, want error) {
	t.Helper()
	if got, err := read(e); got != text || !errors.Is(err, want) {
		t.Errorf("read %q, %v; want %q, %v", got, err, text, want)
	}
}

func TestBytesArriveInOrder(t *testing.T) {
	a, b := pair(t)
	mustWrite(t, a, "one")
	mustWrite(t, a, "two")
	expect(t, b, "onetwo", nil)
	mustWrite(t, b, "back")
	expect(t, a, "back", nil)
	if err := a.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expect(t, b, "", io.EOF)
	mustWrite(t, b, "still")
	expect(t, a, "still", nil)
	_ = b.Close()
	expect(t, a, "", io.EOF)
	if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("wrote behind CloseWrite: %v", err)
	}
	expect(t, b, "", net.ErrClosed)
}

// Who closes with something unread resets, as TCP does: what it had written
// arrives before.
func TestCloseWithInputUnread(t *testing.T) {
	a, b := pair(t)
	mustWrite(t, a, "unread")
	mustWrite(t, b, "last")
	_ = b.Close()
	expect(t, a, "last", nil)
	expect(t, a, "", syscall.ECONNRESET)
	if _, err := a.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("wrote to one who has closed: %v", err)
	}
}

func TestWritingWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t)
		large := strings.Repeat("x", Room+10)
		if n, err := a.WriteNow([]byte(large)); n != Room || err != nil {
			t.Errorf("took %d bytes at once, %v", n, err)
		}
		written := false
		go func() {
			_, _ = a.Write([]byte("y"))
			written = true
		}()
		synctest.Wait()
		if written {
			t.Error("wrote where there is no room")
		}
		expect(t, b, large[:100], nil)
		synctest.Wait()
		if !written {
			t.Error("did not write once there is room")
		}
		if err := a.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Write([]byte(large)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the deadline is over: %v", err)
		}
	})
}

func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t)
		_ = b.SetReadDeadline(time.Now().Add(time.Second))
		begin := time.Now()
		expect(t, b, "", os.ErrDeadlineExceeded)
		if waited := time.Since(begin); waited != time.Second {
			t.Errorf("waited %s", waited)
		}
		_ = b.SetReadDeadline(time.Time{})
		mustWrite(t, a, "x")
		expect(t, b, "x", nil)
	})
}

func TestFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t)
		begin := time.Now()
		a.Delay(time.Second)
		mustWrite(t, a, "late")
		a.Delay(0)
		mustWrite(t, a, "r") // never before what was sent before
		expect(t, b, "later", nil)
		if waited := time.Since(begin); waited != time.Second {
			t.Errorf("it took %s", waited)
		}
		a.Slice(func() int { return 2 })
		mustWrite(t, a, "abc")
		expect(t, b, "ab", nil)
		expect(t, b, "c", nil)
		a.Slice(nil)
		a.Stall()
		mustWrite(t, a, "held")
		_ = b.SetReadDeadline(time.Now().Add(time.Second))
		expect(t, b, "", os.ErrDeadlineExceeded)
		_ = b.SetReadDeadline(time.Time{})
		a.Resume()
		expect(t, b, "held", nil)
		a.CutAfter(3)
		if n, err := a.Write([]byte("123456")); n != 3 || !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("wrote %d bytes, %v", n, err)
		}
		expect(t, b, "123", nil)
		expect(t, b, "", syscall.ECONNRESET)
		expect(t, a, "", syscall.ECONNRESET)
	})
}

func TestNobodyListens(t *testing.T) {
	var n Network
	if _, err := n.Dial(t.Context(), "tcp", "127.0.0.1:80"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialed: %v", err)
	}
	l, err := n.Listen(t.Context(), "tcp", "127.0.0.1:80")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Listen(t.Context(), "tcp", "127.0.0.1:80"); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listened twice: %v", err)
	}
	waiting, err := n.DialFrom(context.Background(), net.IPv4(10, 0, 0, 7), "tcp", "127.0.0.1:80")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	expect(t, waiting.(*End), "", io.EOF)
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accepted: %v", err)
	}
	if _, err := n.Dial(t.Context(), "tcp", "127.0.0.1:80"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialed: %v", err)
	}
}
