package languages

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wampool/wampool/integration/harness"

	"github.com/chromedp/chromedp"
)

// A real browser: pages with Autobahn|JS and with Wampy are callees and callers.

// thePage is served by the test itself.
const thePage = `<!doctype html><meta charset="utf-8"><title>test</title>
<script src="/node_modules/autobahn-browser/autobahn.min.js"></script>
<script src="/node_modules/wampy/dist/browser/wampy.js"></script>
<script src="/node_modules/wampy/dist/browser/wampy-all.js"></script>
<script src="/clients/page.js"></script>`

func servePage(t *testing.T) *httptest.Server {
	files := http.FileServer(http.Dir(harness.Path("")))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/":
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprint(w, thePage)
		case strings.HasPrefix(r.URL.Path, "/node_modules/"), strings.HasPrefix(r.URL.Path, "/clients/"):
			files.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

// page is a tab of the browser.
type page struct {
	t   *testing.T
	ctx context.Context
}

// opener opens a tab.
type opener func(t *testing.T, url string) *page

// browse starts a browser.
func browse(t *testing.T) opener {
	t.Helper()
	open := harness.Browse(t)
	return func(t *testing.T, url string) *page {
		t.Helper()
		return &page{t, open(t, url)}
	}
}

// do evaluates one of the page's functions, and returns its answer.
func (p *page) do(function string, arguments ...any) harness.Reply {
	p.t.Helper()
	var list []string
	for _, each := range arguments {
		b, err := json.Marshal(each)
		if err != nil {
			p.t.Fatal(err)
		}
		list = append(list, string(b))
	}
	expression := fmt.Sprintf("%s(%s).then(JSON.stringify)", function, strings.Join(list, ", "))
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	var r harness.Reply
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		p.t.Fatalf("%s: %v in %s", expression, err, text)
	}
	return r
}

func (p *page) ok(function string, arguments ...any) string {
	p.t.Helper()
	r := p.do(function, arguments...)
	if r.Error != nil {
		p.t.Fatalf("%s%v: %s", function, arguments, r.Error.URI)
	}
	return harness.Normal(p.t, r.OK)
}

// pages is a configuration in which pages of one host may connect. Wampy has no
// word for a limit: the block has it.
func pages(routerURL, origin string) string {
	const realm = "realm \"realm1\" {\n  pool \"com.example.page.\" {\n    match = \"prefix\"\n    concurrency = 1\n  }\n}"

	return fmt.Sprintf("router {\n  url = %q\n}\nlisten \"ws://127.0.0.1:0/ws\" {\n  allowed_origins = [%q]\n}\ndrain_timeout = \"1s\"\n%s\n", routerURL, origin, realm)
}

func TestWebPages(t *testing.T) {
	open := browse(t)
	t.Run("are callees and callers", func(t *testing.T) { pagesCall(t, open) })
	t.Run("are lost when their tab is closed", func(t *testing.T) { tabCloses(t, open) })
	t.Run("of a foreign host are refused", func(t *testing.T) { foreignPage(t, open) })
}

func pagesCall(t *testing.T, open opener) {
	c, server := harness.SharedCrossbar(t), servePage(t)
	w := harness.LaunchConfig(t, pages(c.URL(), strings.TrimPrefix(server.URL, "http://")))
	w.Addresses()
	python := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	python.Register("com.example.page.python", "echo", harness.Args{"invoke": "roundrobin"}).OK(t)
	tab := open(t, server.URL)
	for _, name := range []string{"autobahn", "wampy"} {
		for _, serializer := range []string{"json", "msgpack", "cbor"} {
			t.Run(name+" in "+serializer, func(t *testing.T) {
				tab := &page{t, tab.ctx}
				session, procedure := name+"."+serializer, "com.example.page."+name+"."+serializer
				tab.ok("join", session, name, w.URL, serializer)
				tab.ok("register", session, procedure, harness.Args{"invoke": "roundrobin"})
				var payload any = harness.Args{"$bytes": "AAEC/w=="}
				if serializer == "json" {
					payload = "text"
				}
				caller := harness.Library(t, "asyncio").Join(t, c.URL(), nil)
				want, _ := json.Marshal(payload)
				if got := harness.Normal(t, caller.Call(procedure, payload).OK(t)); got != harness.Normal(t, want) {
					t.Errorf("a call of the page returns %s", got)
				}
				if got := tab.ok("call", session, "com.example.page.python", []any{payload}); got != harness.Normal(t, want) {
					t.Errorf("the page's call returns %s", got)
				}
				held := caller.Call(procedure, "hold")
				harness.Settled(t, caller)
				caller.Call(procedure, 2).Fails(t, harness.MaxConcurrency)
				if !held.Open() {
					t.Error("the call that the page holds was answered")
				}
			})
		}
	}
}

// tabCloses: a tab that is closed is a callee that is lost.
func tabCloses(t *testing.T, open opener) {
	c, server := harness.SharedCrossbar(t), servePage(t)
	w := harness.LaunchConfig(t, pages(c.URL(), "127.0.0.1"))
	w.Addresses()
	tab := open(t, server.URL)
	const procedure = "com.example.page.closed"
	tab.ok("join", "callee", "autobahn", w.URL, "json")
	tab.ok("register", "callee", procedure, harness.Args{"invoke": "first"})
	other := harness.Library(t, "asyncio").Join(t, w.URL, nil)
	other.Register(procedure, "name", harness.Args{"invoke": "first"}).OK(t)
	caller := harness.Library(t, "twisted").Join(t, c.URL(), nil)
	caller.Call(procedure, "seen").OK(t)
	call := caller.Call(procedure, "hold")
	harness.Settled(t, caller)
	ctx, stop := context.WithTimeout(tab.ctx, 10*time.Second)
	defer stop()
	if err := chromedp.Cancel(ctx); err != nil {
		t.Fatal(err)
	}
	call.Fails(t, "wamp.error.canceled")
	if got := string(caller.Call(procedure).OK(t)); got != fmt.Sprintf("%q", other.Name) {
		t.Errorf("the next call went to %s", got)
	}
}

func foreignPage(t *testing.T, open opener) {
	server := servePage(t)
	w := harness.LaunchConfig(t, pages(harness.SharedCrossbar(t).URL(), strings.TrimPrefix(server.URL, "http://")))
	w.Addresses()
	foreign := open(t, strings.Replace(server.URL, "127.0.0.1", "localhost", 1))
	for _, name := range []string{"autobahn", "wampy"} {
		if r := foreign.do("join", name, name, w.URL, "json"); r.Error == nil {
			t.Errorf("%s: a page of another host has joined", name)
		}
	}
	own := open(t, server.URL)
	own.ok("join", "own", "wampy", w.URL, "json")
}
