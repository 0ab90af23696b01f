package admin_test

import (
	"io"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"github.com/wampool/wampool/proxy/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRoutes(t *testing.T) {
	var reasons []string
	s, err := admin.Listen(t.Context(), "127.0.0.1:0", func() []string { return reasons })
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, test := range []struct {
		method, path string
		reasons      []string
		status       int
		body         string
	}{
		{"GET", "/healthz", nil, 200, "ok\n"},
		{"GET", "/healthz", []string{"a"}, 200, "ok\n"},
		{"GET", "/readyz", nil, 200, "ready\n"},
		{"GET", "/readyz", []string{"a", "b"}, 503, "a\nb\n"},
		{"HEAD", "/readyz", []string{"a"}, 503, ""},
		{"POST", "/readyz", nil, 405, "Method Not Allowed\n"},
		{"GET", "/", nil, 404, "404 page not found\n"},
	} {
		reasons = test.reasons
		request, err := http.NewRequestWithContext(t.Context(), test.method, "http://"+s.Address()+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != test.status || string(body) != test.body {
			t.Errorf("%s %s with reasons %q: %d %q, want %d %q", test.method, test.path, test.reasons, response.StatusCode, body, test.status, test.body)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestListenErrors(t *testing.T) {
	s, err := admin.Listen(t.Context(), "127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Listen(t.Context(), s.Address(), nil); err == nil {
		t.Error("two listeners at one address")
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing what was never served: %v", err)
	}
}
