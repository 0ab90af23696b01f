package shipped

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wampool/wampool/integration/harness"
)

// What is shipped runs here as it is, but for where it listens and connects.

var (
	shippedRouter   = regexp.MustCompile(`(?m)^  url += "ws://[^"]*"`)
	shippedListener = regexp.MustCompile(`(?m)^listen "ws://[^"/]*/`)
	shippedAdmin    = regexp.MustCompile(`(?m)^  address = "[^"]*:\d+"`)
)

// shippedWampool runs a shipped configuration before a router.
func shippedWampool(t *testing.T, file, routerURL string) *harness.Wampool {
	t.Helper()
	content, err := os.ReadFile(harness.Path("../" + file))
	if err != nil {
		t.Fatal(err)
	}
	config := string(content)
	for pattern, own := range map[*regexp.Regexp]string{
		shippedRouter: `  url = "` + routerURL + `"`, shippedListener: `listen "ws://127.0.0.1:0/`, shippedAdmin: `  address = "127.0.0.1:0"`,
	} {
		if pattern != shippedAdmin && !pattern.MatchString(config) {
			t.Fatalf("%s has nothing like %s", file, pattern)
		}
		config = pattern.ReplaceAllLiteralString(config, own)
	}
	w := harness.LaunchConfig(t, config)
	w.Process.Await(t, "pool session up")
	return w
}

// shippedCrossbar returns the shared router of the compose file.
func shippedCrossbar(t *testing.T) *harness.Crossbar {
	t.Helper()
	return harness.SharedNode(t, "shipped", startShippedCrossbar)
}

// startShippedCrossbar has the configuration where the compose file mounts it:
// in the node's own folder.
func startShippedCrossbar() (*harness.Crossbar, error) {
	content, err := os.ReadFile(harness.Path("../deploy/compose/crossbar.json"))
	if err != nil {
		return nil, err
	}
	port, err := harness.FreePort()
	if err != nil {
		return nil, err
	}
	config := strings.Replace(string(content), `{"type": "tcp", "port": 8080}`, fmt.Sprintf(`{"type": "tcp", "port": %d, "interface": "127.0.0.1"}`, port), 1)
	return harness.StartNode(config, port)
}

// The routers that tests and examples run give away nothing of theirs: least of
// all the node's private key, which lies beside its configuration.
func TestRoutersServeNothingOfTheirOwn(t *testing.T) {
	for name, c := range map[string]*harness.Crossbar{"compose": shippedCrossbar(t), "integration": harness.SharedCrossbar(t)} {
		t.Run(name, func(t *testing.T) {
			paths := []string{"/", "/.", "/..", "/../", "/.crossbar", "/.crossbar/", "/node.key", "/key.priv", "/key.pub", "/config.json", "/node.pid"}
			secrets := []string{`"workers"`, "private-key", "machine-id"}
			err := filepath.WalkDir(c.Dir, func(path string, d os.DirEntry, err error) error {
				if err != nil {
					return err
				}
				inside, err := filepath.Rel(c.Dir, path)
				paths = append(paths, "/"+inside, "/.crossbar/"+inside, "/../"+inside, "/%2e%2e/"+inside, "/ws/../"+inside, "/ws/"+inside, "/%2fetc/../"+inside)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(c.Dir, "key.priv")); err != nil {
				t.Fatalf("the node has no key to be given away: %v", err)
			}
			for _, path := range paths {
				status, body := get(t, c.Port, path)
				if status == http.StatusOK && !strings.HasPrefix(path, "/ws/") { // all there is the endpoint's own page
					t.Errorf("GET %s: status 200\n%.300s", path, body)
				}
				for _, secret := range append(secrets, c.Dir) {
					if strings.Contains(body, secret) {
						t.Errorf("GET %s: status %d, and %q is in\n%.300s", path, status, secret, body)
					}
				}
			}
		})
	}
}

// get asks for a path as it is: no ".." is taken out of it.
func get(t *testing.T, port int, path string) (status int, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", strings.ReplaceAll(path, " ", "%20")); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return response.StatusCode, string(content)
}

// Callees and callers of the compose file: four calls run in one callee, and the
// fifth waits.
func TestComposeExampleWorks(t *testing.T) {
	c := shippedCrossbar(t)
	w := shippedWampool(t, "deploy/compose/wampool.hcl", c.URL())
	p := harness.Library(t, "autobahn")
	callee := p.Join(t, w.URL, nil)
	callee.Register("com.example.compute", "hold", nil).OK(t)
	for side, url := range map[string]string{"router": c.URL(), "wampool": w.URL} {
		caller := p.Join(t, url, nil)
		var calls []*harness.Answer
		for i := range 5 {
			calls = append(calls, caller.Call("com.example.compute", i))
		}
		callee.Invoked(4)
		callee.Release("com.example.compute", 1)
		callee.Invoked(1)
		callee.Release("com.example.compute", 4)
		for _, call := range calls {
			call.OK(t)
		}
		if peak := callee.Peak("com.example.compute"); peak != 4 {
			t.Errorf("callers at the %s: %d calls at once, want 4", side, peak)
		}
	}
}

// The service of systemd pools what callees ask to share.
func TestSystemdExampleWorks(t *testing.T) {
	c := harness.SharedCrossbar(t)
	w := shippedWampool(t, "deploy/systemd/wampool.hcl", c.URL())
	p := harness.Library(t, "autobahn")
	got := map[string]int{}
	for range 2 {
		callee := p.Join(t, w.URL, nil)
		callee.Register("com.example.systemd", "name", harness.Args{"invoke": "roundrobin"}).OK(t)
		got[callee.Name] = 0
	}
	caller := p.Join(t, c.URL(), nil)
	for range 4 {
		var name string
		if err := json.Unmarshal(caller.Call("com.example.systemd").OK(t), &name); err != nil {
			t.Fatal(err)
		}
		got[name]++
	}
	for name, n := range got {
		if n != 2 {
			t.Errorf("%s got %d of 4 calls", name, n)
		}
	}
}

// Two pods, each a callee with its sidecar: the router shares the calls between
// them.
func TestKubernetesExampleWorks(t *testing.T) {
	c := shippedCrossbar(t)
	p := harness.Library(t, "autobahn")
	got := map[string]int{}
	for range 2 {
		callee := p.Join(t, shippedWampool(t, "deploy/kubernetes/wampool.hcl", c.URL()).URL, nil)
		callee.Register("com.example.compute", "name", nil).OK(t)
		got[callee.Name] = 0
	}
	caller := p.Join(t, c.URL(), nil)
	for range 4 {
		var name string
		if err := json.Unmarshal(caller.Call("com.example.compute").OK(t), &name); err != nil {
			t.Fatal(err)
		}
		got[name]++
	}
	for name, n := range got {
		if n != 2 {
			t.Errorf("%s got %d of 4 calls", name, n)
		}
	}
}

// The examples of configurations that need neither a login nor a certificate.
func TestExamplesJoinTheRouter(t *testing.T) {
	c := harness.SharedCrossbar(t)
	p := harness.Library(t, "autobahn")
	for _, name := range []string{"compute", "minimal", "plain-callees", "rolling-restarts", "several-sidecars"} {
		t.Run(name, func(t *testing.T) {
			w := shippedWampool(t, "configs/examples/"+name+".hcl", c.URL())
			p.Join(t, w.URL, nil).Call("com.example.nobody").Fails(t, "wamp.error.no_such_procedure")
		})
	}
}
