package integration

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// smallRouter is a running router of those that anybody can start in a moment.
type smallRouter struct {
	label   string
	process *process
	port    int
	address string
	join    args // what each library must say there, for [program.join]
}

func (r *smallRouter) name() string  { return r.label }
func (r *smallRouter) url() string   { return r.address }
func (r *smallRouter) joining() args { return r.join }

// smallRouters are these, by name; what each lacks stands in lacks_test.go.
// jawampa speaks no CBOR.
var smallRouters = map[string]struct {
	command []string
	join    args
}{
	"xconn":   {[]string{".venv/bin/python", "routers/xconn_router.py"}, nil},
	"jawampa": {[]string{"java", "-cp", ".java/classes:.java/lib/*", "JawampaRouter"}, args{"serializer": "msgpack"}},
}

// startSmall starts one on a port of its own, for the test alone.
func startSmall(t *testing.T, name string) *smallRouter {
	t.Helper()
	r, err := launchSmall(t, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.process.kill() })
	return r
}

func launchSmall(t *testing.T, name string) (*smallRouter, error) {
	t.Helper()
	if name == "jawampa" {
		needs(t, "java")
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	r := &smallRouter{label: name, port: port, join: smallRouters[name].join}
	return r, r.start()
}

// startAgain starts it where it was.
func (r *smallRouter) startAgain(t *testing.T) {
	t.Helper()
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
}

func (r *smallRouter) start() error {
	command := slices.Clone(smallRouters[r.label].command)
	if strings.Contains(command[0], "/") {
		command[0], _ = filepath.Abs(command[0])
	}
	process, err := start(r.label, ".", nil, append(command, strconv.Itoa(r.port))...)
	if err != nil {
		return err
	}
	line, err := process.waitLine(0, "listening on ")
	if err != nil {
		process.kill()
		return err
	}
	r.process, r.address = process, strings.TrimPrefix(line, "listening on ")
	return nil
}

// small returns the shared router of that name. Tests keep apart by the names
// they use.
func small(t *testing.T, name string) *smallRouter {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.small[name] == nil {
		if shared.small == nil {
			shared.small = make(map[string]*smallRouter)
		}
		r, err := launchSmall(t, name)
		if err != nil {
			giveUp(err)
		}
		shared.small[name] = r
	}
	return shared.small[name]
}
