package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wampool/wampool/proxy/admin"
)

// A page of elsewhere gets nothing, whatever way it asks; a person who follows a link
// does, and so do programs.
func TestForeignPages(t *testing.T) {
	var done atomic.Int32
	s := serve(t, admin.Options{Sidecar: &fake{}, Control: true, PProf: true, Commands: map[string]admin.Command{
		"drain": func(context.Context, json.RawMessage) (any, error) { done.Add(1); return nil, nil },
	}})
	fetch := func(site, mode, dest string) http.Header {
		return http.Header{"Sec-Fetch-Site": {site}, "Sec-Fetch-Mode": {mode}, "Sec-Fetch-Dest": {dest}, "X-Wampool": {"1"}}
	}
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		status             int
	}{
		{"own script", "GET", "/api/v1/pools", fetch("same-origin", "cors", "empty"), 200},
		{"address bar", "GET", "/", fetch("none", "navigate", "document"), 200},
		{"link", "GET", "/", fetch("cross-site", "navigate", "document"), 200},
		{"frame", "GET", "/", fetch("cross-site", "navigate", "iframe"), 403},
		{"image that never ends", "GET", "/api/v1/events", fetch("cross-site", "no-cors", "image"), 403},
		{"page of another port", "GET", "/api/v1/sessions", fetch("same-site", "no-cors", "script"), 403},
		{"profile", "GET", "/debug/pprof/profile", fetch("cross-site", "no-cors", "image"), 403},
		{"form", "POST", "/api/v1/drain", fetch("cross-site", "navigate", "document"), 403},
		{"fetch without cors", "POST", "/api/v1/drain", fetch("cross-site", "no-cors", "empty"), 403},
		{"asking beforehand", "OPTIONS", "/api/v1/drain", http.Header{"Origin": {"http://example.com"}, "Access-Control-Request-Method": {"POST"}, "Access-Control-Request-Headers": {"x-wampool"}}, 405},
		{"name that was made to lead here", "GET", "/api/v1/config", http.Header{"Host": {"example.com:9090"}}, 403},
		{"the same for the page", "GET", "/", http.Header{"Host": {"localhost.example.com"}}, 403},
		{"the same for what Prometheus reads", "GET", "/metrics", http.Header{"Host": {"example.com"}}, 403},
		{"a probe, which shows nothing", "GET", "/healthz", http.Header{"Host": {"example.com"}}, 200},
		{"localhost", "GET", "/api/v1/config", http.Header{"Host": {"LOCALHOST:9090"}}, 200},
		{"IPv6", "GET", "/api/v1/config", http.Header{"Host": {"[::1]:9090"}}, 200},
		{"command by GET", "GET", "/api/v1/drain", http.Header{"X-Wampool": {"1"}, "X-Http-Method-Override": {"POST"}}, 405},
		{"command by HEAD", "HEAD", "/api/v1/drain", http.Header{"X-Wampool": {"1"}}, 405},
		{"command by PUT", "PUT", "/api/v1/drain", http.Header{"X-Wampool": {"1"}}, 405},
		{"command by a query", "GET", "/api/v1/drain?_method=POST", http.Header{"X-Wampool": {"1"}}, 405},
		{"stream by HEAD, which ends", "HEAD", "/api/v1/events", nil, 200},
		{"files of elsewhere", "GET", "/..%2f..%2fadmin.go", nil, 404},
		{"files above", "GET", "/page/../admin.go", nil, 404},
		{"pools above", "GET", "/api/v1/pools/..%2f..%2fetc/exact/passwd", nil, 404},
	} {
		if status, body := request(t, s, c.method, c.path, "", c.header); status != c.status {
			t.Errorf("%s: %d %q, want %d", c.name, status, body, c.status)
		}
	}
	if n := done.Load(); n > 0 {
		t.Errorf("%d commands were carried out", n)
	}
}

// No answer lets a page of elsewhere read it.
func TestNothingIsShared(t *testing.T) {
	s := serve(t, admin.Options{Sidecar: &fake{}})
	for _, path := range []string{"/", "/api/v1/pools", "/metrics", "/healthz"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Address()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", "http://example.com")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		for name := range answer.Header {
			if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
				t.Errorf("%s answers with %s", path, name)
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// Commands that wait keep others of their kind out, beyond a few, and nobody else.
func TestManyCommands(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	s := serve(t, admin.Options{Sidecar: &fake{}, Control: true, Commands: map[string]admin.Command{
		"drain": func(context.Context, json.RawMessage) (any, error) { begun <- struct{}{}; <-end; return nil, nil },
	}})
	ended := make(chan int)
	said := http.Header{"X-Wampool": {"1"}}
	for range 16 {
		go func() { status, _ := request(t, s, "POST", "/api/v1/drain", "", said); ended <- status }()
		<-begun
	}
	if status, body := request(t, s, "POST", "/api/v1/drain", "", said); status != 503 || !strings.Contains(body, "too many commands") {
		t.Errorf("one more: %d %q", status, body)
	}
	if status, _ := request(t, s, "GET", "/api/v1/pools", "", nil); status != 200 {
		t.Errorf("and who only looks: %d", status)
	}
	close(end)
	for range 16 {
		if status := <-ended; status != 200 {
			t.Errorf("one that waited: %d", status)
		}
	}
}

// One address takes no more connections than a few, however little it sends on each: the
// program has others to keep open.
func TestManyConnections(t *testing.T) {
	s := serve(t, admin.Options{Sidecar: &fake{}})
	var conns []net.Conn
	defer func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}()
	const most = 128
	for i := range most + 8 {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Address())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := fmt.Fprint(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"); err != nil && i < most {
			t.Fatal(err)
		}
	}
	closed := 0
	for _, conn := range conns[most:] {
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			closed++
		}
	}
	if closed != 8 {
		t.Errorf("%d of those beyond the bound were closed", closed)
	}
	if _, err := io.WriteString(conns[0], "\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = conns[0].SetReadDeadline(time.Now().Add(10 * time.Second))
	if answer := make([]byte, 12); true {
		if _, err := io.ReadFull(conns[0], answer); err != nil || string(answer) != "HTTP/1.1 200" {
			t.Errorf("one of the first: %q, %v", answer, err)
		}
	}
}
