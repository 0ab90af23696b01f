package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

var (
	// ErrSendBufferFull ends a connection whose peer reads more slowly than it
	// is sent to.
	ErrSendBufferFull = errors.New("send buffer full: the peer does not read fast enough")

	// ErrMessageTooLong ends a connection to whose peer a message was sent that
	// is longer than it takes. Not a byte of the message goes out.
	ErrMessageTooLong = errors.New("message longer than the peer takes")

	// ErrClosed is the end of a connection that this side has closed.
	ErrClosed = errors.New("closed by this side")
)

// CloseError is the close of a WebSocket by its peer with a code other than
// 1000 (normal).
type CloseError struct {
	Code   int // RFC 6455, 7.4; 1005: none given
	Reason string
}

func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("closed by the peer with code %d", e.Code)
	}
	return fmt.Sprintf("closed by the peer with code %d: %q", e.Code, e.Reason)
}

// ProtocolError is a fault of the peer, for which the connection was closed.
type ProtocolError struct {
	Code   int // RFC 6455, 7.4; the peer of a WebSocket was told
	Reason string
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("closed with code %d: %s", e.Code, e.Reason)
}

// LostError is the end of a WebSocket without a close frame, or of a RawSocket
// in the middle of a message.
type LostError struct{ Err error }

func (e *LostError) Error() string {
	if errors.Is(e.Err, io.EOF) || errors.Is(e.Err, io.ErrUnexpectedEOF) {
		return "connection lost: the peer ended it without saying so"
	}
	return fmt.Sprintf("connection lost: %v", e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// ErrNoSerializer is the end of a handshake with a router that speaks none of
// the serializers that it is offered.
var ErrNoSerializer = errors.New("no common serializer")

// RefusedError is an answer of the router by HTTP other than 101, or by an
// error of RawSocket's handshake.
type RefusedError struct {
	URL       string // see PublicURL
	Status    int    // 0 over RawSocket
	Body      string // its beginning, printable; empty where it may quote a query
	RawSocket RawSocketError
}

func (e *RefusedError) Error() string {
	if e.RawSocket != 0 {
		return fmt.Sprintf("router %s refuses the connection: %v", e.URL, e.RawSocket)
	}
	text := fmt.Sprintf("router %s answers %d %s", e.URL, e.Status, http.StatusText(e.Status))
	if e.Body != "" {
		text += ": " + e.Body
	}
	if advice := e.advice(); advice != "" {
		text += "; " + advice
	}
	return text
}

// Is tells a serializer that is refused as [ErrNoSerializer].
func (e *RefusedError) Is(target error) bool {
	return target == ErrNoSerializer && e.RawSocket == RawSocketSerializer
}

// DialError is any other failure to reach a router.
type DialError struct {
	URL string // see PublicURL
	Err error
}

func (e *DialError) Error() string {
	return fmt.Sprintf("router %s can't be reached: %v", e.URL, e.Err)
}

func (e *DialError) Unwrap() error { return e.Err }
