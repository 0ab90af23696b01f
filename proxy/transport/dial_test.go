package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/wampool/wampool/codec"
)

// routerURL is an HTTP server's URL as a WebSocket's.
func routerURL(server *httptest.Server) string {
	return "ws" + strings.TrimPrefix(server.URL, "http") + "/ws"
}

func TestDialAsksForWhatItWasTold(t *testing.T) {
	requests := make(chan *http.Request, 1)
	router := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r.Clone(context.Background())
		w.Header().Add("Set-Cookie", "cbtid=1; Path=/")
		w.Header().Add("Set-Cookie", "x=2")
		w.Header().Add("Server", "router")
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"wamp.2.json"}, InsecureSkipVerify: true})
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		_ = conn.Write(r.Context(), websocket.MessageText, []byte("[1]")) // may come along with the answer
		_, _, _ = conn.Read(r.Context())
		_ = conn.CloseNow()
	}))
	defer router.Close()
	header := http.Header{"Cookie": {"cbtid=0"}, "Origin": {"http://page.example"}, "X-Forwarded-For": {"10.0.0.1"}}
	dialed, err := Dial(t.Context(), routerURL(router), DialOptions{
		Serializers: []codec.Serializer{codec.CBOR, codec.JSON}, Header: header,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer dialed.Conn.Wait()
	defer dialed.Conn.Abort(errTestOver)
	request := <-requests
	if s := dialed.Conn.Serializer(); s != codec.JSON {
		t.Errorf("serializer %v, want json", s)
	}
	if addr := dialed.Conn.RemoteAddr(); addr != request.Host {
		t.Errorf("peer %q, want %q", addr, request.Host)
	}
	if m := mustRead(t, dialed.Conn); m != "[1]" {
		t.Errorf("first message %q", m)
	}
	for name, want := range map[string]string{
		"Sec-Websocket-Protocol": "wamp.2.cbor,wamp.2.json", "Cookie": "cbtid=0", "Origin": "http://page.example",
		"X-Forwarded-For": "10.0.0.1", "User-Agent": "wampool", "Sec-Websocket-Extensions": "",
	} {
		if got := request.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if len(dialed.Header) != 1 || !slices.Equal(dialed.Header["Set-Cookie"], []string{"cbtid=1; Path=/", "x=2"}) {
		t.Errorf("header %v, want the cookies only", dialed.Header)
	}
	if len(header) != 3 {
		t.Errorf("the caller's header became %v", header)
	}
}

func TestRouterRefuses(t *testing.T) {
	var redirected atomic.Bool
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		status  int
		body    string
		advice  string
	}{
		{"unauthorized", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "who  are\nyou?\x1b[31m\x00", http.StatusUnauthorized)
		}, 401, "who are you? [31m", "it wants a login by HTTP, or does not allow the Origin"},
		{"forbidden", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, 403, "", "it wants a login by HTTP, or does not allow the Origin"},
		{"not found", http.NotFound, 404, "404 page not found", "check the path in router.url"},
		{"no websocket", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 5000)) }, 200, strings.Repeat("x", 200), "it has a page there and no WebSocket: check the path in router.url"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			redirected.Store(r.URL.Path != "/ws")
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}, 302, `<a href="/elsewhere">Found</a>.`, ""},
		{"endless body", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			for range 10_000 {
				if _, err := io.WriteString(w, "no "); err != nil {
					return
				}
			}
			<-r.Context().Done()
		}, 500, strings.TrimSpace(strings.Repeat("no ", 67)[:200]), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			router := httptest.NewServer(c.handler)
			defer router.Close()
			_, err := Dial(t.Context(), routerURL(router), DialOptions{Serializers: allSerializers, Timeout: 10 * time.Second})
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.Status != c.status || refused.Body != c.body {
				t.Fatalf("dial: %v; want status %d and %q", err, c.status, c.body)
			}
			if _, advice, _ := strings.Cut(err.Error(), "; "); advice != c.advice {
				t.Errorf("advice %q, want %q", advice, c.advice)
			}
		})
	}
	if redirected.Load() {
		t.Error("a redirect was followed")
	}
}

// A router is offered one serializer after the other where it may have refused the
// one, and not where it has said something else.
func TestDialOneByOne(t *testing.T) {
	for status, want := range map[int]int32{
		400: 3, 406: 3, 500: 3, 502: 3, 401: 1, 403: 1, 404: 1, 407: 1, 408: 1, 429: 1, 503: 1, 504: 1, 200: 1, 302: 1,
	} {
		var asked atomic.Int32
		router := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.WriteHeader(status)
		}))
		_, err := Dial(t.Context(), routerURL(router), DialOptions{Serializers: allSerializers, OneByOne: true, Timeout: 10 * time.Second})
		router.Close()
		if refused := (*RefusedError)(nil); !errors.As(err, &refused) || refused.Status != status || asked.Load() != want {
			t.Errorf("asked %d times, want %d: %v", asked.Load(), want, err)
		}
	}
}

func TestDialAddress(t *testing.T) {
	for raw, want := range map[string]string{
		"ws://router/ws": "tcp router:80", "wss://router/ws": "tcp router:443", "wss://[::1]/ws": "tcp [::1]:443",
		"wss://router:8443/ws": "tcp router:8443", "rs://router:8081": "tcp router:8081", "unix:///run/socket": "unix /run/socket",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if network, address := dialAddress(u); network+" "+address != want {
			t.Errorf("%s: %s %s, want %s", raw, network, address, want)
		}
	}
}

// The dial's context may end in the moment in which all has succeeded.
func TestDialEndsWithItsContext(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	ctx, cancel := context.WithCancel(t.Context())
	_, _, release, err := connect(ctx, &url.URL{Scheme: "ws", Host: "router"}, &DialOptions{
		Connect: func(context.Context, string, string) (net.Conn, error) { return near, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := far.Read(make([]byte, 1)); err != io.EOF { // and has closed the connection
		t.Errorf("read: %v", err)
	}
	if err := release(nil); err != context.Canceled {
		t.Errorf("the outcome is %v, want the cancellation", err)
	}
}

// A router's answer may quote what it was asked, the end of it missing perhaps.
func TestRefusalQuotesNoQuery(t *testing.T) {
	router := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no such ticket: "+r.URL.Query().Get("ticket"), http.StatusForbidden)
	}))
	defer router.Close()
	for _, o := range []struct{ url, query string }{{routerURL(router) + "?ticket=s3cret", ""}, {routerURL(router), "ticket=s3cret"}} {
		_, err := Dial(t.Context(), o.url, DialOptions{Serializers: allSerializers, Query: o.query})
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Status != 403 || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v: %v", o, err)
		}
	}
}

func TestQueriesAndOriginForTheRouter(t *testing.T) {
	requests := make(chan *http.Request, 1)
	router := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r.Clone(context.Background())
		w.WriteHeader(http.StatusForbidden)
	}))
	defer router.Close()
	for _, c := range []struct {
		own, client, want string
		ownOrigin         bool
	}{
		{"", "", "", false},
		{"?a=1", "", "a=1", true},
		{"", "b=2", "b=2", false},
		{"?a=1", "b=%zz;%20&c", "a=1&b=%zz;%20&c", true},
	} {
		_, _ = Dial(t.Context(), routerURL(router)+c.own, DialOptions{
			Serializers: allSerializers, Query: c.client, OwnOrigin: c.ownOrigin, Header: http.Header{"Origin": {"https://page.example"}},
		})
		request, origin := <-requests, "https://page.example"
		if c.ownOrigin {
			origin = router.URL
		}
		if request.URL.RawQuery != c.want || request.Header.Get("Origin") != origin {
			t.Errorf("%v: query %q, Origin %q", c, request.URL.RawQuery, request.Header.Get("Origin"))
		}
	}
}

func TestPublicURL(t *testing.T) {
	for raw, want := range map[string]string{
		"ws://127.0.0.1:8080/ws":                  "ws://127.0.0.1:8080/ws",
		"wss://joe:s3cret@[::1]:8080/a%2fb?t=x#y": "wss://[::1]:8080/a%2fb",
		"ws://s3cret@router":                      "ws://router",
		"ws://router/?":                           "ws://router/",
		"unix:///run/router.sock?s3cret":          "unix:///run/router.sock",
		"ws://router/%zz?s3cret":                  "(invalid URL)",
	} {
		if got := PublicURL(raw); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

func TestDialFailures(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts, and nobody answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	hangsUp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("hijack: %v", err)
			return
		}
		_ = conn.Close()
	}))
	defer hangsUp.Close()
	noSubprotocol := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := websocket.Accept(w, r, nil); err == nil {
			_, _, _ = conn.Read(r.Context())
			_ = conn.CloseNow()
		}
	}))
	defer noSubprotocol.Close()
	noUpgrade, _ := rawRouter(t, func([]byte) string {
		return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: something else\r\n\r\n"
	})
	noTLS := httptest.NewServer(http.NotFoundHandler())
	defer noTLS.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	raw, _ := rawRouter(t, func([]byte) string { return "\x7f\x10\x00\x00" })
	alerts, _ := rawRouter(t, func([]byte) string { return "\x15\x03\x01\x00\x02\x02\x46" })
	for _, c := range []struct{ name, url, text string }{
		{"silent", "ws://user:s3cret@" + silent.Addr().String() + "/ws?ticket=s3cret", "router ws://" + silent.Addr().String() + "/ws can't be reached: no answer within 30ms; if it is there, check the scheme of router.url: TLS or not, WebSocket or RawSocket"},
		{"silent TLS", "wss://" + silent.Addr().String() + "/ws", "no answer within 30ms"},
		{"gone", "ws://" + gone.Addr().String() + "/ws", "connection refused"},
		{"hangs up", routerURL(hangsUp), "it ended the connection in the middle of the handshake"},
		{"no subprotocol", routerURL(noSubprotocol), "it chose none of the subprotocols wamp.2.json, wamp.2.msgpack, wamp.2.cbor"},
		{"no WebSocket", "ws" + strings.TrimPrefix(noUpgrade, "rs") + "/?ticket=s3cret", "invalid Sec-WebSocket-Accept"},
		{"no TLS", strings.Replace(routerURL(noTLS), "ws:", "wss:", 1), "tls: first record does not look like a TLS handshake; it does not speak TLS here: use ws:// in router.url"},
		{"no TLS for RawSocket", strings.Replace(strings.TrimSuffix(routerURL(noTLS), "/ws"), "ws:", "rss:", 1), "it does not speak TLS here: use rs:// in router.url"},
		{"another path", routerURL(noTLS), "404 Not Found: 404 page not found; check the path in router.url"},
		{"RawSocket", "ws" + strings.TrimPrefix(raw, "rs"), "it does not speak HTTP; it speaks RawSocket: use rs:// in router.url, without a path"},
		{"TLS alert", "ws" + strings.TrimPrefix(alerts, "rs"), "it does not speak HTTP; it speaks TLS: use wss:// in router.url"},
		{"TLS that explains", strings.Replace(routerURL(secure), "wss:", "ws:", 1), "Client sent an HTTP request to an HTTPS server.; it speaks TLS: use wss:// in router.url"},
		{"unknown CA", routerURL(secure), "certificate signed by unknown authority; name the file of its CA's certificate by tls.ca_file in the router block"},
		{"no URL", "http://127.0.0.1/ws", "not a URL like ws://"},
		{"nothing", "::", "not a URL like ws://"},
	} {
		t.Run(c.name, func(t *testing.T) {
			timeout := 10 * time.Second
			if strings.HasPrefix(c.name, "silent") {
				timeout = 30 * time.Millisecond
			}
			_, err := Dial(t.Context(), c.url, DialOptions{Serializers: allSerializers, Timeout: timeout})
			var failure *DialError
			var refused *RefusedError
			if !errors.As(err, &failure) && !errors.As(err, &refused) || !strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("dial: %v, want %q", err, c.text)
			}
		})
	}
	_, err = Dial(t.Context(), "ws://router/ws", DialOptions{Serializers: allSerializers, Connect: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		_ = far.Close()
		return near, nil
	}})
	if failure := (*DialError)(nil); !errors.As(err, &failure) || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("dial of one who has left: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Dial(ctx, "ws://"+silent.Addr().String(), DialOptions{Serializers: allSerializers}); !errors.Is(err, context.Canceled) {
		t.Errorf("dial: %v, want the cancellation", err)
	}
}

func TestDialTLS(t *testing.T) {
	router := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"wamp.2.cbor"}})
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		conn.SetReadLimit(-1)
		for {
			kind, m, err := conn.Read(r.Context())
			if err != nil {
				if websocket.CloseStatus(err) != 1000 {
					t.Errorf("router: %v", err)
				}
				return
			}
			if err := conn.Write(r.Context(), kind, m); err != nil {
				t.Errorf("router: %v", err)
				return
			}
		}
	}))
	router.Config.ErrorLog = log.New(io.Discard, "", 0) // of the certificate that is not trusted
	router.StartTLS()
	defer router.Close()
	if _, err := Dial(t.Context(), routerURL(router), DialOptions{Serializers: allSerializers}); err == nil {
		t.Fatal("a certificate of nobody is trusted")
	}
	roots := x509.NewCertPool()
	roots.AddCert(router.Certificate())
	dialed, err := Dial(t.Context(), routerURL(router), DialOptions{
		Serializers: allSerializers, TLS: &tls.Config{RootCAs: roots}, Timeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := dialed.Conn
	dropAfter(t, c)
	messages := []string{"a", strings.Repeat("b", 100), strings.Repeat("c", 50_000), strings.Repeat("d", 1<<20)}
	for _, m := range messages {
		mustSend(t, c, m)
	}
	if c.Buffered() < 1<<20 {
		t.Errorf("%d bytes are gathered", c.Buffered())
	}
	c.Flush()
	for _, want := range messages {
		if got := mustRead(t, c); got != want {
			t.Errorf("message of %d bytes came back as another of %d", len(want), len(got))
		}
	}
	c.Close(1000, "", 5*time.Second)
	if _, err := c.Read(); err != ErrClosed {
		t.Errorf("read: %v, want ErrClosed", err)
	}
	c.Wait()
}
