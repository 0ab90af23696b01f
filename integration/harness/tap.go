package harness

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// Tap stands between wampool and the router, passes everything, and keeps what
// goes to the router.
type Tap struct {
	listener *transport.Listener
	mu       sync.Mutex
	sessions [][]string // messages to the router, by connection
}

// StartTap stands before that router until the test ends.
func StartTap(t *testing.T, routerURL string) *Tap {
	t.Helper()
	listener, err := transport.Listen(context.Background(), "ws://127.0.0.1:0/ws", transport.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tp := &Tap{listener: listener}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = listener.Serve(func(h *transport.Handshake) { tp.pass(h, routerURL) })
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
		listener.Wait()
	})
	return tp
}

// URL is where wampool finds the router.
func (tp *Tap) URL() string { return tp.listener.URL() }

// pass lets one connection through; the two ends have their readers until
// either is lost.
func (tp *Tap) pass(h *transport.Handshake, routerURL string) {
	dialed, err := transport.Dial(h.Context(), routerURL, transport.DialOptions{Serializers: h.Serializers(), Header: h.Header()})
	if err != nil {
		h.Reject(502, err.Error())
		return
	}
	up := dialed.Conn
	down, err := h.Accept(up.Serializer(), dialed.Header)
	if err != nil {
		up.Abort(err)
		return
	}
	tp.mu.Lock()
	n := len(tp.sessions)
	tp.sessions = append(tp.sessions, nil)
	tp.mu.Unlock()
	go forward(up, down, func(string) {})
	go forward(down, up, func(message string) {
		tp.mu.Lock()
		defer tp.mu.Unlock()
		if up.Serializer() == codec.JSON {
			tp.sessions[n] = append(tp.sessions[n], message)
		}
	})
}

// forward passes what comes from one end to the other, until one of them ends.
func forward(from, to *transport.Conn, see func(message string)) {
	for {
		message, err := from.Read()
		if err != nil {
			if closed := (*transport.CloseError)(nil); errors.As(err, &closed) {
				to.Close(closed.Code, closed.Reason, 0)
			}
			to.Abort(err)
			return
		}
		see(string(message))
		if to.Send(message) != nil {
			return
		}
		to.Flush()
	}
}

// Session returns what was sent to the router on the connection that has sent
// text.
func (tp *Tap) Session(text string) []string {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	for _, messages := range tp.sessions {
		if slices.ContainsFunc(messages, func(m string) bool { return strings.Contains(m, text) }) {
			return slices.Clone(messages)
		}
	}
	return nil
}

// RouterSaw tells whether a CALL of a procedure came to the router.
func (tp *Tap) RouterSaw(procedure string) bool {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	for _, session := range tp.sessions {
		for _, message := range session {
			if strings.HasPrefix(message, "[48,") && strings.Contains(message, procedure) {
				return true
			}
		}
	}
	return false
}
