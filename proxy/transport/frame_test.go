package transport

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/wampool/wampool/codec"
)

// frame builds a frame as a client sends it, byte by byte by the book.
func frame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, 0x80|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return b
}

const (
	text, textPart       = 0x81, 0x01
	continued, lastPart  = 0x00, 0x80
	closing, ping, pong  = 0x88, 0x89, 0x8a
	reservedBit, strange = 0xc1, 0x83
)

// TestFrames sends frames to a listening side that takes messages of up to
// 70,000 bytes, all at once and byte by byte.
func TestFrames(t *testing.T) {
	long := strings.Repeat("é", 35_000)
	for name, c := range map[string]struct {
		frames   [][]byte
		messages []string
		code     int // of the fault; 0: the peer closes normally
	}{
		"one":                          {[][]byte{frame(text, "[1]")}, []string{"[1]"}, 0},
		"none":                         {nil, nil, 0},
		"empty":                        {[][]byte{frame(text, "")}, []string{""}, 0},
		"several":                      {[][]byte{frame(text, "[1]"), frame(text, "[2]"), frame(text, "[3]")}, []string{"[1]", "[2]", "[3]"}, 0},
		"length of 16 bit":             {[][]byte{frame(text, long[:126]), frame(text, long[:65534])}, []string{long[:126], long[:65534]}, 0},
		"length of 64 bit":             {[][]byte{frame(text, long)}, []string{long}, 0},
		"longest":                      {[][]byte{frame(text, long[:70_000])}, []string{long[:70_000]}, 0},
		"too long":                     {[][]byte{frame(text, long+"x")}, nil, 1009},
		"length not in short":          {[][]byte{append([]byte{text, 0xfe, 0, 1}, frame(text, "x")[2:]...)}, nil, 1002},
		"length not in 16 bit":         {[][]byte{{text, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4}}, nil, 1002},
		"sum beyond 63 bit":            {[][]byte{frame(textPart, "["), {lastPart, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4}}, nil, 1009},
		"sum beyond 64 bit":            {[][]byte{frame(textPart, "["), {continued, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4}, {lastPart, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4}}, nil, 1009},
		"sum beyond 32 bit":            {[][]byte{frame(textPart, "["), {lastPart, 0xff, 0, 0, 0, 0, 0xff, 255, 255, 255, 1, 2, 3, 4}}, nil, 1009},
		"sum of 31 bit":                {[][]byte{frame(textPart, "["), {lastPart, 0xff, 0, 0, 0, 0, 0x7f, 255, 255, 255, 1, 2, 3, 4}}, nil, 1009},
		"length beyond 63 bit":         {[][]byte{{text, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}}, nil, 1002},
		"largest length":               {[][]byte{{text, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4}}, nil, 1009},
		"parts":                        {[][]byte{frame(textPart, "["), frame(continued, ""), frame(continued, "1"), frame(lastPart, "]")}, []string{"[1]"}, 0},
		"parts too long together":      {[][]byte{frame(textPart, long[:40_000]), frame(continued, long[:30_000]), frame(lastPart, "x")}, nil, 1009},
		"character in two parts":       {[][]byte{frame(textPart, "[\"\xc3"), frame(lastPart, "\xa9\"]")}, []string{`["é"]`}, 0},
		"ping within":                  {[][]byte{frame(textPart, "["), frame(ping, "p"), frame(pong, ""), frame(lastPart, "]"), frame(text, "2")}, []string{"[]", "2"}, 0},
		"message within":               {[][]byte{frame(textPart, "["), frame(text, "2")}, nil, 1002},
		"continuation of none":         {[][]byte{frame(text, "[1]"), frame(lastPart, "]")}, []string{"[1]"}, 1002},
		"binary":                       {[][]byte{frame(0x82, "x")}, nil, 1003},
		"binary part":                  {[][]byte{frame(0x02, "x")}, nil, 1003},
		"unknown type":                 {[][]byte{frame(strange, "")}, nil, 1002},
		"unknown control":              {[][]byte{frame(0x8b, "")}, nil, 1002},
		"reserved bit":                 {[][]byte{frame(reservedBit, "[1]")}, nil, 1002},
		"compressed":                   {[][]byte{frame(reservedBit, "\xca\x4e\x05\x00")}, nil, 1002},
		"ping in parts":                {[][]byte{frame(0x09, "")}, nil, 1002},
		"longest ping":                 {[][]byte{frame(ping, long[:125])}, nil, 0},
		"ping too long":                {[][]byte{frame(ping, long[:126])}, nil, 1002},
		"not masked":                   {[][]byte{{text, 3, '[', '1', ']'}}, nil, 1002},
		"not UTF-8":                    {[][]byte{frame(text, "\xff")}, nil, 1007},
		"surrogate":                    {[][]byte{frame(text, "\xed\xa0\x80")}, nil, 1007},
		"overlong":                     {[][]byte{frame(text, "\xc0\xaf")}, nil, 1007},
		"half a character at the end":  {[][]byte{frame(textPart, "x"), frame(lastPart, "\xc3")}, nil, 1007},
		"close with half a code":       {[][]byte{frame(closing, "\x03")}, nil, 1002},
		"close with code 1005":         {[][]byte{frame(closing, "\x03\xed")}, nil, 1002},
		"close with code 999":          {[][]byte{frame(closing, "\x03\xe7")}, nil, 1002},
		"close with code 2999":         {[][]byte{frame(closing, "\x0b\xb7")}, nil, 1002},
		"close with a reason no UTF-8": {[][]byte{frame(closing, "\x03\xe8\xff")}, nil, 1007},
		"close in parts":               {[][]byte{frame(0x08, "")}, nil, 1002},
	} {
		t.Run(name, func(t *testing.T) {
			for _, step := range []int{1 << 20, 1, 7} {
				checkFrames(t, slices.Concat(append(c.frames, frame(closing, "\x03\xe8"))...), step, c.messages, c.code)
			}
		})
	}
}

// checkFrames brings the bytes in such steps, and looks at what comes of them.
func checkFrames(t *testing.T, all []byte, step int, messages []string, code int) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { _ = far.Close() })
	go func() { _, _ = io.Copy(io.Discard, far) }()
	go func() {
		for part := range slices.Chunk(all, step) {
			if _, err := far.Write(part); err != nil {
				return
			}
		}
	}()
	g := newGather(near, 1<<20)
	c := newConn(newWebSocket(g, g, codec.JSON, 70_000, false), g, codec.JSON, "pipe", unlimited, nil)
	for _, want := range messages {
		if got := mustRead(t, c); got != want {
			t.Errorf("in steps of %d: got %.20q of %d bytes, want %.20q of %d", step, got, len(got), want, len(want))
		}
	}
	_, err := c.Read()
	fault := (*ProtocolError)(nil)
	if errors.As(err, &fault); code == 0 && err != io.EOF || code != 0 && (fault == nil || fault.Code != code) {
		t.Errorf("in steps of %d: %v, want code %d", step, err, code)
	}
	c.Abort(errTestOver)
	c.Wait()
}

// A router's frames are not masked, and one that ends within a ping is lost.
func TestFramesOfARouter(t *testing.T) {
	for _, c := range []struct {
		frames []byte
		end    string
	}{
		{frame(0x82, "x"), "closed with code 1002: masked frame from a server"},
		{[]byte{ping, 5, 'a', 'b'}, "connection lost: the peer ended it without saying so"},
	} {
		if messages, end := readAll(c.frames, 1, false); len(messages) > 0 || end != c.end {
			t.Errorf("% x: %q, %s; want %s", c.frames, messages, end, c.end)
		}
	}
}

// TestMask holds the masking of words against the book's, byte by byte.
func TestMask(t *testing.T) {
	for n := range 70 {
		for cut := range n + 1 {
			plain := make([]byte, n)
			for i := range plain {
				plain[i] = byte(i * 7)
			}
			key := [4]byte{1, 2, 3, 4}
			want := bytes.Clone(plain)
			for i := range want {
				want[i] ^= key[i%4]
			}
			turned := mask(plain[:cut], binary.LittleEndian.Uint32(key[:]))
			if mask(plain[cut:], turned); !bytes.Equal(plain, want) {
				t.Fatalf("%d bytes cut at %d: % x, want % x", n, cut, plain, want)
			}
		}
	}
}

// TestFramesOfTheLibrary takes what another implementation writes, in
// fragments of any length, and is understood by it, in both roles.
func TestFramesOfTheLibrary(t *testing.T) {
	peer, server := plainPeer(t, codec.CBOR, Limits{MessageBytes: 1 << 20})
	peer.SetReadLimit(1 << 20)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		message := make([]byte, rng.IntN(1<<uint(rng.IntN(18))))
		for i := range message {
			message[i] = byte(rng.Uint32())
		}
		go func() {
			w, err := peer.Writer(context.Background(), websocket.MessageBinary)
			if err != nil {
				return
			}
			for rest := message; len(rest) > 0; {
				n := 1 + rng.IntN(len(rest))
				_, _ = w.Write(rest[:n])
				rest = rest[n:]
			}
			_ = w.Close()
		}()
		got, err := server.Read()
		if err != nil || !bytes.Equal(got, message) {
			t.Fatalf("%d bytes arrived as %d: %v", len(message), len(got), err)
		}
		mustSend(t, server, string(got))
		server.Flush()
		if _, back, err := peer.Read(t.Context()); err != nil || !bytes.Equal(back, message) {
			t.Fatalf("%d bytes came back as %d: %v", len(message), len(back), err)
		}
	}
}

// FuzzFrames brings any bytes to the reader: it must neither panic nor take
// more memory than the limit allows, and what it takes for messages must be
// the same however the bytes arrive.
func FuzzFrames(f *testing.F) {
	f.Add(slices.Concat(frame(textPart, "["), frame(ping, "p"), frame(lastPart, "]")), true)
	f.Add(slices.Concat(frame(text, "[1]"), frame(closing, "\x03\xe8bye")), true)
	f.Add([]byte{0x82, 0x03, 1, 2, 3, 0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, false)
	f.Add([]byte{0x02, 0x01, 1, 0x00, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3}, false)
	f.Add([]byte{0x02, 0x01, 1, 0x80, 0x7f, 0, 0, 0, 0, 0x80, 0, 0, 0, 1, 2, 3}, false)
	f.Add([]byte{0x82, 0x7e, 0, 3, 1, 2, 3}, false)
	f.Add(frame(0x82, "x"), false)
	f.Add([]byte{ping, 5, 'a', 'b'}, false)
	f.Fuzz(func(t *testing.T, all []byte, listening bool) {
		all = all[:min(len(all), 2*(mostControls-1))] // more pings are too many, if they come in time
		whole, end := readAll(all, len(all)+1, listening)
		split, otherEnd := readAll(all, 1, listening)
		if !slices.Equal(whole, split) || end != otherEnd || end == "too much is kept" {
			t.Errorf("all at once %q, %s; byte by byte %q, %s", whole, end, split, otherEnd)
		}
	})
}

// FuzzFrameLengths sends a message in fragments of any announced length, of
// which the last one goes on and on: what is kept of it stays within the limit.
func FuzzFrameLengths(f *testing.F) {
	for _, n := range []uint64{0, 1, 125, 126, 999, 1000, 1<<16 - 1, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 2, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
		f.Add(uint16(1), n)
		f.Add(uint16(999), n)
		f.Add(uint16(1000), n)
	}
	f.Fuzz(func(t *testing.T, first uint16, announced uint64) {
		head := appendFrameHeader(nil, opContinuation, int(min(announced, 125)), false, 0)
		switch {
		case announced > 0xffff:
			head = binary.BigEndian.AppendUint64([]byte{lastPart, 127}, announced)
		case announced > 125:
			head = binary.BigEndian.AppendUint16([]byte{lastPart, 126}, uint16(announced))
		}
		part := appendFrameHeader(nil, opBinary, int(first), false, 0)
		part[0] &^= finalBit
		messages, end := readAll(slices.Concat(part, make([]byte, first), head, make([]byte, 4096)), 1<<20, false)
		fits := uint64(first) <= fuzzLimit && announced <= fuzzLimit-uint64(first)
		if got := len(messages) > 0 && len(messages[0]) == int(first)+int(announced); got != fits || end == "too much is kept" {
			t.Errorf("%d and %d bytes: %d messages, ended by %s", first, announced, len(messages), end)
		}
	})
}

// fuzzLimit is the longest message that readAll takes.
const fuzzLimit = 1000

// readAll returns the messages in some bytes, and how they end.
func readAll(all []byte, step int, listening bool) (messages []string, end string) {
	const limit = fuzzLimit
	g := newGather(&memoryConn{parts: slices.Collect(slices.Chunk(all, step))}, 1<<20)
	c := newConn(newWebSocket(g, g, codec.CBOR, limit, !listening), g, codec.CBOR, "memory", unlimited, nil)
	for {
		message, err := c.framing.read(c)
		if err != nil {
			c.Abort(errTestOver)
			c.Wait()
			if c.message != nil && len(c.message.b) > limit {
				return messages, "too much is kept"
			}
			return messages, err.Error()
		}
		if len(message) > limit {
			return messages, "too long"
		}
		messages = append(messages, string(message))
	}
}

// memoryConn brings parts, one with each read, and takes everything.
type memoryConn struct {
	net.Conn
	parts [][]byte
}

func (m *memoryConn) Read(p []byte) (int, error) {
	if len(m.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, m.parts[0])
	if m.parts[0] = m.parts[0][n:]; len(m.parts[0]) == 0 {
		m.parts = m.parts[1:]
	}
	return n, nil
}

func (m *memoryConn) Write(p []byte) (int, error) { return len(p), nil }
func (m *memoryConn) Close() error                { return nil }

// A long payload is masked in blocks, as it is byte by byte, in its place and to
// another one, with a key for what follows that fits.
func TestMaskOfLongPayloads(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 7, 8, 1023, 1024, 1025, 1536, 2047, 5003} {
		payload := make([]byte, size+5)
		for i := range payload {
			payload[i] = byte(random.Uint32())
		}
		key := random.Uint32() | 1
		want := make([]byte, len(payload))
		for i, b := range payload {
			want[i] = b ^ byte(key>>(8*(i%4)))
		}
		to := make([]byte, len(payload))
		rest := maskTo(to, payload[:size], key)
		maskTo(to[size:], payload[size:], rest)
		mask(payload[size:], mask(payload[:size], key))
		if !bytes.Equal(to, want) || !bytes.Equal(payload, want) {
			t.Errorf("%d bytes are masked otherwise", size)
		}
	}
}
