package transport

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// upgradeTransport is the round trip of one upgrade request on a connection
// that is there already. [http.Transport] would add two goroutines and two
// buffers, look for proxies and follow its own mind about connections.
type upgradeTransport struct {
	conn net.Conn
	err  error // of the round trip
}

// longestAnswer of a router to an upgrade request, in bytes, body included.
const longestAnswer = 64 << 10

// RoundTrip implements [http.RoundTripper]. The body of a 101 answer is the
// connection, as the WebSocket library wants it.
func (t *upgradeTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.roundTrip(request)
	if err != nil {
		t.err = err
		return nil, err
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		response.Body = bodyOfUpgrade{lent{t.conn}}
	} else {
		response.Body = answerBody{response.Body, t.conn}
	}
	return response, nil
}

func (t *upgradeTransport) roundTrip(request *http.Request) (*http.Response, error) {
	if err := request.Write(t.conn); err != nil {
		return nil, err
	}
	answer := bufio.NewReader(io.LimitReader(byteReader{t.conn}, longestAnswer))
	if first, err := answer.Peek(1); err == nil && first[0] != firstOfHTTP {
		return nil, &foreignError{"HTTP", first[0]}
	}
	response, err := http.ReadResponse(answer, request)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.New("it ended the connection in the middle of the handshake; is it a WebSocket server?")
	}
	return response, err
}

// byteReader reads byte by byte, so that nothing behind the answer is taken:
// the first frames may come along with it. The gather conn has read ahead.
type byteReader struct{ conn net.Conn }

func (r byteReader) Read(p []byte) (int, error) { return r.conn.Read(p[:min(len(p), 1)]) }

// answerBody is closed with its connection, without waiting for its end.
type answerBody struct {
	io.Reader
	io.Closer
}

// lent is a connection in the hands of the WebSocket library, which makes the
// handshake and is then done with. It must not close what goes on without it.
type lent struct{ net.Conn }

// Close does nothing.
func (lent) Close() error { return nil }

// bodyOfUpgrade is the body of a 101 answer. The library reads it only where
// something else in the answer is wrong: nothing more is to be waited for then.
type bodyOfUpgrade struct{ lent }

func (bodyOfUpgrade) Read([]byte) (int, error) { return 0, io.EOF }

// takeBack ends the library's part in a connection that was lent to it. Without
// that it is never freed: it has a finalizer, and is part of a cycle.
func takeBack(socket *websocket.Conn) { _ = socket.CloseNow() }
