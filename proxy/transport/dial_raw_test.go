package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/codec"
)

// rawRouter answers each connection's handshake with what answer returns, and
// hangs up where that is nothing. It tells the handshakes that it got.
func rawRouter(t *testing.T, answer func(hello []byte) string) (url string, hellos chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hellos = make(chan string, 10)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			hello := make([]byte, 4)
			if _, err := io.ReadFull(conn, hello); err != nil {
				t.Errorf("router: %v", err)
			}
			hellos <- fmt.Sprintf("% x", hello)
			if text := answer(hello); text != "" {
				_, _ = io.WriteString(conn, text)
				_, _ = io.Copy(io.Discard, conn)
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return "rs://" + l.Addr().String(), hellos
}

func TestDialRawSocket(t *testing.T) {
	url, hellos := rawRouter(t, func([]byte) string { return "\x7f\x13\x00\x00\x00\x00\x00\x01!" })
	dialed, err := Dial(t.Context(), url, DialOptions{Serializers: []codec.Serializer{codec.CBOR}, Limits: Limits{MessageBytes: 5000}})
	if err != nil {
		t.Fatal(err)
	}
	dropAfter(t, dialed.Conn)
	if hello := <-hellos; hello != "7f 43 00 00" {
		t.Errorf("handshake %s", hello)
	}
	if s, most := dialed.Conn.Serializer(), dialed.Conn.MaxSend(); s != codec.CBOR || most != 1024 {
		t.Errorf("serializer %s, up to %d bytes", s, most)
	}
	if got := mustRead(t, dialed.Conn); got != "!" { // came along with the answer
		t.Errorf("got %q", got)
	}
}

// A handshake offers one serializer, so there is one for each.
func TestDialRawSocketTriesEachSerializer(t *testing.T) {
	for _, refusal := range []string{"\x7f\x10\x00\x00", ""} {
		url, hellos := rawRouter(t, func(hello []byte) string {
			if hello[1]&0xf != byte(codec.JSON) {
				return refusal
			}
			return "\x7f\xf1\x00\x00"
		})
		dialed, err := Dial(t.Context(), url, DialOptions{Serializers: []codec.Serializer{codec.CBOR, codec.MessagePack, codec.JSON}})
		if err != nil {
			t.Fatal(err)
		}
		dropAfter(t, dialed.Conn)
		if s := dialed.Conn.Serializer(); s != codec.JSON {
			t.Errorf("serializer %s", s)
		}
		if first, second := <-hellos, <-hellos; first != "7f f3 00 00" || second != "7f f2 00 00" {
			t.Errorf("handshakes %s, %s", first, second)
		}
	}
}

func TestDialRawSocketFailures(t *testing.T) {
	for _, c := range []struct{ answer, text string }{
		{"\x7f\x10\x00\x00", " refuses the connection: serializer unsupported (error 1)"},
		{"\x7f\x20\x00\x00", " refuses the connection: maximum message length unacceptable (error 2)"},
		{"\x7f\x30\x00\x00", " refuses the connection: use of reserved bits (error 3)"},
		{"\x7f\x40\x00\x00", " refuses the connection: maximum connection count reached (error 4)"},
		{"\x7f\x90\x00\x00", " refuses the connection: error 9"},
		{"\x7f\xf2\x00\x00", " can't be reached: it answers with another serializer than json"},
		{"\x7f\xf1\x00\x01", " can't be reached: it has set reserved bits in its handshake"},
		{"\x7f\x00\x00\x00", " can't be reached: it answers with another serializer than json"},
		{"HTTP/1.1 400", " can't be reached: it does not speak RawSocket; it speaks HTTP, so perhaps WebSocket: use ws:// in router.url, with its path"},
		{"\x15\x03\x03\x00", " can't be reached: it does not speak RawSocket; it speaks TLS: use rss:// in router.url"},
		{"SSH-", " can't be reached: it does not speak RawSocket"},
		{"", " can't be reached: it ended the connection in the middle of the handshake; is it a RawSocket server, and does it speak this serializer?"},
	} {
		url, _ := rawRouter(t, func([]byte) string { return c.answer })
		_, err := Dial(t.Context(), url, DialOptions{Serializers: []codec.Serializer{codec.JSON}, Timeout: 10 * time.Second})
		if err == nil || err.Error() != "router "+url+c.text {
			t.Errorf("% x: %v, want %q", c.answer, err, c.text)
		}
		if want := strings.HasPrefix(c.text, " refuses the connection: serializer"); errors.Is(err, ErrNoSerializer) != want {
			t.Errorf("%v: no serializer in common: %v", err, !want)
		}
	}
	gone := "unix://" + t.TempDir() + "/none"
	_, err := Dial(t.Context(), gone, DialOptions{Serializers: allSerializers})
	if failure := (*DialError)(nil); !errors.As(err, &failure) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("dial: %v", err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, err = Dial(t.Context(), "rs://"+silent.Addr().String(), DialOptions{Serializers: allSerializers, Timeout: 30 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "no answer within 30ms") {
		t.Errorf("dial: %v", err)
	}
}
