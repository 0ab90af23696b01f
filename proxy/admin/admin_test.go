package admin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/wampool/wampool/proxy/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a sidecar with one pool.
type fake struct {
	reasons []string
	traces  chan traced
	stopped chan struct{}
}

// traced is one who follows calls.
type traced struct {
	what admin.Trace
	to   *admin.Followed
}

func (f *fake) Unready() []string   { return f.reasons }
func (f *fake) Pools() []admin.Pool { return []admin.Pool{poolOf("com.example.p")} }

func poolOf(procedure string) admin.Pool {
	return admin.Pool{
		Realm: "realm1", Match: "exact", Procedure: procedure, Name: procedure, Policy: "roundrobin", IsLive: true,
		Callees: []admin.Callee{{Session: 7, Address: "127.0.0.1:50000", Taken: 1, Slots: 4}},
	}
}

func (f *fake) Pool(realm, match, procedure string) (admin.Pool, bool) {
	return poolOf(procedure), realm == "realm/1" && match == "exact" && procedure == "com.example.p"
}

func (f *fake) Sessions() []admin.Session { return []admin.Session{{ID: 7, Transport: "ws"}} }
func (f *fake) Connected() int            { return 1 }
func (f *fake) PoolSessions() []admin.PoolSession {
	return []admin.PoolSession{{Realm: "realm1", IsUp: true}}
}
func (f *fake) Peers() admin.Peers                { return admin.Peers{Peers: []admin.Peer{}} }
func (f *fake) PeersInShort() *admin.PeersSummary { return nil }
func (f *fake) Counts() []admin.PoolCounts {
	return []admin.PoolCounts{{Realm: "realm1", Match: "exact", Procedure: "com.example.p", Received: []uint64{3}, Ended: []uint64{2}}}
}
func (f *fake) Totals() admin.Totals {
	return admin.Totals{Dropped: map[string]uint64{"memory": 1}}
}
func (f *fake) Config() any { return map[string]any{"drain_timeout": 30.0} }

// Trace follows the one pool that is there.
func (f *fake) Trace(what admin.Trace, to *admin.Followed) (string, func(), error) {
	if what.Pool != "com.example.p" {
		return "", nil, &admin.RequestError{Status: http.StatusNotFound, Text: "there is no such pool"}
	}
	f.traces <- traced{what, to}
	return "realm1", func() { f.stopped <- struct{}{} }, nil
}

// serve serves a listener until the test ends.
func serve(t *testing.T, o admin.Options) *admin.Server {
	t.Helper()
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	s, err := admin.Listen(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return s
}

// request asks the listener, over TCP or its socket.
func request(t *testing.T, s *admin.Server, method, path, body string, header http.Header) (status int, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Address()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(got)
}

func TestRoutes(t *testing.T) {
	sidecar := &fake{}
	s := serve(t, admin.Options{Sidecar: sidecar})
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
		{"GET", "/api/v1/config", nil, 200, `{"drain_timeout":30}` + "\n"},
		{"GET", "/api/v1/pools/realm%2F1/exact/com.example.q", nil, 404, `{"error":"there is no such pool: GET /api/v1/pools lists them"}` + "\n"},
		{"GET", "/api/v1/pools/realm%2F1/exact/com/none", nil, 404, `{"error":"there is no such pool: GET /api/v1/pools lists them"}` + "\n"},
		{"GET", "/api/v1/pools/realm%2F1/prefix/", nil, 404, `{"error":"there is no such pool: GET /api/v1/pools lists them"}` + "\n"},
		{"POST", "/api/v1/pools", nil, 405, `{"error":"this takes GET, HEAD, not POST"}` + "\n"},
		{"POST", "/api/v1/reload", nil, 404, `{"error":"there is nothing here"}` + "\n"},
		{"GET", "/debug/pprof/", nil, 404, "404 page not found\n"},
	} {
		sidecar.reasons = test.reasons
		if status, body := request(t, s, test.method, test.path, "", nil); status != test.status || body != test.body {
			t.Errorf("%s %s with reasons %q: %d %q, want %d %q", test.method, test.path, test.reasons, status, body, test.status, test.body)
		}
	}
}

// What is shown can be read again by who knows its form.
func TestShown(t *testing.T) {
	s := serve(t, admin.Options{Sidecar: &fake{}})
	client := admin.NewClient(s.Address())
	var pools admin.Pools
	if err := client.Get(t.Context(), "/api/v1/pools", &pools); err != nil || len(pools.Pools) != 1 || pools.Pools[0].Callees[0].Session != 7 {
		t.Errorf("pools are %+v, %v", pools, err)
	}
	var pool admin.Pool
	if err := client.Get(t.Context(), "/api/v1/pools/realm%2F1/exact/com.example.p", &pool); err != nil || pool.Policy != "roundrobin" {
		t.Errorf("the pool is %+v, %v", pool, err)
	}
	var sessions admin.Sessions
	if err := client.Get(t.Context(), "/api/v1/sessions", &sessions); err != nil || sessions.Sessions[0].ID != 7 || !sessions.PoolSessions[0].IsUp {
		t.Errorf("sessions are %+v, %v", sessions, err)
	}
	if err := client.Get(t.Context(), "/api/v1/pools/realm1/exact/none", &pool); err == nil || !strings.Contains(err.Error(), "no such pool") {
		t.Errorf("of what is not there: %v", err)
	}
}

func TestProfiles(t *testing.T) {
	s := serve(t, admin.Options{Sidecar: &fake{}, PProf: true})
	for _, path := range []string{"", "goroutine?debug=1", "cmdline"} {
		if status, body := request(t, s, "GET", "/debug/pprof/"+path, "", nil); status != 200 || body == "" {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// Who may give a command, and who may not.
func TestGate(t *testing.T) {
	commands := map[string]admin.Command{
		"drain": func(_ context.Context, request json.RawMessage) (any, error) {
			var in struct{ Name string }
			if err := json.Unmarshal(request, &in); err != nil || in.Name == "nobody" {
				return nil, &admin.RequestError{Status: 404, Text: "there is nobody of this name"}
			}
			return map[string]string{"drained": in.Name}, nil
		},
		"reload": func(context.Context, json.RawMessage) (any, error) { return nil, errors.New("the file is gone") },
		"pause":  func(context.Context, json.RawMessage) (any, error) { return nil, nil },
	}
	open := serve(t, admin.Options{Sidecar: &fake{}, Control: true, Commands: commands})
	shut := serve(t, admin.Options{Sidecar: &fake{}, Commands: commands})
	named := serve(t, admin.Options{Address: "localhost:0", Sidecar: &fake{}, Control: true, Commands: commands})
	said := http.Header{"X-Wampool": {"1"}}
	from := func(origin, host string) http.Header {
		h := http.Header{"X-Wampool": {"1"}, "Origin": {origin}}
		if host != "" {
			h["Host"] = []string{host}
		}
		return h
	}
	for _, test := range []struct {
		name   string
		at     *admin.Server
		path   string
		body   string
		header http.Header
		status int
		want   string
	}{
		{"carried out", open, "drain", `{"name":"a"}`, said, 200, `{"drained":"a"}`},
		{"no body, no answer", open, "pause", "", said, 200, `{}`},
		{"refused by the command", open, "drain", `{"name":"nobody"}`, said, 404, `{"error":"there is nobody of this name"}`},
		{"failed", open, "reload", "", said, 500, `{"error":"the file is gone"}`},
		{"no JSON", open, "drain", "{", said, 400, "must be a JSON object"},
		{"too long", open, "drain", `"` + strings.Repeat("x", 70_000) + `"`, said, 400, "too long"},
		{"no header", open, "drain", "", nil, 403, "X-Wampool: 1 is missing"},
		{"another header", open, "drain", "", http.Header{"X-Wampool": {"0"}}, 403, "X-Wampool: 1 is missing"},
		{"only shows", shut, "drain", "", said, 403, "set control = true"},
		{"own page", open, "pause", "", from("http://"+open.Address(), ""), 200, `{}`},
		{"own page by localhost", open, "pause", "", from("http://localhost:1", "localhost:1"), 200, `{}`},
		{"page of another port", open, "pause", "", from("http://127.0.0.1:1", ""), 403, "another origin"},
		{"foreign page", open, "pause", "", from("http://example.com", ""), 403, "another origin"},
		{"page by a name that leads anywhere", open, "pause", "", from("http://example.com:9090", "example.com:9090"), 403, "made to lead here"},
		{"page by TLS", open, "pause", "", from("https://"+open.Address(), ""), 403, "another origin"},
		{"page without an origin", open, "pause", "", from("null", ""), 403, "another origin"},
		{"two origins", open, "pause", "", http.Header{"X-Wampool": {"1"}, "Origin": {"http://" + open.Address(), "http://example.com"}}, 403, "another origin"},
		{"own page by the address's name", named, "pause", "", from("http://LOCALHOST:1", "localhost:1"), 200, `{}`},
	} {
		if status, body := request(t, test.at, "POST", "/api/v1/"+test.path, test.body, test.header); status != test.status || !strings.Contains(body, test.want) {
			t.Errorf("%s: %d %q, want %d with %q", test.name, status, body, test.status, test.want)
		}
	}
	if status, _ := request(t, open, "GET", "/api/v1/drain", "", said); status != 405 {
		t.Errorf("a command by GET: status %d", status)
	}
}

// A Unix socket's mode says who may steer, and nothing else is asked.
func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin.sock")
	var names []string
	s := serve(t, admin.Options{Address: "unix://" + path, Sidecar: &fake{}, Commands: map[string]admin.Command{
		"undrain": func(_ context.Context, request json.RawMessage) (any, error) {
			names = append(names, string(request))
			return "done", nil
		},
	}})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket is %v, %v", info, err)
	}
	if s.Address() != "unix://"+path || s.URL() != s.Address() {
		t.Errorf("the address is %q, the URL %q", s.Address(), s.URL())
	}
	client := admin.NewClient(s.Address())
	var answer string
	if err := client.Post(t.Context(), "/api/v1/undrain", map[string]string{"name": "a"}, &answer); err != nil || answer != "done" || len(names) != 1 || names[0] != `{"name":"a"}` {
		t.Errorf("answer %q, %v; got %q", answer, err, names)
	}
	var config map[string]float64
	if err := client.Get(t.Context(), "/api/v1/config", &config); err != nil || config["drain_timeout"] != 30 {
		t.Errorf("the configuration is %v, %v", config, err)
	}
}

// Whoever follows gets a snapshot at once, and the stream ends with the listener.
func TestEvents(t *testing.T) {
	s := serve(t, admin.Options{Sidecar: &fake{reasons: []string{"a"}}})
	body, status, err := admin.NewClient(s.Address()).Open(t.Context(), "GET", "/api/v1/events", nil)
	if err != nil || status != 200 {
		t.Fatal(status, err)
	}
	defer func() { _ = body.Close() }()
	lines := bufio.NewScanner(body)
	for _, want := range []string{"event: snapshot", "data: {", "", "event: snapshot"} {
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), want) {
			t.Fatalf("line %q, want %q", lines.Text(), want)
		}
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			var shown admin.Snapshot
			if err := json.Unmarshal([]byte(data), &shown); err != nil || shown.Sessions != 1 || shown.Pools[0].Callees[0] != [2]int{1, 4} || shown.Unready[0] != "a" {
				t.Errorf("the snapshot is %+v, %v", shown, err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for lines.Scan() { // ends
	}
}

func TestListenErrors(t *testing.T) {
	s, err := admin.Listen(t.Context(), admin.Options{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Listen(t.Context(), admin.Options{Address: s.Address()}); err == nil {
		t.Error("two listeners at one address")
	}
	if err := s.Close(); err != nil {
		t.Errorf("closing what was never served: %v", err)
	}
	if _, err := admin.Listen(t.Context(), admin.Options{Address: "unix://" + t.TempDir()}); err == nil {
		t.Error("a listener at a folder")
	}
}
