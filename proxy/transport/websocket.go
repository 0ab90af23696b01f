package transport

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/coder/websocket"

	"github.com/wampool/wampool/codec"
)

// webSocket is one message a WebSocket message (WAMP specification, "WebSocket
// Transport"). The library does the frames.
type webSocket struct {
	socket     *websocket.Conn
	stream     net.Conn // beneath the library: TLS or the gather conn
	serializer codec.Serializer
	frames     websocket.MessageType
	limit      int64 // of messages from the peer, in bytes
	masks      bool  // the dialing side
}

func newWebSocket(socket *websocket.Conn, stream net.Conn, s codec.Serializer, limit int64, dialed bool) *webSocket {
	w := &webSocket{socket: socket, stream: stream, serializer: s, frames: websocket.MessageText, limit: limit, masks: dialed}
	if s.Binary() {
		w.frames = websocket.MessageBinary
	}
	socket.SetReadLimit(limit)
	return w
}

func (w *webSocket) read(c *Conn) ([]byte, error) {
	message, err := w.readMessage(c)
	if err != nil {
		return nil, readError(err, w.limit)
	}
	return message, nil
}

func (w *webSocket) readMessage(c *Conn) ([]byte, error) {
	frames, r, err := w.socket.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	if frames != w.frames {
		return nil, &ProtocolError{
			int(websocket.StatusUnsupportedData),
			fmt.Sprintf("%s message where %s has %s ones", kind(frames), w.serializer.Subprotocol(), kind(w.frames)),
		}
	}
	c.receive()
	for {
		c.message = c.message.withRoom(1)
		b := c.message.b
		n, err := r.Read(b[len(b):cap(b)])
		c.message.b = b[:len(b)+n]
		if err == io.EOF {
			return c.message.b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func kind(frames websocket.MessageType) string {
	if frames == websocket.MessageBinary {
		return "binary"
	}
	return "text"
}

func (w *webSocket) write(message []byte) error {
	return w.socket.Write(context.Background(), w.frames, message)
}

// ping writes an empty ping frame beneath the library, whose own waits for the
// answer. The library writes each frame that is not a message's in one piece,
// and messages are written by the holder of c.sending alone.
func (w *webSocket) ping() error {
	frame := []byte{0x89, 0x00}
	if w.masks {
		frame = []byte{0x89, 0x80, 0, 0, 0, 0} // there is nothing to mask
	}
	_, err := w.stream.Write(frame)
	return err
}

// part is the close handshake (RFC 6455, 7.1.2).
func (w *webSocket) part(code int, reason string) {
	_ = w.socket.Close(closeCode(code), closeReason(reason))
}

func (w *webSocket) release() { _ = w.socket.CloseNow() }
