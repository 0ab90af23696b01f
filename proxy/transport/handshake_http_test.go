package transport

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport/cable"
)

// request sends a raw HTTP request and returns the answer with its body.
func request(t *testing.T, l *Listener, text string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", l.url.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	text = strings.ReplaceAll(strings.ReplaceAll(text, "HOST", l.url.Host), "\n", "\r\n")
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("answer: %v", err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSwitchingProtocols {
		return response, ""
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("body: %v", err)
	}
	return response, string(body)
}

const upgradeLines = "Connection: keep-alive, Upgrade\nUpgrade: WebSocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\n"

func TestRequestsThatAreTurnedAway(t *testing.T) {
	l := listen(t, Limits{}, nil, func(h *Handshake) { t.Error("a bad request came through") })
	for _, c := range []struct {
		name, request string
		status        int
		body          string
	}{
		{
			"browser", "GET /ws HTTP/1.1\nHost: HOST\n\n",
			426, "this is wampool, a WAMP proxy; connect with a WAMP client to ws://HOST/ws\n",
		},
		{
			"wrong path", "GET /socket HTTP/1.1\nHost: HOST\n" + upgradeLines + "Sec-WebSocket-Protocol: wamp.2.json\n\n",
			404, "nothing is here; WAMP clients connect to ws://HOST/ws\n",
		},
		{
			"no subprotocol", "GET /ws HTTP/1.1\nHost: HOST\n" + upgradeLines + "\n",
			400, "no common subprotocol; offer one of wamp.2.json, wamp.2.msgpack, wamp.2.cbor\n",
		},
		{
			"batched only", "GET /ws HTTP/1.1\nHost: HOST\n" + upgradeLines + "Sec-WebSocket-Protocol: wamp.2.cbor.batched, wamp.2.json.batched\n\n",
			400, "no common subprotocol; offer one of wamp.2.json, wamp.2.msgpack, wamp.2.cbor\n",
		},
		{
			"page of another host", "GET /ws HTTP/1.1\nHost: HOST\nOrigin: http://elsewhere.example\n" + upgradeLines + "Sec-WebSocket-Protocol: wamp.2.json\n\n",
			403, "web pages of this origin may not connect: it is not for certain this host, and not in allowed_origins\n",
		},
		{
			"page without a host", "GET /ws HTTP/1.1\nHost: HOST\nOrigin: null\n" + upgradeLines + "Sec-WebSocket-Protocol: wamp.2.json\n\n",
			403, "web pages of this origin may not connect: it is not for certain this host, and not in allowed_origins\n",
		},
		{
			"old version", "GET /ws HTTP/1.1\nHost: HOST\n" + strings.Replace(upgradeLines, "13", "8", 1) + "Sec-WebSocket-Protocol: wamp.2.json\n\n",
			400, "only version 13 of WebSocket is spoken here\n",
		},
		{
			"not GET", "POST /ws HTTP/1.1\nHost: HOST\nContent-Length: 0\n" + upgradeLines + "Sec-WebSocket-Protocol: wamp.2.json\n\n",
			405, "a WebSocket begins with GET\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			response, body := request(t, l, c.request)
			if want := strings.ReplaceAll(c.body, "HOST", l.url.Host); response.StatusCode != c.status || body != want {
				t.Errorf("answer %d %q, want %d %q", response.StatusCode, body, c.status, want)
			}
			if got := response.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
				t.Errorf("content type %q", got)
			}
			if !response.Close {
				t.Error("the connection is kept")
			}
		})
	}
}

func TestSerializersInTheClientsOrder(t *testing.T) {
	offers := make(chan []codec.Serializer, 1)
	l := listen(t, Limits{}, nil, func(h *Handshake) {
		offers <- h.Serializers()
		h.Reject(503, "seen")
	})
	for _, c := range []struct {
		lines string
		want  []codec.Serializer
	}{
		{"Sec-WebSocket-Protocol: wamp.2.cbor.batched, wamp.2.cbor, wamp.2.msgpack.batched,wamp.2.msgpack, wamp.2.ubjson, wamp.2.json\n", []codec.Serializer{codec.CBOR, codec.MessagePack, codec.JSON}},
		{"Sec-WebSocket-Protocol: wamp.2.json\nSec-WebSocket-Protocol: chat, wamp.2.cbor\n", []codec.Serializer{codec.JSON, codec.CBOR}},
		{"Sec-WebSocket-Protocol: wamp.2.msgpack, wamp.2.msgpack\n", []codec.Serializer{codec.MessagePack}},
	} {
		response, _ := request(t, l, "GET /ws HTTP/1.1\nHost: HOST\n"+upgradeLines+c.lines+"\n")
		if offered := <-offers; response.StatusCode != 503 || !slices.Equal(offered, c.want) {
			t.Errorf("%q: status %d, offered %v, want %v", c.lines, response.StatusCode, offered, c.want)
		}
	}
}

func TestHeadersForTheRouter(t *testing.T) {
	headers := make(chan http.Header, 1)
	l := listen(t, Limits{}, nil, func(h *Handshake) {
		headers <- h.Header()
		h.Reject(503, "seen")
	})
	request(t, l, "GET /ws HTTP/1.1\nHost: HOST\nOrigin: http://HOST\nCookie: cbtid=abc\nAuthorization: Basic xyz\nUser-Agent: test\n"+
		"X-Forwarded-For: 10.1.2.3\nX-Secret: s\nAccept: */*\n"+upgradeLines+"Sec-WebSocket-Protocol: wamp.2.json\n\n")
	want := http.Header{
		"Cookie": {"cbtid=abc"}, "Authorization": {"Basic xyz"}, "Origin": {"http://" + l.url.Host}, "User-Agent": {"test"},
		"X-Forwarded-For": {"10.1.2.3, 127.0.0.1"}, "X-Forwarded-Host": {l.url.Host}, "X-Forwarded-Proto": {"http"},
	}
	if got := <-headers; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("header %v, want %v", got, want)
	}
	request(t, l, "GET /ws HTTP/1.1\nHost: HOST\nX-Forwarded-Host: public.example\nX-Forwarded-Proto: https\n"+
		upgradeLines+"Sec-WebSocket-Protocol: wamp.2.json\n\n")
	want = http.Header{"X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Host": {l.url.Host}, "X-Forwarded-Proto": {"http"}} // wampool's own words
	if got := <-headers; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("header %v, want %v", got, want)
	}
}

func TestAnswersToAHandshake(t *testing.T) {
	answers := make(chan func(*Handshake), 1)
	l := listen(t, Limits{}, nil, func(h *Handshake) { (<-answers)(h) })
	good := "GET /ws HTTP/1.1\nHost: HOST\n" + upgradeLines + "Sec-WebSocket-Protocol: wamp.2.cbor, wamp.2.json\n\n"

	t.Run("accepted", func(t *testing.T) {
		accepted := make(chan *Conn, 1)
		answers <- func(h *Handshake) {
			conn, err := h.Accept(codec.JSON, http.Header{"Set-Cookie": {"a=1", "b=2"}, "Server": {"secret"}})
			if err != nil {
				t.Errorf("accept: %v", err)
				return
			}
			h.Reject(500, "too late")
			func() {
				defer func() {
					if recover() == nil {
						t.Error("accepted twice")
					}
				}()
				_, _ = h.Accept(codec.JSON, nil)
			}()
			accepted <- conn
		}
		response, _ := request(t, l, good)
		header := response.Header
		if response.StatusCode != 101 || header.Get("Sec-WebSocket-Protocol") != "wamp.2.json" ||
			!slices.Equal(header.Values("Set-Cookie"), []string{"a=1", "b=2"}) || header.Get("Server") != "" {
			t.Errorf("answer %d %v", response.StatusCode, header)
		}
		if header.Get("Sec-WebSocket-Extensions") != "" {
			t.Error("an extension was agreed on")
		}
		conn := <-accepted
		conn.Abort(errTestOver)
		conn.Wait()
	})
	t.Run("serializer not offered", func(t *testing.T) {
		answers <- func(h *Handshake) {
			if _, err := h.Accept(codec.MessagePack, nil); err == nil {
				t.Error("accepted what was not offered")
			}
			h.Reject(502, "the router chose otherwise")
		}
		if response, body := request(t, l, good); response.StatusCode != 502 || body != "the router chose otherwise\n" {
			t.Errorf("answer %d %q", response.StatusCode, body)
		}
	})
	t.Run("status that is no refusal", func(t *testing.T) {
		answers <- func(h *Handshake) { h.Reject(302, "redirected") }
		if response, _ := request(t, l, good); response.StatusCode != 502 {
			t.Errorf("answer %d, want 502", response.StatusCode)
		}
	})
	t.Run("not answered", func(t *testing.T) {
		answers <- func(*Handshake) {}
		if response, _ := request(t, l, good); response.StatusCode != 503 {
			t.Errorf("answer %d, want 503", response.StatusCode)
		}
	})
	t.Run("bad key", func(t *testing.T) {
		answers <- func(h *Handshake) {
			if _, err := h.Accept(codec.JSON, nil); err == nil {
				t.Error("accepted a bad key")
			}
		}
		if response, _ := request(t, l, strings.Replace(good, "MDEy", "", 1)); response.StatusCode != 400 {
			t.Errorf("answer %d, want 400", response.StatusCode)
		}
	})
}

// Frames that come along with the request are not lost.
func TestFramesBehindTheRequest(t *testing.T) {
	read := make(chan string, 2)
	l := listen(t, Limits{}, nil, func(h *Handshake) {
		conn, err := h.Accept(codec.JSON, nil)
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		for range 2 {
			m, err := conn.Read()
			if err != nil {
				t.Errorf("read: %v", err)
			}
			read <- string(m)
		}
		conn.Abort(errTestOver)
		conn.Wait()
	})
	long := strings.Repeat("x", 100)
	frames := "\x81\x83\x00\x00\x00\x00[1]" + "\x81\xe4\x00\x00\x00\x00" + long
	request(t, l, "GET /ws HTTP/1.1\nHost: HOST\n"+upgradeLines+"Sec-WebSocket-Protocol: wamp.2.json\n\n"+frames)
	if got := <-read; got != "[1]" {
		t.Errorf("got %q", got)
	}
	if got := <-read; got != long {
		t.Errorf("got %q", got)
	}
}

func TestSlowClientIsCut(t *testing.T) {
	l := listen(t, Limits{HandshakeTimeout: 20 * time.Millisecond}, nil, func(*Handshake) { t.Error("half a request came through") })
	conn, err := net.Dial("tcp", l.url.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(conn); len(rest) > 0 {
		t.Errorf("the answer is %q, %v; want the end", rest, err)
	}
}

func TestContextEndsWithTheClient(t *testing.T) {
	entered, left := make(chan struct{}), make(chan struct{})
	l := listen(t, Limits{}, nil, func(h *Handshake) {
		close(entered)
		<-h.Context().Done()
		close(left)
	})
	ctx, cancel := context.WithCancel(t.Context())
	dialed := make(chan error, 1)
	go func() {
		_, err := Dial(ctx, l.URL(), DialOptions{Serializers: allSerializers})
		dialed <- err
	}()
	<-entered
	cancel()
	<-left
	var failure *DialError
	if err := <-dialed; !errors.As(err, &failure) || !errors.Is(err, context.Canceled) {
		t.Errorf("dial: %v, want a *DialError of the cancellation", err)
	}
}

func TestListenErrors(t *testing.T) {
	l := listen(t, Limits{}, nil, func(*Handshake) {})
	_, err := Listen(t.Context(), l.URL(), ListenOptions{})
	want := fmt.Sprintf("listen %s: address already in use; another program listens on port %s: stop it or choose another port", l.URL(), l.url.Port())
	if err == nil || err.Error() != want {
		t.Errorf("port in use: %v, want %s", err, want)
	}
	_, err = Listen(t.Context(), "rs://127.0.0.1:80", ListenOptions{Socket: func(context.Context, string, string) (net.Listener, error) {
		return nil, &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EACCES)}
	}})
	if want := "listen rs://127.0.0.1:80: permission denied; ports below 1024 need a privilege: choose a higher one"; err == nil || err.Error() != want {
		t.Errorf("privileged port: %v, want %s", err, want)
	}
	for _, bad := range []string{"", "127.0.0.1:9000", "http://127.0.0.1:0/ws", "wss://127.0.0.1:0/ws", "ws:///ws", "ws://127.0.0.1:0/ws?x=1", "ws://u:p@127.0.0.1:0/ws", "ws://127.0.0.1:99999/ws"} {
		if l, err := Listen(t.Context(), bad, ListenOptions{}); err == nil {
			t.Errorf("listens at %q", bad)
			_ = l.Close()
		}
	}
}

// failing is a socket that can't accept, until it is closed.
type failing struct {
	net.Listener
	mu    sync.Mutex
	errs  []error // one after the other, the last one for good
	asked int
}

func (f *failing) Accept() (net.Conn, error) {
	f.mu.Lock()
	f.asked++
	if len(f.errs) == 0 {
		f.mu.Unlock()
		return f.Listener.Accept()
	}
	defer f.mu.Unlock()
	err := f.errs[0]
	if f.errs = f.errs[1:]; len(f.errs) == 0 && f.Listener == nil {
		f.errs = []error{err}
	}
	return nil, err
}

func (f *failing) Close() error {
	f.mu.Lock()
	f.errs = []error{net.ErrClosed}
	f.mu.Unlock()
	if f.Listener != nil {
		return f.Listener.Close()
	}
	return nil
}

func (f *failing) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9001} }

// failingAt listens by a socket that fails so.
func failingAt(t *testing.T, socket *failing) *Listener {
	t.Helper()
	l, err := Listen(t.Context(), "rs://127.0.0.1:9001", ListenOptions{Socket: func(context.Context, string, string) (net.Listener, error) { return socket, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// What there is a lack of may come back, and is not asked for all the time.
func TestAcceptingPausesWhereThereIsNoFileLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network cable.Network
		inner, err := network.Listen(t.Context(), "tcp", "127.0.0.1:9001")
		if err != nil {
			t.Fatal(err)
		}
		socket := &failing{Listener: inner}
		for range 9 {
			socket.errs = append(socket.errs, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept", syscall.EMFILE)})
		}
		socket.errs = append(socket.errs, syscall.ECONNABORTED)
		l := failingAt(t, socket)
		served := make(chan error, 1)
		begin := time.Now()
		go func() { served <- l.Serve(greet) }()
		dialed, err := Dial(t.Context(), "rs://127.0.0.1:9001", DialOptions{Connect: network.Dial, Serializers: allSerializers, Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		dropAfter(t, dialed.Conn)
		if took, want := time.Since(begin), (5+10+20+40+80+160+320+640+1000+1000)*time.Millisecond; took != want {
			t.Errorf("accepted after %s, want %s", took, want)
		}
		if got := mustRead(t, dialed.Conn); got != "hello" {
			t.Errorf("got %q", got)
		}
		dialed.Conn.Abort(errTestOver)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		l.Wait()
	})
}

func TestListenerEndsWithItsSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		socket := &failing{errs: []error{syscall.ENFILE}}
		l := failingAt(t, socket)
		served := make(chan error, 1)
		go func() { served <- l.Serve(greet) }()
		synctest.Wait() // it pauses
		begin := time.Now()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil || socket.asked != 2 || time.Since(begin) > 0 {
			t.Errorf("serve: %v, asked %d times, ended after %s", err, socket.asked, time.Since(begin))
		}
		if err := failingAt(t, &failing{errs: []error{syscall.EINVAL}}).Serve(greet); err != syscall.EINVAL {
			t.Errorf("serve: %v, want EINVAL", err)
		}
	})
}

// Only connections of a listener's own can be taken out of the HTTP server.
func TestHijackOfAnotherConnection(t *testing.T) {
	alone := upgradeWriter{ResponseWriter: httptest.NewRecorder()}
	if _, _, err := alone.Hijack(); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("hijack of none: %v", err)
	}
	hijacked := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		other := upgradeWriter{ResponseWriter: w}
		_, _, err := other.Hijack()
		hijacked <- err
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := <-hijacked; err == nil || !strings.Contains(err.Error(), "must serve gather conns") {
		t.Errorf("hijack of another: %v", err)
	}
}

func TestCloseOfAListenerLeavesConnections(t *testing.T) {
	accepted := make(chan *Conn, 1)
	l, err := Listen(t.Context(), "ws://127.0.0.1:0", ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		served <- l.Serve(func(h *Handshake) {
			conn, err := h.Accept(codec.CBOR, nil)
			if err != nil {
				t.Errorf("accept: %v", err)
			}
			accepted <- conn
		})
	}()
	dialed, err := Dial(t.Context(), l.URL(), DialOptions{Serializers: allSerializers})
	if err != nil {
		t.Fatal(err)
	}
	client, server := dialed.Conn, <-accepted
	dropAfter(t, client)
	dropAfter(t, server)
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	l.Wait()
	if _, err := Dial(t.Context(), l.URL(), DialOptions{Serializers: allSerializers}); err == nil {
		t.Error("a closed listener takes clients")
	}
	mustSend(t, client, "still here")
	client.Flush()
	if got := mustRead(t, server); got != "still here" {
		t.Errorf("got %q", got)
	}
}
