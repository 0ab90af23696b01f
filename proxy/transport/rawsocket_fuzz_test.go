package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// scripted is a peer that says something and then ends the connection. What it
// is sent goes nowhere.
type scripted struct {
	net.Conn // nil: nothing else is asked of it
	bytes.Reader
}

func (s *scripted) Read(p []byte) (int, error)       { return s.Reader.Read(p) }
func (s *scripted) Write(p []byte) (int, error)      { return len(p), nil }
func (s *scripted) Close() error                     { return nil }
func (s *scripted) SetDeadline(time.Time) error      { return nil }
func (s *scripted) SetWriteDeadline(time.Time) error { return nil }

// readScript reads what a peer says over a framing, and returns the messages and
// what ended them.
func readScript(t *testing.T, said []byte, limit int, f func(*gather) framing) (messages [][]byte, end error) {
	t.Helper()
	s := &scripted{}
	s.Reset(said)
	g := newGather(s, 1<<20)
	c := newConn(f(g), g, codec.JSON, "scripted", unlimited, nil)
	defer c.Wait()
	for {
		m, err := c.Read()
		if err != nil {
			fault, lost := (*ProtocolError)(nil), (*LostError)(nil)
			closed := (*CloseError)(nil)
			if err != io.EOF && !errors.As(err, &fault) && !errors.As(err, &lost) && !errors.As(err, &closed) {
				t.Errorf("ended by %v, which is none of the documented errors", err)
			}
			c.Abort(errTestOver)
			return messages, err
		}
		if len(m) > limit {
			t.Errorf("message of %d bytes, %d are the limit", len(m), limit)
		}
		messages = append(messages, bytes.Clone(m))
	}
}

// FuzzRawSocket compares what is read with a reader that does it the plain way.
func FuzzRawSocket(f *testing.F) {
	for _, seed := range []string{
		"", "\x00\x00\x00\x03[1]", "\x01\x00\x00\x01p\x00\x00\x00\x00", "\x02\x00\x00\x00\x00\x00\x00\x01x\x00\x00", "\x08\x00\x00\x00", "\x03\x00\x00\x00", "\x00\x00\x04\x01",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		const limit = 1024
		said = said[:min(len(said), header*(mostControls-1))] // more pings are too many, if they come in time
		got, end := readScript(t, said, limit, func(g *gather) framing { return newRawSocket(g, g, limit, limit) })
		var want [][]byte
		rest := said
		for len(rest) >= header {
			size := int(rest[1])<<16 | int(rest[2])<<8 | int(rest[3])
			if rest[0] > rawPong || size > limit || header+size > len(rest) {
				break
			}
			if rest[0] == rawMessage {
				want = append(want, rest[header:header+size])
			}
			rest = rest[header+size:]
		}
		if len(got) != len(want) || !bytes.Equal(bytes.Join(got, nil), bytes.Join(want, nil)) {
			t.Errorf("messages %q, want %q", got, want)
		}
		if (end == io.EOF) != (len(rest) == 0) {
			t.Errorf("ended by %v with %d bytes left", end, len(rest))
		}
	})
}

// FuzzRawSocketHandshake reads a handshake from either side.
func FuzzRawSocketHandshake(f *testing.F) {
	f.Add([]byte("\x7f\xf1\x00\x00"))
	f.Add([]byte("\x7f\x10\x00\x00"))
	f.Fuzz(func(t *testing.T, said []byte) {
		s := &scripted{}
		s.Reset(said)
		hello, err := readRawHello(s)
		if err == nil && !bytes.Equal(hello.octets(), said[:4]) {
			t.Errorf("% x is read as %+v", said, hello)
		}
		s.Reset(said)
		if answer, err := readRawAnswer(s, codec.CBOR); err == nil && (!bytes.Equal(answer.octets(), said[:4]) || answer.serializer != codec.CBOR) {
			t.Errorf("% x is read as %+v", said, answer)
		}
	})
}
