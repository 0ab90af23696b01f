package proxy

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/wampool/wampool/codec"
	"github.com/wampool/wampool/proxy/transport"
)

// What a client asks for by HTTP reaches the router, less what is wampool's to
// say; and no query ever reaches the log.
func TestRequestGoesOnToTheRouter(t *testing.T) {
	w := makeWorld(t)
	log := newJournal()
	w.log = zerolog.New(log)
	w.prepare = func(p *Proxy) { p.config().Router.URL += "?token=s3cret-of-wampool" }
	w.start(worldOptions{})
	w.welcomePool()
	if query := (<-w.header).Get("Query"); query != "token=s3cret-of-wampool" {
		t.Errorf("the pool session's query is %q", query)
	}
	sidecar := strings.TrimSuffix(strings.TrimPrefix(w.proxy.URLs()[0], "ws://"), "/ws")
	router := strings.TrimSuffix(strings.TrimPrefix(w.router.URL(), "ws://"), "/ws")
	dial := func(origin string) error {
		dialed, err := transport.Dial(t.Context(), w.proxy.URLs()[0], transport.DialOptions{
			Timeout: patience, Serializers: []codec.Serializer{codec.JSON}, Query: "ticket=s3cret-of-joe&a=%20b;c",
			Header: http.Header{"Cookie": {"a=b"}, "Origin": {origin}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"elsewhere.example"}},
		})
		if err == nil {
			t.Cleanup(func() { dialed.Conn.Abort(errors.New("the test is over")) })
		}
		return err
	}
	if err := dial("http://" + sidecar); err != nil {
		t.Fatal(err)
	}
	got := <-w.header
	for name, want := range map[string]string{
		"Query": "token=s3cret-of-wampool&ticket=s3cret-of-joe&a=%20b;c", "Origin": "http://" + router,
		"X-Forwarded-For": "127.0.0.1, 127.0.0.1", "Cookie": "a=b",
	} {
		if got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Get(name), want)
		}
	}

	// The router can't be reached any more.
	_ = w.router.Close()
	var refused *transport.RefusedError
	if err := dial("http://" + sidecar); !errors.As(err, &refused) || refused.Status != 502 {
		t.Errorf("got %v, want 502", err)
	}
	for _, reason := range append(w.proxy.unready(), log.String()) {
		if strings.Contains(reason, "s3cret") {
			t.Errorf("a secret is shown: %s", reason)
		}
	}
	for _, line := range []string{`"router":"` + w.router.URL() + `","message":"listening"`, "client turned away"} {
		if !strings.Contains(log.String(), line) {
			t.Errorf("log lacks %s:\n%s", line, log.String())
		}
	}
}
